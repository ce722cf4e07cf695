// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/sign.h"

void sign_read(struct filter *f, const struct line *line, const uint64_t *may, usec_t now,
               struct sign *ret)
{
    ret->line = filter_date(f, line, now, &ret->own);
    ret->r = filter_match_some(f, ret->line, may, &ret->match);
}
