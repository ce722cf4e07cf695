#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""bench/campaign counts right, and its logs say what its truth says. campaign.py TAILBAN ROOT"""
import ipaddress
import os
import subprocess
import sys
import tempfile
import unittest
import unittest.mock

TAILBAN, ROOT = sys.argv[1:3]
sys.path.insert(0, os.path.join(ROOT, "bench"))

from botnet import account, campaigns, trial, variants  # noqa: E402
from botnet.log import SECOND, START, Log  # noqa: E402
from botnet.variants import DOOR_BIT  # noqa: E402

MAIL = DOOR_BIT["smtp"] | DOOR_BIT["submission"]
BOT, V6_BOT, ALSO_V6_BOT = "240.1.2.3", "2001:db8:1:2::3", "2001:db8:1:2::4"
NEIGHBOUR, STRANGER = "240.1.2.200", "240.9.9.9"

# Who tries what, when: by smtp where no door is named; "+" is the right password.
TRIES = (
    (1, BOT, ""), (2, BOT, ""), (3, BOT, ""), (4, BOT, ""), (5, BOT, "imap"), (90, BOT, ""),
    (1, V6_BOT, ""), (6, ALSO_V6_BOT, ""),
    (2, NEIGHBOUR, "+"), (7, NEIGHBOUR, "+"), (8, NEIGHBOUR, ""), (9, NEIGHBOUR, "imap +"),
    (3, STRANGER, "+"),
)
# Bans (net, since, until, whom they spare) that close smtp, and what has to come of them.
BANS = (
    ((), dict(let_through=8, bots_stopped=0, innocents_banned=0, logins_refused=0)),
    # The attempt that led to the ban got through, the one at another door and the one after its end
    # as well.
    (((f"{BOT}/32", 3, 90),), dict(let_through=7, bots_stopped=0, hosts_banned=1, blocks_banned=0)),
    (((f"{BOT}/32", 3, 91),), dict(let_through=6, bots_stopped=1, innocents_banned=0)),
    # One host, whatever addresses it takes.
    ((("2001:db8:1:2::/64", 1, 99),), dict(let_through=7, bots=2, bots_stopped=1, hosts_banned=1,
                                           blocks_banned=0, blocks_with_login=0)),
    ((("240.1.2.0/24", 3, 99),), dict(let_through=6, kinds_banned={"user": 1}, logins=5,
                                      logins_refused=2, hosts_banned=0, blocks_banned=1,
                                      blocks_with_login=1)),
    # Who is spared by one ban is not by another; who comes first behind one was not known.
    ((("240.1.2.0/24", 1, 99, NEIGHBOUR, "240.1.2.4"),),
     dict(let_through=4, innocents_banned=0, logins_refused=0, blocks_with_login=0)),
    ((("240.1.2.0/24", 1, 99, NEIGHBOUR), ("240.1.2.0/24", 7, 99)),
     dict(innocents_banned=1, known_banned=1, logins_refused=1, blocks_with_login=1)),
    ((("240.9.9.0/24", 1, 99), ("240.1.2.0/24", 1, 99)),
     dict(innocents_banned=2, known_banned=0, logins_refused=4)),
    ((("2001:db8:1::/56", 1, 99, "2001:db8:1:2::"),), dict(let_through=8, blocks_banned=1)),
    ((("2001:db8:1::/56", 1, 99),), dict(let_through=7, hosts_banned=0, blocks_banned=1)),
    # A login that was refused shields nobody.
    (((f"{NEIGHBOUR}/32", 1, 3), ("240.1.2.0/24", 5, 99)),
     dict(hosts_banned=1, blocks_banned=1, blocks_with_login=0, logins_refused=3)),
    # In the same moment as the login, but before the next one.
    ((("240.1.2.0/24", 2, 99),), dict(let_through=5, blocks_with_login=0, logins_refused=2)),
    # Twice the same counts once, and the narrow ban does not end with the wide one.
    (((f"{BOT}/32", 1, 99), ("240.1.0.0/16", 1, 2), ("240.1.0.0/16", 2, 3)),
     dict(let_through=4, innocents=2, innocents_banned=1, logins_refused=0, blocks_banned=1)),
)

OPEN_AND_LOUD = {"netblock.v4": "24:2:6", "netblock.v6": "", "maxretry": "3"}
ALL_AT_ONCE = {"netblock.v4": "", "netblock.v6": "", "maxretry": "1"}


def at(seconds):
    return START + seconds * SECOND


