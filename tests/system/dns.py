# SPDX-License-Identifier: GPL-2.0-or-later
"""Evidence from DNS: it helps a ban along, and nobody who does not answer changes anything."""
import json
import subprocess

from nameserver import Nameserver
from rig import Case, addresses, line, main

GOOD = {'2.0.0.127.good.test': ['127.0.0.2']}  # what makes a list one to believe
HOST = '203.0.113.'

# The list's answer, and whether it counts.
LISTINGS = {
    '1': (['127.0.0.4'], True),
    '2': ([], False),
    '3': ('servfail', False),
    '4': ('silent', False),
    '5': ('forged', False),
    '6': ('garbage', False),
    '7': (['192.0.2.1'], False),
    '8': ('huge', True),
    '9': ('slow', True),
    '10': (['127.0.0.10'], False),
    '11': (['127.0.0.10', '127.0.0.3'], True),
}

# The names of a host, their addresses, and whether that is evidence.
NAMES = {
    '1': ([], {}, True),
    '2': (['mail.ok.test'], {'mail.ok.test': [HOST + '2']}, False),
    '3': (['mail.other.test'], {'mail.other.test': ['198.51.100.1']}, True),
    '4': (['nothing.test'], {}, True),
    '5': ('servfail', {}, False),
    '6': (['a.test', 'b.test'], {'b.test': [HOST + '6']}, False),
    '7': (['deaf.test'], {'deaf.test': 'servfail'}, False),
    '8': (['host-203-0-113-8.isp.test'], {'host-203-0-113-8.isp.test': [HOST + '8']}, True),
}


def net(last):
    return f'{HOST}{last}/32'


