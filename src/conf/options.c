// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/options.h"

#include "base/cleanup.h"
#include "conf/levels.h"
#include "conf/value.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define DOUBLING   "ban.Time * (1<<(ban.Count if ban.Count<20 else 20)) * banFactor"
#define AT(member) offsetof(struct jail_conf, member)

// Order matters in four places: protocol comes before port, the jail's own spans before
// netblock's, which default to them, what one host is before the levels around it, and maxretry
// before threshold, which is the same to an engine that counts in points.
static const struct option {
    const char *key;
    value_parse_fn *parse;
    value_print_fn *print;
    size_t offset;
    const char *fallback; // NULL: nothing is set
    bool handed_down;
    bool empty_is_none; // the fallback stands for an empty value as well
} jail_options[] = {
    {"enabled", value_parse_bool, value_print_bool, AT(enabled), "false", true},
    {"filter", value_parse_nothing, value_print_filter, 0, NULL, true},
    {"backend", value_parse_backend, value_print_backend, AT(backend), "auto", true},
    {"logpath", value_parse_logpath, value_print_logpath, 0, NULL, true},
    {"protocol", value_parse_protocol, value_print_protocol, 0, NULL, false},
    {"port", value_parse_port, value_print_port, 0, "all", false},
    {"blocktype", value_parse_blocktype, value_print_blocktype, AT(reject), "drop", false},
    {"maxretry", value_parse_maxretry, value_print_maxretry, AT(spec.maxretry), "5", true},
    {"threshold", value_parse_maxretry, value_print_maxretry, AT(spec.maxretry), NULL, false},
    {"findtime", value_parse_span, value_print_span, AT(spec.findtime), "10m", true},
    {"bantime", value_parse_span_or_forever, value_print_span, AT(spec.sentence.bantime), "1w",
     true},
    {"bantime.increment", value_parse_bool, value_print_bool, AT(increment), "false", true},
    {"bantime.factor", value_parse_factor, value_print_text, AT(factor), "1", true, true},
    {"bantime.formula", value_parse_formula, value_print_text, AT(formula), DOUBLING, true, true},
    {"bantime.multipliers", value_parse_multipliers, value_print_multipliers, 0, NULL, true},
    {"bantime.maxtime", value_parse_maxtime, value_print_span, AT(growth.maxtime), "", true},
    {"bantime.rndtime", value_parse_rndtime, value_print_span, AT(growth.rndtime), "", true},
    {"bantime.overalljails", value_parse_bool, value_print_bool, AT(growth.overalljails), "false",
     true},
    {"ignoreip", value_parse_ignoreip, value_print_ignoreip, 0, NULL, true},
    {"ignoreself", value_parse_bool, value_print_bool, AT(ignoreself), "true", true},
    {"ignorecommand", value_parse_ignorecommand, value_print_argv, AT(ignorecommand), NULL, true},
    {"ignorecache", value_parse_ignorecache, value_print_ignorecache, 0, NULL, true},
    {"logencoding", value_parse_logencoding, value_print_text, AT(logencoding), "auto", true, true},
    {"onban", value_parse_argv, value_print_argv, AT(onban), NULL, false},
    {"onunban", value_parse_argv, value_print_argv, AT(onunban), NULL, false},
    {"fingerprints", value_parse_bool, value_print_bool, AT(spec.fingerprints), "false", false},
    {"shield", value_parse_bool, value_print_bool, AT(spec.shield), "false", false},
    {"repeats", value_parse_repeats, value_print_repeats, AT(spec.count_repeats), "once", false},
    {"netblock.v4", value_parse_levels_v4, value_print_levels_v4, 0, NULL, false},
    {"netblock.host.v6", value_parse_host_v6, value_print_host_v6, AT(spec.host_v6), "64", false},
    {"netblock.v6", value_parse_levels_v6, value_print_levels_v6, 0, NULL, false},
    {"netblock.findtime", value_parse_span, value_print_span, AT(netblock_findtime), NULL, false},
    {"netblock.bantime", value_parse_span_or_forever, value_print_span, AT(netblock_bantime), NULL,
     false},
};

// The others of fail2ban's.
static const struct other {
    const char *key;
    enum option_kind kind;
    bool handed_down;
} others[] = {
    {"failregex", OPTION_FILTER, true},
    {"ignoreregex", OPTION_FILTER, true},
    {"prefregex", OPTION_FILTER, true},
    {"usedns", OPTION_FILTER, true},
    {"maxlines", OPTION_FILTER, true},
    {"datepattern", OPTION_FILTER, true},
    {"logtimezone", OPTION_FILTER, true},
    {"journalmatch", OPTION_FILTER, true},
    {"mode", OPTION_FILTER, false},
    {"maxmatches", OPTION_NEEDLESS, true},
    {"skip_if_nologs", OPTION_NEEDLESS, false},
    {"action", OPTION_ACTION, false},
    {"action_", OPTION_ACTION, false},
    {"banaction", OPTION_ACTION, false},
    {"banaction_allports", OPTION_ACTION, false},
    {"chain", OPTION_NEEDLESS, false},
    {"mta", OPTION_ACTION, false},
    {"sender", OPTION_ACTION, false},
    {"sendername", OPTION_ACTION, false},
    {"destemail", OPTION_ACTION, false},
    {"tcpport", OPTION_ACTION, false},
    {"udpport", OPTION_ACTION, false},
    {"fail2ban_agent", OPTION_ACTION, false},
    {"fail2ban_version", OPTION_ACTION, false},
    {"fail2ban_confpath", OPTION_ACTION, false},
    {"cfemail", OPTION_ACTION, false},
    {"cfapikey", OPTION_ACTION, false},
    {"blocklist_de_apikey", OPTION_ACTION, false},
};

