# SPDX-License-Identifier: GPL-2.0-or-later
"""Mail logs made up after the lines of Postfix 3.7 and Dovecot 2.3: the same for the same arguments.

benign   an ordinary day, 24 sessions at a time, and 2 of 100 lines of attacks from 2,000 addresses
storm    each address fails five times, in turn: five lines ban it, and no two share a /24
spread   the same kind of failure from so many sources in turn, slowly: nobody is ever banned
"""
import datetime
import itertools
import os
import pathlib
import random
import time

VERSION = 2  # to be raised with every change of what is made: cached logs are known by it
END = datetime.datetime(2026, 1, 15, 12, tzinfo=datetime.timezone.utc).timestamp()
SPAN = 300  # seconds that a log covers, up to its end
HOST = 'mx'
ATTACKS = .02  # of the lines of an ordinary day

MAILBOXES = ('anna', 'bela', 'clara', 'dana', 'emil', 'fritz', 'greta', 'hugo', 'orders', 'post',
             'billing', 'helpdesk')
GUESSED = ('admin', 'test', 'info', 'scan', 'backup', 'user1', 'office', 'noreply', 'fax', 'demo')
DOMAINS = ('example.net', 'lists.example.org', 'shop.example.com', 'post.example.edu')
WORDS = '0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz'


def dotted(n):
    return f'{n >> 24}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}'


def sources(n, seed):
    """Addresses of strangers, each in a /24 of its own and at most a few in a /16."""
    choice = random.Random(seed)
    blocks = choice.sample(range(11 << 16, 120 << 16), n)
    return [dotted(b << 8 | choice.randrange(1, 255)) for b in blocks]


