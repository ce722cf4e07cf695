# SPDX-License-Identifier: GPL-2.0-or-later
"""Speaks tailband's side of src/wire/order.h to a tailban-enforce, for tests and benchmarks."""
import contextlib
import ctypes
import ipaddress
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time

(HELLO, RESET, JAIL, PORT, BAN, UNBAN, SPARE, UNSPARE, COMMIT, CLEAR, ACK, REFUSED, OWN,
 FLUSHED) = range(1, 15)
DROP, REJECT = 1, 2
TCP, UDP = 6, 17
SIZE, PACKET_MAX = 112, 500
RECORD = struct.Struct('<BBHIQ16sBBBxHHi4x64s')
DEADLINE = 20  # seconds; every wait ends by then


def net_bytes(text):
    net = ipaddress.ip_network(text)
    if net.version == 4:
        return b'\0' * 10 + b'\xff\xff' + net.network_address.packed, 96 + net.prefixlen
    return net.network_address.packed, net.prefixlen


def net_text(packed, length):
    if length >= 96 and packed.startswith(b'\0' * 10 + b'\xff\xff'):
        return f'{ipaddress.IPv4Address(packed[12:])}/{length - 96}'
    return f'{ipaddress.IPv6Address(packed)}/{length}'


def record(op, seq=0, jail=0, net=None, ms=0, action=0, proto=0, ports=(0, 0), error=0, name=b'',
           version=2):
    packed, length = net_bytes(net) if net else (bytes(16), 0)
    return RECORD.pack(version, op, jail, seq, ms, packed, length, action, proto, *ports, error,
                       name)


class Record:
    def __init__(self, data):
        (self.version, self.op, self.jail, self.seq, self.ms, packed, length, self.action,
         self.proto, self.port_from, self.port_to, self.error, self.name) = RECORD.unpack(data)
        self.net = net_text(packed, length)


class Jail:
    """ports: (proto, from, to) each; none: all ports."""

    def __init__(self, name, *ports, action=DROP):
        self.name, self.ports, self.action = name, ports, action


class Enforcer:
    """A running tailban-enforce, and the connection to it."""

    def __init__(self, *command, sock=None, env=None):
        self.seq = 0
        self.inbox = []
        if sock:
            self.sock, self.process = sock, None
            return
        self.sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self.process = subprocess.Popen(
                [*command, '--fd', str(theirs.fileno())], pass_fds=[theirs.fileno()],
                env=env)

    def close(self):
        """Hangs up, and returns how the process ended."""
        self.sock.close()
        return self.process.wait(DEADLINE) if self.process else None

    @contextlib.contextmanager
    def paused(self):
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def number(self):
        self.seq += 1
        return self.seq

    def send(self, op, **fields):
        """One record as one packet; returns its seq."""
        seq = self.number()
        self.sock.send(record(op, seq, **fields))
        return seq

    def receive(self, seconds=DEADLINE):
        """The next record, or None where none comes in time or the connection has ended."""
        if not self.inbox:
            if not select.select([self.sock], [], [], seconds)[0]:
                return None
            data = self.sock.recv(SIZE * PACKET_MAX)
            self.inbox = [Record(data[i:i + SIZE]) for i in range(0, len(data), SIZE)]
        return self.inbox.pop(0) if self.inbox else None

    def hung_up(self):
        """Whether the connection ends next, with nothing more said."""
        if self.inbox or not select.select([self.sock], [], [], DEADLINE)[0]:
            return False
        try:
            return self.sock.recv(SIZE) == b''
        except ConnectionResetError:
            return True

    def until(self, op, seq=None):
        """Receives up to this record; returns all that came before it, and it."""
        got = []
        while True:
            r = self.receive()
            if r is None:
                raise AssertionError(f'no record {op} came, but {[g.op for g in got]}')
            got.append(r)
            if r.op == op and (seq is None or r.seq == seq):
                return got

    def packets(self, records):
        """(op, fields), numbered, in full packets."""
        data = [record(op, self.number(), **fields) for op, fields in records]
        return [b''.join(data[i:i + PACKET_MAX]) for i in range(0, len(data), PACKET_MAX)]

    def carry_out(self, records):
        """Sends (op, fields); returns {seq: errno} of those that were refused."""
        return self.carry_out_packets(self.packets(records))

    def carry_out_packets(self, packets):
        refused = {}
        for packet in packets:
            self.sock.send(packet)
            last = Record(packet[-SIZE:]).seq
            refused |= {r.seq: r.error for r in self.until(ACK, last) if r.op == REFUSED}
        return refused

    def hello(self):
        return self.until(ACK, self.send(HELLO))

    def whole_packets(self, jails, bans=(), spared=()):
        """RESET … COMMIT; bans are (jail, net, ms), spared (net, ms)."""
        records = [(RESET, {})]
        for i, j in enumerate(jails):
            records.append((JAIL, dict(jail=i, name=j.name.encode(), action=j.action)))
            records += [(PORT, dict(jail=i, proto=p, ports=(a, b))) for p, a, b in j.ports]
        records += [(BAN, dict(jail=j, net=net, ms=ms)) for j, net, ms in bans]
        records += [(SPARE, dict(net=net, ms=ms)) for net, ms in spared]
        return self.packets(records) + self.packets([(COMMIT, {})])

    def whole(self, jails, bans=(), spared=()):
        return self.carry_out_packets(self.whole_packets(jails, bans, spared))

    def start(self, jails, bans=(), spared=()):
        self.hello()
        assert self.whole(jails, bans, spared) == {}
        return self

    def ban(self, net, ms=600_000, jail=0):
        return list(self.carry_out([(BAN, dict(jail=jail, net=net, ms=ms))]).values())

    def unban(self, net, jail=0):
        return list(self.carry_out([(UNBAN, dict(jail=jail, net=net))]).values())

    def spare(self, net, ms=600_000):
        return list(self.carry_out([(SPARE, dict(net=net, ms=ms))]).values())

    def unspare(self, net):
        return list(self.carry_out([(UNSPARE, dict(net=net))]).values())


