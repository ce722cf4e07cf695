// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/jailread.h"

#include "conf/actions.h"
#include "conf/jailfilters.h"
#include "conf/options.h"
#include "conf/unknown.h"

#include <errno.h>
#include <string.h>

enum { NAME_MOST = 63 }; // nft's identifiers, and a record on the wire

// Bans by hand go to this one.
#define MANUAL "manual"

#define DIGITS "0123456789"

struct reading {
    const struct jailread *r;
    struct draft draft;
    struct jailfilters filters;
};

static struct origin place_of(const struct jail_conf *jail)
{
    return (struct origin){jail->file, jail->line};
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// The name becomes part of a set's name in nftables, and goes over the wire in a fixed field.
static int check_name(const struct jail_conf *jail, struct problems *problems)
{
    size_t n = strlen(jail->name), i = 0;

    while (i < n &&
           (is_letter(jail->name[i]) || strchr(i > 0 ? DIGITS "_-." : DIGITS, jail->name[i])))
        i++;
    if (i < n || n > NAME_MOST)
        return problems_error(problems, place_of(jail),
                              "jail '%s': write a name of at most %d letters, digits, '_', '-' and "
                              "'.' that begins with a letter or digit",
                              jail->name, NAME_MOST);
    if (strcmp(jail->name, MANUAL) == 0)
        return problems_error(problems, place_of(jail),
                              "jail '" MANUAL "': this name is kept for bans by hand");
    return 0;
}

static int check_log(const struct jail_conf *jail, struct problems *problems)
{
    if (jail->backend == BACKEND_SYSTEMD && !jail->journal.matches)
        return problems_error(problems, place_of(jail),
                              "jail '%s' would read the whole journal: write 'journalmatch = "
                              "_SYSTEMD_UNIT=NAME.service'",
                              jail->name);
    if (jail->n_logpath > 0 || jail->backend == BACKEND_SYSTEMD ||
        (jail->backend == BACKEND_AUTO && jail->journal.matches))
        return 0;
    return problems_error(problems, place_of(jail),
                          "jail '%s' has no logpath: write 'logpath = /var/log/mail.log'",
                          jail->name);
}

// Goes on after an error, so that one look shows all that is wrong with the jail.
static int read_enabled(struct reading *g)
{
    struct jail_conf *jail = g->draft.jail;
    struct problems *problems = g->draft.problems;
    struct scope scope = jailfilters_scope(&g->filters, g->r, jail);
    int r = check_name(jail, problems), e;

    unknown_in_jails(g->r->jails, jail->name, problems);
    e = jailfilters_open(&g->filters, g->r, &g->draft);
    r = e < 0 ? e : r;
    if (r == -ENOMEM)
        return r;
    e = options_read(&g->draft, &scope);
    r = e < 0 ? e : r;
    e = actions_read(&g->draft, &scope);
    r = e < 0 ? e : r;
    if (g->filters.n > 0) {
        e = jailfilters_read(&g->filters, g->r, &g->draft);
        r = e < 0 ? e : r;
    }
    return r == 0 ? check_log(jail, problems) : r;
}

int jailread(const struct jailread *r, const char *section, struct jail_conf *ret)
{
    struct reading g = {.r = r};
    struct origin at = ini_section_origin(r->jails, section);
    struct scope scope;
    int e = jailfilters_init(&g.filters);

    ret->name = pool_copy(r->problems->pool, slice_of(section));
    ret->file = at.file ? pool_copy(r->problems->pool, slice_of(at.file)) : NULL;
    ret->line = at.line;
    ret->spec.name = ret->name;
    g.draft = (struct draft){.jail = ret, .problems = r->problems, .lookup = r->lookup};
    if (!ret->name || (at.file && !ret->file))
        e = -ENOMEM;
    scope = jailfilters_scope(&g.filters, r, ret);
    if (e == 0)
        e = options_read_one(&g.draft, &scope, "enabled");
    if (e == 0 && ret->enabled) {
        e = read_enabled(&g);
        ret->usable = e == 0;
    }
    if (e == -E2BIG)
        problems_error(r->problems, place_of(ret), "jail '%s' grows beyond what fits", section);
    // Its errors may stand in files that other jails use as well.
    if (e < 0)
        problems_error(r->problems, place_of(ret), "jail '%s' has errors and is not used", section);
    jailfilters_done(&g.filters);
    return e == -ENOMEM ? e : 0;
}
