// SPDX-License-Identifier: GPL-2.0-or-later
// `netblock.v4`, `netblock.v6`: "24:4-8:6-40 16:32:128:6h:2w", each PREFIX:HOSTS:HITS, and where it
// has its own, FINDTIME and BANTIME. Of "4-8" the lower number is for land in which nobody logs in.
#pragma once

#include "base/slice.h"
#include "engine/netblock.h"

enum { LEVELS_ERROR_MAX = 200 };

// Which prefixes make sense: wider ones would ban whom nobody meant, narrower ones are hosts. A
// level wider than `common`, what one customer commonly has, takes twice as many hosts as the
// square root of the blocks of that size in it: 8 for a /20, 32 for a /16, 512 for a /8, so that
// few hosts never get a registry's block banned. Of IPv6 a jail may say that hosts are narrower.
struct levels_bounds {
    uint8_t widest, common, narrowest;
};
extern const struct levels_bounds levels_v4, levels_v6;

// Sorted, narrowest first; a time that is not there, or empty, is 0; an empty text is no level.
// -EINVAL with what is wrong in ret_error.
int levels_parse(struct slice text, const struct levels_bounds *bounds,
                 struct level ret[static NETBLOCK_LEVELS_MAX], size_t *ret_n,
                 char ret_error[static LEVELS_ERROR_MAX]);

// Gives the times to those that have none of their own.
void levels_complete(struct level *levels, size_t n, usec_t findtime, usec_t bantime);
