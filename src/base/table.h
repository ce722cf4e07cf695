// SPDX-License-Identifier: GPL-2.0-or-later
// A hash table that strangers may fill: fixed-size keys and values, a capacity fixed at the start,
// and one overflow policy: the entry touched longest ago makes room. Entries are kept in order of
// touch, so that expiry walks only what is due. Memory grows with use, up to the capacity, never
// beyond.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct table;

// seed keeps a stranger from choosing colliding keys; tests pass a constant. NULL: out of memory.
struct table *table_new(size_t capacity, size_t key_size, size_t value_size, uint64_t seed);
struct table *table_free(struct table *t);

// What an entry takes of memory at most, its part of the index included.
size_t table_entry_size(size_t key_size, size_t value_size);

// The value under key, or NULL. Valid until the next table_put or table_remove. Does not touch.
void *table_get(struct table *t, const void *key);

// The same with the key's hash, which is one for all tables of a seed and a size of keys.
uint32_t table_hash(const struct table *t, const void *key);
void *table_find(struct table *t, const void *key, uint32_t hash);

// Tells the processor of a key that will be asked for soon, by its hash: first where it is looked
// for, then, when that has had its time, the entry.
void table_expect(const struct table *t, uint32_t hash);
void table_expect_entry(const struct table *t, uint32_t hash);

// Touches the entry of a value.
void table_touch(struct table *t, const void *value);

// The value under key, touched; a new one is zeroed (*ret_new, may be NULL). NULL: out of memory.
void *table_put(struct table *t, const void *key, bool *ret_new);

bool table_remove(struct table *t, const void *key);

// The entry touched longest ago; *ret_key points into the table. NULL where it is empty.
void *table_oldest(struct table *t, const void **ret_key);

// Walks all entries, oldest touch first: start with *cursor = 0; NULL at the end. The entry just
// returned, and no other, may be removed meanwhile.
void *table_next(struct table *t, uint32_t *cursor, const void **ret_key);

void table_clear(struct table *t);
size_t table_count(const struct table *t);
size_t table_capacity(const struct table *t);

// How many entries the overflow policy has dropped.
uint64_t table_evicted(const struct table *t);
