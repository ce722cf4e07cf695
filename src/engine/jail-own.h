// SPDX-License-Identifier: GPL-2.0-or-later
// A jail from within, for the files that it is made of: jail.c has the way of a line to a hit,
// jail-verdict.c that of a hit to a verdict.
#pragma once

#include "engine/brands.h"
#include "engine/jail.h"
#include "engine/ladder.h"

// Of longer ids of sessions the rest is not looked at, where filters are told apart by them.
enum { JAIL_ID_MAX = 512 };

struct jail {
    struct jail_spec spec;
    char *name;
    struct jail_filter filter[JAIL_FILTERS_MAX];
    uint64_t tag[JAIL_FILTERS_MAX]; // of their sessions
    size_t n_filters;
    const struct exempt *exempt;
    struct sessions *sessions; // of all filters
    char id[JAIL_ID_MAX];      // of the session that a match is put into
    struct ladder *ladder;
    struct repeats *repeats; // NULL: each counts
    struct jail_budget own;
    struct share share;
    usec_t findtime; // the longest
    usec_t newest;   // line
    usec_t swept;    // when what is too old last had to make room
    past_fn *past;
    void *past_user;
    struct reputation *reputation; // NULL: none
    struct caps *caps;             // NULL: none
    struct brands *branded;        // hosts and blocks it has banned
    bool has_blocks;               // among them
    struct brands *spared;         // blocks where bans are forgone, for those who are known there
    bool has_spared;
    struct spared gone_past; // by the last ban of a block
    struct jail_counters counters;
};

// What became of a net before, where its bans grow with that.
static inline struct past jail_past(const struct jail *j, const struct addr *net, usec_t time)
{
    return j->spec.sentence.growth && j->past ? j->past(j->past_user, &j->spec, net, time)
                                              : (struct past){0};
}

// NULL: it spares nobody.
static inline struct shield *jail_shield(const struct jail *j)
{
    return j->spec.shield && j->reputation ? j->reputation->shield : NULL;
}

// Likewise.
static inline struct peers *jail_peers(const struct jail *j)
{
    return j->spec.shield && j->reputation ? j->reputation->peers : NULL;
}

// Which thresholds hold for the blocks: the lower ones where nobody logs in.
void jail_settle(struct jail *j, struct rungs *rungs, usec_t time);

// What is known of a hit by what its client said.
struct known {
    struct name name;
    bool is_doubtful;
};

// Counts a hit, which *ret_hit is then. known: the fingerprint that it bears, NULL: none.
// JAIL_E_HIT, JAIL_E_VERDICT, -ENOMEM.
int jail_count(struct jail *j, struct hit *hit, const struct known *known, struct hit *ret_hit,
               struct verdict *ret_verdict);
