#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether bench/ measures at all, in sizes of seconds: bench.py BUILD. No time is asserted."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

BUILD = pathlib.Path(sys.argv.pop(1)).resolve()
ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'bench'))

from lib import bench, corpus, profile, table  # noqa: E402

PARTS = {'match', 'storm', 'latency', 'bulk', 'restart', 'list', 'memory', 'growth', 'idle', 'start', 'enforce'}
ROWS = [
    # value, unit, peer, limits -> ratio, reached, how it reads
    (3e6, 'lines/s', 2e6, {'times': 1.5}, 1.5, True, '3.00 M lines/s'),
    (3e6, 'lines/s', 2.1e6, {'times': 1.5}, 1.43, False, '3.00 M lines/s'),
    (3e6, 'lines/s', None, {'times': 1.5}, None, None, '3.00 M lines/s'),
    (.02, 's', 1., {'at_most': .3}, 50, True, '20.0 ms'),
    (.31, 's', None, {'at_most': .3}, None, False, '310.0 ms'),
    (61e-6, 's', None, {'at_most': 60e-6}, None, False, '61 us'),
    (0, '/s', 8.9, {'at_most': 0}, None, True, '0.0 /s'),
    (.1, '/s', 8.9, {'at_most': 0}, 89, False, '0.1 /s'),
    (97, 'bytes', None, {'at_most': 96}, None, False, '97 B'),
    (None, 'bytes', None, {'at_most': 96}, None, None, ''),
]
CALLGRIND = '''events: Ir
ob=(1) /build/tailban
fl=(1) src/cli/main.c
fn=(1) _start
1 5
cob=(2) /lib/libc.so.6
cfn=(9) __libc_start_main
calls=1 1
1 900
fn=(2) main
3 10
cfi=(2) src/engine/stamp.c
cfn=(3) stamp_find
calls=2 7
+4 60
fl=(2)
fn=(3)
7 40
cob=(2)
cfn=(4) memchr
calls=2 0
* 20
ob=(3) /lib/libpcre2-8.so.0
fl=(3) ???
fn=(5) pcre2_match_8
0 7
ob=(2)
fl=(3)
fn=(4)
0 20
'''


class Corpora(unittest.TestCase):
    def lines(self, kind, n=4000, seed=1, **options):
        return list(corpus.MAKERS[kind](n, seed, **options))

    def test_same_for_the_same_seed(self):
        for kind, options in ('benign', {}), ('storm', {}), ('spread', {'tracked': 100}):
            self.assertEqual(self.lines(kind, **options), self.lines(kind, **options))
            self.assertNotEqual(self.lines(kind, **options), self.lines(kind, seed=2, **options))
            self.assertEqual(len(self.lines(kind, **options)), 4000)

    def test_storm_bans_each(self):
        with tempfile.TemporaryDirectory() as folder:
            log = corpus.Corpora(folder).log('storm', 5000)
            out = subprocess.run([BUILD / 'tailban', 'replay', '--json', '-c', ROOT, log],
                                 capture_output=True, text=True, check=True, env={'TZ': 'UTC'})
        banned = [json.loads(l) for l in out.stdout.splitlines()]
        self.assertEqual(len({b['net'] for b in banned}), 1000)
        self.assertLessEqual(max(b['hits'] for b in banned), 10)
        self.assertLessEqual({b['reason'] for b in banned}, {'host', 'fingerprint'})

    def test_spread_bans_nobody(self):
        """Each source has at most three hits in ten minutes."""
        with tempfile.TemporaryDirectory() as folder:
            log = corpus.Corpora(folder).log('spread', 3000, tracked=1000)
            out = subprocess.run([BUILD / 'tailban', 'replay', '--json', '-c', ROOT, log],
                                 capture_output=True, text=True, check=True, env={'TZ': 'UTC'})
        self.assertEqual(out.stdout, '')

    def test_stamps_end_where_asked(self):
        for fine, last in (False, 'Jan 15 11:59:59 '), (True, '2026-01-15T11:59:59.970000+00:00 '):
            with tempfile.TemporaryDirectory() as folder:
                log = corpus.Corpora(folder).log('benign', 10_000, fine=fine)
                self.assertTrue(log.read_text().splitlines()[-1].startswith(last))
                self.assertEqual(log.stat().st_mtime, corpus.END)


