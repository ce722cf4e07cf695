// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/config.h"

#include "base/cleanup.h"
#include "conf/filterpool.h"
#include "conf/filterspec.h"
#include "conf/jailfilters.h"
#include "conf/jailread.h"
#include "conf/journalmatch.h"
#include "conf/options.h"
#include "conf/pool.h"
#include "conf/settings.h"
#include "conf/unknown.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

enum { JAILS_MAX = 1000 }; // a record on the wire counts them in 16 bits; fail2ban ships 95

static int begin(struct config *c, struct problems *ret)
{
    c->pool = pool_new();
    return c->pool ? problems_init(ret, c->pool) : -ENOMEM;
}

static void finish(struct config *c, const struct problems *problems)
{
    c->problem = problems->at;
    c->n_problem = problems->n;
}

// Files that are not there are no error, so that a folder that is not must be.
static int check_dir(const char *dir, struct problems *problems)
{
    DIR *d = opendir(dir);
    int r = d ? 0 : -errno;

    if (d)
        closedir(d);
    else
        problems_error(problems, (struct origin){dir, 0}, "%s", strerror(-r));
    return r;
}

static bool is_jail(const char *section)
{
    return strcmp(section, INI_DEFAULT) != 0 && strcmp(section, "INCLUDES") != 0 &&
           strncmp(section, INI_KNOWN, strlen(INI_KNOWN)) != 0;
}

static size_t count_jails(const struct ini *jails)
{
    const char *section;
    size_t n = 0;

    for (size_t i = 0; (section = ini_section(jails, i)); i++)
        n += is_jail(section);
    return n;
}

// What fail2ban defines for every jail. Programs are named by their whole path.
static int add_builtins(struct ini *jails, const char *dir)
{
    cleanup(freep) char *path = realpath(dir, NULL);
    const struct {
        const char *option, *value;
    } builtins[] = {{"fail2ban_version", "1.0.2"}, {"fail2ban_confpath", path ? path : dir}};
    int r = 0;

    for (size_t i = 0; i < 2 && r == 0; i++) {
        cleanup(text_done) struct text value = {0};
        r = text_set(&value, slice_of(builtins[i].value), (struct origin){0});
        if (r == 0)
            r = ini_set_literal(jails, INI_DEFAULT, builtins[i].option, &value);
    }
    return r == -E2BIG ? 0 : r;
}

static int read_jails(const struct jailread *reader, struct config *c)
{
    size_t n = count_jails(reader->jails);
    const char *section;
    int r = 0;

    if (n > JAILS_MAX)
        problems_error(reader->problems, (struct origin){reader->dir, 0},
                       "more jails than %d: the rest is left out", JAILS_MAX);
    n = n > JAILS_MAX ? JAILS_MAX : n;
    if (n == 0)
        problems_warn(reader->problems, (struct origin){reader->dir, 0},
                      "there are no jails: write jails/NAME.conf");
    c->jail = pool_alloc(c->pool, n, sizeof(*c->jail));
    if (!c->jail)
        return -ENOMEM;
    for (size_t i = 0; c->n_jail < n && r == 0; i++) {
        section = ini_section(reader->jails, i);
        if (is_jail(section))
            r = jailread(reader, section, &c->jail[c->n_jail++]);
    }
    return r;
}

static int load(const char *dir, struct problems *problems, struct config *c)
{
    cleanup(ini_freep) struct ini *jails = NULL;
    cleanup(lookup_freep) struct lookup *lookup = lookup_new();
    struct jailread reader = {
        .dir = dir, .layout = layers_layout(dir), .lookup = lookup, .problems = problems};
    int r = lookup ? check_dir(dir, problems) : -ENOMEM;

    if (r == 0)
        r = settings_read(dir, problems, &c->settings);
    if (r == 0)
        r = layers_jails(dir, reader.layout, problems, &jails);
    if (r == 0)
        r = add_builtins(jails, dir);
    if (r < 0)
        return r;
    c->filters = filterpool_new();
    if (!c->filters)
        return -ENOMEM;
    reader.jails = jails;
    reader.filters = c->filters;
    unknown_in_jails(jails, INI_DEFAULT, problems);
    return read_jails(&reader, c);
}

int config_load(const char *dir, struct config *ret)
{
    struct problems problems = {0};
    int r;

    *ret = (struct config){0};
    r = begin(ret, &problems);
    if (r == 0)
        r = load(dir, &problems, ret);
    // Also where the loading failed: the one problem says why.
    finish(ret, &problems);
    return r;
}

size_t config_filters(const struct jail_conf *jail, struct jail_filter ret[JAIL_FILTERS_MAX])
{
    for (size_t i = 0; i < jail->n_filter; i++) {
        const struct jail_filter_conf *f = &jail->filter[i];
        ret[i] = (struct jail_filter){f->compiled, f->text, f->weight};
    }
    return jail->n_filter;
}

bool config_weighs(const struct jail_conf *jail)
{
    for (size_t i = 0; i < jail->n_filter; i++) {
        if (jail->filter[i].weight > 1)
            return true;
    }
    return false;
}

size_t config_usable(const struct config *c)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n_jail; i++)
        n += c->jail[i].usable;
    return n;
}

void config_done(struct config *c)
{
    for (size_t i = 0; i < c->n_jail; i++)
        exempt_done(&c->jail[i].ignoreip);
    filterpool_free(c->filters);
    pool_free(c->pool);
    *c = (struct config){0};
}

static int read_filter(const char *dir, const struct text *ref, struct problems *problems,
                       struct filter_spec *ret)
{
    cleanup(ini_freep) struct ini *given = ini_new();
    struct definition d = {0};
    struct origin at = ref->line[0];
    struct filter *compiled;
    int r = given ? definition_open(dir, dir ? layers_layout(dir) : LAYOUT_TAILBAN, ref, given,
                                    problems, &d)
                  : -ENOMEM;

    if (r < 0)
        return r;
    r = filterspec_make(&d, at, ret);
    if (r == 0)
        r = filterspec_compile(ret, at, problems, &compiled);
    if (r == 0)
        filter_free(compiled);
    if (r == -E2BIG)
        problems_error(problems, at, "filter '%s' grows beyond what fits", d.name);
    unknown_in_filter(d.filter, problems);
    definition_close(&d);
    return r;
}

int config_filter(const char *dir, const char *filter, struct config *c, struct filter_spec *ret)
{
    struct problems problems = {c->pool, c->problem, c->n_problem};
    cleanup(text_done) struct text ref = {0};
    bool path = memchr(filter, '/', strcspn(filter, "[")) != NULL;
    int r = c->pool ? 0 : begin(c, &problems);

    if (r == 0)
        r = text_set(&ref, slice_of(filter), (struct origin){0});
    if (r == 0)
        r = read_filter(path ? NULL : dir, &ref, &problems, ret);
    finish(c, &problems);
    return r;
}

void config_dump(const struct config *c, FILE *out)
{
    settings_print(&c->settings, out);
    for (size_t i = 0; i < c->n_jail; i++) {
        const struct jail_conf *jail = &c->jail[i];
        fprintf(out, "\n# %s:%u%s\n[%s]\n", jail->file ? jail->file : "", jail->line,
                jail->enabled && !jail->usable ? ": has errors, and is not used" : "", jail->name);
        if (!jail->enabled) {
            fputs("enabled = false\n", out);
            continue;
        }
        options_print(jail, out);
        jailfilters_print(jail, out);
        journalmatch_print(&jail->journal, out);
    }
}
