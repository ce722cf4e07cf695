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
# Somebody's own, which takes any line with an address, and knows of no secrets.
OWN = r"""[Definition]
failregex = ^<HOST>\s+\[\w+\](?P<talk>.*)$
            ^.*[(,=\[]<HOST>[,)\]](?P<rest>.*)$
"""
OWN_JAILS = {'own-icewarp': 'own', 'own-mail': 'own'}
HOSTS = {'203.0.113.10': 'smtp', '203.0.113.20': 'pop3', '203.0.113.30': 'imap',
         '203.0.113.40': 'plain', '203.0.113.50': 'sha1', '203.0.113.60': 'sha1:8'}
# Who swaps name and password, whose server repeats it, and whose server tells all.
CARELESS = {'203.0.113.70': 'swapped', '203.0.113.80': 'echoed', '203.0.113.90': 'debug',
            '203.0.113.100': 'postfix'}
# What a line with a password says around it, to show that it would have been found.
KEPT = (b'Authentication credentials invalid', b'Unknown user or incorrect', b'NO LOGIN failed',
        b'(given password: ***)', b'(SHA1 of given password: ***)', b'-ERR Invalid login ***')
KEPT_OF_OWN = (b'<<< PASS ***', b'<<< a1 LOGIN anna ***', b'<<< AUTH PLAIN ***', b'<<< ***',
               b'client in: ***', b'SHA512-CRYPT(***', b'sasl_username=***',
               b'pipelining after AUTH from unknown[203.0.113.100]: ***')


def coded(text):
    return base64.b64encode(text.encode()).decode()


def password(host, n):
    return f'Hunter2-{host.split(".")[3]}-{n:02}'


def inner(secret, offset):
    """What base64 makes of it in the middle of other text, whatever that is."""
    code = coded('.' * offset + secret).rstrip('=')
    spare = (offset + len(secret)) % 3
    return code[(0, 2, 3)[offset]:len(code) - (spare > 0)]


def encodings(secret, user):
    digest = hashlib.sha1(secret.encode()).hexdigest()
    plain = secret.encode().hex()
    return [secret, coded(secret), coded(f'\0{user}\0{secret}'), *(inner(secret, i) for i in range(3)),
            plain, plain.upper(), ''.join(f'%{c:02X}' for c in secret.encode()),
            secret.lower(), digest, digest[:8]]


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


def swapped(host, user, secret, thread):
    return icewarp(host, thread, '<<< AUTH LOGIN', '>>> 334 VXNlcx5h', '<<< ' + coded(secret + '!'),
                   '>>> 334 UGFzc3dv', '<<< ' + coded(user),
                   '>>> 535 5.7.8 Authentication credentials invalid')


def echoed(host, user, secret, thread):
    return icewarp(host, thread, '<<< USER ' + user, '>>> +OK', '<<< PASS ' + secret,
                   f'>>> -ERR Invalid login {secret}', f'<<< {user} {secret}',
                   f'>>> -ERR Unknown command "{user} {secret}"')


def stamped(*said):
    at = time.strftime('%Y-%m-%dT%H:%M:%S+00:00', time.gmtime())
    return ''.join(f'{at} mail {s}\n' for s in said)


def debug(host, user, secret, n):
    return stamped(f'dovecot: auth: Debug: client in: AUTH#011{n}#011PLAIN#011rip={host},'
                   f'#011resp={coded(f"{chr(0)}{user}{chr(0)}{secret}")}',
                   f'dovecot: auth: Debug: passwd-file({user},{host}): '
                   f"SHA512-CRYPT({secret}) != '$6$x'",
                   f'dovecot: auth: Debug: client passdb out: OK#011{n}#011rip={host},#011pass={secret}')


