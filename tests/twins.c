// SPDX-License-Identifier: GPL-2.0-or-later
#include "twins.h"

#include "engine/sieve.h"

#include <stdlib.h>

enum { FILTERS_MAX = 512 };

struct twins {
    struct filter *plain[FILTERS_MAX], *sieved[FILTERS_MAX];
    struct sieve *sieve;
    struct twins_count count;
};

struct twins *twins_new(void)
{
    return calloc(1, sizeof(struct twins));
}

struct twins *twins_free(struct twins *t)
{
    if (t) {
        sieve_free(t->sieve);
        for (size_t i = 0; i < t->count.filters; i++) {
            filter_free(t->plain[i]);
            filter_free(t->sieved[i]);
        }
        free(t);
    }
    return NULL;
}

bool twins_add(struct twins *t, const struct filter_spec *spec)
{
    size_t i = t->count.filters;
    struct filter_error error;

    if (i == FILTERS_MAX || filter_new(spec, &t->plain[i], &error) < 0)
        return false;
    if (filter_new(spec, &t->sieved[i], &error) < 0) {
        filter_free(t->plain[i]);
        return false;
    }
    t->count.filters++;
    return true;
}

static bool is_same(const struct match *a, const struct match *b)
{
    if (a->rule != b->rule || a->has_host != b->has_host || a->count != b->count ||
        a->n_fields != b->n_fields || (a->has_host && addr_compare(&a->host, &b->host) != 0) ||
        !slice_equal(a->user, b->user) || !slice_equal(a->mlfid, b->mlfid) ||
        !slice_equal(a->id, b->id) || !slice_equal(a->secret, b->secret))
        return false;
    for (size_t i = 0; i < a->n_fields; i++) {
        if (!slice_equal(a->field[i].value, b->field[i].value))
            return false;
    }
    return true;
}

static int show(struct filter *f, const struct line *line, const uint64_t *may, usec_t now,
                struct match *ret)
{
    struct line store;

    return filter_match_some(f, filter_date(f, line, now, &store), may, ret);
}

const char *twins_line(struct twins *t, const struct line *line, usec_t now)
{
    struct line copied = *line, sieved = *line;
    const struct chosen *chosen;
    size_t n, k = 0;

    if (!t->sieve && sieve_new(t->sieved, t->count.filters, &t->sieve) < 0)
        return "out of memory";
    t->count.lines++;
    line_take_body(&sieved);
    n = sieve_line(t->sieve, &sieved, &chosen);
    t->count.asked += n;
    for (size_t i = 0; i < t->count.filters; i++) {
        struct match plain, other;
        bool matches = show(t->plain[i], &copied, NULL, now, &plain) == FILTER_E_MATCH;
        bool is_chosen = k < n && chosen[k].filter == i;
        bool again =
            is_chosen && show(t->sieved[i], &sieved, chosen[k].may, now, &other) == FILTER_E_MATCH;
        k += is_chosen;
        t->count.matches += matches;
        if (matches != again || (matches && !is_same(&plain, &other)))
            return filter_name(t->plain[i]);
    }
    return k == n ? NULL : "filters in disorder";
}

struct twins_count twins_count(const struct twins *t)
{
    return t->count;
}
