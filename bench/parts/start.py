# SPDX-License-Identifier: GPL-2.0-or-later
"""From exec to watching, with the shipped jails."""
from lib import kernel, process
from lib.table import Row


def fail2ban(bench):
    def again(server):
        server.stop()
        return server.start()

    return bench.with_fail2ban(again)


def run(bench):
    watching, enforced = [], []
    for _ in range(bench.rounds * 2):
        daemon = bench.daemon()
        try:
            for taken, seconds in zip((watching, enforced), daemon.start()):
                taken.append(seconds)
        finally:
            daemon.close()
            kernel.empty()
    yield Row('until it watches', process.median(watching), 's', at_most=.02, runs=watching,
              peer=('fail2ban', fail2ban(bench)))
    yield Row('until bans are enforced', process.median(enforced), 's', runs=enforced)
