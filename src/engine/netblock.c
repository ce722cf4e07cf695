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
    b->reached = NETBLOCK_NONE;
    b->fine = false;
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
static uint32_t most_of_one(uint32_t hosts, uint32_t narrower_hosts, unsigned below)
{
    uint32_t half = (hosts + 1) / 2;
    uint32_t most = narrower_hosts < half ? narrower_hosts : half;
    uint32_t least = below < 16 ? (hosts + (1U << below) - 1) >> below : 1;

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
    if (narrower && n_beside >= most_of_one(level->hosts, narrower->hosts, bits))
        return beside;
    return n < level->hosts ? n : oldest;
}

uint32_t netblock_strange_hosts(const uint64_t *host, const usec_t *seen, uint32_t n,
                                const struct level *level, const struct level *narrower,
                                usec_t first, usec_t last)
{
    unsigned bits = narrower ? (unsigned)(narrower->prefix - level->prefix) : 0;
    uint32_t most = narrower ? most_of_one(level->strange_hosts, level_least_hosts(narrower), bits)
                             : UINT32_MAX;
    uint32_t count = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t beside = 0;
        if (seen[i] < first || seen[i] > last)
            continue;
        for (uint32_t k = 0; narrower && k < i; k++)
            beside += seen[k] >= first && seen[k] <= last &&
                      block_of(host[k], bits) == block_of(host[i], bits);
        count += beside < most;
    }
    return count;
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

static int code_of(enum netblock_pair pair, enum netblock_pair now, enum netblock_pair before)
{
    if (now < pair)
        return 0;
    return before < pair ? NETBLOCK_E_REACHED : NETBLOCK_E_AGAIN;
}

struct netblock_told netblock_tell(enum netblock_pair now, enum netblock_pair before, uint32_t hits,
                                   uint32_t hosts)
{
    return (struct netblock_told){
        .full = code_of(NETBLOCK_FULL, now, before),
        .strange = code_of(NETBLOCK_STRANGE, now, before),
        .hits = hits,
        .hosts = hosts,
    };
}

// Adds the hit. Which pair it reaches, and with which time the findtime ends in which it does.
static enum netblock_pair add(struct netblock *b, const struct level *level,
                              const struct level *narrower, const struct tally *t, usec_t *ret_end)
{
    usec_t findtime = level->findtime, full_end = t->time, end = t->time;
    bool strange = level->strange_hits > 0 &&
                   window_would(b->window, level->strange_hits, findtime, t->time, t->count, &end);
    bool full = window_hit(b->window, level->hits, findtime, t->time, t->count, &full_end);

    note_host(b, level, narrower, t);
    if (full && count_hosts(b, findtime, full_end) >= level->hosts) {
        *ret_end = full_end;
        return NETBLOCK_FULL;
    }
    *ret_end = end;
    return strange &&
                   netblock_strange_hosts(b->host, b->seen, b->n_hosts, level, narrower,
                                          usec_sub(end, findtime - 1), end) >= level->strange_hosts
               ? NETBLOCK_STRANGE
               : NETBLOCK_NONE;
}

struct netblock_told netblock_hit(struct netblock *b, const struct level *level,
                                  const struct level *narrower, struct tally *t)
{
    uint32_t around = t->wiped;
    enum netblock_pair before;
    usec_t end;

    pass(b, t);
    before = usec_sub(t->time, b->last) < level->findtime ? b->reached : NETBLOCK_NONE;
    b->mark = around;
    b->fine |= b->window->n > 0 && !window_apart(b->last, t->time);
    b->last = b->last < t->time ? t->time : b->last;
    b->reached = add(b, level, narrower, t, &end);
    if (b->reached == NETBLOCK_NONE)
        return (struct netblock_told){0};
    return netblock_tell(b->reached, before, window_count(b->window, level->findtime, end),
                         count_hosts(b, level->findtime, end));
}

void netblock_look(struct netblock *b, usec_t findtime, struct tally *t, uint32_t *ret_hits,
                   uint32_t *ret_hosts)
{
    pass(b, t);
    *ret_hits = window_count(b->window, findtime, t->time);
    *ret_hosts = count_hosts(b, findtime, t->time);
}
