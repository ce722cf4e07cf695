# SPDX-License-Identifier: GPL-2.0-or-later
"""A directory in fail2ban's layout, run whole."""
import os
import shutil
import subprocess

from rig import Case, FILTER, main

JAIL_CONF = """
[INCLUDES]
before = paths.conf
[DEFAULT]
bantime = 10m
findtime = 10m
maxretry = 5
maxmatches = %(maxretry)s
backend = auto
usedns = warn
enabled = false
mode = normal
filter = %(__name__)s[mode=%(mode)s]
destemail = root@localhost
mta = sendmail
protocol = tcp
chain = <known/chain>
port = 0:65535
banaction = iptables-multiport
banaction_allports = iptables-allports
action_ = %(banaction)s[port="%(port)s", protocol="%(protocol)s", chain="%(chain)s"]
action_mw = %(action_)s
            %(mta)s-whois[dest="%(destemail)s"]
action = %(action_)s
[evil]
port = smtp,submission
logpath = %(mail_log)s
"""

ASK = """#!/bin/sh
case $1 in
203.0.113.9) exit 0 ;;
203.0.113.8) exec sleep 60 ;;
esac
exit 1
"""


class Layout(Case):
    def setUp(self):
        super().setUp()
        for name in ('etc/jails', 'etc/filters'):
            shutil.rmtree(self.rig.path(name))
        for name in ('etc/filter.d', 'etc/jail.d'):
            os.mkdir(self.rig.path(name))
        self.rig.write('etc/filter.d/evil.conf', FILTER)
        self.rig.write('etc/jail.conf', JAIL_CONF)
        self.rig.write('etc/paths.conf', f'[DEFAULT]\nmail_log = {self.rig.path("log/mail.log")}\n')
        self.rig.write('etc/tailban.conf', '[tailban]\nloglevel = info\nhooktimeout = 3s\n')

    def local(self, *lines, name='etc/jail.local'):
        self.rig.write(name, '\n'.join(('[evil]', 'enabled = true', 'maxretry = 3', *lines, '')))

    def test_bans(self):
        """The files around jail.conf, the action's ports, and a word about what is left out."""
        self.local('action = %(action_mw)s')
        self.rig.write('etc/jail.d/late.local', '[evil]\nmaxretry = 2\n')
        self.rig.start()
        self.rig.hit('203.0.113.7', 2)
        self.rig.wait_kernel(['203.0.113.7/32'], jail='evil')
        ports = subprocess.run(['nft', 'list', 'set', 'inet', 'tailban', 'evil-ports'],
                               capture_output=True, text=True, check=True).stdout
        self.assertIn('tcp . 25', ports.replace('smtp', '25'))
        self.assertIn('tcp . 587', ports.replace('submission', '587'))
        self.assertNotIn('udp', ports)
        self.assertEqual(self.rig.said("jail 'evil': action 'sendmail-whois' has no counterpart"), 1)

    def test_ignorecommand(self):
        """Whom it names is not banned; one that hangs holds up its own ban, and no longer than told."""
        self.rig.write('ask', ASK)
        os.chmod(self.rig.path('ask'), 0o755)
        self.local(f'ignorecommand = {self.rig.path("ask")} <ip>', 'ignorecache = key="<ip>"')
        self.rig.start()
        self.rig.hit('203.0.113.9', 3)
        self.rig.hit('203.0.113.8', 3)
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32', '203.0.113.8/32'], jail='evil')
        self.assertEqual(self.rig.said('[evil] Ignore 203.0.113.9 by command'), 1)
        self.assertEqual(self.rig.said('its time was up: it is not spared'), 1)
        log = self.rig.log()
        self.assertLess(log.index('[evil] Ban 203.0.113.7'), log.index('its time was up'))
        self.rig.hit('203.0.113.9', 3)
        self.sync(jail='evil')
        self.assertEqual(self.rig.said('[evil] Ignore 203.0.113.9 by command'), 2)
        self.assertNotIn('203.0.113.9/32', self.rig.kernel('evil'))

    def test_stopped_while_it_asks(self):
        """What still waits when the daemon ends is banned, and in force with the next one."""
        self.rig.write('etc/tailban.conf', '[tailban]\nhooktimeout = 60s\n')
        self.local('ignorecommand = /bin/sleep 60.125', 'backend = polling')
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait(lambda: '/bin/sleep\x0060.125' in self.children(), 'the command')
        self.assertEqual(self.rig.stop(), 0)
        self.assertNotIn('/bin/sleep\x0060.125', self.children())
        self.rig.start()
        self.rig.wait_kernel(['203.0.113.7/32'], jail='evil')

    def children(self):
        """The command lines of all processes here."""
        found = []
        for pid in filter(str.isdigit, os.listdir('/proc')):
            try:
                with open(f'/proc/{pid}/cmdline', encoding='utf-8', errors='replace') as f:
                    found.append(f.read().rstrip('\0'))
            except OSError:
                pass
        return found

    def test_increment(self):
        """A second ban is longer, and needs fewer failures."""
        self.local('bantime = 1s', 'bantime.increment = true', 'bantime.multipliers = 1 3600')
        self.rig.start()
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait(lambda: self.rig.said('[evil] Unban 203.0.113.7'), 'the end of the first ban')
        self.rig.hit('203.0.113.7', 2)
        self.rig.hit('203.0.113.8', 2)
        self.rig.wait(lambda: '203.0.113.7/32' in self.rig.kernel('evil'), 'the second ban')
        self.assertGreater(self.rig.kernel('evil')['203.0.113.7/32'], 3500)
        self.assertNotIn('203.0.113.8/32', self.rig.kernel('evil'))

    def test_ignoreip_file(self):
        """A reload reads it again, in both directions."""
        spared = self.rig.path('spared')
        self.rig.write('spared', '203.0.113.9 # the monitor\n')
        self.local(f'ignoreip = localhost file:{spared}')
        self.rig.start()
        self.rig.hit('203.0.113.9', 3)
        self.rig.hit('127.0.0.1', 3)
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'], jail='evil')
        self.rig.write('spared', '203.0.113.7\n')
        self.assertEqual(self.rig.command('reload').returncode, 0)
        self.rig.wait_kernel([], jail='evil')
        self.rig.hit('203.0.113.9', 3)
        self.rig.wait_kernel(['203.0.113.9/32'], jail='evil')

    def test_watch_only(self):
        """Without an action that bans, a ban is known and nobody is kept out."""
        self.local('action =')
        self.rig.write('etc/jail.d/other.conf', '[other]\nenabled = true\nfilter = evil\n'
                       'logpath = %(mail_log)s\nmaxretry = 4\nport = smtp\n')
        self.rig.start()
        self.rig.hit('203.0.113.7', 4)
        self.rig.wait_kernel(['203.0.113.7/32'], jail='other')
        self.assertEqual(self.rig.kernel('evil'), {})
        self.assertIn(('evil', '203.0.113.7/32'), self.rig.listed())


if __name__ == '__main__':
    main()
