# SPDX-License-Identifier: GPL-2.0-or-later
"""A log in the making, and the truth about it: who the clients are, and what they tried when.

Times are microseconds since 1970, in UTC, as they stand in the log: where it only knows seconds,
they are whole ones."""
import collections
import functools
import time

SECOND = 1_000_000
DAY = 86400 * SECOND
START = 1_772_409_600 * SECOND  # Monday, 2026-03-02

# What clients connect to, and the port by which a jail knows it.
DOORS = {"smtp": 25, "submission": 587, "imap": 993, "pop3": 995}

Client = collections.namedtuple("Client", "address text kind host reverse")
# Of a line that is no offence no ban can come.
Line = collections.namedtuple("Line", "time client door text offence")
Attempt = collections.namedtuple("Attempt", "time client door good")


@functools.lru_cache(maxsize=16)
def stamp(second, shape):
    return time.strftime(shape, time.gmtime(second))


def host_of(address):
    """Whom a counter of addresses counts: an IPv4 address, an IPv6 /64."""
    return address if address.version == 4 else type(address)(int(address) >> 64 << 64)


class Log:
    def __init__(self):
        self.clients = []
        self.lines = []
        self.attempts = []
        self.first_sight = {}  # host of a bot -> when a line first gave it away
        self._numbers = {}

    def client(self, address, kind, reverse="unknown"):
        """The number of an address. Who lives there stays who came first."""
        number = self._numbers.get(address)
        if number is None:
            number = self._numbers[address] = len(self.clients)
            self.clients.append(Client(address, str(address), kind, host_of(address), reverse))
        return number

    def knows(self, address):
        return address in self._numbers

    def is_bot(self, client):
        return self.clients[client].kind == "bot"

    def say(self, when, client, door, text, offence=True):
        self.lines.append(Line(when, client, door, text, offence))

    def tell(self, when, client):
        """From this line on somebody who knew everything would know the bot."""
        host = self.clients[client].host
        if self.is_bot(client) and when < self.first_sight.get(host, when + 1):
            self.first_sight[host] = when

    def attempt(self, when, client, door, good):
        """Somebody tried to log in, or a bot to send mail."""
        self.attempts.append(Attempt(when, client, door, good))
        if not good:
            self.tell(when, client)

    def finish(self):
        self.lines.sort(key=lambda line: line.time)
        self.attempts.sort(key=lambda attempt: attempt.time)
        return self
