# SPDX-License-Identifier: GPL-2.0-or-later
"""What bans do to packets, between two network namespaces. Usage: packets.py TAILBAN-ENFORCE"""
import errno
import select
import socket
import subprocess
import sys
import threading
import unittest

from client import REJECT, TCP, UDP, Enforcer, Jail, Neighbour, enter_namespace, nft, wait_for

enter_namespace()
BINARY = sys.argv.pop(1)

OURS = {4: '192.0.2.1', 6: '2001:db8::1'}
THEIRS = ['192.0.2.10/24', '192.0.2.11/24', '192.0.3.10/16', '2001:db8::10/48', '2001:db8::11/48',
          '2001:db8:0:1::10/48']
SMTP, POP, WEB = 25, 110, 80
LOST, ANSWER = 0.15, 5  # seconds: until a packet counts as lost, and for an answer that must come


def family_of(address):
    return socket.AF_INET6 if ':' in address else socket.AF_INET


class Packets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = Neighbour([OURS[4] + '/16', OURS[6] + '/48'], THEIRS)
        cls.servers = {}
        for port in (SMTP, POP, WEB, 588):
            server = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(('::', port))  # both families
            server.listen(64)
            cls.servers[port] = server

        probe = cls('setUp')
        for source in (a.split('/')[0] for a in THEIRS):
            wait_for(lambda: probe.connect(source, WEB) == 0, f'the cable to carry {source}')
        probe.doCleanups()

    @classmethod
    def tearDownClass(cls):
        for server in cls.servers.values():
            server.close()
        cls.world.close()

    def setUp(self):
        self.enforcer = Enforcer(BINARY)

    def tearDown(self):
        self.assertEqual(self.enforcer.close(), 0)
        nft('flush', 'ruleset')

    def socket(self, source, kind=socket.SOCK_STREAM):
        s = self.world.socket(family_of(source), kind)
        self.addCleanup(s.close)
        s.bind((source, 0))
        return s

    def connect(self, source, port, seconds=LOST):
        """0, or the errno; errno.ETIMEDOUT where nothing answers."""
        s = self.socket(source)
        s.settimeout(seconds)
        try:
            s.connect((OURS[6] if ':' in source else OURS[4], port))
        except TimeoutError:
            return errno.ETIMEDOUT
        except OSError as e:
            return e.errno
        finally:
            s.close()
        return 0

    def check(self, *rows):
        for source, port, result in rows:
            with self.subTest(source=source, port=port):
                seconds = LOST if result == errno.ETIMEDOUT else ANSWER
                self.assertEqual(self.connect(source, port, seconds), result)


