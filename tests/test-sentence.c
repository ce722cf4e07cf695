// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/sentence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECONDS(s) ((usec_t)(s)*USEC_PER_SEC)
#define DOUBLING   "ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * banFactor"

static const double tenfold[] = {1, 10, 100}, half[] = {1, 0.5};

static const struct {
    const char *formula;
    double factor;
    const double *multiplier;
    size_t n_multipliers;
    usec_t maxtime, rndtime, bantime;
    struct past past;
    usec_t until; // decided at second 5
} samples[] = {
    {DOUBLING, 1, NULL, 0, USEC_FOREVER, 0, SECONDS(600), {0, 0}, SECONDS(605)},
    {DOUBLING, 1, NULL, 0, USEC_FOREVER, 0, SECONDS(600), {1, 0}, SECONDS(1205)},
    {DOUBLING, 1, NULL, 0, USEC_FOREVER, 0, SECONDS(600), {3, 0}, SECONDS(4805)},
    {DOUBLING, 3, NULL, 0, USEC_FOREVER, 0, SECONDS(600), {1, 0}, SECONDS(3605)},
    {DOUBLING, 1, NULL, 0, USEC_FOREVER, 0, SECONDS(1), {UINT32_MAX, 0}, SECONDS((1 << 20) + 5)},
    {DOUBLING, 1, NULL, 0, USEC_FOREVER, 0, USEC_FOREVER, {1, 0.5}, USEC_FOREVER},
    // A maximum holds also where it is less than the bantime; the random part comes on top.
    {DOUBLING, 1, NULL, 0, SECONDS(700), 0, SECONDS(600), {1, 0}, SECONDS(705)},
    {DOUBLING, 1, NULL, 0, SECONDS(300), 0, SECONDS(600), {1, 0}, SECONDS(305)},
    {DOUBLING, 1, NULL, 0, SECONDS(300), 0, SECONDS(600), {0, 0}, SECONDS(605)},
    {DOUBLING, 1, NULL, 0, SECONDS(700), SECONDS(10), SECONDS(600), {1, 0.5}, SECONDS(710)},
    {DOUBLING, 1, NULL, 0, SECONDS(700), SECONDS(10), SECONDS(600), {0, 0.5}, SECONDS(605)},
    // A formula lengthens; what it cannot say, and what has no end.
    {"1", 1, NULL, 0, USEC_FOREVER, 0, SECONDS(600), {1, 0}, SECONDS(605)},
    {"-1 / 0", 1, NULL, 0, USEC_FOREVER, 0, SECONDS(600), {1, 0}, SECONDS(605)},
    {"-math.exp(1000)", 1, NULL, 0, USEC_FOREVER, 0, SECONDS(600), {1, 0}, SECONDS(605)},
    {"math.exp(1000)", 1, NULL, 0, USEC_FOREVER, 0, SECONDS(600), {1, 0}, USEC_FOREVER},
    {"math.exp(1000)", 1, NULL, 0, SECONDS(900), 0, SECONDS(600), {1, 0}, SECONDS(905)},
    {"math.exp(1000)", 1, NULL, 0, USEC_FOREVER, SECONDS(9), SECONDS(600), {1, 0.9}, USEC_FOREVER},
    {"1e14", 1, NULL, 0, USEC_FOREVER, 0, SECONDS(600), {1, 0}, USEC_FOREVER},
    {"1", 1, tenfold, 3, USEC_FOREVER, 0, SECONDS(60), {1, 0}, SECONDS(605)},
    {"1", 1, tenfold, 3, USEC_FOREVER, 0, SECONDS(60), {2, 0}, SECONDS(6005)},
    {"1", 2, tenfold, 3, USEC_FOREVER, 0, SECONDS(60), {99, 0}, SECONDS(12005)},
    {"1", 1, half, 2, USEC_FOREVER, 0, SECONDS(60), {1, 0}, SECONDS(35)},
    {"1", 0, tenfold, 3, USEC_FOREVER, 0, SECONDS(60), {1, 0}, SECONDS(65)},
    {"1", -1, tenfold, 3, USEC_FOREVER, 0, SECONDS(60), {1, 0}, SECONDS(65)},
};

static void test_until(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct growth growth = {.factor = samples[i].factor,
                                .multiplier = samples[i].multiplier,
                                .n_multipliers = samples[i].n_multipliers,
                                .maxtime = samples[i].maxtime,
                                .rndtime = samples[i].rndtime};
        struct sentence s = {.bantime = samples[i].bantime, .growth = &growth};
        char error[FORMULA_ERROR_MAX];
        usec_t until;

        assert_int_equal(formula_parse(slice_of(samples[i].formula), &growth.formula, error), 0);
        until = sentence_until(&s, SECONDS(5), &samples[i].past);
        if (until != samples[i].until)
            fail_msg("sample %zu: until %llu, not %llu", i, (unsigned long long)until,
                     (unsigned long long)samples[i].until);
    }
}

static void test_no_growth(void **state)
{
    struct sentence s = {.bantime = SECONDS(600)};
    struct past past = {.bans = 5, .chance = 0.5};

    (void)state;
    assert_true(sentence_until(&s, SECONDS(5), &past) == SECONDS(605));
    assert_int_equal(sentence_weight(&s, &past), 1);
}

static void test_weight(void **state)
{
    static const struct {
        uint32_t bans, weight;
    } weights[] = {
        {0, 1}, {1, 2}, {2, 3}, {3, 5}, {4, 9}, {20, (1 << 19) + 1}, {99, (1 << 19) + 1}};
    struct growth growth = {.factor = 1};
    struct sentence s = {.bantime = SECONDS(600), .growth = &growth};

    (void)state;
    for (size_t i = 0; i < sizeof(weights) / sizeof(weights[0]); i++) {
        struct past past = {.bans = weights[i].bans};
        assert_int_equal(sentence_weight(&s, &past), weights[i].weight);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_until),
        cmocka_unit_test(test_no_growth),
        cmocka_unit_test(test_weight),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
