// SPDX-License-Identifier: GPL-2.0-or-later
// A text that a regex should match, made by walking its tree. Whether it does is for the engine to
// say: what the tree's look-arounds demand is not looked at. Inside the engine only.
#pragma once

#include "engine/tree.h"

// Whose failure a specimen is.
#define SPECIMEN_V4 "203.0.113.7"
#define SPECIMEN_V6 "2001:db8:113::7"

enum { SPECIMEN_MAX = 2048 }; // the longest line that a mail server writes

struct specimen_plan {
    uint32_t variant;     // which of the alternatives: 0 takes the first ones with all that is
                          // optional, 1 the first ones without, others by a hash
    uint32_t through;     // a node that has a part in it, or NODE_NONE
    struct slice content; // instead of what <F-CONTENT> has; p NULL: nothing
};

struct specimen {
    char text[SPECIMEN_MAX];
    size_t n;
    size_t from, to; // where the node `through` is; both 0 without one
};

// False: it would be too long.
bool specimen_make(const struct tree *t, const struct specimen_plan *plan, struct specimen *ret);

// The same for a part of the tree; plan->through lies in it or is NODE_NONE.
bool specimen_make_part(const struct tree *t, uint32_t node, const struct specimen_plan *plan,
                        struct specimen *ret);
