// SPDX-License-Identifier: GPL-2.0-or-later
// How long a ban lasts.
#pragma once

#include "base/span.h"
#include "engine/formula.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// bantime.increment: whoever was banned before is banned for longer.
struct growth {
    struct formula formula;
    double factor;
    const double *multiplier; // one per ban before, the last for all further ones; instead of the
    size_t n_multipliers;     // formula where there are any
    usec_t maxtime;           // USEC_FOREVER: no limit
    usec_t rndtime;           // added at random, so that nobody can wait for the minute
    bool overalljails;        // bans of all jails count
};

struct sentence {
    usec_t bantime;              // USEC_FOREVER: until unbanned
    const struct growth *growth; // NULL: every ban lasts as long as the first. Borrowed
};

// bans: how often the same net was banned before, and that is over. chance: a random number from 0
// up to 1.
struct past {
    uint32_t bans;
    double chance;
};

// When a ban decided at `time` ends. A formula never makes it shorter than bantime; one that has no
// value leaves it at that.
usec_t sentence_until(const struct sentence *s, usec_t time, const struct past *past);

// As how many failures one of somebody with that past counts: 1, 2, 3, 5, 9, ...
uint32_t sentence_weight(const struct sentence *s, const struct past *past);
