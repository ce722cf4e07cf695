// SPDX-License-Identifier: GPL-2.0-or-later
// What the failregexes of several filters cannot match without, put together: every text that any
// of them needs has one number, and for each it is known whom it may be a sign of. Inside the
// engine only.
#pragma once

#include "engine/rule.h"

struct mesh {
    struct mesh_filter {
        struct filter *filter;
        struct filter_parts parts;
        size_t strand; // the first of its strands, in the order of its failregexes
        size_t word;   // where the words of its failregexes begin
    } * filter;
    size_t n_filters, n_words;
    struct strand { // a failregex, together with the prefregex that comes before it
        size_t filter, rule;
        size_t clause, n_clauses;
    } * strand;
    size_t n_strands;
    struct mesh_clause { // its texts, in member
        size_t start, end;
    } * clause;
    size_t n_clauses;
    uint32_t *member;
    size_t n_members;
    struct slice *text; // borrowed of the filters
    size_t n_texts;
    // By text: the strands in whose first clause it is, from sign[first_sign[text]] on, but those
    // of filters that look at several lines; and bits of the texts that these need.
    uint32_t *first_sign, *sign;
    uint64_t *wide;
};

// Of the filters that look at one line; they are borrowed. -ENOMEM. mesh_done() is due in any case.
int mesh_init(struct mesh *m, struct filter *const *filter, size_t n);
void mesh_done(struct mesh *m);

// Whether each clause of a strand has a text whose bit is set.
bool mesh_holds(const struct mesh *m, const struct strand *s, const uint64_t *found);

static inline bool bit_get(const uint64_t *words, size_t i)
{
    return words[i / 64] >> i % 64 & 1;
}

static inline void bit_set(uint64_t *words, size_t i)
{
    words[i / 64] |= UINT64_C(1) << i % 64;
}

// The first set bit from i on, of n; n where there is none.
static inline size_t bit_next(const uint64_t *words, size_t n, size_t i)
{
    for (; i < n; i = (i / 64 + 1) * 64) {
        uint64_t rest = words[i / 64] >> i % 64;
        if (rest)
            return i + (size_t)__builtin_ctzll(rest);
    }
    return n;
}

static inline size_t bit_words(size_t n)
{
    return (n + 63) / 64;
}