class Bans(Packets):
    # what is banned, who is cut off by it, and who is not
    ROWS = (
        ('192.0.2.10/32', ['192.0.2.10'], ['192.0.2.11', '192.0.3.10', '2001:db8::10']),
        ('192.0.2.0/24', ['192.0.2.10', '192.0.2.11'], ['192.0.3.10', '2001:db8::10']),
        ('192.0.0.0/16', ['192.0.2.10', '192.0.3.10'], ['2001:db8::10']),
        ('2001:db8::10/128', ['2001:db8::10'], ['2001:db8::11', '192.0.2.10']),
        ('2001:db8::/64', ['2001:db8::10', '2001:db8::11'], ['2001:db8:0:1::10', '192.0.2.10']),
        ('2001:db8::/48', ['2001:db8::10', '2001:db8:0:1::10'], ['192.0.2.10']),
    )

    def test_it_cuts_off_the_net_from_the_jails_ports_only(self):
        self.enforcer.start([Jail('smtp', (TCP, SMTP, SMTP), (TCP, 587, 589))])
        for net, inside, outside in self.ROWS:
            with self.subTest(net):
                self.assertEqual(self.enforcer.ban(net), [])
                self.check(*((a, p, errno.ETIMEDOUT) for a in inside for p in (SMTP, 588)),
                           *((a, WEB, 0) for a in inside),
                           *((a, p, 0) for a in outside for p in (SMTP, 588)))
                self.assertEqual(self.enforcer.unban(net), [])
                self.check(*((a, SMTP, 0) for a in inside))

    def test_all_ports(self):
        self.enforcer.hello()
        for jails in [Jail('smtp', (TCP, SMTP, SMTP)), Jail('manual')], [Jail('x'), Jail('manual')]:
            self.assertEqual(self.enforcer.whole(jails, [(1, '192.0.2.10/32', 0)]), {})
            self.enforcer.ban('2001:db8::/64', jail=1)
            self.check(('192.0.2.10', SMTP, errno.ETIMEDOUT), ('192.0.2.10', WEB, errno.ETIMEDOUT),
                       ('2001:db8::10', WEB, errno.ETIMEDOUT), ('192.0.2.11', SMTP, 0),
                       ('2001:db8:0:1::10', WEB, 0))

    def test_whoever_is_banned_on_all_ports_is_still_a_neighbour(self):
        self.enforcer.start([Jail('manual')], [(0, '2001:db8::/64', 0)])
        self.world.run('ip', '-6', 'neighbour', 'flush', 'dev', 'cable', inside=True)
        self.check(('2001:db8::10', WEB, errno.ETIMEDOUT))
        self.assertIn('lladdr', self.world.run('ip', '-6', 'neighbour', 'show', 'to', OURS[6],
                                               inside=True))

    def test_each_jail_has_its_ports(self):
        self.enforcer.start([Jail('smtp', (TCP, SMTP, SMTP)), Jail('pop', (TCP, POP, POP))],
                            [(0, '192.0.2.10/32', 0), (1, '192.0.2.11/32', 0)])
        self.check(('192.0.2.10', SMTP, errno.ETIMEDOUT), ('192.0.2.10', POP, 0),
                   ('192.0.2.11', SMTP, 0), ('192.0.2.11', POP, errno.ETIMEDOUT))

    # Who is spared, bans, who is cut off, and who is not
    SPARED = (
        ('192.0.2.10/32', ['192.0.2.0/24'], ['192.0.2.11'], ['192.0.2.10', '192.0.3.10']),
        ('192.0.2.10/32', ['192.0.2.0/24', '192.0.0.0/16'], ['192.0.2.11', '192.0.3.10'],
         ['192.0.2.10']),
        ('192.0.2.10/32', ['192.0.2.0/24', '192.0.2.10/32'], ['192.0.2.10', '192.0.2.11'],
         ['192.0.3.10']),
        ('2001:db8:0:1::/64', ['2001:db8::/48'], ['2001:db8::10', '2001:db8::11'],
         ['2001:db8:0:1::10', '192.0.2.10']),
        ('2001:db8:0:1::/64', ['2001:db8::/48', '2001:db8:0:1::/64'],
         ['2001:db8::10', '2001:db8:0:1::10'], ['192.0.2.10']),
    )

    def test_blocks_bans_go_past_who_is_spared(self):
        jails = [Jail('smtp', (TCP, SMTP, SMTP)), Jail('all'), Jail('no', action=REJECT)]
        for jail in range(len(jails)):
            for host, nets, inside, outside in self.SPARED:
                with self.subTest(jail=jails[jail].name, nets=nets):
                    stopped = errno.ECONNREFUSED if jail == 2 else errno.ETIMEDOUT
                    bans = [(jail, net, 0) for net in nets]
                    self.enforcer.hello() if self.enforcer.seq == 0 else None
                    self.assertEqual(self.enforcer.whole(jails, bans, [(host, 0)]), {})
                    self.check(*((a, SMTP, stopped) for a in inside),
                               *((a, SMTP, 0) for a in outside))

    def test_spared_as_it_comes(self):
        self.enforcer.start([Jail('smtp', (TCP, SMTP, SMTP))])
        self.assertEqual(self.enforcer.spare('192.0.2.10/32'), [])
        self.enforcer.ban('192.0.2.0/24')
        self.check(('192.0.2.10', SMTP, 0), ('192.0.2.11', SMTP, errno.ETIMEDOUT))
        self.assertEqual(self.enforcer.unspare('192.0.2.10/32'), [])
        self.check(('192.0.2.10', SMTP, errno.ETIMEDOUT))
        self.enforcer.spare('192.0.2.11/32')
        self.check(('192.0.2.11', SMTP, 0))

    def test_the_ban_ends_with_its_time(self):
        self.enforcer.start([Jail('smtp', (TCP, SMTP, SMTP))])
        self.enforcer.ban('192.0.2.10/32', 10)
        for _ in range(100):
            result = self.connect('192.0.2.10', SMTP)
            if result == 0:
                break
        self.assertEqual(result, 0)

    def test_they_stay_when_the_enforcer_ends(self):
        self.enforcer.start([Jail('smtp', (TCP, SMTP, SMTP))], [(0, '192.0.2.10/32', 0)])
        self.enforcer.close()
        self.check(('192.0.2.10', SMTP, errno.ETIMEDOUT), ('192.0.2.11', SMTP, 0))
        subprocess.run([BINARY, '--clear'], check=True)
        self.check(('192.0.2.10', SMTP, 0))
        self.assertEqual(nft('list', 'ruleset').stdout, '')

    def test_an_open_connection_is_cut(self):
        self.enforcer.start([Jail('smtp', (TCP, SMTP, SMTP))])
        for source in ('192.0.2.10', '2001:db8::10'):
            with self.subTest(source):
                client = self.socket(source)
                client.connect((OURS[6] if ':' in source else OURS[4], SMTP))
                served = self.accept(SMTP, client.getsockname()[1])
                client.send(b'EHLO')
                self.assertEqual(self.answer(served), b'EHLO')
                self.enforcer.ban(source + ('/128' if ':' in source else '/32'))
                client.send(b'AUTH')
                self.assertIsNone(self.answer(served, LOST))

    def accept(self, port, peer_port):
        while True:
            served, peer = self.servers[port].accept()
            self.addCleanup(served.close)
            if peer[1] == peer_port:
                return served

    def answer(self, s, seconds=ANSWER):
        return s.recv(100) if select.select([s], [], [], seconds)[0] else None

    def test_fragments(self):
        """Of a datagram in pieces only the first has a port; without it the rest is nothing."""
        self.enforcer.start([Jail('dns', (UDP, 53, 53))], [(0, '192.0.2.10/32', 0),
                                                           (0, '2001:db8::/64', 0)])
        for banned, free in ('192.0.2.10', '192.0.2.11'), ('2001:db8::10', '2001:db8:0:1::10'):
            with self.subTest(banned):
                to = (OURS[6] if ':' in free else OURS[4], 53)
                server = socket.socket(family_of(free), socket.SOCK_DGRAM)
                self.addCleanup(server.close)
                server.bind(to)
                self.socket(banned, socket.SOCK_DGRAM).sendto(b'b' * 5000, to)
                self.socket(free, socket.SOCK_DGRAM).sendto(b'f' * 5000, to)
                self.assertTrue(select.select([server], [], [], ANSWER)[0])
                self.assertEqual(server.recv(9000)[:1], b'f')


