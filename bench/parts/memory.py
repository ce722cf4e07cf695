# SPDX-License-Identifier: GPL-2.0-or-later
"""What is held in memory: at rest, and per source that is counted."""
from lib import process, tailban
from lib.table import Row


def fail2ban(bench):
    return bench.with_fail2ban(lambda server: server.memory())


def at_rest(bench):
    """Resident: of the daemon, of the enforcer and who watches over it."""
    daemon = bench.daemon()
    try:
        daemon.start()
        return [process.status(pid, 'VmRSS') * 1024 for pid in daemon.pids()]
    finally:
        daemon.close()


def per_source(bench):
    """One hit of half the sources and two of the others, in ten minutes; without what a replay of a
    few lines takes."""
    n, few = bench.lines, 1000
    peaks = [process.run(tailban.replay(bench.build, log), memory=True, env=tailban.UTC).peak
             for log in (bench.corpora.log('spread', few, tracked=few),
                         bench.corpora.log('spread', n * 3 // 2, tracked=n))]
    return (peaks[1] - peaks[0]) / n


def run(bench):
    ours, *enforcer = at_rest(bench)
    yield Row('tailband with the shipped jails', ours, 'bytes', at_most=8 << 20,
              peer=('fail2ban', fail2ban(bench)))
    yield Row('tailban-enforce', sum(enforcer), 'bytes', note=f'processes: {len(enforcer)}')
    yield Row(f'per source, of {bench.lines:,}', per_source(bench), 'bytes', at_most=96,
              note='each counted by two jails')
