// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/jailread.h"

#include "base/cleanup.h"
#include "conf/actions.h"
#include "conf/definition.h"
#include "conf/filterspec.h"
#include "conf/journalmatch.h"
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
    struct ini *given; // what the filter sees of the jail
    struct ini *known; // what the jail sees of the filter
    struct definition definition;
};

static struct origin place_of(const struct jail_conf *jail)
{
    return (struct origin){jail->file, jail->line};
}

static struct scope scope_of(const struct reading *g)
{
    return (struct scope){.place = {{g->known, DEFINITION_KNOWN},
                                    {g->r->jails, g->draft.jail->name},
                                    {g->r->jails, INI_DEFAULT}},
                          .n_places = 3,
                          .ini = g->r->jails,
                          .section = g->draft.jail->name};
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

// fail2ban's default is NAME[mode=MODE]; here the mode is handed on only where it is said.
static int get_filter(const struct reading *g, struct text *ret)
{
    struct scope scope = scope_of(g);
    struct problems *problems = g->draft.problems;
    cleanup(text_done) struct text mode = {0};
    const char *name = g->draft.jail->name;
    int r = scope_get(&scope, "filter", problems, ret);

    if (r != INI_E_MISSING)
        return r;
    r = scope_get(&scope, "mode", problems, &mode);
    if (r < 0)
        return r;
    r = text_set(ret, slice_of(name), place_of(g->draft.jail));
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

// The filter comes between the jail's options: it sees some of them, and the rest may refer to its.
static int open_filter(struct reading *g)
{
    const struct jailread *r = g->r;
    struct scope scope = scope_of(g);
    cleanup(text_done) struct text ref = {0};
    int e = options_give(&scope, false, r->problems, g->given);

    if (e == 0)
        e = get_filter(g, &ref);
    if (e == 0)
        e = definition_open(r->dir, r->layout, &ref, g->given, r->problems, &g->definition);
    if (e < 0)
        return e;
    if (mentions_known(r->jails, g->draft.jail->name) || mentions_known(r->jails, INI_DEFAULT))
        e = definition_known(&g->definition, g->known);
    return e;
}

static int read_filter(struct reading *g)
{
    struct jail_conf *jail = g->draft.jail;
    struct scope scope = scope_of(g);
    int r = options_give(&scope, true, g->draft.problems, g->given);

    if (r == 0)
        r = filterspec_make(&g->definition, place_of(jail), &jail->filter);
    if (r == 0)
        r = filterspec_compile(&jail->filter, place_of(jail), g->draft.problems, &jail->compiled);
    if (r == 0)
        r = journalmatch_read(&g->definition, &jail->journal);
    unknown_in_filter(g->definition.filter, g->draft.problems);
    return r;
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
    struct scope scope = scope_of(g);
    int r = check_name(jail, problems), e;

    unknown_in_jails(g->r->jails, jail->name, problems);
    e = open_filter(g);
    r = e < 0 ? e : r;
    if (r == -ENOMEM)
        return r;
    e = options_read(&g->draft, &scope);
    r = e < 0 ? e : r;
    e = actions_read(&g->draft, &scope);
    r = e < 0 ? e : r;
    if (g->definition.filter) {
        jail->filter_name = pool_copy(problems->pool, slice_of(g->definition.name));
        e = jail->filter_name ? read_filter(g) : -ENOMEM;
        r = e < 0 ? e : r;
    }
    return r == 0 ? check_log(jail, problems) : r;
}

int jailread(const struct jailread *r, const char *section, struct jail_conf *ret)
{
    struct reading g = {.r = r, .given = ini_new(), .known = ini_new()};
    struct origin at = ini_section_origin(r->jails, section);
    struct scope scope;
    int e = 0;

    ret->name = pool_copy(r->problems->pool, slice_of(section));
    ret->file = at.file ? pool_copy(r->problems->pool, slice_of(at.file)) : NULL;
    ret->line = at.line;
    ret->spec.name = ret->name;
    g.draft = (struct draft){.jail = ret, .problems = r->problems, .lookup = r->lookup};
    if (!ret->name || (at.file && !ret->file) || !g.given || !g.known)
        e = -ENOMEM;
    scope = scope_of(&g);
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
    definition_close(&g.definition);
    ini_free(g.given);
    ini_free(g.known);
    return e == -ENOMEM ? e : 0;
}
