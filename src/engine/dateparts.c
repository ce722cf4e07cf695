// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/dateparts.h"

#include "base/take.h"
#include "engine/zonename.h"

enum { DAY = 86400, DIGITS_MAX = 9 };

static const char *const names[PART_N] = {
    [PART_YEAR] = "Y",         [PART_YEAR2] = "y",
    [PART_MONTH] = "m",        [PART_MONTH_NAME] = "B",
    [PART_MONTH_SHORT] = "b",  [PART_DAY] = "d",
    [PART_YEARDAY] = "j",      [PART_WEEKDAY] = "w",
    [PART_WEEKDAY_NAME] = "A", [PART_WEEKDAY_SHORT] = "a",
    [PART_WEEK_SUNDAY] = "U",  [PART_WEEK_MONDAY] = "W",
    [PART_HOUR] = "H",         [PART_HOUR12] = "I",
    [PART_AMPM] = "p",         [PART_MINUTE] = "M",
    [PART_SECOND] = "S",       [PART_FRACTION] = "f",
    [PART_ZONE] = "z",         [PART_ZONE_NAME] = "Z",
    [PART_EPOCH] = "_epoch",   [PART_LONG_EPOCH] = "_lepoch",
    [PART_TAI64N] = "_tai64n",
};

static const char *const months[12] = {"January",   "February", "March",    "April",
                                       "May",       "June",     "July",     "August",
                                       "September", "October",  "November", "December"};
static const char *const weekdays[7] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                        "Thursday", "Friday", "Saturday"};

enum date_part datepart_named(const char *name)
{
    enum date_part part = 0;

    while (part < PART_N && strcmp(names[part], name) != 0)
        part++;
    return part;
}

static bool has(const struct dateparts *p, enum date_part part)
{
    return p->part[part].p;
}

// A group may be the user's own, so that it holds anything.
static bool read_number(struct slice text, int64_t *ret)
{
    int64_t value = 0;

    text = slice_trim(text);
    if (text.n == 0 || text.n > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        if (!is_digit(text.p[i]))
            return false;
        value = value * 10 + (text.p[i] - '0');
    }
    *ret = value;
    return true;
}

// A part within bounds. Leaves *ret alone where the part is not there.
static bool get(const struct dateparts *p, enum date_part part, int64_t least, int64_t most,
                int64_t *ret)
{
    int64_t value;

    if (!has(p, part))
        return true;
    if (!read_number(p->part[part], &value) || value < least || value > most)
        return false;
    *ret = value;
    return true;
}

// One of n names, whole or its first letters; 0 is the first.
static bool get_name(const struct dateparts *p, enum date_part part, const char *const *name,
                     int64_t n, size_t letters, int64_t *ret)
{
    struct slice text = p->part[part];

    if (!has(p, part))
        return true;
    for (int64_t i = 0; i < n; i++) {
        size_t length = letters ? letters : strlen(name[i]);
        if (text.n == length && strncasecmp(text.p, name[i], length) == 0) {
            *ret = i;
            return true;
        }
    }
    return false;
}

// The date as far as it is told; -1: not.
struct date {
    int64_t year, month, mday, yearday, weekday, week;
    bool monday; // weeks begin on it
};

static bool read_date(const struct dateparts *p, struct date *ret)
{
    struct date d = {-1, -1, -1, -1, -1, -1, has(p, PART_WEEK_MONDAY)};
    int64_t month = -1;

    if (!get(p, PART_YEAR2, 0, 99, &d.year))
        return false;
    if (d.year >= 0)
        d.year += 2000;
    if (!get_name(p, PART_MONTH_NAME, months, 12, 0, &month) ||
        !get_name(p, PART_MONTH_SHORT, months, 12, 3, &month))
        return false;
    if (month >= 0)
        d.month = month + 1;
    if (!get(p, PART_YEAR, 1970, 9999, &d.year) || !get(p, PART_MONTH, 1, 12, &d.month) ||
        !get(p, PART_DAY, 1, 31, &d.mday) || !get(p, PART_YEARDAY, 1, 366, &d.yearday) ||
        !get(p, PART_WEEKDAY, 0, 6, &d.weekday) ||
        !get_name(p, PART_WEEKDAY_NAME, weekdays, 7, 0, &d.weekday) ||
        !get_name(p, PART_WEEKDAY_SHORT, weekdays, 7, 3, &d.weekday) ||
        !get(p, PART_WEEK_SUNDAY, 0, 53, &d.week) || !get(p, PART_WEEK_MONDAY, 0, 53, &d.week))
        return false;
    *ret = d;
    return true;
}

