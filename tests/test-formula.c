// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/formula.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

// With a bantime of 600, 3 bans before and a factor of 2; what Python makes of it.
static const struct {
    const char *text;
    double value;
} samples[] = {
    {"ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * banFactor", 9600},
    {"ban.Time * math.exp(float(ban.Count+1)*banFactor)/math.exp(1*banFactor)", 242057.276095641},
    {"1", 1},
    {" 1.5\t", 1.5},
    {".5", 0.5},
    {"2.", 2},
    {"1e3 + 1E-1 + 1e+1", 1010.1},
    {"ban.Factor", 2},
    {"math.pi + math.e", 5.85987448204884},
    {"True + False", 1},
    {"2 + 3 * 4", 14},
    {"(2 + 3) * 4", 20},
    {"2 - 3 - 4", -5},
    {"7 / 2", 3.5},
    {"7 // 2", 3},
    {"-7 // 2", -4},
    {"-7 % 3", 2},
    {"7 % -3", -2},
    {"2 ** 3 ** 2", 512},
    {"-2 ** 2", -4},
    {"2 ** -1", 0.5},
    {"--2", 2},
    {"- + 2", -2},
    {"1 << 3 + 1", 16},
    {"1 << 100", 0x1p100},
    {"-5 >> 1", -3},
    {"5 >> 4000000000", 0},
    {"0 << 4000000000", 0},
    {"1 < 2", 1},
    {"2 <= 1", 0},
    {"(1 < 2) == (2 > 1)", 1},
    {"1 != 1", 0},
    {"2 >= 2", 1},
    {"not 0", 1},
    {"not not 3", 1},
    {"not 1 == 2", 1},
    {"3 and 4", 4},
    {"0 and 4", 0},
    {"0 or 5", 5},
    {"1 or 0 and 0", 1},
    {"1 if 0 else 2 if 0 else 3", 3},
    {"(1 if ban.Count > 2 else 2) * 10", 10},
    {"1 if 1 else 1/0", 1},
    {"min(3, 1, 2)", 1},
    {"max(1, ban.Count , 2)", 3},
    {"abs(-3)", 3},
    {"int(2.9) + int(-2.9)", 0},
    {"round(2.5) + round(3.5)", 6},
    {"pow(2, 10)", 1024},
    {"math.pow(2, 0.5)", M_SQRT2},
    {"math.log(math.e) + math.log2(8) + math.log10(100)", 6},
    {"math.sqrt(9)", 3},
    {"math.floor(-1.5) + math.ceil(-1.5)", -3},
    {"math.exp(1000)", INFINITY},
    {"1e308 * 10", INFINITY},
    {"1e9999", INFINITY},
    {"1 / 0", NAN},
    {"1 // 0", NAN},
    {"1 % 0", NAN},
    {"0 ** -1", NAN},
    {"(-8) ** 0.5", NAN},
    {"1 << 1.5", NAN},
    {"1 << -1", NAN},
    {"math.log(0)", NAN},
    {"math.sqrt(-1)", NAN},
    {"1 if 0/0 else 2", NAN},
};

static bool is_close(double a, double b)
{
    return a == b || (isnan(a) && isnan(b)) || fabs(a - b) <= 1e-9 * fabs(b);
}

static void test_values(void **state)
{
    const struct formula_values values = {.time = 600, .count = 3, .factor = 2};

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char error[FORMULA_ERROR_MAX];
        struct formula f;
        double value;

        if (formula_parse(slice_of(samples[i].text), &f, error) < 0)
            fail_msg("%s: %s", samples[i].text, error);
        value = formula_value(&f, &values);
        if (!is_close(value, samples[i].value))
            fail_msg("%s is %.15g, not %.15g", samples[i].text, value, samples[i].value);
    }
}

static const struct {
    const char *text, *error;
} wrong[] = {
    {"", "ends too soon"},
    {"1 +", "ends too soon"},
    {"(1", "a ')' is missing"},
    {"1)", "')' is not allowed here"},
    {"1 2", "'2' is not allowed here"},
    {"* 2", "'*' is not allowed here"},
    {"1 if 2", "a 'else' is missing"},
    {"1.2.3", "'1.2' is no number"},
    {"1e", "'1e' is no number"},
    {"12abc", "'12' is no number"},
    {"1 < 2 < 3", "write 'a < b and b < c' for 'a < b < c'"},
    {"min(1)", "min takes 2 numbers"},
    {"pow(1)", "pow takes 2 numbers"},
    {"pow(1, 2, 3)", "a ')' is missing"},
    {"abs(1, 2)", "a ')' is missing"},
    {"abs 1", "a '(' is missing"},
    {"ban.Timer", "'ban.Timer' is not known: ban.Time, ban.Count"},
    {"__import__('os').system('id')", "'__import__' is not known"},
    {"ban.Time.__class__", "'ban.Time.__class__' is not known"},
    {"[1]", "'[' is not allowed here"},
    {"lambda: 1", "'lambda' is not known"},
    {"1; 2", "';' is not allowed here"},
    {"~1", "'~' is not allowed here"},
    {"\"1\"", "'\"' is not allowed here"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        char error[FORMULA_ERROR_MAX] = "nothing";
        struct formula f;

        if (formula_parse(slice_of(wrong[i].text), &f, error) != -EINVAL ||
            strncmp(error, wrong[i].error, strlen(wrong[i].error)) != 0)
            fail_msg("%s: %s, not %s", wrong[i].text, error, wrong[i].error);
    }
}

// n times `unit`, then `end`.
static int parse_repeated(const char *unit, size_t n, const char *end)
{
    char text[4096] = "", error[FORMULA_ERROR_MAX];
    struct formula f;

    for (size_t i = 0; i < n; i++)
        strcat(text, unit);
    strcat(text, end);
    return formula_parse(slice_of(text), &f, error);
}

static void test_bounds(void **state)
{
    (void)state;
    assert_int_equal(parse_repeated("1+", 47, "1"), 0);
    assert_int_equal(parse_repeated("1+", 48, "1"), -EINVAL);
    assert_int_equal(parse_repeated("-", FORMULA_DEPTH_MAX - 2, "1"), 0);
    assert_int_equal(parse_repeated("-", 1000, "1"), -EINVAL);
    assert_int_equal(parse_repeated("(", 1000, "1"), -EINVAL);
    assert_int_equal(parse_repeated("1 if 1 else ", 200, "1"), -EINVAL);
    assert_int_equal(parse_repeated("2**", 200, "1"), -EINVAL);
    assert_int_equal(parse_repeated("not ", 1000, "1"), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
