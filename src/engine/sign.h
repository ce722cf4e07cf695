// SPDX-License-Identifier: GPL-2.0-or-later
// What a filter made of a line: a sign of something for the jails that use it, or of nothing.
#pragma once

#include "engine/filter.h"

struct sign {
    int r; // as of filter_match(): FILTER_E_MATCH, and match is set; other FILTER_E_*; 0; -errno
    const struct line *line; // as the filter dates it
    struct match match;
    struct line own; // what line points to, where the filter's date is another
};

// Shows a line to a filter: filter_date(), filter_match_some(). What *ret points to is valid as
// long as these say.
void sign_read(struct filter *f, const struct line *line, const uint64_t *may, usec_t now,
               struct sign *ret);
