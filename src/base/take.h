// SPDX-License-Identifier: GPL-2.0-or-later
// Takes small things off the front of a slice. What does not fit leaves the slice as it was.
#pragma once

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static inline void take_blanks(struct slice *s)
{
    while (s->n > 0 && is_blank(s->p[0]))
        s->p++, s->n--;
}

static inline bool take_char(struct slice *s, char c)
{
    if (s->n == 0 || s->p[0] != c)
        return false;
    s->p++, s->n--;
    return true;
}

static inline bool take_text(struct slice *s, const char *text)
{
    if (!slice_starts(*s, text))
        return false;
    *s = slice_from(*s, strlen(text));
    return true;
}

// A number of exactly so many digits, within bounds.
static inline bool take_number(struct slice *s, size_t digits, unsigned least, unsigned most,
                               unsigned *ret)
{
    unsigned value = 0;

    if (s->n < digits)
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (!is_digit(s->p[i]))
            return false;
        value = value * 10 + (unsigned)(s->p[i] - '0');
    }
    if (value < least || value > most)
        return false;
    s->p += digits, s->n -= digits;
    *ret = value;
    return true;
}

// "2026-02-28", a date that exists, from 1970 on: days since then.
bool take_date(struct slice *s, int64_t *ret_days);

// "23:59:60": seconds of the day, a leap second included.
bool take_clock(struct slice *s, uint32_t *ret_seconds);

// "701766", at least one digit; those beyond the sixth are dropped: microseconds.
bool take_fraction(struct slice *s, uint32_t *ret_micro);

// "Z", "+01:00", "-0530", "+01": seconds east of UTC.
bool take_offset(struct slice *s, int32_t *ret_seconds);
