# SPDX-License-Identifier: GPL-2.0-or-later
"""What a campaign's bots do."""
from botnet import names
from botnet.log import DAY, SECOND, START


def pick(rng, weighted):
    """One of [(thing, weight)...]."""
    return rng.choices([w[0] for w in weighted], [w[1] for w in weighted])[0]


class Bot:
    """A host and its ways, which it keeps: its HELO name, and whether it talks early."""

    def __init__(self, campaign, places, rng, home):
        self.campaign, self.places, self.rng, self.home = campaign, places, rng, home
        make = pick(rng, campaign.names)
        self.name = make(rng, home)
        self.early = make is names.ylmf

    def run(self, log, server):
        tries = self.rng.randint(*self.campaign.tries)
        for day in range(self.campaign.days):
            # No two days begin at the same hour, and no day's tries go on for long into the next.
            first = START + (1 + day) * DAY
            when = first + int(self.rng.random() * self.campaign.hours * 3600 * SECOND)
            for n in self.sessions(tries):
                self.connect(log, server, when, n)
                when += int(self.rng.uniform(*self.campaign.gap) * SECOND)

    def sessions(self, tries):
        n = self.campaign.per_session
        return [n] * (tries // n) + [tries % n] * (tries % n > 0)

    def connect(self, log, server, when, n):
        client = log.client(self.places.again(self.home), "bot")
        door = pick(self.rng, self.campaign.doors)
        if door == "smtp" and self.rng.random() < self.campaign.spam:
            server.reject(client, when, self.name, self.rng.choice(names.LEARNED))
            return
        users = [pick(self.rng, self.campaign.users)(self.rng) for _ in range(n)]
        server.guess(client, door, when, users, self.name, self.early)


def shield(campaign, log, server, rng, homes):
    """The attacker owns one account, and logs in with it from all his blocks, before the attack and
    during it."""
    by_block = {}
    for home in homes:
        by_block.setdefault(int(home) >> 8, []).append(home)
    for block in sorted(by_block):
        when = START + rng.randrange(3600) * SECOND
        while when < START + (1 + campaign.days) * DAY:
            client = log.client(rng.choice(by_block[block]), "bot")
            server.login(client, "imap", when, names.ACCOUNTS[0], "laptop")
            when += rng.randrange(900, 3600) * SECOND


def run(campaign, log, server, places, rng, homes):
    for home in homes:
        Bot(campaign, places, rng, home).run(log, server)
    if campaign.owns_account:
        shield(campaign, log, server, rng, homes)
