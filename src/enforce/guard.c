// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/guard.h"

#include <errno.h>

static const struct addr never[] = {
    {.b = {[10] = 0xff, [11] = 0xff, [12] = 0}, .len = 96 + 8},   // 0.0.0.0/8
    {.b = {[10] = 0xff, [11] = 0xff, [12] = 127}, .len = 96 + 8}, // 127.0.0.0/8
    {.b = {[10] = 0xff, [11] = 0xff, [12] = 224}, .len = 96 + 4}, // 224.0.0.0/4
    {.len = 128},                                                 // ::
    {.b = {[15] = 1}, .len = 128},                                // ::1
    {.b = {0xfe, 0x80}, .len = 10},                               // fe80::/10
    {.b = {0xff}, .len = 8},                                      // ff00::/8
};

int guard_check(const struct addr *net)
{
    unsigned floor = addr_is_v4(net) ? GUARD_FLOOR_V4 : GUARD_FLOOR_V6;

    if (addr_prefix(net) < floor)
        return -EPERM;
    for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
        if (addr_within(net, &never[i]) || addr_within(&never[i], net))
            return -EPERM;
    }
    return 0;
}
