# SPDX-License-Identifier: GPL-2.0-or-later
"""An enforcer that is there and does not answer."""
import os
import signal
import subprocess

from rig import Case, addresses, line, main

PATIENCE = 30 + 15  # seconds: what it is given, and what the machine may take


class Hung(Case):
    def children(self, pid):
        out = subprocess.run(['pgrep', '-P', str(pid)], capture_output=True, text=True).stdout
        return [int(child) for child in out.split()]

    def stop(self, pid):
        os.kill(pid, signal.SIGSTOP)
        self.addCleanup(self.resume, pid)

    def resume(self, pid):
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            pass

    def ban(self, *hosts):
        self.rig.append('log/mail.log', ''.join(line(h) * 3 for h in hosts))
        self.rig.wait(lambda: {('j', h + '/32') for h in hosts} <= set(self.rig.listed()), 'the bans')

    def test_goes_on(self):
        """Meanwhile bans are decided, kept and told; they are in force as soon as it goes on."""
        hosts = addresses(300, '10.1.0.0')
        self.rig.jail()
        self.rig.start_enforcer()
        self.rig.start()
        self.ban('203.0.113.7')
        self.rig.wait_kernel(['203.0.113.7/32'])
        self.stop(self.rig.enforcer.pid)
        self.ban(*hosts)
        self.assertEqual(self.rig.command('unban', hosts[0]).returncode, 0)
        self.assertEqual(self.rig.command('why', hosts[1]).returncode, 0)
        self.assertEqual(set(self.rig.kernel()), {'203.0.113.7/32'})
        self.resume(self.rig.enforcer.pid)
        self.rig.wait_kernel({h + '/32' for h in hosts[1:]} | {'203.0.113.7/32'})
        self.assertEqual(self.rig.said('bans are NOT enforced'), 0)

    def test_is_given_up(self):
        """Another one takes its place. Until then more bans are decided than it is waited for."""
        hosts = addresses(10_000, '10.1.0.0')
        self.rig.jail()
        self.rig.start()
        self.ban('203.0.113.7')
        self.rig.wait_kernel(['203.0.113.7/32'])
        keeper, = self.children(self.rig.daemon.pid)
        enforcer, = self.children(keeper)
        self.stop(enforcer)
        self.rig.append('log/mail.log', ''.join(line(h) * 3 for h in hosts))
        self.rig.wait(lambda: 'tailban-enforce does not answer' in self.rig.command('status').stdout,
                      'an alarm')
        self.rig.wait(lambda: len(self.rig.listed()) == 1 + len(hosts), 'the bans')
        self.rig.wait(lambda: self.rig.said('has not answered for 30 s and is given up'), 'a loud word',
                      PATIENCE)
        self.assertEqual(self.rig.said('bans are NOT enforced'), 1)
        self.rig.wait(lambda: self.rig.said('bans are enforced') == 2, 'another one')
        self.rig.wait_kernel({h + '/32' for h in ['203.0.113.7', *hosts]})
        self.assertNotIn(enforcer, self.children(keeper))


if __name__ == '__main__':
    main()
