# SPDX-License-Identifier: GPL-2.0-or-later
"""Many bans by hand: tailban ban - < LIST."""
from lib import corpus, kernel, process
from lib.table import Row


def measure(bench, n, prefix):
    """Seconds per run, each with a daemon of its own; every ban is looked for once."""
    taken = []
    for i in range(bench.rounds):
        daemon = bench.daemon()
        try:
            daemon.start()
            seconds, nets = bench.banned(daemon, n, prefix)
            if i == 0 and (missing := bench.kernel.missing(nets)):
                raise RuntimeError(f'{missing} of {n} bans are not enforced')
        finally:
            daemon.close()
            kernel.empty()
        taken.append(seconds)
    return taken


def fail2ban(bench):
    """Bans a second."""
    nets = corpus.sources(bench.part(1000, 10), 1)
    return bench.with_fail2ban(lambda server: len(nets) / server.ban(nets))


def run(bench):
    n, blocks = bench.part(10), bench.part(1000)
    taken = measure(bench, n, 32)
    yield Row(f'{n:,} addresses', process.median(taken), 's', at_most=.3, runs=taken,
              note='until the kernel has them all')
    yield Row('  as a rate', n / process.median(taken), 'bans/s', peer=('fail2ban', fail2ban(bench)))
    taken = measure(bench, blocks, 24)
    yield Row(f'{blocks:,} blocks', process.median(taken), 's', at_most=.02, runs=taken)
