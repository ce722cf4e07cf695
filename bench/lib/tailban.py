# SPDX-License-Identifier: GPL-2.0-or-later
"""tailban's programs: its daemon and enforcer with a folder of their own, and the offline commands."""
import json
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time

from . import process

ROOT = pathlib.Path(__file__).resolve().parents[2]
UTC = {'TZ': 'UTC'}
MARK = '198.51.100.77'  # banned last: all that was written before has been judged


class Daemon:
    """tailband with the shipped jails, whose /var/log and /opt lie in its folder."""

    def __init__(self, build, core=process.MEASURED, settings=''):
        self.build, self.core, self.pid = build, core, None
        # Removed with what is in it when the object is.
        self.place = tempfile.TemporaryDirectory(prefix='tailban-bench-')
        self.path = pathlib.Path(self.place.name)
        for name in 'etc/jails', 'log', 'state', 'run':
            (self.path / name).mkdir(parents=True)
        (self.path / 'etc/filters').symlink_to(ROOT / 'filters')
        for jail in (ROOT / 'jails').glob('*.conf'):
            moved = re.sub(r'/var/log/|/opt/', f'{self.path}/log/', jail.read_text(encoding='utf-8'))
            (self.path / 'etc/jails' / jail.name).write_text(moved, encoding='utf-8')
        (self.path / 'etc/tailban.conf').write_text(f'[tailban]\n{settings}', encoding='utf-8')
        self.log, self.said = self.path / 'log/mail.log', self.path / 'tailband.log'

    def argv(self):
        return [self.build / 'tailband', '-c', self.path / 'etc', '--state', self.path / 'state',
                '--run', self.path / 'run']

    def heard(self):
        return self.said.exists() and 'bans are enforced' in self.said.read_text(errors='replace')

    def start(self):
        """Returns the seconds until it said that it is ready, and until all bans are enforced."""
        self.said.unlink(missing_ok=True)
        ready = str(self.path / 'ready')
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
            pathlib.Path(ready).unlink(missing_ok=True)
            sock.bind(ready)
            sock.settimeout(process.BOUND)
            start = time.perf_counter()
            self.pid = process.spawn(self.argv(), core=self.core, stderr=self.said,
                                     env={**UTC, 'NOTIFY_SOCKET': ready})
            while b'READY=1' not in sock.recv(4096):
                pass
            watching = time.perf_counter() - start
        process.wait_for(self.heard, 'enforcement')
        return watching, time.perf_counter() - start

    def stop(self):
        code = process.stop(self.pid)
        self.pid = None
        if code != 0:
            raise RuntimeError(f'tailband ended with {code}: {self.said.read_text()[-2000:]}')

    def pids(self):
        """The daemon, and the enforcer's: the one that starts it again where it ends, and itself."""
        found = [self.pid]
        for pid in found:
            with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as f:
                found += map(int, f.read().split())
        return found

    def call(self, *words, **options):
        """Runs a command of the operator's, to its end."""
        return process.run([self.build / 'tailban', '--run', self.path / 'run', *words],
                           env=UTC, **options)

    def listed(self):
        """{(jail, net)} that are in force."""
        out = self.path / 'listed'
        out.unlink(missing_ok=True)
        self.call('list', '--json', stdout=out)
        with open(out, encoding='utf-8') as f:
            return {(r['jail'], r['net']) for r in map(json.loads, f)}

    def close(self):
        if self.pid:
            process.stop(self.pid)
        self.place.cleanup()


def replay(build, log, config=ROOT):
    return [build / 'tailban', 'replay', '--json', '-c', config, log]


def replayed(build, log, at):
    """The bans that a log leads to, in the order of time: [(jail, net)]."""
    out = pathlib.Path(at)
    out.unlink(missing_ok=True)
    process.run(replay(build, log), stdout=out, env=UTC)
    with open(out, encoding='utf-8') as f:
        bans = [(r['jail'], r['net']) for r in map(json.loads, f)]
    os.unlink(out)
    return bans


def wider(build, config=ROOT):
    """For each jail those that close at least its ports, itself first: a ban of one of these is enough."""
    ports, jail = {}, None
    dump = subprocess.run([build / 'tailban', 'check', '-c', config, '--dump'], capture_output=True,
                          text=True, check=False).stdout
    for line in dump.splitlines():
        if line.startswith('['):
            jail = line.strip('[]')
        elif jail and line.startswith('port ='):
            ports[jail] = set(line.partition('=')[2].strip().split(','))
    return {jail: [jail, *(j for j in ports if j != jail and ports[j] >= own)]
            for jail, own in ports.items()}
