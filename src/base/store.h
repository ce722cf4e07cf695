// SPDX-License-Identifier: GPL-2.0-or-later
// Many small records under their keys, in a share of a budget, which its index is part of. Where
// the share has no room, those of the lowest rank go, the oldest of them first, about a page (4
// KiB) at a time; so a flood of new ones pushes out new ones.
//
// A record is bytes that begin with its key: one byte whose low four bits are how many more follow,
// at least one; STORE_KEY_LONG stands for more than such bits can say.
#pragma once

#include "base/pages.h"

enum { STORE_KEY_LONG = 15, STORE_KEY_LONG_BYTES = 17 };

struct store;

// Told of each record that had to make room.
typedef void store_lost_fn(void *user, const unsigned char *record);

// seed keeps a stranger from choosing keys that collide. The share is borrowed. NULL: out of
// memory.
struct store *store_new(struct share *share, uint64_t seed, store_lost_fn *lost, void *user);
struct store *store_free(struct store *s);

static inline size_t store_key_size(const unsigned char *key)
{
    size_t n = key[0] & 15U;

    return 1 + (n < STORE_KEY_LONG ? n : STORE_KEY_LONG_BYTES);
}

// Of a key, for the calls that ask for it: who asks more than once computes it once.
uint64_t store_hash(const struct store *s, const unsigned char *key);

// The record under key, or NULL. Valid until the next store_put() or store_remove().
const unsigned char *store_get(const struct store *s, const unsigned char *key, uint64_t hash);

// The same, to be changed: where it was found. Valid until the next call that puts or removes.
struct store_spot {
    uint64_t hash;
    struct bucket *bucket;
    unsigned slot;
};

unsigned char *store_find(const struct store *s, const unsigned char *key, uint64_t hash,
                          struct store_spot *ret);

// Makes room for `after` bytes and that rank for a record of `before` bytes; as many of them as fit
// stay. *ret_record is where it is then. -ENOMEM: it is gone.
int store_fit(struct store *s, const struct store_spot *spot, size_t before, size_t after,
              unsigned rank, unsigned char **ret_record);

// Keeps a copy of the record, which may not lie in the store, in the place of one with its key. n
// is at most PAGES_RECORD_MAX, rank below PAGES_RANKS. -ENOMEM: it is not kept, nor is one that was
// there.
int store_put(struct store *s, const unsigned char *record, uint64_t hash, size_t n, unsigned rank);

bool store_remove(struct store *s, const unsigned char *key);

// Tells the processor of keys that will be asked for soon: first where their records are, then,
// when that has had its time, the records.
void store_expect(const struct store *s, uint64_t hash);
void store_expect_record(const struct store *s, uint64_t hash);

// Walks all records: start with *cursor = 0; NULL at the end. The record just returned, and no
// other, may be removed meanwhile, and none put.
const unsigned char *store_next(const struct store *s, uint32_t *cursor);

// After many were removed: gives back what the index needed for them.
void store_trim(struct store *s);

size_t store_count(const struct store *s);

// Whether records have had to make room since the last store_trim().
bool store_is_full(const struct store *s);
