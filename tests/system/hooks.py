# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs of the operator's that are run at bans and unbans."""
import os
import time

from rig import Case, addresses, line, main

TELL = """/bin/sh -c '(env | grep -E "^TAILBAN_"; cat) >%s/$TAILBAN_EVENT.new
    mv %s/$TAILBAN_EVENT.new %s/$TAILBAN_EVENT'"""


class Hooks(Case):
    def told(self, event):
        """What the hook that writes files was told, once it has been run."""
        path = self.rig.path(f'log/{event}')
        self.rig.wait(lambda: os.path.exists(path), f'the hook of the {event}')
        with open(path) as f:
            return f.read().splitlines()

    def tell(self):
        return TELL.replace('%s', self.rig.path('log'))

    def test_ban_and_unban(self):
        self.rig.jail(onban=self.tell(), onunban=self.tell())
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        told = self.told('ban')
        for fact in ('TAILBAN_JAIL=j', 'TAILBAN_NET=203.0.113.7/32', 'TAILBAN_HITS=3',
                     'TAILBAN_REASON=host'):
            self.assertIn(fact, told)
        self.assertEqual(sum('evil[7]: failure from 203.0.113.7' in l for l in told), 3)
        self.assertEqual(self.rig.command('unban', '203.0.113.7').returncode, 0)
        self.assertIn('TAILBAN_NET=203.0.113.7/32', self.told('unban'))

    def test_end_of_ban(self):
        self.rig.jail(onunban=self.tell(), bantime='1s')
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        told = self.told('unban')
        self.assertIn('TAILBAN_NET=203.0.113.7/32', told)
        self.assertEqual(sum('evil[7]: failure from 203.0.113.7' in l for l in told), 3)

    def test_no_power(self):
        """Neither capabilities, nor descriptors, nor a way to get power back."""
        seen = self.rig.path('log/seen')
        self.rig.jail(onban=f"/bin/sh -c 'ls -l /proc/self/fd >{seen}.new;"
                            f" cat /proc/self/status >>{seen}.new; mv {seen}.new {seen}'")
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait(lambda: os.path.exists(seen), 'the hook')
        with open(seen) as f:
            text = f.read()
        for words in ('CapPrm:\t0000000000000000', 'CapEff:\t0000000000000000',
                      'CapBnd:\t0000000000000000', 'NoNewPrivs:\t1'):
            self.assertIn(words, text)
        self.assertNotIn('socket', text)
        self.assertNotIn('ledger', text)

    def test_hanging(self):
        """Hooks that hang, and too many of them, delay no ban."""
        many = addresses(1500)
        self.rig.jail(maxretry=1, onban='/bin/sleep 60', onunban='/bin/false')
        self.rig.start()
        self.rig.append('log/mail.log', ''.join(line(a) for a in many))
        self.rig.wait_kernel({a + '/32' for a in many})
        self.rig.hit('203.0.113.7')
        self.rig.wait(lambda: '203.0.113.7/32' in self.rig.kernel(), 'the ban', seconds=1)
        self.assertEqual(self.rig.said('too many hooks are waiting'), 1)
        self.assertIn('Hooks: 4 run; 473 dropped', self.rig.command('status').stdout)
        start = time.monotonic()
        self.assertEqual(self.rig.stop(), 0)
        self.assertLess(time.monotonic() - start, 5)

    def test_failing(self):
        self.rig.jail(onban='/bin/false', onunban='/nonexistent')
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'])
        self.rig.wait(lambda: self.rig.said('/bin/false: onban ended with exit status 1 for '
                                            '203.0.113.7 in j'), 'a word about it')
        self.assertEqual(self.rig.command('unban', '203.0.113.7').returncode, 0)
        self.rig.wait(lambda: self.rig.said('/nonexistent: onunban cannot be run (No such file or '
                                            'directory) for 203.0.113.7 in j'),
                      'a word about it')


if __name__ == '__main__':
    main()
