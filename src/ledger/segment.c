// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger/segment.h"

#include "ledger/sieve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_FIRST = 4096, VARINT_MAX = 10, HEAD_MAX = 160 };

// What a record has. Those that are not set are as most records are.
enum {
    HAS_PARDON = 1,    // it is none of a hit
    HAS_SAME_TEXT = 2, // as the record before: several jails may count one line
    HAS_ADDR = 4,      // another one than its host
    HAS_COUNT = 8,     // other than 1
    HAS_BANNED = 16,
    HAS_LONG_HOST = 32, // else a single IPv4 address
    HAS_GAP = 64,       // in the order: records between were dropped
    HAS_RULE = 128,
    HAS_USER = 256,
    HAS_HELO = 512,
    HAS_ALL = 1023,
};

static const uint8_t v4_prefix[12] = {[10] = 0xff, [11] = 0xff};

int bytes_room(struct bytes *b, size_t n)
{
    size_t allocated = b->allocated ? b->allocated : BYTES_FIRST;
    uint8_t *p;

    if (b->n + n <= b->allocated)
        return 0;
    while (allocated < b->n + n)
        allocated *= 2;
    p = realloc(b->p, allocated);
    if (!p)
        return -ENOMEM;
    b->p = p;
    b->allocated = allocated;
    return 0;
}

// There is room.
static void put(struct bytes *b, const void *p, size_t n)
{
    if (n > 0)
        memcpy(b->p + b->n, p, n);
    b->n += n;
}

static void put_number(struct bytes *b, uint64_t n)
{
    for (; n >= 0x80; n >>= 7)
        b->p[b->n++] = (uint8_t)(n | 0x80);
    b->p[b->n++] = (uint8_t)n;
}

static void put_net(struct bytes *b, const struct addr *net)
{
    put(b, net->b, sizeof(net->b));
    put(b, &net->len, 1);
}

// Small numbers for small differences of either sign.
static uint64_t fold(uint64_t difference)
{
    return difference << 1 ^ (difference >> 63 ? UINT64_MAX : 0);
}

static uint64_t unfold(uint64_t n)
{
    return n >> 1 ^ (n & 1 ? UINT64_MAX : 0);
}

void segment_done(struct segment *s)
{
    free(s->heads.p);
    free(s->texts.p);
    free(s->keys.p);
    *s = (struct segment){0};
}

void segment_clear(struct segment *s)
{
    s->heads.n = s->texts.n = s->keys.n = s->n = 0;
    s->last = (struct record){0};
    s->first = s->time_max = s->text_at = 0;
    s->is_open = false;
}

static bool is_single_v4(const struct addr *a)
{
    return a->len == 128 && addr_is_v4(a);
}

static uint64_t flags_of(const struct segment *s, const struct record *r)
{
    uint64_t flags = r->is_pardon ? HAS_PARDON : 0;

    if (!is_single_v4(&r->host))
        flags |= HAS_LONG_HOST;
    if (s->n > 0 && r->seq != s->last.seq + 1)
        flags |= HAS_GAP;
    if (r->is_pardon)
        return flags;
    if (s->n > 0 && slice_equal(r->text, s->last.text))
        flags |= HAS_SAME_TEXT;
    if (addr_compare(&r->addr, &r->host) != 0)
        flags |= HAS_ADDR;
    if (r->count != 1)
        flags |= HAS_COUNT;
    if (r->banned)
        flags |= HAS_BANNED;
    if (r->rule)
        flags |= HAS_RULE;
    if (r->user.n > 0)
        flags |= HAS_USER;
    if (r->helo.n > 0)
        flags |= HAS_HELO;
    return flags;
}

static void put_key(struct segment *s, const struct addr *net)
{
    uint64_t key = sieve_key(net);

    put(&s->keys, &key, sizeof(key));
}

static struct addr block_around(const struct addr *net)
{
    return addr_block(net, addr_is_v4(net) ? SIEVE_BLOCK_V4 : SIEVE_BLOCK_V6);
}

static bool is_wide(const struct addr *net)
{
    return addr_prefix(net) < (addr_is_v4(net) ? SIEVE_BLOCK_V4 : SIEVE_BLOCK_V6);
}

