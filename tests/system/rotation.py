# SPDX-License-Identifier: GPL-2.0-or-later
"""Logs that turn while they are written to: every line counts, and counts once.

Every other address is written once, the others twice, and two hits are a ban: a lost line shows as
a ban that is missing, a line read twice as one too many.
"""
import glob
import os
import shutil

from rig import Case, addresses, line, main

ROUNDS, PER_ROUND = 8, 200


class Rotation(Case):
    def setUp(self):
        super().setUp()
        once, twice = addresses(ROUNDS * PER_ROUND, '10.1.0.0'), addresses(
            ROUNDS * PER_ROUND, '10.2.0.0')
        # The second hit comes a round later, so that it is in another file than the first.
        self.rounds = []
        for i in range(ROUNDS + 1):
            now = slice(i * PER_ROUND, (i + 1) * PER_ROUND)
            before = slice((i - 1) * PER_ROUND, i * PER_ROUND) if i else slice(0, 0)
            self.rounds.append(''.join(line(a) for a in once[now] + twice[now] + twice[before]))
        self.expected = {a + '/32' for a in twice}
        self.log = self.rig.path('log/mail.log')

    def start(self):
        """What turns before it was ever seen is another matter."""
        self.rig.start()
        self.sync(maxretry=2)
        self.expected.add('198.51.100.250/32')

    def run_rounds(self, turn, write=None):
        self.start()
        for i, text in enumerate(self.rounds):
            (write or self.append)(text)
            turn(i)
        self.finish()

    def append(self, text):
        """In two writes that cut a line."""
        self.rig.append('log/mail.log', text[:len(text) // 2])
        self.rig.append('log/mail.log', text[len(text) // 2:])

    def finish(self):
        """A file is left for the next one when somebody writes there."""
        self.rig.hit('198.51.100.251', 2)
        self.expected.add('198.51.100.251/32')
        self.rig.wait_kernel(self.expected)

    def test_renamed_and_recreated(self):
        def turn(i):
            os.rename(self.log, f'{self.log}.{ROUNDS - i + 1}')
            self.rig.write('log/mail.log', '')
        self.rig.jail(maxretry=2)
        self.run_rounds(turn)

    def test_renamed_while_written(self):
        """The writer keeps the old file for a while, as syslog does until it is told."""
        self.rig.jail(maxretry=2)
        self.start()
        for i, text in enumerate(self.rounds):
            with open(self.log, 'a') as f:
                f.write(text[:len(text) // 2])
                f.flush()
                os.rename(self.log, f'{self.log}.{ROUNDS - i + 1}')
                f.write(text[len(text) // 2:])
        self.finish()

    def test_copied_and_truncated(self):
        def turn(i):
            # Whoever truncates races with the reader by nature; here all has been read.
            self.rig.wait(lambda: len(self.rig.kernel()) >= i * PER_ROUND, 'the round')
            self.sync(f'198.51.100.{i + 1}', maxretry=2)
            self.expected.add(f'198.51.100.{i + 1}/32')
            shutil.copy(self.log, self.log + '.1')
            os.truncate(self.log, 0)
        self.rig.jail(maxretry=2)
        self.run_rounds(turn)

    def test_deleted_and_recreated(self):
        def turn(i):
            self.sync(f'198.51.100.{i + 1}', maxretry=2)
            self.expected.add(f'198.51.100.{i + 1}/32')
            os.unlink(self.log)
        self.rig.jail(maxretry=2)
        self.run_rounds(turn)

    def test_folder_deleted_and_recreated(self):
        """The daemon itself keeps the last log open meanwhile."""
        for name in ('mail.log', '*.log'):
            self.rig.jail(maxretry=2, logpath=self.rig.path('log/' + name))
            self.start()
            for text in self.rounds[:3]:
                shutil.rmtree(self.rig.path('log'))
                os.mkdir(self.rig.path('log'))
                self.append(text)
                self.sync('198.51.100.%d' % self.rounds.index(text), maxretry=2)
            self.rig.command('unban', '--all')
            self.rig.stop()

    def test_new_dated_files(self):
        number = iter(range(1000, 9999))
        self.rig.jail(maxretry=2, logpath=self.rig.path('log/*.log'))

        def write(text):
            lines = text.splitlines(True)
            for part in (lines[::2], lines[1::2]):
                self.rig.append(f'log/s2026{next(number)}-00.log', ''.join(part))
        self.run_rounds(lambda i: None, write)

    def test_glob_takes_renamed_files_too(self):
        """A file that matches under its new name as well is not read again."""
        def turn(i):
            os.rename(self.log, f'{self.log}-202601{10 + i}')
        self.rig.jail(maxretry=2, logpath=self.log + '*')
        self.run_rounds(turn)
        self.rig.stop()
        self.rig.start()
        self.sync('198.51.100.1', maxretry=2)
        self.assertEqual(set(self.rig.kernel()), self.expected | {'198.51.100.1/32'})

    def test_created_later(self):
        self.rig.jail(maxretry=2, logpath=self.rig.path('log/a/b/mail.log'))
        self.rig.start()
        os.makedirs(self.rig.path('log/a/b'))
        for text in self.rounds:
            self.rig.append('log/a/b/mail.log', text)
        self.rig.wait_kernel(self.expected)


class Many(Case):
    def test_more_logs_than_are_followed_at_once(self):
        """All are read, though nobody writes to them any more."""
        hosts = addresses(300)
        for i, addr in enumerate(hosts):
            self.rig.hit(addr, 3, log=f'log/many-{i}.log')
            self.rig.hit(f'192.0.2.{i % 250 + 1}', 3, at=1, log=f'log/many-{i}.log')
        self.rig.jail(logpath=self.rig.path('log/many-*.log'))
        self.rig.start()
        self.rig.wait_kernel({addr + '/32' for addr in hosts})
        self.assertEqual(self.rig.said('is read later'), 1)


if __name__ == '__main__':
    main()
