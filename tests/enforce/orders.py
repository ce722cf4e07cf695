# SPDX-License-Identifier: GPL-2.0-or-later
"""What orders do to the kernel's sets. Usage: orders.py PATH-TO-TAILBAN-ENFORCE"""
import errno
import ipaddress
import subprocess
import sys
import unittest

from client import (ACK, BAN, CLEAR, COMMIT, DROP, FLUSHED, JAIL, OWN, PACKET_MAX, PORT, REFUSED,
                    RESET, SPARE, TCP, UDP, UNBAN, UNSPARE, Enforcer, Jail, elements, enter_namespace, nft, sets, wait_for)

enter_namespace()
BINARY = sys.argv.pop(1)
SMTP, ALL = Jail('smtp', (TCP, 25, 25), (TCP, 465, 587)), Jail('manual')
FOREVER_TOO_LONG = 2**64 - 1  # milliseconds that the kernel refuses with ERANGE
CLAIM = 'table inet tailban-claim\n'  # there while an enforcer is
MANY = 100_000
BANS_MAX = 1 << 20


def host(i):
    return str(ipaddress.IPv4Address(0x0b000000 + i)) + '/32'


class Orders(unittest.TestCase):
    def setUp(self):
        self.enforcer = Enforcer(BINARY)

    def tearDown(self):
        self.assertEqual(self.enforcer.close(), 0)
        nft('flush', 'ruleset')


