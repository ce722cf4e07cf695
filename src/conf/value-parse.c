// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cleanup.h"
#include "conf/argv.h"
#include "conf/levels.h"
#include "conf/value.h"
#include "conf/words.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static struct slice all_of(const struct text *t)
{
    return (struct slice){t->p, t->n};
}

int value_bool(const char *text, bool *ret)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"1", true},  {"yes", true}, {"true", true},   {"on", true},
                 {"0", false}, {"no", false}, {"false", false}, {"off", false}};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcasecmp(text, words[i].word) == 0) {
            *ret = words[i].value;
            return 0;
        }
    }
    return -EINVAL;
}

int value_parse_nothing(struct draft *d, const char *key, const struct text *value, void *field)
{
    (void)d, (void)key, (void)value, (void)field;
    return 0;
}

int value_parse_bool(struct draft *d, const char *key, const struct text *value, void *field)
{
    if (value_bool(value->p, field) == 0)
        return 0;
    return problems_error(d->problems, value->line[0], "%s = %s: write true or false", key,
                          value->p);
}

// fail2ban lets " head" or " tail" follow a path; reading goes on where it stopped anyway.
static struct slice cut_head_or_tail(struct slice path)
{
    static const char *const words[] = {" head", " tail"};

    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(words[i]);
        if (path.n > n && memcmp(path.p + path.n - n, words[i], n) == 0)
            path.n -= n;
    }
    return slice_trim(path);
}

int value_parse_logpath(struct draft *d, const char *key, const struct text *value, void *field)
{
    struct jail_conf *jail = d->jail;
    struct text_cursor c = {0};
    struct slice line;
    struct origin at;
    int r = 0;

    (void)field;
    jail->logpath = pool_alloc(d->problems->pool, value->n_lines, sizeof(*jail->logpath));
    if (!jail->logpath)
        return -ENOMEM;
    while (text_next(value, &c, &line, &at)) {
        line = cut_head_or_tail(line);
        if (line.n == 0)
            continue;
        if (line.p[0] != '/')
            r = problems_error(d->problems, at, "%s = %.*s: write the whole path, from / on", key,
                               (int)line.n, line.p);
        jail->logpath[jail->n_logpath] = pool_copy(d->problems->pool, line);
        if (!jail->logpath[jail->n_logpath++])
            return -ENOMEM;
    }
    return r;
}

int value_parse_protocol(struct draft *d, const char *key, const struct text *value, void *field)
{
    (void)field;
    if (ports_protocol(all_of(value), &d->protocol) == 0)
        return 0;
    return problems_error(d->problems, value->line[0], "%s = %s: write tcp, udp or all", key,
                          value->p);
}

int value_parse_port(struct draft *d, const char *key, const struct text *value, void *field)
{
    struct port_range range[PORTS_MAX];
    char error[PORTS_ERROR_MAX];
    size_t n;

    (void)field;
    // Where neither is said, a ban concerns whatever comes from there.
    if (d->protocol == 0)
        d->protocol = strcmp(value->p, "all") == 0 ? PORTS_ALL : PORTS_TCP;
    if (ports_parse(all_of(value), d->protocol, range, &n, error) < 0)
        return problems_error(d->problems, value->line[0], "%s: %s", key, error);
    d->jail->port = pool_alloc(d->problems->pool, n, sizeof(*range));
    if (!d->jail->port)
        return -ENOMEM;
    memcpy(d->jail->port, range, n * sizeof(*range));
    d->jail->n_port = n;
    return 0;
}

// fail2ban's are arguments of a firewall: "REJECT --reject-with icmp-port-unreachable".
int value_parse_blocktype(struct draft *d, const char *key, const struct text *value, void *field)
{
    bool reject = strncasecmp(value->p, "reject", strlen("reject")) == 0;

    if (!reject && strcasecmp(value->p, "drop") != 0)
        return problems_error(d->problems, value->line[0],
                              "%s = %s: write drop or reject: tailban only keeps out", key,
                              value->p);
    *(bool *)field = reject;
    return 0;
}

int value_parse_repeats(struct draft *d, const char *key, const struct text *value, void *field)
{
    bool counts = strcasecmp(value->p, "count") == 0;

    if (!counts && strcasecmp(value->p, "once") != 0)
        return problems_error(d->problems, value->line[0], "%s = %s: write once or count", key,
                              value->p);
    *(bool *)field = counts;
    return 0;
}

// Lines are bytes to us, and those of UTF-8 to a regex.
int value_parse_logencoding(struct draft *d, const char *key, const struct text *value, void *field)
{
    static const char *const same[] = {"auto", "utf-8", "utf8", "ascii", "us-ascii"};
    char *copy = pool_copy(d->problems->pool, all_of(value));
    bool known = false;

    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
        known = known || strcasecmp(value->p, same[i]) == 0;
    if (!known && strcasestr(value->p, "utf") == value->p)
        return problems_error(d->problems, value->line[0],
                              "%s = %s: a log must have its ASCII as ASCII, as UTF-8 does", key,
                              value->p);
    if (!known)
        problems_warn(d->problems, value->line[0],
                      "%s = %s: lines are read as they are; what is not ASCII in a regex stands "
                      "for UTF-8",
                      key, value->p);
    *(const char **)field = copy;
    return copy ? 0 : -ENOMEM;
}

