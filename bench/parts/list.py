# SPDX-License-Identifier: GPL-2.0-or-later
"""The operator's questions where many are banned."""
from lib import kernel, process
from lib.table import Row


def run(bench):
    n, daemon = bench.part(10), bench.daemon()
    try:
        daemon.start()
        _, bans = bench.banned(daemon, n)
        addr = bans[n // 2][1].removesuffix('/32')
        taken = {words: [daemon.call(*words).seconds for _ in range(bench.rounds)]
                 for words in (('list',), ('why', addr), ('status',))}
    finally:
        daemon.close()
        kernel.empty()
    for (words, runs), goal in zip(taken.items(), (.3, .01, None)):
        yield Row(f'tailban {words[0]}, {n:,} bans', process.median(runs), 's', at_most=goal,
                  runs=runs)
