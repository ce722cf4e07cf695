// SPDX-License-Identifier: GPL-2.0-or-later
// The windows of a jail: every host has one, and so has the block around it on every level. A hit
// counts in all of them.
#pragma once

#include "engine/jail.h"

struct ladder;

// How the rungs stand: the host first, then the blocks around it, narrowest first. After a hit that
// is told of the host, and of what is reached. What a rung takes is the full pair, until who knows
// better lowers it.
struct rungs {
    size_t n;
    struct jail_standing at[1 + NETBLOCK_LEVELS_MAX];
    const struct level *level[1 + NETBLOCK_LEVELS_MAX]; // of a block that is told of; else NULL
    int reached[1 + NETBLOCK_LEVELS_MAX]; // 0, or NETBLOCK_E_* where the thresholds are
    int strange[1 + NETBLOCK_LEVELS_MAX]; // likewise by the lower pair, or the full one without it
};

// The lower pair holds for a block.
void rungs_lower(struct rungs *r, size_t i);

// The spec and the share are borrowed. NULL: out of memory.
struct ladder *ladder_new(const struct jail_spec *spec, struct share *share, uint64_t seed);
struct ladder *ladder_free(struct ladder *l);

// That a hit of this host may come: what it needs is then on its way from memory. First where that
// is, and when that has had its time, the second call for what is there.
void ladder_expect(struct ladder *l, const struct addr *host);
void ladder_expect_soon(struct ladder *l);

// Counts a hit, but not in blocks wider than this prefix (as people write it; 0: in all): of these
// it tells nothing. -ENOMEM.
int ladder_hit(struct ladder *l, const struct addr *host, usec_t time, uint32_t count,
               unsigned widest, struct rungs *ret);

// The same without counting; addr may be a block.
void ladder_look(struct ladder *l, const struct addr *addr, usec_t now, struct rungs *ret);

// After a ban of net, which is host or a block around it: it starts anew, and all below it. Wider
// blocks go on counting.
void ladder_wipe(struct ladder *l, const struct addr *host, const struct addr *net);

// jail_forget().
void ladder_forget(struct ladder *l, const struct addr *net);

// No host or block had its last hit before this, and where ladder_expire() has just been of use,
// one had it then; USEC_FOREVER: there is none.
usec_t ladder_oldest(const struct ladder *l);

// Drops hosts and blocks whose last hit is at most `before`.
void ladder_expire(struct ladder *l, usec_t before);

size_t ladder_hosts(const struct ladder *l);
uint64_t ladder_evicted(const struct ladder *l);

// Whether hosts or blocks have had to make room since ladder_expire() was last of use.
bool ladder_is_full(const struct ladder *l);
