# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong passwords: the same again is one failure, over a restart as well, and none is told by
anything that tailban keeps, shows or logs."""
import base64
import hashlib
import json
import os
import shutil
import stat
import subprocess
import time

from rig import BUILD, Case, main

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
FILTERS = ('icewarp-auth', 'icewarp-syntax', 'dovecot-auth', 'postfix-auth')
JAILS = {**{name: name for name in FILTERS}, 'mail-auth': 'postfix-auth\n  dovecot-auth'}
HOSTS = {'203.0.113.10': 'smtp', '203.0.113.20': 'pop3', '203.0.113.30': 'imap',
         '203.0.113.40': 'plain', '203.0.113.50': 'sha1', '203.0.113.60': 'sha1:8'}
# What a line with a password says around it, to show that it would have been found.
KEPT = (b'Authentication credentials invalid', b'Unknown user or incorrect', b'NO LOGIN failed',
        b'(given password: ***)', b'(SHA1 of given password: ***)')


def coded(text):
    return base64.b64encode(text.encode()).decode()


def password(host, n):
    return f'Hunter2-{host.split(".")[3]}-{n:02}'


def encodings(secret, user):
    digest = hashlib.sha1(secret.encode()).hexdigest()
    return [secret, coded(secret), coded(f'\0{user}\0{secret}'), digest, digest[:8]]


def icewarp(host, thread, *said):
    return ''.join(f'{host:<15} [{thread:04X}] {time.strftime("%H:%M:%S", time.gmtime())} {s}\n'
                   for s in said)


def smtp(host, user, secret, thread):
    """Once each of LOGIN and PLAIN, and answers that nobody asked for."""
    refused = '>>> 535 5.7.8 Authentication credentials invalid'
    return icewarp(host, thread, 'Connected, local IP=192.0.2.10:25', '<<< AUTH LOGIN',
                   '>>> 334 VXNlcx5h', '<<< ' + coded(user), '>>> 334 UGFzc3dv',
                   '<<< ' + coded(secret), refused,
                   '<<< AUTH PLAIN ' + coded(f'\0{user}\0{secret}'), refused,
                   '<<< ' + coded(secret), f'>>> 500 5.5.1 Unknown command "{coded(secret)}"',
                   '<<< ' + secret, 'Disconnected')


def pop3(host, user, secret, thread):
    return icewarp(host, thread, 'Connected, local IP=192.0.2.10:110', '>>> +OK IceWarp POP3',
                   '<<< USER ' + user, '>>> +OK', '<<< PASS ' + secret,
                   '>>> -ERR Unknown user or incorrect password', 'Disconnected')


def imap(host, user, secret, thread):
    return icewarp(host, thread, 'Connected, local IP=192.0.2.10:143', '>>> * OK IMAP4rev1',
                   f'<<< a1 LOGIN {user} {secret}', '>>> a1 NO LOGIN failed',
                   f'<<< a2 LOGIN "{user}" "{secret}"', '>>> a2 NO LOGIN failed', 'Disconnected')


def dovecot(host, user, given, n):
    session = f'{host.replace(".", "")}{n:04}'
    at = time.strftime('%Y-%m-%dT%H:%M:%S+00:00', time.gmtime())
    return (f'{at} mail dovecot: auth: passwd-file({user},{host},<{session}>): '
            f'Password mismatch {given}\n'
            f'{at} mail dovecot: imap-login: Disconnected: Connection closed (auth failed, 1 attempts '
            f'in 2 secs): user=<{user}>, method=PLAIN, rip={host}, lip=192.0.2.10, '
            f'session=<{session}>\n')


def given(how, secret):
    if how == 'plain':
        return f'(given password: {secret})'
    digest = hashlib.sha1(secret.encode()).hexdigest()
    return f'(SHA1 of given password: {digest[:8] if how == "sha1:8" else digest})'


class Passwords(Case):
    def setUp(self):
        super().setUp()
        for name in ('common', *FILTERS):
            shutil.copy(f'{SOURCE}/filters/{name}.conf', self.rig.path('etc/filters'))
        self.rig.write('etc/tailban.conf', '[tailban]\nloglevel = debug\n')
        self.rig.write('told.sh', f'#!/bin/sh\n(env; cat) >> {self.rig.path("told.txt")}\n')
        os.chmod(self.rig.path('told.sh'), 0o755)
        self.icewarp = time.strftime('log/s%Y%m%d-00.log', time.gmtime())

    def jails(self, **options):
        for name, names in JAILS.items():
            log = self.icewarp if name.startswith('icewarp') else 'log/mail.log'
            self.rig.jail(name, filter=names, logpath=self.rig.path(log), maxretry=3,
                          onban=self.rig.path('told.sh'), **options)

    def attempt(self, host, n, secret, user='anna'):
        how = HOSTS[host]
        talk = {'smtp': smtp, 'pop3': pop3, 'imap': imap}.get(how)
        if talk:
            self.rig.append(self.icewarp, talk(host, user, secret, 0x1000 + n))
        else:
            self.rig.append('log/mail.log', dovecot(host, user, given(how, secret), n))

    def wait_banned(self, hosts, jails=JAILS):
        self.rig.wait(lambda: hosts <= {net.split('/')[0] for jail, net in self.rig.listed()
                                        if jail in jails}, f'bans of {sorted(hosts)}')

    def jail(self, name):
        out = self.rig.command('status', name, '--json')
        self.assertEqual(out.returncode, 0, out.stderr)
        return next(r for r in map(json.loads, out.stdout.splitlines()) if r['type'] == 'jail')

    def shown(self):
        """All that commands show, offline ones too."""
        tailban, etc = BUILD + '/tailban', self.rig.path('etc')
        logs = [self.rig.path(self.icewarp), self.rig.path('log/mail.log')]
        calls = [['status'], ['list'], ['fingerprints'], *(['status', j] for j in JAILS),
                 *(['why', h] for h in HOSTS), ['why', 'user:anna']]
        for call in calls:
            for more in ([], ['--json']):
                out = self.rig.command(*call, *more)
                yield ' '.join(call), (out.stdout + out.stderr).encode()
        for call in (['replay', '-c', etc, *logs], *(['match', '-c', etc, f, *logs] for f in FILTERS)):
            for more in ([], ['--json']):
                out = subprocess.run([tailban, *call, *more], capture_output=True)
                yield ' '.join(call[:4]), out.stdout + out.stderr

    def kept(self):
        """All files but the logs themselves."""
        for folder, _, names in os.walk(self.rig.dir):
            for name in names:
                path = os.path.join(folder, name)
                if folder != self.rig.path('log') and stat.S_ISREG(os.stat(path).st_mode):
                    with open(path, 'rb') as f:
                        yield path, f.read()

    def test_none_is_told(self):
        self.jails()
        self.rig.start()
        seen = open(self.rig.path('watch.txt'), 'w')
        self.addCleanup(seen.close)
        watch = subprocess.Popen([BUILD + '/tailban', '--run', self.rig.path('run'), 'watch', '--json'],
                                 stdout=seen, stderr=seen)
        self.addCleanup(watch.wait)
        self.addCleanup(watch.kill)
        for n in range(4):
            for host in HOSTS:
                self.attempt(host, n, password(host, n))
        self.wait_banned(set(HOSTS))
        self.rig.wait(lambda: os.path.exists(self.rig.path('told.txt')), 'a hook')
        texts = list(self.shown())
        self.assertEqual(self.rig.stop(), 0)
        texts += self.kept()
        for kept in KEPT:
            self.assertTrue(any(kept in text for _, text in texts), kept)
        for host in HOSTS:
            for n in range(4):
                for code in encodings(password(host, n), 'anna'):
                    self.assertEqual([where for where, text in texts if code.encode() in text], [],
                                     code)

    def test_a_phone(self):
        """With an old password: it is not banned, whoever guesses is."""
        self.jails()
        self.rig.start()
        phones = ('203.0.113.20', '203.0.113.50', '203.0.113.60')
        for n in range(6):
            for host in phones:
                self.attempt(host, n, 'Summer-2014')
            for host in ('203.0.113.10', '203.0.113.40'):
                self.attempt(host, n, f'Summer-{n}')
        self.wait_banned({'203.0.113.10'}, ('icewarp-auth',))
        self.wait_banned({'203.0.113.40'}, ('dovecot-auth',))
        self.rig.wait(lambda: self.jail('icewarp-auth')['repeats'] >= 5, 'repeats')
        self.rig.wait(lambda: self.jail('dovecot-auth')['repeats'] >= 10, 'repeats')
        self.assertEqual({net for _, net in self.rig.listed()}, {'203.0.113.10/32', '203.0.113.40/32'})
        told = self.rig.command('why', '203.0.113.50').stdout
        self.assertIn('203.0.113.50 is not banned', told)
        self.assertIn('5 more with the same wrong password', told)

    def test_over_a_restart(self):
        self.jails()
        key = self.rig.path('state/secret.key')
        for n in range(5):
            self.rig.start()
            self.attempt('203.0.113.50', n, 'Summer-2014')
            self.rig.wait(lambda: self.jail('dovecot-auth')['matched'] == 2, f'attempt {n}')
            self.assertEqual(self.jail('dovecot-auth')['repeats'], n > 0)
            if n == 3:
                self.assertEqual(self.rig.command('reload').returncode, 0)
            self.assertEqual(self.rig.stop(), 0)
            self.assertEqual(stat.S_IMODE(os.stat(key).st_mode), 0o600)
        self.rig.start()
        self.assertEqual(self.rig.listed(), {})
        told = self.rig.command('why', '203.0.113.50').stdout
        self.assertIn('4 more with the same wrong password', told)

    def test_each_may_count(self):
        self.jails(repeats='count')
        self.rig.start()
        for n in range(3):
            self.attempt('203.0.113.50', n, 'Summer-2014')
        self.wait_banned({'203.0.113.50'}, ('dovecot-auth',))
        self.assertEqual(self.jail('dovecot-auth')['repeats'], 0)


if __name__ == '__main__':
    main()