class Dns(Case):
    def setUp(self):
        super().setUp()
        subprocess.run(['ip', 'link', 'set', 'lo', 'up'], check=True)

    def serve(self, answers, ttl=300, **options):
        """A name server, and the settings that go to it; '_' for '.'."""
        server = Nameserver({**GOOD, **answers}, ttl)
        self.addCleanup(server.close)
        self.configure(server, **options)
        return server

    def configure(self, server, **options):
        values = {'loglevel': 'info', 'dns': 'true', 'dns_servers': f'127.0.0.1:{server.port}',
                  'dns_lists': 'good.test=2@127.0.0.2-127.0.0.9', 'dns_noptr': 0,
                  'dns_unconfirmed': 0, **options}
        self.rig.write('etc/tailban.conf', '[tailban]\n' + ''.join(
            f'{key.replace("_", ".")} = {value}\n' for key, value in values.items()))

    def start(self, maxretry=5):
        self.rig.jail(maxretry=maxretry)
        self.rig.start()

    def asked(self, server, *names):
        self.rig.wait(lambda: all(n in server.asked for n in names), 'questions')

    def check(self, counts):
        """{last byte: whether three hits of five are enough}; for the others five still are."""
        for last in counts:
            self.rig.hit(HOST + last, 3)
        self.rig.wait_kernel(net(l) for l, is_enough in counts.items() if is_enough)
        # That it stayed at three is told by the fourth.
        for last in counts:
            self.rig.hit(HOST + last)
        self.sync(maxretry=5)
        marker = {'198.51.100.250/32'}
        self.rig.wait_kernel({net(l) for l, is_enough in counts.items() if is_enough} | marker)
        for last in counts:
            self.rig.hit(HOST + last)
        self.rig.wait_kernel({net(l) for l in counts} | marker)

    def test_listings(self):
        self.serve({f'{l}.113.0.203.good.test': a for l, (a, _) in LISTINGS.items()})
        self.start()
        self.check({last: counts for last, (_, counts) in LISTINGS.items()})
        why = self.rig.command('why', HOST + '1').stdout
        self.assertIn('good.test: 127.0.0.4', why)

    def test_names(self):
        answers = {}
        for last, (names, addresses, _) in NAMES.items():
            answers[f'{last}.113.0.203.in-addr.arpa'] = names
            answers.update(addresses)
        self.serve(answers, dns_lists='', dns_noptr=2, dns_unconfirmed=2, dns_generic=2)
        self.start()
        self.check({last: counts for last, (_, _, counts) in NAMES.items()})

    def test_why(self):
        """What was asked in vain is told as well, and why somebody is not asked about."""
        self.serve({'1.113.0.203.in-addr.arpa': ['mail.ok.test'], 'mail.ok.test': [HOST + '1'],
                    '2.0.0.127.deaf.test': ['127.0.0.2'], '1.113.0.203.deaf.test': 'servfail',
                    '2.113.0.203.good.test': ['127.0.0.4'], '2.113.0.203.in-addr.arpa': []},
                   dns_lists='good.test=1 deaf.test', dns_unconfirmed=1)
        self.start(maxretry=9)
        for addr, hits in (HOST + '1', 5), (HOST + '2', 5), (HOST + '3', 4), ('10.0.0.1', 5):
            self.rig.hit(addr, hits)
        for addr, told in (
                (HOST + '1', ('ago: nothing against it', '  not listed by good.test\n',
                              '  no answer from deaf.test\n',
                              '  it has a name, which leads back to it: mail.ok.test\n')),
                (HOST + '2', ('ago: 1 point against it, good.test: 127.0.0.4\n',
                              '  not listed by deaf.test\n', '  it has no name\n')),
                (HOST + '3', ('  not asked: it has less than half of what bans it\n',)),
                ('10.0.0.1', ('  not asked: a private address\n',))):
            self.rig.wait(lambda: all(t in self.rig.command('why', addr).stdout for t in told),
                          f'{told} of {addr}')
        self.assertNotIn('What DNS says', self.rig.command('why', HOST + '9').stdout)
        self.assertNotIn('What DNS says', self.rig.command('why', HOST + '0/24').stdout)

    def test_asked_once(self):
        """But for a second try, where the answer takes long."""
        server = self.serve({})
        self.start(maxretry=20)
        self.rig.hit(HOST + '1', 10)
        self.asked(server, '1.113.0.203.good.test')
        for n in range(11, 20):
            self.rig.hit(HOST + '1')
            self.rig.wait(lambda: self.rig.said(f'{n} of 20'), 'the hit')
        self.assertLessEqual(server.asked.count('1.113.0.203.good.test'), 2)

    def test_v6(self):
        digits = '.'.join(reversed('20010db8000000000000000000000007'))
        self.serve({f'{digits}.good.test': ['127.0.0.4']})
        self.start()
        self.rig.hit('2001:db8::7', 3)
        self.rig.wait(lambda: '2001:db8::/64' in self.rig.kernel(), 'the ban')

    def test_not_alone(self):
        """Nobody is asked about who is below half, and no weight is enough without hits."""
        server = self.serve({'1.113.0.203.good.test': ['127.0.0.4']}, ttl=0,
                            dns_lists='good.test=100')
        self.start(maxretry=9)
        self.rig.hit(HOST + '1', 4)
        self.sync(maxretry=9)
        self.rig.wait_kernel(['198.51.100.250/32'])
        self.assertNotIn('1.113.0.203.good.test', server.asked)
        self.rig.hit(HOST + '1')
        self.rig.wait_kernel(['198.51.100.250/32', net('1')])

    def test_lists_not_to_believe(self):
        """One that lists everybody, one that refuses, one that is gone, one that does not answer."""
        bad = {'dead.test': ['127.0.0.2'], 'refuse.test': ['127.255.255.254'], 'empty.test': [],
               'deaf.test': 'servfail'}
        answers = {f'{name}.{zone}': answer for zone, answer in bad.items()
                   for name in ('2.0.0.127', '1.0.0.127', '1.113.0.203')}
        server = self.serve(answers, dns_lists=' '.join(f'{zone}=4' for zone in bad))
        self.start()
        self.check({'1': False})
        for zone, words in (('dead', 'lists 127.0.0.1'), ('refuse', 'refuses us'),
                            ('empty', 'does not list 127.0.0.2'), ('deaf', 'does not answer')):
            told = f'DNS list {zone}.test {words}'
            self.rig.wait(lambda: self.rig.said(told), told)
            self.assertEqual(self.rig.said(told), 1)
            self.assertNotIn(f'1.113.0.203.{zone}.test', server.asked)

    def test_refused_later(self):
        """One that refuses is asked no more, and its key is nobody's business."""
        key = 'k3yk3yk3yk3yk3yk3yk3yk3yk3'
        zone = f'{key}.zen.dq.test'
        server = self.serve({f'2.0.0.127.{zone}': ['127.0.0.2'],
                             f'1.113.0.203.{zone}': ['127.255.255.255'],
                             f'2.113.0.203.{zone}': ['127.0.0.4']}, dns_lists=f'{zone}=2')
        self.start()
        self.rig.hit(HOST + '1', 3)
        self.rig.wait(lambda: self.rig.said('DNS list KEY.zen.dq.test refuses us'), 'the refusal')
        self.rig.hit(HOST + '2', 4)
        self.sync(maxretry=5)
        self.rig.wait_kernel(['198.51.100.250/32'])
        self.assertNotIn(f'2.113.0.203.{zone}', server.asked)
        self.assertEqual(self.rig.said(key), 0)

    def test_key_is_not_shown(self):
        key = 'k3yk3yk3yk3yk3yk3yk3yk3yk3'
        server = self.serve({f'2.0.0.127.{key}.zen.dq.test': ['127.0.0.2'],
                             f'1.113.0.203.{key}.zen.dq.test': ['127.0.0.4']},
                            dns_lists=f'{key}.zen.dq.test=2')
        self.start()
        self.rig.hit(HOST + '1', 3)
        self.rig.wait_kernel([net('1')])
        why = self.rig.command('why', HOST + '1').stdout
        self.assertIn('KEY.zen.dq.test: 127.0.0.4', why)
        self.configure(server, dns_lists=f'{key}.zen.dq.test=nonsense')
        self.rig.command('reload')
        self.rig.wait(lambda: self.rig.said('dns.lists'), 'the mistake')
        dump = self.rig.command('check', '-c', self.rig.path('etc'), '--dump')
        for text in (why, self.rig.log(), dump.stdout, dump.stderr, self.rig.command('status').stdout):
            self.assertNotIn(key, text)

    def test_hanging(self):
        """The daemon goes on while nobody answers."""
        server = self.serve({'1.113.0.203.good.test': ['127.0.0.4']})
        server.silent = True
        self.start()
        self.rig.hit(HOST + '1', 3)
        self.asked(server, '2.0.0.127.good.test')
        self.rig.hit(HOST + '2', 5)
        self.rig.wait_kernel([net('2')], seconds=2)
        self.assertEqual(self.rig.said('does not answer'), 0)
        self.rig.wait(lambda: self.rig.said('DNS list good.test does not answer'), 'a word about it')
        self.assertEqual(self.status()[0][0]['silence'], 2)
        self.assertEqual(set(self.rig.kernel()), {net('2')})

    def test_newest_first(self):
        """Of too many, those that came last are asked about, and not all at once."""
        many = addresses(600, '198.18.0.0')
        server = self.serve({'2.0.0.127.good.test': 'slow'})
        self.start()
        self.rig.append('log/mail.log', ''.join(line(a) * 3 for a in many))
        suffix = '.good.test'
        self.rig.wait(lambda: len(server.asked) >= 130, 'questions')
        hosts = [n[:-len(suffix)].split('.')[::-1] for n in server.asked if '.198' + suffix in n]
        self.assertLessEqual({'.'.join(h) for h in hosts}, set(many[-256:]))
        self.assertGreater(server.times[129] - server.times[2], 1)

    def status(self):
        out = self.rig.command('status', '--json')
        records = [json.loads(l) for l in out.stdout.splitlines()]
        return ([r for r in records if r['type'] == 'dns'],
                [r['text'] for r in records if r['type'] == 'problem' and 'DNS' in r['text']])

    def test_status(self):
        """How it goes is told: what was asked, what came of it, and what does not work."""
        server = self.serve({'1.113.0.203.good.test': ['127.0.0.4'],
                             '3.113.0.203.good.test': 'servfail', '2.0.0.127.empty.test': []},
                            dns_lists='good.test=2 empty.test')
        self.start()
        self.assertEqual(self.status()[0][0]['asked'], 0)
        for last in '123':
            self.rig.hit(HOST + last, 3)
        self.rig.wait_kernel([net('1')])
        self.rig.wait(lambda: self.status()[0][0]['failed'] == 1 and
                      self.status()[0][0]['answered'] == 6, 'the answers')
        told, = self.status()[0]
        self.assertIn(told.pop('silence'), (0, 1))  # as the failure is the last or not
        # Of each list two questions tried it.
        self.assertEqual(told, {'type': 'dns', 'hosts': 3, 'listed': 1, 'cached': 0, 'dropped': 0,
                                'asked': 7, 'answered': 6, 'failed': 1})
        self.assertRegex(self.status()[1][0], '^DNS list empty.test does not list 127.0.0.2')
        self.rig.hit(HOST + '2')
        self.rig.wait(lambda: self.status()[0][0]['cached'] == 1, 'what is known')
        self.assertIn('7 questions: 6 answered, 1 failed', self.rig.command('status').stdout)
        self.configure(server, dns='false')
        self.rig.command('reload')
        self.assertEqual(self.status(), ([], []))

    def test_restart(self):
        """What DNS has said is kept as the hits are."""
        server = self.serve({'1.113.0.203.good.test': ['127.0.0.4']}, dns_lists='good.test=1')
        self.start()
        self.rig.hit(HOST + '1', 3)
        self.rig.wait(lambda: 'good.test: 127' in self.rig.command('why', HOST + '1').stdout,
                      'the evidence')
        self.assertEqual(self.rig.stop(), 0)
        self.configure(server, dns='false')
        self.rig.start()
        self.rig.hit(HOST + '1')
        self.rig.wait_kernel([net('1')])

    def test_off(self):
        server = self.serve({'1.113.0.203.good.test': ['127.0.0.4']}, dns='false')
        self.start()
        self.check({'1': False})
        self.assertEqual(server.asked, [])
        self.assertIn('not asked: dns is off', self.rig.command('why', HOST + '1').stdout)


if __name__ == '__main__':
    main()
