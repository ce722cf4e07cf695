// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/table.h"

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 42 };

static void put(struct table *t, uint32_t key, uint32_t value)
{
    uint32_t *v = table_put(t, &key, NULL);

    assert_non_null(v);
    *v = value;
}

static uint32_t get(struct table *t, uint32_t key)
{
    const uint32_t *v = table_get(t, &key);

    return v ? *v : 0;
}

static void keeps_what_was_put(void **state)
{
    struct table *t = table_new(100000, 4, 4, SEED);
    bool is_new;
    uint32_t key = 5;

    (void)state;
    assert_null(table_get(t, &key));
    assert_null(table_oldest(t, NULL));
    for (uint32_t i = 1; i <= 5000; i++)
        put(t, i, i * 3);
    assert_int_equal(table_count(t), 5000);
    for (uint32_t i = 1; i <= 5000; i++)
        assert_int_equal(get(t, i), i * 3);
    assert_int_equal(*(uint32_t *)table_put(t, &key, &is_new), 15);
    assert_false(is_new);
    assert_true(table_remove(t, &key));
    assert_false(table_remove(t, &key));
    assert_int_equal(*(uint32_t *)table_put(t, &key, &is_new), 0);
    assert_true(is_new);
    table_clear(t);
    assert_int_equal(table_count(t), 0);
    assert_null(table_get(t, &key));
    put(t, 9, 1);
    assert_int_equal(get(t, 9), 1);
    assert_null(table_free(t));
    assert_null(table_free(NULL));
}

static void drops_the_one_touched_longest_ago(void **state)
{
    struct table *t = table_new(1000, 4, 4, SEED);
    const void *key;

    (void)state;
    for (uint32_t i = 1; i <= 1000; i++)
        put(t, i, i);
    put(t, 1, 1); // touched: now 2 is the oldest
    assert_int_equal(get(t, 2), 2);
    for (uint32_t i = 1001; i <= 1500; i++)
        put(t, i, i);
    assert_int_equal(table_count(t), 1000);
    assert_int_equal(table_capacity(t), 1000);
    assert_int_equal(table_evicted(t), 500);
    assert_int_equal(get(t, 1), 1);
    for (uint32_t i = 2; i <= 501; i++)
        assert_int_equal(get(t, i), 0);
    for (uint32_t i = 502; i <= 1500; i++)
        assert_int_equal(get(t, i), i);
    assert_non_null(table_oldest(t, &key));
    assert_int_equal(*(const uint32_t *)key, 502);
    table_free(t);
}

static void holds_one_where_the_capacity_is_none(void **state)
{
    struct table *t = table_new(0, 4, 4, SEED);

    (void)state;
    put(t, 1, 10);
    put(t, 2, 20);
    assert_int_equal(table_count(t), 1);
    assert_int_equal(get(t, 1), 0);
    assert_int_equal(get(t, 2), 20);
    table_free(t);
}

static void touches_what_was_found(void **state)
{
    struct table *t = table_new(3, 4, 4, SEED), *other = table_new(9, 4, 8, SEED);
    const uint32_t key[] = {1, 2, 3};

    (void)state;
    table_expect(t, table_hash(t, &key[0]));
    table_expect_entry(t, table_hash(t, &key[0]));
    assert_null(table_find(t, &key[0], table_hash(t, &key[0])));
    for (uint32_t i = 0; i < 3; i++) {
        put(t, key[i], key[i]);
        table_expect_entry(t, table_hash(t, &key[i]));
        assert_int_equal(*(uint32_t *)table_find(t, &key[i], table_hash(other, &key[i])), key[i]);
    }
    table_touch(t, table_get(t, &key[1])); // 1 3 2
    table_touch(t, table_get(t, &key[1]));
    table_touch(t, table_get(t, &key[0])); // 3 2 1
    put(t, 4, 4);
    assert_null(table_get(t, &key[2]));
    put(t, 5, 5);
    assert_null(table_get(t, &key[1]));
    assert_int_equal(get(t, 1), 1);
    table_free(t);
    table_free(other);
}

