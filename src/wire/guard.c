// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/guard.h"

static const struct {
    struct addr net;
    const char *why;
} never[] = {
    {{{[10] = 0xff, [11] = 0xff, [12] = 0}, 96 + 8}, "0.0.0.0/8 is this host itself"},
    {{{[10] = 0xff, [11] = 0xff, [12] = 127}, 96 + 8}, "127.0.0.0/8 is this host itself"},
    {{{[10] = 0xff, [11] = 0xff, [12] = 224}, 96 + 4}, "224.0.0.0/4 is multicast: no sender"},
    {{{0}, 128}, ":: is this host itself"},
    {{{[15] = 1}, 128}, "::1 is this host itself"},
    {{{0xfe, 0x80}, 10}, "fe80::/10 is link-local: it may be a router"},
    {{{0xff}, 8}, "ff00::/8 is multicast: no sender"},
};

const char *guard_objection(const struct addr *net)
{
    unsigned floor = addr_is_v4(net) ? GUARD_FLOOR_V4 : GUARD_FLOOR_V6;

    if (addr_prefix(net) < floor)
        return "it is too wide: /8 is the widest block of IPv4, /32 of IPv6";
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        if (addr_within(net, &never[i].net) || addr_within(&never[i].net, net))
            return never[i].why;
    }
    return NULL;
}
