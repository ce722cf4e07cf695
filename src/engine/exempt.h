// SPDX-License-Identifier: GPL-2.0-or-later
// Who is never banned: ignoreip, and with ignoreself the host's own addresses.
#pragma once

#include "base/addr.h"

#include <stdbool.h>
#include <stddef.h>

// Blocks, sorted, none inside another. All zero is empty.
struct exempt {
    struct addr *net;
    size_t n, allocated;
};

// Blocks may come in any order, and more than once. -ENOMEM.
int exempt_add(struct exempt *e, const struct addr *net);
void exempt_done(struct exempt *e);

// Whether the address (or block) lies in an exempt one.
bool exempt_covers(const struct exempt *e, const struct addr *host);

// Whether banning the block would hit anyone exempt: it lies in an exempt block, or one lies in it.
bool exempt_touches(const struct exempt *e, const struct addr *net);
