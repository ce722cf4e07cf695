// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/ports.h"

#include "conf/words.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

// What mail and fail2ban's jails name, whatever /etc/services has or has dropped (ssmtp).
static const struct service {
    const char *name;
    uint16_t port;
} services[] = {
    {"smtp", 25},         {"ssmtp", 465},      {"smtps", 465},     {"urd", 465},
    {"submissions", 465}, {"submission", 587}, {"msa", 587},       {"pop3", 110},
    {"pop-3", 110},       {"pop3s", 995},      {"imap", 143},      {"imap2", 143},
    {"imap3", 220},       {"imaps", 993},      {"sieve", 4190},    {"lmtp", 24},
    {"http", 80},         {"https", 443},      {"ssh", 22},        {"ftp", 21},
    {"ftp-data", 20},     {"ftps", 990},       {"ftps-data", 989}, {"telnet", 23},
    {"domain", 53},       {"webcache", 8080},  {"sip", 5060},      {"sips", 5061},
    {"ldap", 389},        {"ldaps", 636},      {"mysql", 3306},    {"icewarp-webmail", 32000},
};

static int parse_name(const char *name, uint16_t *ret)
{
    const struct servent *s;

    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        if (strcmp(name, services[i].name) == 0) {
            *ret = services[i].port;
            return 0;
        }
    }
    s = getservbyname(name, NULL);
    if (!s)
        return -EINVAL;
    *ret = ntohs((uint16_t)s->s_port);
    return 0;
}

static int parse_port(const char *text, uint16_t *ret)
{
    uint32_t number;
    int r = words_number(slice_of(text), 0, UINT16_MAX, &number);

    if (r < 0)
        return parse_name(text, ret);
    *ret = (uint16_t)number;
    return 0;
}

// A '-' is part of a name (ftp-data) before it is a range's.
static int parse_range(char *word, uint16_t *ret_from, uint16_t *ret_to)
{
    char *sign = strpbrk(word, ":");
    int r;

    if (!sign && parse_port(word, ret_from) == 0) {
        *ret_to = *ret_from;
        return 0;
    }
    if (!sign)
        sign = strchr(word, '-');
    if (!sign)
        return -EINVAL;
    *sign = '\0';
    r = parse_port(word, ret_from);
    if (r == 0)
        r = parse_port(sign + 1, ret_to);
    *sign = ':';
    return r < 0 || *ret_from > *ret_to ? -EINVAL : 0;
}

int ports_protocol(struct slice text, enum ports_protocol *ret)
{
    struct slice word;
    unsigned all = 0;

    while (words_next(&text, &word)) {
        if (slice_is(word, "tcp"))
            all |= PORTS_TCP;
        else if (slice_is(word, "udp"))
            all |= PORTS_UDP;
        else if (slice_is(word, "all"))
            all |= PORTS_ALL;
        else
            return -EINVAL;
    }
    if (all == 0)
        return -EINVAL;
    *ret = (enum ports_protocol)all;
    return 0;
}

static int add(struct port_range *range, size_t *n, enum ports_protocol protocol, uint16_t from,
               uint16_t to)
{
    static const struct {
        enum ports_protocol bit;
        uint8_t proto;
    } protocols[] = {{PORTS_TCP, IPPROTO_TCP}, {PORTS_UDP, IPPROTO_UDP}};

    for (size_t i = 0; i < 2; i++) {
        if (!(protocol & protocols[i].bit))
            continue;
        if (*n == PORTS_MAX)
            return -E2BIG;
        range[(*n)++] = (struct port_range){protocols[i].proto, from, to};
    }
    return 0;
}

static bool every_port(const char *word, uint16_t from, uint16_t to)
{
    return strcmp(word, "all") == 0 || (from <= 1 && to == UINT16_MAX);
}

int ports_parse(struct slice text, enum ports_protocol protocol,
                struct port_range ret[static PORTS_MAX], size_t *ret_n,
                char ret_error[static PORTS_ERROR_MAX])
{
    size_t n = 0, words = 0;
    struct slice word;
    uint16_t from = 0, to = 0;
    int r = 0;

    for (; words_next(&text, &word) && r == 0; words++) {
        char copy[64];
        snprintf(copy, sizeof(copy), "%.*s", (int)word.n, word.p);
        if (strcmp(copy, "all") != 0 &&
            (word.n >= sizeof(copy) || parse_range(copy, &from, &to) < 0)) {
            snprintf(ret_error, PORTS_ERROR_MAX,
                     "'%s' is no port: write a number up to 65535, a service's name or FROM:TO",
                     copy);
            return -EINVAL;
        }
        if (every_port(copy, from, to)) {
            r = protocol == PORTS_ALL ? 0 : add(ret, &n, protocol, 0, UINT16_MAX);
            *ret_n = r == 0 ? n : 0;
            return 0;
        }
        r = add(ret, &n, protocol, from, to);
    }
    if (r < 0 || words == 0) {
        snprintf(ret_error, PORTS_ERROR_MAX,
                 words ? "more than %d ports and ranges: write ranges, or 'all'"
                       : "names no port: write a number, a service's name, FROM:TO or 'all'",
                 PORTS_MAX);
        return -EINVAL;
    }
    *ret_n = n;
    return 0;
}