class Town:
    """Who writes mail, from where, and what servers log of it."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.peers = [(f'out{i}.{self.pick(DOMAINS)}', dotted(self.number(130 << 24, 220 << 24)))
                      for i in range(400)]
        self.homes = [dotted(self.number(130 << 24, 220 << 24)) for _ in range(300)]

    def pick(self, items):
        return items[int(self.random.random() * len(items))]

    def number(self, low, high):
        return low + int(self.random.random() * (high - low))

    def word(self, n):
        return ''.join([self.pick(WORDS) for _ in range(n)])

    def process(self):
        return self.number(1000, 400000)

    def incoming(self):
        name, addr = self.pick(self.peers)
        smtpd, queue, session = f'postfix/smtpd[{self.process()}]:', self.word(14), self.word(16)
        to, sender, domain = self.pick(MAILBOXES), self.pick(MAILBOXES), self.pick(DOMAINS)
        message = f'{self.number(1, 1 << 40):x}@{domain}'
        return [
            f'{smtpd} connect from {name}[{addr}]',
            f'{smtpd} Anonymous TLS connection established from {name}[{addr}]: TLSv1.3 with cipher '
            'TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature RSA-PSS '
            '(2048 bits) server-digest SHA256',
            f'{smtpd} {queue}: client={name}[{addr}]',
            f'postfix/cleanup[{self.process()}]: {queue}: message-id=<{message}>',
            f'postfix/qmgr[811]: {queue}: from=<{sender}@{domain}>, size={self.number(900, 90000)}, '
            'nrcpt=1 (queue active)',
            f'dovecot: lmtp({to})<{self.process()}><{session}>: msgid=<{message}>: saved mail to INBOX',
            f'postfix/lmtp[{self.process()}]: {queue}: to=<{to}@example.org>, '
            'relay=mx.example.org[private/dovecot-lmtp], delay=0.31, delays=0.25/0.01/0.01/0.04, '
            f'dsn=2.0.0, status=sent (250 2.0.0 <{to}@example.org> {session} Saved)',
            f'postfix/qmgr[811]: {queue}: removed',
            f'{smtpd} disconnect from {name}[{addr}] ehlo=2 starttls=1 mail=1 rcpt=1 data=1 quit=1 '
            'commands=7']

    def reading(self):
        user, process, session = self.pick(MAILBOXES), self.process(), self.word(16)
        return [
            f'dovecot: imap-login: Login: user=<{user}@example.org>, method=PLAIN, '
            f'rip={self.pick(self.homes)}, lip=192.0.2.10, mpid={process}, TLS, session=<{session}>',
            f'dovecot: imap({user}@example.org)<{process}><{session}>: Disconnected: Logged out '
            f'in={self.number(99, 9999)} out={self.number(500, 90000)} deleted=0 expunged=0 trashed=0 '
            'hdr_count=3 hdr_bytes=1204 body_count=0 body_bytes=0']

    def outgoing(self):
        user, home, queue = self.pick(MAILBOXES), self.pick(self.homes), self.word(14)
        name, addr = self.pick(self.peers)
        smtpd, smtp = (f'postfix/{p}[{self.process()}]:' for p in ('submission/smtpd', 'smtp'))
        return [
            f'{smtpd} connect from unknown[{home}]',
            f'{smtpd} {queue}: client=unknown[{home}], sasl_method=PLAIN, '
            f'sasl_username={user}@example.org',
            f'postfix/cleanup[{self.process()}]: {queue}: message-id=<{self.word(20)}@example.org>',
            f'postfix/qmgr[811]: {queue}: from=<{user}@example.org>, size={self.number(900, 90000)}, '
            'nrcpt=1 (queue active)',
            f'{smtpd} disconnect from unknown[{home}] ehlo=2 starttls=1 auth=1 mail=1 rcpt=1 data=1 '
            'quit=1 commands=8',
            f'{smtp} Untrusted TLS connection established to {name}[{addr}]:25: TLSv1.3 with cipher '
            'TLS_AES_256_GCM_SHA384 (256/256 bits)',
            f'{smtp} {queue}: to=<{self.pick(MAILBOXES)}@{self.pick(DOMAINS)}>, '
            f'relay={name}[{addr}]:25, delay=1.1, delays=0.1/0.01/0.6/0.4, dsn=2.0.0, status=sent '
            f'(250 2.0.0 Ok: queued as {self.word(11)})',
            f'postfix/qmgr[811]: {queue}: removed']

    def passing(self):
        """A new server is tested, or a health check looks in."""
        name, addr = self.pick(self.peers)
        port, smtpd = self.number(1024, 65536), f'postfix/smtpd[{self.process()}]:'
        return self.pick((
            [f'postfix/postscreen[902]: CONNECT from [{addr}]:{port} to [192.0.2.10]:25',
             f'postfix/postscreen[902]: PASS OLD [{addr}]:{port}'],
            [f'{smtpd} warning: hostname {name} does not resolve to address {addr}: Name or service '
             'not known',
             f'{smtpd} connect from unknown[{addr}]',
             f'{smtpd} lost connection after CONNECT from unknown[{addr}]',
             f'{smtpd} disconnect from unknown[{addr}] commands=0/0'],
            [f'postfix/anvil[{self.process()}]: statistics: max connection rate 2/60s for '
             f'(smtp:{addr}) at Jan 15 11:56:01'],
            [f'dovecot: imap-login: Disconnected: Inactivity (no auth attempts in 180 secs): '
             f'user=<>, rip={addr}, lip=192.0.2.10, TLS, session=<{self.word(16)}>']))

    def session(self):
        part = self.random.random()
        return (self.incoming() if part < .35 else self.reading() if part < .8 else
                self.outgoing() if part < .92 else self.passing())


def guess_smtp(town, addr, user=None):
    return (f'postfix/smtpd[{town.process()}]: warning: unknown[{addr}]: SASL LOGIN authentication '
            f'failed: (reason unavailable), sasl_username={user or town.pick(GUESSED)}')


def guess_imap(town, addr):
    return ('dovecot: imap-login: Disconnected: Connection closed (auth failed, 1 attempts in 2 '
            f'secs): user=<{town.pick(GUESSED)}>, method=PLAIN, rip={addr}, lip=192.0.2.10, '
            f'session=<{town.word(16)}>')


def bad_helo(town, addr):
    user = town.pick(GUESSED)
    return (f'postfix/smtpd[{town.process()}]: NOQUEUE: reject: RCPT from unknown[{addr}]: 504 5.5.2 '
            f'<ylmf-pc>: Helo command rejected: need fully-qualified hostname; from=<{user}@example.net> '
            f'to=<{town.pick(MAILBOXES)}@example.org> proto=ESMTP helo=<ylmf-pc>')


def counters(town, addr):
    return (f'postfix/smtpd[{town.process()}]: disconnect from unknown[{addr}] ehlo=1 auth=0/1 '
            'commands=1/2')


def relay(town, addr):
    user = town.pick(GUESSED)
    return (f'postfix/smtpd[{town.process()}]: NOQUEUE: reject: RCPT from unknown[{addr}]: 554 5.7.1 '
            f'<{user}@elsewhere.example>: Relay access denied; from=<{user}@example.net> '
            f'to=<{user}@elsewhere.example> proto=ESMTP helo=<[{addr}]>')


def lost(town, addr):
    return f'postfix/smtpd[{town.process()}]: lost connection after AUTH from unknown[{addr}]'


def pregreet(town, addr):
    return (f'postfix/postscreen[902]: PREGREET 14 after 0 from [{addr}]:{town.number(1024, 65536)}: '
            'EHLO ylmf-pc\\r\\n')


KINDS = (guess_smtp, guess_imap, bad_helo, counters, relay, lost, pregreet)
# By address: what five lines in turn are. Each ends in a ban of the shipped jails.
HABITS = ((guess_smtp,), (guess_smtp,), (guess_imap,), (bad_helo,), (guess_smtp, guess_imap))


def benign(n, seed, attacks=ATTACKS, mark=None):
    town, attackers = Town(seed), sources(2000, seed)
    live = [town.session() for _ in range(24)]
    for _ in range(n):
        if town.random.random() < attacks:
            yield town.pick(KINDS)(town, town.pick(attackers))
            continue
        i = town.number(0, len(live))
        yield live[i].pop(0)
        if not live[i]:
            live[i] = town.session()
    if mark:
        yield guess_smtp(town, mark)


def storm(n, seed, mark=None):
    """mark: who fails five times at the end, after all others."""
    town = Town(seed)
    attackers = sources(max(1, n // 5), seed)
    for i in range(n):
        who, times = i % len(attackers), i // len(attackers)
        habit = HABITS[who % len(HABITS)]
        yield habit[times % len(habit)](town, attackers[who])
    for _ in range(5 if mark else 0):
        yield guess_smtp(town, mark)


def spread(n, seed, tracked):
    town = Town(seed)
    everyone = itertools.cycle(sources(tracked, seed))
    # Each tries a user of its own: names that many try would be fingerprints.
    return (guess_smtp(town, addr, f'user{i % tracked}')
            for i, addr in enumerate(itertools.islice(everyone, n)))


def whole_second(at):
    at = datetime.datetime.fromtimestamp(at, datetime.timezone.utc)
    return f'{at:%b} {at.day:2d} {at:%H:%M:%S}'


def write(path, lines, n, end, span, fine):
    """fine: RFC 3339 with microseconds, as Debian 12 and later write; else RFC 3164."""
    second, stamp = None, ''
    with open(path, 'w', encoding='utf-8', buffering=1 << 20) as log:
        for i, text in enumerate(lines):
            at = end - span + span * i / n
            if int(at) != second:
                second = int(at)
                stamp = (datetime.datetime.fromtimestamp(second, datetime.timezone.utc)
                         .strftime('%Y-%m-%dT%H:%M:%S') if fine else whole_second(second))
            log.write(f'{stamp}.{int(at % 1 * 1e6):06d}+00:00 {HOST} {text}\n' if fine else
                      f'{stamp} {HOST} {text}\n')
    os.utime(path, (end, end))  # the year of stamps without one


class Corpora:
    """The logs, made once and kept in a folder."""

    def __init__(self, folder, seed=1):
        self.folder, self.seed = pathlib.Path(folder), seed
        self.folder.mkdir(parents=True, exist_ok=True)

    def log(self, kind, n, fine=False, span=SPAN, **options):
        name = '-'.join([kind, str(n), 'fine' if fine else 'whole', str(span),
                         *map(str, options.values()), str(self.seed), f'v{VERSION}'])
        path = self.folder / f'{name}.log'
        if not path.exists():
            made = path.with_suffix('.new')
            write(made, MAKERS[kind](n, self.seed, **options), n, END, span, fine)
            made.rename(path)
        return path

    def fresh(self, kind, n, path, fine=False, span=SPAN, **options):
        """One that is not kept, up to now: daemons pass over what is old."""
        write(path, MAKERS[kind](n, self.seed, **options), n, time.time(), span, fine)
        return path


MAKERS = {'benign': benign, 'storm': storm, 'spread': spread}
