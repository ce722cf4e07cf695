# SPDX-License-Identifier: GPL-2.0-or-later
"""All of tailban in a folder of its own, with logs to write to and the kernel to look at.

Everything waits for a condition, never for a time.
"""
import datetime
import ipaddress
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

BUILD = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else 'build'
DEADLINE = 20  # seconds; every wait ends by then

FILTER = '[Definition]\nfailregex = ^ \\S+ evil\\[\\d+\\]: failure from <HOST>$\n'


def stamp(at):
    return datetime.datetime.fromtimestamp(at, datetime.timezone.utc).isoformat()


def line(addr, at=None):
    return f'{stamp(at or time.time())} mail evil[7]: failure from {addr}\n'


def addresses(n, base='10.0.0.0'):
    first = ipaddress.ip_address(base)
    return [str(first + i) for i in range(n)]


class Rig:
    def __init__(self):
        # close() empties the ruleset of the namespace that this runs in.
        assert 'TAILBAN_TEST_INSIDE' in os.environ, 'run it by main()'
        self.dir = tempfile.mkdtemp(prefix='tailban-test-')
        self.daemon = self.enforcer = None
        for name in ('etc/jails', 'etc/filters', 'log', 'state', 'run'):
            os.makedirs(self.path(name))
        self.write('etc/filters/evil.conf', FILTER)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, data, mode='w'):
        with open(self.path(name), mode if isinstance(data, str) else mode + 'b') as f:
            f.write(data)

    def append(self, name, data):
        self.write(name, data, 'a')

    def jail(self, name='j', **options):
        """Writes a jail's file; options as in it, '_' for '.'."""
        values = {'enabled': 'true', 'filter': 'evil', 'logpath': self.path('log/mail.log'),
                  'maxretry': 3, 'port': 'smtp', **options}
        self.write(f'etc/jails/{name}.conf', f'[{name}]\n' + ''.join(
            f'{key.replace("_", ".")} = {value}\n' for key, value in values.items()))

    def verbose(self):
        self.write('etc/tailban.conf', '[tailban]\nloglevel = info\n')

    def hit(self, addr, n=1, at=None, log='log/mail.log'):
        self.append(log, line(addr, at) * n)

    def start(self, wait=True, confine=None):
        log = open(self.path('tailband.log'), 'a')
        self.daemon = subprocess.Popen(
            [BUILD + '/tailband', '-c', self.path('etc'), '--state', self.path('state'),
             '--run', self.path('run')], stderr=log, env={**os.environ, 'TZ': 'UTC'},
            preexec_fn=confine)
        log.close()
        if wait:
            seen = self.said('bans are enforced')
            self.wait(lambda: self.said('bans are enforced') > seen, 'enforcement')

    def start_enforcer(self):
        log = open(self.path('enforcer.log'), 'a')
        self.enforcer = subprocess.Popen(
            [BUILD + '/tailban-enforce', '--socket', self.path('run/enforce.sock')], stderr=log)
        log.close()
        self.wait(lambda: os.path.exists(self.path('run/enforce.sock')), 'the enforcer')

    def end(self, process, sign=signal.SIGTERM):
        if process and process.poll() is None:
            process.send_signal(sign)
        return process.wait(DEADLINE) if process else None

    def stop(self):
        return self.end(self.daemon)

    def kill(self):
        return self.end(self.daemon, signal.SIGKILL)

    def close(self):
        for process in (self.daemon, self.enforcer):
            self.end(process, signal.SIGKILL)
        subprocess.run(['nft', 'flush', 'ruleset'], check=True)
        faults = [l for l in self.read_log() if 'Sanitizer' in l or 'runtime error' in l]
        shutil.rmtree(self.dir)
        assert not faults, faults

    def said(self, text):
        """How many lines of the daemon's log have the text."""
        return sum(text in l for l in self.read_log())

    def wait(self, condition, what, seconds=DEADLINE):
        """Until the condition holds; returns how long that took."""
        start = time.monotonic()
        while not condition():
            if self.daemon and self.daemon.poll() not in (None, 0, -signal.SIGKILL):
                raise AssertionError(f'tailband ended while waiting for {what}: {self.log()}')
            if time.monotonic() - start > seconds:
                raise AssertionError(f'no {what} within {seconds} s: {self.log()}')
            time.sleep(0.01)
        return time.monotonic() - start

    def read_log(self):
        with open(self.path('tailband.log'), errors='replace') as f:
            return f.readlines()

    def log(self):
        return '\n' + ''.join(self.read_log()[-30:])

    def kernel(self, jail='j'):
        """The nets of a jail that the kernel holds, as {net: seconds it was banned for}."""
        out = subprocess.run(['nft', '-j', 'list', 'table', 'inet', 'tailban'],
                             capture_output=True, text=True)
        found = {}
        for item in json.loads(out.stdout)['nftables'] if out.returncode == 0 else []:
            name = item.get('set', {}).get('name', '')
            owner, _, prefix = name.rpartition('-')
            owner, _, family = owner.rpartition('-')
            if owner != jail or family not in ('v4', 'v6'):
                continue
            for element in item['set'].get('elem', []):
                value = element['elem'] if isinstance(element, dict) else {'val': element}
                found[f'{value["val"]}/{prefix}'] = value.get('timeout')
        return found

    def wait_kernel(self, nets, jail='j', seconds=DEADLINE):
        """Until the kernel holds exactly these nets."""
        wanted = set(nets)
        try:
            return self.wait(lambda: set(self.kernel(jail)) == wanted, 'bans as expected', seconds)
        except AssertionError as e:
            found = set(self.kernel(jail))
            raise AssertionError(f'{e}missing: {sorted(wanted - found)[:9]}, too many: '
                                 f'{sorted(found - wanted)[:9]}') from None

    def command(self, *arguments):
        return subprocess.run([BUILD + '/tailban', '--run', self.path('run'), *arguments],
                              capture_output=True, text=True, timeout=DEADLINE)

    def listed(self):
        """{(jail, net): record} of `tailban list`."""
        out = self.command('list', '--json')
        assert out.returncode == 0, out.stderr
        records = [json.loads(l) for l in out.stdout.splitlines()]
        return {(r['jail'], r['net']): r for r in records}


def main(spaces='-rn'):
    """Runs the tests in a network namespace of our own, or skips them (exit status 77). With m among
    the spaces they may mount."""
    if os.environ.get('TAILBAN_TEST_INSIDE'):
        unittest.main(module='__main__')
    probe = subprocess.run(['unshare', spaces, 'true'], capture_output=True, text=True)
    if probe.returncode != 0:
        print('no user namespaces here:', probe.stderr.strip())
        sys.exit(77)
    os.environ['TAILBAN_TEST_INSIDE'] = '1'
    os.execvp('unshare', ['unshare', spaces, sys.executable, sys.argv[0], BUILD, *sys.argv[1:]])


class Case(unittest.TestCase):
    def setUp(self):
        self.rig = Rig()
        self.addCleanup(self.rig.close)

    def sync(self, marker='198.51.100.250', log='log/mail.log', jail='j', maxretry=3):
        """Until everything written before has been judged: a marker written last is banned."""
        self.rig.hit(marker, maxretry, log=log)
        self.rig.wait(lambda: f'{marker}/32' in self.rig.kernel(jail), 'the marker')
