// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/dnsconf.h"

#include "base/addr.h"
#include "conf/words.h"

#include <errno.h>
#include <string.h>

enum { LABEL_MAX = 63, KEY_LABEL = 16, KEY_LABELS = 5 };

// Cuts text at the first c: what is before it, and *ret_rest what is behind. False: there is none.
static bool split(struct slice text, char c, struct slice *ret_head, struct slice *ret_rest)
{
    const char *at = text.n > 0 ? memchr(text.p, c, text.n) : NULL;

    if (!at)
        return false;
    *ret_head = (struct slice){text.p, (size_t)(at - text.p)};
    *ret_rest = slice_from(text, ret_head->n + 1);
    return true;
}

static bool in_label(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

static bool is_zone(struct slice text)
{
    size_t label = 0, dots = 0;

    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '.' && label == 0)
            return false;
        if (text.p[i] != '.' && !in_label(text.p[i]))
            return false;
        label = text.p[i] == '.' ? 0 : label + 1;
        dots += text.p[i] == '.';
        if (label > LABEL_MAX)
            return false;
    }
    return label > 0 && dots > 0 && text.n < DNS_ZONE_MAX;
}

static int parse_code(struct slice text, uint32_t *ret)
{
    struct addr a;

    if (addr_parse(text, &a) < 0 || !addr_is_v4(&a) || addr_prefix(&a) != 32 || a.b[12] != 127)
        return -EINVAL;
    *ret = (uint32_t)a.b[12] << 24 | (uint32_t)a.b[13] << 16 | (uint32_t)a.b[14] << 8 | a.b[15];
    return 0;
}

static int parse_range(struct slice text, struct dns_list *list)
{
    struct slice from = text, to = text;
    struct dns_range range;

    split(text, '-', &from, &to);
    if (list->n_ranges == DNS_RANGES_MAX || parse_code(from, &range.from) < 0 ||
        parse_code(to, &range.to) < 0 || range.from > range.to)
        return -EINVAL;
    list->range[list->n_ranges++] = range;
    return 0;
}

static int parse_list(struct slice text, struct dns_list *ret)
{
    struct dns_list list = {.weight = 1};
    struct slice name = text, ranges = {0}, weight, range;
    bool more = split(text, '@', &name, &ranges);

    if (split(name, '=', &name, &weight) &&
        words_number(weight, 1, DNS_WEIGHT_MAX, &list.weight) < 0)
        return -EINVAL;
    if (!is_zone(name))
        return -EINVAL;
    memcpy(list.zone, name.p, name.n);
    while (more) {
        range = ranges;
        more = split(ranges, '@', &range, &ranges);
        if (parse_range(range, &list) < 0)
            return -EINVAL;
    }
    *ret = list;
    return 0;
}

int dnsconf_lists(struct slice text, struct dns_conf *ret)
{
    struct dns_list list[DNS_LISTS_MAX] = {0};
    struct slice word;
    size_t n = 0;

    for (; words_next(&text, &word); n++) {
        if (n == DNS_LISTS_MAX || parse_list(word, &list[n]) < 0)
            return -EINVAL;
    }
    memcpy(ret->list, list, sizeof(list));
    ret->n_lists = n;
    return 0;
}

static void print_code(uint32_t code, FILE *out)
{
    fprintf(out, "%u.%u.%u.%u", code >> 24, code >> 16 & 255, code >> 8 & 255, code & 255);
}

void dnsconf_print_lists(const struct dns_conf *c, FILE *out)
{
    char zone[DNS_ZONE_MAX];

    for (const struct dns_list *l = c->list; l < c->list + c->n_lists; l++) {
        dnsconf_show(l->zone, zone);
        fprintf(out, " %s=%u", zone, l->weight);
        for (size_t i = 0; i < l->n_ranges; i++) {
            fputc('@', out);
            print_code(l->range[i].from, out);
            if (l->range[i].to == l->range[i].from)
                continue;
            fputc('-', out);
            print_code(l->range[i].to, out);
        }
    }
}

// "192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]:53"
static bool is_server(struct slice text)
{
    struct slice host = text, port;
    struct addr a;
    uint32_t number;

    if (addr_parse(text, &a) < 0) {
        const char *colon = memrchr(text.p, ':', text.n);
        if (!colon)
            return false;
        host.n = (size_t)(colon - text.p);
        port = slice_from(text, host.n + 1);
        if (words_number(port, 1, UINT16_MAX, &number) < 0 || addr_parse(host, &a) < 0 ||
            (!addr_is_v4(&a) && host.p[0] != '['))
            return false;
    }
    return a.len == 128 && !memchr(text.p, '/', text.n);
}

int dnsconf_servers(struct slice text, struct dns_conf *ret)
{
    char servers[DNS_SERVERS_MAX] = "";
    struct slice word;
    size_t n = 0;

    while (words_next(&text, &word)) {
        if (!is_server(word) || n + word.n + 2 > sizeof(servers))
            return -EINVAL;
        if (n > 0)
            servers[n++] = ',';
        memcpy(servers + n, word.p, word.n);
        n += word.n;
    }
    memcpy(ret->servers, servers, sizeof(servers));
    return 0;
}

void dnsconf_show(const char *zone, char ret[static DNS_ZONE_MAX])
{
    const char *rest = strchr(zone, '.');
    size_t labels = 1;

    for (const char *p = zone; *p; p++)
        labels += *p == '.';
    if (rest && (labels >= KEY_LABELS || rest - zone >= KEY_LABEL))
        snprintf(ret, DNS_ZONE_MAX, "KEY%s", rest);
    else
        snprintf(ret, DNS_ZONE_MAX, "%s", zone);
}
