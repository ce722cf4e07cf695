// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/complaint.h"

#include <errno.h>
#include <stdio.h>

enum { EXCERPT_MAX = 24 };

// A piece of the user's text to recognise the place by, not cut inside a character.
static struct slice excerpt(struct slice text, size_t at)
{
    struct slice s = slice_from(text, at < text.n ? at : text.n);

    if (s.n <= EXCERPT_MAX)
        return s;
    s.n = EXCERPT_MAX;
    while (s.n > 0 && (s.p[s.n] & 0xc0) == 0x80)
        s.n--;
    return s;
}

int complaint_make(const struct pattern *pattern, const struct fault *fault,
                   struct filter_error *ret_error)
{
    struct slice s = excerpt(slice_of(pattern->text), fault->at);

    ret_error->pattern = pattern;
    snprintf(ret_error->text, sizeof(ret_error->text), "at %zu, \"%.*s\": %s", fault->at, (int)s.n,
             s.p, fault->text);
    return -EINVAL;
}
