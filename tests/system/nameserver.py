# SPDX-License-Identifier: GPL-2.0-or-later
"""A name server on loopback that does as it is told, good and bad."""
import contextlib
import socket
import struct
import threading
import time

A, PTR, AAAA = 1, 12, 28
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3


def encode(name):
    return b''.join(bytes([len(l)]) + l.encode() for l in name.split('.')) + b'\0'


def record(value, ttl):
    """Of the name asked for."""
    if ':' in value:
        kind, data = AAAA, socket.inet_pton(socket.AF_INET6, value)
    elif value.replace('.', '').isdigit():
        kind, data = A, socket.inet_aton(value)
    else:
        kind, data = PTR, encode(value)
    return b'\xc0\x0c' + struct.pack('>HHIH', kind, 1, ttl, len(data)) + data


class Nameserver:
    """answers: {name: [values], or 'silent', 'servfail', 'forged', 'huge', 'slow', 'garbage'}; of
    other names there is nothing. What was asked, and when, is in self.asked and self.times."""

    def __init__(self, answers, ttl=300):
        self.answers, self.ttl, self.asked, self.times, self.silent = answers, ttl, [], [], False
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(('127.0.0.1', 0))
        self.port = self.udp.getsockname()[1]
        self.tcp = socket.create_server(('127.0.0.1', self.port))
        for serve in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def close(self):
        self.udp.close()
        self.tcp.close()

    def reply(self, query, over_tcp=False):
        n, labels, at = 0, [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode())
            at += 1 + query[at]
        name, question = '.'.join(labels).lower(), query[12:at + 5]
        self.times.append(time.monotonic())
        self.asked.append(name)
        answer = self.answers.get(name, [])
        ident, flags, code, values = query[:2], 0x8180, NOERROR, answer
        if self.silent or answer == 'silent':
            return b''
        if answer == 'slow':
            time.sleep(1)
            values = ['127.0.0.4']
        elif answer == 'huge':
            flags |= 0 if over_tcp else 0x0200
            values = ['127.0.0.4'] * 2000 if over_tcp else []
        elif answer == 'forged':
            ident, values = bytes([ident[0] ^ 1, ident[1]]), ['127.0.0.4']
        elif answer == 'garbage':
            return ident + b'\x81\x80' + b'\xff' * 40
        elif answer == 'servfail':
            code, values = SERVFAIL, []
        elif not answer:
            code = NXDOMAIN
        records = [record(v, self.ttl) for v in values]
        n = len(records)
        return ident + struct.pack('>HHHHH', flags | code, 1, n, 0, 0) + question + b''.join(records)

    def answer_udp(self, query, peer):
        reply = self.reply(query)
        # The test may be over.
        with contextlib.suppress(OSError):
            if reply:
                self.udp.sendto(reply, peer)

    def serve_udp(self):
        while True:
            try:
                query, peer = self.udp.recvfrom(4096)
            except OSError:
                return
            threading.Thread(target=self.answer_udp, args=(query, peer), daemon=True).start()

    def serve_tcp(self):
        while True:
            try:
                peer, _ = self.tcp.accept()
            except OSError:
                return
            with peer, contextlib.suppress(OSError):
                head = peer.recv(2)
                if len(head) == 2:
                    reply = self.reply(peer.recv(struct.unpack('>H', head)[0]), over_tcp=True)
                    peer.sendall(struct.pack('>H', len(reply)) + reply)
