# SPDX-License-Identifier: GPL-2.0-or-later
"""How the program starts, whom it talks to and what it survives. Usage: program.py TAILBAN-ENFORCE"""
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import unittest

from client import (ACK, BAN, CLEAR, COMMIT, DEADLINE, FLUSHED, HELLO, JAIL, OWN, PACKET_MAX, PORT,
                    REFUSED, RESET, TCP, UNBAN, Enforcer, Jail, elements, enter_namespace,
                    nft, record, stop, wait_for)

enter_namespace()
BINARY = sys.argv.pop(1)
SMTP = Jail('smtp', (TCP, 25, 25))
CAP_NET_ADMIN = 1 << 12


def patched(data, at, byte):
    return data[:at] + bytes([byte]) + data[at + 1:]


GOOD = record(BAN, net='192.0.2.1/32')

# What a peer is hung up on, in the state in which it has said HELLO and its whole state.
BROKEN = {
    'a byte': b'x',
    'a record but its last byte': GOOD[:-1],
    'a record and a byte': GOOD + b'x',
    'a packet beyond the largest': GOOD * (PACKET_MAX + 1),
    'another version': record(BAN, net='192.0.2.1/32', version=1),
    'no operation': record(0),
    'an unknown operation': record(15),
    'host bits': patched(record(BAN, net='192.0.2.0/24'), 31, 1),
    'a prefix of 129': patched(record(BAN, net='2001:db8::/64'), 32, 129),
    'padding': patched(GOOD, 111, 1),
    'a jail beyond the last': record(BAN, jail=1024, net='192.0.2.1/32'),
    'a broken record behind a good one': GOOD + record(0),
    'HELLO again': record(HELLO),
    'JAIL outside of a whole state': record(JAIL, name=b'x', action=1),
    'PORT outside of a whole state': record(PORT, proto=TCP, ports=(25, 25)),
    'COMMIT without RESET': record(COMMIT),
    'UNBAN within a whole state': record(RESET) + record(UNBAN, net='192.0.2.1/32'),
    'CLEAR within a whole state': record(RESET) + record(CLEAR),
    'ACK': record(ACK),
    'REFUSED': record(REFUSED, net='192.0.2.1/32', error=1),
    'OWN': record(OWN, net='192.0.2.1/32'),
    'FLUSHED': record(FLUSHED),
}


