# SPDX-License-Identifier: GPL-2.0-or-later
"""What clients call themselves, and the user names that they try.

Bots' HELO names are of the kinds that servers have seen: ylmf-pc (Cutwail and PushDo), Windows' own
WIN-XXXXXXXXXXX, names with the client's address, random letters of one shape, one name for all,
and names that could be anybody's."""
import string

DOMAIN = "example.org"

ROLES = """admin administrator info sales office support test test1 test2 user user1 guest demo
postmaster webmaster hostmaster root mail email contact service accounting accounts billing finance
hr jobs marketing press news newsletter noreply orders order shop store scan scanner scan2 copier
printer fax backup temp web www ftp mysql oracle student training reception secretary manager
helpdesk security spam abuse it payroll purchasing invoice invoices"""

FIRST = """alice anna anton bob boris carla carol claire daniel dave david diana dirk elena emma
erin erik eva felix fiona frank fred george grace greg hanna hans heidi henry ida ines ivan jack
jana jim joe john judy julia karen karl kate laura lena leo linda lisa lucas luis maria mark martin
mary max mia mike nina nora olga oliver oscar otto paul peter petra ralf rosa ruth sam sara simon
sofia steve susan tanja tim tom vera victor walter wendy"""

LAST = """adams baker berger black braun brown carter clark cook davis evans fischer ford fuchs
green hall hill huber jones keller king klein koch lang lewis meyer miller moore novak parker
peters quinn reed roth scott shaw stone vogel wolf young"""

ROLES, FIRST, LAST = ROLES.split(), FIRST.split(), LAST.split()

# The accounts that exist. Role names are among them: nobody may take a name for an attacker's
# because attackers like it.
ACCOUNTS = [f"{first}.{last}@{DOMAIN}" for first in FIRST for last in LAST]
ACCOUNTS += [f"{role}@{DOMAIN}" for role in ("info", "sales", "office", "support")]

# What attackers have learned to try, whoever the victim is.
LEARNED = ROLES + FIRST + [name + "123" for name in FIRST] + [name[0] + LAST[0] for name in FIRST]


def learned(rng):
    name = rng.choice(LEARNED)
    return f"{name}@{DOMAIN}" if rng.random() < 0.5 else name


def harvested(rng):
    return rng.choice(ACCOUNTS)


def random_user(rng):
    return letters(rng, 7) + str(rng.randrange(100))


def letters(rng, n, of=string.ascii_lowercase):
    return "".join(rng.choice(of) for _ in range(n))


def ylmf(rng, address):
    return "ylmf-pc"


def windows(rng, address):
    return "WIN-" + letters(rng, 11, string.ascii_uppercase + string.digits)


def own_address(rng, address):
    return str(address).replace(".", "-").replace(":", "-") + ".dyn.isp.example"


def random_letters(rng, address):
    return letters(rng, 8)


def made_up(rng, address):
    return "smtp-gate7.invalid"


def plausible(rng, address):
    return f"mail.{rng.choice(LAST)}-{rng.choice(LAST)}.example"


def telling(name):
    """Whether anybody could know a bot by this name."""
    return bool(name) and not name.startswith("mail.")
