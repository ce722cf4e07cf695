// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/track.h"

#include "base/store.h"
#include "engine/pack.h"

#include <endian.h>

// After the key: flags; how many hits, and of a block how many hosts; the earliest time; what the
// flags say; then, of a block, when each host was seen last; the times of the hits; and the hosts.
enum {
    SCALE = 7,
    MARK = 1 << 3,
    WIPED = 1 << 4,
    REACHED = TRACK_REACHED,
    CELL = 1 << 6,
    WIDE = 1 << 7, // some hosts are blocks themselves, and say how wide
};

// In the key's first byte, over its length. A host that is a block has its prefix behind the rest.
// Three bits are enough for hosts and eight levels: the eighth's key is shorter than any host's.
enum { V6 = 1 << 7, RUNG = 4, RUNG_MASK = 7 };

static unsigned bits_of(bool v6)
{
    return v6 ? 64 : 32;
}

static uint64_t ones(unsigned bits)
{
    return bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
}

static uint64_t number_of(const struct addr *a, bool v6)
{
    uint64_t number;

    memcpy(&number, v6 ? a->b : a->b + 8, sizeof(number));
    return be64toh(number) & (v6 ? UINT64_MAX : UINT32_MAX);
}

static struct track_key key_of(bool v6, unsigned rung, unsigned prefix, uint64_t number)
{
    unsigned bits = bits_of(v6);
    bool wide = rung == 0 && prefix < bits;
    size_t n = wide ? bits / 8 : (prefix + 7U) / 8;
    struct track_key k = {.v6 = v6, .rung = (uint8_t)rung, .prefix = (uint8_t)prefix};

    k.number = number & ~ones(bits - prefix);
    number = htobe64(v6 ? k.number : k.number << 32);
    memcpy(k.bytes + 1, &number, sizeof(number));
    if (wide)
        k.bytes[1 + n++] = k.prefix;
    k.bytes[0] = (unsigned char)((v6 ? V6 : 0) | (rung & RUNG_MASK) << RUNG | n);
    k.n = (uint8_t)(1 + n);
    return k;
}

struct track_key track_key_of(const struct addr *a, unsigned rung)
{
    bool v6 = !addr_is_v4(a);

    return key_of(v6, rung, addr_prefix(a), number_of(a, v6));
}

struct track_key track_key_around(const struct track_key *k, unsigned prefix, unsigned rung)
{
    return key_of(k->v6, rung, prefix, k->number);
}

static unsigned rung_of(const unsigned char *record)
{
    unsigned rung = record[0] >> RUNG & RUNG_MASK;
    size_t host = 1 + bits_of(track_is_v6(record)) / 8;

    return rung == 0 && store_key_size(record) < host ? RUNG_MASK + 1 : rung;
}

struct track_key track_key_unpack(const unsigned char *record, const struct level *v4,
                                  const struct level *v6)
{
    bool is_v6 = track_is_v6(record);
    unsigned rung = rung_of(record), prefix = bits_of(is_v6);
    size_t n = store_key_size(record) - 1;
    uint64_t number = 0;

    if (rung == 0 && n > prefix / 8)
        prefix = record[n--];
    else if (rung > 0)
        prefix = (is_v6 ? v6 : v4)[rung - 1].prefix;
    memcpy(&number, record + 1, n);
    number = be64toh(number) >> (is_v6 ? 0 : 32);
    return key_of(is_v6, rung, prefix, number);
}

struct addr track_addr(const struct track_key *k)
{
    struct addr a = {.len = (uint8_t)(k->v6 ? k->prefix : 96 + k->prefix)};
    uint64_t number = htobe64(k->v6 ? k->number : UINT64_C(0xffff) << 32 | k->number);

    memcpy(k->v6 ? a.b : a.b + 8, &number, sizeof(number));
    return a;
}

bool track_is_v6(const unsigned char *record)
{
    return record[0] & V6;
}

bool track_is_host(const unsigned char *record)
{
    return rung_of(record) == 0;
}

bool track_is_cell(const unsigned char *record)
{
    return record[store_key_size(record)] & CELL;
}

// The bits below the prefix, and a one before them, so that it shows how many they are.
uint64_t track_host_id(const struct track_key *host, unsigned prefix)
{
    unsigned below = host->prefix - prefix;

    return (host->number >> (bits_of(host->v6) - host->prefix) & ones(below)) | UINT64_C(1)
                                                                                    << below;
}

struct track_key track_host_of(const struct track_key *block, uint64_t id)
{
    unsigned bits = bits_of(block->v6);