static void put_keys(struct segment *s, const struct record *r)
{
    struct addr block = block_around(&r->host), host = addr_host(&r->host);

    if (s->n > 0 && addr_compare(&r->host, &s->last.host) == 0 && !r->is_pardon)
        return;
    put_key(s, &host);
    put_key(s, &block);
    // Whoever pardons a block concerns hosts that are not named: all are to look here.
    s->is_open = s->is_open || (r->is_pardon && addr_is_block(&r->host));
}

// Mostly it is a part of the line, of which its place is enough.
static void put_said(struct segment *s, struct slice text, struct slice said)
{
    bool is_part = said.p >= text.p && said.p + said.n <= text.p + text.n;

    put_number(&s->heads, (uint64_t)said.n << 1 | is_part);
    if (is_part)
        put_number(&s->heads, (uint64_t)(said.p - text.p));
    else
        put(&s->texts, said.p, said.n);
}

static void put_text(struct segment *s, struct slice text)
{
    s->text_at = s->texts.n;
    put_number(&s->heads, text.n);
    put(&s->texts, text.p, text.n);
}

static void put_hit(struct segment *s, const struct record *r, uint64_t flags)
{
    put_number(&s->heads, r->source);
    if (flags & HAS_ADDR)
        put_net(&s->heads, &r->addr);
    if (flags & HAS_COUNT)
        put_number(&s->heads, r->count);
    if (flags & HAS_BANNED)
        put(&s->heads, &r->banned, 1);
    if (!(flags & HAS_SAME_TEXT))
        put_text(s, r->text);
    if (flags & HAS_RULE)
        put_number(&s->heads, r->rule);
    if (flags & HAS_USER)
        put_said(s, r->text, r->user);
    if (flags & HAS_HELO)
        put_said(s, r->text, r->helo);
}

int segment_add(struct segment *s, const struct record *r)
{
    uint64_t flags = flags_of(s, r);
    struct slice text = s->last.text;
    size_t most = r->text.n + r->user.n + r->helo.n;

    if (bytes_room(&s->heads, HEAD_MAX) < 0 || bytes_room(&s->texts, most) < 0 ||
        bytes_room(&s->keys, 2 * sizeof(uint64_t)) < 0)
        return -ENOMEM;
    put_keys(s, r);
    put_number(&s->heads, flags);
    if (flags & HAS_GAP || s->n == 0)
        put_number(&s->heads, r->seq - s->last.seq);
    put_number(&s->heads, r->jail);
    put_number(&s->heads, fold(r->time - s->last.time));
    if (flags & HAS_LONG_HOST)
        put_net(&s->heads, &r->host);
    else
        put(&s->heads, r->host.b + sizeof(v4_prefix), 4);
    if (!r->is_pardon)
        put_hit(s, r, flags);
    if (s->n++ == 0)
        s->first = r->seq;
    if (r->time > s->time_max)
        s->time_max = r->time;
    s->last = *r;
    // What is compared with next is the copy, where there was anything to copy.
    if (!r->is_pardon)
        text.n = r->text.n;
    s->last.text = (struct slice){text.n > 0 ? (char *)s->texts.p + s->text_at : "", text.n};
    return 0;
}

size_t segment_size(const struct segment *s)
{
    return s->heads.n + s->texts.n;
}

size_t segment_sieve_size(const struct segment *s)
{
    return sieve_size(s->keys.n / sizeof(uint64_t));
}

void segment_sieve(const struct segment *s, uint8_t *ret)
{
    size_t size = segment_sieve_size(s);
    uint64_t key;

    for (size_t i = 0; i < s->keys.n; i += sizeof(key)) {
        memcpy(&key, s->keys.p + i, sizeof(key));
        sieve_add(ret, size, key);
    }
    if (s->is_open)
        sieve_open(ret);
}

bool segment_may_have(struct slice sieve, const struct addr *net)
{
    const uint8_t *bits = (const uint8_t *)sieve.p;
    struct addr block = block_around(net), host = addr_host(net);
    uint64_t key = sieve_key(addr_is_block(net) ? &block : &host);

    // Of wider blocks there is no key.
    return is_wide(net) || sieve_has(bits, sieve.n, key);
}

static bool get(struct slice *from, void *to, size_t n)
{
    if (from->n < n)
        return false;
    memcpy(to, from->p, n);
    *from = slice_from(*from, n);
    return true;
}

