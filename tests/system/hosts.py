# SPDX-License-Identifier: GPL-2.0-or-later
"""IPv6 hosts narrower than a /64, and the /64s around them, side by side with jails that count those."""
from rig import Case, line, main


def numbered(*last):
    return [f'2001:db8::{n}' for n in last]


class Hosts(Case):
    def narrow(self, **options):
        self.rig.jail('narrow', **{'netblock_host_v6': 128, 'netblock_v6': '64:4:10', **options})

    def hit(self, *hosts, n=3):
        for host in hosts:
            self.rig.hit(host, n)

    def refused(self, *arguments):
        out = self.rig.command(*arguments)
        self.assertEqual(out.returncode, 1, arguments)
        return out.stderr

    def test_each_address_is_one(self):
        self.narrow()
        self.rig.start()
        self.hit('2001:db8::1')
        self.hit('2001:db8::2', n=2)
        self.rig.wait_kernel(['2001:db8::1/128'], 'narrow')
        self.rig.kill()
        self.rig.start()
        self.assertEqual(self.rig.listed().keys(), {('narrow', '2001:db8::1/128')})
        self.assertIn('2001:db8::1 is banned in jail narrow', self.rig.command('why', '2001:db8::1').stdout)
        why = self.rig.command('why', '2001:db8::2').stdout
        self.assertIn('1 more hit within 10m', why)
        self.assertIn('failure from 2001:db8::2\n', why.replace(' [narrow]', ''))
        self.assertNotIn('failure from 2001:db8::1\n', why.replace(' [narrow]', ''))
        self.assertRegex(why, r'2001:db8::/64 +5 of 10 +2 of 4')
        self.assertIn('Bans in force within it: 1', self.rig.command('why', '2001:db8::/64').stdout)
        self.hit('2001:db8::2', n=1)
        self.rig.wait_kernel(['2001:db8::1/128', '2001:db8::2/128'], 'narrow')
        self.assertEqual(self.rig.command('unban', '2001:db8::1').returncode, 0)
        self.rig.wait_kernel(['2001:db8::2/128'], 'narrow')

    def test_the_block_of_them(self):
        """Is banned as one, covers them, and is not unbanned with one of them."""
        self.narrow(netblock_bantime='2w')
        self.rig.start()
        self.hit('2001:db8::1')
        self.rig.wait_kernel(['2001:db8::1/128'], 'narrow')
        self.hit(*numbered(2, 3, 4, 5), n=2)
        self.rig.wait_kernel(['2001:db8::1/128', '2001:db8::/64'], 'narrow')
        self.assertEqual(self.rig.listed()[('narrow', '2001:db8::/64')]['reason'], 'block')
        self.rig.stop()
        self.rig.start()
        self.rig.wait_kernel(['2001:db8::/64'], 'narrow')
        self.assertIn('not banned by itself, but 2001:db8::/64 is', self.refused('unban', '2001:db8::9'))
        self.assertEqual(self.rig.command('unban', '2001:db8::/64').returncode, 0)
        self.rig.wait_kernel(['2001:db8::1/128'], 'narrow')

    def test_beside_a_jail_that_counts_64s(self):
        self.narrow()
        self.rig.jail('wide', maxretry=6, bantime='3w')
        self.rig.start()
        self.hit(*numbered(1, 2))
        self.rig.wait_kernel(['2001:db8::/64'], 'wide')
        self.rig.wait_kernel(['2001:db8::1/128', '2001:db8::2/128'], 'narrow')
        self.hit('2001:db8::3')
        self.rig.wait(lambda: ('narrow', '2001:db8::3/128') in self.rig.listed(), 'the third')
        self.rig.wait_kernel(['2001:db8::1/128', '2001:db8::2/128'], 'narrow')
        self.assertIn('covered by the ban of 2001:db8::/64 in jail wide',
                      self.rig.command('why', '2001:db8::3').stdout)
        self.assertIn('2001:db8::3 is unbanned by itself, but 2001:db8::/64 around it is banned in '
                      'jail wide', self.refused('unban', '2001:db8::3'))
        self.refused('unban', '2001:db8::9', '--jail', 'narrow')
        self.assertEqual(self.rig.command('unban', '2001:db8::9').returncode, 0)
        self.rig.wait_kernel([], 'wide')
        self.assertEqual(self.rig.listed().keys(),
                         {('narrow', a + '/128') for a in numbered(1, 2)})

    def test_thousands_inside_a_block(self):
        """Those of a banned /48 need nothing in the kernel until it is unbanned."""
        inside, outside = ([f'2001:db8:{part}:{i:x}::' for i in range(1, 2001)] for part in (1, 2))
        self.rig.jail(maxretry=1, bantime='1h')
        self.rig.write('etc/tailban.conf', '[tailban]\ncap.bans = 9000\n')
        self.rig.start()
        self.rig.command('ban', '2001:db8:1::/48', '--jail', 'j', '--for', '2h')
        self.rig.append('log/mail.log', ''.join(line(a + '7') for a in inside + outside))
        hosts = [a + '/64' for a in outside]
        self.rig.wait_kernel(hosts + ['2001:db8:1::/48'])
        self.assertEqual(len(self.rig.listed()), 4001)
        self.rig.kill()
        self.rig.start()
        self.rig.wait_kernel(hosts + ['2001:db8:1::/48'])
        self.assertEqual(self.rig.command('unban', '2001:db8:1::/48').returncode, 0)
        self.rig.wait_kernel(hosts + [a + '/64' for a in inside])
        self.rig.command('ban', '2001:db8:2::/48', '--jail', 'j', '--for', '2h')
        self.rig.stop()
        self.rig.start()
        self.rig.wait_kernel([a + '/64' for a in inside] + ['2001:db8:2::/48'])

    def test_another_length_after_a_reload(self):
        """What was counted before counts on, by the address in its line."""
        self.rig.jail('narrow')
        self.rig.start()
        self.hit('2001:db8::1', n=2)
        self.hit('2001:db8:1::1', n=1)
        self.rig.wait(lambda: '1 of 3' in self.rig.command('why', '2001:db8:1::1').stdout, 'the hits')
        self.narrow()
        self.assertEqual(self.rig.command('reload').returncode, 0)
        self.hit('2001:db8::1', '2001:db8:1::2', n=1)
        self.rig.wait_kernel(['2001:db8::1/128'], 'narrow')
        self.rig.jail('narrow')
        self.assertEqual(self.rig.command('reload').returncode, 0)
        self.rig.wait_kernel(['2001:db8::1/128'], 'narrow')
        self.hit('2001:db8:1::3', n=1)
        self.rig.wait_kernel(['2001:db8::1/128', '2001:db8:1::/64'], 'narrow')


if __name__ == '__main__':
    main()
