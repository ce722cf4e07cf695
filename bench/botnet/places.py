# SPDX-License-Identifier: GPL-2.0-or-later
"""Where clients live. The world is 240.0.0.0/4, which nobody has, and 2001:db8::/32.

Customers mostly live at a few providers nearby, bots at all providers of the world, so that in the
providers' /16s, and in some of their /24s, there are both. Hosters' blocks are another part."""
import ipaddress

RESIDENTIAL, HOSTERS, NEARBY = 3400, 400, 60
V6_HOSTERS, V6_NEARBY, V6_PROVIDERS = 400, 40, 4000
V6 = 0x20010DB8


def v4(net, below):
    return ipaddress.IPv4Address(net << 8 | below)


def v6(site, subnet, below):
    return ipaddress.IPv6Address(((V6 << 16 | site) << 16 | subnet) << 64 | below)


class Places:
    def __init__(self, rng):
        self.rng = rng
        nets = [240 << 8 | i for i in range(RESIDENTIAL + HOSTERS)]
        rng.shuffle(nets)
        self.residential, self.hosters = nets[:RESIDENTIAL], nets[RESIDENTIAL:]
        rng.shuffle(self.residential)
        # Some providers have many infected customers, most have few.
        self.infection = [1 / (rank + 20) ** 0.9 for rank in range(RESIDENTIAL)]
        self.nearby = rng.sample(self.residential, NEARBY)

    def below(self, net16):
        return net16 << 8 | self.rng.randrange(256)

    def in_net(self, net24):
        return v4(net24, self.rng.randrange(1, 255))

    # Where bots live: so many addresses each.

    def one_block(self, n):
        """Side by side in one hoster's /24."""
        net = self.below(self.rng.choice(self.hosters))
        return [v4(net, 10 + i % 240) for i in range(n)]

    def few_blocks(self, n, per_block=64):
        """Packed into /24s of different hosters."""
        nets = [self.below(net) for net in self.rng.sample(self.hosters, -(-n // per_block))]
        return [v4(nets[i // per_block], 10 + i % per_block * 3) for i in range(n)]

    def scattered(self, n):
        """One in a /24."""
        nets = set()
        while len(nets) < n:
            nets.add(self.below(self.rng.choice(self.residential)))
        return [self.in_net(net) for net in sorted(nets)]

    def swarm(self, n):
        """As infections go: many in some providers' blocks, few in most."""
        homes = set()
        while len(homes) < n:
            nets = self.rng.choices(self.residential, self.infection, k=n - len(homes))
            homes.update(self.in_net(self.below(net)) for net in nets)
        return sorted(homes)

    def v6_botnet(self, n, per_site=100):
        """Half rented, so many /64s in a hoster's /48; half at home, in a /56 each."""
        rented = n // 2
        sites = self.rng.sample(range(V6_HOSTERS), -(-rented // per_site))
        homes = {v6(sites[i // per_site], i % per_site * 7, 1) for i in range(rented)}
        while len(homes) < n:
            homes.add(v6(self.v6_provider(), self.rng.randrange(1 << 16), 1))
        return sorted(homes)

    def v6_provider(self):
        return V6_HOSTERS + self.rng.randrange(V6_PROVIDERS)

    # Where the others live.

    def customer(self, v6_share):
        near = self.rng.random() < 0.7
        if self.rng.random() < v6_share:
            site = V6_HOSTERS + self.rng.randrange(V6_NEARBY) if near else self.v6_provider()
            return v6(site, self.rng.randrange(1 << 16), self.rng.getrandbits(62))
        return self.in_net(self.below(self.rng.choice(self.nearby if near else self.residential)))

    def server(self):
        net = self.rng.choice(self.hosters if self.rng.random() < 0.5 else self.residential)
        return self.in_net(self.below(net))

    def neighbour(self, address):
        """Somebody else in the same block: an IPv4 /24, an IPv6 /56."""
        if address.version == 4:
            return self.in_net(int(address) >> 8)
        subnet = int(address) >> 72 << 8 | self.rng.randrange(256)
        return ipaddress.IPv6Address(subnet << 64 | self.rng.getrandbits(62))

    def again(self, address):
        """The address of a client's next connection: IPv6 hosts change it as they like."""
        if address.version == 4:
            return address
        return ipaddress.IPv6Address(int(address) >> 64 << 64 | self.rng.getrandbits(62))
