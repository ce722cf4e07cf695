# SPDX-License-Identifier: GPL-2.0-or-later
"""A log under a configuration: the bans, and whom they kept out.

Who is banned cannot connect, and then the server has nothing to log. So a replay gets the log's
lines bit by bit, and none that the bans so far would have stopped. A ban takes effect after the
line that led to it."""
import collections
import datetime
import ipaddress
import json
import os
import signal

from botnet.log import SECOND, START, host_of, stamp
from botnet.variants import DOOR_BIT

FOREVER = 1 << 62
PATIENCE = 60  # seconds; an answer is a matter of milliseconds
BIT_MAX = 32768  # bytes: what a pipe takes without anybody reading

# Whether a replay has read all it was given is known when it bans somebody for it.
MARK = "%Y-%m-%dT%H:%M:%S+00:00 mail campaign: read to here: "
MARK_JAIL = "zz-mark"
MARK_FILTER = """[INCLUDES]
before = common.conf
[Definition]
failregex = ^ mail campaign: read to here: <ADDR>$
"""
MARK_SECTION = f"""[{MARK_JAIL}]
enabled = true
logpath = /nowhere
port = 1
maxretry = 1
netblock.v4 =
"""

Ban = collections.namedtuple("Ban", "net doors since until spared")


def microseconds(text):
    if text is None:
        return FOREVER
    epoch = datetime.datetime.fromtimestamp(0, datetime.timezone.utc)
    return (datetime.datetime.fromisoformat(text) - epoch) // datetime.timedelta(microseconds=1)


class Wall:
    """Which bans hold for whom."""

    def __init__(self, bans=()):
        self._nets = collections.defaultdict(list)
        self._prefixes = set()
        for ban in bans:
            self.add(ban)

    def add(self, ban):
        self._nets[key(ban.net.network_address, ban.net.prefixlen)].append(ban)
        self._prefixes.add((ban.net.version, ban.net.prefixlen))

    def around(self, address):
        """The bans, of all times, of the nets that hold an address, but those that spare its host."""
        host = host_of(address)
        return [ban for version, prefix in self._prefixes if version == address.version
                for ban in self._nets.get(key(address, prefix), ()) if host not in ban.spared]

    def stops(self, address, event):
        bit = DOOR_BIT[event.door]
        return any(ban.since < event.time < ban.until and ban.doors & bit
                   for ban in self.around(address))


def key(address, prefix):
    return address.version, prefix, int(address) >> (address.max_prefixlen - prefix)


class Replay:
    """A replay that is fed, and asked what came of it."""

    def __init__(self, tailban, folder):
        add_mark(folder)
        self.jails = tailban.jails(folder)
        self.process = tailban.replay(folder)
        self.bit, self.size, self.marks, self.time = [], 0, 0, START
        signal.signal(signal.SIGALRM, self._give_up)

    def feed(self, line):
        self.bit.append(line.text)
        self.size += len(line.text)
        self.time = line.time

    def bans(self):
        """The bans that came of what was fed since the last time."""
        mark = ipaddress.IPv4Address("100.64.0.0") + self.marks
        self.marks += 1
        self.bit.append(f"{stamp(self.time // SECOND, MARK)}{mark}\n")
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        self.process.stdin.write("".join(self.bit).encode())
        self.process.stdin.flush()
        self.bit, self.size = [], 0
        for line in self.process.stdout:
            ruling = json.loads(line)
            if ruling["jail"] == MARK_JAIL:
                signal.setitimer(signal.ITIMER_REAL, 0)
                return
            yield Ban(ipaddress.ip_network(ruling["net"]), self.jails[ruling["jail"]],
                      microseconds(ruling["time"]), microseconds(ruling["until"]),
                      frozenset(ipaddress.ip_network(host).network_address
                                for host in ruling.get("spared", ())))
        raise SystemExit(f"campaign: the replay ended with code {self.process.wait()}")

    def close(self):
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()
        signal.setitimer(signal.ITIMER_REAL, 0)

    def _give_up(self, *_):
        self.process.kill()
        raise SystemExit(f"campaign: the replay did not answer within {PATIENCE} s")


def add_mark(folder):
    for part, text in (("filters", MARK_FILTER), ("jails", MARK_SECTION)):
        with open(os.path.join(folder, part, MARK_JAIL + ".conf"), "w", encoding="utf-8") as file:
            file.write(text)


class Outcome:
    """A log, and the bans that came of it."""

    def __init__(self, log, bans):
        self.log, self.bans = log, bans
        self.wall = Wall(bans)
        around = ((n, self.wall.around(client.address)) for n, client in enumerate(log.clients))
        self.banned = {number for number, found in around if found}

    def stops(self, event):
        """Whether a line or an attempt would not have come about."""
        address = self.log.clients[event.client].address
        return event.client in self.banned and self.wall.stops(address, event)


def run(tailban, folder, log):
    """What an offence leads to concerns nobody outside the widest block around it: until somebody
    in there has the next line, nobody needs to know."""
    widest = tailban.widest(folder)
    regions = [key(c.address, widest[c.address.version]) for c in log.clients]
    replay, wall, bans, open_cases = Replay(tailban, folder), Wall(), [], set()
    for line in log.lines:
        region = regions[line.client]
        if region in open_cases or replay.size > BIT_MAX:
            settle(replay, wall, bans)
            open_cases.clear()
        if wall.stops(log.clients[line.client].address, line):
            continue
        replay.feed(line)
        if line.offence:
            open_cases.add(region)
    settle(replay, wall, bans)
    replay.close()
    return Outcome(log, bans)


def settle(replay, wall, bans):
    for ban in replay.bans():
        wall.add(ban)
        bans.append(ban)
