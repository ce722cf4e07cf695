// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cleanup.h"
#include "conf/options.h"
#include "scan/report.h"

#include <errno.h>
#include <stdlib.h>

struct telling {
    struct caller *to;
    struct slice jail;
};

static int put(const struct telling *t, struct slice name, struct slice value)
{
    struct control record = {.type = CONTROL_IS_OPTION, .option = {t->jail, name, value}};

    return caller_put(t->to, &record);
}

static int put_text(const struct telling *t, const char *name, const char *value)
{
    return put(t, slice_of(name), value ? slice_of(value) : (struct slice){"", 0});
}

// What options_print() writes: "name = value", further values of that name indented.
static int put_printed(const struct telling *t, struct slice text)
{
    struct slice name = {"", 0};
    int r = 0;

    while (text.n > 0 && r >= 0) {
        const char *end = memchr(text.p, '\n', text.n), *equals;
        struct slice line = {text.p, end ? (size_t)(end - text.p) : text.n};
        text = slice_from(text, line.n + 1);
        equals = line.n > 0 && line.p[0] != ' ' ? memchr(line.p, '=', line.n) : NULL;
        if (equals) {
            name = slice_trim((struct slice){line.p, (size_t)(equals - line.p)});
            line = slice_from(line, (size_t)(equals - line.p) + 1);
        }
        r = put(t, name, slice_trim(line));
    }
    return r;
}

static int put_options(const struct telling *t, const struct jail_conf *jail)
{
    cleanup(freep) char *text = NULL;
    size_t n;
    FILE *file = open_memstream(&text, &n);

    if (!file)
        return -ENOMEM;
    options_print(jail, file);
    return fclose(file) < 0 ? -ENOMEM : put_printed(t, (struct slice){text, n});
}

enum pattern_kind { PREFREGEX, FAILREGEX, IGNOREREGEX, DATEPATTERN, PATTERN_KINDS };

static const struct pattern *patterns_of(const struct filter_spec *f, enum pattern_kind kind,
                                         size_t *ret_n)
{
    const struct {
        const struct pattern *pattern;
        size_t n;
    } all[] = {[PREFREGEX] = {&f->prefregex, f->prefregex.text != NULL},
               [FAILREGEX] = {f->failregex, f->n_failregex},
               [IGNOREREGEX] = {f->ignoreregex, f->n_ignoreregex},
               [DATEPATTERN] = {f->datepattern, f->n_datepattern}};

    *ret_n = all[kind].n;
    return all[kind].pattern;
}

// Those of all its filters, one after the other.
static int put_patterns(const struct telling *t, const struct jail_conf *jail,
                        enum pattern_kind kind)
{
    static const char *const name[] = {[PREFREGEX] = "prefregex",
                                       [FAILREGEX] = "failregex",
                                       [IGNOREREGEX] = "ignoreregex",
                                       [DATEPATTERN] = "datepattern"};
    size_t n, told = 0;
    int r = 0;

    for (size_t k = 0; k < jail->n_filter; k++) {
        const struct pattern *pattern = patterns_of(&jail->filter[k].spec, kind, &n);
        for (size_t i = 0; i < n && r >= 0; i++, told++)
            r = put_text(t, name[kind], pattern[i].text);
    }
    return told == 0 ? put_text(t, name[kind], NULL) : r;
}

static int put_filters(const struct telling *t, const struct jail_conf *jail)
{
    uint32_t most = 1;
    bool use_dns = false;
    char maxlines[16];
    int r;

    for (size_t i = 0; i < jail->n_filter; i++) {
        const struct filter_spec *f = &jail->filter[i].spec;
        most = f->maxlines > most ? f->maxlines : most;
        use_dns = use_dns || f->use_dns;
    }
    snprintf(maxlines, sizeof(maxlines), "%u", most);
    r = put_text(t, "usedns", use_dns ? "yes" : "no");
    if (r >= 0)
        r = put_text(t, "maxlines", maxlines);
    for (enum pattern_kind kind = 0; kind < PATTERN_KINDS && r >= 0; kind++)
        r = put_patterns(t, jail, kind);
    return r;
}

int report_options(const struct cell *cell, struct caller *to)
{
    const struct jail_conf *jail = cell->conf;
    const struct telling t = {to, slice_of(jail->name)};
    int r = put_options(&t, jail);

    if (r >= 0)
        r = put_filters(&t, jail);
    return r < 0 ? r : put_text(&t, "journalmatch", jail->journal.matches);
}
