// SPDX-License-Identifier: GPL-2.0-or-later
// A filter for tests of what comes after it: a line is "ADDR" or "ADDR COUNT", or one of the words
// below. It takes the place of engine/filter.c in the program that includes it.
#pragma once

#include "engine/jail.h"

#include <stdlib.h>

struct filter {
    int unused;
};

static const struct {
    const char *text;
    int r;
    bool nofail;
} words[] = {
    {"noise", 0, false},
    {"ignored", FILTER_E_IGNORED, false},
    {"limit", FILTER_E_LIMIT, false},
    {"name", FILTER_E_MATCH, false},
    {"info", FILTER_E_MATCH, true},
};

int filter_match_some(struct filter *f, const struct line *line, const uint64_t *may,
                      struct match *ret)
{
    const char *space = memchr(line->text.p, ' ', line->text.n);
    struct slice addr = line->text;

    (void)f, (void)may;
    *ret = (struct match){.rule = 3, .count = 1, .user = slice_of("user")};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        ret->nofail = words[i].nofail;
        if (slice_is(line->text, words[i].text))
            return words[i].r;
    }
    if (space) {
        addr.n = (size_t)(space - addr.p);
        ret->count = (uint32_t)strtoul(space, NULL, 10);
    }
    ret->nofail = false;
    ret->has_host = addr_parse(addr, &ret->host) == 0;
    return FILTER_E_MATCH;
}

const struct line *filter_date(struct filter *f, const struct line *line, usec_t now,
                               struct line *store)
{
    (void)f, (void)now, (void)store;
    return line;
}

bool filter_only_ends(const struct filter *f, const uint64_t *may)
{
    (void)f, (void)may;
    return false;
}

static struct filter filter;
static const struct jail_filter filters[] = {{&filter, NULL, 1}};