    return key_of(block->v6, 0, bits, block->number | (id & ones(bits - block->prefix)));
}

struct track_ids track_ids(const unsigned char *record, unsigned prefix, unsigned flags)
{
    unsigned below = bits_of(track_is_v6(record)) - prefix;

    if (flags & WIDE)
        return (struct track_ids){0, below / 8 + 1};
    return (struct track_ids){UINT64_C(1) << below, (below + 7) / 8};
}

static unsigned char *pack_marks(unsigned char *to, unsigned flags, uint32_t mark, uint32_t wiped)
{
    if (flags & MARK)
        to = pack_uint(to, mark, sizeof(mark));
    if (flags & WIPED)
        to = pack_uint(to, wiped, sizeof(wiped));
    return to;
}

static const unsigned char *unpack_marks(const unsigned char *from, unsigned flags,
                                         uint32_t *ret_mark, uint32_t *ret_wiped)
{
    uint64_t value = 0;

    *ret_mark = *ret_wiped = 0;
    if (flags & MARK) {
        from = unpack_uint(from, sizeof(*ret_mark), &value);
        *ret_mark = (uint32_t)value;
    }
    if (flags & WIPED) {
        from = unpack_uint(from, sizeof(*ret_wiped), &value);
        *ret_wiped = (uint32_t)value;
    }
    return from;
}

static unsigned char *pack_ids(unsigned char *to, struct track_ids ids, const uint64_t *host,
                               size_t n)
{
    for (size_t i = 0; i < n; i++)
        to = pack_uint(to, host[i] ^ ids.lead, ids.width);
    return to;
}

static void unpack_ids(const unsigned char *from, struct track_ids ids, uint64_t *host, size_t n)
{
    unpack_numbers(from, ids.width, host, n);
    for (size_t i = 0; i < n; i++)
        host[i] ^= ids.lead;
}

size_t track_size(uint32_t hits, uint32_t hosts)
{
    size_t numbers = 1 + 2 + 2 + PACK_TIME + 2 * sizeof(uint32_t);

    return TRACK_KEY_MAX + numbers + sizeof(usec_t) * hits + 2 * sizeof(uint64_t) * hosts;
}

// Behind the flags stand the number of hits, of which a cell has few, and of a block that of hosts.
void track_head(const unsigned char *record, struct track_head *ret)
{
    const unsigned char *from = record + store_key_size(record);
    unsigned flags = *from++;
    bool is_block = !(flags & CELL) && !track_is_host(record);
    size_t width = pack_width(flags & SCALE);
    uint64_t hits, hosts = 0;

    from = flags & CELL ? unpack_uint(from, 1, &hits) : unpack_uint(from, 2, &hits);
    if (is_block)
        from = unpack_uint(from, 2, &hosts);
    from = unpack_uint(from, PACK_TIME, &ret->base);
    from = unpack_marks(from, flags, &ret->mark, &ret->wiped);
    ret->flags = flags;
    ret->scale = flags & SCALE;
    ret->hits = (uint32_t)hits;
    ret->hosts = (uint32_t)hosts;
    ret->implied = !is_block;
    ret->seen = (size_t)(from - record);
    ret->times = ret->seen + hosts * width;
    ret->ids = ret->times + (hits - (!is_block && hits > 0)) * width;
}

void track_head_update(unsigned char *record, const struct track_head *h)
{
    unsigned char *to = record + store_key_size(record);

    to = pack_uint(to, h->flags, 1);
    to = pack_uint(to, h->hits, 2);
    if (!h->implied)
        pack_uint(to, h->hosts, 2);
}

usec_t track_last(const unsigned char *record)
{
    struct track_head h;
    usec_t last;

    track_head(record, &h);
    last = h.base;
    if (h.ids > h.times)
        unpack_times(record + h.ids - pack_width(h.scale), h.scale, h.base, &last, 1);
    return last;
}

size_t track_cell_hosts(const struct track_cell *c)
{
    size_t n = 0;

    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t k = 0;
        while (c->host[k] != c->host[i])
            k++;
        n += k == i;
    }
    return n;
}

size_t track_hosts(const unsigned char *record, unsigned prefix)
{
    struct track_cell c;

    if (!track_is_cell(record))
        return track_is_host(record);
    track_cell_unpack(record, prefix, &c);
    return track_cell_hosts(&c);
}

static usec_t least(const usec_t *time, size_t n, usec_t so_far)
{
    for (size_t i = 0; i < n; i++)
        so_far = time[i] < so_far ? time[i] : so_far;
    return so_far;
}

