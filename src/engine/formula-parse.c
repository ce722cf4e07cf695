// SPDX-License-Identifier: GPL-2.0-or-later
// From the text of a formula to its steps.
#include "base/take.h"
#include "engine/formula.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

struct parser {
    struct slice rest;
    struct formula *formula;
    char *error;
    unsigned depth;
};

static const struct name {
    const char *text;
    enum step_kind what;
    double number;
} names[] = {
    {"ban.Time", STEP_TIME, 0},     {"ban.Count", STEP_COUNT, 0},   {"banFactor", STEP_FACTOR, 0},
    {"ban.Factor", STEP_FACTOR, 0}, {"math.pi", STEP_NUMBER, M_PI}, {"math.e", STEP_NUMBER, M_E},
    {"True", STEP_NUMBER, 1},       {"False", STEP_NUMBER, 0},
};

// Two numbers at least: of more, the first two give one, and so on.
static const struct call {
    const char *text;
    enum step_kind what;
    unsigned least, most;
} calls[] = {
    {"min", STEP_MIN, 2, FORMULA_STEPS_MAX},
    {"max", STEP_MAX, 2, FORMULA_STEPS_MAX},
    {"abs", STEP_ABS, 1, 1},
    {"int", STEP_TRUNCATE, 1, 1},
    {"float", STEP_SAME, 1, 1},
    {"round", STEP_ROUND, 1, 1},
    {"pow", STEP_POWER, 2, 2},
    {"math.exp", STEP_EXP, 1, 1},
    {"math.log", STEP_LOG, 1, 1},
    {"math.log2", STEP_LOG2, 1, 1},
    {"math.log10", STEP_LOG10, 1, 1},
    {"math.pow", STEP_POWER, 2, 2},
    {"math.sqrt", STEP_SQRT, 1, 1},
    {"math.floor", STEP_FLOOR, 1, 1},
    {"math.ceil", STEP_CEIL, 1, 1},
};

// From what binds least to what binds most; an operator that others begin with comes after them.
enum {
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_COMPARE,
    LEVEL_SHIFT,
    LEVEL_SUM,
    LEVEL_PRODUCT,
    LEVELS
};

