// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/netblock.h"

#include "base/table.h"
#include "engine/window.h"

#include <errno.h>
#include <stdlib.h>

struct netblock {
    struct level level;
    usec_t findtime;
    struct table *blocks; // struct addr -> struct block
};

struct seen {
    usec_t last;
    struct addr host;
};

// Followed by the window of its hits, and by its hosts.
struct block {
    usec_t last;
    uint64_t touched, wiped; // serials of the last hit and of the last ban
    uint32_t n_hosts;
    bool reached;
};

static struct window *window_of(struct block *k)
{
    return (struct window *)(k + 1);
}

static struct seen *hosts_of(const struct netblock *b, struct block *k)
{
    return (struct seen *)((char *)(k + 1) + window_size(b->level.hits));
}

size_t netblock_size(struct level level)
{
    return sizeof(struct block) + window_size(level.hits) + level.hosts * sizeof(struct seen);
}

struct netblock *netblock_new(struct level level, usec_t findtime, size_t capacity, uint64_t seed)
{
    struct netblock *b = calloc(1, sizeof(*b));

    if (!b)
        return NULL;
    b->level = level;
    b->findtime = findtime;
    b->blocks = table_new(capacity, sizeof(struct addr), netblock_size(level), seed);
    return b->blocks ? b : netblock_free(b);
}

struct netblock *netblock_free(struct netblock *b)
{
    if (b)
        table_free(b->blocks);
    free(b);
    return NULL;
}

static void clear(struct block *k)
{
    window_of(k)->n = 0;
    k->n_hosts = 0;
    k->reached = false;
}

// The block as it stands after the bans around it, and the mark for what lies below.
static void pass(struct block *k, struct tally *t)
{
    if (k->touched <= t->wiped)
        clear(k);
    if (k->wiped > t->wiped)
        t->wiped = k->wiped;
}

// The most recent hosts, each once: a host that is not among them takes the place of the one seen
// longest ago.
static void note_host(const struct netblock *b, struct block *k, const struct tally *t)
{
    struct seen *seen = hosts_of(b, k), *oldest = seen;

    for (struct seen *s = seen; s < seen + k->n_hosts; s++) {
        if (addr_compare(&s->host, &t->host) == 0) {
            s->last = s->last < t->time ? t->time : s->last;
            return;
        }
        if (s->last < oldest->last)
            oldest = s;
    }
    if (k->n_hosts < b->level.hosts)
        seen[k->n_hosts++] = (struct seen){t->time, t->host};
    else if (oldest->last <= t->time)
        *oldest = (struct seen){t->time, t->host};
}

static uint32_t count_hosts(const struct netblock *b, struct block *k, usec_t now)
{
    const struct seen *seen = hosts_of(b, k);
    uint32_t count = 0;

    for (uint32_t i = 0; i < k->n_hosts; i++) {
        if (seen[i].last <= now && now - seen[i].last < b->findtime)
            count++;
    }
    return count;
}

int netblock_hit(struct netblock *b, struct tally *t, uint32_t *ret_hits, uint32_t *ret_hosts)
{
    struct addr key = addr_block(&t->host, b->level.prefix);
    struct block *k = table_put(b->blocks, &key, NULL);
    usec_t end = t->time;
    bool before, full;

    if (!k)
        return -ENOMEM;
    pass(k, t);
    before = k->reached && usec_sub(t->time, k->last) < b->findtime;
    k->touched = t->serial;
    k->last = k->last < t->time ? t->time : k->last;
    full = window_hit(window_of(k), b->level.hits, b->findtime, t->time, t->count, &end);
    note_host(b, k, t);
    *ret_hits = window_count(window_of(k), b->findtime, end);
    *ret_hosts = count_hosts(b, k, end);
    k->reached = full && *ret_hosts >= b->level.hosts;
    if (!k->reached)
        return 0;
    return before ? NETBLOCK_E_AGAIN : NETBLOCK_E_REACHED;
}

void netblock_look(struct netblock *b, struct tally *t, uint32_t *ret_hits, uint32_t *ret_hosts)
{
    struct addr key = addr_block(&t->host, b->level.prefix);
    struct block *k = table_get(b->blocks, &key);

    *ret_hits = *ret_hosts = 0;
    if (!k)
        return;
    pass(k, t);
    *ret_hits = window_count(window_of(k), b->findtime, t->time);
    *ret_hosts = count_hosts(b, k, t->time);
}

void netblock_wipe(struct netblock *b, const struct addr *block, uint64_t serial)
{
    struct block *k = table_get(b->blocks, block);

    if (!k)
        return;
    clear(k);
    k->wiped = serial;
}

static void forget_around(struct netblock *b, const struct addr *net)
{
    struct addr key = addr_block(net, b->level.prefix);
    struct block *k = table_get(b->blocks, &key);

    // The mark stays: other hosts below rely on it.
    if (k)
        clear(k);
}

void netblock_forget(struct netblock *b, const struct addr *net)
{
    const void *key;
    uint32_t cursor = 0;

    if (addr_prefix(net) >= b->level.prefix) {
        forget_around(b, net);
        return;
    }
    while (table_next(b->blocks, &cursor, &key)) {
        struct addr block = *(const struct addr *)key;
        if (addr_within(&block, net))
            table_remove(b->blocks, &block);
    }
}

usec_t netblock_oldest(struct netblock *b)
{
    const struct block *k = table_oldest(b->blocks, NULL);

    return k ? k->last : USEC_FOREVER;
}

void netblock_expire(struct netblock *b, usec_t before)
{
    const struct block *k;
    const void *key;

    while ((k = table_oldest(b->blocks, &key)) && k->last <= before) {
        struct addr block = *(const struct addr *)key;
        table_remove(b->blocks, &block);
    }
}

size_t netblock_count(const struct netblock *b)
{
    return table_count(b->blocks);
}

uint64_t netblock_evicted(const struct netblock *b)
{
    return table_evicted(b->blocks);
}
