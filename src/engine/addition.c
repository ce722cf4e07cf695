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

// How many of the times there are not before the first.
static uint32_t count_hits(const unsigned char *record, const struct track_head *h, uint64_t first)
{
    size_t width = pack_width(h->scale), at = h->ids;
    uint32_t hits = 0;

    for (; at > h->times && unpack_number(record + at - width, width) >= first; at -= width)
        hits++;
    return hits;
}

bool addition_make_host(const struct addition *a, unsigned char *record, uint32_t most,
                        usec_t findtime, uint32_t *ret_hits)
{
    uint64_t first = first_within(a, findtime);

    append(record + a->head.ids, a, a->count);
    track_head_update(record, &a->head);
    *ret_hits = count_hits(record, &a->head, first) + (first == 0);
    return *ret_hits == most;
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

static void unpack_hosts(const unsigned char *record, const struct addition *a, uint64_t *ret)
{
    unpack_numbers(record + a->head.ids, a->ids.width, ret, a->head.hosts);
    for (uint32_t i = 0; i < a->head.hosts; i++)
        ret[i] ^= a->ids.lead;
}

// The place of a host that is not there yet.
static uint32_t place_new(const unsigned char *record, const struct addition *a,
                          const struct level *level, const struct level *narrower, uint64_t new)
{
    uint64_t host[NETBLOCK_HOSTS_MAX], seen[NETBLOCK_HOSTS_MAX];
    const struct track_head *h = &a->head;

    if (!narrower && h->hosts < level->hosts)
        return h->hosts;
    unpack_numbers(record + h->seen, pack_width(h->scale), seen, h->hosts);
    unpack_hosts(record, a, host);
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
    a->reached = t->time - last < level->findtime ? track_reached(h->flags) : NETBLOCK_NONE;
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

static uint32_t count_strange(const unsigned char *record, const struct addition *a,
                              const struct level *level, const struct level *narrower,
                              uint64_t first)
{
    uint64_t host[NETBLOCK_HOSTS_MAX], seen[NETBLOCK_HOSTS_MAX];
    const struct track_head *h = &a->head;

    if (!narrower || h->hosts < level->strange_hosts)
        return count_hosts(record, h, first);
    unpack_numbers(record + h->seen, pack_width(h->scale), seen, h->hosts);
    unpack_hosts(record, a, host);
    return netblock_strange_hosts(host, seen, h->hosts, level, narrower, first, a->distance);
}

// Whether so many of the last times are not before the first.
static bool has_hits(const unsigned char *record, const struct track_head *h, uint32_t hits,
                     uint64_t first)
{
    size_t width = pack_width(h->scale);

    return h->hits >= hits && unpack_number(record + h->ids - hits * width, width) >= first;
}

static enum netblock_pair reached(const unsigned char *record, const struct addition *a,
                                  const struct level *level, const struct level *narrower,
                                  uint64_t first)
{
    const struct track_head *h = &a->head;

    if (h->hosts == level->hosts && has_hits(record, h, level->hits, first) &&
        count_hosts(record, h, first) == level->hosts)
        return NETBLOCK_FULL;
    return level->strange_hits > 0 && has_hits(record, h, level->strange_hits, first) &&
                   count_strange(record, a, level, narrower, first) >= level->strange_hosts
               ? NETBLOCK_STRANGE
               : NETBLOCK_NONE;
}

struct netblock_told addition_make_block(struct addition *a, unsigned char *record,
                                         const struct level *level, const struct level *narrower,
                                         struct tally *t)
{
    struct track_head *h = &a->head;
    size_t width = pack_width(h->scale);
    uint64_t first = first_within(a, level->findtime);
    enum netblock_pair now;

    make_room(record, a);
    append(record + h->ids, a, a->count);
    pack_number(record + h->seen + a->host * width, a->distance, width);
    pack_number(record + h->ids + a->host * a->ids.width, a->id, a->ids.width);
    now = reached(record, a, level, narrower, first);
    h->flags = track_flags(h->flags, now);
    track_head_update(record, h);
    if (t->wiped < h->wiped)
        t->wiped = h->wiped;
    if (now == NETBLOCK_NONE)
        return (struct netblock_told){0};
    return netblock_tell(now, a->reached, count_hits(record, h, first),
                         count_hosts(record, h, first));
}
