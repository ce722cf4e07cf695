#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What docs/migrating.md says of fail2ban's windows is true: window.py LOG UNPACK WORK

The log is the one that tests/replay/migrating has our verdicts on; here fail2ban's own counter, from
the unpacked package, is asked about it.
"""
import datetime
import subprocess
import sys

SKIPPED = 77
MAXRETRY, FINDTIME = 5, 600
# The times at which fail2ban bans, by address, as the page has them.
SAID = {"203.0.113.7": ["10:10:40"], "203.0.113.8": []}


def failures(path):
    with open(path, encoding="utf-8") as log:
        for line in log:
            stamp, *_, addr = line.split()
            yield datetime.datetime.fromisoformat(stamp.replace("Z", "+00:00")), addr


def bans(path):
    from fail2ban.server.failmanager import FailManager, FailManagerEmpty
    from fail2ban.server.mytime import MyTime
    from fail2ban.server.ticket import FailTicket
    manager = FailManager()
    manager.setMaxRetry(MAXRETRY)
    manager.setMaxTime(FINDTIME)
    found = {addr: [] for _, addr in failures(path)}
    for time, addr in failures(path):
        MyTime.setTime(time.timestamp())
        manager.addFailure(FailTicket(addr, time.timestamp(), []))
        try:
            found[manager.toBan().getID()].append(time.strftime("%H:%M:%S"))
        except FailManagerEmpty:
            pass
    return found


def main():
    log, unpack, work = sys.argv[1:]
    done = subprocess.run(["sh", unpack, work], stdout=subprocess.PIPE, encoding="utf-8", check=False)
    if done.returncode:
        return done.returncode
    sys.path.insert(0, done.stdout.strip() + "/usr/lib/python3/dist-packages")
    found = bans(log)
    print(found)
    return 0 if found == SAID else 1


if __name__ == "__main__":
    sys.exit(main())
