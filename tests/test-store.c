// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/store.h"

#include "random.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 5, KEYS = 4000, KEY = 4, RECORD_MAX = 3000 };

struct fixture {
    struct budget budget;
    struct share share;
    struct store *store;
    size_t lost;
    bool is_lost[1 << 20]; // by number
};

static uint32_t number_of(const unsigned char *record)
{
    return (uint32_t)record[1] << 16 | (uint32_t)record[2] << 8 | record[3];
}

static void on_lost(void *user, const unsigned char *record)
{
    struct fixture *f = user;

    f->lost++;
    f->is_lost[number_of(record)] = true;
}

static struct fixture *open_store(size_t limit)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->budget.common = limit;
    f->share.budget = &f->budget;
    f->store = store_new(&f->share, SEED, on_lost, f);
    assert_non_null(f->store);
    return f;
}

static void close_store(struct fixture *f)
{
    store_free(f->store);
    assert_int_equal(f->share.used, 0);
    free(f);
}

static void put_key(uint32_t number, unsigned char *to)
{
    to[0] = 3;
    to[1] = (unsigned char)(number >> 16);
    to[2] = (unsigned char)(number >> 8);
    to[3] = (unsigned char)number;
}

static void put(struct fixture *f, uint32_t number, size_t n, unsigned rank)
{
    static unsigned char record[PAGES_RECORD_MAX];

    put_key(number, record);
    memset(record + KEY, (int)(n & 0xff), n - KEY);
    assert_int_equal(store_put(f->store, record, store_hash(f->store, record), n, rank), 0);
    f->is_lost[number] = false;
}

// Grows or shrinks a record whose bytes are all its size, as put() makes them.
static void fit(struct fixture *f, uint32_t number, size_t before, size_t after, unsigned rank)
{
    size_t kept = before < after ? before : after;
    struct store_spot spot;
    unsigned char key[KEY], *record;

    put_key(number, key);
    assert_non_null(store_find(f->store, key, store_hash(f->store, key), &spot));
    assert_int_equal(store_fit(f->store, &spot, before, after, rank, &record), 0);
    assert_int_equal(number_of(record), number);
    for (size_t i = KEY; i < kept; i++)
        assert_int_equal(record[i], before & 0xff);
    memset(record + KEY, (int)(after & 0xff), after - KEY);
}

static const unsigned char *get(struct fixture *f, uint32_t number)
{
    unsigned char key[KEY];

    put_key(number, key);
    return store_get(f->store, key, store_hash(f->store, key));
}

static bool remove_key(struct fixture *f, uint32_t number)
{
    unsigned char key[KEY];

    put_key(number, key);
    return store_remove(f->store, key);
}

static void assert_holds(struct fixture *f, uint32_t number, size_t n)
{
    const unsigned char *record = get(f, number);

    assert_non_null(record);
    assert_int_equal(number_of(record), number);
    for (size_t i = KEY; i < n; i++)
        assert_int_equal(record[i], n & 0xff);
}

// Small records mostly, and some that do not fit into half a page.
static size_t random_size(uint64_t *seed)
{
    uint32_t most = random_below(seed, 50) ? 40 : random_below(seed, 20) ? 400 : RECORD_MAX;

    return KEY + 1 + random_below(seed, most);
}

static void keeps_what_was_put(void **state)
{
    struct fixture *f = open_store(64 << 20);
    static size_t size[KEYS]; // 0: not there
    uint64_t seed = 3;
    size_t count = 0;

    (void)state;
    for (int step = 0; step < 200000; step++) {
        uint32_t number = random_below(&seed, step < 100000 ? KEYS : KEYS / 8);
        bool known = size[number] > 0;
        if (random_below(&seed, 3) == 0) {
            assert_int_equal(remove_key(f, number), known);
            count -= known;
            size[number] = 0;
        } else if (known && step % 2) {
            size_t before = size[number];
            size[number] = random_size(&seed);
            fit(f, number, before, size[number], random_below(&seed, PAGES_RANKS));
        } else {
            size[number] = random_size(&seed);
            put(f, number, size[number], random_below(&seed, PAGES_RANKS));
            count += !known;
        }
        if (step % 1000 == 0)
            store_trim(f->store);
        assert_int_equal(store_count(f->store), count);
    }
    for (uint32_t i = 0; i < KEYS; i++) {
        if (size[i] > 0)
            assert_holds(f, i, size[i]);
        else
            assert_null(get(f, i));
    }
    assert_int_equal(f->lost, 0);
    assert_false(store_is_full(f->store));
    close_store(f);
}

