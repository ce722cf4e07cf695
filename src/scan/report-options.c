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

static int put_patterns(const struct telling *t, const char *name, const struct pattern *pattern,
                        size_t n)
{
    int r = n == 0 ? put_text(t, name, NULL) : 0;

    for (size_t i = 0; i < n && r >= 0; i++)
        r = put_text(t, name, pattern[i].text);
    return r;
}

static int put_filter(const struct telling *t, const struct filter_spec *f)
{
    char maxlines[16];
    int r = put_text(t, "usedns", f->use_dns ? "yes" : "no");

    snprintf(maxlines, sizeof(maxlines), "%u", f->maxlines > 1 ? f->maxlines : 1);
    if (r >= 0)
        r = put_text(t, "maxlines", maxlines);
    if (r >= 0)
        r = put_patterns(t, "prefregex", &f->prefregex, f->prefregex.text ? 1 : 0);
    if (r >= 0)
        r = put_patterns(t, "failregex", f->failregex, f->n_failregex);
    if (r >= 0)
        r = put_patterns(t, "ignoreregex", f->ignoreregex, f->n_ignoreregex);
    return r < 0 ? r : put_patterns(t, "datepattern", f->datepattern, f->n_datepattern);
}

int report_options(const struct cell *cell, struct caller *to)
{
    const struct jail_conf *jail = cell->conf;
    const struct telling t = {to, slice_of(jail->name)};
    int r = put_options(&t, jail);

    if (r >= 0)
        r = put_filter(&t, &jail->filter);
    return r < 0 ? r : put_text(&t, "journalmatch", jail->journal.matches);
}
