// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/formula.h"

#include <math.h>

typedef double unary_fn(double a);
typedef double binary_fn(double a, double b);

static double negate(double a)
{
    return -a;
}

static double same(double a)
{
    return a;
}

static double opposite(double a)
{
    return a == 0;
}

// Where Python raises an error, there is no value.
static double logarithm(double a)
{
    return a > 0 ? log(a) : NAN;
}

static double logarithm2(double a)
{
    return a > 0 ? log2(a) : NAN;
}

static double logarithm10(double a)
{
    return a > 0 ? log10(a) : NAN;
}

static double add(double a, double b)
{
    return a + b;
}

static double subtract(double a, double b)
{
    return a - b;
}

static double multiply(double a, double b)
{
    return a * b;
}

static double divide(double a, double b)
{
    return b != 0 ? a / b : NAN;
}

static double whole(double a, double b)
{
    return floor(divide(a, b));
}

// Of the divisor's sign, as Python has it.
static double rest(double a, double b)
{
    return a - b * whole(a, b);
}

static double power(double a, double b)
{
    return a == 0 && b < 0 ? NAN : pow(a, b);
}

static double shift(double a, double b, int sign)
{
    if (a != floor(a) || b != floor(b) || b < 0)
        return NAN;
    return floor(ldexp(a, sign * (b < 4096 ? (int)b : 4096)));
}

static double left(double a, double b)
{
    return shift(a, b, 1);
}

static double right(double a, double b)
{
    return shift(a, b, -1);
}

static double equal(double a, double b)
{
    return a == b;
}

static double unequal(double a, double b)
{
    return a != b;
}

static double less(double a, double b)
{
    return a < b;
}

static double at_most(double a, double b)
{
    return a <= b;
}

static double more(double a, double b)
{
    return a > b;
}

static double at_least(double a, double b)
{
    return a >= b;
}

static double both(double a, double b)
{
    return a != 0 ? b : a;
}

static double either(double a, double b)
{
    return a != 0 ? a : b;
}

static double least(double a, double b)
{
    return b < a ? b : a;
}

static double most(double a, double b)
{
    return b > a ? b : a;
}

static unary_fn *const unaries[] = {
    [STEP_NEGATE] = negate, [STEP_NOT] = opposite,    [STEP_ABS] = fabs,
    [STEP_SAME] = same,     [STEP_TRUNCATE] = trunc,  [STEP_ROUND] = nearbyint,
    [STEP_FLOOR] = floor,   [STEP_CEIL] = ceil,       [STEP_EXP] = exp,
    [STEP_LOG] = logarithm, [STEP_LOG2] = logarithm2, [STEP_LOG10] = logarithm10,
    [STEP_SQRT] = sqrt,
};

static binary_fn *const binaries[] = {
    [STEP_ADD] = add,         [STEP_SUBTRACT] = subtract, [STEP_MULTIPLY] = multiply,
    [STEP_DIVIDE] = divide,   [STEP_WHOLE] = whole,       [STEP_REST] = rest,
    [STEP_POWER] = power,     [STEP_LEFT] = left,         [STEP_RIGHT] = right,
    [STEP_EQUAL] = equal,     [STEP_UNEQUAL] = unequal,   [STEP_LESS] = less,
    [STEP_AT_MOST] = at_most, [STEP_MORE] = more,         [STEP_AT_LEAST] = at_least,
    [STEP_AND] = both,        [STEP_OR] = either,         [STEP_MIN] = least,
    [STEP_MAX] = most,
};

double formula_value(const struct formula *f, const struct formula_values *v)
{
    const double values[] = {
        [STEP_TIME] = v->time, [STEP_COUNT] = v->count, [STEP_FACTOR] = v->factor};
    double stack[FORMULA_STEPS_MAX];
    size_t n = 0;

    // Both sides of a choice are worked out: what has no value on the other side does no harm.
    for (size_t i = 0; i < f->n; i++) {
        enum step_kind what = f->step[i].what;
        if (what == STEP_NUMBER) {
            stack[n++] = f->step[i].number;
        } else if (what <= STEP_FACTOR) {
            stack[n++] = values[what];
        } else if (what <= STEP_SQRT) {
            stack[n - 1] = unaries[what](stack[n - 1]);
        } else if (what <= STEP_MAX) {
            n--;
            stack[n - 1] = binaries[what](stack[n - 1], stack[n]);
        } else {
            n -= 2;
            stack[n - 1] = isnan(stack[n]) ? NAN : stack[n] != 0 ? stack[n - 1] : stack[n + 1];
        }
    }
    return stack[0];
}