enum {
    JAIL_OPTIONS = sizeof(jail_options) / sizeof(jail_options[0]),
    OTHERS = sizeof(others) / sizeof(others[0])
};

static const struct other *find_other(const char *name)
{
    for (size_t i = 0; i < OTHERS; i++) {
        if (strcmp(others[i].key, name) == 0)
            return &others[i];
    }
    return NULL;
}

enum option_kind options_kind(const char *name)
{
    const struct other *other = find_other(name);

    for (size_t i = 0; i < JAIL_OPTIONS; i++) {
        if (strcmp(jail_options[i].key, name) == 0)
            return OPTION_JAIL;
    }
    // Users make actions of their own after the pattern of action_mwl.
    if (!other && strncmp(name, "action_", 7) == 0)
        return OPTION_ACTION;
    return other ? other->kind : OPTION_UNKNOWN;
}

const char *options_name(size_t index, enum option_kind *ret_kind)
{
    if (index < JAIL_OPTIONS) {
        *ret_kind = OPTION_JAIL;
        return jail_options[index].key;
    }
    index -= JAIL_OPTIONS;
    if (index >= OTHERS)
        return NULL;
    *ret_kind = others[index].kind;
    return others[index].key;
}

static int read_row(struct draft *d, const struct scope *s, const struct option *o)
{
    cleanup(text_done) struct text value = {0};
    int r = scope_get(s, o->key, d->problems, &value);
    bool missing = r == INI_E_MISSING || (r == 0 && value.n == 0 && o->empty_is_none);

    if (missing && !o->fallback)
        return 0;
    if (missing)
        r = text_set(&value, slice_of(o->fallback), (struct origin){d->jail->file, d->jail->line});
    return r < 0 ? r : o->parse(d, o->key, &value, (char *)d->jail + o->offset);
}

int options_read_one(struct draft *d, const struct scope *s, const char *name)
{
    for (size_t i = 0; i < JAIL_OPTIONS; i++) {
        if (strcmp(jail_options[i].key, name) == 0)
            return read_row(d, s, &jail_options[i]);
    }
    return -EINVAL;
}

// What is not said follows from what is.
static void complete(struct jail_conf *jail)
{
    struct jail_spec *spec = &jail->spec;

    if (jail->netblock_findtime == 0)
        jail->netblock_findtime = spec->findtime;
    if (jail->netblock_bantime == 0)
        jail->netblock_bantime = spec->sentence.bantime;
    levels_complete(spec->v4, spec->n_v4, jail->netblock_findtime, jail->netblock_bantime);
    levels_complete(spec->v6, spec->n_v6, jail->netblock_findtime, jail->netblock_bantime);
    if (jail->increment)
        spec->sentence.growth = &jail->growth;
}

int options_read(struct draft *d, const struct scope *s)
{
    int r = 0, e;

    // All of them, so that all that is wrong is said at once.
    for (size_t i = 0; i < JAIL_OPTIONS; i++) {
        e = read_row(d, s, &jail_options[i]);
        if (e == -ENOMEM)
            return e;
        r = e < 0 ? e : r;
    }
    complete(d->jail);
    return r;
}

static int give(const struct scope *s, const char *key, struct problems *problems,
                struct ini *given)
{
    cleanup(text_done) struct text value = {0};
    int r = scope_get(s, key, problems, &value);

    if (r == 0)
        r = ini_set_literal(given, OPTIONS_GIVEN, key, &value);
    return r == INI_E_MISSING ? 0 : r;
}

int options_give(const struct scope *s, bool all, struct problems *problems, struct ini *given)
{
    static const char *const first[] = {"enabled", "backend", "filter"};
    int r = 0;

    for (size_t i = 0; i < 3 && r == 0; i++)
        r = give(s, first[i], problems, given);
    for (size_t i = 0; i < JAIL_OPTIONS && r == 0 && all; i++)
        r = jail_options[i].handed_down ? give(s, jail_options[i].key, problems, given) : 0;
    for (size_t i = 0; i < OTHERS && r == 0 && all; i++)
        r = others[i].handed_down ? give(s, others[i].key, problems, given) : 0;
    return r;
}

void options_print(const struct jail_conf *jail, FILE *out)
{
    for (size_t i = 0; i < JAIL_OPTIONS; i++) {
        fprintf(out, "%s =", jail_options[i].key);
        jail_options[i].print(jail, (const char *)jail + jail_options[i].offset, out);
        fputc('\n', out);
    }
    if (jail->watch_only)
        fputs("action =\n", out);
}
