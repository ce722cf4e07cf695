// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/value.h"

#include "conf/argv.h"

#include <inttypes.h>
#include <netinet/in.h>

void value_print_bool(const struct jail_conf *jail, const void *field, FILE *out)
{
    (void)jail;
    fputs(*(const bool *)field ? " true" : " false", out);
}

void value_print_text(const struct jail_conf *jail, const void *field, FILE *out)
{
    const char *text = *(const char *const *)field;

    (void)jail;
    fputs(text && *text ? " " : "", out);
    for (; text && *text; text++)
        fputs(*text == '%' ? "%%" : *text == '\n' ? "\n    " : (char[2]){*text, '\0'}, out);
}

void value_print_filter(const struct jail_conf *jail, const void *field, FILE *out)
{
    (void)field;
    if (jail->n_filter == 1) {
        fprintf(out, " %s", jail->filters);
        return;
    }
    for (size_t i = 0; i < jail->n_filter; i++) {
        fputs(i ? "\n   " : "", out);
        value_print_text(jail, &jail->filter[i].text, out);
    }
}

void value_print_logpath(const struct jail_conf *jail, const void *field, FILE *out)
{
    (void)field;
    for (size_t i = 0; i < jail->n_logpath; i++)
        fprintf(out, "%s %s", i ? "\n   " : "", jail->logpath[i]);
}

static bool has_protocol(const struct jail_conf *jail, uint8_t proto)
{
    for (size_t i = 0; i < jail->n_port; i++) {
        if (jail->port[i].proto == proto)
            return true;
    }
    return jail->n_port == 0;
}

static bool has_range(const struct jail_conf *jail, uint8_t proto, const struct port_range *like)
{
    for (size_t i = 0; i < jail->n_port; i++) {
        const struct port_range *p = &jail->port[i];
        if (p->proto == proto && p->from == like->from && p->to == like->to)
            return true;
    }
    return false;
}

// Whether what is banned of one protocol is banned of the other.
static bool is_for_both(const struct jail_conf *jail)
{
    for (size_t i = 0; i < jail->n_port; i++) {
        const struct port_range *p = &jail->port[i];
        if (!has_range(jail, p->proto == IPPROTO_TCP ? IPPROTO_UDP : IPPROTO_TCP, p))
            return false;
    }
    return true;
}

void value_print_protocol(const struct jail_conf *jail, const void *field, FILE *out)
{
    (void)field;
    fputs(is_for_both(jail) ? " all" : has_protocol(jail, IPPROTO_TCP) ? " tcp" : " udp", out);
}

void value_print_port(const struct jail_conf *jail, const void *field, FILE *out)
{
    bool both = is_for_both(jail), tcp = has_protocol(jail, IPPROTO_TCP);
    const char *before = " ";

    (void)field;
    if (jail->n_port == 0)
        fputs(" all", out);
    for (size_t i = 0; i < jail->n_port; i++) {
        const struct port_range *p = &jail->port[i];
        if (both && p->proto != IPPROTO_TCP)
            continue;
        fprintf(out, "%s%" PRIu16, before, p->from);
        if (p->to != p->from)
            fprintf(out, ":%" PRIu16, p->to);
        if (!both && tcp && p->proto == IPPROTO_UDP)
            fputs("/udp", out);
        before = ",";
    }
}

void value_print_blocktype(const struct jail_conf *jail, const void *field, FILE *out)
{
    (void)field;
    fputs(jail->reject ? " reject" : " drop", out);
}

void value_print_repeats(const struct jail_conf *jail, const void *field, FILE *out)
{
    (void)jail;
    fputs(*(const bool *)field ? " count" : " once", out);
}

void value_print_maxretry(const struct jail_conf *jail, const void *field, FILE *out)
{
    (void)jail;
    fprintf(out, " %" PRIu32, *(const uint32_t *)field);
}

void value_print_host_v6(const struct jail_conf *jail, const void *field, FILE *out)
{
    (void)jail;
    fprintf(out, " %" PRIu8, *(const uint8_t *)field);
}

// In seconds where the text would round: what is printed can be read again.
static void format_span(usec_t span, char ret[static SPAN_TEXT_MAX])
{
    usec_t again;

    span_format(span, ret);
    if (span == USEC_FOREVER)
        snprintf(ret, SPAN_TEXT_MAX, "-1");
    else if (span_parse(slice_of(ret), &again) < 0 || again != span)
        snprintf(ret, SPAN_TEXT_MAX, "%" PRIu64 ".%06" PRIu64, span / USEC_PER_SEC,
                 span % USEC_PER_SEC);
}

void value_print_span(const struct jail_conf *jail, const void *field, FILE *out)
{
    char text[SPAN_TEXT_MAX];

    (void)jail;
    format_span(*(const usec_t *)field, text);
    fprintf(out, " %s", text);
}

void value_print_ignoreip(const struct jail_conf *jail, const void *field, FILE *out)
{
    char text[ADDR_TEXT_MAX];

    (void)field;
    for (size_t i = 0; i < jail->ignoreip.n; i++) {
        addr_format(&jail->ignoreip.net[i], text);
        fprintf(out, " %s", text);
    }
}

// A time in a level has no blanks: they separate levels.
static void print_time(usec_t span, FILE *out)
{
    char text[SPAN_TEXT_MAX];

    format_span(span, text);
    for (const char *p = text; *p; p++) {
        if (*p != ' ')
            fputc(*p, out);
    }
}

static void print_range(unsigned low, unsigned high, FILE *out)
{
    if (low < high)
        fprintf(out, ":%u-%u", low, high);
    else
        fprintf(out, ":%u", high);
}

// Of the times, those that are not the jail's.
static void print_level(const struct jail_conf *jail, const struct level *l, FILE *out)
{
    bool findtime = l->findtime != jail->netblock_findtime;
    bool bantime = l->bantime != jail->netblock_bantime;

    fprintf(out, " %u", l->prefix);
    print_range(level_least_hosts(l), l->hosts, out);
    print_range(level_least_hits(l), l->hits, out);
    if (findtime || bantime)
        fputc(':', out);
    if (findtime)
        print_time(l->findtime, out);
    if (bantime) {
        fputc(':', out);
        print_time(l->bantime, out);
    }
}

static void print_levels(const struct jail_conf *jail, const struct level *level, size_t n,
                         FILE *out)
{
    for (size_t i = 0; i < n; i++)
        print_level(jail, &level[i], out);
}

void value_print_levels_v4(const struct jail_conf *jail, const void *field, FILE *out)
{
    (void)field;
    print_levels(jail, jail->spec.v4, jail->spec.n_v4, out);
}

void value_print_levels_v6(const struct jail_conf *jail, const void *field, FILE *out)
{
    (void)field;
    print_levels(jail, jail->spec.v6, jail->spec.n_v6, out);
}

void value_print_argv(const struct jail_conf *jail, const void *field, FILE *out)
{
    (void)jail;
    argv_print(*(char **const *)field, out);
}
