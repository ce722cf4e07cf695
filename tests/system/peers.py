# SPDX-License-Identifier: GPL-2.0-or-later
"""Who delivers mail is spared when his block is banned, from nothing else."""
import json
import subprocess
import time

from rig import Case, line, main

FILTER = r"""[Definition]
failregex = ^ \S+ evil\[\d+\]: failure from <HOST>$
    ^ \S+ good\[\d+\]: <F-DELIVERED>client=</F-DELIVERED>[^\s\[\]]*\[<ADDR>\]$
"""
BLOCK, PEER, OTHER = '203.0.113.0/24', '203.0.113.25', '203.0.113.26'


def nft(*words):
    return subprocess.run(['nft', *words], capture_output=True, text=True)


def spared():
    """Whom the kernel spares."""
    found = set()
    for name in 'spared4', 'spared6':
        out = nft('-j', 'list', 'set', 'inet', 'tailban', name)
        for item in json.loads(out.stdout)['nftables'] if out.returncode == 0 else []:
            elements = item.get('set', {}).get('elem', [])
            found |= {e['elem']['val'] if isinstance(e, dict) else e for e in elements}
    return found


class Peers(Case):
    def setUp(self):
        super().setUp()
        self.rig.write('etc/filters/evil.conf', FILTER)
        self.rig.jail(shield='true', netblock_v4='24:2:4', netblock_v6='56:2:4', findtime='1h')

    def deliver(self, *hosts):
        for host in hosts:
            text = line(host).replace('evil', 'good').replace('failure from ', 'client=mx.example')
            self.rig.append('log/mail.log', text.replace(host, f'[{host}]'))

    def attack(self, *bots):
        for bot in bots * 2:
            self.rig.hit(bot)

    def wait_spared(self, *hosts):
        self.rig.wait(lambda: spared() == set(hosts), f'{hosts} to be spared, and not {spared()}')

    def why(self, what):
        return self.rig.command('why', what).stdout

    def start(self):
        self.rig.start()
        self.deliver(PEER, OTHER)
        self.attack('203.0.113.1', '203.0.113.2')
        self.rig.wait_kernel([BLOCK])
        self.wait_spared(PEER, OTHER)

    def test_seen(self):
        self.start()
        ban = self.rig.listed()[('j', BLOCK)]
        self.assertEqual(ban['spared'], [PEER, OTHER])
        self.assertRegex(self.rig.command('list').stdout, r'SPARES.*\n203\.0\.113\.0/24 .* 2\s*$')
        self.assertIn(f'spares 2 hosts that deliver mail here: {PEER} {OTHER}', self.why(BLOCK))
        why = self.why(PEER)
        self.assertIn(f'{PEER} is spared from the ban of {BLOCK} in jail j: it delivers mail', why)
        self.assertIn(f'{PEER} is not banned', why)
        self.assertRegex(why, r'mail accepted from it .*: spared from bans of its block')
        self.assertIn(f'203.0.113.9 is banned as part of {BLOCK}', self.why('203.0.113.9'))
        levels = [json.loads(l) for l in self.rig.command('why', PEER, '--json').stdout.splitlines()]
        host = next(l for l in levels if l['type'] == 'standing' and l['net'] == PEER + '/32')
        self.assertTrue(host['mail'] and host['spared'])

    def test_its_own_ban_holds(self):
        self.start()
        self.rig.hit(PEER, 3)
        self.wait_spared(OTHER)
        self.rig.wait(lambda: ('j', PEER + '/32') in self.rig.listed(), 'its own ban')
        self.assertIn(f'{PEER} is banned as part of {BLOCK}', self.why(PEER))
        self.assertEqual(self.rig.listed()[('j', BLOCK)]['spared'], [OTHER])

    def test_by_hand_nobody_is(self):
        self.start()
        self.assertEqual(self.rig.command('ban', BLOCK).returncode, 0)
        self.wait_spared()
        self.assertNotIn('spared', self.rig.listed()[('j', BLOCK)])

    def test_until_a_ban_by_hand_is_over(self):
        """By an unban, by its time, and by its time while nobody is there."""
        self.start()
        for net, left in (PEER, [OTHER]), ('203.0.113.24/29', []), ('203.0.112.0/20', []):
            for end in 'unban', 'time', 'missed':
                span = '1h' if end == 'unban' else '1s'
                self.assertEqual(self.rig.command('ban', net, '--for', span).returncode, 0)
                if end == 'unban':
                    self.wait_spared(*left)
                    said = self.rig.command('unban', net).stderr
                    self.assertEqual('around it is banned' in said, net == '203.0.113.24/29')
                elif end == 'missed':
                    self.rig.stop()
                    over = time.time() + 1
                    self.rig.wait(lambda: time.time() > over, 'its end')
                    self.rig.start()
                self.wait_spared(PEER, OTHER)
                self.assertEqual(self.rig.listed()[('j', BLOCK)]['spared'], [PEER, OTHER])

    def test_what_others_do_and_restarts(self):
        self.start()
        nft('delete', 'table', 'inet', 'tailban')
        self.wait_spared(PEER, OTHER)
        self.rig.wait_kernel([BLOCK])
        nft('flush', 'set', 'inet', 'tailban', 'spared4')
        self.wait_spared(PEER, OTHER)
        self.assertEqual(self.rig.command('reload').returncode, 0)
        self.wait_spared(PEER, OTHER)
        self.rig.stop()
        nft('flush', 'ruleset')
        self.rig.start()
        self.wait_spared(PEER, OTHER)
        self.rig.wait_kernel([BLOCK])
        self.assertEqual(self.rig.listed()[('j', BLOCK)]['spared'], [PEER, OTHER])

    def test_ipv6(self):
        self.rig.start()
        self.deliver('2001:db8:0:7::25')
        self.attack('2001:db8:0:1::1', '2001:db8:0:2::1')
        self.rig.wait_kernel(['2001:db8::/56'])
        self.wait_spared('2001:db8:0:7::')
        self.assertEqual(self.rig.listed()[('j', '2001:db8::/56')]['spared'], ['2001:db8:0:7::/64'])
        self.assertIn('2001:db8:0:7::99 is spared from the ban of 2001:db8::/56 in jail j',
                      self.why('2001:db8:0:7::99'))

    def test_bots_that_deliver_first(self):
        """Are judged alone: their block's ban spares those that have not failed since, as long as
        they do not."""
        self.rig.start()
        bots = [f'203.0.113.{n}' for n in (1, 2, 3, 4)]
        self.deliver(*bots)
        self.attack(bots[0], bots[1])
        self.rig.wait_kernel([BLOCK])
        self.wait_spared(bots[2], bots[3])
        self.rig.hit(bots[2], 3)
        self.wait_spared(bots[3])
        self.rig.hit(bots[3], 3)
        self.wait_spared()


if __name__ == '__main__':
    main()
