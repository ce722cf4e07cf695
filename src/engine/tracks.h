// SPDX-License-Identifier: GPL-2.0-or-later
// The tracks of a jail's hosts and blocks, in the memory it has: read, worked on and kept as
// records (engine/track.h) of a store. What makes room first is decided here: who has a single hit,
// then who has less than half of what leads to a ban, then less than three quarters.
#pragma once

#include "base/store.h"
#include "engine/jail.h"
#include "engine/track.h"

struct track_family {
    const struct level *level;
    size_t n;
    uint32_t cell_most; // hits in a cell: with so few nothing can be reached
};

struct tracks {
    const struct jail_spec *spec;
    struct store *store;
    struct track_family v4, v6;
    uint64_t seed;
    size_t hosts;     // tracked
    uint64_t evicted; // hosts and blocks
    // What is being worked on
    struct window *window;
    struct netblock *block;
    unsigned char *record;
};

// The spec and the share are borrowed. -ENOMEM; tracks_done() in any case.
int tracks_init(struct tracks *t, const struct jail_spec *spec, struct share *share, uint64_t seed);
void tracks_done(struct tracks *t);

const struct track_family *tracks_family(const struct tracks *t, bool v6);

// The tracks of a hit lie anywhere in memory: told of all before the first is needed, the processor
// waits once for all of them, or does something else meanwhile. First where they are; the keys'
// hashes are known from then on. Then, after a while, the tracks.
void tracks_expect(const struct tracks *t, struct track_key *key, size_t n);
void tracks_expect_records(const struct tracks *t, const struct track_key *key, size_t n);

// Adds a hit to the host's window, as that stands after the bans of the blocks around it. The hits
// that it holds now go to *ret_hits. 1 where it is full, 0, or -ENOMEM.
int tracks_hit_host(struct tracks *t, const struct track_key *key, const struct tally *tally,
                    uint32_t *ret_hits);

// Adds a hit to a block that is no cell, as netblock_hit(). -ENOMEM.
int tracks_hit_block(struct tracks *t, const struct track_key *key, struct tally *tally,
                     struct netblock_told *ret);

// The mark of a block that a hit passes without being counted there.
void tracks_pass_block(const struct tracks *t, const struct track_key *key, struct tally *tally);

// Adds a hit to a narrowest block and its host, which are in one cell as long as there are few
// hits. The hits of the host go to *ret_hits. 1 where it is full, 0, or -ENOMEM.
int tracks_hit_narrowest(struct tracks *t, const struct track_key *block,
                         const struct track_key *host, struct tally *tally,
                         struct netblock_told *ret_block, uint32_t *ret_hits);

// Where the block is a cell, it is none from now on. -ENOMEM.
int tracks_open(struct tracks *t, const struct track_key *block);

// The window of a host; NULL: nothing is known of it. The mark goes to *ret_mark.
const struct window *tracks_host(struct tracks *t, const struct track_key *key, uint32_t *ret_mark);

// A block to be worked on and kept; NULL: nothing is known of it, or it is a cell. Valid until the
// next call.
struct netblock *tracks_block(struct tracks *t, const struct track_key *key);
int tracks_keep_block(struct tracks *t, const struct track_key *key);

// Drops a record of the store.
void tracks_drop(struct tracks *t, const unsigned char *record);

// Drops a host; block: the narrowest one around it, NULL: there is none. Whatever is known of that,
// and of other hosts, stays.
void tracks_drop_host(struct tracks *t, const struct track_key *host,
                      const struct track_key *block);
