// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/utf8.h"

#include <stdint.h>

// 0 where the bytes are no character; *ret_length is 1 to 4 otherwise.
static uint32_t decode(struct slice text, size_t *ret_length)
{
    static const struct {
        uint8_t mask, lead;
        uint32_t least;
    } forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
    uint32_t value;
    uint8_t first;

    *ret_length = 0;
    if (text.n == 0)
        return 0;
    first = (uint8_t)text.p[0];
    for (size_t extra = 0; extra < 4; extra++) {
        if ((first & forms[extra].mask) != forms[extra].lead)
            continue;
        if (text.n <= extra)
            return 0;
        value = first & (uint8_t)~forms[extra].mask;
        for (size_t i = 1; i <= extra; i++) {
            if (((uint8_t)text.p[i] & 0xc0) != 0x80)
                return 0;
            value = value << 6 | ((uint8_t)text.p[i] & 0x3f);
        }
        if (value < forms[extra].least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
            return 0;
        *ret_length = extra + 1;
        return value;
    }
    return 0;
}

size_t utf8_length(struct slice text)
{
    size_t length;

    decode(text, &length);
    return length;
}

bool utf8_is_harmless(struct slice character)
{
    static const struct {
        uint32_t from, to;
    } harmful[] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0x61c, 0x61c},
        {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069},
    };
    size_t length;
    uint32_t value = decode(character, &length);

    for (size_t i = 0; i < sizeof(harmful) / sizeof(harmful[0]); i++) {
        if (value >= harmful[i].from && value <= harmful[i].to)
            return false;
    }
    return length > 0;
}

size_t utf8_columns(const char *text)
{
    size_t n = 0;

    for (; *text; text++)
        n += ((uint8_t)*text & 0xc0) != 0x80;
    return n;
}