class Bans(Orders):
    # order, the set it goes into, the element there
    NETS = (
        ('192.0.2.1/32', 'v4-32', '192.0.2.1'),
        ('198.51.100.0/24', 'v4-24', '198.51.100.0'),
        ('198.51.0.0/16', 'v4-16', '198.51.0.0'),
        ('198.51.96.0/19', 'v4-19', '198.51.96.0'),
        ('11.0.0.0/8', 'v4-8', '11.0.0.0'),
        ('2001:db8::1/128', 'v6-128', '2001:db8::1'),
        ('2001:db8:1:2::/64', 'v6-64', '2001:db8:1:2::'),
        ('2001:db8:1::/48', 'v6-48', '2001:db8:1::'),
        ('2001:db8:1:2200::/55', 'v6-55', '2001:db8:1:2200::'),
        ('2001:db8::/32', 'v6-32', '2001:db8::'),
    )

    def test_every_length_has_its_set_from_its_first_ban_on(self):
        self.enforcer.start([SMTP])
        for net, name, element in self.NETS:
            with self.subTest(net):
                self.assertIsNone(elements(f'smtp-{name}'))
                self.assertEqual(self.enforcer.ban(net), [])
                self.assertEqual(list(elements(f'smtp-{name}')), [element])

    def test_unban(self):
        self.enforcer.start([SMTP])
        for net, name, element in self.NETS:
            with self.subTest(net):
                self.assertEqual(self.enforcer.unban(net), [])
                self.assertIsNone(elements(f'smtp-{name}'), 'for an unban no set is made')
                self.enforcer.ban(net)
                self.assertEqual(self.enforcer.unban(net), [])
                self.assertEqual(elements(f'smtp-{name}'), {})
                self.assertEqual(self.enforcer.unban(net), [])

    def test_spared(self):
        self.enforcer.start([SMTP])
        self.assertEqual(self.enforcer.unspare('192.0.2.1/32'), [])
        self.assertIsNone(elements('spared4'), 'for a host that is not spared no set is made')
        for net, name, element in (('192.0.2.1/32', 'spared4', '192.0.2.1'),
                                   ('2001:db8:0:7::/64', 'spared6', '2001:db8:0:7::')):
            with self.subTest(net):
                self.assertEqual(self.enforcer.spare(net), [])
                self.assertEqual(list(elements(name)), [element])
                self.enforcer.spare(net, ms=3_600_000)
                self.assertGreater(elements(name)[element], 3000)
                self.assertEqual(self.enforcer.unspare(net), [])
                self.assertEqual(elements(name), {})

    def test_no_jail_is_called_as_the_spared_are(self):
        self.enforcer.start([Jail('spared'), Jail('spared4')], [(0, '192.0.2.1/32', 0),
                                                                (1, '192.0.2.0/24', 0)],
                            [('192.0.2.7/32', 0)])
        self.assertEqual(list(elements('spared4')), ['192.0.2.7'])
        self.assertEqual(list(elements('spared-v4-32')), ['192.0.2.1'])
        self.assertEqual(list(elements('spared4-v4-24')), ['192.0.2.0'])

    def test_jails_are_apart(self):
        self.enforcer.start([SMTP, ALL])
        self.enforcer.ban('192.0.2.1/32', jail=0)
        self.enforcer.ban('192.0.2.2/32', jail=1)
        self.enforcer.unban('192.0.2.1/32', jail=1)
        self.assertEqual(list(elements('smtp-v4-32')), ['192.0.2.1'])
        self.assertEqual(list(elements('manual-v4-32')), ['192.0.2.2'])

    def test_a_name_that_begins_with_a_digit(self):
        self.enforcer.start([Jail('3proxy', (TCP, 3128, 3128))])
        self.enforcer.ban('192.0.2.1/32', jail=0)
        self.assertEqual(list(elements('_3proxy-v4-32')), ['192.0.2.1'])
        self.assertIn('_3proxy-ports', sets())

    def test_timeouts(self):
        self.enforcer.start([SMTP])
        for net, ms, least, most in (
                ('192.0.2.1/32', 600_000, 590, 600), ('192.0.2.1/32', 1_200_000, 1190, 1200),
                ('192.0.2.1/32', 300_000, 290, 300), ('192.0.2.1/32', 0, None, None),
                ('192.0.2.1/32', 604_800_000, 604790, 604800)):
            with self.subTest(ms):
                self.assertEqual(self.enforcer.ban(net, ms), [])
                left = elements('smtp-v4-32')['192.0.2.1']
                if least is None:
                    self.assertIsNone(left)
                else:
                    self.assertTrue(least <= left <= most, left)

    def test_the_kernel_lets_them_expire_and_that_is_no_change_by_others(self):
        self.enforcer.start([SMTP])
        self.enforcer.ban('192.0.2.1/32', 50)
        self.enforcer.ban('192.0.2.2/32')
        wait_for(lambda: '192.0.2.1' not in elements('smtp-v4-32'), 'the expiry')
        self.assertEqual(self.enforcer.unban('192.0.2.1/32'), [])
        self.assertEqual(self.enforcer.ban('192.0.2.1/32'), [])
        self.assertEqual(set(elements('smtp-v4-32')), {'192.0.2.1', '192.0.2.2'})
        self.assertIsNone(self.enforcer.receive(0))

    def test_orders_of_one_packet_count_in_their_order(self):
        self.enforcer.start([SMTP, ALL])
        a, b, c = '192.0.2.1/32', '192.0.2.2/32', '192.0.2.3/32'
        orders = [(BAN, a), (UNBAN, a), (BAN, a), (BAN, b), (BAN, b), (UNBAN, b), (UNBAN, c),
                  (BAN, c), (BAN, c)]
        self.assertEqual(self.enforcer.carry_out([(op, dict(net=net)) for op, net in orders]), {})
        self.assertEqual(set(elements('smtp-v4-32')), {'192.0.2.1', '192.0.2.3'})

    def test_a_bad_order_costs_only_itself(self):
        self.enforcer.start([SMTP])
        bad = {7: FOREVER_TOO_LONG, 8: FOREVER_TOO_LONG, 499: FOREVER_TOO_LONG}
        refused = self.enforcer.carry_out(
            [(BAN, dict(net=host(i), ms=bad.get(i, 600_000))) for i in range(500)])
        first = self.enforcer.seq - 499
        self.assertEqual(refused, {first + i: errno.ERANGE for i in bad})
        self.assertEqual(len(elements('smtp-v4-32')), 500 - len(bad))

    def test_a_set_whose_first_ban_fails_comes_with_the_second(self):
        self.enforcer.start([SMTP])
        self.assertEqual(self.enforcer.ban('192.0.2.0/24', FOREVER_TOO_LONG), [errno.ERANGE])
        self.assertIsNone(elements('smtp-v4-24'))
        self.assertEqual(self.enforcer.ban('192.0.2.0/24'), [])
        self.assertEqual(list(elements('smtp-v4-24')), ['192.0.2.0'])

    def test_what_must_never_be_banned(self):
        self.enforcer.start([SMTP])
        for net in ('0.0.0.0/0', '::/0', '0.0.0.0/32', '127.0.0.1/32', '127.0.0.0/8', '10.0.0.0/7',
                    '::/128', '::1/128', '2001:d00::/31', '224.0.0.1/32', 'fe80::/64', 'ff02::1/128'):
            with self.subTest(net):
                self.assertEqual(self.enforcer.ban(net), [errno.EPERM])
        self.assertEqual(self.enforcer.ban('192.0.2.1/32', jail=1), [errno.ENOENT])
        self.assertEqual(self.enforcer.ban('192.0.2.1/32', jail=1023), [errno.ENOENT])
        self.assertEqual(sets(), {'ports', 'smtp-ports'})

    def test_a_refusal_names_the_order_it_answers(self):
        self.enforcer.start([SMTP, ALL])
        seq = self.enforcer.send(BAN, jail=1, net='127.0.0.1/32')
        refusal, ack = self.enforcer.until(ACK)
        self.assertEqual((refusal.op, refusal.seq, refusal.jail, refusal.net, refusal.error),
                         (REFUSED, seq, 1, '127.0.0.1/32', errno.EPERM))
        self.assertEqual(ack.seq, seq)


