# SPDX-License-Identifier: GPL-2.0-or-later
"""Restarts, crashes, reloads and other people's hands on the table."""
import os
import random
import signal
import subprocess

from rig import BUILD, Case, addresses, line, main


USERS = ('[Definition]\n'
         'failregex = ^ \\S+ evil\\[\\d+\\]: failure of <F-USER>\\S+</F-USER> from <HOST>$\n'
         '            ^ \\S+ evil\\[\\d+\\]: <F-SUCCESS>login</F-SUCCESS> of <F-USER>\\S+</F-USER>'
         ' from <HOST>$\n')


class Restarts(Case):
    def test_bans_outlive_the_daemon(self):
        self.rig.jail()
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'])
        self.assertEqual(self.rig.stop(), 0)
        self.assertEqual(set(self.rig.kernel()), {'203.0.113.7/32'})
        subprocess.run(['nft', 'flush', 'ruleset'], check=True)
        self.rig.start()
        self.rig.wait_kernel(['203.0.113.7/32'])
        self.assertEqual(self.rig.said('NOTICE  [j] Restore Ban 203.0.113.7\n'), 1)

    def test_windows_outlive_the_daemon(self):
        for end in (self.rig.stop, self.rig.kill):
            self.rig.jail(maxretry=5)
            self.rig.start()
            self.rig.hit('203.0.113.7', 3)
            self.sync('198.51.100.1', maxretry=5)
            end()
            self.rig.hit('203.0.113.7')
            self.rig.start()
            self.sync('198.51.100.2', maxretry=5)
            self.assertNotIn('203.0.113.7/32', self.rig.kernel())
            self.rig.hit('203.0.113.7')
            self.rig.wait(lambda: '203.0.113.7/32' in self.rig.kernel(), 'the ban')
            self.assertEqual(self.rig.listed()[('j', '203.0.113.7/32')]['hits'], 5)
            self.assertEqual(self.rig.command('unban', '--all').returncode, 0)
            self.rig.stop()

    def test_killed_at_any_time(self):
        """Each line counts once: who has one hit too few is not banned, who has enough is."""
        choice = random.Random(7)
        few, enough = addresses(400, '10.1.0.0'), addresses(400, '10.2.0.0')
        lines = [line(a) for a in few * 4 + enough * 5]
        choice.shuffle(lines)
        self.rig.jail(maxretry=5)
        self.rig.start()
        for i in range(12):
            part, lines = lines[:300], lines[300:]
            self.rig.append('log/mail.log', ''.join(part))
            if i % 3 == 0:
                self.rig.wait(lambda: self.rig.kernel() or i == 0, 'the first bans')
            self.rig.kill()
            self.rig.start()
        self.rig.append('log/mail.log', ''.join(lines))
        self.rig.wait_kernel({a + '/32' for a in enough})

    def test_logins_make_good_what_was_before(self):
        """Customers behind one address mistype, the daemon ends or reads its configuration, they log in."""
        self.rig.write('etc/filters/evil.conf', USERS)
        self.rig.jail(maxretry=5, shield='true')

        def say(addr, what, user, n=1):
            self.rig.append('log/mail.log', n * line(addr).replace('failure', f'{what} of {user}'))
        for i, end in enumerate((self.rig.kill, self.rig.stop)):
            office, other, marker = (f'{net}.{i}.1' for net in ('10.1', '10.2', '10.3'))
            self.rig.start()
            for addr in office, other:
                say(addr, 'failure', 'anna', 2)
                say(addr, 'failure', 'bert', 2)
            for user in 'abcde':
                say(marker, 'failure', user)
            self.rig.wait(lambda: marker + '/32' in self.rig.kernel(), 'the marker')
            self.assertEqual(self.rig.command('reload').returncode, 0)
            end()
            self.rig.start()
            say(office, 'login', 'anna')
            say(office, 'login', 'bert')
            for addr in office, other:
                say(addr, 'failure', 'carl')
            self.rig.wait(lambda: other + '/32' in self.rig.kernel(), 'the ban')
            self.assertNotIn(office + '/32', self.rig.kernel())
            self.rig.stop()

    def test_signals_amid_a_storm(self):
        """Reloads and ends, wherever a checkpoint is: each line counts once as well."""
        choice = random.Random(8)
        few, enough = addresses(300, '10.1.0.0'), addresses(300, '10.2.0.0')
        lines = [line(a) for a in few * 4 + enough * 5]
        choice.shuffle(lines)
        self.rig.write('etc/tailban.conf', '[tailban]\ncheckpoint = 0.1s\n')
        self.rig.jail(maxretry=5)
        for i in range(8):
            self.rig.start()
            for _ in range(4):
                part, lines = lines[:80], lines[80:]
                self.rig.append('log/mail.log', ''.join(part))
                self.rig.daemon.send_signal(signal.SIGHUP)
            self.assertEqual(self.rig.stop(), 0)
        self.rig.start()
        self.rig.append('log/mail.log', ''.join(lines))
        self.rig.wait_kernel({a + '/32' for a in enough})

    def test_log_grows_and_turns_meanwhile(self):
        self.rig.jail(maxretry=2)
        self.rig.start()
        self.rig.hit('203.0.113.1')
        self.sync('198.51.100.1', maxretry=2)
        self.rig.stop()
        self.rig.hit('203.0.113.1')
        self.rig.hit('203.0.113.2')
        os.rename(self.rig.path('log/mail.log'), self.rig.path('log/mail.log.1'))
        self.rig.hit('203.0.113.2')
        self.rig.start()
        self.rig.wait_kernel(['198.51.100.1/32', '203.0.113.1/32', '203.0.113.2/32'])

    def test_second_daemon(self):
        self.rig.jail()
        self.rig.start()
        for run, state in (('other', 'state'), ('run', 'state'), ('run', 'state2')):
            other = subprocess.run(
                [BUILD + '/tailband', '-c', self.rig.path('etc'), '--state', self.rig.path(state),
                 '--run', self.rig.path(run)], capture_output=True, text=True, timeout=20)
            self.assertEqual(other.returncode, 1, run)
            self.assertIn('another tailband', other.stderr, run)
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'])


