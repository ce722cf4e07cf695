// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/table.h"

#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

// Entries live in one array and are named by index + 1 (0 is none): a chain per bucket for the key,
// one doubly linked list for the order of touch, one list of free entries (through `newer`). The
// links lie apart, so that a search in vain touches no entry.
struct links {
    uint32_t chain;
    uint32_t older, newer;
    uint32_t hash;
};

struct table {
    size_t capacity, key_size, value_size, stride, value_at;
    uint64_t seed, evicted;
    struct links *links;
    unsigned char *entry;
    uint32_t *bucket;
    uint32_t n_buckets; // a power of two
    uint32_t allocated, used, count;
    uint32_t oldest, newest, free;
};

static struct links *links_at(const struct table *t, uint32_t i)
{
    return &t->links[i - 1];
}

static unsigned char *key_at(const struct table *t, uint32_t i)
{
    return t->entry + (size_t)(i - 1) * t->stride;
}

static void *value_at(const struct table *t, uint32_t i)
{
    return key_at(t, i) + t->value_at;
}

uint32_t table_hash(const struct table *t, const void *key)
{
    return (uint32_t)hash_bytes(key, t->key_size, t->seed);
}

static size_t value_offset(size_t key_size)
{
    return (key_size + 7) & ~(size_t)7;
}

static size_t stride_of(size_t key_size, size_t value_size)
{
    return (value_offset(key_size) + value_size + 7) & ~(size_t)7;
}

// There are fewer than two buckets for an entry.
size_t table_entry_size(size_t key_size, size_t value_size)
{
    return sizeof(struct links) + stride_of(key_size, value_size) + 2 * sizeof(uint32_t);
}

struct table *table_new(size_t capacity, size_t key_size, size_t value_size, uint64_t seed)
{
    struct table *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->capacity = capacity > 0 ? capacity : 1;
    t->key_size = key_size;
    t->value_size = value_size;
    t->value_at = value_offset(key_size);
    t->stride = stride_of(key_size, value_size);
    t->seed = seed;
    return t;
}

struct table *table_free(struct table *t)
{
    if (t) {
        free(t->links);
        free(t->entry);
        free(t->bucket);
        free(t);
    }
    return NULL;
}

static uint32_t find(const struct table *t, const void *key, uint32_t hash)
{
    uint32_t i = t->n_buckets ? t->bucket[hash & (t->n_buckets - 1)] : 0;

    while (i && (links_at(t, i)->hash != hash || memcmp(key_at(t, i), key, t->key_size) != 0))
        i = links_at(t, i)->chain;
    return i;
}

void table_expect(const struct table *t, uint32_t hash)
{
    if (t->n_buckets)
        __builtin_prefetch(&t->bucket[hash & (t->n_buckets - 1)]);
}

void table_expect_entry(const struct table *t, uint32_t hash)
{
    uint32_t i = t->n_buckets ? t->bucket[hash & (t->n_buckets - 1)] : 0;

    if (!i)
        return;
    __builtin_prefetch(links_at(t, i));
    __builtin_prefetch(key_at(t, i));
}

static void order_unlink(struct table *t, uint32_t i)
{
    struct links *l = links_at(t, i);

    *(l->older ? &links_at(t, l->older)->newer : &t->oldest) = l->newer;
    *(l->newer ? &links_at(t, l->newer)->older : &t->newest) = l->older;
}

static void order_append(struct table *t, uint32_t i)
{
    struct links *l = links_at(t, i);

    l->older = t->newest;
    l->newer = 0;
    *(t->newest ? &links_at(t, t->newest)->newer : &t->oldest) = i;
    t->newest = i;
}

static void chain_insert(struct table *t, uint32_t i)
{
    uint32_t *head = &t->bucket[links_at(t, i)->hash & (t->n_buckets - 1)];

    links_at(t, i)->chain = *head;
    *head = i;
}

// What is oldest then is the next to be asked for and to make room.
static void expect_oldest(const struct table *t)
{
    if (!t->oldest)
        return;
    table_expect(t, links_at(t, t->oldest)->hash);
    __builtin_prefetch(value_at(t, t->oldest), 1);
}

