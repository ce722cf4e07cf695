# SPDX-License-Identifier: GPL-2.0-or-later
"""What a line costs when there is more of everything: sources that are counted, filters on one log."""
from lib import layout, process, tailban
from lib.table import Row

RATE = 2000  # lines a second, in the time of the logs


def per_line(bench, config, logs, n):
    """Seconds a line: what the second half of a log takes beyond the first."""
    argvs = [tailban.replay(bench.build, log, config) for log in logs]
    half, whole = bench.seconds(*argvs, rounds=max(1, bench.rounds - 2))
    return max(process.median([w - h for h, w in zip(half, whole)]) / n, 1e-12)


def tracked(bench, sources):
    """Each source comes again when the others had their turn; findtime is as long as two turns, so
    that all stay counted and none is banned. In the second half none is new."""
    n = bench.lines
    config = layout.shipped(bench.scratch / f'tracked-{sources}',
                            findtime=f'{2 * sources // RATE}s')
    whole = bench.corpora.fresh('spread', 2 * n, bench.scratch / 'whole.log', fine=True,
                                span=2 * n / RATE, tracked=sources)
    return per_line(bench, config, (bench.first(whole, n), whole), n)


def filters(bench, tree, count):
    n = bench.part(5)
    config = layout.debian(bench.scratch / f'filters-{count}', tree, layout.filters(tree)[:count])
    log = bench.corpora.log('benign', bench.lines)
    logs = bench.first(log, n, 'half.log'), bench.first(log, 2 * n, 'whole.log')
    return per_line(bench, config, logs, n)


def rows(points, what, goal):
    """[(size, seconds)] as rows, the last of which is held against the first."""
    (least, first), (most, last) = points[0], points[-1]
    for size, seconds in points:
        yield Row(f'a line, {size:,} {what}', seconds, 's', at=(what, size))
    yield Row(f'  {most:,} against {least:,}', last / first, 'x', at_most=goal)


def run(bench):
    sizes = [size for size in (1000, 10_000, 100_000, 1_000_000) if size <= max(1000, bench.lines)]
    yield from rows([(size, tracked(bench, size)) for size in sizes], 'sources counted', 1.5)
    tree = bench.peers.tree('fail2ban')
    if not tree:
        yield Row("a line, Debian's filters", None, 's', peer=('fail2ban', None))
        return
    most = len(layout.filters(tree))
    yield from rows([(count, filters(bench, tree, count)) for count in (2, 10, 30, most)],
                    'filters', 3)
