// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/addition.h"

#include "engine/pack.h"

// Whether the hit comes after all others, and its time can be told beside theirs.
static bool is_in_order(const unsigned char *record, const struct tally *t, struct addition *a)
{
    const struct track_head *h = &a->head;
    size_t width = pack_width(h->scale);
    uint64_t last = h->ids > h->times ? unpack_number(record + h->ids - width, width) : 0;

    if (h->hits == 0 || h->mark != t->wiped || t->time < h->base ||
        !pack_fits(h->scale, t->time - h->base))
        return false;
    a->distance = (t->time - h->base) / pack_unit(h->scale);
    a->count = t->count;
    return a->distance >= last;
}

// Times less than this lie before the findtime that ends with the hit.
static uint64_t first_within(const struct addition *a, usec_t findtime)
{
    usec_t unit = pack_unit(a->head.scale);
    uint64_t span = (findtime - 1) / unit; // whole units that are less than findtime

    return a->distance > span ? a->distance - span : 0;
}

static void append(unsigned char *end, const struct addition *a, uint32_t n)
{
    size_t width = pack_width(a->head.scale);

    for (; n > 0; n--)
        pack_number(end - n * width, a->distance, width);
}

bool addition_to_host(struct addition *a, const unsigned char *record, uint32_t most,
                      const struct tally *t)
{
    struct track_head *h = &a->head;

    track_head(record, h);
    if (t->count > most - h->hits || !is_in_order(record, t, a))
        return false;
    a->before = h->ids;
    h->hits += a->count;
    h->ids += a->count * pack_width(h->scale);
    a->after = h->ids;
    return true;
}

bool addition_make_host(const struct addition *a, unsigned char *record, uint32_t most,
                        usec_t findtime, uint32_t *ret_hits)
{
    const struct track_head *h = &a->head;
    uint64_t first = first_within(a, findtime);
    size_t width = pack_width(h->scale), at = h->ids;
    uint32_t hits = 0;

    append(record + h->ids, a, a->count);
    track_head_update(record, h);
    for (; at > h->times && unpack_number(record + at - width, width) >= first; at -= width)
        hits++;
    hits += at == h->times && first == 0;
    *ret_hits = hits;
    return hits == most;
}

static uint32_t find_id(const unsigned char *ids, uint32_t n, uint64_t id, size_t width)
{
    uint32_t i = 0;

    while (i < n && unpack_number(ids + i * width, width) != id)
        i++;
    return i;
}

static uint32_t find_host(const unsigned char *record, const struct addition *a)
{
    const unsigned char *ids = record + a->head.ids, *found;

    switch (a->ids.width) {
    case 1:
        found = memchr(ids, (int)a->id, a->head.hosts);
        return found ? (uint32_t)(found - ids) : a->head.hosts;
    case 2:
        return find_id(ids, a->head.hosts, a->id, 2);
    default:
        return find_id(ids, a->head.hosts, a->id, a->ids.width);
    }
}

// The place of a host that is not there yet.
static uint32_t place_new(const unsigned char *record, const struct addition *a,
                          const struct level *level, const struct level *narrower, uint64_t new)
{
    uint64_t host[NETBLOCK_HOSTS_MAX], seen[NETBLOCK_HOSTS_MAX];
    const struct track_head *h = &a->head;
    size_t width = pack_width(h->scale), id = a->ids.width;

    if (!narrower && h->hosts < level->hosts)
        return h->hosts;
    unpack_numbers(record + h->seen, width, seen, h->hosts);
    unpack_numbers(record + h->ids, id, host, h->hosts);
    for (uint32_t i = 0; i < h->hosts; i++)
        host[i] ^= a->ids.lead;
    return netblock_place(host, seen, h->hosts, level, narrower, new);
}

// False: the hosts' ids are too narrow for it.
static bool place_host(const unsigned char *record, const struct level *level,
                       const struct level *narrower, const struct tally *t, struct addition *a)
{
    a->ids = track_ids(record, level->prefix, a->head.flags);
    if (!track_ids_fit(a->ids, t->host))
        return false;
    a->id = t->host ^ a->ids.lead;
    a->host = find_host(record, a);
    if (a->host == a->head.hosts)
        a->host = place_new(record, a, level, narrower, t->host);
    a->is_new = a->host == a->head.hosts;
    return true;
}

bool addition_to_block(struct addition *a, const unsigned char *record, const struct level *level,
                       const struct level *narrower, const struct tally *t)
{
    struct track_head *h = &a->head;
    size_t width;
    usec_t last;

    track_head(record, h);
    if (t->count > level->hits || !is_in_order(record, t, a) ||
        !place_host(record, level, narrower, t, a))
        return false;
    width = pack_width(h->scale);
    last = h->base + unpack_number(record + h->ids - width, width) * pack_unit(h->scale);
    a->was_reached = h->flags & TRACK_REACHED && t->time - last < level->findtime;
    a->before = h->ids + h->hosts * a->ids.width;
    a->dropped = h->hits + a->count > level->hits ? h->hits + a->count - level->hits : 0;
    h->hits += a->count - a->dropped;
    h->hosts += a->is_new;
    h->times += a->is_new * width;
    h->ids = h->times + h->hits * width;
    a->after = h->ids + h->hosts * a->ids.width;
    return true;
}

// All that stands behind the new host and the new hits moves, the last first.
static void make_room(unsigned char *record, const struct addition *a)
{
    const struct track_head *h = &a->head;
    size_t width = pack_width(h->scale), hosts = (h->hosts - a->is_new) * a->ids.width;
    size_t kept = (h->hits - a->count) * width, times = h->times - a->is_new * width;

    memmove(record + h->ids, record + a->before - hosts, hosts);
    if (a->is_new || a->dropped)
        memmove(record + h->times, record + times + a->dropped * width, kept);
}

static uint32_t count_hosts(const unsigned char *record, const struct track_head *h, uint64_t first)
{
    size_t width = pack_width(h->scale);
    uint32_t n = 0;

    for (uint32_t i = 0; i < h->hosts; i++)
        n += unpack_number(record + h->seen + i * width, width) >= first;
    return n;
}

int addition_make_block(struct addition *a, unsigned char *record, const struct level *level,
                        struct tally *t, uint32_t *ret_hits, uint32_t *ret_hosts)
{
    struct track_head *h = &a->head;
    size_t width = pack_width(h->scale);
    uint64_t first = first_within(a, level->findtime);
    uint32_t hosts = 0;

    make_room(record, a);
    append(record + h->ids, a, a->count);
    pack_number(record + h->seen + a->host * width, a->distance, width);
    pack_number(record + h->ids + a->host * a->ids.width, a->id, a->ids.width);
    if (h->hits == level->hits && h->hosts == level->hosts &&
        unpack_number(record + h->times, width) >= first)
        hosts = count_hosts(record, h, first);
    h->flags &= ~(unsigned)TRACK_REACHED;
    h->flags |= hosts == level->hosts ? TRACK_REACHED : 0;
    track_head_update(record, h);
    if (t->wiped < h->wiped)
        t->wiped = h->wiped;
    if (hosts < level->hosts)
        return 0;
    *ret_hits = h->hits;
    *ret_hosts = hosts;
    return a->was_reached ? NETBLOCK_E_AGAIN : NETBLOCK_E_REACHED;
}
