// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/netblock.h"

#include "engine/window.h"

#include <stdlib.h>

struct netblock *netblock_new(uint32_t hits, uint32_t hosts)
{
    struct netblock *b = calloc(1, sizeof(*b));

    if (!b)
        return NULL;
    b->seen = calloc(hosts, sizeof(*b->seen));
    b->host = calloc(hosts, sizeof(*b->host));
    b->window = calloc(1, window_size(hits));
    return b->seen && b->host && b->window ? b : netblock_free(b);
}

struct netblock *netblock_free(struct netblock *b)
{
    if (b) {
        free(b->seen);
        free(b->host);
        free(b->window);
        free(b);
    }
    return NULL;
}

void netblock_clear(struct netblock *b)
{
    b->window->n = 0;
    b->n_hosts = 0;
    b->reached = b->fine = false;
}

void netblock_reset(struct netblock *b)
{
    netblock_clear(b);
    b->last = 0;
    b->mark = b->wiped = 0;
}

// The block as it stands after the bans around it, and the mark for what lies below.
static void pass(struct netblock *b, struct tally *t)
{
    if (b->mark < t->wiped)
        netblock_clear(b);
    if (b->wiped > t->wiped)
        t->wiped = b->wiped;
}

// How many hosts of one narrower block count. With few of these in the wider block it takes more of
// each: else no hits could fill it.
static uint32_t most_of_one(const struct level *level, const struct level *narrower)
{
    uint32_t half = (level->hosts + 1U) / 2, below = narrower->prefix - level->prefix;
    uint32_t most = narrower->hosts < half ? narrower->hosts : half;
    uint32_t least = below < 16 ? (level->hosts + (1U << below) - 1) >> below : 1;

    return most > least ? most : least;
}

// A number of the narrower block that a host is in, by so many bits; of a wider host itself.
static uint64_t block_of(uint64_t host, unsigned bits)
{
    unsigned below = 63U - (unsigned)__builtin_clzll(host);

    if (below == 63 && bits > NETBLOCK_FOLDED_BITS)
        bits = NETBLOCK_FOLDED_BITS;
    return below > bits ? host >> (below - bits) : host;
}

uint32_t netblock_place(const uint64_t *host, const usec_t *seen, uint32_t n,
                        const struct level *level, const struct level *narrower, uint64_t new)
{
    unsigned bits = narrower ? (unsigned)(narrower->prefix - level->prefix) : 0;
    uint64_t own = narrower ? block_of(new, bits) : 0;
    uint32_t oldest = 0, beside = 0, n_beside = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (host[i] == new)
            return i;
        if (seen[i] < seen[oldest])
            oldest = i;
        if (!narrower || block_of(host[i], bits) != own)
            continue;
        if (n_beside++ == 0 || seen[i] < seen[beside])
            beside = i;
    }
    if (narrower && n_beside >= most_of_one(level, narrower))
        return beside;
    return n < level->hosts ? n : oldest;
}

static void note_host(struct netblock *b, const struct level *level, const struct level *narrower,
                      const struct tally *t)
{
    uint32_t at = netblock_place(b->host, b->seen, b->n_hosts, level, narrower, t->host);

    if (at == b->n_hosts)
        b->n_hosts++;
    else if (b->seen[at] > t->time)
        return;
    b->seen[at] = t->time;
    b->host[at] = t->host;
}

static uint32_t count_hosts(const struct netblock *b, usec_t findtime, usec_t now)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < b->n_hosts; i++)
        count += b->seen[i] <= now && now - b->seen[i] < findtime;
    return count;
}

int netblock_hit(struct netblock *b, const struct level *level, const struct level *narrower,
                 struct tally *t, uint32_t *ret_hits, uint32_t *ret_hosts)
{
    usec_t findtime = level->findtime;
    uint32_t around = t->wiped, hosts;
    usec_t end = t->time;
    bool before, full;

    pass(b, t);
    before = b->reached && usec_sub(t->time, b->last) < findtime;
    b->mark = around;
    b->fine |= b->window->n > 0 && !window_apart(b->last, t->time);
    b->last = b->last < t->time ? t->time : b->last;
    full = window_hit(b->window, level->hits, findtime, t->time, t->count, &end);
    note_host(b, level, narrower, t);
    hosts = full ? count_hosts(b, findtime, end) : 0;
    b->reached = full && hosts >= level->hosts;
    if (!b->reached)
        return 0;
    *ret_hits = window_count(b->window, findtime, end);
    *ret_hosts = hosts;
    return before ? NETBLOCK_E_AGAIN : NETBLOCK_E_REACHED;
}

void netblock_look(struct netblock *b, usec_t findtime, struct tally *t, uint32_t *ret_hits,
                   uint32_t *ret_hosts)
{
    pass(b, t);
    *ret_hits = window_count(b->window, findtime, t->time);
    *ret_hosts = count_hosts(b, findtime, t->time);
}
