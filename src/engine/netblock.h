// SPDX-License-Identifier: GPL-2.0-or-later
// The window of an enclosing block: hits AND distinct hosts below it within findtime. A host is
// an IPv4 address, and of IPv6 what the jail says, mostly a /64. Where there is a narrower level,
// no more hosts of one of its blocks count than explain a ban of that one, nor more than half of
// what the wider one takes: its hosts come from several. There may be a second, lower pair of
// thresholds, for land in which nobody logs in: what there is by either is told, and which one
// holds is for others to say. Kept per block: the last `hits` times, and the last time of the
// `hosts` most recent hosts, which is all that deciding needs: memory per block is bounded, and one
// loud host cannot push out others.
#pragma once

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum { NETBLOCK_LEVELS_MAX = 8, NETBLOCK_HITS_MAX = 4096, NETBLOCK_HOSTS_MAX = 1024 };

// Where a host's number has all 64 bits, the first of them tell its narrower block.
enum { NETBLOCK_FOLDED_BITS = 31 };

// "24:4-8:6-40": a /24 with at least 8 distinct hosts and at least 40 hits within findtime, or
// where nobody logs in round about, with 4 and 6; and how long it is banned then.
struct level {
    uint8_t prefix; // as people write it
    uint16_t hosts, hits;
    usec_t findtime, bantime;
    uint16_t strange_hosts, strange_hits; // no more than hosts and hits; 0: there are none
};

// What is enough for a ban somewhere.
static inline uint32_t level_least_hosts(const struct level *l)
{
    return l->strange_hosts > 0 ? l->strange_hosts : l->hosts;
}

static inline uint32_t level_least_hits(const struct level *l)
{
    return l->strange_hits > 0 ? l->strange_hits : l->hits;
}

// One hit on its way from the widest block around its host down to the host. A ban forgets what was
// counted below its net, but does not search for it: it leaves a mark, greater than all before, and
// what was counted without knowing of the mark is dropped when the next hit passes there.
struct tally {
    uint64_t host; // a number of it within the block
    usec_t time;
    uint32_t count;
    uint32_t wiped; // the latest mark met so far, 0: none
};

// Which pair of thresholds is reached; who reaches the full one has reached the lower one before.
enum netblock_pair { NETBLOCK_NONE, NETBLOCK_STRANGE, NETBLOCK_FULL };

struct netblock {
    usec_t last;                // hit
    uint32_t mark, wiped;       // the latest mark known with the last hit; its own, of its last ban
    enum netblock_pair reached; // with its last hit
    bool fine;                  // not all times are whole seconds apart
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

// How many of the n most recent hosts count for the lower pair: those seen from first to last, but
// of one narrower block no more than explain a ban of that one there, nor more than half.
uint32_t netblock_strange_hosts(const uint64_t *host, const usec_t *seen, uint32_t n,
                                const struct level *level, const struct level *narrower,
                                usec_t first, usec_t last);

enum {
    NETBLOCK_E_REACHED = 1, // both thresholds of a pair are reached
    NETBLOCK_E_AGAIN = 2,   // as they were at its hit before, within findtime, with no ban
};

// What a hit came to: 0 or NETBLOCK_E_*, by the full pair and by the lower one, which is the full
// one where there is none. Where it is not 0, what lies within findtime, counted up to what is
// kept.
struct netblock_told {
    int full, strange;
    uint32_t hits, hosts;
};

struct netblock_told netblock_tell(enum netblock_pair now, enum netblock_pair before, uint32_t hits,
                                   uint32_t hosts);

// Adds a hit; narrower is the next narrower level, NULL: none.
struct netblock_told netblock_hit(struct netblock *b, const struct level *level,
                                  const struct level *narrower, struct tally *t);

// What is known at t->time, without adding to it.
void netblock_look(struct netblock *b, usec_t findtime, struct tally *t, uint32_t *ret_hits,
                   uint32_t *ret_hosts);
