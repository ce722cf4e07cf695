// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/actions.h"

#include "base/cleanup.h"
#include "conf/filterref.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

// fail2ban's actions that keep somebody out of this host, by how their names begin.
static const struct family {
    const char *name;
    bool all_ports;
} families[] = {
    {"iptables", false}, {"nftables", false}, {"firewallcmd", false}, {"ipset", false},
    {"pf", false},       {"npf", false},      {"ipfw", false},        {"bsd-ipfw", false},
    {"osx-ipfw", false}, {"ufw", true},       {"shorewall", true},    {"ipfilter", true},
    {"osx-afctl", true}, {"apf", true},       {"route", true},        {"blackhole", true},
    {"hostsdeny", true}, {"symbiosis", true},
};

// What a firewall may be told to do. To let in is the opposite of a ban.
static const struct treatment {
    const char *word;
    enum { TREATMENT_DROP, TREATMENT_REJECT, TREATMENT_PASS } what;
} treatments[] = {
    {"drop", TREATMENT_DROP},     {"blackhole", TREATMENT_DROP}, {"deny", TREATMENT_DROP},
    {"reject", TREATMENT_REJECT}, {"unreach", TREATMENT_REJECT}, {"prohibit", TREATMENT_REJECT},
    {"return", TREATMENT_PASS},   {"accept", TREATMENT_PASS},    {"allow", TREATMENT_PASS},
};

struct reading {
    struct draft *d;
    struct origin at;
    struct port_range port[PORTS_MAX];
    size_t n_port;
    size_t n_ban;       // actions that keep somebody out
    bool names_ports;   // one of them does
    bool is_everything; // all ports of all protocols
};

// A family's name, alone or with '-' and what else behind it.
static const struct family *find_family(const char *name)
{
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        size_t n = strlen(families[i].name);
        if (strncmp(name, families[i].name, n) == 0 && (name[n] == '-' || name[n] == '\0'))
            return &families[i];
    }
    return NULL;
}

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);

    return n >= m && strcmp(name + n - m, end) == 0;
}

static bool is_for_all_ports(const struct family *f, const char *name, const struct ini *given)
{
    const char *type = ini_value(given, FILTERREF_PARAMS, "type");

    return f->all_ports || ends_with(name, "-allports") || (type && strcmp(type, "allports") == 0);
}

static int add_ports(struct reading *g, const struct port_range *port, size_t n)
{
    g->is_everything = g->is_everything || n == 0;
    for (size_t i = 0; i < n; i++) {
        bool known = false;
        for (size_t k = 0; k < g->n_port; k++)
            known = known || memcmp(&g->port[k], &port[i], sizeof(*port)) == 0;
        if (known)
            continue;
        if (g->n_port == PORTS_MAX)
            return problems_error(g->d->problems, g->at, "action: more than %d ports in all",
                                  PORTS_MAX);
        g->port[g->n_port++] = port[i];
    }
    return 0;
}

static int read_ports(struct reading *g, const struct family *f, const char *name,
                      const struct ini *given)
{
    const char *port = ini_value(given, FILTERREF_PARAMS, "port");
    const char *words = ini_value(given, FILTERREF_PARAMS, "protocol");
    enum ports_protocol protocol = g->d->protocol;
    struct port_range range[PORTS_MAX] = {0};
    char error[PORTS_ERROR_MAX];
    size_t n = 0;

    if (words && ports_protocol(slice_of(words), &protocol) < 0)
        return problems_error(g->d->problems, g->at, "%s: protocol = %s: write tcp, udp or all",
                              name, words);
    if (is_for_all_ports(f, name, given))
        port = "all";
    if (!port)
        return add_ports(g, g->d->jail->port, g->d->jail->n_port);
    if (ports_parse(slice_of(port), protocol, range, &n, error) < 0)
        return problems_error(g->d->problems, g->at, "%s: port: %s", name, error);
    g->names_ports = true;
    return add_ports(g, range, n);
}

static int read_treatment(struct reading *g, const char *name, const struct ini *given)
{
    const char *value = ini_value(given, FILTERREF_PARAMS, "blocktype");

    for (size_t i = 0; value && i < sizeof(treatments) / sizeof(treatments[0]); i++) {
        const struct treatment *t = &treatments[i];
        if (strncasecmp(value, t->word, strlen(t->word)) != 0)
            continue;
        if (t->what == TREATMENT_PASS)
            return problems_error(g->d->problems, g->at,
                                  "jail '%s': %s with blocktype = %s lets in whom the jail finds; "
                                  "tailban only keeps out",
                                  g->d->jail->name, name, value);
        g->d->jail->reject = t->what == TREATMENT_REJECT;
        return 0;
    }
    return 0;
}

static int read_action(struct reading *g, const char *name, const struct ini *given)
{
    const struct family *f = find_family(name);
    int r;

    if (!f) {
        problems_warn(g->d->problems, g->at,
                      "jail '%s': action '%s' has no counterpart here and is left out; for a "
                      "program of your own write 'onban = /path/to/it'",
                      g->d->jail->name, name);
        return 0;
    }
    g->n_ban++;
    r = read_ports(g, f, name, given);
    return r < 0 ? r : read_treatment(g, name, given);
}

static int read_all(struct reading *g, const struct text *value)
{
    const char *rest = value->p;
    int r = 0;

    while (r == 0) {
        cleanup(ini_freep) struct ini *given = ini_new();
        cleanup(freep) char *name = NULL;
        const char *start = rest + strspn(rest, " \t\n");
        g->at = text_origin(value, (size_t)(start - value->p));
        r = given ? filterref_next(&rest, g->at, &name, given) : -ENOMEM;
        if (r == -EINVAL)
            return problems_error(
                g->d->problems, g->at,
                "action = %s: write NAME or NAME[option=value, ...], separated by "
                "spaces or in lines of their own",
                start);
        if (r == 0)
            r = read_action(g, name, given);
    }
    return r < 0 ? r : 0;
}

static int take_ports(struct reading *g)
{
    struct jail_conf *jail = g->d->jail;

    if (!g->names_ports)
        return 0;
    g->n_port = g->is_everything ? 0 : g->n_port;
    jail->port = pool_alloc(g->d->problems->pool, g->n_port, sizeof(*jail->port));
    if (!jail->port)
        return -ENOMEM;
    memcpy(jail->port, g->port, g->n_port * sizeof(*jail->port));
    jail->n_port = g->n_port;
    return 0;
}

int actions_read(struct draft *d, const struct scope *s)
{
    cleanup(text_done) struct text value = {0};
    struct reading g = {.d = d};
    int r = scope_get(s, "action", d->problems, &value);

    if (r == INI_E_MISSING)
        r = scope_get(s, "banaction", d->problems, &value);
    if (r != 0)
        return r < 0 ? r : 0;
    r = read_all(&g, &value);
    if (r < 0)
        return r;
    d->jail->watch_only = g.n_ban == 0;
    if (d->jail->watch_only)
        problems_warn(d->problems, value.line[0],
                      "jail '%s': none of its actions keeps anybody out: it only watches, as in "
                      "fail2ban",
                      d->jail->name);
    return take_ports(&g);
}
