// SPDX-License-Identifier: GPL-2.0-or-later
// Windows of enclosing blocks: hits AND distinct hosts below one block within findtime. A host is
// an IPv4 address or an IPv6 /64. Kept per block: the last `hits` times, and the last time of the
// `hosts` most recent hosts, which is all that deciding needs: memory per block is fixed, and one
// loud host cannot push out others.
#pragma once

#include "base/addr.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum { NETBLOCK_LEVELS_MAX = 4, NETBLOCK_HITS_MAX = 4096, NETBLOCK_HOSTS_MAX = 1024 };

// "24:4:12": a /24 with at least 4 distinct hosts and at least 12 hits.
struct level {
    uint8_t prefix; // as people write it
    uint16_t hosts, hits;
};

// One hit on its way from the widest block around its host down to the host. A ban forgets what was
// counted below its net, but does not search for it: it leaves a mark, and what was counted up to
// the mark is dropped when the next hit passes there.
struct tally {
    struct addr host;
    usec_t time;
    uint32_t count;
    uint64_t serial; // grows with every hit, from 1
    uint64_t wiped;  // the latest mark met so far, 0: none
};

struct netblock;

// One level's blocks; beyond the capacity the one untouched longest is dropped. NULL: out of
// memory.
struct netblock *netblock_new(struct level level, usec_t findtime, size_t capacity, uint64_t seed);
struct netblock *netblock_free(struct netblock *b);
size_t netblock_size(struct level level); // bytes per block

enum {
    NETBLOCK_E_REACHED = 1, // both thresholds are reached
    NETBLOCK_E_AGAIN = 2,   // as they were at its hit before, within findtime, with no ban
};

// Adds the hit to the block around its host. *ret_hits and *ret_hosts are what lies within findtime
// now, counted up to what is kept. 0, NETBLOCK_E_*, or -ENOMEM.
int netblock_hit(struct netblock *b, struct tally *t, uint32_t *ret_hits, uint32_t *ret_hosts);

// What is known of the block around t->host at t->time, without adding to it.
void netblock_look(struct netblock *b, struct tally *t, uint32_t *ret_hits, uint32_t *ret_hosts);

// After a ban of the block: it starts anew, and so does everything below it.
void netblock_wipe(struct netblock *b, const struct addr *block, uint64_t serial);

// Forgets what is counted for every block that lies in net or around it.
void netblock_forget(struct netblock *b, const struct addr *net);

// When the block untouched longest had its last hit; USEC_FOREVER: there is none. netblock_expire()
// drops blocks, the one untouched longest first, as long as that is at most `before`.
usec_t netblock_oldest(struct netblock *b);
void netblock_expire(struct netblock *b, usec_t before);

size_t netblock_count(const struct netblock *b);
uint64_t netblock_evicted(const struct netblock *b);
