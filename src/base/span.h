// SPDX-License-Identifier: GPL-2.0-or-later
// Times and durations in microseconds. A time is UTC, since 1970.
#pragma once

#include "base/slice.h"

#include <stdint.h>

typedef uint64_t usec_t;

#define USEC_PER_SEC UINT64_C(1000000)
#define USEC_PER_DAY (UINT64_C(86400) * USEC_PER_SEC)
#define USEC_FOREVER UINT64_MAX // a span that does not end; also a time that never comes

enum { SPAN_TEXT_MAX = 32, TIME_TEXT_MAX = 40 };

// fail2ban's durations: "600", "10m", "1w", "1h 30m", "1d12h", "1mo", "1y-6mo", "1.5h", "24*3600";
// -1 is USEC_FOREVER. Units: s sec m min h hour d day w week mo month y year and their plurals, in
// any case; a year is 365.25 days, a month a twelfth of it. -EINVAL for anything else, and for a
// result below zero.
int span_parse(struct slice text, usec_t *ret);

// The shortest text that reads well: "1w", "10m", "1h 30m", "forever". Seconds are the smallest
// unit.
size_t span_format(usec_t span, char ret[static SPAN_TEXT_MAX]);

// RFC 3339 in UTC: "2026-02-28T06:08:03Z", with ".123456" only where there are microseconds.
size_t time_format(usec_t t, char ret[static TIME_TEXT_MAX]);

// An epoch ("1740722883", "1740722883.5") or RFC 3339 ("2026-02-28T06:08:03.5+01:00"). -EINVAL.
int time_parse(struct slice text, usec_t *ret);

// Days since 1970-01-01 of a date in the proleptic Gregorian calendar, and back (Howard Hinnant,
// "chrono-Compatible Low-Level Date Algorithms"). month 1..12, day 1..31; not checked.
int64_t days_from_civil(int64_t year, unsigned month, unsigned day);
void civil_from_days(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day);

// 28 to 31; month 1..12.
unsigned days_in_month(int64_t year, unsigned month);

static inline usec_t usec_add(usec_t t, usec_t span)
{
    return span > USEC_FOREVER - t ? USEC_FOREVER : t + span;
}

static inline usec_t usec_sub(usec_t t, usec_t span)
{
    return span > t ? 0 : t - span;
}