static void drop(struct table *t, uint32_t i)
{
    uint32_t *at = &t->bucket[links_at(t, i)->hash & (t->n_buckets - 1)];

    while (*at != i)
        at = &links_at(t, *at)->chain;
    *at = links_at(t, i)->chain;
    order_unlink(t, i);
    links_at(t, i)->newer = t->free;
    t->free = i;
    t->count--;
    expect_oldest(t);
}

static bool grow(struct table *t)
{
    size_t n = t->allocated ? (size_t)t->allocated * 2 : 64;
    unsigned char *entry;
    struct links *links;
    uint32_t *bucket, n_buckets = 64;

    if (n > t->capacity)
        n = t->capacity;
    entry = reallocarray(t->entry, n, t->stride);
    if (!entry)
        return false;
    t->entry = entry;
    links = reallocarray(t->links, n, sizeof(*links));
    if (!links)
        return false;
    t->links = links;
    while (n_buckets < n)
        n_buckets *= 2;
    bucket = calloc(n_buckets, sizeof(*bucket));
    if (!bucket)
        return false;
    free(t->bucket);
    t->bucket = bucket;
    t->n_buckets = n_buckets;
    t->allocated = (uint32_t)n;
    for (uint32_t i = t->oldest; i; i = links_at(t, i)->newer)
        chain_insert(t, i);
    return true;
}

static uint32_t take(struct table *t)
{
    uint32_t i;

    if (!t->free && t->used == t->allocated && t->allocated < t->capacity && !grow(t))
        return 0;
    if (!t->free && t->used == t->allocated) {
        drop(t, t->oldest);
        t->evicted++;
    }
    if (!t->free)
        return ++t->used;
    i = t->free;
    t->free = links_at(t, i)->newer;
    return i;
}

void *table_find(struct table *t, const void *key, uint32_t hash)
{
    uint32_t i = find(t, key, hash);

    return i ? value_at(t, i) : NULL;
}

void *table_get(struct table *t, const void *key)
{
    return t->count > 0 ? table_find(t, key, table_hash(t, key)) : NULL;
}

static void touch(struct table *t, uint32_t i)
{
    if (i == t->newest)
        return;
    order_unlink(t, i);
    order_append(t, i);
}

void table_touch(struct table *t, const void *value)
{
    size_t at = (size_t)((const unsigned char *)value - t->entry);

    touch(t, (uint32_t)(at / t->stride) + 1);
}

void *table_put(struct table *t, const void *key, bool *ret_new)
{
    uint32_t hash = table_hash(t, key), i = find(t, key, hash);
    bool is_new = !i;

    if (is_new) {
        i = take(t);
        if (!i)
            return NULL;
        links_at(t, i)->hash = hash;
        memcpy(key_at(t, i), key, t->key_size);
        memset(value_at(t, i), 0, t->value_size);
        chain_insert(t, i);
        order_append(t, i);
        t->count++;
    } else {
        touch(t, i);
    }
    if (ret_new)
        *ret_new = is_new;
    return value_at(t, i);
}

bool table_remove(struct table *t, const void *key)
{
    uint32_t i = t->count > 0 ? find(t, key, table_hash(t, key)) : 0;

    if (i)
        drop(t, i);
    return i != 0;
}

void *table_oldest(struct table *t, const void **ret_key)
{
    if (!t->oldest)
        return NULL;
    if (ret_key)
        *ret_key = key_at(t, t->oldest);
    return value_at(t, t->oldest);
}

void *table_next(struct table *t, uint32_t *cursor, const void **ret_key)
{
    uint32_t i = *cursor == 0 ? t->oldest : *cursor == UINT32_MAX ? 0 : *cursor;

    if (!i)
        return NULL;
    *cursor = links_at(t, i)->newer ? links_at(t, i)->newer : UINT32_MAX;
    if (ret_key)
        *ret_key = key_at(t, i);
    return value_at(t, i);
}

void table_clear(struct table *t)
{
    if (t->bucket)
        memset(t->bucket, 0, t->n_buckets * sizeof(*t->bucket));
    t->used = t->count = t->oldest = t->newest = t->free = 0;
}

size_t table_count(const struct table *t)
{
    return t->count;
}

size_t table_capacity(const struct table *t)
{
    return t->capacity;
}

uint64_t table_evicted(const struct table *t)
{
    return t->evicted;
}
