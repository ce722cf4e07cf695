// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/track.h"

#include "base/hash.h"
#include "base/store.h"
#include "engine/pack.h"

#include <endian.h>

// After the key: flags; how many hits, and of a block how many hosts; the earliest time; what the
// flags say; then, of a block, when each host was seen last; the times of the hits; and the hosts.
enum {
    SCALE = 7,
    MARK = 1 << 3,
    WIPED = 1 << 4,
    CELL = 3 << TRACK_REACHED, // instead of a pair: with so few hits none is reached
    WIDE = 1 << 7,             // some hosts are wider or narrower than most, and say how wide
};

// In the key's first byte, over its length. A host that is a block has its prefix behind the rest.
// Three bits are enough for hosts and eight levels: the eighth's key is shorter than any host's, or
// it is a long one. That is all of an IPv6 address and the prefix, which says if it is the eighth.
enum { V6 = 1 << 7, RUNG = 4, RUNG_MASK = 7, EIGHTH = 1 << 7 };

// What of a host's id is its own; beyond, it is a digest under a leading one of its own.
enum { ID_BITS = 62, ID_FOLDED = 63 };

static unsigned bits_of(bool v6)
{
    return v6 ? 64 : 32;
}

static uint64_t ones(unsigned bits)
{
    return bits < 64 ? (UINT64_C(1) << bits) - 1 : UINT64_MAX;
}

static uint64_t half_of(const unsigned char *bytes)
{
    uint64_t number;

    memcpy(&number, bytes, sizeof(number));
    return be64toh(number);
}

static void put_half(unsigned char *bytes, uint64_t number)
{
    number = htobe64(number);
    memcpy(bytes, &number, sizeof(number));
}

static struct track_key long_key_of(unsigned rung, unsigned prefix, uint64_t number, uint64_t low)
{
    struct track_key k = {
        .v6 = true,
        .rung = (uint8_t)rung,
        .prefix = (uint8_t)prefix,
        .n = 1 + STORE_KEY_LONG_BYTES,
        .number = number & ~ones(prefix < 64 ? 64 - prefix : 0),
        .low = prefix > 64 ? low & ~ones(128 - prefix) : 0,
    };

    k.bytes[0] = (unsigned char)(V6 | (rung & RUNG_MASK) << RUNG | STORE_KEY_LONG);
    put_half(k.bytes + 1, k.number);
    put_half(k.bytes + 9, k.low);
    k.bytes[STORE_KEY_LONG_BYTES] = (unsigned char)(prefix | (rung > RUNG_MASK ? EIGHTH : 0));
    return k;
}

static bool is_long(bool v6, unsigned rung, unsigned prefix)
{
    return v6 && prefix > (rung > RUNG_MASK ? 56 : 64);
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
    uint64_t low = half_of(a->b + 8);

    if (addr_is_v4(a))
        return key_of(false, rung, a->len - ADDR_V4_BITS, low & UINT32_MAX);
    return is_long(true, rung, a->len) ? long_key_of(rung, a->len, half_of(a->b), low)
                                       : key_of(true, rung, a->len, half_of(a->b));
}

struct track_key track_key_around(const struct track_key *k, unsigned prefix, unsigned rung)
{
    return is_long(k->v6, rung, prefix) ? long_key_of(rung, prefix, k->number, k->low)
                                        : key_of(k->v6, rung, prefix, k->number);
}

static bool is_long_record(const unsigned char *record)
{
    return (record[0] & STORE_KEY_LONG) == STORE_KEY_LONG;
}

static bool is_eighth(const unsigned char *record)
{
    if (is_long_record(record))
        return record[STORE_KEY_LONG_BYTES] > EIGHTH;
    return store_key_size(record) < 1 + bits_of(track_is_v6(record)) / 8;
}

static unsigned rung_of(const unsigned char *record)
{
    unsigned rung = record[0] >> RUNG & RUNG_MASK;

    return rung == 0 && is_eighth(record) ? RUNG_MASK + 1 : rung;
}

