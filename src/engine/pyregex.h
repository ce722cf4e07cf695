// SPDX-License-Identifier: GPL-2.0-or-later
// Python's regexes, in which fail2ban's filters are written, as PCRE2 reads them: byte by byte,
// without UTF. What PCRE2 would read differently is translated, what cannot be is refused by name,
// and nothing that Python lacks is let through (a filter cannot recurse or lift its own limits).
#pragma once

#include "engine/draft.h"

enum { GROUPS_MAX = 32 };

// The named groups. Group i is called g<i> in the translation, as PCRE2 limits what a name may be.
struct groups {
    char *name[GROUPS_MAX];
    size_t n;
};

void groups_done(struct groups *g);

// -EINVAL with *ret_fault set. Out of memory shows in ret->failed.
int pyregex_translate(const struct draft *in, struct draft *ret, struct groups *ret_groups,
                      struct fault *ret_fault);