static bool get_number(struct slice *from, uint64_t most, uint64_t *ret)
{
    uint64_t value = 0;

    for (size_t i = 0; i < VARINT_MAX && i < from->n; i++) {
        uint8_t byte = (uint8_t)from->p[i];
        value |= (uint64_t)(byte & 0x7f) << 7 * i;
        if (byte < 0x80) {
            *from = slice_from(*from, i + 1);
            *ret = value;
            return value <= most;
        }
    }
    return false;
}

static bool get_u32(struct slice *from, uint32_t *ret)
{
    uint64_t value;

    if (!get_number(from, UINT32_MAX, &value))
        return false;
    *ret = (uint32_t)value;
    return true;
}

static bool get_net(struct slice *from, struct addr *ret)
{
    return get(from, ret->b, sizeof(ret->b)) && get(from, &ret->len, 1) && ret->len <= 128 &&
           addr_within(ret, ret);
}

static bool get_host(struct slice *from, uint64_t flags, struct addr *ret)
{
    if (flags & HAS_LONG_HOST)
        return get_net(from, ret);
    memcpy(ret->b, v4_prefix, sizeof(v4_prefix));
    ret->len = 128;
    return get(from, ret->b + sizeof(v4_prefix), 4);
}

static bool get_text(struct segment_reader *r, struct slice *ret)
{
    uint64_t length;

    if (!get_number(&r->heads, r->texts.n - r->at, &length))
        return false;
    *ret = r->texts.p ? (struct slice){r->texts.p + r->at, length} : (struct slice){0};
    r->at += length;
    return true;
}

static bool get_said(struct segment_reader *r, struct slice text, struct slice *ret)
{
    uint64_t number, place, length;

    if (!get_number(&r->heads, UINT32_MAX, &number))
        return false;
    length = number >> 1;
    if ((number & 1) == 0) {
        if (length > r->texts.n - r->at)
            return false;
        if (r->texts.p)
            *ret = (struct slice){r->texts.p + r->at, length};
        r->at += length;
        return true;
    }
    if (!get_number(&r->heads, UINT32_MAX, &place))
        return false;
    if (!r->texts.p)
        return true;
    if (place > text.n || length > text.n - place)
        return false;
    *ret = (struct slice){text.p + place, length};
    return true;
}

static bool get_hit(struct segment_reader *r, uint64_t flags, struct record *ret)
{
    ret->addr = ret->host;
    ret->count = 1;
    ret->banned = 0;
    ret->rule = 0;
    ret->user = ret->helo = (struct slice){0};
    if (!get_u32(&r->heads, &ret->source))
        return false;
    if (flags & HAS_ADDR && !get_net(&r->heads, &ret->addr))
        return false;
    if (flags & HAS_COUNT && !get_u32(&r->heads, &ret->count))
        return false;
    if (flags & HAS_BANNED && !get(&r->heads, &ret->banned, 1))
        return false;
    if (!(flags & HAS_SAME_TEXT) && !get_text(r, &ret->text))
        return false;
    if (flags & HAS_RULE && !get_u32(&r->heads, &ret->rule))
        return false;
    if (flags & HAS_USER && !get_said(r, ret->text, &ret->user))
        return false;
    return !(flags & HAS_HELO) || get_said(r, ret->text, &ret->helo);
}

int segment_next(struct segment_reader *r, struct record *ret)
{
    struct record record = r->last;
    uint64_t flags, gap = 1, time;

    if (r->heads.n == 0)
        return 0;
    if (!get_number(&r->heads, HAS_ALL, &flags))
        return -EUCLEAN;
    if ((flags & HAS_GAP || r->last.seq == 0) && !get_number(&r->heads, INT64_MAX, &gap))
        return -EUCLEAN;
    if (gap > INT64_MAX - record.seq)
        return -EUCLEAN;
    if (!get_u32(&r->heads, &record.jail) || !get_number(&r->heads, UINT64_MAX, &time) ||
        !get_host(&r->heads, flags, &record.host))
        return -EUCLEAN;
    record.seq += gap;
    record.time += unfold(time);
    record.is_pardon = flags & HAS_PARDON;
    if (!record.is_pardon && !get_hit(r, flags, &record))
        return -EUCLEAN;
    *ret = r->last = record;
    return 1;
}