def nft(*command, ok=True):
    return subprocess.run(['nft', *command], check=ok, capture_output=True, text=True)


def elements(name):
    """{net: seconds left (None: for ever)} of one of our sets; None where there is no such set."""
    run = nft('-j', 'list', 'set', 'inet', 'tailban', name, ok=False)
    if run.returncode:
        return None
    found = [o['set'] for o in json.loads(run.stdout)['nftables'] if 'set' in o][0]
    result = {}
    for e in found.get('elem', []):
        if isinstance(e, dict) and 'elem' in e:
            result[e['elem']['val']] = e['elem'].get('expires')
        else:
            result[e if isinstance(e, str) else json.dumps(e)] = None
    return result


def sets():
    run = nft('-j', 'list', 'sets', 'inet')
    return {o['set']['name'] for o in json.loads(run.stdout)['nftables'] if 'set' in o}


def wait_for(condition, what):
    end = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f'waited in vain for {what}')
        time.sleep(0.01)


class Neighbour:
    """Another network namespace, joined to ours by a cable: the world outside."""

    def __init__(self, ours, theirs):
        self.holder = subprocess.Popen(['unshare', '-n', 'cat'], stdin=subprocess.PIPE)
        own = os.stat('/proc/self/ns/net').st_ino
        path = f'/proc/{self.holder.pid}/ns/net'
        wait_for(lambda: os.stat(path).st_ino != own, 'the second namespace')
        self.inside = os.open(path, os.O_RDONLY)
        self.outside = os.open('/proc/self/ns/net', os.O_RDONLY)
        self.run('ip', 'link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns',
                 str(self.holder.pid))
        for enter, addresses in (False, ours), (True, theirs):
            self.run('ip', 'link', 'set', 'lo', 'up', inside=enter)
            for a in addresses:
                nodad = ['nodad'] if ':' in a else []
                self.run('ip', 'address', 'add', a, 'dev', 'cable', *nodad, inside=enter)
            self.run('ip', 'link', 'set', 'cable', 'up', inside=enter)

    def run(self, *command, inside=False):
        prefix = ['nsenter', '-t', str(self.holder.pid), '-n'] if inside else []
        run = subprocess.run([*prefix, *command], check=True, stdout=subprocess.PIPE, text=True)
        return run.stdout

    def _enter(self, fd):
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.setns(fd, 0x40000000) < 0:  # CLONE_NEWNET
            raise OSError(ctypes.get_errno(), 'setns')

    def socket(self, family, kind):
        """A socket of the world outside."""
        self._enter(self.inside)
        try:
            return socket.socket(family, kind)
        finally:
            self._enter(self.outside)

    def close(self):
        self.run('ip', 'link', 'delete', 'cable')
        os.close(self.inside)
        os.close(self.outside)
        self.holder.stdin.close()
        self.holder.wait(DEADLINE)


def enter_namespace():
    """Goes on in a network namespace of our own, or skips the test (exit status 77)."""
    if os.environ.get('TAILBAN_TEST_NAMESPACE') == '1':
        return
    probe = subprocess.run(['unshare', '-rn', 'true'], capture_output=True, text=True)
    if probe.returncode:
        print('skipped: no user namespaces here:', probe.stderr.strip())
        sys.exit(77)
    os.environ['TAILBAN_TEST_NAMESPACE'] = '1'
    os.execvp('unshare', ['unshare', '-rn', sys.executable, *sys.argv])


def stop(process):
    process.send_signal(signal.SIGTERM)
    return process.wait(DEADLINE)
