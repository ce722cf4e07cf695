# SPDX-License-Identifier: GPL-2.0-or-later
"""What bans did to an attack and to everybody else, counted against the truth."""
import collections
import dataclasses

from botnet.trial import Wall


@dataclasses.dataclass
class Account:
    attempts: int  # of bots, that should not succeed
    let_through: int
    bots: int  # hosts: an IPv6 /64 is one
    bots_stopped: int  # that could not make their last attempt
    innocents: int  # addresses
    innocents_banned: int
    known_banned: int  # of these, who were here before
    kinds_banned: dict  # what they are -> how many
    logins: int  # innocents' attempts to log in, whether or not the password was right
    logins_refused: int
    hosts_banned: int
    blocks_banned: int
    blocks_with_login: int  # banned after a login out of them


def is_block(net):
    return net.prefixlen < (32 if net.version == 4 else 64)


def attacks(log):
    return [a for a in log.attempts if log.is_bot(a.client) and not a.good]


def bots_stopped(log, outcome):
    """Attempts are in the order of time: the last of each host stays."""
    last = {log.clients[a.client].host: a for a in attacks(log)}
    return sum(map(outcome.stops, last.values()))


def blocks_with_login(log, outcome):
    wall = Wall([ban for ban in outcome.bans if is_block(ban.net)])
    found = set()
    for attempt in log.attempts:
        if attempt.good and not outcome.stops(attempt):
            around = wall.around(log.clients[attempt.client].address)
            found.update(ban.net for ban in around if attempt.time < ban.since)
    return len(found)


def known_banned(log, outcome, innocents):
    """Who was here before a ban that keeps him out: the others came for the first time behind it."""
    first = {}
    for event in (*log.lines, *log.attempts):
        first[event.client] = min(event.time, first.get(event.client, event.time))
    return sum(any(first.get(n, ban.since) < ban.since
                   for ban in outcome.wall.around(log.clients[n].address))
               for n in outcome.banned.intersection(innocents))


def settle(log, outcome):
    tries = attacks(log)
    logins = [a for a in log.attempts if not log.is_bot(a.client)]
    innocents = [n for n in range(len(log.clients)) if not log.is_bot(n)]
    kinds = collections.Counter(log.clients[n].kind for n in outcome.banned.intersection(innocents))
    nets = collections.Counter(is_block(net) for net in {ban.net for ban in outcome.bans})
    return Account(
        attempts=len(tries),
        let_through=sum(not outcome.stops(a) for a in tries),
        bots=len({log.clients[a.client].host for a in tries}),
        bots_stopped=bots_stopped(log, outcome),
        innocents=len(innocents),
        innocents_banned=kinds.total(),
        known_banned=known_banned(log, outcome, innocents),
        kinds_banned=dict(kinds.most_common()),
        logins=len(logins),
        logins_refused=sum(map(outcome.stops, logins)),
        hosts_banned=nets[False],
        blocks_banned=nets[True],
        blocks_with_login=blocks_with_login(log, outcome),
    )


def at_first_sight(log):
    """What the best judge lets through who bans single hosts, each at the first line that gives it
    away. Whoever does better bans blocks, or knows before."""
    return sum(a.time <= log.first_sight[log.clients[a.client].host] for a in attacks(log))