int value_parse_maxretry(struct draft *d, const char *key, const struct text *value, void *field)
{
    if (words_number(all_of(value), 1, JAIL_MAXRETRY_MAX, field) == 0)
        return 0;
    return problems_error(d->problems, value->line[0], "%s = %s: write a number from 1 to %d", key,
                          value->p, JAIL_MAXRETRY_MAX);
}

int value_parse_span_or_forever(struct draft *d, const char *key, const struct text *value,
                                void *field)
{
    usec_t span;

    if (span_parse(all_of(value), &span) < 0 || span < USEC_PER_SEC)
        return problems_error(d->problems, value->line[0],
                              "%s = %s: write a time such as 600, 10m, 1h 30m or 1w, at least 1s",
                              key, value->p);
    *(usec_t *)field = span;
    return 0;
}

int value_parse_span(struct draft *d, const char *key, const struct text *value, void *field)
{
    usec_t span = 0;
    int r = value_parse_span_or_forever(d, key, value, &span);

    if (r == 0 && span == USEC_FOREVER)
        return problems_error(d->problems, value->line[0],
                              "%s = %s: hits cannot count for ever; write a time such as 1d", key,
                              value->p);
    if (r == 0)
        *(usec_t *)field = span;
    return r;
}

int value_parse_ignoreip(struct draft *d, const char *key, const struct text *value, void *field)
{
    struct slice rest = all_of(value), word;
    int r = 0, e;

    (void)key, (void)field;
    while (words_next(&rest, &word)) {
        e = lookup_add(d->lookup, word, text_origin(value, (size_t)(word.p - value->p)),
                       d->problems, &d->jail->ignoreip);
        if (e == -ENOMEM)
            return e;
        r = e < 0 ? e : r;
    }
    return r;
}

int value_parse_host_v6(struct draft *d, const char *key, const struct text *value, void *field)
{
    uint32_t prefix;

    if (words_number(all_of(value), 64, 128, &prefix) < 0)
        return problems_error(d->problems, value->line[0], "%s = %s: write a prefix from 64 to 128",
                              key, value->p);
    *(uint8_t *)field = (uint8_t)prefix;
    return 0;
}

static int parse_levels(struct draft *d, const char *key, const struct text *value,
                        const struct levels_bounds *bounds, struct level *levels, size_t *n)
{
    char error[LEVELS_ERROR_MAX];

    if (levels_parse(all_of(value), bounds, levels, n, error) == 0)
        return 0;
    return problems_error(d->problems, value->line[0], "%s: %s", key, error);
}

int value_parse_levels_v4(struct draft *d, const char *key, const struct text *value, void *field)
{
    struct jail_spec *spec = &d->jail->spec;

    (void)field;
    return parse_levels(d, key, value, &levels_v4, spec->v4, &spec->n_v4);
}

int value_parse_levels_v6(struct draft *d, const char *key, const struct text *value, void *field)
{
    struct jail_spec *spec = &d->jail->spec;

    struct levels_bounds bounds = levels_v6;

    (void)field;
    // Where the host is wrong, the jail is refused for that.
    if (spec->host_v6 > 0)
        bounds.narrowest = (uint8_t)(spec->host_v6 - 1);
    return parse_levels(d, key, value, &bounds, spec->v6, &spec->n_v6);
}

// fail2ban replaces <ip> and others in its actions; here such a word would be taken literally.
static const char *find_tag(char *const *argv)
{
    for (; *argv; argv++) {
        const char *tag = strchr(*argv, '<');
        size_t n = tag ? strspn(tag + 1, "abcdefghijklmnopqrstuvwxyz-") : 0;
        if (n > 0 && tag[1 + n] == '>')
            return *argv;
    }
    return NULL;
}

int value_parse_argv(struct draft *d, const char *key, const struct text *value, void *field)
{
    char error[ARGV_ERROR_MAX], **argv = NULL;
    const char *tag;
    int r = argv_split(d->problems->pool, all_of(value), &argv, error);

    if (r == -EINVAL)
        return problems_error(d->problems, value->line[0], "%s: %s", key, error);
    if (r < 0 || !argv)
        return r;
    if (argv[0][0] != '/')
        return problems_error(d->problems, value->line[0],
                              "%s = %s: write the whole path of the program, from / on; no shell "
                              "reads this",
                              key, argv[0]);
    if (access(argv[0], X_OK) < 0)
        problems_warn(d->problems, value->line[0], "%s: %s cannot be run: %s", key, argv[0],
                      strerror(errno));
    tag = find_tag(argv);
    if (tag)
        problems_warn(d->problems, value->line[0],
                      "%s: '%s' is passed on as it stands; the facts are in the environment, such "
                      "as $TAILBAN_ADDRESS",
                      key, tag);
    *(char ***)field = argv;
    return 0;
}
