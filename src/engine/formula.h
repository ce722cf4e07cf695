// SPDX-License-Identifier: GPL-2.0-or-later
// bantime.formula: fail2ban's is Python, of which this is the arithmetic. Nothing is executed: the
// text becomes steps on a stack of numbers, bounded in length and depth.
//
//     ban.Time ban.Count banFactor     the bantime in seconds, the bans before, bantime.factor
//     1 2.5 1e3 True False math.pi math.e
//     + - * / // % ** << >> ( )        as in Python
//     == != < <= > >= and or not       but a < b < c is written a < b and b < c
//     a if condition else b
//     min max abs int float round pow math.exp math.log math.log2 math.log10 math.pow math.sqrt
//     math.floor math.ceil
#pragma once

#include "base/slice.h"

enum { FORMULA_STEPS_MAX = 96, FORMULA_DEPTH_MAX = 32, FORMULA_ERROR_MAX = 320 };

// What a step does with the top of the stack; STEP_IF takes `a condition b`.
enum step_kind {
    STEP_NUMBER,
    STEP_TIME,
    STEP_COUNT,
    STEP_FACTOR,
    STEP_NEGATE,
    STEP_NOT,
    STEP_ABS,
    STEP_SAME,
    STEP_TRUNCATE,
    STEP_ROUND,
    STEP_FLOOR,
    STEP_CEIL,
    STEP_EXP,
    STEP_LOG,
    STEP_LOG2,
    STEP_LOG10,
    STEP_SQRT,
    STEP_ADD,
    STEP_SUBTRACT,
    STEP_MULTIPLY,
    STEP_DIVIDE,
    STEP_WHOLE,
    STEP_REST,
    STEP_POWER,
    STEP_LEFT,
    STEP_RIGHT,
    STEP_EQUAL,
    STEP_UNEQUAL,
    STEP_LESS,
    STEP_AT_MOST,
    STEP_MORE,
    STEP_AT_LEAST,
    STEP_AND,
    STEP_OR,
    STEP_MIN,
    STEP_MAX,
    STEP_IF
};

struct formula {
    size_t n;
    struct formula_step {
        enum step_kind what;
        double number;
    } step[FORMULA_STEPS_MAX];
};

struct formula_values {
    double time, count, factor;
};

// -EINVAL with what is wrong in ret_error.
int formula_parse(struct slice text, struct formula *ret, char ret_error[static FORMULA_ERROR_MAX]);

// NaN where there is no value: a division by zero, a shift by 1.5, the root of -1.
double formula_value(const struct formula *f, const struct formula_values *v);
