# SPDX-License-Identifier: GPL-2.0-or-later
"""From a line in a log to an element in the kernel, and back."""
import json
import re
import select
import subprocess
import time

from rig import Case, addresses, line, main


class Bans(Case):
    def test_within_a_second(self):
        self.rig.jail()
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'], seconds=1)

    def test_both_families(self):
        self.rig.jail()
        self.rig.start()
        for addr in ('203.0.113.7', '2001:db8:1:2::3'):
            self.rig.hit(addr, 3)
        self.rig.hit('203.0.113.8', 2)
        self.rig.wait_kernel(['203.0.113.7/32', '2001:db8:1:2::/64'])
        self.assertEqual(self.rig.listed().keys(),
                         {('j', '203.0.113.7/32'), ('j', '2001:db8:1:2::/64')})

    def test_block(self):
        self.rig.jail(maxretry=5, netblock_v4='24:3:6')
        self.rig.start()
        for addr in ('203.0.113.1', '203.0.113.2', '203.0.113.3'):
            self.rig.hit(addr, 2)
        self.rig.wait_kernel(['203.0.113.0/24'])
        self.assertEqual(self.rig.listed()[('j', '203.0.113.0/24')]['reason'], 'block')

    def test_many_at_once(self):
        many = addresses(5000)
        self.rig.jail(maxretry=1)
        self.rig.start()
        self.rig.append('log/mail.log', ''.join(line(a) for a in many))
        self.rig.wait_kernel({a + '/32' for a in many})

    def test_caps(self):
        """What is beyond a cap is held back, said, and banned when it asks again later."""
        self.rig.jail()
        self.rig.write('etc/tailban.conf', '[tailban]\ncap.bans = 2\n')
        self.rig.start()
        for i in range(1, 5):
            self.rig.hit(f'203.0.113.{i}', 3)
        self.rig.wait(lambda: self.rig.said('bans are held back: cap.bans = 2 a minute'), 'an alarm')
        self.rig.wait_kernel(['203.0.113.1/32', '203.0.113.2/32'])
        self.assertIn('cap.bans = 2 a minute is reached, 2 times', self.rig.command('status').stdout)
        for _ in range(2):
            told = self.rig.command('why', '203.0.113.3').stdout
            self.assertIn('What holds a ban back: cap.bans = 2 a minute is reached', told)
            self.assertRegex(told, '3 of 3 .* held back by cap.bans = 2 a minute, [0-9]+[ms] left')
            self.rig.command('reload')
        self.assertNotIn('held back', self.rig.command('why', '203.0.113.1').stdout)
        # A reload buys nobody a minute more, and says nothing twice; a higher cap lets them pass.
        self.rig.hit('203.0.113.5', 3)
        self.rig.wait(lambda: 'is reached, 3 times' in self.rig.command('status').stdout, 'the alarm')
        self.assertEqual(self.rig.said('bans are held back'), 1)
        self.rig.write('etc/tailban.conf', '[tailban]\ncap.bans = 9\n')
        self.rig.command('reload')
        self.assertIn('was held back by a cap', self.rig.command('why', '203.0.113.5').stdout)
        self.rig.hit('203.0.113.5')
        self.rig.wait_kernel([f'203.0.113.{i}/32' for i in (1, 2, 5)])

    def test_share_over_a_restart(self):
        """What is banned takes its part of the address space also after a restart."""
        self.rig.jail(maxretry=9, netblock_v4='16:32:64')
        self.rig.write('etc/tailban.conf', '[tailban]\ncap.share.v4 = 0.002%\n')
        self.rig.start()
        for i in range(32):
            self.rig.hit(f'198.18.{i}.1', 2)
        self.rig.wait_kernel(['198.18.0.0/16'])
        self.assertEqual(self.rig.stop(), 0)
        self.rig.start()
        for i in range(32):
            self.rig.hit(f'198.19.{i}.1', 2)
        self.rig.wait(lambda: self.rig.said('cap.share.v4 = 0.002%'), 'an alarm')
        self.rig.wait_kernel(['198.18.0.0/16'])

    def test_expiry(self):
        self.rig.jail(bantime='2s')
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'])
        self.rig.wait_kernel([])
        # The kernel counts in milliseconds, rounded down.
        self.rig.wait(lambda: self.rig.listed() == {}, 'end of the ban')
        self.rig.wait(lambda: self.rig.said('NOTICE  [j] Unban 203.0.113.7'), 'a word about it')

    def test_of_old_lines(self):
        """What a new log tells of long ago is passed over; so is a ban that would be over."""
        now = time.time()
        self.rig.jail('j', findtime='1h', bantime='10m')
        self.rig.verbose()
        self.rig.hit('203.0.113.1', 3, at=now - 7200)
        self.rig.hit('203.0.113.2', 3, at=now - 1800)
        self.rig.hit('203.0.113.3', 3, at=now - 60)
        self.rig.start()
        self.rig.wait_kernel(['203.0.113.3/32'])
        self.assertEqual(self.rig.said('203.0.113.1'), 0)
        self.assertEqual(self.rig.said('203.0.113.2 was to be banned in j for 10m, which is over'), 1)
        self.assertEqual(self.rig.said('Ban 203.0.113.2'), 0)
        self.assertEqual(self.rig.listed().keys(), {('j', '203.0.113.3/32')})

    def test_wrong_zone(self):
        """A log whose clock is two hours behind still bans, for the whole bantime."""
        self.rig.jail(bantime='10m')
        self.rig.write('log/mail.log', '')
        self.rig.start()
        self.sync()
        self.rig.hit('203.0.113.7', 3, at=time.time() - 7200)
        self.rig.wait(lambda: '203.0.113.7/32' in self.rig.kernel(), 'the ban')
        self.assertAlmostEqual(self.rig.kernel()['203.0.113.7/32'], 600, delta=20)
        self.assertEqual(self.rig.said('another time zone?'), 1)

    def test_hostile_bytes(self):
        self.rig.jail()
        self.rig.start()
        for junk in (b'\0' * 5000 + b'\n', b'\xff\xfe\xc3\x28\n', b'x' * (1 << 20) + b'\n',
                     b'\r\r\n\n\n', b'\x1b]0;evil\x07\n'):
            self.rig.append('log/mail.log', junk)
            self.rig.hit('203.0.113.7')
        # An overlong line's tail is no line.
        self.rig.append('log/mail.log', 'x' * 70000 + line('203.0.113.8') * 1)
        self.rig.append('log/mail.log', line('203.0.113.8') * 2)
        self.sync()
        self.assertEqual(set(self.rig.kernel()), {'203.0.113.7/32', '198.51.100.250/32'})

    def test_partial_line(self):
        """A line is judged when it ends, not before, and once."""
        whole = line('203.0.113.7')
        self.rig.jail(logpath=self.rig.path('log/*.log'))
        self.rig.start()
        self.rig.append('log/mail.log', whole * 2 + whole[:-4])
        self.sync('198.51.100.1', log='log/other.log')
        self.rig.append('log/mail.log', whole[-4:-1])
        self.sync('198.51.100.2', log='log/other.log')
        self.assertNotIn('203.0.113.7/32', self.rig.kernel())
        self.rig.append('log/mail.log', '\n')
        self.rig.wait(lambda: '203.0.113.7/32' in self.rig.kernel(), 'the ban')
        self.assertEqual(self.rig.listed()[('j', '203.0.113.7/32')]['hits'], 3)

    def test_spared(self):
        subprocess.run(['ip', 'addr', 'add', '192.0.2.55/32', 'dev', 'lo'], check=True)
        self.addCleanup(subprocess.run, ['ip', 'addr', 'del', '192.0.2.55/32', 'dev', 'lo'])
        self.rig.jail(ignoreip='203.0.113.0/28', netblock_v4='24:2:6')
        self.rig.start()
        for addr in ('192.0.2.55', '203.0.113.7', '203.0.113.20', '203.0.113.21'):
            self.rig.hit(addr, 3)
        self.sync()
        self.assertEqual(set(self.rig.kernel()),
                         {'203.0.113.20/32', '203.0.113.21/32', '198.51.100.250/32'})

    def test_two_jails_one_log(self):
        self.rig.jail('a', maxretry=2, port='smtp')
        self.rig.jail('b', maxretry=4, port='imap')
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'], 'a')
        self.assertEqual(self.rig.kernel('b'), {})
        self.rig.hit('203.0.113.7')
        self.rig.wait_kernel(['203.0.113.7/32'], 'b')

    def test_bad_filter(self):
        """A jail whose filter is wrong takes nobody else with it."""
        self.rig.write('etc/filters/broken.conf', '[Definition]\nfailregex = ^( from <HOST>$\n')
        self.rig.jail('broken', filter='broken')
        self.rig.jail()
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'])
        self.assertGreaterEqual(self.rig.said('broken.conf:2'), 1)


