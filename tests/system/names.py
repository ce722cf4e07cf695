# SPDX-License-Identifier: GPL-2.0-or-later
"""Names that give a botnet away: learned from a log, shown, changed by hand, kept over a restart."""
import itertools
import json
import os
import select
import shutil
import string
import subprocess
import time

import rig
from rig import Case, line, main

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')

FILTER = ('[Definition]\n'
          'failregex = ^ \\S+ evil\\[\\d+\\]: failure from <HOST>(?: helo=<F-HELO>\\S+</F-HELO>)?$\n'
          '            ^ \\S+ evil\\[\\d+\\]: <F-SUCCESS>login</F-SUCCESS> of <F-USER>\\S+</F-USER>'
          ' from <HOST>$\n')
TRANSCRIPT = ('<<< EHLO ylmf-pc', '<<< AUTH LOGIN', '>>> 334 VXNlcm5hbWU6', '<<< d2VibWFzdGVy',
              '>>> 334 UGFzc3dvcmQ6', '<<< cXdlcnR5', '>>> 535 5.7.8 Authentication credentials invalid')
MARKER = '198.51.100.250/32'  # of sync()
BAD = ('helo:two words', 'helo: ', 'helo:a\nb', 'user:\x1b[2J', 'helo:', 'x', '')


class Names(Case):
    def setUp(self):
        super().setUp()
        self.rig.write('etc/filters/evil.conf', FILTER)
        self.configure()
        self.rig.jail(fingerprints='true', shield='true', netblock_v4='24:3:6')

    def configure(self, more=''):
        self.rig.write('etc/tailban.conf', '[tailban]\nloglevel = info\nfingerprint.hosts = 3\n'
                       'fingerprint.blocks = 3\nfingerprint.known = helo:YLMF-PC\n' + more)

    def said(self, addr, helo):
        self.rig.append('log/mail.log', line(addr).rstrip('\n') + f' helo={helo}\n')

    def login(self, addr, user='anna'):
        self.rig.append('log/mail.log',
                        line(addr).replace('failure', f'login of {user}'))

    def names(self):
        out = self.rig.command('fingerprints', '--json')
        self.assertEqual(out.returncode, 0, out.stderr)
        return {r['name']: r for r in map(json.loads, out.stdout.splitlines())}

    def status(self):
        return json.loads(self.do('status', '--json').splitlines()[0])

    def do(self, *words, code=0):
        out = self.rig.command(*words)
        self.assertEqual(out.returncode, code, out.stdout + out.stderr)
        return out.stdout + out.stderr

    def learn(self):
        for i, name in enumerate(('WIN-7QKD93JX01T', 'WIN-A1B2C3D4E5F', 'WIN-Z9Y8X7W6V5U')):
            self.said(f'203.0.{i}.7', name)
        self.rig.wait_kernel(['203.0.2.7/32'])

    def test_one_host_at_a_time(self):
        """A name is known from its first host on, whatever comes between, and each line counts once."""
        self.rig.start()
        name = 'helo:win-<mixed:11>'
        for i, said in enumerate(('WIN-7QKD93JX01T', 'WIN-A1B2C3D4E5F')):
            self.said(f'203.0.{i}.7', said)
            self.rig.wait(lambda: 'from %d host' % (i + 1) in self.rig.command('why', name).stdout, 'line')
            self.do('reload')
            self.rig.kill()
            self.rig.start()
        self.said('203.0.2.7', 'WIN-Z9Y8X7W6V5U')
        self.rig.wait_kernel(['203.0.2.7/32'])
        self.assertEqual(self.names()[name]['failures'], 3)

    def test_a_learned_name(self):
        self.rig.start()
        self.learn()
        name = 'helo:win-<mixed:11>'
        self.assertEqual(self.names()[name]['state'], 'learned')
        self.assertEqual(self.names()[name]['hosts'], 3)
        self.assertEqual(self.rig.listed()['j', '203.0.2.7/32']['name'], name)
        self.assertEqual(self.rig.said(f'{name} is a fingerprint'), 1)
        self.assertEqual(self.rig.said(f'{name} has become a fingerprint: failures from 3 hosts in '
                                       '3 blocks'), 1)
        for asked in ('helo:WIN-K1L2M3N4O5P', 'win-<mixed:11>'):
            told = self.do('why', asked)
            self.assertIn(f'{name} is a fingerprint (learned)', told)
            self.assertIn('Ban of 203.0.2.7 in jail j', told)
            self.assertIn('helo=WIN-Z9Y8X7W6V5U', told)
            self.assertRegex(told, 'part of no ban\n(.*\n)+.*203.0.0.7 helo=WIN-7QKD93JX01T')
        self.assertIn(f'one hit with {name}', self.do('why', '203.0.2.7'))
        told = self.do('why', '203.0.0.7')
        self.assertIn('2 more hits within 10m in jail j; or one with a fingerprint', told)
        self.assertIn('by evil.conf:2, HELO WIN-7QKD93JX01T', told)
        self.assertIn(f'{name} is a fingerprint (learned)', told)
        self.do('reload')
        self.assertEqual(self.names()[name]['state'], 'learned')
        self.assertEqual(self.rig.stop(), 0)
        self.rig.start()
        self.assertEqual(self.names()[name]['hosts'], 3)
        self.assertEqual(self.rig.listed()['j', '203.0.2.7/32']['name'], name)
        self.do('fingerprints', 'remove', name)
        self.assertNotIn(name, self.names())
        self.assertEqual(self.rig.stop(), 0)
        self.rig.start()
        self.assertNotIn(name, self.names())
        self.assertEqual(self.rig.said('has become'), 1)
        self.assertIn('no failure is known', self.do('fingerprints', 'show', name))

    def test_a_listed_name(self):
        """What is known of it outlasts a restart as well, and is not what makes it one."""
        self.rig.start()
        self.said('203.0.113.7', 'ylmf-pc')
        self.rig.wait_kernel(['203.0.113.7/32'])
        for _ in range(2):
            self.assertEqual(self.rig.stop(), 0)
            self.rig.start()
            self.assertEqual(self.names()['helo:ylmf-pc']['failures'], 1)
        told = self.do('why', '203.0.113.7')
        self.assertIn('1 failure,', told)
        self.assertIn('helo=ylmf-pc (counts as 3 hits)', told)
        self.assertNotIn('The names in these lines', told)

    def test_a_name_that_led_to_no_ban(self):
        """It is told of below the bans of others' lines, too, if it is a fingerprint."""
        self.rig.jail(netblock_v4='24:3:6')
        self.rig.start()
        for name in ('ylmf-pc', 'other-pc', 'other-pc'):
            self.said('203.0.113.7', name)
        self.rig.wait_kernel(['203.0.113.7/32'])
        told = self.do('why', '203.0.113.7')
        self.assertIn('3 hits within 10m (limit: 3)', told)
        self.assertIn('The names in these lines\nhelo:ylmf-pc is a fingerprint', told)
        self.assertNotIn('helo:other-pc', told)
        self.assertIn('No ban was made for this name', self.do('why', 'helo:ylmf-pc'))

    def test_many_of_one_host(self):
        """Of the names that came with its lines the first eight are told of, each once."""
        names = [f'mail.{w}.example' for w in ('anna', 'berta', 'carla', 'dora', 'emil', 'fritz', 'gina',
                                               'hans', 'ida', 'jana')]
        self.rig.jail(fingerprints='true', maxretry=100)
        self.rig.start()
        for name in names[:1] + names:
            self.said('203.0.113.7', name)
        self.rig.wait(lambda: self.do('why', '203.0.113.7').count('helo=mail.') == 1 + len(names),
                      'the lines')
        rows = [json.loads(l) for l in self.do('why', '203.0.113.7', '--json').splitlines()]
        self.assertEqual([r['name'] for r in rows if r['type'] == 'fingerprint'],
                         ['helo:' + name for name in names[:8]])

    def test_many_are_learned(self):
        """Strangers choose the names: a log tells of twenty a minute, and that there are more."""
        self.rig.start()
        watch = subprocess.Popen([rig.BUILD + '/tailban', '--run', self.rig.path('run'), 'watch',
                                  '--json'], stdout=subprocess.PIPE, text=True)
        self.addCleanup(watch.stdout.close)
        self.addCleanup(watch.wait)
        self.addCleanup(watch.kill)
        # Each round is somebody else's, until the watch is on.
        for addr in rig.addresses(100, '203.0.200.1'):
            self.rig.hit(addr)
            if select.select([watch.stdout], [], [], 0.1)[0]:
                break
        for name in string.ascii_lowercase:
            for i in range(3):
                self.said(f'203.0.{i}.{ord(name)}', f'host{name}')
        self.rig.wait(lambda: len(self.names()) == 1 + len(string.ascii_lowercase), 'the names')
        self.assertEqual(self.rig.said('has become a fingerprint'), 20)
        self.assertEqual(self.rig.said('more names than 20'), 1)
        self.sync()
        events = (json.loads(l) for l in watch.stdout)
        told = [e['name'] for e in itertools.takewhile(lambda e: e.get('net') != MARKER, events)
                if e['event'] == 'learned']
        self.assertEqual(len(set(told)), 20)
        self.assertIn('helo:hosta', told)

    def test_by_hand(self):
        self.rig.start()
        self.do('fingerprints', 'add', 'helo:Bot')
        self.assertIn('already', self.do('fingerprints', 'add', 'helo:bot'))
        self.assertEqual(self.rig.said('helo:bot is a fingerprint: by hand'), 1)
        self.do('fingerprints', 'keep', 'helo:laptop')
        self.assertEqual(self.rig.kill(), -9)  # what was said by hand waits for no checkpoint
        self.rig.start()
        self.assertEqual({n: r['state'] for n, r in self.names().items()},
                         {'helo:bot': 'added', 'helo:laptop': 'kept', 'helo:ylmf-pc': 'added'})
        self.said('203.0.113.1', 'bot')
        self.said('203.0.114.1', 'ylmf-pc')
        for i in range(4):
            self.said(f'203.0.{i}.7', 'laptop')
        self.sync()
        self.rig.wait_kernel(['203.0.113.1/32', '203.0.114.1/32', '198.51.100.250/32'])
        self.do('fingerprints', 'remove', 'helo:bot')
        self.assertIn('is not known', self.do('fingerprints', 'remove', 'helo:bot', code=1))
        for action in ('remove', 'keep'):
            self.assertIn('fingerprint.known', self.do('fingerprints', action, 'helo:ylmf-pc', code=1))
        self.configure('fingerprint.keep = helo:ylmf-pc\n')
        self.do('reload')
        self.assertIn('fingerprint.keep', self.do('fingerprints', 'add', 'helo:ylmf-pc', code=1))
        before = self.names()
        for bad in BAD:
            self.assertIn('tailban: ', self.do('fingerprints', 'add', bad,
                                               code=1 if bad.partition(':')[2] else 2))
        self.assertEqual(self.names(), before)

    def test_restart_in_a_session(self):
        """A transcript tells a line at a time who it is; a restart between any two loses nothing."""
        shutil.copy(SOURCE + '/filters/common.conf', self.rig.path('etc/filters'))
        shutil.copy(SOURCE + '/filters/icewarp-auth.conf', self.rig.path('etc/filters'))
        log = time.strftime('log/s%Y%m%d-00.log', time.gmtime())
        self.rig.jail('j', filter='icewarp-auth', logpath=self.rig.path(log), fingerprints='true',
                      maxretry=9, netblock_v4='')
        for n, said in enumerate(TRANSCRIPT, 1):
            self.rig.start()
            self.rig.append(log, time.strftime(f'203.0.113.41    [16FA] %H:%M:%S {said}\n',
                                               time.gmtime()))
            self.rig.wait(lambda: self.status()['lines'] == 1, f'line {n}')
            if said != TRANSCRIPT[-1]:
                self.assertEqual(self.rig.stop(), 0)
        self.rig.wait_kernel(['203.0.113.41/32'])
        self.assertEqual(self.rig.listed()['j', '203.0.113.41/32']['name'], 'helo:ylmf-pc')
        self.assertIn('1 failure,', self.do('why', 'user:webmaster'))
        self.assertNotIn('cXdlcnR5', self.do('why', '203.0.113.41'))

    def test_logins(self):
        self.rig.start()
        self.login('203.0.113.1')
        for i in range(2, 8):
            self.rig.hit(f'203.0.113.{i}')
        self.sync()
        self.rig.wait_kernel(['198.51.100.250/32'])
        told = self.do('why', '203.0.113.2')
        self.assertIn('2 more hits within 10m in jail j', told)
        self.assertRegex(told, '203.0.113.0/24 .* a login from it .*: not banned as a block\n')
        self.assertRegex(self.do('why', '203.0.113.1'), 'logins on 1 day, the last')
        self.assertIn('it cannot become one', self.do('why', 'user:anna'))
        status = self.status()
        self.assertEqual((status['fingerprints'], status['login_hosts'], status['login_blocks']),
                         (1, 1, 1))
        self.assertGreater(status['shielded'], 0)


if __name__ == '__main__':
    main()