size_t track_host_pack(unsigned char *record, const struct track_host *h)
{
    const struct window *w = h->window;
    unsigned char *to = record + store_key_size(record);
    unsigned scale = pack_scale(w->time[w->n - 1] - w->time[0], h->fine), flags = scale;

    flags |= h->mark ? MARK : 0;
    to = pack_uint(to, flags, 1);
    to = pack_uint(to, w->n, 2);
    to = pack_uint(to, w->time[0], PACK_TIME);
    to = pack_marks(to, flags, h->mark, 0);
    return (size_t)(pack_times(to, scale, w->time[0], w->time + 1, w->n - 1) - record);
}

void track_host_unpack(const unsigned char *record, struct track_host *ret)
{
    struct window *w = ret->window;
    struct track_head h;

    track_head(record, &h);
    w->time[0] = h.base;
    unpack_times(record + h.times, h.scale, h.base, w->time + 1, h.hits - 1);
    w->n = h.hits;
    ret->mark = h.mark;
    ret->fine = pack_is_fine(h.scale);
}

size_t track_block_pack(unsigned char *record, unsigned prefix, const struct netblock *b)
{
    const struct window *w = b->window;
    unsigned char *to = record + store_key_size(record);
    usec_t base = least(b->seen, b->n_hosts, w->n > 0 ? w->time[0] : b->last);
    unsigned scale = pack_scale(b->last - base, b->fine), flags = scale;
    struct track_ids ids = track_ids(record, prefix, 0);

    for (uint32_t i = 0; i < b->n_hosts; i++)
        flags |= b->host[i] & ids.lead ? 0 : WIDE;
    ids = track_ids(record, prefix, flags);
    flags |= (b->mark ? MARK : 0) | (b->wiped ? WIPED : 0) | (b->reached ? REACHED : 0);
    to = pack_uint(to, flags, 1);
    to = pack_uint(to, w->n, 2);
    to = pack_uint(to, b->n_hosts, 2);
    to = pack_uint(to, base, PACK_TIME);
    to = pack_marks(to, flags, b->mark, b->wiped);
    to = pack_times(to, scale, base, b->seen, b->n_hosts);
    to = pack_times(to, scale, base, w->time, w->n);
    return (size_t)(pack_ids(to, ids, b->host, b->n_hosts) - record);
}

void track_block_unpack(const unsigned char *record, unsigned prefix, struct netblock *ret)
{
    struct window *w = ret->window;
    struct track_head h;

    track_head(record, &h);
    unpack_ids(record + h.ids, track_ids(record, prefix, h.flags), ret->host, h.hosts);
    unpack_times(record + h.seen, h.scale, h.base, ret->seen, h.hosts);
    unpack_times(record + h.times, h.scale, h.base, w->time, h.hits);
    w->n = h.hits;
    ret->n_hosts = h.hosts;
    ret->mark = h.mark;
    ret->wiped = h.wiped;
    ret->last = h.hits > 0 ? w->time[h.hits - 1] : h.base;
    ret->reached = h.flags & REACHED;
    ret->fine = pack_is_fine(h.scale);
}

// The first hit's time is the base.
size_t track_cell_pack(unsigned char *record, unsigned prefix, const struct track_cell *c)
{
    unsigned char *to = record + store_key_size(record);
    unsigned scale = pack_scale(c->time[c->n - 1] - c->time[0], c->fine);
    unsigned flags = scale | CELL | (c->mark ? MARK : 0);
    struct track_ids ids = track_ids(record, prefix, 0);

    to = pack_uint(to, flags, 1);
    to = pack_uint(to, c->n, 1);
    to = pack_uint(to, c->time[0], PACK_TIME);
    to = pack_marks(to, flags, c->mark, 0);
    to = pack_times(to, scale, c->time[0], c->time + 1, c->n - 1);
    return (size_t)(pack_ids(to, ids, c->host, c->n) - record);
}

void track_cell_unpack(const unsigned char *record, unsigned prefix, struct track_cell *ret)
{
    struct track_head h;

    track_head(record, &h);
    unpack_ids(record + h.ids, track_ids(record, prefix, h.flags), ret->host, h.hits);
    ret->time[0] = h.base;
    unpack_times(record + h.times, h.scale, h.base, ret->time + 1, h.hits - 1);
    ret->mark = h.mark;
    ret->fine = pack_is_fine(h.scale);
    ret->n = h.hits;
}
