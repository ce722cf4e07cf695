// SPDX-License-Identifier: GPL-2.0-or-later
// bantime.increment and what belongs to it. An empty value is as good as none, as in fail2ban.
#include "base/cleanup.h"
#include "conf/value.h"
#include "conf/words.h"

#include <errno.h>
#include <math.h>

enum { MULTIPLIERS_MAX = 100, MULTIPLIER_MOST = 100000000 };

static struct slice all_of(const struct text *t)
{
    return (struct slice){t->p, t->n};
}

static int parse(struct draft *d, const char *key, const struct text *value, struct formula *ret)
{
    char error[FORMULA_ERROR_MAX];

    if (formula_parse(all_of(value), ret, error) == 0)
        return 0;
    return problems_error(d->problems, value->line[0], "%s = %s: %s", key, value->p, error);
}

static int keep(struct draft *d, const struct text *value, void *field)
{
    char *copy = pool_copy(d->problems->pool, all_of(value));

    *(const char **)field = copy;
    return copy ? 0 : -ENOMEM;
}

// A formula as well, but of numbers only: "2.0 / 2.885385".
int value_parse_factor(struct draft *d, const char *key, const struct text *value, void *field)
{
    struct formula_values none = {NAN, NAN, NAN};
    struct formula f;
    double factor;
    int r = parse(d, key, value, &f);

    if (r < 0)
        return r;
    factor = formula_value(&f, &none);
    if (!isfinite(factor))
        return problems_error(d->problems, value->line[0],
                              "%s = %s: write a number, or a formula of numbers", key, value->p);
    d->jail->growth.factor = factor;
    return keep(d, value, field);
}

int value_parse_formula(struct draft *d, const char *key, const struct text *value, void *field)
{
    struct formula_values first = {.time = 600, .count = 1, .factor = 1};
    struct growth *g = &d->jail->growth;
    int r = parse(d, key, value, &g->formula);

    if (r == 0 && isnan(formula_value(&g->formula, &first)))
        r = problems_error(
            d->problems, value->line[0],
            "%s = %s: has no value where ban.Time is 600, ban.Count 1 and banFactor 1", key,
            value->p);
    return r < 0 ? r : keep(d, value, field);
}

int value_parse_multipliers(struct draft *d, const char *key, const struct text *value, void *field)
{
    struct slice rest = all_of(value), word;
    double *multiplier = pool_alloc(d->problems->pool, MULTIPLIERS_MAX, sizeof(*multiplier));
    uint32_t number;
    size_t n = 0;

    (void)field;
    if (!multiplier)
        return -ENOMEM;
    while (words_next(&rest, &word)) {
        if (n == MULTIPLIERS_MAX || words_number(word, 0, MULTIPLIER_MOST, &number) < 0)
            return problems_error(d->problems, value->line[0],
                                  "%s = %s: write at most %d numbers, such as 1 5 30 60 300", key,
                                  value->p, MULTIPLIERS_MAX);
        multiplier[n++] = number;
    }
    d->jail->growth.multiplier = multiplier;
    d->jail->growth.n_multipliers = n;
    return 0;
}

int value_parse_maxtime(struct draft *d, const char *key, const struct text *value, void *field)
{
    *(usec_t *)field = USEC_FOREVER;
    return value->n == 0 ? 0 : value_parse_span_or_forever(d, key, value, field);
}

int value_parse_rndtime(struct draft *d, const char *key, const struct text *value, void *field)
{
    usec_t span = 0;

    if (value->n > 0 && (span_parse(all_of(value), &span) < 0 || span == USEC_FOREVER))
        return problems_error(d->problems, value->line[0], "%s = %s: write a time such as 30m", key,
                              value->p);
    *(usec_t *)field = span;
    return 0;
}

void value_print_multipliers(const struct jail_conf *jail, const void *field, FILE *out)
{
    (void)field;
    for (size_t i = 0; i < jail->growth.n_multipliers; i++)
        fprintf(out, " %.0f", jail->growth.multiplier[i]);
}