class Literals(unittest.TestCase):
    """What grep looks for is what the filters need: no less, which would be another job than
    tailban's, and no more, which would slow it down."""

    def matched(self):
        """The sample lines in which the filters for Postfix and Dovecot find something."""
        for path in (ROOT / 'tests/filters').glob('*.samples'):
            if path.name.startswith('icewarp'):
                continue
            text = path.read_text(encoding='utf-8')
            yield from re.findall(r'^(\S.*)\n    = ', text, re.M)

    def test_every_match_has_one(self):
        lines, literals = list(self.matched()), bench.literals()
        self.assertGreater(len(lines), 100)
        self.assertEqual([l for l in lines if not any(text in l for text in literals)], [])

    def test_every_one_is_needed(self):
        lines, literals = list(self.matched()), bench.literals()
        for one in literals:
            others = [text for text in literals if text != one]
            self.assertTrue([l for l in lines if one in l and not any(t in l for t in others)], one)


class Table(unittest.TestCase):
    def test_rows(self):
        for value, unit, peer, limits, ratio, reached, text in ROWS:
            row = table.Row('row', value, unit, peer=('peer', peer), **limits)
            with self.subTest(value=value, unit=unit):
                self.assertEqual(row.ratio and round(row.ratio, 2), ratio)
                self.assertIs(row.reached(), reached)
                self.assertEqual(table.number(value, unit), text)

    def test_what_is_missing_is_said(self):
        lines = list(table.render([('part', [table.Row('row', 1, 's', peer=('grep', None))])]))
        self.assertIn('grep not available', lines[-1])


class Profile(unittest.TestCase):
    def test_the_c_library_is_its_callers(self):
        with tempfile.NamedTemporaryFile('w') as f:
            f.write(CALLGRIND)
            f.flush()
            found = profile.Callgrind(f.name)
        self.assertEqual(dict(found.parts), {'rest': 15, 'stamp': 60, 'regex': 7})
        self.assertEqual(found.total, 82)

    def test_every_part_has_its_files(self):
        sources = {p.stem for p in (ROOT / 'src').glob('*/*.c')}
        for part, names in profile.PARTS.items():
            self.assertTrue(sources & set(names.split()), part)


class Run(unittest.TestCase):
    def run_bench(self, *arguments, **env):
        return subprocess.run([ROOT / 'bench/run', '--build', BUILD, '--peers', 'none', *arguments],
                              capture_output=True, text=True, check=False, timeout=150,
                              env={**os.environ, **env})

    def test_every_part(self):
        if subprocess.run(['unshare', '-rn', 'true'], capture_output=True, check=False).returncode:
            self.skipTest('no network namespaces here')
        with tempfile.TemporaryDirectory() as folder:
            out = self.run_bench('--all', '--lines', '2000', '--rounds', '1', '--cache', folder,
                                 '--json', folder + '/found')
            self.assertEqual(out.returncode, 0, out.stderr)
            found = json.loads(pathlib.Path(folder, 'found').read_text())
            left = {p.name for p in pathlib.Path(folder).iterdir()}
        self.assertEqual({r['part'] for r in found['rows'] if r['value'] is not None}, PARTS)
        self.assertIn('2,000 lines: the goals are for 1,000,000', out.stdout)
        self.assertEqual(left, {'logs', 'found'})

    def test_not_outside_a_namespace(self):
        out = self.run_bench('idle', TAILBAN_BENCH_INSIDE=os.readlink('/proc/self/ns/net'))
        self.assertEqual((out.returncode, out.stdout), (1, ''))
        self.assertIn('nothing is run here', out.stderr)

    def test_misused(self):
        for arguments in (), ('nosuch',):
            self.assertEqual(self.run_bench(*arguments).returncode, 2)


if __name__ == '__main__':
    unittest.main()
