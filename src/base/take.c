// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/take.h"

#include "base/span.h"

#include <endian.h>

bool take_date(struct slice *s, int64_t *ret_days)
{
    struct slice t = *s;
    unsigned year, month, day;

    if (!take_number(&t, 4, 1970, 9999, &year) || !take_char(&t, '-') ||
        !take_number(&t, 2, 1, 12, &month) || !take_char(&t, '-') ||
        !take_number(&t, 2, 1, days_in_month(year, month), &day))
        return false;
    *ret_days = days_from_civil(year, month, day);
    *s = t;
    return true;
}

bool take_clock(struct slice *s, uint32_t *ret_seconds)
{
    struct slice t = *s;
    unsigned hour, minute, second;

    if (!take_number(&t, 2, 0, 23, &hour) || !take_char(&t, ':') ||
        !take_number(&t, 2, 0, 59, &minute) || !take_char(&t, ':') ||
        !take_number(&t, 2, 0, 60, &second))
        return false;
    *ret_seconds = hour * 3600 + minute * 60 + second;
    *s = t;
    return true;
}

// Six digits at once, as most programs write a fraction.
static bool read_six(const char *p, uint32_t *ret)
{
    uint32_t four;
    uint16_t two;
    uint64_t digits;

    memcpy(&four, p, sizeof(four));
    memcpy(&two, p + sizeof(four), sizeof(two));
    digits = ((uint64_t)le16toh(two) << 32 | le32toh(four)) ^ UINT64_C(0x303030303030);
    if ((digits | (digits + UINT64_C(0x767676767676))) & UINT64_C(0x808080808080))
        return false;
    digits = digits * 10 + (digits >> 8); // every other byte: two digits
    *ret = (uint32_t)((digits & 255) * 10000 + (digits >> 16 & 255) * 100 + (digits >> 32 & 255));
    return true;
}

bool take_fraction(struct slice *s, uint32_t *ret_micro)
{
    size_t n = 6;

    if (s->n < n || !read_six(s->p, ret_micro)) {
        uint32_t micro = 0, place = 100000;
        for (n = 0; n < s->n && is_digit(s->p[n]); n++, place /= 10)
            micro += (uint32_t)(s->p[n] - '0') * place;
        if (n == 0)
            return false;
        *ret_micro = micro;
    }
    while (n < s->n && is_digit(s->p[n]))
        n++;
    *s = slice_from(*s, n);
    return true;
}

bool take_offset(struct slice *s, int32_t *ret_seconds)
{
    struct slice t = *s;
    unsigned hours, minutes = 0;
    bool west = take_char(&t, '-');

    if (take_char(&t, 'Z') || take_char(&t, 'z')) {
        if (west)
            return false;
        *ret_seconds = 0;
        *s = t;
        return true;
    }
    if ((!west && !take_char(&t, '+')) || !take_number(&t, 2, 0, 23, &hours))
        return false;
    struct slice behind = t;
    take_char(&behind, ':');
    if (take_number(&behind, 2, 0, 59, &minutes))
        t = behind;
    *ret_seconds = (west ? -1 : 1) * (int32_t)(hours * 3600 + minutes * 60);
    *s = t;
    return true;
}