class Listening(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = folder.name + '/enforce.sock'
        self.start()

    def start(self):
        self.process = subprocess.Popen([BINARY, '--socket', self.path])
        wait_for(self.listens, 'the socket')
        # It listens before it has given up its privileges, and answers only after that.
        peer = self.connect()
        peer.until(COMMIT)
        peer.close()

    def listens(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as sock:
            return sock.connect_ex(self.path) == 0

    def connect(self):
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sock.connect(self.path)
        return Enforcer(BINARY, sock=sock)

    def tearDown(self):
        self.assertEqual(stop(self.process), 0)
        nft('flush', 'ruleset')

    def test_a_peer_that_breaks_the_protocol_is_hung_up_on(self):
        for what, packet in BROKEN.items():
            with self.subTest(what):
                peer = self.connect()
                with contextlib.closing(peer):
                    peer.start([SMTP], [(0, '192.0.2.9/32', 0)])
                    peer.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
                    peer.sock.send(packet)
                    self.assertTrue(peer.hung_up())
                self.assertEqual(list(elements('smtp-v4-32')), ['192.0.2.9'])
                self.assertIsNone(self.process.poll())

    def test_before_hello_there_is_nothing_to_say(self):
        for packet in record(RESET), GOOD, record(CLEAR), record(FLUSHED), b'GET / HTTP/1.0\r\n':
            peer = self.connect()
            peer.until(COMMIT)
            peer.sock.send(packet)
            self.assertTrue(peer.hung_up())
            peer.close()

    def test_one_at_a_time(self):
        first, second = self.connect().start([SMTP]), self.connect()
        seq = second.send(HELLO)
        self.assertEqual(first.ban('192.0.2.1/32'), [])
        self.assertIsNone(second.receive(0))
        first.close()
        second.until(ACK, seq)
        self.assertEqual(list(elements('smtp-v4-32')), ['192.0.2.1'])
        second.close()

    def test_a_peer_that_does_not_read_waits_for_itself(self):
        peer = self.connect().start([SMTP])
        peer.sock.setblocking(False)
        sent = 0
        with self.assertRaises(BlockingIOError):
            while sent < 10_000:
                peer.sock.send(record(BAN, peer.number(), net='192.0.2.1/32'))
                sent += 1
        peer.sock.setblocking(True)
        peer.until(ACK, sent and peer.seq - 1)
        peer.close()

    def test_it_leaves_no_socket_in_the_way(self):
        self.process.kill()
        self.process.wait(DEADLINE)
        self.assertTrue(os.path.exists(self.path))
        self.start()
        self.connect().start([SMTP]).close()

    def test_a_second_one_does_not_take_the_socket_away(self):
        second = subprocess.run([BINARY, '--socket', self.path], capture_output=True, text=True,
                                timeout=DEADLINE)
        self.assertEqual(second.returncode, 1)
        self.assertIn('in use', second.stderr)
        self.connect().start([SMTP]).close()

    def test_the_socket_is_for_its_owner(self):
        self.assertEqual(os.stat(self.path).st_mode & 0o777, 0o600)

    def test_it_keeps_one_capability(self):
        with open(f'/proc/{self.process.pid}/status') as f:
            status = dict(line.split(':', 1) for line in f)
        for name, value in (('CapPrm', CAP_NET_ADMIN), ('CapEff', CAP_NET_ADMIN), ('CapInh', 0),
                            ('CapAmb', 0), ('NoNewPrivs', 1)):
            self.assertEqual(int(status[name], 16), value, name)


class Starting(unittest.TestCase):
    def run_it(self, *arguments, **options):
        return subprocess.run([BINARY, *arguments], capture_output=True, text=True,
                              timeout=DEADLINE, **options)

    def test_usage(self):
        for arguments in ((), ('x',), ('--fd', 'x'), ('--fd', '-1'), ('--fd',), ('--bogus',),
                          ('--fd', '3', '--clear'), ('--clear', '--socket', '/x')):
            with self.subTest(arguments):
                run = self.run_it(*arguments)
                self.assertEqual((run.returncode, run.stdout), (2, ''))
                self.assertTrue(run.stderr)

    def test_help(self):
        run = self.run_it('--help')
        self.assertEqual((run.returncode, run.stderr), (0, ''))
        self.assertIn('--clear', run.stdout)
        self.assertRegex(self.run_it('--version').stdout, r'^tailban-enforce \d+\.\d+')

    def test_not_a_socket_for_us(self):
        stream, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with stream, other, open('/dev/null') as null:
            for fd in stream.fileno(), null.fileno():
                self.assertEqual(self.run_it('--fd', str(fd), pass_fds=[fd]).returncode, 1)
        self.assertEqual(self.run_it('--fd', '77').returncode, 1)
        self.assertEqual(self.run_it('--socket', '/nowhere/x').returncode, 1)

    def test_without_the_capability(self):
        run = subprocess.run(['setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin', BINARY,
                              '--clear'], capture_output=True, text=True, timeout=DEADLINE)
        self.assertEqual(run.returncode, 1)
        self.assertIn('CAP_NET_ADMIN', run.stderr)

    def test_clear(self):
        nft('add', 'table', 'inet', 'tailban')
        nft('add', 'table', 'inet', 'other')
        for _ in range(2):
            self.assertEqual(self.run_it('--clear').returncode, 0)
            self.assertEqual(nft('list', 'tables').stdout, 'table inet other\n')
        nft('flush', 'ruleset')

    def test_one_in_a_network_namespace(self):
        first = Enforcer(BINARY).start([SMTP])
        nft('flush', 'ruleset')
        sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with sock, theirs:
            run = self.run_it('--fd', str(theirs.fileno()), pass_fds=[theirs.fileno()])
        self.assertEqual(run.returncode, 1)
        self.assertIn('another tailban-enforce', run.stderr)
        # One that ends is waited for.
        second = Enforcer(BINARY)
        self.assertEqual(first.close(), 0)
        second.start([SMTP])
        self.assertEqual(second.close(), 0)
        nft('flush', 'ruleset')

    def test_it_ends_with_the_connection_it_was_given(self):
        self.assertEqual(Enforcer(BINARY).start([SMTP]).close(), 0)
        enforcer = Enforcer(BINARY).start([SMTP], [(0, '192.0.2.1/32', 0)])
        self.assertEqual(stop(enforcer.process), 0)
        self.assertTrue(enforcer.hung_up())
        enforcer.sock.close()
        self.assertEqual(list(elements('smtp-v4-32')), ['192.0.2.1'])
        nft('flush', 'ruleset')


class Systemd(unittest.TestCase):
    """Socket activation, readiness and the watchdog, as systemd does them."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.addCleanup(self.listener.close)
        self.listener.bind(folder.name + '/enforce.sock')
        self.listener.listen()
        self.path = folder.name + '/enforce.sock'

    def start(self, notify, **env):
        # The shell is what knows the pid before it becomes the program.
        script = f'exec env LISTEN_PID=$$ WATCHDOG_PID=$$ "$@" 3<&{self.listener.fileno()}'
        return subprocess.Popen(
            ['sh', '-c', script, 'sh', BINARY], pass_fds=[self.listener.fileno()],
            env=os.environ | {'NOTIFY_SOCKET': notify, 'LISTEN_FDS': '1'} | env)

    def check(self, name, address):
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(notify.close)
        notify.bind(address)
        notify.settimeout(DEADLINE)
        process = self.start(name, WATCHDOG_USEC='100000')
        self.assertEqual(notify.recv(100), b'READY=1')
        for _ in range(3):
            self.assertEqual(notify.recv(100), b'WATCHDOG=1')
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        sock.connect(self.path)
        Enforcer(BINARY, sock=sock).start([SMTP]).close()
        self.assertEqual(stop(process), 0)
        while notify.recv(100) != b'STOPPING=1':
            pass
        nft('flush', 'ruleset')

    def test_a_path(self):
        name = self.path + '.notify'
        self.check(name, name)

    def test_an_abstract_name(self):
        name = f'tailban-test-{os.getpid()}'
        self.check('@' + name, '\0' + name)

    def test_more_than_one_socket(self):
        process = self.start('', LISTEN_FDS='2')
        self.assertEqual(process.wait(DEADLINE), 1)


if __name__ == '__main__':
    unittest.main(verbosity=2)
