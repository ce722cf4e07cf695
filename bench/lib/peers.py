# SPDX-License-Identifier: GPL-2.0-or-later
"""What tailban is measured beside: Debian's packages, unpacked into a folder and never installed."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from . import kernel, process

PACKAGES = {'fail2ban': ['fail2ban', 'python3-pyinotify'], 'sshguard': ['sshguard'],
            'crowdsec': ['crowdsec']}
JAILS = {'postfix': 'filter = postfix[mode=aggressive]', 'dovecot': 'filter = dovecot'}
OPTIONS = 'usedns = no\nmaxretry = 5\nfindtime = 10m\nbantime = 1w\nbackend = auto\n'


def fetch(folder):
    """Unpacks what is not there yet; what cannot be had is left out, and said."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, packages in PACKAGES.items():
        if not (folder / name).exists():
            unpack(folder, name, packages)


def unpack(folder, name, packages):
    new = folder / f'{name}.new'
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir()
    for package in packages:
        got = subprocess.run(['apt-get', '-q', '-o', 'Acquire::Retries=0', '-o',
                              'Acquire::http::Timeout=20', 'download', package], cwd=new,
                             capture_output=True, text=True, check=False)
        if got.returncode and package == name:
            print(f'bench: {name} cannot be fetched: {(got.stderr.split(chr(10)) or [""])[0]}',
                  file=sys.stderr)
            return
    for deb in new.glob('*.deb'):
        subprocess.run(['dpkg-deb', '-x', deb, new], check=True)
        deb.unlink()
    new.rename(folder / name)


class Peers:
    """The trees of those that were unpacked, by name; none where folder is None."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) if folder else None

    def tree(self, name):
        tree = self.folder and self.folder / name
        return tree if tree and tree.exists() else None

    def program(self, name, path):
        tree = self.tree(name)
        found = sorted(tree.glob(path)) if tree else []
        return found[0] if found else None


class Fail2ban:
    """fail2ban's server with Debian's filters for Postfix and Dovecot on one log."""

    def __init__(self, tree, bans=True):
        self.tree, self.pid, self.kernel = tree, None, kernel.Kernel()
        self.place = tempfile.TemporaryDirectory(prefix='tailban-bench-')
        self.path = pathlib.Path(self.place.name)
        shutil.copytree(tree / 'etc/fail2ban', self.path / 'etc')
        shutil.rmtree(self.path / 'etc/jail.d')
        self.log, self.said = self.path / 'mail.log', self.path / 'fail2ban.log'
        self.log.touch()
        self.write('fail2ban.local', f'[Definition]\nloglevel = INFO\nlogtarget = {self.said}\n'
                   f'socket = {self.path}/sock\npidfile = {self.path}/pid\n'
                   f'dbfile = {self.path}/db.sqlite\n')
        # Without an action, in its favour, where only matching is compared.
        action = 'action = nftables[type=allports]' if bans else 'action ='
        self.write('jail.local', f'[DEFAULT]\n{OPTIONS}{action}\n' + ''.join(
            f'[{name}]\nenabled = true\nlogpath = {self.log}\n{given}\n'
            for name, given in JAILS.items()))

    def write(self, name, text):
        (self.path / 'etc' / name).write_text(text, encoding='utf-8')

    def command(self, program, *words):
        return [sys.executable, self.tree / 'usr/bin' / program, *words]

    def env(self):
        return {'PYTHONPATH': str(self.tree / 'usr/lib/python3/dist-packages'), 'TZ': 'UTC',
                'PYTHONDONTWRITEBYTECODE': ''}

    def count(self, text):
        """How many lines of its log have the text."""
        return self.said.read_bytes().count(text.encode()) if self.said.exists() else 0

    def start(self):
        """Returns how long it takes until both jails run."""
        before, start = self.count("' started"), time.perf_counter()
        self.pid = process.spawn(self.command('fail2ban-server', '-f', '-c', self.path / 'etc', 'start'),
                                 env=self.env())
        process.wait_for(lambda: self.count("' started") >= before + len(JAILS), 'start of fail2ban',
                         pause=.005)
        return time.perf_counter() - start

    def stop(self):
        process.stop(self.pid)
        self.pid = None

    def client(self, *words):
        process.run(self.command(
            'fail2ban-client', '-c', self.path / 'etc', '-s', self.path / 'sock', *words), env=self.env())

    def append(self, data):
        with open(self.log, 'ab', buffering=0) as log:
            log.write(data)

    def digest(self, data, mark):
        """How long it has a core while it reads; mark: what fails last in the text."""
        before = process.cpu(self.pid)
        self.append(data)
        process.wait_for(lambda: self.count(f'Found {mark} '), 'end of the log', pause=.02)
        return process.cpu(self.pid) - before

    def until_banned(self, n, act, word='Ban'):
        """How long it takes from what act() does until so many more are banned."""
        said = f'] {word} '
        before, start = self.count(said), time.perf_counter()
        act()
        process.wait_for(lambda: self.count(said) >= before + n, f'{n} bans of fail2ban', pause=.01)
        return time.perf_counter() - start

    def ban(self, addresses):
        """How long it takes to ban them by hand."""
        return self.until_banned(len(addresses),
                                 lambda: self.client('set', 'postfix', 'banip', *addresses))

    def until_enforced(self, data, addr):
        """How long it takes from the write() to the element in the kernel."""
        start = time.perf_counter()
        self.append(data)
        process.wait_for(lambda: self.kernel.has('f2b-table', 'addr-set-postfix', addr), 'the ban')
        return time.perf_counter() - start

    def wakeups(self):
        """How often its threads have woken up so far."""
        return sum(process.wakeups(t) for t in os.listdir(f'/proc/{self.pid}/task'))

    def memory(self):
        return process.status(self.pid, 'VmRSS') * 1024

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        if self.pid:
            process.stop(self.pid)
        kernel.empty()
        self.kernel.close()
        self.place.cleanup()
