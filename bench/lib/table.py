# SPDX-License-Identifier: GPL-2.0-or-later
"""What was measured, as rows: a figure of ours, one of a peer, their ratio, the goal."""
# How a figure reads: (from, divisor, digits, unit). The first that the figure reaches holds.
SCALES = {
    'lines/s': ((1e6, 1e6, 2, 'M lines/s'), (1e3, 1e3, 1, 'k lines/s'), (0, 1, 0, 'lines/s')),
    'bans/s': ((1e6, 1e6, 2, 'M bans/s'), (1e3, 1e3, 1, 'k bans/s'), (0, 1, 0, 'bans/s')),
    's': ((1, 1, 2, 's'), (1e-3, 1e-3, 1, 'ms'), (1e-5, 1e-6, 0, 'us'),
          (1e-6, 1e-6, 1, 'us'), (0, 1e-9, 0, 'ns')),
    'bytes': ((1 << 20, 1 << 20, 1, 'MiB'), (1 << 10, 1 << 10, 1, 'KiB'), (0, 1, 0, 'B')),
    '/s': ((0, 1, 1, '/s'),),
    'times': ((0, 1, 0, 'times'),),
    'x': ((10, 1, 0, 'x'), (0, 1, 2, 'x')),
}


def number(value, unit):
    """A figure with its unit, as people read it."""
    if value is None:
        return ''
    for least, divisor, digits, name in SCALES[unit]:
        if value >= least:
            return f'{value / divisor:,.{digits}f} {name}'
    return f'{value} {unit}'


class Row:
    """value: of tailban, None where there is none. peer: (name, value), or (name, None) where it
    could not be had. at_most, at_least: the goal for the value. times: the goal for the ratio, how
    many times better than the peer. at: a curve's (name, place), of which the value is a point. Ratios are of runs in pairs where both were run in turn."""

    def __init__(self, name, value, unit, *, peer=None, ratio=None, at_most=None, at_least=None,
                 times=None, note='', runs=None, at=None):
        self.name, self.value, self.unit, self.note = name, value, unit, note
        self.peer, self.runs, self.at = peer, runs or [], at
        self.at_most, self.at_least, self.times = at_most, at_least, times
        self.ratio = ratio if ratio is not None else self.compare()

    def compare(self):
        """How many times better than the peer: more of a rate, less of anything else."""
        if self.peer is None or not self.value or not self.peer[1]:
            return None
        ours, theirs = self.value, self.peer[1]
        return ours / theirs if self.unit.endswith('s/s') else theirs / ours

    def goal(self):
        if self.times is not None:
            return f'>= {self.times:,g} x'
        if self.at_most == 0:
            return '0'
        if self.at_most is not None:
            # As short as it can be said: 20 ms, not 20.0 ms.
            return '<= ' + number(self.at_most, self.unit).replace('.00', '').replace('.0', '')
        return '>= ' + number(self.at_least, self.unit) if self.at_least is not None else ''

    def reached(self):
        """None where there is no goal, or nothing to compare."""
        checks = ((self.times, self.ratio, 1), (self.at_least, self.value, 1),
                  (self.at_most, self.value, -1))
        for limit, value, sign in checks:
            if limit is not None:
                return None if value is None else sign * value >= sign * limit
        return None

    def record(self, part):
        names = 'name', 'value', 'unit', 'ratio', 'at_most', 'at_least', 'times', 'note', 'runs', 'at'
        name, value = self.peer or (None, None)
        return {'part': part, **{n: getattr(self, n) for n in names}, 'peer': name,
                'peer_value': value, 'reached': self.reached()}

    def cells(self):
        theirs = ''
        if self.peer:
            theirs = self.peer[0] + ' ' + (number(self.peer[1], self.unit) or 'not available')
        times = '' if self.ratio is None else number(self.ratio, 'x')
        ours = number(self.value, self.unit)
        word = {True: 'yes', False: 'no', None: ''}[self.reached()]
        if word == 'no' and self.at_most != 0:
            word = f'no, {self.shortfall():.1f} x short'
        return [self.name, ours or 'not available', theirs, times, self.goal(), word, self.note]

    def shortfall(self):
        """How many times better it would have to be."""
        if self.times is not None:
            return self.times / self.ratio
        if self.at_least is not None:
            return self.at_least / self.value
        return self.value / self.at_most


HEAD = ['', 'tailban', 'beside it', 'ratio', 'goal', 'reached', '']
RIGHT = (1, 3)  # columns of numbers


def render(parts):
    """[(part, [row])] as lines of one aligned table."""
    cells = [HEAD]
    for part, rows in parts:
        cells.append([part] + [''] * (len(HEAD) - 1))
        cells += [['  ' + c[0], *c[1:]] for c in (row.cells() for row in rows)]
    widths = [max(len(c[i]) for c in cells) for i in range(len(HEAD))]
    for c in cells:
        yield '  '.join(c[i].rjust(w) if i in RIGHT else c[i].ljust(w)
                        for i, w in enumerate(widths)).rstrip()