class Enforcer(Case):
    def test_flushed_by_others(self):
        self.rig.jail()
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        self.rig.hit('2001:db8::1', 3)
        nets = {'203.0.113.7/32', '2001:db8::/64'}
        self.rig.wait_kernel(nets)
        for wipe in (['flush', 'ruleset'], ['delete', 'table', 'inet', 'tailban'],
                     ['flush', 'set', 'inet', 'tailban', 'j-v4-32']):
            subprocess.run(['nft', *wipe], check=True)
            self.rig.wait_kernel(nets, seconds=2)

    def test_killed_and_restarted(self):
        self.rig.jail()
        self.rig.start_enforcer()
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'])
        self.rig.end(self.rig.enforcer, signal.SIGKILL)
        self.rig.wait(lambda: self.rig.said('bans are NOT enforced'), 'a loud word')
        self.rig.hit('203.0.113.8', 3)
        self.rig.wait(lambda: ('j', '203.0.113.8/32') in self.rig.listed(), 'the ban')
        os.unlink(self.rig.path('run/enforce.sock'))
        self.rig.start_enforcer()
        self.rig.wait_kernel(['203.0.113.7/32', '203.0.113.8/32'])

    def test_socket_left_behind(self):
        """Nobody listens there any more, so the daemon starts an enforcer of its own."""
        self.rig.start_enforcer()
        self.rig.end(self.rig.enforcer, signal.SIGKILL)
        self.assertTrue(os.path.exists(self.rig.path('run/enforce.sock')))
        self.rig.jail()
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'])

    def children(self, pid):
        out = subprocess.run(['pgrep', '-P', str(pid)], capture_output=True, text=True).stdout
        return [int(child) for child in out.split()]

    def keeper(self):
        """The daemon's child, and the enforcer, which is its child."""
        keeper, = self.children(self.rig.daemon.pid)
        enforcer, = self.children(keeper)
        return keeper, enforcer

    def test_child_dies(self):
        """Without power of its own the daemon has another one started."""
        self.rig.jail()
        self.rig.start()
        for addr in '203.0.113.7', '203.0.113.8':
            _, enforcer = self.keeper()
            seen = self.rig.said('bans are enforced')
            os.kill(enforcer, signal.SIGKILL)
            self.rig.wait(lambda: self.rig.said('bans are enforced') > seen, 'another one')
            self.assertNotEqual(self.keeper()[1], enforcer)
            self.rig.hit(addr, 3)
            self.rig.wait(lambda: addr + '/32' in self.rig.kernel(), 'the ban')
        self.assertEqual(self.rig.said('bans are NOT enforced'), 2)

    def test_keeper_dies(self):
        """Who is left takes the one that is started by hand."""
        self.rig.jail()
        self.rig.start()
        keeper, enforcer = self.keeper()
        os.kill(keeper, signal.SIGKILL)
        self.rig.wait(lambda: self.rig.said('but by hand: tailban-enforce --socket'), 'a loud word')
        os.kill(enforcer, signal.SIGKILL)
        self.rig.wait(lambda: self.rig.said('bans are NOT enforced'), 'the loss')
        self.rig.start_enforcer()
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'])

    def test_keeper_has_little_power(self):
        self.rig.jail()
        self.rig.start()
        for pid in self.keeper():
            status = self.status(pid)
            for key in ('CapPrm', 'CapEff'):
                self.assertEqual(int(status[key], 16), 1 << 12, key)  # CAP_NET_ADMIN
            self.assertEqual(int(status['CapBnd'], 16), 1 << 12)
            self.assertEqual(status['NoNewPrivs'], '1')

    def status(self, pid):
        with open(f'/proc/{pid}/status') as f:
            return dict(l.rstrip('\n').split(':\t', 1) for l in f)

    def test_second_daemon_in_the_network_namespace(self):
        self.rig.jail()
        self.rig.start()
        log = open(self.rig.path('other.log'), 'w')
        other = subprocess.Popen(
            [BUILD + '/tailband', '-c', self.rig.path('etc'), '--state', self.rig.path('state2'),
             '--run', self.rig.path('run2')], stderr=log)
        self.addCleanup(log.close)
        self.addCleanup(lambda: self.rig.end(other))

        def read():
            with open(self.rig.path('other.log')) as f:
                return f.read()
        self.rig.wait(lambda: 'bans are NOT enforced' in read(), 'a loud word')
        self.assertIn('another tailban-enforce works in this network namespace', read())
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'])

    def test_ends_with_the_daemon(self):
        self.rig.jail()
        self.rig.start()
        children = self.keeper()
        self.rig.kill()
        self.rig.wait(lambda: not any(os.path.exists(f'/proc/{child}') for child in children),
                      'end of the enforcer')

    def test_no_power_left(self):
        self.rig.jail()
        self.rig.start()
        status = self.status(self.rig.daemon.pid)
        for key in ('CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'):
            self.assertEqual(int(status[key], 16), 0, key)
        self.assertEqual(status['NoNewPrivs'], '1')


