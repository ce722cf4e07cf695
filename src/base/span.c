// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/span.h"

#include "base/take.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static const struct unit {
    const char *name;
    double seconds;
} units[] = {
    {"s", 1},           {"ss", 1},           {"se", 1},
    {"sec", 1},         {"secs", 1},         {"second", 1},
    {"seconds", 1},     {"m", 60},           {"mm", 60},
    {"mi", 60},         {"min", 60},         {"mins", 60},
    {"minute", 60},     {"minutes", 60},     {"h", 3600},
    {"hh", 3600},       {"ho", 3600},        {"hou", 3600},
    {"hour", 3600},     {"hours", 3600},     {"d", 86400},
    {"dd", 86400},      {"da", 86400},       {"day", 86400},
    {"days", 86400},    {"w", 604800},       {"ww", 604800},
    {"we", 604800},     {"wee", 604800},     {"week", 604800},
    {"weeks", 604800},  {"mo", 2629800},     {"mon", 2629800},
    {"month", 2629800}, {"months", 2629800}, {"y", 31557600},
    {"yy", 31557600},   {"ye", 31557600},    {"yea", 31557600},
    {"year", 31557600}, {"years", 31557600},
};

static int find_unit(struct slice name, double *ret)
{
    if (name.n == 0) {
        *ret = 1;
        return 0;
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (name.n == strlen(units[i].name) && strncasecmp(name.p, units[i].name, name.n) == 0) {
            *ret = units[i].seconds;
            return 0;
        }
    }
    return -EINVAL;
}

// "30m": advances text behind it.
static int read_factor(struct slice *text, double *ret)
{
    struct slice s = slice_trim(*text), name;
    double value = 0, place = 1, seconds;
    size_t digits = 0;
    int r;

    for (; s.n > 0 && is_digit(s.p[0]); s = slice_from(s, 1), digits++)
        value = value * 10 + (s.p[0] - '0');
    if (s.n > 0 && s.p[0] == '.')
        for (s = slice_from(s, 1); s.n > 0 && is_digit(s.p[0]); s = slice_from(s, 1), digits++)
            value += (s.p[0] - '0') * (place /= 10);
    if (digits == 0)
        return -EINVAL;
    s = slice_trim(s);
    for (name = (struct slice){s.p, 0}; name.n < s.n && is_letter(s.p[name.n]);)
        name.n++;
    r = find_unit(name, &seconds);
    if (r < 0)
        return r;
    *ret = value * seconds;
    *text = slice_trim(slice_from(s, name.n));
    return 0;
}

// One term, "-6mo" or "24 * 3600".
static int read_term(struct slice *text, double *ret)
{
    struct slice s = *text;
    double sign = take_char(&s, '-') ? -1 : 1, value = 0, factor;
    int r;

    if (sign > 0)
        take_char(&s, '+');
    r = read_factor(&s, &value);
    while (r == 0 && take_char(&s, '*')) {
        r = read_factor(&s, &factor);
        value = r == 0 ? value * factor : value;
    }
    if (r < 0)
        return r;
    *ret = sign * value;
    *text = s;
    return 0;
}

int span_parse(struct slice text, usec_t *ret)
{
    struct slice s = slice_trim(text);
    double total = 0, term;
    int r;

    if (slice_is(s, "-1")) {
        *ret = USEC_FOREVER;
        return 0;
    }
    if (s.n == 0)
        return -EINVAL;
    while (s.n > 0) {
        r = read_term(&s, &term);
        if (r < 0)
            return r;
        total += term;
    }
    // Written so that a NaN (infinity less infinity, from absurdly many digits) fails as well.
    if (!(total >= 0 && total <= 1e12))
        return -EINVAL;
    *ret = (usec_t)llround(total * 1e6);
    return 0;
}

size_t span_format(usec_t span, char ret[static SPAN_TEXT_MAX])
{
    static const struct {
        char name;
        uint64_t seconds;
    } steps[] = {{'w', 604800}, {'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    uint64_t left = span / USEC_PER_SEC;
    size_t n = 0, parts = 0;

    if (span == USEC_FOREVER)
        return (size_t)snprintf(ret, SPAN_TEXT_MAX, "forever");
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && parts < 2; i++) {
        uint64_t count = left / steps[i].seconds;
        if (count == 0)
            continue;
        left -= count * steps[i].seconds;
        n += (size_t)snprintf(ret + n, SPAN_TEXT_MAX - n, "%s%llu%c", parts ? " " : "",
                              (unsigned long long)count, steps[i].name);
        parts++;
    }
    return parts ? n : (size_t)snprintf(ret, SPAN_TEXT_MAX, "0s");
}

int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    unsigned yoe = (unsigned)(y - era * 400);
    unsigned doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * 146097 + (int64_t)doe - 719468;
}

void civil_from_days(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day)
{
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    unsigned doe = (unsigned)(z - era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;

    *ret_day = doy - (153 * mp + 2) / 5 + 1;
    *ret_month = mp < 10 ? mp + 3 : mp - 9;
    *ret_year = (int64_t)yoe + era * 400 + (*ret_month <= 2);
}

unsigned days_in_month(int64_t year, unsigned month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && leap);
}

size_t time_format(usec_t t, char ret[static TIME_TEXT_MAX])
{
    uint64_t seconds = t / USEC_PER_SEC, micro = t % USEC_PER_SEC, day_second = seconds % 86400;
    int64_t year;
    unsigned month, day;
    size_t n;

    if (t == USEC_FOREVER)
        return (size_t)snprintf(ret, TIME_TEXT_MAX, "never");
    civil_from_days((int64_t)(seconds / 86400), &year, &month, &day);
    n = (size_t)snprintf(ret, TIME_TEXT_MAX, "%04lld-%02u-%02uT%02u:%02u:%02u", (long long)year,
                         month, day, (unsigned)(day_second / 3600),
                         (unsigned)(day_second / 60 % 60), (unsigned)(day_second % 60));
    if (micro)
        n += (size_t)snprintf(ret + n, TIME_TEXT_MAX - n, ".%06u", (unsigned)micro);
    return n + (size_t)snprintf(ret + n, TIME_TEXT_MAX - n, "Z");
}

static int parse_epoch(struct slice s, usec_t *ret)
{
    usec_t seconds = 0;
    uint32_t micro = 0;
    size_t digits = 0;

    for (; s.n > 0 && is_digit(s.p[0]); s = slice_from(s, 1), digits++)
        seconds = seconds * 10 + (usec_t)(s.p[0] - '0');
    if (digits == 0 || digits > 12)
        return -EINVAL;
    if ((take_char(&s, '.') && !take_fraction(&s, &micro)) || s.n > 0)
        return -EINVAL;
    *ret = seconds * USEC_PER_SEC + micro;
    return 0;
}

int time_parse(struct slice text, usec_t *ret)
{
    struct slice s = slice_trim(text);
    int64_t days, seconds;
    uint32_t clock, micro = 0;
    int32_t offset = 0;

    if (parse_epoch(s, ret) == 0)
        return 0;
    if (!take_date(&s, &days) ||
        (!take_char(&s, 'T') && !take_char(&s, 't') && !take_char(&s, ' ')) ||
        !take_clock(&s, &clock))
        return -EINVAL;
    if (take_char(&s, '.') && !take_fraction(&s, &micro))
        return -EINVAL;
    if (s.n > 0 && (!take_offset(&s, &offset) || s.n > 0))
        return -EINVAL;
    seconds = days * 86400 + clock - offset;
    if (seconds < 0)
        return -EINVAL;
    *ret = (usec_t)seconds * USEC_PER_SEC + micro;
    return 0;
}
