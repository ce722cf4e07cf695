// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/words.h"

#include <errno.h>

static bool separates(char c)
{
    return c == ' ' || c == ',' || c == '\n' || c == '\t';
}

bool words_next(struct slice *text, struct slice *ret_word)
{
    size_t n = 0;

    while (text->n > 0 && separates(text->p[0]))
        *text = slice_from(*text, 1);
    while (n < text->n && !separates(text->p[n]))
        n++;
    if (n == 0)
        return false;
    *ret_word = (struct slice){text->p, n};
    *text = slice_from(*text, n);
    return true;
}

int words_number(struct slice text, uint32_t least, uint32_t most, uint32_t *ret)
{
    uint64_t value = 0;

    if (text.n == 0)
        return -EINVAL;
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return -EINVAL;
        if (value <= UINT32_MAX)
            value = value * 10 + (uint64_t)(text.p[i] - '0');
    }
    if (value < least || value > most)
        return -ERANGE;
    *ret = (uint32_t)value;
    return 0;
}