static void walks_in_the_order_of_touch(void **state)
{
    struct table *t = table_new(64, 4, 4, SEED);
    uint32_t cursor = 0, want = 2, seen = 0;
    const void *key;

    (void)state;
    for (uint32_t i = 1; i <= 10; i++)
        put(t, i, i);
    put(t, 1, 1);
    while (table_next(t, &cursor, &key)) {
        uint32_t k = *(const uint32_t *)key;
        assert_int_equal(k, want);
        want = want == 10 ? 1 : want + 1;
        if (k % 2 == 0)
            assert_true(table_remove(t, &k));
        seen++;
    }
    assert_int_equal(seen, 10);
    assert_int_equal(table_count(t), 5);
    cursor = 0;
    assert_int_equal(*(uint32_t *)table_next(t, &cursor, NULL), 3);
    table_free(t);
}

// Odd sizes: keys are compared whole, values do not overlap.
static void takes_any_size_of_key_and_value(void **state)
{
    struct table *t = table_new(300, 17, 13, SEED);
    unsigned char key[17] = {0}, value[13];

    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        key[16] = (unsigned char)i, key[0] = (unsigned char)(i >> 8);
        memset(table_put(t, key, NULL), (int)(i & 0xff), 13);
    }
    for (unsigned i = 0; i < 300; i++) {
        key[16] = (unsigned char)i, key[0] = (unsigned char)(i >> 8);
        memset(value, (int)(i & 0xff), 13);
        assert_memory_equal(table_get(t, key), value, 13);
    }
    table_free(t);
}

// Against a plain array, with a capacity that is often hit.
static void behaves_like_a_list(void **state)
{
    enum { KEYS = 40, CAPACITY = 25 };
    struct table *t = table_new(CAPACITY, 4, 4, SEED);
    uint32_t order[CAPACITY], n = 0, random = 1;
    const void *oldest;

    (void)state;
    for (unsigned step = 0; step < 20000; step++) {
        random = random * 1664525 + 1013904223;
        uint32_t key = (random >> 8) % KEYS, at = 0;
        bool removes = (random >> 20) % 4 == 0;
        while (at < n && order[at] != key)
            at++;
        bool known = at < n;
        if (known)
            memmove(order + at, order + at + 1, (--n - at) * sizeof(order[0]));
        if (removes) {
            assert_int_equal(table_remove(t, &key), known);
        } else {
            if (n == CAPACITY)
                memmove(order, order + 1, --n * sizeof(order[0]));
            order[n++] = key;
            put(t, key, key + 1);
        }
        assert_int_equal(table_count(t), n);
        if (n > 0) {
            assert_int_equal(*(uint32_t *)table_oldest(t, &oldest), order[0] + 1);
            assert_int_equal(*(const uint32_t *)oldest, order[0]);
        }
    }
    table_free(t);
}

// A stranger who knew the seed could choose keys for one bucket; with another seed they spread.
static void seeds_spread_chosen_keys(void **state)
{
    enum { BUCKETS = 256, CHOSEN = 1000 };
    unsigned hits[BUCKETS] = {0}, most = 0, found = 0;

    (void)state;
    for (uint32_t key = 0; found < CHOSEN; key++) {
        if (hash_bytes(&key, sizeof(key), SEED) % BUCKETS != 0)
            continue;
        unsigned *hit = &hits[hash_bytes(&key, sizeof(key), SEED + 1) % BUCKETS];
        most = ++*hit > most ? *hit : most;
        found++;
    }
    assert_true(most < 20);
}

static void hashes_every_byte(void **state)
{
    unsigned char bytes[40] = {0};
    uint64_t plain = hash_bytes(bytes, sizeof(bytes), SEED);

    (void)state;
    for (size_t i = 0; i < sizeof(bytes) * 8; i++) {
        bytes[i / 8] ^= (unsigned char)(1 << i % 8);
        assert_true(hash_bytes(bytes, sizeof(bytes), SEED) != plain);
        bytes[i / 8] ^= (unsigned char)(1 << i % 8);
    }
    assert_true(hash_bytes(bytes, sizeof(bytes) - 1, SEED) != plain);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_was_put),
        cmocka_unit_test(drops_the_one_touched_longest_ago),
        cmocka_unit_test(holds_one_where_the_capacity_is_none),
        cmocka_unit_test(touches_what_was_found),
        cmocka_unit_test(walks_in_the_order_of_touch),
        cmocka_unit_test(takes_any_size_of_key_and_value),
        cmocka_unit_test(behaves_like_a_list),
        cmocka_unit_test(seeds_spread_chosen_keys),
        cmocka_unit_test(hashes_every_byte),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
