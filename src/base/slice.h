// SPDX-License-Identifier: GPL-2.0-or-later
// Foreign bytes: a pointer and a length. Any byte may occur, NUL and invalid UTF-8 included, and
// nothing is terminated. A slice owns nothing; it is valid as long as the buffer it points into.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *p;
    size_t n;
};

static inline struct slice slice_of(const char *s)
{
    return (struct slice){s, strlen(s)};
}

static inline struct slice slice_from(struct slice s, size_t start)
{
    size_t skip = start < s.n ? start : s.n;

    // The slice of nothing has no pointer to add to.
    return skip > 0 ? (struct slice){s.p + skip, s.n - skip} : s;
}

static inline bool slice_equal(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool slice_is(struct slice s, const char *text)
{
    // Most texts differ from the first byte on.
    return s.n > 0 ? *s.p == *text && slice_equal(s, slice_of(text)) : !*text;
}

static inline bool slice_starts(struct slice s, const char *prefix)
{
    size_t n;

    if (*prefix && (s.n == 0 || *s.p != *prefix))
        return false;
    n = strlen(prefix);
    return s.n >= n && (n == 0 || memcmp(s.p, prefix, n) == 0);
}

// The next piece of a list up to a blank, which is taken off it with the blank.
static inline struct slice slice_word(struct slice *list)
{
    const char *blank = list->n > 0 ? memchr(list->p, ' ', list->n) : NULL;
    struct slice word = {list->p, blank ? (size_t)(blank - list->p) : list->n};

    *list = slice_from(*list, word.n + 1);
    return word;
}

static inline struct slice slice_trim(struct slice s)
{
    while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\r' || s.p[0] == '\n'))
        s.p++, s.n--;
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r' ||
                       s.p[s.n - 1] == '\n'))
        s.n--;
    return s;
}
