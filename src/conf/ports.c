// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/ports.h"

#include "conf/words.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

// "53/udp": only UDP's.
static struct slice cut_protocol(struct slice word, enum ports_protocol *protocol)
{
    const char *slash = memchr(word.p, '/', word.n);
    struct slice port = {word.p, slash ? (size_t)(slash - word.p) : word.n};

    if (!slash || ports_protocol(slice_from(word, port.n + 1), protocol) < 0)
        return word;
    return port;
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

// Where all ports of a protocol are named, its others say nothing more: they are one range. Where
// all of both are, there are none to name.
static int simplify(struct port_range *range, size_t *n, unsigned all)
{
    size_t kept = 0;

    for (size_t i = 0; i < *n && all != PORTS_ALL; i++) {
        if (!(all & (range[i].proto == IPPROTO_TCP ? PORTS_TCP : PORTS_UDP)))
            range[kept++] = range[i];
    }
    *n = kept;
    return all == PORTS_ALL ? 0 : add(range, n, (enum ports_protocol)all, 0, UINT16_MAX);
}

int ports_parse(struct slice text, enum ports_protocol protocol,
                struct port_range ret[static PORTS_MAX], size_t *ret_n,
                char ret_error[static PORTS_ERROR_MAX])
{
    size_t n = 0, words = 0;
    struct slice word;
    uint16_t from, to;
    unsigned all = 0;
    int r = 0;

    for (; words_next(&text, &word) && r == 0; words++) {
        enum ports_protocol of = protocol;
        if (parse_word(cut_protocol(word, &of), &from, &to) < 0) {
            snprintf(ret_error, PORTS_ERROR_MAX,
                     "'%.*s' is no port: write a number up to 65535, a service's name or FROM:TO",
                     word.n > WORD_MAX ? WORD_MAX : (int)word.n, word.p);
            return -EINVAL;
        }
        if (from <= 1 && to == UINT16_MAX)
            all |= of;
        else
            r = add(ret, &n, of, from, to);
    }
    if (r == 0)
        r = simplify(ret, &n, all);
    if (r < 0 || words == 0) {
        snprintf(ret_error, PORTS_ERROR_MAX, "write 1 to %d ports and ranges, or 'all'",
                 PORTS_MAX / 2);
        return -EINVAL;
    }
    *ret_n = n;
    return 0;
}