struct track_key track_key_unpack(const unsigned char *record, const struct level *v4,
                                  const struct level *v6)
{
    bool is_v6 = track_is_v6(record);
    unsigned rung = rung_of(record), prefix = bits_of(is_v6);
    size_t n = store_key_size(record) - 1;
    uint64_t number = 0;

    if (is_long_record(record)) {
        prefix = record[n] & (rung > RUNG_MASK ? EIGHTH - 1 : UINT8_MAX);
        return long_key_of(rung, prefix, half_of(record + 1), half_of(record + 9));
    }
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
    struct addr a = {.len = (uint8_t)(k->v6 ? k->prefix : ADDR_V4_BITS + k->prefix)};

    put_half(a.b, k->v6 ? k->number : 0);
    put_half(a.b + 8, k->v6 ? k->low : UINT64_C(0xffff) << 32 | k->number);
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

static bool is_cell(unsigned flags)
{
    return (flags & CELL) == CELL;
}

bool track_is_cell(const unsigned char *record)
{
    return is_cell(record[store_key_size(record)]);
}

// So many bits of the address that lie behind the prefix, and are no more than an id has.
static uint64_t bits_behind(const struct track_key *k, unsigned prefix, unsigned bits)
{
    unsigned __int128 all = (unsigned __int128)k->number << 64 | k->low;

    return bits > 0 ? (uint64_t)(all << prefix >> (128 - bits)) : 0;
}

// The narrower block comes first, by as many bits as it has or as netblock_place() looks at.
static uint64_t folded_id(const struct track_key *host, unsigned prefix, unsigned narrower,
                          uint64_t seed)
{
    unsigned bits = narrower > 0 ? narrower - prefix : 0, rest;
    uint64_t block, own = hash_bytes(host->bytes, host->n, seed);
    struct track_key around;

    if (bits <= NETBLOCK_FOLDED_BITS) {
        block = bits_behind(host, prefix, bits);
    } else {
        around = track_key_around(host, narrower, 1);
        bits = NETBLOCK_FOLDED_BITS;
        block = hash_bytes(around.bytes, around.n, seed) & ones(bits);
    }
    rest = ID_FOLDED - bits;
    return UINT64_C(1) << ID_FOLDED | block << rest | (own & ones(rest));
}

// Not inlined: most hosts need none of its registers.
static __attribute__((noinline)) uint64_t long_id(const struct track_key *host, unsigned prefix,
                                                  unsigned narrower, uint64_t seed)
{
    unsigned below = host->prefix - prefix;

    return below > ID_BITS ? folded_id(host, prefix, narrower, seed)
                           : bits_behind(host, prefix, below) | UINT64_C(1) << below;
}

// The bits below the prefix, and a one before them, so that it shows how many they are.
uint64_t track_host_id(const struct track_key *host, unsigned prefix, unsigned narrower,
                       uint64_t seed)
{
    unsigned below = host->prefix - prefix;

    if (host->prefix > 64)
        return long_id(host, prefix, narrower, seed);
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
    unsigned bits = bits_of(track_is_v6(record)), below = prefix < bits ? bits - prefix : 0;

    if (flags & WIDE)
        return (struct track_ids){0, sizeof(uint64_t)};
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
    bool is_block = !is_cell(flags) && !track_is_host(record);
    size_t width = pack_width(flags & SCALE);
    uint64_t hits, hosts = 0;

    from = is_cell(flags) ? unpack_uint(from, 1, &hits) : unpack_uint(from, 2, &hits);
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
        flags |= track_ids_fit(ids, b->host[i]) ? 0 : WIDE;
    ids = track_ids(record, prefix, flags);
    flags |= (b->mark ? MARK : 0) | (b->wiped ? WIPED : 0);
    flags = track_flags(flags, b->reached);
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
    ret->reached = track_reached(h.flags);
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
