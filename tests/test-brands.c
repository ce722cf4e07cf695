// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/brands.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SECONDS(n) ((n)*USEC_PER_SEC)

static struct addr host(uint32_t n)
{
    return (struct addr){.b = {[10] = 0xff,
                               [11] = 0xff,
                               [12] = (uint8_t)(n >> 24),
                               [13] = (uint8_t)(n >> 16),
                               [14] = (uint8_t)(n >> 8),
                               [15] = (uint8_t)n},
                         .len = 128};
}

static int setup(void **state)
{
    *state = brands_new(0x5eed);
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    *state = brands_free(*state);
    return 0;
}

// In this order, on one table.
static const struct {
    enum { PUT, REMOVE, LOOK } what;
    const char *host;
    usec_t time; // until when, or when it is looked for
    bool has;
} steps[] = {
    {LOOK, "192.0.2.1", SECONDS(1), false},
    {REMOVE, "192.0.2.1", 0, false},
    {PUT, "192.0.2.1", SECONDS(1000), false},
    {LOOK, "192.0.2.1", 0, true},
    {LOOK, "192.0.2.1", SECONDS(998), true},
    {LOOK, "192.0.2.1", SECONDS(1000), false},
    {LOOK, "192.0.2.2", 0, false},
    {PUT, "192.0.2.1", SECONDS(2000), false},
    {LOOK, "192.0.2.1", SECONDS(1500), true},
    {PUT, "192.0.2.1", SECONDS(1200), false},
    {LOOK, "192.0.2.1", SECONDS(1500), false},
    {PUT, "2001:db8::/64", USEC_FOREVER, false},
    {LOOK, "2001:db8::/64", SECONDS(UINT64_C(4000000000)), true},
    {LOOK, "2001:db8::", SECONDS(1), false},
    {REMOVE, "192.0.2.1", 0, false},
    {LOOK, "192.0.2.1", SECONDS(1), false},
    {LOOK, "2001:db8::/64", SECONDS(1), true},
    {REMOVE, "192.0.2.1", 0, false},
};

static void knows_until_when(void **state)
{
    struct brands *b = *state;

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct addr a;
        assert_int_equal(addr_parse(slice_of(steps[i].host), &a), 0);
        if (steps[i].what == PUT)
            assert_int_equal(brands_put(b, &a, steps[i].time), 0);
        else if (steps[i].what == REMOVE)
            brands_remove(b, &a);
        else
            assert_int_equal(brands_has(b, &a, steps[i].time), steps[i].has);
    }
}

static size_t count(struct brands *b, uint32_t first, uint32_t n, usec_t time)
{
    size_t found = 0;

    for (uint32_t i = 0; i < n; i++) {
        struct addr a = host(first + i);
        found += brands_has(b, &a, time);
    }
    return found;
}

static void put(struct brands *b, uint32_t first, uint32_t n, usec_t until)
{
    for (uint32_t i = 0; i < n; i++) {
        struct addr a = host(first + i);
        assert_int_equal(brands_put(b, &a, until), 0);
    }
}

// Half full it has nearly all, and takes nobody for another one.
static void knows_many(void **state)
{
    struct brands *b = *state;
    const uint32_t n = BRANDS_MAX / 2, first = UINT32_C(11) << 24;

    put(b, first, n, SECONDS(1000));
    assert_in_range(count(b, first, n, SECONDS(1)), n - n / 50, n);
    assert_in_range(count(b, first + n, n, SECONDS(1)), 0, 2);
}

// However many come, those stay whose bans end last.
static void drops_who_ends_first(void **state)
{
    struct brands *b = *state;
    const uint32_t n = 1000, long_ones = UINT32_C(20) << 24, flood = UINT32_C(30) << 24;

    put(b, long_ones, n, SECONDS(9000));
    put(b, flood, 3 * BRANDS_MAX, SECONDS(1000));
    assert_int_equal(count(b, long_ones, n, SECONDS(8000)), n);
    assert_in_range(count(b, flood, 3 * BRANDS_MAX, SECONDS(1)), BRANDS_MAX - 2 * n, BRANDS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(knows_until_when, setup, teardown),
        cmocka_unit_test_setup_teardown(knows_many, setup, teardown),
        cmocka_unit_test_setup_teardown(drops_who_ends_first, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