// Of the twelve hours' clock where %p stands beside it, which may be missing or show 13 to 23.
static bool read_hour(const struct dateparts *p, int64_t *ret)
{
    struct slice half = p->part[PART_AMPM];
    bool afternoon = half.n > 0 && (half.p[0] | 0x20) == 'p';
    int64_t hour = 0;

    if (!get(p, PART_HOUR12, 0, 23, &hour))
        return false;
    if (has(p, PART_HOUR12))
        hour = (hour == 12 ? 0 : hour) + (afternoon ? 12 : 0);
    if (hour > 23 || !get(p, PART_HOUR, 0, 23, &hour))
        return false;
    *ret = hour;
    return true;
}

// Seconds of the day, a leap second included.
static bool read_second(const struct dateparts *p, uint32_t *ret)
{
    int64_t hour, minute = 0, second = 0;

    if (!read_hour(p, &hour) || !get(p, PART_MINUTE, 0, 59, &minute) ||
        !get(p, PART_SECOND, 0, 60, &second))
        return false;
    *ret = (uint32_t)(hour * 3600 + minute * 60 + second);
    return true;
}

static bool read_zone(const struct dateparts *p, const int32_t **ret, int32_t *offset)
{
    struct slice zone = p->part[has(p, PART_ZONE) ? PART_ZONE : PART_ZONE_NAME];

    if (!zone.p)
        return true;
    if (!zonename_read(zone, offset))
        return false;
    *ret = offset;
    return true;
}

// Where the clock on the wall is read.
struct place {
    struct wall *wall;
    const int32_t *offset; // as the line says; NULL: as the wall has it
    usec_t now;
};

static int64_t place_utc(const struct place *at, int64_t local)
{
    return at->offset ? local - *at->offset : wall_to_utc(at->wall, local);
}

static int64_t place_today(const struct place *at)
{
    int64_t local = at->offset ? (int64_t)(at->now / USEC_PER_SEC) + *at->offset
                               : wall_from_utc(at->wall, at->now);

    return local / DAY;
}

static bool is_after(const struct place *at, int64_t day, uint32_t second, int64_t slack)
{
    return place_utc(at, day * DAY + second) > (int64_t)(at->now / USEC_PER_SEC) + slack;
}

static bool day_of_month(const struct date *d, const struct place *at, uint32_t second,
                         int64_t *ret_day)
{
    if (d->year < 0)
        return wall_find_day(at->wall, (unsigned)d->month, (unsigned)d->mday, second, at->offset,
                             at->now, ret_day);
    if (d->mday > days_in_month(d->year, (unsigned)d->month))
        return false;
    *ret_day = days_from_civil(d->year, (unsigned)d->month, (unsigned)d->mday);
    return true;
}

// The day that a week of the year and a weekday name: the first week begins on the year's first
// Sunday or Monday, what comes before it is week 0.
static int64_t day_of_week(const struct date *d, int64_t new_year)
{
    int64_t first = d->monday ? 1 : 0;
    int64_t weekday = (d->weekday - first + 7) % 7, begins = (new_year + 4 - first) % 7;

    return new_year + (begins == 0 ? -7 : -begins) + 7 * d->week + weekday;
}