class Idle(Case):
    def timers(self):
        """The seconds that are left on timers of the daemon."""
        folder = f'/proc/{self.rig.daemon.pid}/fdinfo'
        left = []
        for fd in os.listdir(folder):
            with open(f'{folder}/{fd}') as f:
                left += [l.split('(')[1] for l in f if l.startswith('it_value')]
        return [float(l.split(',')[0]) + 1 for l in left if l.strip() != '0, 0)']

    def test_nothing_to_wake_up_for(self):
        """Without bans and hits no timer runs; with them only those that something waits for."""
        self.rig.write('etc/tailban.conf', '[tailban]\ndns = true\ndns.lists =\ndns.servers = 127.0.0.1\n')
        self.rig.jail()
        self.rig.start()
        self.rig.wait(lambda: not self.timers(), 'rest')
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'])
        self.rig.wait(lambda: min(self.timers(), default=0) > 60, 'rest after a ban')


class Reloads(Case):
    def reload(self):
        seen = self.rig.said('is loaded anew') + self.rig.said('cannot be loaded')
        self.rig.daemon.send_signal(signal.SIGHUP)
        self.rig.wait(lambda: self.rig.said('is loaded anew') + self.rig.said('cannot be loaded')
                      > seen, 'reload')

    def test_jails_come_and_go(self):
        self.rig.jail('a')
        self.rig.start()
        self.rig.hit('203.0.113.1', 3)
        self.rig.wait_kernel(['203.0.113.1/32'], 'a')
        self.rig.jail('b', logpath=self.rig.path('log/other.log'))
        self.reload()
        self.rig.hit('203.0.113.2', 3, log='log/other.log')
        self.rig.wait_kernel(['203.0.113.2/32'], 'b')
        self.assertEqual(set(self.rig.kernel('a')), {'203.0.113.1/32'})
        os.unlink(self.rig.path('etc/jails/a.conf'))
        self.reload()
        self.rig.wait_kernel([], 'a')
        self.assertEqual(set(self.rig.kernel('b')), {'203.0.113.2/32'})
        self.rig.jail('a')
        self.reload()
        self.rig.wait_kernel(['203.0.113.1/32'], 'a')

    def test_windows_stay(self):
        self.rig.jail(maxretry=5)
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        self.sync(maxretry=5)
        self.reload()
        self.rig.hit('203.0.113.7')
        self.sync('198.51.100.2', maxretry=5)
        self.assertNotIn('203.0.113.7/32', self.rig.kernel())
        self.rig.hit('203.0.113.7')
        self.rig.wait(lambda: '203.0.113.7/32' in self.rig.kernel(), 'the ban')

    def test_jail_becomes_wrong(self):
        """It judges nothing any more, but its bans stay."""
        self.rig.jail('a')
        self.rig.jail('b', logpath=self.rig.path('log/other.log'))
        self.rig.start()
        self.rig.hit('203.0.113.1', 3)
        self.rig.wait_kernel(['203.0.113.1/32'], 'a')
        self.rig.jail('a', maxretry='many')
        self.reload()
        self.rig.hit('203.0.113.2', 3)
        self.rig.hit('203.0.113.3', 3, log='log/other.log')
        self.rig.wait_kernel(['203.0.113.3/32'], 'b')
        self.assertEqual(set(self.rig.kernel('a')), {'203.0.113.1/32'})

    def test_folder_is_gone(self):
        self.rig.jail()
        self.rig.start()
        os.rename(self.rig.path('etc'), self.rig.path('away'))
        self.reload()
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'])

    def test_ignoreip_pardons(self):
        self.rig.jail()
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        self.rig.hit('203.0.113.8', 3)
        self.rig.wait_kernel(['203.0.113.7/32', '203.0.113.8/32'])
        self.rig.jail(ignoreip='203.0.113.7')
        self.reload()
        self.rig.wait_kernel(['203.0.113.8/32'])
        self.assertEqual(self.rig.listed().keys(), {('j', '203.0.113.8/32')})

    def test_by_command(self):
        self.rig.jail()
        self.rig.start()
        self.rig.jail('b', maxretry='many')
        out = self.rig.command('reload', '--json')
        self.assertEqual(out.returncode, 0, out.stderr)
        self.assertIn('b.conf', out.stdout)


if __name__ == '__main__':
    main()