def postfix(host, user, secret, n):
    return stamped(f'postfix/smtpd[7]: improper command pipelining after AUTH from unknown[{host}]: '
                   f'{coded(user)}\\r\\n{coded(secret)}\\r\\n',
                   f'postfix/smtpd[7]: < unknown[{host}]: {coded(secret)}',
                   f'postfix/smtpd[7]: warning: unknown[{host}]: SASL LOGIN authentication failed: '
                   f'(reason unavailable), sasl_username={secret}!')


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

    def jails(self, jails=JAILS, **options):
        for name, names in jails.items():
            log = self.icewarp if 'icewarp' in name else 'log/mail.log'
            self.rig.jail(name, filter=names, logpath=self.rig.path(log), maxretry=3,
                          onban=self.rig.path('told.sh'), **options)

    def attempt(self, host, n, secret, user='anna'):
        how = {**HOSTS, **CARELESS}[host]
        talk = {'smtp': smtp, 'pop3': pop3, 'imap': imap, 'swapped': swapped, 'echoed': echoed}.get(how)
        lines = {'debug': debug, 'postfix': postfix}.get(how)
        if talk:
            self.rig.append(self.icewarp, talk(host, user, secret, 0x1000 + n))
        elif lines:
            self.rig.append('log/mail.log', lines(host, user, secret, n))
        else:
            self.rig.append('log/mail.log', dovecot(host, user, given(how, secret), n))

    def wait_banned(self, hosts, jails=JAILS):
        self.rig.wait(lambda: hosts <= {net.split('/')[0] for jail, net in self.rig.listed()
                                        if jail in jails}, f'bans of {sorted(hosts)}')

    def jail(self, name):
        out = self.rig.command('status', name, '--json')
        self.assertEqual(out.returncode, 0, out.stderr)
        return next(r for r in map(json.loads, out.stdout.splitlines()) if r['type'] == 'jail')

    def offline(self):
        etc, logs = self.rig.path('etc'), [self.rig.path(self.icewarp), self.rig.path('log/mail.log')]
        self.rig.write('samples/own.samples', 'format %\n' + ''.join(
            line for log in logs for line in open(log, encoding='utf-8')))
        yield ['replay', '-c', etc, *logs]
        yield ['check', '-c', etc]
        yield ['check', '-c', etc, '--dump']
        yield ['lint', '-c', etc, '--samples', self.rig.path('samples'), 'own']
        for name in (*FILTERS, 'own'):
            for more in ([], ['--missed', '--ignored']):
                yield ['match', '-c', etc, name, *logs, *more]

    def shown(self):
        """All that commands show, offline ones too."""
        calls = [['status'], ['list'], ['fingerprints'], *(['status', j] for j in JAILS),
                 *(['why', h] for h in (*HOSTS, *CARELESS)), ['why', 'user:anna'], ['why', '203.0.113.0/24']]
        for call in calls:
            for more in ([], ['--json']):
                out = self.rig.command(*call, *more)
                yield ' '.join(call), (out.stdout + out.stderr).encode()
        for call in self.offline():
            for more in ([], ['--json']):
                out = subprocess.run([BUILD + '/tailban', *call, *more], capture_output=True)
                self.assertIn(out.returncode, (0, 1), out.stderr)
                yield ' '.join(call), out.stdout + out.stderr

    def kept(self):
        """All files but the logs themselves."""
        for folder, _, names in os.walk(self.rig.dir):
            for name in names:
                path = os.path.join(folder, name)
                if folder != self.rig.path('log') and stat.S_ISREG(os.stat(path).st_mode):
                    with open(path, 'rb') as f:
                        yield path, f.read()

    def watch(self):
        seen = open(self.rig.path('watch.txt'), 'w')
        self.addCleanup(seen.close)
        watch = subprocess.Popen([BUILD + '/tailban', '--run', self.rig.path('run'), 'watch', '--json'],
                                 stdout=seen, stderr=seen)
        self.addCleanup(watch.wait)
        self.addCleanup(watch.kill)

    def told(self, tries):
        """All that is shown and kept of so many tries of each host."""
        self.rig.start()
        self.watch()
        for n in range(tries):
            for host in (*HOSTS, *CARELESS):
                self.attempt(host, n, password(host, n))
        self.wait_banned(set(HOSTS) | set(CARELESS), {**JAILS, **OWN_JAILS})
        self.wait_banned(set(HOSTS), JAILS)
        self.rig.wait(lambda: os.path.exists(self.rig.path('told.txt')), 'a hook')
        texts = list(self.shown())
        self.assertEqual(self.rig.stop(), 0)
        return [*texts, *self.kept()]

    def assert_none(self, texts, tries):
        for host in (*HOSTS, *CARELESS):
            for n in range(tries):
                for code in encodings(password(host, n), 'anna'):
                    self.assertEqual([where for where, text in texts if code.encode() in text], [],
                                     code)

    def test_none_is_told(self):
        """By shipped filters, nor by somebody's own that takes whole lines."""
        self.rig.write('etc/filters/own.conf', OWN)
        os.mkdir(self.rig.path('samples'))
        self.jails()
        self.jails(OWN_JAILS)
        texts = self.told(4)
        for kept in KEPT + KEPT_OF_OWN:
            self.assertTrue(any(kept in text for _, text in texts), kept)
        self.assert_none([t for t in texts if not t[0].startswith(self.rig.path('samples'))], 4)

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
