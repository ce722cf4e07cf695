// SPDX-License-Identifier: GPL-2.0-or-later
// Which part of a line each run of a regex took (`.*`, \S+, [^>]*: where a stranger's text may be),
// and which is the address. Inside the engine only.
#pragma once

#include "engine/regex.h"
#include "engine/tree.h"

enum { SPANS_MAX = 96 }; // the rest of a regex goes unseen

struct spans {
    struct regex regex; // with a group around each of them
    size_t n;
    uint32_t node[SPANS_MAX], number[SPANS_MAX];
};

// -ENOMEM, or -ENOTSUP where no group can be added. spans_done() is due in any case.
int spans_init(struct spans *s, const struct tree *t, unsigned flags);
void spans_done(struct spans *s);

// What number i took in the last match of s->regex (p NULL: had no part).
struct slice spans_taken(const struct spans *s, const struct matcher *m, struct slice text,
                         size_t i);
