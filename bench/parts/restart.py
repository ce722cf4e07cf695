# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon ends and starts again, with many bans in its ledger."""
import threading

from lib import corpus, kernel, process
from lib.table import Row


class Guard(threading.Thread):
    """Asks all the time whether one ban is enforced."""

    def __init__(self, ban):
        super().__init__(daemon=True)
        self.ban, self.kernel, self.over = ban, kernel.Kernel(), threading.Event()
        self.asked = self.open = 0

    def run(self):
        while not self.over.wait(.0005):
            self.asked += 1
            self.open += not self.kernel.bans(*self.ban)

    def end(self):
        self.over.set()
        self.join()
        self.kernel.close()


def restarts(bench, daemon, bans, flush):
    """Seconds per start until all bans are enforced."""
    taken = []
    for _ in range(bench.rounds):
        daemon.stop()
        if flush:
            kernel.empty()
        taken.append(daemon.start()[1])
        if missing := bench.kernel.missing(bans[::100]):
            raise RuntimeError(f'{missing} of {len(bans) // 100} bans are not enforced')
    return taken


def fail2ban(bench):
    """Bans a second."""
    nets = corpus.sources(bench.part(1000, 10), 1)

    def again(server):
        server.ban(nets)
        server.stop()
        return len(nets) / server.until_banned(len(nets), server.start, 'Restore Ban')

    return bench.with_fail2ban(again)


def run(bench):
    n, daemon = bench.part(10), bench.daemon()
    try:
        daemon.start()
        _, bans = bench.banned(daemon, n)
        guard = Guard(bans[0])
        guard.start()
        taken = restarts(bench, daemon, bans, flush=False)
        guard.end()
        fresh = restarts(bench, daemon, bans, flush=True)
    finally:
        daemon.close()
        kernel.empty()
    yield Row(f'{n:,} bans, all enforced again', process.median(taken), 's', at_most=.3, runs=taken)
    yield Row('  found open meanwhile', guard.open, 'times', at_most=0, note=f'of {guard.asked:,} looks')
    yield Row('  into an empty kernel', process.median(fresh), 's', runs=fresh)
    yield Row('  as a rate', n / process.median(fresh), 'bans/s', peer=('fail2ban', fail2ban(bench)))
