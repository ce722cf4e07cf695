// SPDX-License-Identifier: GPL-2.0-or-later
// The window of an enclosing block: hits AND distinct hosts below it within findtime. A host is
// an IPv4 address, and of IPv6 what the jail says, mostly a /64. Where there is a narrower level,
// no more hosts of one of its blocks count than explain a ban of that one, nor more than half of
// what the wider one takes: its hosts come from several. Kept per block: the last `hits` times, and
// the last time of the `hosts` most recent hosts, which is all that deciding needs: memory per
// block is bounded, and one loud host cannot push out others.
#pragma once

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum { NETBLOCK_LEVELS_MAX = 8, NETBLOCK_HITS_MAX = 4096, NETBLOCK_HOSTS_MAX = 1024 };

// Where a host's number has all 64 bits, the first of them tell its narrower block.
enum { NETBLOCK_FOLDED_BITS = 31 };

// "24:4:12": a /24 with at least 4 distinct hosts and at least 12 hits within findtime, and how
// long it is banned then.
struct level {
    uint8_t prefix; // as people write it
    uint16_t hosts, hits;
    usec_t findtime, bantime;
};

// One hit on its way from the widest block around its host down to the host. A ban forgets what was
// counted below its net, but does not search for it: it leaves a mark, greater than all before, and
// what was counted without knowing of the mark is dropped when the next hit passes there.
struct tally {
    uint64_t host; // a number of it within the block
    usec_t time;
    uint32_t count;
    uint32_t wiped; // the latest mark met so far, 0: none
};

struct netblock {
    usec_t last;          // hit
    uint32_t mark, wiped; // the latest mark known with the last hit; its own, of its last ban
    bool reached;         // both thresholds, with its last hit
    bool fine;            // not all times are whole seconds apart
    uint32_t n_hosts;
    usec_t *seen;   // when each of the hosts was seen last
    uint64_t *host; // which they are
    struct window *window;
};

// A block to work with, which has room for what any of the levels keeps. NULL: out of memory.
struct netblock *netblock_new(uint32_t hits, uint32_t hosts);
struct netblock *netblock_free(struct netblock *b);

// Without hits, hosts or marks.
void netblock_reset(struct netblock *b);

// Without hits and hosts.
void netblock_clear(struct netblock *b);

// The place of a host among the n most recent ones: its own; while fewer of its narrower block are
// there than count, a free one, n, or that of the host seen longest ago; else of the one of that
// block.
uint32_t netblock_place(const uint64_t *host, const usec_t *seen, uint32_t n,
                        const struct level *level, const struct level *narrower, uint64_t new);

enum {
    NETBLOCK_E_REACHED = 1, // both thresholds are reached
    NETBLOCK_E_AGAIN = 2,   // as they were at its hit before, within findtime, with no ban
};

// Adds a hit; narrower is the next narrower level, NULL: none. 0 or NETBLOCK_E_*: *ret_hits and
// *ret_hosts are then what lies within findtime, counted up to what is kept.
int netblock_hit(struct netblock *b, const struct level *level, const struct level *narrower,
                 struct tally *t, uint32_t *ret_hits, uint32_t *ret_hosts);

// What is known at t->time, without adding to it.
void netblock_look(struct netblock *b, usec_t findtime, struct tally *t, uint32_t *ret_hits,
                   uint32_t *ret_hosts);
