// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/plan.h"

#include <errno.h>
#include <stdlib.h>

enum { CAPACITY_LEAST = 1024 };

int plan_new(struct plan **ret)
{
    struct plan *p = calloc(1, sizeof(*p));

    if (p)
        p->jail = calloc(ORDER_JAILS_MAX + 1, sizeof(*p->jail));
    if (!p || !p->jail) {
        plan_free(p);
        return -ENOMEM;
    }
    *ret = p;
    return 0;
}

struct plan *plan_free(struct plan *p)
{
    if (p) {
        free(p->element);
        free(p->jail);
    }
    free(p);
    return NULL;
}

bool plan_has_jail(const struct plan *p, uint16_t jail)
{
    return jail < ORDER_JAILS_MAX && p->jail[jail].name[0] != '\0';
}

int plan_jail(struct plan *p, const struct order *o)
{
    struct jail *j = &p->jail[o->jail];

    if (plan_has_jail(p, o->jail))
        return -EEXIST;
    // The name names its sets: two jails of one name would share their bans.
    for (size_t i = 0; i < ORDER_JAILS_MAX; i++) {
        if (strcmp(p->jail[i].name, o->name) == 0)
            return -EEXIST;
    }
    memcpy(j->name, o->name, sizeof(j->name));
    j->action = o->action;
    return 0;
}

int plan_port(struct plan *p, const struct order *o)
{
    struct jail *j = &p->jail[o->jail];

    if (!plan_has_jail(p, o->jail))
        return -ENOENT;
    if (j->n_port == ORDER_PORTS_MAX)
        return -ENOSPC;
    j->port[j->n_port++] = (struct ports){o->proto, o->port_from, o->port_to};
    return 0;
}

static int grow(struct plan *p)
{
    size_t capacity = p->capacity ? 2 * p->capacity : CAPACITY_LEAST;
    struct element *element;

    if (p->capacity == PLAN_BANS_MAX)
        return -ENOSPC;
    element = reallocarray(p->element, capacity, sizeof(*element));
    if (!element)
        return -ENOMEM;
    p->element = element;
    p->capacity = capacity;
    return 0;
}

int plan_ban(struct plan *p, const struct order *o)
{
    int r;

    if (o->op == ORDER_BAN && !plan_has_jail(p, o->jail))
        return -ENOENT;
    if (p->n == p->capacity) {
        r = grow(p);
        if (r < 0)
            return r;
    }
    p->element[p->n++] = element_of(o, ELEMENT_ADD);
    return 0;
}

unsigned slot_of(const struct addr *net)
{
    return addr_is_v4(net) ? addr_prefix(net) : 33 + addr_prefix(net);
}

struct element element_of(const struct order *o, enum element_change change)
{
    bool is_spared = o->op == ORDER_SPARE || o->op == ORDER_UNSPARE;

    return (struct element){.net = o->net,
                            .change = (uint8_t)change,
                            .slot = (uint8_t)slot_of(&o->net),
                            .jail = is_spared ? PLAN_SPARED : o->jail,
                            .seq = o->seq,
                            .timeout_ms = o->timeout_ms};
}

static int compare(const void *x, const void *y)
{
    const struct element *a = x, *b = y;

    if (a->jail != b->jail)
        return a->jail - b->jail;
    if (a->slot != b->slot)
        return a->slot - b->slot;
    // Their numbers may wrap around, and lie close together.
    return (int32_t)(a->seq - b->seq);
}

void plan_sort(struct element *e, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        if (compare(&e[i - 1], &e[i]) > 0) {
            qsort(e, n, sizeof(*e), compare);
            return;
        }
    }
}

void plan_forget_bans(struct plan *p)
{
    free(p->element);
    p->element = NULL;
    p->n = p->capacity = 0;
}
