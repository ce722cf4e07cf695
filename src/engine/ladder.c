// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/ladder.h"

#include "base/table.h"
#include "engine/window.h"

#include <errno.h>
#include <stdlib.h>

struct family {
    const struct level *level;
    size_t n;
    struct netblock *block[NETBLOCK_LEVELS_MAX];
};

struct ladder {
    const struct jail_spec *spec;
    struct table *hosts; // struct addr -> struct host
    struct family v4, v6;
    uint64_t serial; // of the last hit
};

// Followed by its window.
struct host {
    usec_t last;
    uint64_t touched; // the serial of the last hit
};

static struct window *window_of(struct host *h)
{
    return (struct window *)(h + 1);
}

static struct family *family_of(struct ladder *l, const struct addr *a)
{
    return addr_is_v4(a) ? &l->v4 : &l->v6;
}

static size_t capacity(size_t wanted, size_t most, size_t size)
{
    size_t fit = JAIL_TABLE_BYTES / size;

    if (wanted > 0)
        return wanted;
    return fit < most ? fit : most;
}

static bool family_init(struct family *f, const struct jail_spec *s, const struct level *level,
                        size_t n, uint64_t seed)
{
    f->level = level;
    for (f->n = 0; f->n < n; f->n++) {
        size_t blocks = capacity(s->blocks_max, JAIL_BLOCKS_MAX, netblock_size(level[f->n]));
        f->block[f->n] = netblock_new(level[f->n], s->netblock_findtime, blocks, seed);
        if (!f->block[f->n])
            return false;
    }
    return true;
}

struct ladder *ladder_new(const struct jail_spec *spec, uint64_t seed)
{
    size_t size = sizeof(struct host) + window_size(spec->maxretry);
    struct ladder *l = calloc(1, sizeof(*l));

    if (!l)
        return NULL;
    l->spec = spec;
    l->hosts =
        table_new(capacity(spec->hosts_max, JAIL_HOSTS_MAX, size), sizeof(struct addr), size, seed);
    if (!l->hosts || !family_init(&l->v4, spec, spec->v4, spec->n_v4, seed) ||
        !family_init(&l->v6, spec, spec->v6, spec->n_v6, seed))
        return ladder_free(l);
    return l;
}

static void family_done(struct family *f)
{
    for (size_t i = 0; i < f->n; i++)
        netblock_free(f->block[i]);
}

struct ladder *ladder_free(struct ladder *l)
{
    if (l) {
        family_done(&l->v4);
        family_done(&l->v6);
        table_free(l->hosts);
    }
    free(l);
    return NULL;
}

// The rungs for an address, as yet empty: itself, and the blocks of less than this prefix (a
// <SUBNET> may be as wide as a block). Returns the level of the first block.
static size_t set_up(const struct ladder *l, const struct family *f, const struct addr *host,
                     unsigned prefix, struct rungs *ret)
{
    size_t first = 0;

    while (first < f->n && f->level[first].prefix >= prefix)
        first++;
    *ret = (struct rungs){.n = 1 + f->n - first};
    ret->at[0] = (struct jail_standing){
        .net = *host,
        .need_hits = l->spec->maxretry,
        .need_hosts = 1,
        .findtime = l->spec->findtime,
    };
    for (size_t i = 1; i < ret->n; i++) {
        const struct level *level = &f->level[first + i - 1];
        ret->at[i] = (struct jail_standing){
            .net = addr_block(host, level->prefix),
            .need_hits = level->hits,
            .need_hosts = level->hosts,
            .findtime = l->spec->netblock_findtime,
        };
    }
    return first;
}

// The window of a host, as it stands after the bans of the blocks around it.
static struct window *pass(struct host *h, const struct tally *t)
{
    if (h->touched <= t->wiped)
        window_of(h)->n = 0;
    return window_of(h);
}

static int hit_host(struct ladder *l, const struct tally *t, struct rungs *ret)
{
    struct jail_standing *s = &ret->at[0];
    struct host *h = table_put(l->hosts, &t->host, NULL);
    usec_t end = t->time;
    struct window *w;

    if (!h)
        return -ENOMEM;
    w = pass(h, t);
    h->touched = t->serial;
    h->last = h->last < t->time ? t->time : h->last;
    if (window_hit(w, s->need_hits, s->findtime, t->time, t->count, &end))
        ret->reached[0] = NETBLOCK_E_REACHED;
    // One line may stand for more than a window keeps, and may be too late to be kept.
    s->hits = window_count(w, s->findtime, end);
    s->hits = s->hits < t->count ? t->count : s->hits;
    s->hosts = 1;
    return 0;
}

