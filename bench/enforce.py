#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long tailban-enforce takes, from an order on the socket to its acknowledgement, by which time
the kernel enforces it. In a network namespace of its own. Usage: enforce.py [TAILBAN-ENFORCE]"""
import ipaddress
import pathlib
import statistics
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / 'tests' / 'enforce'))

from client import BAN, PACKET_MAX, TCP, UNBAN, Enforcer, Jail, enter_namespace, record  # noqa: E402

enter_namespace()
BINARY = sys.argv[1] if len(sys.argv) > 1 else str(ROOT / 'build' / 'tailban-enforce')
SMTP = Jail('smtp', (TCP, 25, 25), (TCP, 465, 465), (TCP, 587, 587))
SINGLES = 2000


def host(i):
    return str(ipaddress.IPv4Address(0x0b000000 + i)) + '/32'


def subnet(i):
    return f'2001:{i >> 16:x}:{i & 0xffff:x}::/64'


def round_trips(enforcer, packets):
    """Seconds from sending each packet to the end of its answer, without the making of it."""
    times = []
    for packet in packets:
        start = time.perf_counter()
        enforcer.sock.send(packet)
        enforcer.sock.recv(len(packet))
        times.append(time.perf_counter() - start)
    return times


def singles(enforcer, op, name):
    times = sorted(round_trips(enforcer, [record(op, i, net=f'12.0.{i >> 8}.{i & 255}/32')
                                          for i in range(SINGLES)]))
    print(f'    one {name}: median {statistics.median(times) * 1e6:.0f} us, '
          f'99 of 100 within {times[SINGLES * 99 // 100] * 1e6:.0f} us')


def again(enforcer, nets):
    packets = [b''.join(record(BAN, net=net, ms=1_209_600_000) for net in nets[i:i + PACKET_MAX])
               for i in range(0, len(nets), PACKET_MAX)]
    seconds = sum(round_trips(enforcer, packets))
    print(f'    all banned again, {PACKET_MAX} a packet: {seconds:.3f} s '
          f'({len(nets) / seconds:.0f} bans/s)')


def run(name, nets):
    enforcer = Enforcer(BINARY).start([SMTP])
    packets = enforcer.whole_packets([SMTP], [(0, net, 604_800_000) for net in nets])
    staged, commit = sum(round_trips(enforcer, packets[:-1])), round_trips(enforcer, packets[-1:])[0]
    print(f'{len(nets)} {name}: the whole state taken in {staged:.3f} s, in force {commit:.3f} s '
          'later')
    singles(enforcer, BAN, 'ban')
    singles(enforcer, UNBAN, 'unban')
    if nets:
        again(enforcer, nets)
    enforcer.close()


run('bans', [])
run('IPv4 addresses', [host(i) for i in range(100_000)])
run('IPv6 /64', [subnet(i) for i in range(100_000)])