static bool day_of_year(const struct date *d, const struct place *at, uint32_t second,
                        int64_t *ret_day)
{
    int64_t year = d->year;
    unsigned month, mday;

    if (year < 0)
        civil_from_days(place_today(at), &year, &month, &mday);
    for (bool again = true; again; year--) {
        int64_t new_year = days_from_civil(year, 1, 1);
        *ret_day = d->yearday >= 0 ? new_year + d->yearday - 1 : day_of_week(d, new_year);
        again = again && d->year < 0 && is_after(at, *ret_day, second, DAY);
        if (again && year < 1972)
            return false;
    }
    return true;
}

static bool find_day(const struct date *d, const struct place *at, uint32_t second,
                     int64_t *ret_day)
{
    if (d->month >= 0 && d->mday >= 0)
        return day_of_month(d, at, second, ret_day);
    if (d->month >= 0 || d->mday >= 0)
        return false;
    if (d->yearday >= 0 || (d->week >= 0 && d->weekday >= 0))
        return day_of_year(d, at, second, ret_day);
    if (d->year >= 0)
        return false;
    *ret_day = place_today(at);
    if (is_after(at, *ret_day, second, 0))
        *ret_day -= 1;
    return true;
}

static bool make_time(int64_t seconds, struct slice fraction, usec_t *ret)
{
    uint32_t micro = 0;

    if (seconds < 0 || (fraction.n > 0 && !take_fraction(&fraction, &micro)))
        return false;
    *ret = (usec_t)seconds * USEC_PER_SEC + micro;
    return true;
}

// "1740722883", "1740722883.5"; a long one may also be "1740722883123", with or without ".5", or
// "1740722883123456".
static bool epoch_time(struct slice text, bool is_long, usec_t *ret)
{
    const char *point = memchr(text.p, '.', text.n);
    size_t digits = point ? (size_t)(point - text.p) : text.n;
    uint64_t unit = USEC_PER_SEC, value = 0;
    uint32_t rest = 0;
    struct slice fraction = slice_from(text, digits + 1);

    if (is_long && text.n >= 13)
        unit = text.n >= 16 && !point ? 1 : 1000;
    if (digits > 16 || (fraction.n > 0 && !take_fraction(&fraction, &rest)))
        return false;
    for (size_t i = 0; i < digits; i++) {
        if (!is_digit(text.p[i]))
            return false;
        value = value * 10 + (uint64_t)(text.p[i] - '0');
    }
    if (value > INT64_MAX / unit)
        return false;
    *ret = value * unit + rest / (USEC_PER_SEC / unit);
    return true;
}

// "@4" and 15 hexadecimal digits: seconds since 1970, as fail2ban reads them (without TAI's own ten
// seconds). Behind them stand nanoseconds, 8 digits.
static bool tai_time(struct slice text, usec_t *ret)
{
    uint64_t value = 0;

    if (text.n < 17)
        return false;
    for (size_t i = 2; i < 17; i++) {
        char c = text.p[i];
        if (!is_digit(c) && (c < 'a' || c > 'f'))
            return false;
        value = value << 4 | (uint64_t)(is_digit(c) ? c - '0' : c - 'a' + 10);
    }
    if (value > UINT32_MAX)
        return false;
    *ret = value * USEC_PER_SEC;
    return true;
}

bool dateparts_time(const struct dateparts *parts, struct wall *w, usec_t now, usec_t *ret)
{
    struct place at = {.wall = w, .now = now};
    struct date date;
    int32_t offset;
    uint32_t second;
    int64_t day;

    if (has(parts, PART_EPOCH))
        return epoch_time(parts->part[PART_EPOCH], false, ret);
    if (has(parts, PART_LONG_EPOCH))
        return epoch_time(parts->part[PART_LONG_EPOCH], true, ret);
    if (has(parts, PART_TAI64N))
        return tai_time(parts->part[PART_TAI64N], ret);
    if (!read_date(parts, &date) || !read_second(parts, &second) ||
        !read_zone(parts, &at.offset, &offset) || !find_day(&date, &at, second, &day))
        return false;
    return make_time(place_utc(&at, day * DAY + second), parts->part[PART_FRACTION], ret);
}
