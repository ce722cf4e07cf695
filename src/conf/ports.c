// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/ports.h"

#include "conf/words.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

enum { WORD_MAX = 64 };

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
static int parse_range(const char *word, uint16_t *ret_from, uint16_t *ret_to)
{
    char from[WORD_MAX];
    size_t n = strcspn(word, ":");

    if (!word[n] && parse_port(word, ret_from) == 0) {
        *ret_to = *ret_from;
        return 0;
    }
    if (!word[n])
        n = strcspn(word, "-");
    snprintf(from, sizeof(from), "%.*s", (int)n, word);
    if (!word[n] || parse_port(from, ret_from) < 0 || parse_port(word + n + 1, ret_to) < 0)
        return -EINVAL;
    return *ret_from > *ret_to ? -EINVAL : 0;
}

int ports_protocol(struct slice text, enum ports_protocol *ret)
{
    static const struct {
        const char *word;
        enum ports_protocol bits;
    } words[] = {{"tcp", PORTS_TCP}, {"udp", PORTS_UDP}, {"all", PORTS_ALL}};
    struct slice word;
    unsigned bits = 0;

    while (words_next(&text, &word)) {
        size_t i = 0;
        while (i < 3 && !slice_is(word, words[i].word))
            i++;
        if (i == 3)
            return -EINVAL;
        bits |= words[i].bits;
    }
    if (bits == 0)
        return -EINVAL;
    *ret = (enum ports_protocol)bits;
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

static int parse_word(struct slice word, uint16_t *ret_from, uint16_t *ret_to)
{
    char copy[WORD_MAX];

    if (slice_is(word, "all")) {
        *ret_from = 0;
        *ret_to = UINT16_MAX;
        return 0;
    }
    snprintf(copy, sizeof(copy), "%.*s", (int)word.n, word.p);
    return word.n < sizeof(copy) ? parse_range(copy, ret_from, ret_to) : -EINVAL;
}

int ports_parse(struct slice text, enum ports_protocol protocol,
                struct port_range ret[static PORTS_MAX], size_t *ret_n,
                char ret_error[static PORTS_ERROR_MAX])
{
    bool all = false;
    size_t n = 0, words = 0;
    struct slice word;
    uint16_t from, to;
    int r = 0;

    for (; words_next(&text, &word) && r == 0; words++) {
        if (parse_word(word, &from, &to) < 0) {
            snprintf(ret_error, PORTS_ERROR_MAX,
                     "'%.*s' is no port: write a number up to 65535, a service's name or FROM:TO",
                     word.n > WORD_MAX ? WORD_MAX : (int)word.n, word.p);
            return -EINVAL;
        }
        all = all || (from <= 1 && to == UINT16_MAX);
        r = all ? 0 : add(ret, &n, protocol, from, to);
    }
    if (r < 0 || words == 0) {
        snprintf(ret_error, PORTS_ERROR_MAX, "write 1 to %d ports and ranges, or 'all'",
                 PORTS_MAX / 2);
        return -EINVAL;
    }
    *ret_n = all ? 0 : n;
    // All ports of one protocol are still a range: the other protocol passes.
    return all && protocol != PORTS_ALL ? add(ret, ret_n, protocol, 0, UINT16_MAX) : 0;
}