class OldKernel(Bans):
    """The same where the kernel says that it is of before 6.12, which keeps the old timeout of an
    element that is added again."""

    def setUp(self):
        self.enforcer = Enforcer('setarch', '--uname-2.6', BINARY)


class Whole(Orders):
    def test_it_replaces_what_was_there(self):
        self.enforcer.start([SMTP, ALL], [(0, '192.0.2.1/32', 600_000), (1, '192.0.2.2/32', 0)])
        self.enforcer.ban('2001:db8::/64')
        pop = Jail('pop', (TCP, 110, 110))
        self.assertEqual(self.enforcer.whole([pop, SMTP], [(1, '192.0.2.3/32', 1000_000)]), {})
        self.assertEqual(sets(), {'ports', 'pop-ports', 'smtp-ports', 'smtp-v4-32'})
        self.assertEqual(list(elements('smtp-v4-32')), ['192.0.2.3'])
        self.enforcer.ban('192.0.2.4/32', jail=0)
        self.assertEqual(list(elements('pop-v4-32')), ['192.0.2.4'])

    def test_nothing_to_enforce(self):
        self.enforcer.start([])
        self.assertEqual(sets(), set())
        self.assertIn('prerouting', nft('list', 'table', 'inet', 'tailban').stdout)
        self.assertEqual(self.enforcer.ban('192.0.2.1/32'), [errno.ENOENT])

    def test_ports_that_overlap(self):
        a = Jail('a', (TCP, 25, 30), (TCP, 28, 40), (TCP, 25, 25), (UDP, 25, 25), (TCP, 41, 41))
        b = Jail('b', (TCP, 30, 50))
        self.enforcer.start([a, b])
        listed = nft('list', 'table', 'inet', 'tailban').stdout
        for text in ('tcp . 25-40,', 'udp . 25', 'tcp . 41', 'tcp . 30-50', 'tcp . 25-50,'):
            self.assertIn(text, listed)

    def test_a_jail_twice(self):
        self.enforcer.hello()
        refused = self.enforcer.carry_out([
            (RESET, {}), (JAIL, dict(jail=0, name=b'a', action=DROP)),
            (JAIL, dict(jail=0, name=b'b', action=DROP)),
            (JAIL, dict(jail=1, name=b'a', action=DROP)),
            (PORT, dict(jail=1, proto=TCP, ports=(25, 25))),
            (BAN, dict(jail=1, net='192.0.2.1/32')), (COMMIT, {})])
        self.assertEqual(list(refused.values()),
                         [errno.EEXIST, errno.EEXIST, errno.ENOENT, errno.ENOENT])

    def test_more_ports_than_a_jail_may_have(self):
        self.enforcer.hello()
        many = Jail('many', *((TCP, p, p) for p in range(1, 131)))
        self.assertEqual(list(self.enforcer.whole([many]).values()), [errno.ENOSPC] * 2)

    def test_the_old_state_stays_until_the_commit(self):
        self.enforcer.start([SMTP], [(0, '192.0.2.1/32', 0)])
        self.enforcer.carry_out([(RESET, {}), (JAIL, dict(name=b'x', action=DROP))])
        self.assertEqual(list(elements('smtp-v4-32')), ['192.0.2.1'])

    def test_it_may_start_anew_before_its_commit(self):
        self.enforcer.start([SMTP], [(0, '192.0.2.1/32', 0)])
        self.enforcer.carry_out([(RESET, {}), (JAIL, dict(name=b'x', action=DROP)),
                                 (BAN, dict(net='192.0.2.2/32'))])
        self.assertEqual(self.enforcer.whole([ALL], [(0, '192.0.2.3/32', 0)]), {})
        self.assertEqual(sets(), {'manual-v4-32'})
        self.assertEqual(list(elements('manual-v4-32')), ['192.0.2.3'])

    def many(self, odd_one_out):
        bans = [(0, host(i), 600_000) for i in range(MANY)]
        bans += [(0, f'2001:db8:{i:x}::/48', 0) for i in range(1000)]
        self.enforcer.hello()
        refused = self.enforcer.whole([SMTP], bans + odd_one_out)
        # The kernel's list is incomplete while it still enlarges its hash table.
        wait_for(lambda: len(elements('smtp-v4-32')) == MANY, 'all of them')
        self.assertEqual(len(elements('smtp-v6-48')), 1000)
        self.assertNotIn('tailban-standin', nft('list', 'tables').stdout)
        self.assertIsNone(self.enforcer.receive(0), 'our own changes are no change by others')
        return list(refused.values())

    def test_many_bans(self):
        self.assertEqual(self.many([]), [])

    def test_many_bans_and_one_bad(self):
        self.assertEqual(self.many([(0, '192.0.2.1/32', FOREVER_TOO_LONG)]), [errno.ERANGE])

    def test_others_at_work_meanwhile(self):
        """They change a table of their own, or ours, while the whole state comes in."""
        self.enforcer.start([SMTP])
        bans = [(0, host(i), 600_000) for i in range(MANY // 5)]
        for theirs in 'table ip theirs', 'table inet tailban':
            packets = self.enforcer.whole_packets([SMTP], bans)
            self.enforcer.carry_out_packets(packets[:-1])
            with self.enforcer.paused():
                self.enforcer.sock.send(packets[-1])
            for _ in range(5):
                nft('add', *theirs.split())
                nft('delete', *theirs.split(), ok=False)
            self.enforcer.until(ACK)
            # Told at once, or not at all where nothing of ours was touched in time.
            while self.enforcer.receive(1):
                self.enforcer.whole([SMTP], bans)
            wait_for(lambda: len(elements('smtp-v4-32')) == len(bans), 'all of them')

    def test_more_than_it_holds(self):
        """The same bans again and again count until the next whole state."""
        self.enforcer.start([SMTP])
        bans = [(BAN, dict(net=host(i), ms=600_000)) for i in range(PACKET_MAX)]
        packet, = self.enforcer.packets(bans)
        for i in range(BANS_MAX // PACKET_MAX):
            self.enforcer.sock.send(packet)
            self.assertEqual([r.op for r in self.enforcer.until(ACK)][-1:], [ACK])
        refused = self.enforcer.carry_out(bans)
        self.assertEqual(len(refused), PACKET_MAX - BANS_MAX % PACKET_MAX)
        self.assertEqual(set(refused.values()), {errno.ENOSPC})
        self.assertEqual(self.enforcer.unban(host(0)), [])
        self.assertEqual(self.enforcer.whole([SMTP]), {})
        self.assertEqual(self.enforcer.carry_out(bans), {})

    def test_a_leftover_of_a_process_that_died_is_removed(self):
        nft('add', 'table', 'inet', 'tailban-standin')
        nft('add', 'table', 'inet', 'tailban')
        nft('add', 'set', 'inet', 'tailban', 'smtp-v4-32', '{ type inet_service; }')
        self.enforcer.start([SMTP], [(0, '192.0.2.1/32', 0)])
        self.assertEqual(list(elements('smtp-v4-32')), ['192.0.2.1'])
        self.assertNotIn('tailban-standin', nft('list', 'tables').stdout)


class Others(Orders):
    BANS = [(0, '192.0.2.1/32', 600_000), (0, '192.0.2.2/32', 600_000)]
    CHANGES = ('flush ruleset', 'delete table inet tailban', 'flush set inet tailban smtp-v4-32',
               'delete element inet tailban smtp-v4-32 { 192.0.2.1 }',
               'flush chain inet tailban prerouting',
               'insert rule inet tailban prerouting accept')

    def test_their_changes_are_told_and_repaired(self):
        self.enforcer.start([SMTP], self.BANS)
        for change in self.CHANGES:
            with self.subTest(change):
                nft(*change.split())
                self.enforcer.until(FLUSHED)
                self.assertEqual(self.enforcer.whole([SMTP], self.BANS), {})
                self.assertEqual(set(elements('smtp-v4-32')), {'192.0.2.1', '192.0.2.2'})
                listed = nft('list', 'chain', 'inet', 'tailban', 'prerouting').stdout
                self.assertIn('@smtp-v4-32', listed)
                self.assertEqual(listed.count('accept'), 2, 'the policy and the gate')

    def test_what_is_not_ours_is_not_told(self):
        self.enforcer.start([SMTP], self.BANS)
        for command in ('add table inet theirs', 'add table ip tailban',
                        'add set inet theirs s { type ipv4_addr; }',
                        'add element inet theirs s { 192.0.2.1 }', 'delete table inet theirs',
                        'flush table ip tailban', 'list ruleset'):
            nft(*command.split())
        self.enforcer.send(BAN, net='192.0.2.3/32')
        self.assertEqual([r.op for r in self.enforcer.until(ACK)], [ACK])

    def test_a_ban_while_the_table_is_gone_is_not_refused(self):
        self.enforcer.start([SMTP], self.BANS)
        with self.enforcer.paused():
            nft('flush', 'ruleset')
            self.enforcer.send(BAN, net='192.0.2.3/32')
        self.assertEqual({r.op for r in self.enforcer.until(ACK) + self.enforcer.until(FLUSHED)}
                         - {ACK, FLUSHED}, set())

    def test_more_changes_than_can_be_heard(self):
        self.enforcer.start([SMTP], self.BANS)
        nft('add', 'table', 'ip', 'theirs')
        nft('add', 'set', 'ip', 'theirs', 's', '{ type ipv4_addr; }')
        batch = ', '.join(host(i)[:-3] for i in range(4000))
        with self.enforcer.paused():
            for _ in range(40):
                nft('add', 'element', 'ip', 'theirs', 's', f'{{ {batch} }}')
                nft('flush', 'set', 'ip', 'theirs', 's')
        self.enforcer.until(FLUSHED)

    def test_nobody_is_told_twice_of_one_change(self):
        self.enforcer.start([SMTP], self.BANS)
        nft('flush', 'ruleset')
        self.enforcer.until(FLUSHED)
        self.enforcer.send(BAN, net='192.0.2.3/32')
        self.enforcer.send(BAN, net='192.0.2.4/32')
        self.assertEqual([r.op for r in self.enforcer.until(ACK) + self.enforcer.until(ACK)],
                         [ACK, ACK])

    def test_after_clear_there_is_nothing_to_repair(self):
        self.enforcer.start([SMTP], self.BANS)
        self.assertEqual(self.enforcer.carry_out([(CLEAR, {})]), {})
        self.assertEqual(nft('list', 'tables').stdout, CLAIM)
        self.assertEqual(self.enforcer.ban('192.0.2.1/32'), [errno.ENOENT])
        nft('add', 'table', 'inet', 'tailban')
        self.assertEqual(self.enforcer.carry_out([(CLEAR, {})]), {})
        self.assertEqual(self.enforcer.whole([SMTP], self.BANS), {})
        self.assertIn('smtp-v4-32', sets())


class Own(Orders):
    CHANGES = (
        ('add 192.0.2.7/24', {'192.0.2.7/32'}),
        ('add 2001:db8::7/64', {'192.0.2.7/32', '2001:db8::7/128'}),
        ('add 192.0.2.8 peer 192.0.2.9', {'192.0.2.7/32', '192.0.2.8/32', '2001:db8::7/128'}),
        ('delete 192.0.2.7/24', {'192.0.2.8/32', '2001:db8::7/128'}),
    )

    def told(self):
        got = self.enforcer.until(COMMIT)
        self.assertIn(RESET, [r.op for r in got])
        return {r.net for r in got if r.op == OWN}

    def test_addresses_are_told_at_first_and_when_they_change(self):
        self.assertEqual(self.told(), set())
        subprocess.run(['ip', 'link', 'add', 'v0', 'type', 'veth'], check=True)
        self.addCleanup(subprocess.run, ['ip', 'link', 'delete', 'v0'], check=True)
        for change, addresses in self.CHANGES:
            with self.subTest(change):
                subprocess.run(['ip', 'address', *change.split(), 'dev', 'v0'], check=True)
                self.assertEqual(self.told(), addresses)


if __name__ == '__main__':
    unittest.main(verbosity=2)
