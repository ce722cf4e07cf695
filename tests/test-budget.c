// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/budget.h"

#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { K = 1024, LIMIT = 4096 * K };

static void sets_half_apart(void **state)
{
    static const struct {
        size_t limit, sharers, floor, common;
    } cases[] = {
        {LIMIT, 4, 512 * K, 2048 * K},
        {LIMIT, 1, 2048 * K, 2048 * K},
        {LIMIT, 0, 2048 * K, 2048 * K},
        {LIMIT, 24, BUDGET_FLOOR_LEAST, LIMIT - 24 * BUDGET_FLOOR_LEAST},
        {LIMIT, 100, BUDGET_FLOOR_LEAST, 0},
        {0, 2, BUDGET_FLOOR_LEAST, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct budget b;
        budget_init(&b, cases[i].limit, cases[i].sharers);
        assert_int_equal(b.floor, cases[i].floor);
        assert_int_equal(b.common, cases[i].common);
    }
}

static void starves_nobody(void **state)
{
    struct budget b;
    struct share greedy = {&b, 0}, late = {&b, 0};

    (void)state;
    budget_init(&b, LIMIT, 2);
    while (share_take(&greedy, 4 * K))
        continue;
    assert_int_equal(greedy.used, 3072 * K);
    assert_true(share_take(&late, 1024 * K));
    assert_false(share_take(&late, 1));
    share_give(&greedy, 100 * K);
    assert_true(share_take(&late, 100 * K));
    assert_false(share_take(&greedy, 1));
}

static void never_exceeds_the_limit(void **state)
{
    enum { SHARERS = 3 };
    struct budget b;
    struct share share[SHARERS] = {{&b, 0}, {&b, 0}, {&b, 0}};
    uint64_t seed = 1;
    unsigned refused = 0;

    (void)state;
    budget_init(&b, LIMIT, SHARERS);
    for (int i = 0; i < 20000; i++) {
        struct share *s = &share[random_below(&seed, SHARERS)];
        size_t n = random_below(&seed, 64 * K);
        if (random_below(&seed, 2) == 0)
            refused += !share_take(s, n);
        else
            share_give(s, n < s->used ? n : s->used);
        assert_true(share[0].used + share[1].used + share[2].used <= LIMIT);
    }
    assert_in_range(refused, 100, 9000);
    for (int i = 0; i < SHARERS; i++)
        share_give(&share[i], share[i].used);
    assert_int_equal(b.lent, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_half_apart),
        cmocka_unit_test(starves_nobody),
        cmocka_unit_test(never_exceeds_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
