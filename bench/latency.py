#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long it takes from the write() of the line that decides to the ban in the kernel: all of tailban
with the shipped jails, in a network namespace of its own. The lines before the last are written
earlier; the kernel's own notification of the new element ends the time.
Usage: latency.py [--bans N] [--gap MS]... [--build DIR] [--json]"""
import argparse
import datetime
import ipaddress
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'tests' / 'enforce'))

from client import enter_namespace, wait_for  # noqa: E402

MAXRETRY = 5
WARM = 50  # bans that are not counted
NETLINK_NETFILTER, NFNLGRP_NFTABLES, SOL_NETLINK, ADD_MEMBERSHIP = 12, 7, 270, 1
DEADLINE = 20


def addresses(n, first):
    """No two of one /16, or they would be banned as a block."""
    return [ipaddress.ip_address(bytes((first + i % 40, i // 40 % 256, i // 10240, 7)))
            for i in range(n)]


def line(addr):
    now = datetime.datetime.now(datetime.timezone.utc).isoformat()
    return (f'{now} mx postfix/smtpd[4711]: warning: unknown[{addr}]: SASL LOGIN authentication '
            'failed: UGFzc3dvcmQ6\n').encode()


class Kernel:
    """Hears of new elements."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.sock.bind((0, 0))
        self.sock.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP, NFNLGRP_NFTABLES)
        self.sock.settimeout(DEADLINE)

    def wait(self, addr):
        """When the address came to be banned."""
        while addr.packed not in self.sock.recv(65536):
            pass
        return time.perf_counter()


class Tailban:
    """The daemon and its enforcer on a log of their own."""

    def __init__(self, build, folder):
        self.folder = folder
        for name in 'etc/jails', 'log', 'state', 'run':
            (folder / name).mkdir(parents=True)
        (folder / 'etc/filters').symlink_to(ROOT / 'filters')
        for jail in (ROOT / 'jails').glob('*.conf'):
            moved = re.sub(r'/var/log/|/opt/', f'{folder}/log/', jail.read_text())
            (folder / 'etc/jails' / jail.name).write_text(moved)
        self.log = open(folder / 'log/mail.log', 'wb', buffering=0)
        self.said = folder / 'tailband.log'
        with open(self.said, 'wb') as said:
            self.process = subprocess.Popen(
                [build / 'tailband', '-c', folder / 'etc', '--state', folder / 'state', '--run',
                 folder / 'run'], stderr=said)
        wait_for(lambda: 'bans are enforced' in self.said.read_text(), 'the daemon')

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE)


def measure(build, n, gap):
    """Seconds per ban, in the order of the bans."""
    times = []
    with tempfile.TemporaryDirectory(prefix='tailban-bench-') as folder:
        tailban, kernel = Tailban(build, pathlib.Path(folder)), Kernel()
        try:
            hosts = addresses(n + WARM, 11)
            marker, = addresses(1, 100)
            tailban.log.write(b''.join(line(a) * (MAXRETRY - 1) for a in hosts))
            tailban.log.write(line(marker) * MAXRETRY)
            kernel.wait(marker)
            for addr in hosts:
                time.sleep(gap)
                text = line(addr)
                start = time.perf_counter()
                tailban.log.write(text)
                times.append(kernel.wait(addr) - start)
        finally:
            tailban.end()
    return times[WARM:]


def summary(times, gap):
    at = sorted(times)
    picks = {'p50': 0.5, 'p90': 0.9, 'p99': 0.99, 'p99.9': 0.999}
    return {'gap_ms': gap, 'bans': len(at),
            **{f'{name}_us': round(at[int(len(at) * p)] * 1e6, 1) for name, p in picks.items()},
            'max_us': round(at[-1] * 1e6, 1)}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument('--bans', type=int, default=1000)
    options.add_argument('--gap', type=float, action='append', help='milliseconds [1 and 20]')
    options.add_argument('--build', type=pathlib.Path, default=ROOT / 'build')
    options.add_argument('--json', action='store_true')
    options = options.parse_args()
    for gap in options.gap or [1, 20]:
        row = summary(measure(options.build.resolve(), options.bans, gap / 1000), gap)
        print(json.dumps(row) if options.json else
              f'a ban every {gap:g} ms: ' + ', '.join(f'{k} {v}' for k, v in row.items()
                                                      if k.endswith('us')), flush=True)


enter_namespace()
main()
