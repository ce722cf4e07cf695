# SPDX-License-Identifier: GPL-2.0-or-later
"""A jail of several filters: their points add up, over a restart as well, and the operator sees them."""
import json

import rig
from rig import Case, line, main

OTHER = '[Definition]\nfailregex = ^ \\S+ evil\\[\\d+\\]: greeting of <HOST>$\n'
ADDR = '203.0.113.7'


class Weights(Case):
    def setUp(self):
        super().setUp()
        self.rig.write('etc/filters/other.conf', OTHER)
        self.rig.jail(filter='evil\n    other[weight=3]', maxretry=7)

    def greet(self, addr):
        self.rig.append('log/mail.log', line(addr).replace('failure from', 'greeting of'))

    def do(self, *words):
        out = self.rig.command(*words)
        self.assertEqual(out.returncode, 0, out.stdout + out.stderr)
        return out.stdout

    def records(self, *words):
        return [json.loads(text) for text in self.do(*words, '--json').splitlines()]

    def counted(self):
        return next(r['hits'] for r in self.records('status', 'j') if r['type'] == 'jail')

    def test_points_add_up_over_a_restart(self):
        self.rig.start()
        self.greet(ADDR)
        self.rig.hit(ADDR)
        self.greet('203.0.113.9')
        self.rig.wait(lambda: self.counted() == 7, 'seven points')
        lines = [r for r in self.records('why', ADDR) if r['type'] == 'line']
        self.assertEqual(sorted(r['count'] for r in lines), [1, 3])
        self.assertRegex(self.do('status', 'j'), r'evil, other\[weight=3\]\n *rule +7 points in 10m')
        self.rig.kill()
        self.rig.start()
        self.greet(ADDR)
        self.rig.wait_kernel([f'{ADDR}/32'])
        told = self.do('why', ADDR)
        self.assertIn('  7 points within 10m (limit: 7)\n', told)
        self.assertEqual((told.count(' (3 points)\n'), told.count(' (1 point)\n')), (2, 1))
        self.assertRegex(self.do('list'), f'{ADDR} .* 7 points ')
        self.assertIn('3 of 7 points', self.do('why', '203.0.113.9'))
        self.assertIn('4 more points within 10m', self.do('why', '203.0.113.9'))


if __name__ == '__main__':
    main()
