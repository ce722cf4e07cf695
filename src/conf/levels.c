// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/levels.h"

#include "conf/words.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

const struct levels_bounds levels_v4 = {8, 24, 31}, levels_v6 = {32, 48, 63};

enum { FIELDS_LEAST = 3, FIELDS_MOST = 5 };

// "24:4:12:6h" into its fields; those that are not there are empty.
static int split(struct slice word, struct slice ret[static FIELDS_MOST])
{
    size_t n = 0;

    memset(ret, 0, FIELDS_MOST * sizeof(*ret));
    for (bool more = true; more; n++) {
        const char *colon = word.n > 0 ? memchr(word.p, ':', word.n) : NULL;
        if (n == FIELDS_MOST)
            return -EINVAL;
        ret[n] = (struct slice){word.p, colon ? (size_t)(colon - word.p) : word.n};
        word = slice_from(word, ret[n].n + 1);
        more = colon;
    }
    return n < FIELDS_LEAST ? -EINVAL : 0;
}

// "8", or "4-8".
struct range {
    uint32_t low, high;
};

static int parse_range(struct slice field, struct range *ret)
{
    const char *dash = field.n > 0 ? memchr(field.p, '-', field.n) : NULL;
    struct slice low = {field.p, dash ? (size_t)(dash - field.p) : field.n};
    struct slice high = dash ? slice_from(field, low.n + 1) : low;

    return words_number(low, 0, 65535, &ret->low) < 0 ||
                   words_number(high, 0, 65535, &ret->high) < 0
               ? -EINVAL
               : 0;
}

static int parse_numbers(const struct slice field[static FIELDS_LEAST], uint32_t *ret_prefix,
                         struct range *ret_hosts, struct range *ret_hits)
{
    return words_number(field[0], 0, 65535, ret_prefix) < 0 ||
                   parse_range(field[1], ret_hosts) < 0 || parse_range(field[2], ret_hits) < 0
               ? -EINVAL
               : 0;
}

static int parse_time(struct slice field, usec_t *ret)
{
    *ret = 0;
    return field.n == 0 || (span_parse(field, ret) == 0 && *ret >= USEC_PER_SEC) ? 0 : -EINVAL;
}

// The fewest hosts for a prefix.
static uint32_t least_hosts(unsigned prefix, const struct levels_bounds *b)
{
    uint32_t least = 1;

    if (prefix < b->common) {
        while (least * least < UINT32_C(4) << (b->common - prefix))
            least++;
    }
    return least;
}

static struct level make(uint32_t prefix, struct range hosts, struct range hits)
{
    bool strange = hosts.low < hosts.high || hits.low < hits.high;

    return (struct level){
        .prefix = (uint8_t)prefix,
        .hosts = (uint16_t)hosts.high,
        .hits = (uint16_t)hits.high,
        .strange_hosts = strange ? (uint16_t)hosts.low : 0,
        .strange_hits = strange ? (uint16_t)hits.low : 0,
    };
}

static int parse_level(struct slice word, const struct levels_bounds *b, struct level *ret,
                       char *error)
{
    int n = word.n > 40 ? 40 : (int)word.n;
    struct slice field[FIELDS_MOST];
    struct range hosts, hits;
    usec_t findtime, bantime;
    uint32_t prefix;

    if (split(word, field) < 0 || parse_numbers(field, &prefix, &hosts, &hits) < 0)
        snprintf(error, LEVELS_ERROR_MAX,
                 "'%.*s': write PREFIX:HOSTS:HITS, e.g. %u:4:12, and :FINDTIME:BANTIME where they "
                 "are not the jail's",
                 n, word.p, b->narrowest - 7U);
    else if (prefix < b->widest || prefix > b->narrowest)
        snprintf(error, LEVELS_ERROR_MAX, "'%.*s': write a prefix from %u to %u", n, word.p,
                 b->widest, b->narrowest);
    else if (hosts.low > hosts.high || hits.low > hits.high)
        snprintf(error, LEVELS_ERROR_MAX, "'%.*s': write the lower number first, e.g. %u:4-8:6-40",
                 n, word.p, prefix);
    else if (hosts.low < 1 || hosts.high > NETBLOCK_HOSTS_MAX)
        snprintf(error, LEVELS_ERROR_MAX, "'%.*s': write from 1 to %d hosts", n, word.p,
                 NETBLOCK_HOSTS_MAX);
    else if (hosts.low < least_hosts(prefix, b))
        snprintf(error, LEVELS_ERROR_MAX,
                 "'%.*s': write at least %u hosts: few must not get a whole /%u banned", n, word.p,
                 least_hosts(prefix, b), prefix);
    else if (hits.low < hosts.low || hits.high < hosts.high || hits.high > NETBLOCK_HITS_MAX)
        snprintf(error, LEVELS_ERROR_MAX, "'%.*s': write from %u hits (as many as hosts) to %d", n,
                 word.p, hits.low < hosts.low ? hosts.low : hosts.high, NETBLOCK_HITS_MAX);
    else if (parse_time(field[3], &findtime) < 0 || parse_time(field[4], &bantime) < 0)
        snprintf(error, LEVELS_ERROR_MAX,
                 "'%.*s': write times such as 600, 10m, 1h30m or 1w, at least 1s", n, word.p);
    else if (findtime == USEC_FOREVER)
        snprintf(error, LEVELS_ERROR_MAX,
                 "'%.*s': hits cannot count for ever; write a time such as 1d", n, word.p);
    else {
        *ret = make(prefix, hosts, hits);
        ret->findtime = findtime;
        ret->bantime = bantime;
        return 0;
    }
    return -EINVAL;
}

// Keeps the levels sorted. False where the prefix is there already.
static bool insert(struct level *levels, size_t n, struct level new)
{
    size_t at = n;

    for (; at > 0 && levels[at - 1].prefix <= new.prefix; at--) {
        if (levels[at - 1].prefix == new.prefix)
            return false;
    }
    memmove(levels + at + 1, levels + at, (n - at) * sizeof(*levels));
    levels[at] = new;
    return true;
}

int levels_parse(struct slice text, const struct levels_bounds *bounds,
                 struct level ret[static NETBLOCK_LEVELS_MAX], size_t *ret_n,
                 char ret_error[static LEVELS_ERROR_MAX])
{
    struct level levels[NETBLOCK_LEVELS_MAX], new;
    struct slice word;
    size_t n = 0;

    for (; words_next(&text, &word); n++) {
        if (n == NETBLOCK_LEVELS_MAX) {
            snprintf(ret_error, LEVELS_ERROR_MAX, "write at most %d levels", NETBLOCK_LEVELS_MAX);
            return -EINVAL;
        }
        if (parse_level(word, bounds, &new, ret_error) < 0)
            return -EINVAL;
        if (!insert(levels, n, new)) {
            snprintf(ret_error, LEVELS_ERROR_MAX, "/%d stands there twice", new.prefix);
            return -EINVAL;
        }
    }
    memcpy(ret, levels, n * sizeof(*levels));
    *ret_n = n;
    return 0;
}

void levels_complete(struct level *levels, size_t n, usec_t findtime, usec_t bantime)
{
    for (size_t i = 0; i < n; i++) {
        levels[i].findtime = levels[i].findtime ? levels[i].findtime : findtime;
        levels[i].bantime = levels[i].bantime ? levels[i].bantime : bantime;
    }
}