class Words(Case):
    """What is logged in fail2ban's words, as its recidive filter and others' parsers look for it."""

    def test_of_a_ban(self):
        self.rig.verbose()
        self.rig.jail(maxretry=2, netblock_v4='24:2:3')
        self.rig.start()
        self.rig.hit('203.0.113.7', 2)
        self.rig.hit('203.0.113.8')
        self.rig.wait_kernel(['203.0.113.7/32', '203.0.113.0/24'])
        self.rig.command('unban', '203.0.113.7')
        self.rig.wait_kernel(['203.0.113.0/24'])
        log = self.rig.log()
        for words in (r'INFO    \[j\] Found 203\.0\.113\.7 - \d{4}-\d\d-\d\d [\d:]{8}, [12] of 2$',
                      r'NOTICE\s+\[(?!recidive\])(?:.*)\]\s+Ban\s+203\.0\.113\.7\s*$',
                      r'NOTICE  \[j\] Ban 203\.0\.113\.0/24$',
                      r'NOTICE  \[j\] Unban 203\.0\.113\.7$',
                      r'203\.0\.113\.0/24 is banned in j for 1w: 3 hits by 2 hosts in 10m$'):
            self.assertEqual(len(re.findall(words, log, re.M)), 1 + words.startswith('INFO'), words)


    def test_of_a_longer_ban(self):
        self.rig.jail(bantime='1s', bantime_increment='true')
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait(lambda: self.rig.said('Unban 203.0.113.7'), 'the end of the first')
        self.assertEqual(self.rig.said('Increase'), 0)
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait(lambda: self.rig.said('Increase Ban'), 'the second')
        self.assertRegex(self.rig.log(), r'NOTICE  \[j\] Increase Ban 203\.0\.113\.7 '
                         r'\(2 # 0:00:02 -> \d{4}-\d\d-\d\d [\d:]{8}\)\n')


