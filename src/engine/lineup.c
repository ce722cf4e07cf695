// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/lineup.h"

#include "engine/heard.h"
#include "engine/sieve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct lineup {
    struct sieve *sieve;
    struct heard *heard;
    struct jail **jail;
    size_t n_jails;
    struct use { // of a filter by a jail, in the order of filters
        size_t jail;
        unsigned filter; // the jail's number of it
    } * use;
    struct place {
        struct filter *filter;
        size_t first_use; // up to the next one's
        usec_t newest;    // of the lines that it was shown
    } * place;
    size_t n_places;
    uint64_t lines; // since the jails were told
    struct sign sign;
};

static size_t count_uses(const struct lineup *l)
{
    size_t uses = 0, one;

    for (size_t i = 0; i < l->n_jails; i++) {
        jail_filters(l->jail[i], &one);
        uses += one;
    }
    return uses;
}

static void add_place(struct lineup *l, struct filter *filter)
{
    for (size_t i = 0; i < l->n_places; i++) {
        if (l->place[i].filter == filter)
            return;
    }
    l->place[l->n_places++].filter = filter;
}

static void add_uses(struct lineup *l, const struct filter *filter, size_t *n)
{
    size_t filters;

    for (size_t i = 0; i < l->n_jails; i++) {
        const struct jail_filter *f = jail_filters(l->jail[i], &filters);
        for (unsigned k = 0; k < filters; k++) {
            if (f[k].filter == filter)
                l->use[(*n)++] = (struct use){i, k};
        }
    }
}

// Behind the last place stands where the uses end.
static void fill(struct lineup *l)
{
    size_t uses = 0, filters;

    for (size_t i = 0; i < l->n_jails; i++) {
        const struct jail_filter *f = jail_filters(l->jail[i], &filters);
        for (size_t k = 0; k < filters; k++)
            add_place(l, f[k].filter);
    }
    for (size_t p = 0; p < l->n_places; p++) {
        l->place[p].first_use = uses;
        add_uses(l, l->place[p].filter, &uses);
    }
    l->place[l->n_places].first_use = uses;
}

static int make_sieve(struct lineup *l)
{
    struct filter **filter = calloc(l->n_places + 1, sizeof(struct filter *));
    int r;

    if (!filter)
        return -ENOMEM;
    for (size_t i = 0; i < l->n_places; i++)
        filter[i] = l->place[i].filter;
    r = sieve_new(filter, l->n_places, &l->sieve);
    free(filter);
    return r;
}

static int make_room(struct lineup *l, struct jail *const *jail, size_t n)
{
    size_t uses;

    l->jail = calloc(n + 1, sizeof(struct jail *));
    l->heard = heard_new();
    if (!l->jail || !l->heard)
        return -ENOMEM;
    memcpy(l->jail, jail, n * sizeof(struct jail *));
    l->n_jails = n;
    uses = count_uses(l);
    l->use = calloc(uses + 1, sizeof(*l->use));
    l->place = calloc(uses + 1, sizeof(*l->place));
    return l->use && l->place ? 0 : -ENOMEM;
}

int lineup_new(struct jail *const *jail, size_t n, struct lineup **ret)
{
    struct lineup *l = calloc(1, sizeof(*l));
    int r = l ? make_room(l, jail, n) : -ENOMEM;

    if (r == 0) {
        fill(l);
        r = make_sieve(l);
    }
    if (r < 0) {
        lineup_free(l);
        return r;
    }
    *ret = l;
    return 0;
}

struct lineup *lineup_free(struct lineup *l)
{
    if (l) {
        sieve_free(l->sieve);
        heard_free(l->heard);
        free(l->jail);
        free(l->use);
        free(l->place);
        free(l);
    }
    return NULL;
}

// Most lines at the end of an honest client's session.
static bool ends_nothing(const struct lineup *l, const struct place *p, const struct line *line,
                         const uint64_t *may)
{
    if (!filter_only_ends(p->filter, may))
        return false;
    for (size_t i = p->first_use; i < p[1].first_use; i++) {
        if (jail_follows(l->jail[l->use[i].jail], l->use[i].filter, line->body))
            return false;
    }
    return true;
}

static int show(struct lineup *l, struct place *p, const struct line *line, const uint64_t *may,
                usec_t now, sign_fn *fn, void *user)
{
    bool delivers = filter_only_delivers(p->filter, may);
    int r = 0;

    if (delivers ? heard_has(l->heard, line->body, line->time) : ends_nothing(l, p, line, may))
        return 0;
    sign_read(p->filter, line, may, now, &l->sign);
    if (delivers && l->sign.r == FILTER_E_MATCH)
        heard_note(l->heard, line->body, &l->sign.match, line->time);
    if (l->sign.line->time > p->newest)
        p->newest = l->sign.line->time;
    for (size_t i = p->first_use; i < p[1].first_use && r >= 0 && l->sign.r != 0; i++)
        r = fn(user, l->use[i].jail, l->use[i].filter, &l->sign);
    return r;
}

int lineup_line(struct lineup *l, struct line *line, usec_t now, sign_fn *fn, void *user)
{
    const struct chosen *chosen;
    size_t n = sieve_line(l->sieve, line, &chosen);
    int r = 0;

    l->lines++;
    for (size_t i = 0; i < n && r >= 0; i++)
        r = show(l, &l->place[chosen[i].filter], line, chosen[i].may, now, fn, user);
    return r < 0 ? r : 0;
}

void lineup_pass(struct lineup *l)
{
    for (size_t i = 0; i < l->n_jails && l->lines > 0; i++)
        jail_pass(l->jail[i], l->lines, 0);
    for (size_t p = 0; p < l->n_places && l->lines > 0; p++) {
        usec_t sieved = sieve_newest(l->sieve, p), shown = l->place[p].newest;
        for (size_t i = l->place[p].first_use; i < l->place[p + 1].first_use; i++)
            jail_pass(l->jail[l->use[i].jail], 0, sieved > shown ? sieved : shown);
    }
    l->lines = 0;
}
