# SPDX-License-Identifier: GPL-2.0-or-later
"""A network namespace of our own, and questions to its kernel about single bans. Whole sets are never
listed: that takes longer than what is measured."""
import ipaddress
import os
import socket
import struct
import subprocess
import sys

INSIDE = 'TAILBAN_BENCH_INSIDE'
NETLINK_NETFILTER, NLM_F_REQUEST, NLMSG_ERROR = 12, 1, 2
GET_ELEMENT, INET = 10 << 8 | 13, 1
TABLE, SET, ELEMENTS, FIRST, NESTED = 1, 2, 3, 1, 0x8000
HEADER = struct.Struct('=IHHII')


def namespace():
    return os.readlink('/proc/self/ns/net')


def enter(argv):
    """Runs this program again in a network namespace of its own; returns where it runs there."""
    if INSIDE in os.environ:
        return guard()
    probe = subprocess.run(['unshare', '-rn', 'true'], capture_output=True, text=True, check=False)
    if probe.returncode:
        sys.exit(f'bench: no network namespace can be had here: {probe.stderr.strip()}')
    os.environ[INSIDE] = namespace()
    os.execvp('unshare', ['unshare', '-rn', sys.executable, *argv])


def guard():
    """Refuses to go on where a ban would be one of this machine's."""
    links = [link for _, link in socket.if_nameindex()]
    if os.environ.get(INSIDE) in (None, namespace()) or links != ['lo']:
        sys.exit('bench: this is no network namespace of its own: nothing is run here')


def empty():
    guard()
    subprocess.run(['nft', 'flush', 'ruleset'], check=True)


def attribute(kind, *parts):
    data = b''.join(parts)
    return struct.pack('=HH', len(data) + 4, kind) + data + bytes(-len(data) % 4)


def text(name):
    return name.encode() + b'\0'


class Kernel:
    def __init__(self):
        guard()
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.sock.bind((0, 0))
        self.sock.settimeout(10)

    def close(self):
        self.sock.close()

    def has(self, table, name, addr):
        """Whether a set has an address in it."""
        packed = ipaddress.ip_address(addr).packed
        key = attribute(1 | NESTED, attribute(1, packed))
        body = struct.pack('=BBH', INET, 0, 0) + b''.join([
            attribute(TABLE, text(table)), attribute(SET, text(name)),
            attribute(ELEMENTS | NESTED, attribute(FIRST | NESTED, key))])
        self.sock.send(HEADER.pack(HEADER.size + len(body), GET_ELEMENT, NLM_F_REQUEST, 0, 0) + body)
        return HEADER.unpack_from(self.sock.recv(8192))[1] != NLMSG_ERROR

    def bans(self, jail, net):
        """Whether it is enforced that a jail has banned a net. While the whole table is made anew,
        another stands in for it; asked for last, as the first may just have come back."""
        addr, _, prefix = net.partition('/')
        name = f'{jail}-v{6 if ":" in addr else 4}-{prefix}'
        return any(self.has(table, name, addr) for table in ('tailban', 'tailban-standin', 'tailban'))

    def missing(self, bans):
        """How many of the (jail, net) are not in the kernel."""
        return sum(not self.bans(*ban) for ban in bans)
