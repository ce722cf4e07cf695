// SPDX-License-Identifier: GPL-2.0-or-later
// A hit that is added to a record (engine/track.h) where it stands. Nearly every hit can be: it
// comes in order of time, no newer ban is in its way, and its time and host fit beside those that
// are there. What it comes to is what window_hit() and netblock_hit() would have made of it. Inside
// the engine only.
#pragma once

#include "engine/track.h"

struct addition {
    struct track_head head;  // as it is then
    size_t before, after;    // bytes of the record
    uint64_t distance;       // of the hit's time from the base, in units of the scale
    uint32_t count, dropped; // how many hits come and go
    // Of a block
    struct track_ids ids;
    uint64_t id;
    uint32_t host; // its place among the hosts
    bool is_new;
    enum netblock_pair reached; // before, within findtime
};

// Whether it can be, and how. most: the hits that are kept, which a host's record may only come to.
bool addition_to_host(struct addition *a, const unsigned char *record, uint32_t most,
                      const struct tally *t);
bool addition_to_block(struct addition *a, const unsigned char *record, const struct level *level,
                       const struct level *narrower, const struct tally *t);

// Adds it, where there is room for a->after bytes. Of a host, whether it is full, and the hits
// within findtime.
bool addition_make_host(const struct addition *a, unsigned char *record, uint32_t most,
                        usec_t findtime, uint32_t *ret_hits);

// As netblock_hit().
struct netblock_told addition_make_block(struct addition *a, unsigned char *record,
                                         const struct level *level, const struct level *narrower,
                                         struct tally *t);
