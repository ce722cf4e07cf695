# SPDX-License-Identifier: GPL-2.0-or-later
"""The campaigns. docs/campaigns.md says what each is modelled on."""
import dataclasses
import random
import typing

from botnet import bots, customers, names
from botnet.icewarp import IceWarp
from botnet.log import Log
from botnet.places import Places
from botnet.unix import Unix

SMTP = (("smtp", 6), ("submission", 4))
MAILBOX = (("imap", 6), ("pop3", 4))
ANY_DOOR = (("smtp", 2), ("submission", 1), ("imap", 4), ("pop3", 3))
LEARNED = ((names.learned, 9), (names.harvested, 1))
ANY_USER = ((names.learned, 6), (names.harvested, 2), (names.random_user, 2))
# Where the log has one line for a try: 100,000 bots' is long enough.
MOSTLY_MAILBOX = (("smtp", 15), ("submission", 5), ("imap", 50), ("pop3", 30))
BOT_NAMES = (
    (names.own_address, 1), (names.random_letters, 1), (names.made_up, 1), (names.plausible, 1),
)


@dataclasses.dataclass(frozen=True)
class Campaign:
    name: str
    title: str
    bots: int
    homes: typing.Callable  # (places, how many) -> addresses
    tries: tuple  # from, to; of one bot on one day
    gap: tuple  # seconds from one connection of a bot to its next: from, to
    doors: tuple
    users: tuple = LEARNED
    names: tuple = BOT_NAMES
    spam: float = 0.0  # share of smtp connections that want to send and not to log in
    per_session: int = 1
    hours: float = 23.0  # of the day, in which bots begin
    days: int = 1  # of attack, after a day without
    server: type = Unix
    innocents: int = 100_000
    neighbours: float = 0.05  # share of customers who live in a bot's block
    v6_customers: float = 0.1
    owns_account: bool = False


CAMPAIGNS = (
    Campaign("loud", "one host as fast as it can", bots=1, homes=Places.one_block,
             tries=(3000, 3000), gap=(2, 6), doors=SMTP, neighbours=0.0001),
    Campaign("block", "60 hosts in a hoster's /24", bots=60, homes=Places.one_block,
             tries=(40, 40), gap=(20, 90), doors=ANY_DOOR, hours=2, neighbours=0),
    Campaign("packed", "1,000 hosts in 16 /24s, 3 tries each in a day", bots=1000,
             homes=Places.few_blocks, tries=(3, 3), gap=(3600, 4 * 3600), doors=ANY_DOOR, hours=15,
             neighbours=0.00002),
    Campaign("ylmf", "10,000 hosts, one a /24, EHLO ylmf-pc before the banner", bots=10_000,
             homes=Places.scattered, tries=(2, 4), gap=(10, 600), doors=SMTP,
             names=((names.ylmf, 1),), spam=0.2),
    Campaign("windows", "10,000 hosts, one a /24, EHLO WIN-XXXXXXXXXXX, guesses and spam",
             bots=10_000, homes=Places.scattered, tries=(2, 4), gap=(10, 600), doors=SMTP,
             names=((names.windows, 1),), spam=0.4),
    Campaign("dictionary", "10,000 hosts, one a /24, the same user names at IMAP and POP3",
             bots=10_000, homes=Places.scattered, tries=(2, 4), gap=(10, 600), doors=MAILBOX),
    Campaign("swarm", "100,000 hosts as infections go, 3 tries each in a day", bots=100_000,
             homes=Places.swarm, tries=(3, 3), gap=(600, 2 * 3600), doors=MOSTLY_MAILBOX, hours=19,
             users=ANY_USER, spam=0.5),
    Campaign("v6", "2,000 /64s, another address for every try", bots=2000,
             homes=Places.v6_botnet, tries=(2, 4), gap=(60, 1800), doors=ANY_DOOR,
             neighbours=0.0001, v6_customers=0.4),
    Campaign("icewarp", "10,000 hosts, one a /24, at IceWarp", bots=10_000,
             homes=Places.scattered, tries=(2, 4), gap=(10, 600), doors=ANY_DOOR,
             names=((names.ylmf, 1), (names.windows, 1), (names.own_address, 1)), spam=0.2,
             server=IceWarp, innocents=50_000),
    Campaign("insider", "1,000 hosts in 16 /24s, whose owner also logs in from each", bots=1000,
             homes=Places.few_blocks, tries=(3, 8), gap=(30, 3600), doors=ANY_DOOR, neighbours=0,
             owns_account=True),
    Campaign("week", "2,000 hosts, one a /24, 3 tries a day each for a week", bots=2000,
             homes=Places.scattered, tries=(3, 3), gap=(600, 3 * 3600), doors=ANY_DOOR, hours=15,
             days=7, spam=0.3),
)


def make(campaign, scale, seed):
    """A campaign's log. The same arguments give the same log."""
    rng = random.Random(f"{campaign.name} {seed}")
    log, places = Log(), Places(rng)
    server = campaign.server(log, rng)
    homes = campaign.homes(places, max(1, round(campaign.bots * scale)))
    bots.run(campaign, log, server, places, rng, homes)
    how_many = max(customers.MONITORS, round(campaign.innocents * scale))
    customers.run(campaign, log, server, places, rng, homes, how_many)
    return log.finish()
