// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/roster.h"

#include "conf/reputation.h"
#include "wire/order.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

static int reject(struct cell *c, const char *why)
{
    c->problem = strdup(why);
    return c->problem ? 0 : -ENOMEM;
}

static int draw_seed(uint64_t *ret)
{
    return getrandom(ret, sizeof(*ret), 0) == (ssize_t)sizeof(*ret) ? 0 : -errno;
}

static int cell_open(struct cell *c, struct roster *all)
{
    struct jail_spec spec = c->conf->spec;
    struct jail_filter filter[JAIL_FILTERS_MAX];
    size_t n_filters = config_filters(c->conf, filter);
    uint64_t seed;
    int r;

    if (!c->conf->usable)
        return reject(c, "its configuration is wrong");
    if (c->conf->n_port > ORDER_PORTS_MAX)
        return reject(c, "it has too many ports: write ranges");
    r = draw_seed(&seed);
    if (r < 0)
        return r;
    spec.budget = &all->budget;
    r = jail_new(&spec, filter, n_filters, &c->exempt, seed, &c->jail);
    if (r == 0)
        jail_consult(c->jail, &all->reputation, all->caps);
    return r == -EINVAL ? reject(c, "its thresholds are out of bounds") : r;
}

static usec_t later(usec_t a, usec_t b)
{
    return a > b ? a : b;
}

static void look_back(struct roster *r)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct jail *jail = r->cell[i].jail;
        if (!jail)
            continue;
        r->findtime = later(r->findtime, jail_spec_findtime(jail_spec(jail)));
        r->memory = later(r->memory, jail_memory(jail));
    }
}

static int open_common(struct roster *r)
{
    uint64_t seed;
    int e = draw_seed(&seed);

    if (e < 0)
        return e;
    r->caps = caps_new(&r->config.settings.caps, seed);
    return r->caps ? config_reputation(&r->config, seed, &r->reputation) : -ENOMEM;
}

int roster_new(struct config *config, struct roster **ret)
{
    struct roster *r = calloc(1, sizeof(*r));
    int error = r ? 0 : -ENOMEM;

    if (!r) {
        config_done(config);
        return -ENOMEM;
    }
    r->config = *config;
    *config = (struct config){0};
    r->manual = (struct jail_conf){
        .name = (char *)ROSTER_MANUAL,
        .enabled = true,
        .spec = {.name = ROSTER_MANUAL, .sentence = {UINT64_C(7) * USEC_PER_DAY}},
        .ignoreself = true};
    r->cell = calloc(r->config.n_jail + 1, sizeof(*r->cell));
    if (!r->cell)
        error = -ENOMEM;
    else if (r->config.n_jail >= ORDER_JAILS_MAX)
        error = -E2BIG;
    if (error == 0)
        error = open_common(r);
    jail_budget_init(&r->budget, r->config.settings.memory, config_usable(&r->config));
    for (size_t i = 0; i < r->config.n_jail && error == 0; i++) {
        if (!r->config.jail[i].enabled)
            continue;
        r->cell[r->n].conf = &r->config.jail[i];
        error = cell_open(&r->cell[r->n++], r);
    }
    if (error == 0 && !roster_find(r, slice_of(ROSTER_MANUAL)))
        r->cell[r->n++].conf = &r->manual;
    if (error == 0)
        error = roster_spare(r, &(struct exempt){0});
    if (error < 0) {
        roster_free(r);
        return error;
    }
    look_back(r);
    *ret = r;
    return 0;
}

static struct panel *panel_free(struct panel *p)
{
    if (p) {
        lineup_free(p->lineup);
        free(p->cell);
        free(p);
    }
    return NULL;
}

static int panel_new(const struct roster *r, const uint16_t *cell, size_t n, struct panel **ret)
{
    struct panel *p = calloc(1, sizeof(*p));
    struct jail **jail = calloc(n + 1, sizeof(struct jail *));
    int e = -ENOMEM;

    if (p && jail)
        p->cell = calloc(n + 1, sizeof(*p->cell));
    if (p && p->cell) {
        for (size_t i = 0; i < n; i++) {
            p->cell[p->n++] = cell[i];
            jail[i] = r->cell[cell[i]].jail;
        }
        e = lineup_new(jail, n, &p->lineup);
    }
    free(jail);
    if (e < 0)
        panel_free(p);
    else
        *ret = p;
    return e;
}

int roster_panel(struct roster *r, const uint16_t *cell, size_t n, struct panel **ret)
{
    struct panel **grown;
    int e;

    for (size_t i = 0; i < r->n_panels; i++) {
        struct panel *p = r->panel[i];
        if (p->n == n && memcmp(p->cell, cell, n * sizeof(*cell)) == 0) {
            *ret = p;
            return 0;
        }
    }
    grown = reallocarray(r->panel, r->n_panels + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    r->panel = grown;
    e = panel_new(r, cell, n, &r->panel[r->n_panels]);
    if (e < 0)
        return e;
    *ret = r->panel[r->n_panels++];
    return 0;
}

void roster_pass(struct roster *r)
{
    for (size_t i = 0; i < r->n_panels; i++)
        lineup_pass(r->panel[i]->lineup);
}

usec_t roster_next(const struct roster *r)
{
    usec_t next = USEC_FOREVER;

    for (size_t i = 0; i < r->n; i++) {
        usec_t due = r->cell[i].jail ? jail_next(r->cell[i].jail) : USEC_FOREVER;
        next = due < next ? due : next;
    }
    return next;
}

void roster_expire(struct roster *r, usec_t now)
{
    for (size_t i = 0; i < r->n; i++) {
        if (r->cell[i].jail)
            jail_expire(r->cell[i].jail, now);
    }
}

struct roster *roster_free(struct roster *r)
{
    if (!r)
        return NULL;
    for (size_t i = 0; i < r->n; i++) {
        jail_free(r->cell[i].jail);
        exempt_done(&r->cell[i].exempt);
        free(r->cell[i].problem);
    }
    free(r->cell);
    for (size_t i = 0; i < r->n_panels; i++)
        panel_free(r->panel[i]);
    free(r->panel);
    caps_free(r->caps);
    reputation_done(&r->reputation);
    config_done(&r->config);
    free(r);
    return NULL;
}

struct cell *roster_find(const struct roster *r, struct slice name)
{
    for (size_t i = 0; i < r->n; i++) {
        if (slice_is(name, r->cell[i].conf->name))
            return &r->cell[i];
    }
    return NULL;
}

int roster_recognize(struct roster *r, const struct siphash_key *key)
{
    int e = 0;

    for (size_t i = 0; i < r->n && e == 0; i++)
        e = r->cell[i].jail ? jail_recognize(r->cell[i].jail, key) : 0;
    return e;
}

static int add_all(struct exempt *to, const struct exempt *from)
{
    for (size_t i = 0; i < from->n; i++) {
        int r = exempt_add(to, &from->net[i]);
        if (r < 0)
            return r;
    }
    return 0;
}

void roster_hear(struct cell *c, enum source_kind kind, usec_t time)
{
    if (time > c->heard[kind])
        c->heard[kind] = time;
}

int roster_spare(struct roster *r, const struct exempt *own)
{
    for (size_t i = 0; i < r->n; i++) {
        struct cell *c = &r->cell[i];
        struct exempt spared = {0};
        int error = add_all(&spared, &c->conf->ignoreip);
        if (error == 0 && c->conf->ignoreself)
            error = add_all(&spared, own);
        if (error < 0) {
            exempt_done(&spared);
            return error;
        }
        exempt_done(&c->exempt);
        c->exempt = spared;
    }
    return 0;
}