static void walks_all_and_lets_them_go(void **state)
{
    struct fixture *f = open_store(64 << 20);
    const unsigned char *record;
    uint32_t cursor = 0, seen = 0;
    uint64_t seed = 3;

    (void)state;
    assert_null(store_next(f->store, &cursor));
    for (uint32_t i = 0; i < KEYS; i++)
        put(f, i, random_size(&seed), i % PAGES_RANKS);
    cursor = 0;
    while ((record = store_next(f->store, &cursor))) {
        seen++;
        if (number_of(record) % 3 > 0)
            assert_true(remove_key(f, number_of(record)));
    }
    assert_int_equal(seen, KEYS);
    assert_int_equal(store_count(f->store), (KEYS + 2) / 3);
    store_trim(f->store);
    for (uint32_t i = 0; i < KEYS; i++)
        assert_int_equal(get(f, i) != NULL, i % 3 == 0);
    close_store(f);
}

// However many come: who is worth more stays, the newest of the others stay, and the limit holds.
static void the_lowest_rank_makes_room_first(void **state)
{
    enum { LIMIT = 1 << 20, KEPT = 2000, FLOOD = 400000, NEWEST = 1000 };
    struct fixture *f = open_store(LIMIT);

    (void)state;
    for (uint32_t i = 0; i < KEPT; i++)
        put(f, i, 30, 1 + i % 3);
    for (uint32_t i = KEPT; i < FLOOD; i++) {
        put(f, i, 14, 0);
        assert_true(f->share.used <= LIMIT);
    }
    assert_true(store_is_full(f->store));
    assert_int_equal(store_count(f->store) + f->lost, FLOOD);
    assert_true(store_count(f->store) > LIMIT / 30);
    for (uint32_t i = 0; i < KEPT; i++)
        assert_holds(f, i, 30);
    for (uint32_t i = FLOOD - NEWEST; i < FLOOD; i++)
        assert_holds(f, i, 14);
    for (uint32_t i = 0; i < FLOOD; i++)
        assert_int_equal(f->is_lost[i], get(f, i) == NULL);
    store_trim(f->store);
    assert_false(store_is_full(f->store));
    close_store(f);
}

// Who is new gets a chance, even where all the others are worth more.
static void new_ones_find_a_little_room(void **state)
{
    enum { LIMIT = 1 << 20, HIGH = 60000, NEW = 500 };
    struct fixture *f = open_store(LIMIT);

    (void)state;
    for (uint32_t i = 0; i < HIGH; i++)
        put(f, i, 30, 3);
    for (uint32_t i = HIGH; i < HIGH + NEW; i++)
        put(f, i, 14, 0);
    for (uint32_t i = HIGH; i < HIGH + NEW; i++)
        assert_holds(f, i, 14);
    close_store(f);
}

// A record that grows where there is no room: others go, and it does not.
static void who_grows_stays(void **state)
{
    enum { LIMIT = 256 << 10, KEPT = 100 };
    struct fixture *f = open_store(LIMIT);

    (void)state;
    for (uint32_t i = 0; i < KEPT; i++)
        put(f, i, 20, 0);
    for (uint32_t i = 1; i < 3000; i++) {
        size_t n = 20 + i % 2000;
        put(f, 10000 + i, 500, 2);
        if (i % 3)
            put(f, i % KEPT, n, 3);
        else
            fit(f, i % KEPT, i < KEPT ? 20 : 20 + (i - KEPT) % 2000, n, 3);
        assert_holds(f, i % KEPT, n);
        assert_true(f->share.used <= LIMIT);
    }
    assert_true(f->lost > 1000);
    close_store(f);
}

static void memory_comes_back(void **state)
{
    struct fixture *f = open_store(64 << 20);
    size_t full;

    (void)state;
    for (uint32_t i = 0; i < 100000; i++)
        put(f, i, 16, 0);
    full = f->share.used;
    assert_in_range(full, 100000 * 20, 100000 * 28);
    for (uint32_t i = 0; i < 100000; i++) {
        if (i % 100 != 0)
            assert_true(remove_key(f, i));
    }
    store_trim(f->store);
    for (uint32_t i = 0; i < 100000; i += 100) {
        assert_holds(f, i, 16);
        assert_true(remove_key(f, i));
    }
    store_trim(f->store);
    assert_true(f->share.used < 1000);
    close_store(f);
}

static void too_small_is_an_error(void **state)
{
    struct fixture *f = open_store(100);
    unsigned char record[16] = {3};

    (void)state;
    assert_int_equal(store_put(f->store, record, store_hash(f->store, record), sizeof(record), 0),
                     -ENOMEM);
    assert_int_equal(store_count(f->store), 0);
    assert_null(store_free(NULL));
    close_store(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_was_put),
        cmocka_unit_test(walks_all_and_lets_them_go),
        cmocka_unit_test(the_lowest_rank_makes_room_first),
        cmocka_unit_test(new_ones_find_a_little_room),
        cmocka_unit_test(who_grows_stays),
        cmocka_unit_test(memory_comes_back),
        cmocka_unit_test(too_small_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
