# SPDX-License-Identifier: GPL-2.0-or-later
"""tailban-enforce alone: from an order on its socket to the acknowledgement, by which time the kernel
enforces it."""
import sys

from lib import corpus, kernel, process, tailban
from lib.table import Row

sys.path.insert(0, str(tailban.ROOT / 'tests/enforce'))

from client import BAN, PACKET_MAX, TCP, UNBAN, Enforcer, Jail, record  # noqa: E402

SMTP = Jail('smtp', (TCP, 25, 25), (TCP, 465, 465), (TCP, 587, 587))
WEEK = 604_800_000  # milliseconds
FAMILIES = {'IPv4': lambda i: f'{corpus.dotted((11 << 24) + i)}/32',
            'IPv6': lambda i: f'2001:{i >> 16:x}:{i & 0xffff:x}::/64'}


def round_trips(enforcer, packets):
    """Seconds from sending each packet to the end of its answer."""
    taken = []
    for packet in packets:
        with process.Clock() as clock:
            enforcer.sock.send(packet)
            enforcer.sock.recv(len(packet))
        taken.append(clock.seconds)
    return taken


def singles(enforcer, op, n):
    ms = WEEK if op == BAN else 0
    return round_trips(enforcer, [record(op, i, net=f'{corpus.dotted((12 << 24) + i)}/32', ms=ms)
                                  for i in range(n)])


def again(enforcer, nets):
    packets = [b''.join(record(BAN, net=net, ms=2 * WEEK) for net in nets[i:i + PACKET_MAX])
               for i in range(0, len(nets), PACKET_MAX)]
    return sum(round_trips(enforcer, packets))


def measure(bench, family, n):
    few, nets = bench.part(500), [FAMILIES[family](i) for i in range(n)]
    with process.pinned(process.MEASURED):
        enforcer = Enforcer(bench.build / 'tailban-enforce')
    try:
        enforcer.start([SMTP])
        packets = enforcer.whole_packets([SMTP], [(0, net, WEEK) for net in nets])
        whole = sum(round_trips(enforcer, packets))
        ban, unban = singles(enforcer, BAN, few), singles(enforcer, UNBAN, few)
        more = again(enforcer, nets)
    finally:
        enforcer.close()
        kernel.empty()
    for name, runs in ('ban', ban), ('unban', unban):
        yield Row(f'one {name} beside {n:,} {family}, p50', process.median(runs), 's',
                  note=f'p99 {process.share(runs, .99) * 1e6:.0f} us')
    if nets:
        yield Row(f'  all {n:,} anew', whole, 's')
        yield Row(f'  all {n:,} prolonged', more, 's')


def run(bench):
    yield from measure(bench, 'IPv4', 0)
    for family in FAMILIES:
        yield from measure(bench, family, bench.part(10))
