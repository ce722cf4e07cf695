# SPDX-License-Identifier: GPL-2.0-or-later
"""Everybody else: who must not be banned, and what they do that looks like an attack."""
from botnet import names
from botnet.bots import pick
from botnet.log import DAY, SECOND, START, host_of

MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
MAIL_DOORS = (("imap", 70), ("submission", 22), ("pop3", 8))
OWN_NAMES = ("laptop", "[192.168.1.5]", "iPhone", "DESKTOP-4F7Q2AB", "localhost")
ODD_NAMES = ("localhost", "localhost", "mail", "exchange01", "debian")


class Life:
    """One address' doings between two times."""

    def __init__(self, log, server, rng, end):
        self.log, self.server, self.rng, self.end = log, server, rng, end

    def sometime(self, margin=0):
        return START + int(self.rng.random() * (self.end - START - margin))

    def user(self):
        """A mail program and its owner's account."""
        door, user = pick(self.rng, MAIL_DOORS), self.rng.choice(names.ACCOUNTS)
        return door, user, self.rng.choice(OWN_NAMES)

    def log_in(self, client, times, door, user, name):
        for when in times:
            self.server.login(client, door, when, user, name)

    def mail_user(self, client):
        """A dynamic address, its owner's for some hours."""
        logins = self.rng.choice((1, 1, 1, 2, 2))
        self.log_in(client, (self.sometime() for _ in range(logins)), *self.user())

    def busy_user(self, client):
        """Who is at the same address all the time."""
        times = (self.sometime() for _ in range(self.rng.randrange(12, 30)))
        self.log_in(client, times, *self.user())

    def shared(self, client):
        """A mobile network's or an office's address, with many behind it; some mistype."""
        for _ in range(self.rng.randrange(5, 16)):
            self.mail_user(client)
            if self.rng.random() < 0.2:
                self.mistyper(client)

    def mistyper(self, client):
        """Three times wrong within a minute or two, then right."""
        door, user, name = self.user()
        when = self.sometime(margin=HOUR)
        for _ in range(3):
            self.server.guess(client, door, when, [user], name)
            when += self.rng.randrange(8, 30) * SECOND
        self.server.login(client, door, when, user, name)

    def stale(self, client):
        """A password was changed, and a phone goes on with the old one for hours."""
        door, user, name = self.user()
        changed = self.sometime(margin=6 * HOUR)
        pace = self.rng.choice((2, 3, 5, 10)) * MINUTE
        before = (START + int(self.rng.random() * (changed - START)) for _ in range(10))
        self.log_in(client, before, door, user, name)
        when, old = changed, names.letters(self.rng, 8)
        while when < changed + self.rng.randrange(3, 6) * HOUR:
            self.server.guess(client, door, when, [user], name, password=old)
            when += pace + self.rng.randrange(20) * SECOND
        self.server.login(client, door, when, user, name)

    def name_of(self, client):
        """A server's own; most have it in reverse DNS as well."""
        reverse = self.log.clients[client].reverse
        return f"mx{client}.hosted.example" if reverse == "unknown" else reverse

    def peer(self, client):
        """Another mail server."""
        for _ in range(self.rng.randrange(1, 3)):
            self.server.deliver(client, self.sometime(), 0, self.name_of(client))

    def mailing_list(self, client):
        """A server whose list has addresses that are long gone."""
        when = self.sometime(margin=12 * HOUR)
        for _ in range(self.rng.randrange(3, 10)):
            self.server.deliver(client, when, self.rng.randrange(1, 5), self.name_of(client))
            when += self.rng.randrange(45, 90) * MINUTE

    def odd_server(self, client):
        """A server that never learned its name, with a mail now and then. Half have a name that
        many have."""
        own = f"{self.rng.choice(names.LAST)}-srv{client % 100}"
        name = self.rng.choice(ODD_NAMES) if self.rng.random() < 0.5 else own
        for _ in range(self.rng.randrange(3, 9)):
            self.server.reject(client, self.sometime(), name, "info")

    def monitor(self, client):
        """Looks every minute whether the server is up."""
        for when in range(START, self.end, MINUTE):
            self.server.probe(client, when)


# So many of 100,000 addresses.
KINDS = (
    (Life.mail_user, 74_500), (Life.busy_user, 3_000), (Life.shared, 500), (Life.mistyper, 2_000),
    (Life.stale, 200), (Life.peer, 19_000), (Life.mailing_list, 600), (Life.odd_server, 200),
)
SERVERS = (Life.peer, Life.mailing_list, Life.odd_server)
MONITORS = 2


def address_of(kind, campaign, places, rng, homes):
    """Some live in the very blocks that bots live in."""
    if kind not in SERVERS and rng.random() < campaign.neighbours:
        return places.neighbour(rng.choice(homes))
    return places.server() if kind in SERVERS else places.customer(campaign.v6_customers)


def reverse_of(kind, number, rng):
    known = kind in (Life.peer, Life.mailing_list) and rng.random() < 0.85
    return f"mail{number}.peer.example" if known else "unknown"


def run(campaign, log, server, places, rng, homes, how_many):
    life = Life(log, server, rng, START + (1 + campaign.days) * DAY)
    addresses = 0
    while addresses < how_many:
        kind = Life.monitor if addresses < MONITORS else pick(rng, KINDS)
        address = address_of(kind, campaign, places, rng, homes)
        # Who shares a bot's IPv6 /64 is its host's other address, and no bystander.
        if log.knows(address) or host_of(address) in log.first_sight:
            continue
        kind(life, log.client(address, kind.__name__, reverse_of(kind, addresses, rng)))
        addresses += 1
