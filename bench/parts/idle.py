# SPDX-License-Identifier: GPL-2.0-or-later
"""What is done while nothing is logged."""
import time

from lib import process
from lib.table import Row


REST = 5  # seconds; what is done once after the start is over by then


def rate(count, seconds):
    """How often a second; it gets its time to come to rest first."""
    time.sleep(REST)
    before = count()
    time.sleep(seconds)
    return (count() - before) / seconds


def fail2ban(bench, seconds):
    return bench.with_fail2ban(lambda server: rate(server.wakeups, seconds))


def run(bench):
    seconds = 10 if bench.lines >= 100_000 else 1
    daemon = bench.daemon()
    try:
        daemon.log.touch()
        daemon.start()
        pids = daemon.pids()
        ours = rate(lambda: sum(map(process.wakeups, pids)), seconds)
    finally:
        daemon.close()
    yield Row('wake-ups of all processes', ours, '/s', at_most=0, note=f'counted for {seconds} s',
              peer=('fail2ban', fail2ban(bench, seconds / 2)))