static const struct binary {
    const char *text;
    int level;
    enum step_kind what;
} binaries[] = {
    {"or", LEVEL_OR, STEP_OR},           {"and", LEVEL_AND, STEP_AND},
    {"==", LEVEL_COMPARE, STEP_EQUAL},   {"!=", LEVEL_COMPARE, STEP_UNEQUAL},
    {"<<", LEVEL_SHIFT, STEP_LEFT},      {">>", LEVEL_SHIFT, STEP_RIGHT},
    {"<=", LEVEL_COMPARE, STEP_AT_MOST}, {">=", LEVEL_COMPARE, STEP_AT_LEAST},
    {"<", LEVEL_COMPARE, STEP_LESS},     {">", LEVEL_COMPARE, STEP_MORE},
    {"+", LEVEL_SUM, STEP_ADD},          {"-", LEVEL_SUM, STEP_SUBTRACT},
    {"**", LEVELS, STEP_POWER},          {"*", LEVEL_PRODUCT, STEP_MULTIPLY},
    {"//", LEVEL_PRODUCT, STEP_WHOLE},   {"/", LEVEL_PRODUCT, STEP_DIVIDE},
    {"%", LEVEL_PRODUCT, STEP_REST},
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static int refuse(struct parser *p, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int refuse(struct parser *p, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(p->error, FORMULA_ERROR_MAX, format, args);
    va_end(args);
    return -EINVAL;
}

static int emit(struct parser *p, enum step_kind what, double number)
{
    struct formula *f = p->formula;

    if (f->n == FORMULA_STEPS_MAX)
        return refuse(p, "a formula of more than %d steps", FORMULA_STEPS_MAX);
    f->step[f->n++] = (struct formula_step){(uint8_t)what, number};
    return 0;
}

static bool in_name(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '.';
}

static void skip_space(struct parser *p)
{
    while (p->rest.n > 0 && (p->rest.p[0] == ' ' || p->rest.p[0] == '\t' || p->rest.p[0] == '\n'))
        p->rest = slice_from(p->rest, 1);
}

// An operator, or a word that does not go on behind it.
static bool sees(const struct parser *p, const char *text)
{
    size_t n = strlen(text);

    return slice_starts(p->rest, text) &&
           !(in_name(text[0]) && p->rest.n > n && in_name(p->rest.p[n]));
}

static bool take(struct parser *p, const char *text)
{
    skip_space(p);
    if (!sees(p, text))
        return false;
    p->rest = slice_from(p->rest, strlen(text));
    return true;
}

static int expect(struct parser *p, const char *text)
{
    if (take(p, text))
        return 0;
    return refuse(p, "a '%s' is missing", text);
}

static int parse_expression(struct parser *p);

static int parse_call(struct parser *p, const struct call *c)
{
    unsigned n = 0;
    int r = expect(p, "(");

    do {
        if (r == 0)
            r = parse_expression(p);
        if (r == 0 && (c->most == 1 || n > 0))
            r = emit(p, c->what, 0);
        n++;
    } while (r == 0 && n < c->most && take(p, ","));
    if (r == 0 && n < c->least)
        return refuse(p, "%s takes %u numbers", c->text, c->least);
    return r < 0 ? r : expect(p, ")");
}

static int parse_number(struct parser *p)
{
    struct slice *s = &p->rest;
    const char *start = s->p;
    double value = 0, scale = 1;
    unsigned exponent = 0;
    bool down = false;

    for (; s->n > 0 && is_digit(s->p[0]); *s = slice_from(*s, 1))
        value = value * 10 + (s->p[0] - '0');
    if (take_char(s, '.')) {
        for (; s->n > 0 && is_digit(s->p[0]); *s = slice_from(*s, 1))
            value += (s->p[0] - '0') * (scale /= 10);
    }
    if (take_char(s, 'e') || take_char(s, 'E')) {
        down = take_char(s, '-');
        if (!down)
            take_char(s, '+');
        if (s->n == 0 || !is_digit(s->p[0]))
            return refuse(p, "'%.*s' is no number", (int)(s->p - start), start);
        for (; s->n > 0 && is_digit(s->p[0]); *s = slice_from(*s, 1))
            exponent = exponent < 1000 ? exponent * 10 + (unsigned)(s->p[0] - '0') : exponent;
    }
    if (s->n > 0 && in_name(s->p[0]))
        return refuse(p, "'%.*s' is no number", (int)(s->p - start), start);
    return emit(p, STEP_NUMBER, value * pow(10, down ? -(double)exponent : exponent));
}

static int parse_name(struct parser *p)
{
    size_t n = 0;

    for (size_t i = 0; i < COUNT(names); i++) {
        if (take(p, names[i].text))
            return emit(p, names[i].what, names[i].number);
    }
    for (size_t i = 0; i < COUNT(calls); i++) {
        if (take(p, calls[i].text))
            return parse_call(p, &calls[i]);
    }
    while (n < p->rest.n && n < 40 && in_name(p->rest.p[n]))
        n++;
    if (p->rest.n == 0)
        return refuse(p, "ends too soon");
    if (n == 0)
        return refuse(p, "'%.1s' is not allowed here", p->rest.p);
    return refuse(p,
                  "'%.*s' is not known: ban.Time, ban.Count, banFactor, numbers, + - * / // %% ** "
                  "<< >>, comparisons, and, or, not, 'a if c else b', min, max, abs, int, float, "
                  "round, pow and math.exp, log, sqrt, floor, ceil are",
                  (int)n, p->rest.p);
}

static int parse_atom(struct parser *p)
{
    int r;

    skip_space(p);
    if (p->rest.n > 0 && (is_digit(p->rest.p[0]) ||
                          (p->rest.n > 1 && p->rest.p[0] == '.' && is_digit(p->rest.p[1]))))
        return parse_number(p);
    if (!take(p, "("))
        return parse_name(p);
    r = parse_expression(p);
    return r < 0 ? r : expect(p, ")");
}

static int parse_unary(struct parser *p)
{
    bool minus;
    int r;

    if (p->depth++ == FORMULA_DEPTH_MAX)
        return refuse(p, "nested more than %d deep", FORMULA_DEPTH_MAX);
    minus = take(p, "-");
    if (minus || take(p, "+")) {
        r = parse_unary(p);
        if (r == 0 && minus)
            r = emit(p, STEP_NEGATE, 0);
    } else {
        // -2**-1 is -(2**(-1)).
        r = parse_atom(p);
        if (r == 0 && take(p, "**")) {
            r = parse_unary(p);
            if (r == 0)
                r = emit(p, STEP_POWER, 0);
        }
    }
    p->depth--;
    return r;
}

static const struct binary *take_binary(struct parser *p, int level)
{
    skip_space(p);
    for (size_t i = 0; i < COUNT(binaries); i++) {
        if (!sees(p, binaries[i].text))
            continue;
        if (binaries[i].level != level)
            return NULL;
        take(p, binaries[i].text);
        return &binaries[i];
    }
    return NULL;
}

static int parse_level(struct parser *p, int level)
{
    const struct binary *b;
    int r;

    if (level == LEVELS)
        return parse_unary(p);
    if (level == LEVEL_NOT) {
        unsigned n = 0;
        while (take(p, "not"))
            n++;
        r = parse_level(p, level + 1);
        for (; r == 0 && n > 0; n--)
            r = emit(p, STEP_NOT, 0);
        return r;
    }
    r = parse_level(p, level + 1);
    while (r == 0 && (b = take_binary(p, level))) {
        r = parse_level(p, level + 1);
        if (r == 0)
            r = emit(p, b->what, 0);
        if (r == 0 && level == LEVEL_COMPARE && take_binary(p, level))
            return refuse(p, "write 'a < b and b < c' for 'a < b < c'");
    }
    return r;
}

static int parse_expression(struct parser *p)
{
    int r;

    if (p->depth++ == FORMULA_DEPTH_MAX)
        return refuse(p, "nested more than %d deep", FORMULA_DEPTH_MAX);
    r = parse_level(p, LEVEL_OR);
    if (r == 0 && take(p, "if")) {
        r = parse_level(p, LEVEL_OR);
        if (r == 0)
            r = expect(p, "else");
        if (r == 0)
            r = parse_expression(p);
        if (r == 0)
            r = emit(p, STEP_IF, 0);
    }
    p->depth--;
    return r;
}

int formula_parse(struct slice text, struct formula *ret, char ret_error[static FORMULA_ERROR_MAX])
{
    struct formula f = {0};
    struct parser p = {.rest = text, .formula = &f, .error = ret_error};
    int r = parse_expression(&p);

    skip_space(&p);
    if (r == 0 && p.rest.n > 0)
        r = refuse(&p, "'%.1s' is not allowed here", p.rest.p);
    if (r == 0)
        *ret = f;
    return r;
}