class ByHand(Case):
    def test_ban_and_unban(self):
        self.rig.jail()
        self.rig.start()
        self.assertEqual(self.rig.command('ban', '203.0.113.0/24', '--jail', 'j').returncode, 0)
        self.assertEqual(self.rig.command('ban', '2001:db8::1', '--for', '1h').returncode, 0)
        self.rig.wait_kernel(['203.0.113.0/24'])
        self.rig.wait_kernel(['2001:db8::1/128'], 'manual')
        self.assertAlmostEqual(self.rig.kernel('manual')['2001:db8::1/128'], 3600, delta=20)
        self.assertEqual(self.rig.command('unban', '203.0.113.0/24').returncode, 0)
        self.rig.wait_kernel([])
        self.assertEqual(self.rig.command('unban', '203.0.113.0/24').returncode, 1)
        self.assertEqual(self.rig.command('unban', '--all').returncode, 0)
        self.rig.wait_kernel([], 'manual')

    def test_a_block_covers_its_hosts(self):
        """They need nothing in the kernel, until the block is unbanned."""
        self.rig.jail(bantime='1h')
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'])
        self.rig.command('ban', '203.0.113.0/24', '--jail', 'j', '--for', '2h')
        self.rig.hit('203.0.113.8', 3)
        self.rig.hit('203.0.113.9', 3)
        self.rig.hit('198.51.100.1', 3)
        wanted = ['203.0.113.7/32', '203.0.113.0/24', '198.51.100.1/32']
        self.rig.wait_kernel(wanted)
        self.rig.stop()
        self.rig.start()
        self.rig.wait_kernel(wanted[1:])
        self.assertEqual(len(self.rig.command('list', '--json').stdout.splitlines()), 5)
        self.assertNotIn('203.0.113.7 ', self.rig.command('list').stdout)
        self.assertIn('203.0.113.7 ', self.rig.command('list', '--all').stdout)
        why = self.rig.command('why', '203.0.113.8').stdout
        self.assertIn('covered by the ban of 203.0.113.0/24 in jail j', why)
        out = self.rig.command('unban', '203.0.113.9')
        self.assertEqual(out.returncode, 1)
        self.assertIn('203.0.113.9 is unbanned by itself, but 203.0.113.0/24 around it is banned',
                      out.stderr)
        self.assertEqual(self.rig.command('unban', '203.0.113.0/24').returncode, 0)
        self.rig.wait_kernel(['203.0.113.7/32', '203.0.113.8/32', '198.51.100.1/32'])

    def test_unban_forgets(self):
        """After an unban it takes a full window again."""
        self.rig.jail()
        self.rig.start()
        self.rig.hit('203.0.113.7', 5)
        self.rig.wait_kernel(['203.0.113.7/32'])
        self.assertEqual(self.rig.command('unban', '203.0.113.7').returncode, 0)
        self.rig.hit('203.0.113.7', 2)
        self.sync()
        self.assertEqual(set(self.rig.kernel()), {'198.51.100.250/32'})
        self.rig.hit('203.0.113.7')
        self.rig.wait(lambda: '203.0.113.7/32' in self.rig.kernel(), 'the ban')

    def test_refused(self):
        self.rig.jail(ignoreip='203.0.113.7')
        self.rig.start()
        for net, reason in (('127.0.0.1', 'this host itself'), ('::1', 'this host itself'),
                            ('0.1.2.3', 'this host itself'), ('224.0.0.1', 'multicast'),
                            ('ff02::1', 'multicast'), ('fe80::1', 'link-local'),
                            ('0.0.0.0/0', 'too wide'), ('10.0.0.0/7', 'too wide'),
                            ('2001:db8::/31', 'too wide'), ('203.0.113.0/24', '203.0.113.7')):
            out = self.rig.command('ban', net)
            self.assertEqual(out.returncode, 1, net)
            self.assertIn(reason, out.stderr, net)
        self.assertEqual(self.rig.listed(), {})

    def test_many_by_hand(self):
        many = addresses(3000)
        self.rig.jail()
        self.rig.start()
        out = subprocess.run([*self.rig.command('--version').args[:3], 'ban', '-'],
                             input='\n'.join(many), text=True, capture_output=True)
        self.assertEqual(out.returncode, 0, out.stderr)
        self.rig.wait_kernel({a + '/32' for a in many}, 'manual')
        self.assertEqual(len(self.rig.listed()), len(many))

    def test_watch(self):
        self.rig.jail()
        self.rig.start()
        watch = subprocess.Popen([*self.rig.command('--version').args[:3], 'watch', '--json'],
                                 stdout=subprocess.PIPE, text=True)
        self.addCleanup(watch.stdout.close)
        self.addCleanup(watch.wait)
        self.addCleanup(watch.kill)
        # Each round is somebody else's, until the watch is on.
        for addr in addresses(100, '203.0.113.1'):
            self.rig.hit(addr, 3)
            if select.select([watch.stdout], [], [], 0.1)[0]:
                break
        event = json.loads(watch.stdout.readline())
        while event['event'] != 'ban':
            event = json.loads(watch.stdout.readline())
        self.assertEqual(event['jail'], 'j')
        self.assertEqual(event['hits'], 3)
        self.assertTrue(event['net'].startswith('203.0.113.'))


if __name__ == '__main__':
    main()
