// SPDX-License-Identifier: GPL-2.0-or-later
// `netblock.v4`, `netblock.v6`: "24:4:12 16:32:128:6h:2w", each PREFIX:HOSTS:HITS, and where it has
// its own, FINDTIME and BANTIME.
#pragma once

#include "base/slice.h"
#include "engine/netblock.h"

enum { LEVELS_ERROR_MAX = 200 };

// Which prefixes make sense: wider ones would ban whom nobody meant, narrower ones are hosts.
enum {
    LEVELS_V4_WIDEST = 8,
    LEVELS_V4_NARROWEST = 31,
    LEVELS_V6_WIDEST = 32,
    LEVELS_V6_NARROWEST = 63
};

// Sorted, narrowest first; a time that is not there, or empty, is 0; an empty text is no level.
// -EINVAL with what is wrong in ret_error.
int levels_parse(struct slice text, unsigned widest, unsigned narrowest,
                 struct level ret[static NETBLOCK_LEVELS_MAX], size_t *ret_n,
                 char ret_error[static LEVELS_ERROR_MAX]);

// Gives the times to those that have none of their own.
void levels_complete(struct level *levels, size_t n, usec_t findtime, usec_t bantime);
