// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/drift.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SECONDS(n) ((n)*USEC_PER_SEC)
#define HOURS(n)   SECONDS((n)*3600)

// What the two clocks say, one look after the other.
struct look {
    usec_t now, monotonic;
    bool expected;
};

static void test_clock_is_set(void **state)
{
    static const struct look looks[] = {
        {HOURS(500000), SECONDS(10), false},
        {HOURS(500000) + SECONDS(90), SECONDS(100), false},
        // Slewed, or looked at in between
        {HOURS(500000) + SECONDS(101), SECONDS(110), false},
        {HOURS(500000) + SECONDS(108), SECONDS(119), false},
        // An hour back, and once only
        {HOURS(499999) + SECONDS(110), SECONDS(120), true},
        {HOURS(499999) + SECONDS(111), SECONDS(121), false},
        // A week of sleep
        {HOURS(500167) + SECONDS(111), SECONDS(121), true},
        {HOURS(500167) + SECONDS(112), SECONDS(122), false},
        // Small steps add up
        {HOURS(500167) + SECONDS(114), SECONDS(123), false},
        {HOURS(500167) + SECONDS(116), SECONDS(124), false},
        {HOURS(500167) + SECONDS(118), SECONDS(125), true},
        // Before 1970 was as long ago as the machine runs
        {SECONDS(5), SECONDS(126), true},
        {SECONDS(6), SECONDS(127), false},
        {SECONDS(200), SECONDS(128), true},
    };
    struct drift drift = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(looks) / sizeof(*looks); i++)
        assert_int_equal(drift_seen(&drift, looks[i].now, looks[i].monotonic), looks[i].expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_clock_is_set)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
