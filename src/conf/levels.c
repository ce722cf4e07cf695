// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/levels.h"

#include "conf/words.h"

#include <errno.h>
#include <stdio.h>

// "24:4:12" into its three numbers.
static int split(struct slice word, uint32_t ret[static 3])
{
    for (size_t i = 0; i < 3; i++) {
        const char *colon = word.n > 0 ? memchr(word.p, ':', word.n) : NULL;
        size_t n = colon ? (size_t)(colon - word.p) : word.n;
        if ((i < 2) != (colon != NULL) ||
            words_number((struct slice){word.p, n}, 0, 65535, &ret[i]) < 0)
            return -EINVAL;
        word = slice_from(word, n + 1);
    }
    return 0;
}

static int parse_level(struct slice word, unsigned widest, unsigned narrowest, struct level *ret,
                       char *error)
{
    int n = word.n > 40 ? 40 : (int)word.n;
    uint32_t number[3];

    if (split(word, number) < 0)
        snprintf(error, LEVELS_ERROR_MAX, "'%.*s': write PREFIX:HOSTS:HITS, e.g. %u:4:12", n,
                 word.p, narrowest - 7);
    else if (number[0] < widest || number[0] > narrowest)
        snprintf(error, LEVELS_ERROR_MAX, "'%.*s': write a prefix from %u to %u", n, word.p, widest,
                 narrowest);
    else if (number[1] < 1 || number[1] > NETBLOCK_HOSTS_MAX)
        snprintf(error, LEVELS_ERROR_MAX, "'%.*s': write from 1 to %d hosts", n, word.p,
                 NETBLOCK_HOSTS_MAX);
    else if (number[2] < number[1] || number[2] > NETBLOCK_HITS_MAX)
        snprintf(error, LEVELS_ERROR_MAX, "'%.*s': write from %u hits (as many as hosts) to %d", n,
                 word.p, number[1], NETBLOCK_HITS_MAX);
    else {
        *ret = (struct level){(uint8_t)number[0], (uint16_t)number[1], (uint16_t)number[2]};
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

int levels_parse(struct slice text, unsigned widest, unsigned narrowest,
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
        if (parse_level(word, widest, narrowest, &new, ret_error) < 0)
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
