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

struct netblock;

// One level's blocks. NULL: out of memory.
struct netblock *netblock_new(struct level level, usec_t findtime, size_t capacity, uint64_t seed);
struct netblock *netblock_free(struct netblock *b);

// Adds count hits by host below its block; *ret_hits and *ret_hosts are what lies within findtime
// now, counted up to what is kept. 1 where both thresholds are reached, 0 where not, -ENOMEM.
int netblock_hit(struct netblock *b, const struct addr *host, usec_t time, uint32_t count,
                 uint32_t *ret_hits, uint32_t *ret_hosts);

// What is known of the block around host, without adding to it.
void netblock_look(struct netblock *b, const struct addr *host, usec_t now, uint32_t *ret_hits,
                   uint32_t *ret_hosts);

void netblock_forget(struct netblock *b, const struct addr *block);
void netblock_expire(struct netblock *b, usec_t before);