def made_by_hand():
    log = Log()
    for when, address, how in TRIES:
        kind = "user" if address in (NEIGHBOUR, STRANGER) else "bot"
        client = log.client(ipaddress.ip_address(address), kind)
        log.attempt(at(when), client, "imap" if "imap" in how else "smtp", "+" in how)
    return log.finish()


class Accounts(unittest.TestCase):
    def test_bans(self):
        log = made_by_hand()
        for bans, expected in BANS:
            bans = [trial.Ban(ipaddress.ip_network(net), MAIL, at(since), at(until),
                              frozenset(map(ipaddress.ip_address, spared)))
                    for net, since, until, *spared in bans]
            got = vars(account.settle(log, trial.Outcome(log, bans)))
            with self.subTest(bans=bans):
                self.assertEqual(expected, {name: got[name] for name in expected})

    def test_first_sight(self):
        log = made_by_hand()
        self.assertEqual(2, account.at_first_sight(log))
        log.tell(at(0), 0)
        self.assertEqual(1, account.at_first_sight(log))

    def test_doors(self):
        for ports, names in (("25,587", "smtp submission"), ("all", "smtp submission imap pop3"),
                             ("990:999", "imap pop3"), ("143,995/tcp", "pop3"), ("", "")):
            bits = sum(DOOR_BIT[name] for name in names.split())
            self.assertEqual(bits, variants.doors(ports), ports)


class Replays(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.folder = os.path.join(place.name, "conf")
        self.tailban = variants.Tailban(TAILBAN, ROOT)

    def test_who_is_banned_says_nothing_more(self):
        """Ten tries, of which three get through, and a neighbour's one make no six of a block."""
        self.assertEqual([], self.tailban.lay_out(self.folder, OPEN_AND_LOUD))
        log = Log()
        server = campaigns.Unix(log, campaigns.random.Random(1))
        bot = log.client(ipaddress.ip_address(BOT), "bot")
        user = log.client(ipaddress.ip_address(NEIGHBOUR), "user")
        for i in range(10):
            server.guess(bot, "submission", at(10 * i), ["info"], "ylmf-pc")
        server.guess(user, "submission", at(200), ["info"], "laptop")
        outcome = trial.run(self.tailban, self.folder, log.finish())
        a = account.settle(log, outcome)
        self.assertEqual((10, 3, 1), (a.attempts, a.let_through, a.hosts_banned))
        self.assertEqual((0, 0), (a.blocks_banned, a.innocents_banned))

    def test_no_answer(self):
        """A tailban that says nothing is waited for, but not for ever."""
        self.tailban.lay_out(self.folder, ALL_AT_ONCE)
        log = Log()
        bot = log.client(ipaddress.ip_address(BOT), "bot")
        campaigns.Unix(log, campaigns.random.Random(1)).guess(bot, "smtp", at(1), ["info"], "a")
        deaf = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(99)"],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with unittest.mock.patch.object(self.tailban, "replay", lambda folder: deaf), \
             unittest.mock.patch.object(trial, "PATIENCE", 0.05):
            with self.assertRaisesRegex(SystemExit, "did not answer within 0.05 s"):
                trial.run(self.tailban, self.folder, log.finish())
        self.assertEqual(-9, deaf.wait())
        deaf.stdin.close()
        deaf.stdout.close()

    def test_unknown_options(self):
        options = {"maxretry": "2", "no-such": "no", "nor-this": "yes"}
        missing = self.tailban.lay_out(self.folder, options)
        self.assertEqual(["nor-this"], missing)
        self.assertEqual(set(), self.tailban.unknown(self.folder) - {"nor-this"})

    def test_every_bot_shows(self):
        """Whatever a bot does is an offence to the shipped filters: one is enough here. What gives
        it away before that no filter needs to see."""
        self.tailban.lay_out(self.folder, ALL_AT_ONCE)
        for campaign in campaigns.CAMPAIGNS:
            with self.subTest(campaign=campaign.name):
                log = campaigns.make(campaign, 0.003, 1)
                a = account.settle(log, trial.run(self.tailban, self.folder, log))
                self.assertGreaterEqual(a.let_through, account.at_first_sight(log))
                self.assertLessEqual(a.let_through, a.bots)
                self.assertLess(0, a.logins)

    def test_same_seed(self):
        packed = next(c for c in campaigns.CAMPAIGNS if c.name == "packed")
        logs = [campaigns.make(packed, 0.003, seed).lines for seed in (1, 1, 2)]
        self.assertEqual(logs[0], logs[1])
        self.assertNotEqual(logs[0], logs[2])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
