# SPDX-License-Identifier: GPL-2.0-or-later
"""A ledger that is damaged, half gone or of another version, and a disk that has no room for it."""
import contextlib
import os
import resource
import signal
import sqlite3
import subprocess

from rig import Case, addresses, line, main


class Ledger(Case):
    def test_full_disk(self):
        """Bans go on, it is said where the operator looks, and nothing is lost when there is room."""
        def small():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))

        def alarm():
            return 'the ledger cannot be written' in self.rig.command('status').stdout
        hosts = addresses(2000, '10.1.0.0')
        self.rig.jail(maxretry=2)
        self.rig.start(confine=small)
        self.rig.append('log/mail.log', ''.join(line(a) * 2 for a in hosts))
        self.rig.wait_kernel({a + '/32' for a in hosts})
        self.rig.wait(alarm, 'the alarm')
        resource.prlimit(self.rig.daemon.pid, resource.RLIMIT_FSIZE,
                         (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        self.rig.hit('203.0.113.7', 2)
        self.rig.wait(lambda: not alarm(), 'the end of the alarm')
        self.rig.kill()
        self.rig.start()
        self.assertEqual({net for _, net in self.rig.listed()},
                         {a + '/32' for a in hosts + ['203.0.113.7']})

    def aside(self):
        return sorted(name for name in os.listdir(self.rig.path('state')) if '.damaged-' in name)

    def test_damaged_ledger(self):
        """It is moved away, as it is, and a new one begun."""
        self.rig.jail()
        self.rig.write('state/ledger.sqlite', 'this is no ledger' * 1000)
        self.rig.start()
        name, = self.aside()
        with open(self.rig.path('state/' + name)) as f:
            self.assertEqual(f.read(), 'this is no ledger' * 1000)
        self.assertEqual(self.rig.said('the ledger was damaged'), 1)
        self.assertIn(name, self.rig.command('status').stdout)
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'])
        self.rig.stop()
        self.rig.start()
        self.assertNotIn(name, self.rig.command('status').stdout)
        self.assertEqual(self.rig.listed().keys(), {('j', '203.0.113.7/32')})

    def test_ledger_is_half_gone(self):
        """All bans come back, those in the log beside it too."""
        hosts = addresses(600, '10.1.0.0')
        self.rig.jail(maxretry=2)
        self.rig.start()
        self.rig.append('log/mail.log', ''.join(line(a) * 2 for a in hosts[:400]))
        self.rig.wait(lambda: len(self.rig.kernel()) == 400, 'bans')
        self.rig.stop()
        with contextlib.closing(sqlite3.connect(self.rig.path('state/ledger.sqlite'))) as ledger:
            root, = ledger.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'position'").fetchone()
        def log_size():
            return os.path.getsize(self.rig.path('state/ledger.sqlite-wal'))
        self.rig.start()
        before = log_size()
        self.rig.append('log/mail.log', ''.join(line(a) * 2 for a in hosts[400:]))
        self.rig.wait(lambda: len(self.rig.kernel()) == 600, 'bans')
        self.rig.wait(lambda: log_size() > before, 'a checkpoint')
        self.rig.kill()
        with open(self.rig.path('state/ledger.sqlite'), 'r+b') as f:
            f.seek((root - 1) * 4096)
            f.write(b'Z' * 4096)
        subprocess.run(['nft', 'flush', 'ruleset'], check=True)
        os.truncate(self.rig.path('log/mail.log'), 0)
        self.rig.start()
        self.rig.wait_kernel({a + '/32' for a in hosts})

    def test_no_more_are_kept(self):
        """Then it works in memory, and says so."""
        self.rig.jail()
        for i in range(3):
            self.rig.write(f'state/ledger.sqlite.damaged-2026010{i}-000000', 'old')
        self.rig.write('state/ledger.sqlite', 'this is no ledger' * 1000)
        self.rig.start()
        self.assertEqual(len(self.aside()), 3)
        self.assertIn('cannot be used', self.rig.command('status').stdout)
        self.rig.hit('203.0.113.7', 3)
        self.rig.wait_kernel(['203.0.113.7/32'])
        self.rig.stop()
        with open(self.rig.path('state/ledger.sqlite')) as f:
            self.assertEqual(f.read(), 'this is no ledger' * 1000)

    def test_damaged_rows(self):
        """What can be read is in force; that something could not be is said once, and shown."""
        hosts = addresses(60, '10.1.0.0')
        self.rig.jail(maxretry=2)
        self.rig.start()
        self.rig.append('log/mail.log', ''.join(line(a) * 2 for a in hosts))
        self.rig.wait_kernel({a + '/32' for a in hosts})
        self.rig.stop()
        with contextlib.closing(sqlite3.connect(self.rig.path('state/ledger.sqlite'))) as ledger:
            facts, = ledger.execute('SELECT facts FROM bans WHERE page = 0').fetchone()
            # Of the second ban the address.
            at = facts.index(bytes([10, 1, 0, 1]))
            ledger.execute('UPDATE bans SET facts = ? WHERE page = 0',
                           (facts[:at] + bytes([203, 0, 113]) + facts[at + 3:],))
            ledger.execute('UPDATE sessions SET facts = zeroblob(9)')
            ledger.commit()
        subprocess.run(['nft', 'flush', 'ruleset'], check=True)
        self.rig.start()
        self.rig.wait_kernel({a + '/32' for a in hosts if a != '10.1.0.1'})
        self.rig.command('reload')
        self.assertEqual(self.rig.said('the ledger is damaged'), 1)
        self.assertIn('set aside: 1 of bans', self.rig.command('status').stdout)
        self.rig.stop()
        self.rig.start()
        self.assertEqual(self.rig.said('the ledger is damaged'), 1)
        self.assertNotIn('set aside', self.rig.command('status').stdout)

    def test_ledger_of_tomorrow(self):
        self.rig.jail()
        self.rig.start()
        self.rig.stop()
        with contextlib.closing(sqlite3.connect(self.rig.path('state/ledger.sqlite'))) as ledger:
            ledger.execute('PRAGMA user_version = 99')
        self.rig.start(wait=False)
        self.assertEqual(self.rig.daemon.wait(20), 1)
        self.assertEqual(self.rig.said('is of a newer tailban'), 1)


class Disk(Case):
    """The ledger's disk is a small one, which is full or not."""
    def setUp(self):
        super().setUp()
        subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', self.rig.path('state')],
                       check=True)
        # Before the folder is removed.
        self.addCleanup(lambda: subprocess.run(['umount', self.rig.path('state')], check=True))
        self.addCleanup(self.rig.kill)
        self.rig.jail(maxretry=2, netblock_v4='24:4:12')

    def fill(self):
        with contextlib.suppress(OSError), open(self.rig.path('state/full'), 'wb', 0) as f:
            while f.write(b'x' * 4096):
                pass

    def make_room(self):
        os.unlink(self.rig.path('state/full'))

    def alarm(self):
        return 'the ledger cannot be written' in self.rig.command('status').stdout

    def test_full_amid_a_storm(self):
        alone, beside = [f'10.{i}.0.1' for i in range(200)], addresses(12, '192.0.2.0')
        nets = {a + '/32' for a in alone} | {'192.0.2.0/24'}
        self.rig.start()
        self.rig.hit('203.0.113.1', 2)
        self.rig.wait_kernel(['203.0.113.1/32'])
        self.fill()
        self.rig.append('log/mail.log', ''.join(line(a) * 2 for a in alone + beside))
        self.rig.wait(lambda: nets <= set(self.rig.kernel()), 'bans')
        self.rig.wait(self.alarm, 'the alarm')
        self.assertEqual(self.rig.command('reload').returncode, 0)
        self.assertEqual(self.rig.command('unban', '10.7.0.1').returncode, 0)
        self.rig.hit('203.0.113.2', 2)
        self.rig.wait(lambda: '203.0.113.2/32' in self.rig.kernel(), 'a ban after the reload')
        before = self.rig.listed().keys()
        self.make_room()
        self.rig.hit('203.0.113.3', 2)
        self.rig.wait(lambda: not self.alarm(), 'the end of the alarm')
        self.rig.kill()
        subprocess.run(['nft', 'flush', 'ruleset'], check=True)
        self.rig.start()
        self.assertEqual(self.rig.listed().keys(), before | {('j', '203.0.113.3/32')})
        self.assertNotIn(('j', '10.7.0.1/32'), before)
        self.assertEqual(self.rig.said('the ledger is damaged'), 0)

    def test_full_at_the_start(self):
        """What is there holds, what comes is banned."""
        self.rig.start()
        self.rig.hit('203.0.113.1', 2)
        self.rig.wait_kernel(['203.0.113.1/32'])
        self.rig.stop()
        self.fill()
        self.rig.start()
        self.rig.hit('203.0.113.2', 2)
        self.rig.wait_kernel(['203.0.113.1/32', '203.0.113.2/32'])
        self.rig.wait(self.alarm, 'the alarm')
        self.make_room()
        self.rig.wait(lambda: self.rig.hit('203.0.113.3') or not self.alarm(), 'the end of the alarm')
        self.rig.kill()
        self.rig.start()
        self.rig.wait_kernel(['203.0.113.1/32', '203.0.113.2/32', '203.0.113.3/32'])

    def test_full_from_the_beginning(self):
        """There is no ledger yet: it is in memory."""
        self.fill()
        self.rig.start()
        self.assertIn('cannot be used, so bans outlast no restart', self.rig.command('status').stdout)
        self.rig.hit('203.0.113.2', 2)
        self.rig.wait_kernel(['203.0.113.2/32'])
        self.make_room()
        self.rig.stop()
        self.rig.start()
        self.assertNotIn('cannot be used', self.rig.command('status').stdout)

    def test_read_only(self):
        self.rig.start()
        self.rig.hit('203.0.113.1', 2)
        self.rig.wait_kernel(['203.0.113.1/32'])
        self.rig.stop()
        subprocess.run(['mount', '-o', 'remount,ro', self.rig.path('state')], check=True)
        self.rig.start()
        self.rig.hit('203.0.113.2', 2)
        self.rig.wait(lambda: '203.0.113.2/32' in self.rig.kernel(), 'the ban')
        self.assertEqual(self.rig.stop(), 0)


if __name__ == '__main__':
    main('-rnm')
