// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/jailfilters.h"

#include "base/cleanup.h"
#include "conf/filterpool.h"
#include "conf/filterref.h"
#include "conf/filterspec.h"
#include "conf/journalmatch.h"
#include "conf/options.h"
#include "conf/unknown.h"
#include "conf/words.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

int jailfilters_init(struct jailfilters *f)
{
    *f = (struct jailfilters){.given = ini_new(), .known = ini_new()};
    return f->given && f->known ? 0 : -ENOMEM;
}

void jailfilters_done(struct jailfilters *f)
{
    for (size_t i = 0; i < f->n; i++)
        definition_close(&f->definition[i]);
    ini_free(f->given);
    ini_free(f->known);
    *f = (struct jailfilters){0};
}

struct scope jailfilters_scope(const struct jailfilters *f, const struct jailread *r,
                               const struct jail_conf *jail)
{
    return (struct scope){
        .place = {{f->known, DEFINITION_KNOWN}, {r->jails, jail->name}, {r->jails, INI_DEFAULT}},
        .n_places = 3,
        .ini = r->jails,
        .section = jail->name};
}

static struct origin place_of(const struct jail_conf *jail)
{
    return (struct origin){jail->file, jail->line};
}

// fail2ban's default is NAME[mode=MODE]; here the mode is handed on only where it is said.
static int get_names(const struct scope *scope, const struct draft *d, struct text *ret)
{
    cleanup(text_done) struct text mode = {0};
    int r = scope_get(scope, "filter", d->problems, ret);

    if (r != INI_E_MISSING)
        return r;
    r = scope_get(scope, "mode", d->problems, &mode);
    if (r < 0)
        return r;
    r = text_set(ret, slice_of(d->jail->name), place_of(d->jail));
    if (r == 0 && mode.n > 0)
        r = text_add(ret, "[mode=\"", 7);
    if (r == 0 && mode.n > 0)
        r = text_add(ret, mode.p, mode.n);
    return r == 0 && mode.n > 0 ? text_add(ret, "\"]", 2) : r;
}

// Working out what the filter says costs as much as the filter; few jails ask.
static bool mentions_known(const struct ini *jails, const char *section)
{
    const char *option;

    for (size_t c = 0; (option = ini_next(jails, section, &c));) {
        if (strcasestr(ini_value(jails, section, option), "%(known/"))
            return true;
    }
    return false;
}

static int read_weight(struct draft *d, const struct ini *params, struct origin at, uint32_t *ret)
{
    const char *weight = ini_value(params, FILTERREF_PARAMS, "weight");

    *ret = 1;
    if (!weight || words_number(slice_of(weight), 1, JAIL_WEIGHT_MAX, ret) == 0)
        return 0;
    return problems_error(d->problems, at, "weight = %s: write a number from 1 to %d", weight,
                          JAIL_WEIGHT_MAX);
}

// Two that stand alike would count everything twice: that is what a weight is for.
static int check_new(const struct draft *d, const char *text, struct origin at)
{
    for (size_t i = 0; i < d->jail->n_filter; i++) {
        if (strcmp(d->jail->filter[i].text, text) == 0)
            return problems_error(
                d->problems, at, "filter '%s' stands here twice: write '%s[weight=2]'", text, text);
    }
    return 0;
}

static int open_one(struct jailfilters *f, const struct jailread *r, struct draft *d,
                    struct slice ref, struct origin at)
{
    struct jail_conf *jail = d->jail;
    struct jail_filter_conf *use = &jail->filter[jail->n_filter];
    cleanup(text_done) struct text text = {0};
    int e;

    if (jail->n_filter == JAIL_FILTERS_MAX)
        return problems_error(d->problems, at, "jail '%s' has more filters than %d", jail->name,
                              JAIL_FILTERS_MAX);
    use->text = pool_copy(d->problems->pool, ref);
    e = use->text ? text_set(&text, ref, at) : -ENOMEM;
    if (e == 0)
        e = check_new(d, use->text, at);
    if (e == 0)
        e = definition_open(r->dir, r->layout, &text, f->given, r->problems, &f->definition[f->n]);
    if (e < 0)
        return e;
    use->name = pool_copy(d->problems->pool, slice_of(f->definition[f->n].name));
    e = use->name ? read_weight(d, f->definition[f->n].params, at, &use->weight) : -ENOMEM;
    f->n++;
    jail->n_filter++;
    return e;
}

static int name_all(struct draft *d)
{
    struct jail_conf *jail = d->jail;
    cleanup(freep) char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    if (!f)
        return -ENOMEM;
    for (size_t i = 0; i < jail->n_filter; i++) {
        fprintf(f, "%s%s", i ? ", " : "", jail->filter[i].name);
        if (jail->filter[i].weight != 1)
            fprintf(f, "[weight=%" PRIu32 "]", jail->filter[i].weight);
    }
    if (fclose(f) != 0)
        return -ENOMEM;
    jail->filters = jail->n_filter > 0 ? pool_copy(d->problems->pool, slice_of(text)) : NULL;
    return jail->n_filter > 0 && !jail->filters ? -ENOMEM : 0;
}