class Rejects(Packets):
    def rejected(self, jail):
        self.enforcer.start([jail], [(0, '192.0.2.10/32', 0), (0, '2001:db8::/64', 0)])
        self.check(('192.0.2.10', SMTP, errno.ECONNREFUSED), ('192.0.2.11', SMTP, 0),
                   ('2001:db8::10', SMTP, errno.ECONNREFUSED), ('2001:db8:0:1::10', SMTP, 0))
        for source, error in ('192.0.2.10', errno.EHOSTUNREACH), ('2001:db8::10', errno.EACCES):
            with self.subTest(source):
                s = self.socket(source, socket.SOCK_DGRAM)
                s.settimeout(ANSWER)
                s.connect((OURS[6] if ':' in source else OURS[4], SMTP))
                s.send(b'x')
                with self.assertRaises(OSError) as caught:
                    s.recv(1)
                self.assertEqual(caught.exception.errno, error)

    def test_on_ports(self):
        self.rejected(Jail('smtp', (TCP, SMTP, SMTP), (UDP, SMTP, SMTP), action=REJECT))
        self.check(('192.0.2.10', WEB, 0))

    def test_on_all_ports(self):
        self.rejected(Jail('all', action=REJECT))
        self.check(('192.0.2.10', WEB, errno.ECONNREFUSED))


class NoGap(Packets):
    """Whatever is renewed, no packet of an address that is banned all the while gets through."""
    JAIL, ATTACKER = Jail('dns', (UDP, 53, 53)), '192.0.2.10'

    def pound(self, renew):
        self.enforcer.start([self.JAIL], [(0, self.ATTACKER + '/32', 0)])
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.addCleanup(server.close)
        server.bind((OURS[4], 53))
        attacker = self.socket(self.ATTACKER, socket.SOCK_DGRAM)
        done, sent = threading.Event(), [0]

        def attack():
            while not done.is_set():
                attacker.sendto(b'x', (OURS[4], 53))
                sent[0] += 1

        thread = threading.Thread(target=attack)
        thread.start()
        try:
            while sent[0] < 1000:
                renew()
        finally:
            done.set()
            thread.join()
        self.socket('192.0.2.11', socket.SOCK_DGRAM).sendto(b'f', (OURS[4], 53))
        self.assertTrue(select.select([server], [], [], ANSWER)[0])
        self.assertEqual(server.recv(10), b'f')

    def test_the_whole_state(self):
        bans = [(0, f'11.{i >> 8}.{i & 255}.1/32', 0) for i in range(20_000)]
        bans.append((0, self.ATTACKER + '/32', 0))
        self.pound(lambda: [self.enforcer.whole([self.JAIL], bans) for _ in range(4)])

    def test_one_ban(self):
        self.pound(lambda: [self.enforcer.ban(self.ATTACKER + '/32', ms)
                            for ms in (600_000, 0) * 1000])


if __name__ == '__main__':
    unittest.main(verbosity=2)
