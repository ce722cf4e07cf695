# SPDX-License-Identifier: GPL-2.0-or-later
"""tailban under the name fail2ban-client, asking the daemon itself."""
import os
import re
import subprocess

import rig
from rig import Case, main


class Client(Case):
    def setUp(self):
        super().setUp()
        os.symlink(rig.BUILD + '/tailban', self.rig.path('fail2ban-client'))

    def ask(self, *words, code=0):
        out = subprocess.run([self.rig.path('fail2ban-client'), '-c', self.rig.path('etc'),
                              '-s', self.rig.path('run/control.sock'), *words],
                             capture_output=True, text=True, timeout=rig.DEADLINE,
                             env={**os.environ, 'TZ': 'UTC'})
        self.assertEqual(out.returncode, code, out.stderr)
        return out.stdout

    def test_a_day_with_it(self):
        self.rig.jail(findtime='1h', bantime='2h', ignoreip='192.0.2.0/24')
        self.rig.jail('k', maxretry=5)
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'])
        self.assertEqual(self.ask('ping'), 'Server replied: pong\n')
        self.assertEqual(self.ask('status'),
                         'Status\n|- Number of jail:\t3\n`- Jail list:\tj, k, manual\n')
        self.assertEqual(self.ask('set', 'j', 'banip', '203.0.113.9', '203.0.113.7'), '1\n')
        self.assertEqual(self.ask('set', 'j', 'banip', '203.0.113.9'), '0\n')
        self.assertEqual(self.ask('set', 'j', 'banip', '192.0.2.7', code=255), '0\n')
        self.rig.wait_kernel(['203.0.113.7/32', '203.0.113.9/32'])
        self.assertEqual(self.ask('banned'),
                         "[{'j': ['203.0.113.7', '203.0.113.9']}, {'k': []}, {'manual': []}]\n")
        self.assertEqual(self.ask('status', 'j').splitlines()[2:], [
            '|  |- Currently failed:\t0', '|  |- Total failed:\t3',
            '|  `- File list:\t' + self.rig.path('log/mail.log'), '`- Actions',
            '   |- Currently banned:\t2', '   |- Total banned:\t2',
            '   `- Banned IP list:\t203.0.113.7 203.0.113.9'])
        stamp = r'\d{4}-\d\d-\d\d \d\d:\d\d:\d\d'
        for line in self.ask('get', 'j', 'banip', '--with-time').splitlines():
            self.assertRegex(line, rf'^203\.0\.113\.[79] \t{stamp} \+ 7200 = {stamp}$')
        self.assertEqual(self.ask('set', 'j', 'unbanip', '203.0.113.9'), '1\n')
        self.assertEqual(self.ask('set', 'j', 'unbanip', '203.0.113.9'), '0\n')
        self.assertEqual(self.ask('unban', '203.0.113.7'), '1\n')
        self.rig.wait_kernel([])
        self.assertEqual(self.ask('unban', '--all'), '0\n')

    def test_values(self):
        self.rig.jail(findtime='1h', bantime='-1', maxretry=4, ignoreip='192.0.2.0/24 ::1')
        self.rig.start()
        for name, answer in (
                ('findtime', '3600\n'), ('bantime', '-1\n'), ('maxretry', '4\n'),
                ('ignoreip', 'These IP addresses/networks are ignored:\n|- 192.0.2.0/24\n`- ::1\n'),
                ('ignoreself', 'True\n'), ('usedns', 'no\n'), ('maxlines', '1\n'),
                ('logpath', 'Current monitored log file(s):\n`- %s\n' % self.rig.path('log/mail.log')),
                ('failregex', 'The following regular expression are defined:\n'
                 '`- [0]: ^ \\S+ evil\\[\\d+\\]: failure from <HOST>$\n'),
                ('ignoreregex', 'No regular expression is defined\n'),
                ('journalmatch', 'No journal match filter set\n'), ('prefregex', '\n')):
            self.assertEqual(self.ask('get', 'j', name), answer, name)
        for jail in ('nosuch', 'no such'):
            self.assertIn(f"the jail '{jail}' does not exist", self.ask('get', jail, 'bantime', code=255))

    def test_reload(self):
        self.rig.jail(maxretry=4)
        self.rig.start()
        self.rig.jail(maxretry=6)
        self.assertEqual(self.ask('-t'), 'OK: configuration test is successful\n')
        self.assertIn("['set', 'j', 'maxretry', 6]\n", self.ask('-d'))
        self.assertEqual(self.ask('get', 'j', 'maxretry'), '4\n')
        self.assertEqual(self.ask('reload', 'j'), 'OK\n')
        self.assertEqual(self.ask('get', 'j', 'maxretry'), '6\n')
        self.assertEqual(len(re.findall('OK', self.ask('reload', 'nosuch', code=255))), 0)


if __name__ == '__main__':
    main()
