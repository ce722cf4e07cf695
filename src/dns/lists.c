// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/lists.h"

#include "dns/reverse.h"

// When to try again.
static const usec_t pauses[] = {
    [LIST_UNTRIED] = 0,
    [LIST_GOOD] = USEC_PER_DAY,
    [LIST_UNKNOWN] = 300 * USEC_PER_SEC,
    [LIST_REFUSED] = 3600 * USEC_PER_SEC,
    [LIST_EMPTY] = 3600 * USEC_PER_SEC,
    [LIST_DEAD] = 3600 * USEC_PER_SEC,
};

void lists_init(struct lists *l, struct resolver *resolver, const struct dns_conf *conf,
                list_fn *fn, void *user)
{
    *l = (struct lists){.resolver = resolver, .conf = conf, .fn = fn, .user = user};
    for (size_t i = 0; i < DNS_LISTS_MAX; i++)
        l->trial[i].lists = l;
}

static void settle(struct trial *t, enum list_state state)
{
    struct lists *l = t->lists;
    enum list_state before = t->state;

    t->state = state;
    t->due = usec_add(l->now, pauses[state]);
    // That it works is no news where nobody was told that it does not.
    if (state != before && !(before == LIST_UNTRIED && state == LIST_GOOD))
        l->fn(l->user, &l->conf->list[t - l->trial], state);
}

static void take(struct trial *t)
{
    t->lists->trying--;
    if (--t->waits == 0)
        settle(t, listing_judge(&t->has, &t->has_not));
}

static void on_has(void *user, const struct answer *answer)
{
    struct trial *t = user;

    t->has = *answer;
    take(t);
}

static void on_has_not(void *user, const struct answer *answer)
{
    struct trial *t = user;

    t->has_not = *answer;
    take(t);
}

static void start(struct lists *l, struct trial *t)
{
    const char *zone = l->conf->list[t - l->trial].zone;
    char name[REVERSE_MAX];
    struct addr a;

    t->waits = 2;
    l->trying += 2;
    addr_parse(slice_of("127.0.0.2"), &a);
    reverse_name(&a, zone, name);
    resolver_ask(l->resolver, name, QUESTION_V4, on_has, t);
    addr_parse(slice_of("127.0.0.1"), &a);
    reverse_name(&a, zone, name);
    resolver_ask(l->resolver, name, QUESTION_V4, on_has_not, t);
}

bool lists_try(struct lists *l, usec_t now)
{
    l->now = now;
    for (size_t i = 0; i < l->conf->n_lists; i++) {
        struct trial *t = &l->trial[i];
        if (t->waits == 0 && now >= t->due)
            start(l, t);
    }
    return l->trying == 0;
}

enum list_state lists_state(const struct lists *l, size_t i)
{
    return l->trial[i].state;
}

void lists_refused(struct lists *l, size_t i, usec_t now)
{
    l->now = now;
    if (l->trial[i].state == LIST_GOOD)
        settle(&l->trial[i], LIST_REFUSED);
}
