# SPDX-License-Identifier: GPL-2.0-or-later
"""From the write() of the line that decides to the element in the kernel."""
import json
import random
import sys
import time

from lib import corpus, process, tailban
from lib.table import Row

GAPS = ((1, 'a ban every ms', {'p50_us': 60e-6, 'p99_us': 1e-3}),
        (20, 'a ban every 20 ms', {'p50_us': None, 'p99_us': 3e-3}))


def measure(bench, gap):
    """bench/latency.py starts its own daemon, and sets itself apart once more."""
    out = bench.scratch / 'latency.json'
    out.unlink(missing_ok=True)
    process.run([sys.executable, tailban.ROOT / 'bench/latency.py', '--build', bench.build, '--json',
                 '--bans', bench.part(1000, 20), '--gap', gap], stdout=out, core=None)
    return json.loads(out.read_text())


def fail2ban(bench):
    """The median of a few, in seconds."""
    def each(server):
        # It looks for what to ban once a second: each try comes at another moment of that second.
        taken, moments = [], random.Random(1)
        for addr in corpus.sources(min(11, bench.part(100)) + 1, 1):
            town, log = corpus.Town(1), bench.scratch / 'one.log'
            time.sleep(moments.uniform(0, 1))
            corpus.write(log, [corpus.guess_smtp(town, addr)] * 5, 5, time.time(), 1, False)
            taken.append(server.until_enforced(log.read_bytes(), addr))
        # The first ban also makes the table.
        return process.median(taken[1:])

    return bench.with_fail2ban(each)


def run(bench):
    theirs = fail2ban(bench)
    for gap, name, goals in GAPS:
        found = measure(bench, gap)
        for key, goal in goals.items():
            yield Row(f'{name}, {key.removesuffix("_us")}', found[key] / 1e6, 's', at_most=goal,
                      peer=('fail2ban', theirs) if key == 'p50_us' else None,
                      note=f'{found["bans"]} bans')
