// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/filterspec.h"

#include "base/cleanup.h"
#include "conf/words.h"
#include "engine/zonename.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// A filter that is being put together.
struct assembly {
    const struct definition *d;
    struct filter_spec *spec;
};

typedef int option_fn(struct assembly *a, const struct text *value);

static int copy_pattern(struct assembly *a, struct slice text, struct origin at,
                        struct pattern *ret)
{
    struct pool *pool = a->d->problems->pool;
    const char *copy = pool_copy(pool, text);
    const char *file = at.file ? pool_copy(pool, slice_of(at.file)) : NULL;

    if (!copy || (at.file && !file))
        return -ENOMEM;
    *ret = (struct pattern){copy, file, at.line};
    return 0;
}

// One regex a line; empty lines are what macros leave that have nothing to say.
static int add_patterns(struct assembly *a, const struct text *value,
                        const struct pattern **patterns, size_t *n)
{
    struct pattern *all = pool_alloc(a->d->problems->pool, *n + value->n_lines, sizeof(*all));
    struct text_cursor c = {0};
    struct slice line;
    struct origin at;
    int r = all ? 0 : -ENOMEM;

    if (r == 0 && *n > 0)
        memcpy(all, *patterns, *n * sizeof(*all));
    while (r == 0 && text_next(value, &c, &line, &at)) {
        if (line.n > 0)
            r = copy_pattern(a, line, at, &all[(*n)++]);
    }
    *patterns = all;
    return r;
}

static int take_failregex(struct assembly *a, const struct text *value)
{
    return add_patterns(a, value, &a->spec->failregex, &a->spec->n_failregex);
}

static int take_ignoreregex(struct assembly *a, const struct text *value)
{
    return add_patterns(a, value, &a->spec->ignoreregex, &a->spec->n_ignoreregex);
}

static int take_prefregex(struct assembly *a, const struct text *value)
{
    a->spec->prefregex = (struct pattern){0};
    return value->n == 0 ? 0
                         : copy_pattern(a, (struct slice){value->p, value->n}, value->line[0],
                                        &a->spec->prefregex);
}

static int take_usedns(struct assembly *a, const struct text *value)
{
    static const struct {
        const char *word;
        bool use;
    } words[] = {{"yes", true}, {"warn", true}, {"raw", true}, {"no", false}, {"", false}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(value->p, words[i].word) == 0) {
            a->spec->use_dns = words[i].use;
            return 0;
        }
    }
    return problems_error(a->d->problems, value->line[0], "usedns = %s: write yes or no", value->p);
}

static int take_maxlines(struct assembly *a, const struct text *value)
{
    if (value->n > 0 && words_number((struct slice){value->p, value->n}, 1, FILTER_LINES_MAX,
                                     &a->spec->maxlines) == 0)
        return 0;
    return problems_error(a->d->problems, value->line[0],
                          "maxlines = %s: write a number from 1 to %d", value->p, FILTER_LINES_MAX);
}

static int take_datepattern(struct assembly *a, const struct text *value)
{
    return add_patterns(a, value, &a->spec->datepattern, &a->spec->n_datepattern);
}

static int take_logtimezone(struct assembly *a, const struct text *value)
{
    struct slice name = slice_trim((struct slice){value->p, value->n});

    a->spec->has_offset = name.n > 0;
    if (name.n == 0 || zonename_read(name, &a->spec->offset))
        return 0;
    return problems_error(a->d->problems, value->line[0],
                          "logtimezone = %s: write an offset (UTC+0100) or a name that stands for "
                          "one (CET); the time of the system is used without this option",
                          value->p);
}

// It chooses entries of a journal: conf/journalmatch.h.
static int take_journalmatch(struct assembly *a, const struct text *value)
{
    (void)a, (void)value;
    return 0;
}

// In fail2ban's order: usedns decides what <HOST> is.
static const struct option {
    const char *key;
    option_fn *take;
} options[] = {
    {"usedns", take_usedns},           {"prefregex", take_prefregex},
    {"failregex", take_failregex},     {"ignoreregex", take_ignoreregex},
    {"maxlines", take_maxlines},       {"datepattern", take_datepattern},
    {"logtimezone", take_logtimezone}, {"journalmatch", take_journalmatch},
};

enum { OPTIONS = sizeof(options) / sizeof(options[0]) };

const char *filterspec_option(size_t index)
{
    return index < OPTIONS ? options[index].key : NULL;
}

// The jail's own comes after the filter's: of several regexes both hold (the filter's is there only
// where [Init] or filter[…] insists on it), of a single value the last one does.
static int take(struct assembly *a, const struct option *o)
{
    cleanup(text_done) struct text filters = {0}, jails = {0};
    int r = definition_get(a->d, o->key, &filters);

    if (r == 0)
        r = o->take(a, &filters);
    if (r < 0)
        return r;
    r = definition_get_given(a->d, o->key, &jails);
    return r == 0 ? o->take(a, &jails) : r < 0 ? r : 0;
}

int filterspec_make(const struct definition *d, struct origin at, struct filter_spec *ret)
{
    struct filter_spec spec = {.name = pool_copy(d->problems->pool, slice_of(d->name))};
    struct assembly a = {d, &spec};
    int r = spec.name ? 0 : -ENOMEM, e;

    for (size_t i = 0; i < OPTIONS && r != -ENOMEM; i++) {
        e = take(&a, &options[i]);
        r = e < 0 ? e : r;
    }
    if (r == 0 && spec.n_failregex == 0)
        r = problems_error(d->problems, at, "filter '%s' has no failregex", d->name);
    if (r == 0)
        *ret = spec;
    return r;
}

int filterspec_compile(const struct filter_spec *spec, struct origin at, struct problems *problems,
                       struct filter **ret)
{
    struct filter_error error = {0};
    int r = filter_new(spec, ret, &error);

    if (r != -EINVAL)
        return r;
    if (error.pattern)
        at = (struct origin){error.pattern->file, error.pattern->line};
    return problems_error(problems, at, "%s", error.text);
}

static void print_value(const char *text, FILE *out)
{
    for (; *text; text++)
        fputs(*text == '%' ? "%%" : (char[2]){*text, '\0'}, out);
}

static void print_patterns(const char *key, const struct pattern *pattern, size_t n, FILE *out)
{
    fprintf(out, "%s =", key);
    for (size_t i = 0; i < n; i++) {
        fputs(i ? "\n    " : " ", out);
        print_value(pattern[i].text, out);
    }
    fputc('\n', out);
}

void filterspec_print(const struct filter_spec *spec, FILE *out)
{
    fprintf(out, "usedns = %s\n", spec->use_dns ? "yes" : "no");
    print_patterns("prefregex", &spec->prefregex, spec->prefregex.text ? 1 : 0, out);
    print_patterns("failregex", spec->failregex, spec->n_failregex, out);
    print_patterns("ignoreregex", spec->ignoreregex, spec->n_ignoreregex, out);
    if (spec->maxlines > 1)
        fprintf(out, "maxlines = %u\n", spec->maxlines);
    if (spec->n_datepattern > 0)
        print_patterns("datepattern", spec->datepattern, spec->n_datepattern, out);
    if (spec->has_offset)
        fprintf(out, "logtimezone = UTC%c%02d%02d\n", spec->offset < 0 ? '-' : '+',
                abs(spec->offset) / 3600, abs(spec->offset) / 60 % 60);
}