// From the widest block down, so that a mark is met before what it wiped.
int ladder_hit(struct ladder *l, const struct addr *host, usec_t time, uint32_t count,
               struct rungs *ret)
{
    struct family *f = family_of(l, host);
    struct tally t = {.host = *host, .time = time, .count = count, .serial = ++l->serial};
    size_t first = set_up(l, f, host, addr_prefix(host), ret);

    for (size_t i = ret->n; --i > 0;) {
        int r = netblock_hit(f->block[first + i - 1], &t, &ret->at[i].hits, &ret->at[i].hosts);
        if (r < 0)
            return r;
        ret->reached[i] = r;
    }
    return hit_host(l, &t, ret);
}

void ladder_look(struct ladder *l, const struct addr *addr, usec_t now, struct rungs *ret)
{
    struct family *f = family_of(l, addr);
    struct tally t = {.host = addr_host(addr), .time = now};
    size_t first = set_up(l, f, &t.host, addr_prefix(&t.host) + 1, ret);
    struct host *h;

    for (size_t i = ret->n; --i > 0;)
        netblock_look(f->block[first + i - 1], &t, &ret->at[i].hits, &ret->at[i].hosts);
    h = table_get(l->hosts, &t.host);
    if (h)
        ret->at[0].hits = window_count(pass(h, &t), l->spec->findtime, now);
    ret->at[0].hosts = ret->at[0].hits > 0;
}

static void wipe_host(struct ladder *l, const struct addr *host)
{
    struct host *h = table_get(l->hosts, host);

    if (h)
        window_of(h)->n = 0;
}

void ladder_wipe(struct ladder *l, const struct addr *host, const struct addr *net)
{
    struct family *f = family_of(l, host);

    if (addr_compare(host, net) == 0) {
        wipe_host(l, host);
        return;
    }
    for (size_t i = 0; i < f->n; i++) {
        if (f->level[i].prefix == addr_prefix(net))
            netblock_wipe(f->block[i], net, l->serial);
    }
}

static void forget_hosts(struct ladder *l, const struct addr *net)
{
    const void *key;
    uint32_t cursor = 0;

    while (table_next(l->hosts, &cursor, &key)) {
        struct addr host = *(const struct addr *)key;
        if (addr_within(&host, net))
            table_remove(l->hosts, &host);
    }
}

void ladder_forget(struct ladder *l, const struct addr *net)
{
    struct family *f = family_of(l, net);
    struct addr host = addr_host(net);
    bool single = addr_prefix(&host) == (addr_is_v4(net) ? 32 : 64);

    // Thousands of single addresses may be unbanned at a time: no walk for each.
    if (single)
        table_remove(l->hosts, &host);
    else
        forget_hosts(l, net);
    for (size_t i = 0; i < f->n; i++)
        netblock_forget(f->block[i], &host);
}

static usec_t earlier(usec_t a, usec_t b)
{
    return a < b ? a : b;
}

static usec_t family_oldest(const struct family *f)
{
    usec_t oldest = USEC_FOREVER;

    for (size_t i = 0; i < f->n; i++)
        oldest = earlier(oldest, netblock_oldest(f->block[i]));
    return oldest;
}

usec_t ladder_oldest(const struct ladder *l)
{
    const struct host *h = table_oldest(l->hosts, NULL);

    return earlier(h ? h->last : USEC_FOREVER,
                   earlier(family_oldest(&l->v4), family_oldest(&l->v6)));
}

static void family_expire(struct family *f, usec_t before)
{
    for (size_t i = 0; i < f->n; i++)
        netblock_expire(f->block[i], before);
}

void ladder_expire(struct ladder *l, usec_t before)
{
    const struct host *h;
    const void *key;

    while ((h = table_oldest(l->hosts, &key)) && h->last <= before) {
        struct addr host = *(const struct addr *)key;
        table_remove(l->hosts, &host);
    }
    family_expire(&l->v4, before);
    family_expire(&l->v6, before);
}

size_t ladder_hosts(const struct ladder *l)
{
    return table_count(l->hosts);
}

static uint64_t family_evicted(const struct family *f)
{
    uint64_t n = 0;

    for (size_t i = 0; i < f->n; i++)
        n += netblock_evicted(f->block[i]);
    return n;
}

uint64_t ladder_evicted(const struct ladder *l)
{
    return table_evicted(l->hosts) + family_evicted(&l->v4) + family_evicted(&l->v6);
}
