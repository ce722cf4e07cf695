# SPDX-License-Identifier: GPL-2.0-or-later
"""Journals as they are written, rotated, vacuumed and forged: every entry counts, and counts once.

The journals are written by systemd-journal-remote. As in rotation.py, every other address is written
once, the others twice, and two hits are a ban.
"""
import datetime
import itertools
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import time

from rig import Case, addresses, line, main

REMOTE = '/lib/systemd/systemd-journal-remote'
SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
BOOT = '0123456789abcdef0123456789abcdef'
MATCH = '_SYSTEMD_UNIT=evil.service'
ROUNDS, PER_ROUND = 6, 100

if not os.path.exists(REMOTE):
    print('systemd-journal-remote is not installed')
    sys.exit(77)


def usec(seconds):
    return int(seconds * 1e6)


def export(fields):
    """One entry in journal export format; bytes that are not plain text go length first."""
    out = b''
    for name, value in fields.items():
        value = value if isinstance(value, bytes) else str(value).encode()
        if b'\n' in value or not value.isascii():
            out += name.encode() + b'\n' + struct.pack('<Q', len(value)) + value + b'\n'
        else:
            out += name.encode() + b'=' + value + b'\n'
    return out + b'\n'


class Journal(Case):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.rig.write('etc/filters/evil.conf', '[Definition]\nfailregex = '
                       '^\\s*mail evil\\[\\d+\\]: failure from <HOST>\\s*$\n')
        self.folder = self.rig.path('journal')
        os.mkdir(self.folder)
        self.clock = itertools.count(1)

    def journal_jail(self, name='j', **options):
        self.rig.jail(name, **{'backend': f'systemd[journalpath={self.folder}]', 'logpath': '',
                               'journalmatch': MATCH, 'maxretry': 2, **options})

    def entry(self, message, at=None, **fields):
        at = at or time.time()
        return export({
            '__REALTIME_TIMESTAMP': usec(at), '__MONOTONIC_TIMESTAMP': usec(1000) + next(self.clock),
            '_BOOT_ID': BOOT, '_HOSTNAME': 'mail', 'SYSLOG_IDENTIFIER': 'evil', 'SYSLOG_PID': 7,
            '_SYSTEMD_UNIT': 'evil.service', '_COMM': 'evil', 'MESSAGE': message, **fields})

    def failures(self, hosts, **fields):
        return b''.join(self.entry(f'failure from {a}', **fields) for a in hosts)

    def write(self, entries, name='system.journal'):
        subprocess.run([REMOTE, '-o', os.path.join(self.folder, name), '-'], input=entries,
                       check=True, capture_output=True)

    def mark(self, marker, name='system.journal', jail='j', n=2):
        """Until everything written before has been judged."""
        self.write(self.failures([marker] * n), name)
        self.rig.wait(lambda: f'{marker}/32' in self.rig.kernel(jail), f'marker {marker}')

    def make_rounds(self):
        """The second failure comes a round later than the first."""
        once = addresses(ROUNDS * PER_ROUND, '10.1.0.0')
        twice = addresses(ROUNDS * PER_ROUND, '10.2.0.0')
        for i in range(ROUNDS + 1):
            now = slice(i * PER_ROUND, (i + 1) * PER_ROUND)
            before = slice((i - 1) * PER_ROUND, i * PER_ROUND) if i else slice(0, 0)
            yield once[now] + twice[now] + twice[before]
        self.expected = {a + '/32' for a in twice}

    def status(self):
        out = self.rig.command('status', '--json')
        self.assertEqual(out.returncode, 0, out.stderr)
        return [json.loads(line) for line in out.stdout.splitlines()]

    def sources(self):
        return {r['path']: r for r in self.status() if r['type'] == 'source'}

    def test_followed_live(self):
        self.journal_jail()
        self.write(self.failures(['192.0.2.1'] * 2))
        self.rig.start()
        self.rig.wait_kernel({'192.0.2.1/32'})
        self.write(self.failures(['192.0.2.2'] * 2))
        self.rig.wait_kernel({'192.0.2.1/32', '192.0.2.2/32'})
        name = f'journal[journalpath="{self.folder}"] {MATCH}'
        source = self.sources()[name]
        self.assertEqual((source['state'], source['lines']), ('live', 4))
        why = self.rig.command('why', '192.0.2.2').stdout
        self.assertIn('mail evil[7]: failure from 192.0.2.2', why)
        self.assertIn(name, why)

    def test_only_what_matches(self):
        self.journal_jail(journalmatch=f'{MATCH} _UID=5 _UID=6 + _COMM=other')
        self.rig.start()
        for i, fields in enumerate([
                {'_SYSTEMD_UNIT': 'user@1000.service', '_UID': 5}, {'_UID': 7}, {},
                {'_UID': 5}, {'_UID': 6}, {'_SYSTEMD_UNIT': 'x.service', '_COMM': 'other'}]):
            self.write(self.failures([f'192.0.2.{i}'] * 2, **fields))
        self.rig.wait_kernel({'192.0.2.3/32', '192.0.2.4/32', '192.0.2.5/32'})
        self.assertEqual([s['lines'] for s in self.sources().values()], [6])

    def test_first_start_judges_one_findtime(self):
        self.journal_jail(findtime='10m')
        now = time.time()
        self.write(self.failures(['192.0.2.1'] * 2, at=now - 660) +
                   self.failures(['192.0.2.2'] * 2, at=now - 500))
        self.rig.start()
        self.mark('198.51.100.1')
        self.assertEqual(set(self.rig.kernel()), {'192.0.2.2/32', '198.51.100.1/32'})

    def test_time_is_when_it_was_written(self):
        """What lay in a socket while journald was away counts at its own time."""
        self.journal_jail(findtime='10m')
        self.rig.start()
        now = time.time()
        late = {'_SOURCE_REALTIME_TIMESTAMP': usec(now - 700)}
        self.write(self.failures(['192.0.2.1'], **late) + self.failures(['192.0.2.1']) +
                   self.failures(['192.0.2.2'] * 2, **late))
        self.rig.wait(lambda: ('j', '192.0.2.2/32') in self.rig.listed(), 'the ban')
        until = datetime.datetime.fromisoformat(
            self.rig.listed()[('j', '192.0.2.2/32')]['until'].replace('Z', '+00:00')).timestamp()
        self.assertAlmostEqual(until, now - 700 + 7 * 86400, delta=1)
        self.assertNotIn(('j', '192.0.2.1/32'), self.rig.listed())

    def test_killed_between_rounds(self):
        self.journal_jail()
        for i, hosts in enumerate(self.make_rounds()):
            if i % 2:
                self.write(self.failures(hosts))
                self.rig.start()
            else:
                self.rig.start()
                self.write(self.failures(hosts))
            self.mark(f'198.51.100.{i}')
            self.rig.kill()
        self.rig.start()
        self.mark('198.51.100.100')
        banned = set(self.rig.kernel())
        self.assertEqual({n for n in banned if n.startswith('10.')}, self.expected)

    def test_entries_of_one_moment(self):
        """Behind the last entry means behind it, and not at its time."""
        self.journal_jail()
        self.rig.start()
        at = time.time()
        self.write(self.failures(['192.0.2.1', '192.0.2.2'], at=at))
        self.rig.wait(lambda: [s['lines'] for s in self.sources().values()] == [2], 'two entries')
        self.rig.stop()
        self.write(self.failures(['192.0.2.2', '192.0.2.3', '192.0.2.3'], at=at))
        self.rig.start()
        self.mark('198.51.100.1')
        self.assertEqual(set(self.rig.kernel()),
                         {'192.0.2.2/32', '192.0.2.3/32', '198.51.100.1/32'})

    def run_turning(self, turn):
        self.journal_jail()
        self.rig.start()
        for i, hosts in enumerate(self.make_rounds()):
            self.write(self.failures(hosts))
            turn(i)
        self.mark('198.51.100.100')
        self.assertEqual({n for n in self.rig.kernel() if n.startswith('10.')}, self.expected)

    def rotate(self, i):
        os.rename(os.path.join(self.folder, 'system.journal'),
                  os.path.join(self.folder, f'system@{BOOT}-{i:016x}-{i:016x}.journal'))

    def test_rotated(self):
        self.run_turning(self.rotate)

    def test_rotated_and_vacuumed(self):
        def turn(i):
            self.mark(f'198.51.100.{i}')
            os.unlink(os.path.join(self.folder, 'system.journal'))
        self.run_turning(turn)

    def test_vacuumed_while_away(self):
        """The entry that was read last is gone: reading goes on at its time."""
        def turn(i):
            self.mark(f'198.51.100.{i}')
            self.rig.stop()
            if i % 2:
                os.unlink(os.path.join(self.folder, 'system.journal'))
            else:
                self.rotate(i)
            self.rig.start()
        self.run_turning(turn)

    def test_vacuumed_and_refilled_while_away(self):
        """Of what is left, only what is newer than the entry that is gone is judged."""
        now = time.time()
        old = [('192.0.2.1', now - 30), ('192.0.2.2', now - 20)]
        self.journal_jail()
        self.rig.start()
        self.write(b''.join(self.failures([a], at=at) for a, at in old))
        self.rig.wait(lambda: [s['lines'] for s in self.sources().values()] == [2], 'two entries')
        self.rig.stop()
        os.unlink(os.path.join(self.folder, 'system.journal'))
        self.write(b''.join(self.failures([a], at=at) for a, at in old))
        self.rig.start()
        self.mark('198.51.100.1')
        self.assertEqual(set(self.rig.kernel()), {'198.51.100.1/32'})

    def test_no_entry_forges_a_line(self):
        self.journal_jail(maxretry=1)
        self.rig.start()
        forged = 'mail evil[7]: failure from 192.0.2.66'
        self.write(b''.join([
            self.entry('failure from 192.0.2.66\n'), self.entry(f'hello\n{forged}'), self.entry(f'\n{forged}'), self.entry(f'{forged}\n'),
            self.entry(b'\xff\xfe\0binary\n' + forged.encode()),
            self.entry('x', SYSLOG_IDENTIFIER=f'evil\n{forged}'),
            self.entry('failure from 192.0.2.66', SYSLOG_IDENTIFIER='good'),
            self.entry('failure from 192.0.2.66', _HOSTNAME='mail\nx'),
            # No number: journald's word is taken instead, and there is none.
            self.entry('failure from 192.0.2.66', SYSLOG_PID='7]: failure from 192.0.2.66\n'),
            self.entry('failure from 192.0.2.1', SYSLOG_PID='x', _PID=9),
            self.entry('failure from 192.0.2.2', SYSLOG_IDENTIFIER=''),
        ]))
        self.mark('198.51.100.1', n=1)
        self.assertEqual(set(self.rig.kernel()),
                         {'192.0.2.1/32', '192.0.2.2/32', '198.51.100.1/32'})

    def test_overlong_entries_are_dropped_whole(self):
        self.journal_jail(maxretry=1)
        self.rig.write('etc/filters/evil.conf',
                       '[Definition]\nfailregex = failure from <HOST>$\n')
        self.rig.start()
        self.write(self.entry('x' * 65536 + ' failure from 192.0.2.66') +
                   self.entry('x' * 200000 + ' failure from 192.0.2.66') +
                   self.entry('\n' * 40000 + ' failure from 192.0.2.66') +
                   self.entry('x' * 65000 + ' failure from 192.0.2.1'))
        self.mark('198.51.100.1', n=1)
        self.assertEqual(set(self.rig.kernel()), {'192.0.2.1/32', '198.51.100.1/32'})
        self.assertEqual(self.status()[0]['overlong'], 3)

    def test_jails_share_a_reader(self):
        self.journal_jail('j')
        self.journal_jail('k', journalmatch=f"'{MATCH}'", maxretry=3, port='imap')
        self.journal_jail('l', journalmatch='_COMM=evil', port='pop3')
        self.rig.start()
        self.write(self.failures(['192.0.2.1'] * 3))
        for jail in 'jkl':
            self.rig.wait_kernel({'192.0.2.1/32'}, jail)
        self.assertEqual([s['lines'] for s in self.sources().values()], [3, 3])

    def test_other_entries_do_not_begin_anew(self):
        """A jail that asks for more of a journal goes on where the journal was read to."""
        self.journal_jail()
        self.rig.start()
        self.write(self.failures(['192.0.2.1']))
        self.mark('198.51.100.1')
        self.journal_jail(journalmatch=f'{MATCH} _COMM=evil')
        self.rig.command('reload')
        self.mark('198.51.100.2')
        self.assertEqual(set(self.rig.kernel()), {'198.51.100.1/32', '198.51.100.2/32'})
        self.write(self.failures(['192.0.2.1']))
        self.rig.wait(lambda: '192.0.2.1/32' in self.rig.kernel(), 'the ban')

    def test_journal_that_comes_later(self):
        shutil.rmtree(self.folder)
        self.journal_jail()
        self.rig.start()
        self.assertEqual([s['state'] for s in self.sources().values()], ['waiting'])
        os.makedirs(self.folder)
        self.write(self.failures(['192.0.2.1'] * 2))
        self.rig.wait_kernel({'192.0.2.1/32'})
        self.write(self.failures(['192.0.2.2'] * 2))
        self.rig.wait_kernel({'192.0.2.1/32', '192.0.2.2/32'})

    def test_journal_that_may_not_be_read(self):
        """It is said, and ends when it may be."""
        self.journal_jail()
        self.write(self.failures(['192.0.2.1'] * 2))
        journal = os.path.join(self.folder, 'system.journal')
        for place, mode in (self.folder, 0o755), (journal, 0o644):
            os.chmod(place, 0)
            self.rig.start()
            self.rig.wait(lambda: [s['state'] for s in self.sources().values()] == ['unreadable'],
                          f'{place} as it is')
            self.assertIn('Permission denied', self.rig.command('status').stdout)
            self.assertEqual(self.rig.kernel(), {})
            os.chmod(place, mode)
            self.rig.wait_kernel({'192.0.2.1/32'})
            self.assertEqual(self.rig.command('unban', '--all').returncode, 0)
            self.rig.stop()
            os.unlink(journal)
            shutil.rmtree(self.rig.path('state'))
            self.write(self.failures(['192.0.2.1'] * 2))

    def test_files_by_name(self):
        self.journal_jail(backend=f'systemd[journalfiles="{self.folder}/a*.journal"]')
        self.rig.start()
        self.write(self.failures(['192.0.2.1'] * 2), 'a1.journal')
        self.rig.wait_kernel({'192.0.2.1/32'})
        self.write(self.failures(['192.0.2.66'] * 2), 'b.journal')
        self.write(self.failures(['192.0.2.2'] * 2), 'a1.journal')
        self.write(self.failures(['192.0.2.3'] * 2), 'a2.journal')
        self.rig.wait_kernel({'192.0.2.1/32', '192.0.2.2/32', '192.0.2.3/32'})

    def ship(self, **options):
        """The shipped filters and jails, with other options for each jail."""
        for folder in ('filters', 'jails'):
            shutil.rmtree(self.rig.path('etc/' + folder))
            shutil.copytree(os.path.join(SOURCE, folder), self.rig.path('etc/' + folder))
        for name in os.listdir(self.rig.path('etc/jails')):
            jail = name.removesuffix('.conf')
            lines = ''.join(f'{key.replace("_", ".")} = {value}\n' for key, value in {
                'enabled': 'icewarp' not in jail, **options}.items())
            self.rig.write(f'etc/jails/{jail}.local',
                           f'[{jail}]\n{lines}' if jail != 'defaults' else '')

    def corpus_entries(self, lines):
        for text in lines:
            at, host, program, pid, message = re.match(
                r'(.{15}) (\S+) ([^\s\[]+)\[(\d+)\]: (.*)\n', text).groups()
            at = datetime.datetime.strptime(f'2026 {at} +0000', '%Y %b %d %H:%M:%S %z')
            unit = 'postfix@-.service' if program.startswith('postfix/') else 'dovecot.service'
            yield self.entry(message, _HOSTNAME=host, SYSLOG_IDENTIFIER=program, SYSLOG_PID=pid,
                             _SYSTEMD_UNIT=unit, _SOURCE_REALTIME_TIMESTAMP=usec(at.timestamp()))

    def bans(self, lines):
        """What there is once so many lines have been judged, and a stop."""
        self.rig.wait(lambda: sum(s['lines'] for s in self.sources().values()) >= lines, 'lines')
        records = self.rig.listed().values()
        self.rig.stop()
        shutil.rmtree(self.rig.path('state'))
        os.mkdir(self.rig.path('state'))
        return sorted((r['jail'], r['net'], r['hits'], r['hosts'], r['reason']) for r in records)

    def test_corpus_gives_the_same_bans(self):
        """The shipped jails over a log, and over a journal that was written from it."""
        with open(os.path.join(SOURCE, 'tests/corpus-logs/journal-bookworm/journal.short.log'),
                  encoding='utf-8', newline='\n') as f:
            lines = f.readlines()
        # In which order three readers tell of names, nobody knows.
        forever = {'bantime': -1, 'netblock_bantime': -1, 'fingerprints': 'false'}
        self.ship(logpath=self.rig.path('log/mail.log'), **forever)
        self.rig.write('log/mail.log', '')
        self.rig.start()
        self.rig.append('log/mail.log', ''.join(lines))
        expected = self.bans(len(lines))
        self.ship(backend=f'systemd[journalpath={self.folder}]', logpath='', **forever)
        self.rig.start()
        for part in range(0, len(lines), 200):
            self.write(b''.join(self.corpus_entries(lines[part:part + 200])))
        # One reader for Postfix, one for Dovecot, and one for both.
        self.assertEqual(self.bans(2 * len(lines)), expected)
        self.assertGreater(len(expected), 20)

    def test_auto_changes_to_a_log_and_back(self):
        """What both the journal and the log have counts once, whichever of them is read."""
        log = self.rig.path('log/mail.log')
        now = time.time()
        self.journal_jail(backend=f'auto[journalpath={self.folder}]', logpath=log)
        self.write(self.failures(['192.0.2.1'], at=now - 40) +
                   self.failures(['192.0.2.2'], at=now - 30))
        self.rig.start()
        name = f'journal[journalpath="{self.folder}"] {MATCH}'
        self.rig.wait(lambda: self.sources()[name]['lines'] == 2, 'two entries')
        self.assertEqual(self.sources()[log]['state'], 'waiting')

        self.rig.write('log/mail.log', line('192.0.2.1', now - 40) + line('192.0.2.2', now - 30) +
                       line('192.0.2.2', now - 20))
        self.rig.wait_kernel({'192.0.2.2/32'})
        self.write(self.failures(['192.0.2.3'] * 2))
        self.sync('198.51.100.1', maxretry=2)
        self.assertEqual(set(self.rig.kernel()), {'192.0.2.2/32', '198.51.100.1/32'})
        self.assertEqual(set(self.sources()), {log})

        self.rig.stop()
        os.unlink(log)
        self.write(self.failures(['192.0.2.1'], at=now - 40) +
                   self.failures(['192.0.2.4'] * 2, at=time.time() + 5))
        self.rig.start()
        self.rig.wait_kernel({'192.0.2.2/32', '192.0.2.4/32', '198.51.100.1/32'})
        self.assertEqual(self.sources()[name]['state'], 'live')

    def test_auto_reads_a_log_that_is_there(self):
        self.rig.write('log/mail.log', '')
        self.journal_jail(backend=f'auto[journalpath={self.folder}]',
                          logpath=self.rig.path('log/mail.log'))
        self.write(self.failures(['192.0.2.1'] * 2))
        self.rig.start()
        self.sync(maxretry=2)
        self.assertEqual(set(self.rig.kernel()), {'198.51.100.250/32'})


if __name__ == '__main__':
    main()