// All of them, so that all that is wrong is said at once.
static int open_all(struct jailfilters *f, const struct jailread *r, struct draft *d,
                    const struct text *names)
{
    const char *rest = names->p;
    int e = 0, result = 0;

    while (e != -ENOMEM) {
        cleanup(ini_freep) struct ini *params = ini_new();
        cleanup(freep) char *name = NULL;
        const char *start = filterref_skip(rest);
        struct origin at = text_origin(names, (size_t)(start - names->p));
        if (rest > names->p && !*start)
            break;
        rest = start;
        e = params ? filterref_next(&rest, at, &name, params) : -ENOMEM;
        if (e == -EINVAL || e == INI_E_MISSING)
            return problems_error(
                d->problems, at,
                "filter '%s': write NAME or NAME[option=value, option=\"value\"], several of them "
                "with blanks between or in lines of their own",
                start);
        if (e == 0)
            e = open_one(f, r, d, slice_trim((struct slice){start, (size_t)(rest - start)}), at);
        result = e < 0 ? e : result;
    }
    e = name_all(d);
    return e < 0 ? e : result;
}

// The filters come between the jail's options: they see some of them, and the rest may refer to
// theirs.
int jailfilters_open(struct jailfilters *f, const struct jailread *r, struct draft *d)
{
    struct scope scope = jailfilters_scope(f, r, d->jail);
    cleanup(text_done) struct text names = {0};
    int e = options_give(&scope, false, r->problems, f->given);

    d->jail->filter = pool_alloc(r->problems->pool, JAIL_FILTERS_MAX, sizeof(*d->jail->filter));
    if (!d->jail->filter)
        return -ENOMEM;
    if (e == 0)
        e = get_names(&scope, d, &names);
    if (e == 0)
        e = open_all(f, r, d, &names);
    if (e == 0 && f->n == 1 &&
        (mentions_known(r->jails, d->jail->name) || mentions_known(r->jails, INI_DEFAULT)))
        e = definition_known(&f->definition[0], f->known);
    return e;
}

// A regex of the jail's own would stand in each filter, and count in each.
static int check_given(const struct jailfilters *f, const struct draft *d)
{
    static const char *const own[] = {"failregex", "prefregex"};
    int r = 0;

    for (size_t i = 0; i < 2 && d->jail->n_filter > 1; i++) {
        if (ini_has(f->given, OPTIONS_GIVEN, own[i]))
            r = problems_error(d->problems, ini_origin(f->given, OPTIONS_GIVEN, own[i]),
                               "jail '%s' has several filters: write its %s into one of them",
                               d->jail->name, own[i]);
    }
    return r;
}

// What the dump of several filters needs: it cannot say what they come to as the jail's own.
static int keep_given(const struct jailfilters *f, struct draft *d)
{
    struct jail_conf *jail = d->jail;
    const char *key;
    size_t n = 0;

    while (filterspec_option(n))
        n++;
    jail->given = pool_alloc(d->problems->pool, n, sizeof(*jail->given));
    if (!jail->given)
        return -ENOMEM;
    for (size_t i = 0; (key = filterspec_option(i)); i++) {
        const char *value = ini_value(f->given, OPTIONS_GIVEN, key);
        struct given_conf *given = &jail->given[jail->n_given];
        if (!value || strcmp(key, "journalmatch") == 0)
            continue;
        *given = (struct given_conf){key, pool_copy(d->problems->pool, slice_of(value))};
        if (!given->value)
            return -ENOMEM;
        jail->n_given++;
    }
    return 0;
}

static int read_one(const struct definition *definition, const struct jailread *r, struct draft *d,
                    struct jail_filter_conf *use)
{
    int e = filterspec_make(definition, place_of(d->jail), &use->spec);

    if (e == 0)
        e = filterpool_get(r->filters, &use->spec, place_of(d->jail), d->problems, &use->compiled);
    if (e == 0)
        e = journalmatch_read(definition, &d->jail->journal);
    unknown_in_filter(definition->filter, d->problems);
    return e;
}

int jailfilters_read(struct jailfilters *f, const struct jailread *r, struct draft *d)
{
    struct scope scope = jailfilters_scope(f, r, d->jail);
    int e = options_give(&scope, true, d->problems, f->given), result;

    result = e == 0 ? check_given(f, d) : e;
    for (size_t i = 0; i < f->n && e != -ENOMEM; i++) {
        e = read_one(&f->definition[i], r, d, &d->jail->filter[i]);
        result = e < 0 ? e : result;
    }
    return result == 0 ? keep_given(f, d) : result;
}

// Each line of it a comment.
static void print_comment(const struct jail_filter_conf *use, FILE *out)
{
    cleanup(freep) char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);

    fprintf(out, "# %s:\n", use->name);
    if (!f)
        return;
    filterspec_print(&use->spec, f);
    if (fclose(f) != 0)
        return;
    for (const char *line = text; *line;) {
        size_t length = strcspn(line, "\n");
        fprintf(out, "# %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

void jailfilters_print(const struct jail_conf *jail, FILE *out)
{
    if (jail->n_filter == 1) {
        filterspec_print(&jail->filter[0].spec, out);
        return;
    }
    for (size_t i = 0; i < jail->n_given; i++) {
        fprintf(out, "%s = ", jail->given[i].key);
        for (const char *p = jail->given[i].value; *p; p++)
            fputs(*p == '\n' ? "\n    " : (char[2]){*p, '\0'}, out);
        fputc('\n', out);
    }
    for (size_t i = 0; i < jail->n_filter; i++)
        print_comment(&jail->filter[i], out);
}
