// SPDX-License-Identifier: GPL-2.0-or-later
// All bans in memory, past ones too: in the order of their ids, by their net, and in the order of
// their ends. A place in the roll is good until the next roll_add(). Only for this folder.
#pragma once

#include "base/addr.h"
#include "base/span.h"

struct roll_ban {
    struct addr net;
    uint8_t reason;
    bool is_running; // not told as ended, and not lifted
    bool is_changed; // since it was written
    bool is_gone;
    uint32_t jail; // as of names.h
    uint32_t hits, hosts, need_hits, need_hosts;
    uint32_t lines; // about how many hits are its evidence,
    uint64_t last;  // none of them later than this one in the order of counting
    int64_t id;
    usec_t since, until, findtime;
    usec_t lifted; // 0: not
    uint32_t next; // the one before it of the same net, or ROLL_NONE
    uint32_t heap; // its place there
    char *name;    // of the fingerprint that led to it; owned, NULL: none did
};

enum { ROLL_NONE = UINT32_MAX };

// Where the newest ban of a net is. The tag is of the net's hash, so that no ban is looked at in
// vain: each look is a wait for the memory.
struct slot {
    uint32_t tag, place; // ROLL_NONE: free
};

// A heap: the one that ends first is at the top.
struct ends {
    uint32_t *place;
    size_t n;
};

struct roll {
    struct roll_ban *ban;
    size_t n, allocated, n_gone;
    struct slot *slot; // by the hash of their nets
    size_t n_slot;     // a power of two
    uint64_t seed;     // strangers choose the nets
    struct ends running, over;
    uint64_t in_length[129]; // how many have a prefix of this length
    uint64_t *in_force;      // per jail
    size_t n_in_force;
};

void roll_done(struct roll *r);

// Takes a copy of the ban, and its name over, but not on failure; its id is greater than all
// others', is_running is as given. -ENOMEM.
int roll_add(struct roll *r, const struct roll_ban *ban, uint32_t *ret);

// It runs, or not, and ends when its fields say: to be called after these have changed.
void roll_settle(struct roll *r, uint32_t place, bool is_running);
void roll_remove(struct roll *r, uint32_t place);

// When it ended or will.
usec_t roll_end(const struct roll_ban *b);

// Has the place of a net on its way from the memory.
void roll_expect(const struct roll *r, const struct addr *net);

// The newest ban of exactly this net, and the one before another one of the same net. ROLL_NONE.
uint32_t roll_of(const struct roll *r, const struct addr *net);
uint32_t roll_before(const struct roll *r, uint32_t place);

// The place of the first ban with a greater id; from there on in their order, up to r->n.
size_t roll_after(const struct roll *r, int64_t id);

// The one that ends first: of those that run, or of the others. ROLL_NONE.
uint32_t roll_first(const struct ends *e);

// How many are in force, in a jail or (0) in all.
uint64_t roll_in_force(const struct roll *r, uint32_t jail);

// Calls fn for the bans of every net around this one, itself included, until it returns true, which
// is passed on.
typedef bool around_fn(void *user, const struct roll_ban *b);
bool roll_around(const struct roll *r, const struct addr *net, around_fn *fn, void *user);
