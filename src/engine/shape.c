// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/shape.h"

#include "base/span.h"
#include "base/take.h"

static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
static const char weekdays[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

static bool is_alnum(char c)
{
    return is_digit(c) || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

static bool ends_word(struct slice s)
{
    return s.n == 0 || s.p[0] == ' ' || s.p[0] == ']';
}

// One of n names of three letters; 1 is the first.
static bool take_name(struct slice *s, const char (*name)[4], unsigned n, unsigned *ret)
{
    if (s->n < 3)
        return false;
    for (unsigned i = 0; i < n; i++) {
        if (s->p[0] == name[i][0] && s->p[1] == name[i][1] && s->p[2] == name[i][2]) {
            *s = slice_from(*s, 3);
            *ret = i + 1;
            return true;
        }
    }
    return false;
}

// "22", " 1" or "1".
static bool take_mday(struct slice *s, unsigned most, unsigned *ret)
{
    struct slice t = *s;

    if (!take_number(&t, 2, 1, most, ret)) {
        take_char(&t, ' ');
        if (!take_number(&t, 1, 1, 9, ret))
            return false;
    }
    *s = t;
    return true;
}

static void until(struct slice start, struct slice rest, struct shape *ret)
{
    ret->date = (struct slice){start.p, (size_t)(rest.p - start.p)};
}

// " 2026", as asctime(3) has it. What follows it must be a space: "2001:db8::1" is a host.
static bool take_year(struct slice *s, unsigned *ret)
{
    struct slice t = *s;

    if (!take_char(&t, ' ') || !take_number(&t, 4, 1970, 2199, ret) || !ends_word(t))
        return false;
    *s = t;
    return true;
}

// "[Sun ]Nov 22 03:12:34[.5][ 2026]"
static bool find_syslog(struct slice text, struct shape *ret)
{
    struct slice s = text;
    unsigned weekday, year;

    if (s.n == 0 || is_digit(s.p[0]))
        return false;
    if (take_name(&s, weekdays, 7, &weekday) && !take_char(&s, ' '))
        return false;
    if (!take_name(&s, months, 12, &ret->month) || !take_char(&s, ' ') ||
        !take_mday(&s, days_in_month(2000, ret->month), &ret->mday) || !take_char(&s, ' ') ||
        !take_clock(&s, &ret->second))
        return false;
    if (take_char(&s, '.') && !take_fraction(&s, &ret->micro))
        return false;
    ret->kind = SHAPE_YEARLESS;
    if (take_year(&s, &year)) {
        if (ret->mday > days_in_month(year, ret->month))
            return false;
        ret->day = days_from_civil(year, ret->month, ret->mday);
        ret->kind = SHAPE_DATED;
    }
    until(text, s, ret);
    return true;
}

// The zone at the end of a date, right behind it or after a space, as fail2ban's %z takes it.
static void take_zone(struct slice *s, struct shape *ret)
{
    struct slice t = *s;
    int32_t offset = 0;

    take_char(&t, ' ');
    if (!take_text(&t, "UTC") && !take_text(&t, "GMT") && !take_offset(&t, &offset))
        return;
    if (t.n > 0 && is_alnum(t.p[0]))
        return;
    ret->offset = offset;
    ret->has_offset = true;
    *s = t;
}

// "2026-11-22T03:09:35[.701766][+00:00]"
static bool find_iso(struct slice text, struct shape *ret)
{
    struct slice s = text;

    if (!take_date(&s, &ret->day) || (!take_char(&s, 'T') && !take_char(&s, ' ')) ||
        !take_clock(&s, &ret->second))
        return false;
    if ((take_char(&s, '.') || take_char(&s, ',')) && !take_fraction(&s, &ret->micro))
        return false;
    take_zone(&s, ret);
    ret->kind = SHAPE_DATED;
    until(text, s, ret);
    return true;
}

// "1740722883[.123]": ten digits, which is 2001 to 2286.
static bool find_epoch(struct slice text, struct shape *ret)
{
    struct slice s = text;
    unsigned high, low;

    if (!take_number(&s, 5, 10000, 99999, &high) || !take_number(&s, 5, 0, 99999, &low))
        return false;
    if (take_char(&s, '.') && !take_fraction(&s, &ret->micro))
        return false;
    uint64_t epoch = (uint64_t)high * 100000 + low;
    ret->day = (int64_t)(epoch / 86400);
    ret->second = (uint32_t)(epoch % 86400);
    ret->has_offset = true;
    ret->kind = SHAPE_DATED;
    until(text, s, ret);
    return true;
}

// "Fri, 13 Feb 2015 14:00:43 +0800"
static bool find_mail_date(struct slice text, struct shape *ret)
{
    struct slice s = text;
    unsigned weekday, year, mday;

    if (!take_name(&s, weekdays, 7, &weekday) || !take_text(&s, ", ") ||
        !take_mday(&s, 31, &mday) || !take_char(&s, ' ') ||
        !take_name(&s, months, 12, &ret->month) || !take_char(&s, ' ') ||
        !take_number(&s, 4, 1970, 9999, &year) || mday > days_in_month(year, ret->month) ||
        !take_char(&s, ' ') || !take_clock(&s, &ret->second))
        return false;
    take_zone(&s, ret);
    ret->day = days_from_civil(year, ret->month, mday);
    ret->kind = SHAPE_DATED;
    until(text, s, ret);
    return ret->has_offset;
}

static size_t span_of(struct slice s, bool (*is)(char))
{
    size_t n = 0;

    while (n < s.n && is(s.p[n]))
        n++;
    return n;
}

static bool is_address(char c)
{
    return is_hex(c) || c == '.' || c == ':';
}

// IceWarp's columns, an address or SYSTEM padded with spaces, and the thread: "[01E9] ".
static bool take_columns(struct slice *s)
{
    struct slice t = *s;
    size_t thread;

    if (!take_text(&t, "SYSTEM"))
        t = slice_from(t, span_of(t, is_address));
    if (t.p == s->p || t.n == 0 || t.p[0] != ' ')
        return false;
    while (take_char(&t, ' '))
        ;
    if (!take_char(&t, '['))
        return false;
    thread = span_of(t, is_hex);
    t = slice_from(t, thread);
    if (thread < 4 || thread > 8 || !take_text(&t, "] "))
        return false;
    *s = t;
    return true;
}

static bool find_icewarp(struct slice text, struct shape *ret)
{
    struct slice s = text, clock;

    if (!take_columns(&s))
        return false;
    if (find_mail_date(s, ret))
        return true;
    clock = s;
    if (!take_clock(&s, &ret->second))
        return false;
    ret->kind = SHAPE_CLOCK;
    until(clock, s, ret);
    return true;
}

// "<34>", and RFC 5424's version behind it.
static void skip_priority(struct slice *s)
{
    struct slice t = *s;
    size_t digits;

    if (!take_char(&t, '<'))
        return;
    digits = span_of(t, is_digit);
    t = slice_from(t, digits);
    if (digits == 0 || digits > 3 || !take_char(&t, '>'))
        return;
    take_text(&t, "1 ");
    *s = t;
}

static bool (*const finders[])(struct slice, struct shape *) = {
    find_syslog,
    find_iso,
    find_epoch,
    find_icewarp,
};

bool shape_find(struct slice text, struct shape *ret)
{
    struct slice s = text, rest;
    bool square;

    skip_priority(&s);
    square = take_char(&s, '[');
    for (size_t i = 0; i < sizeof(finders) / sizeof(finders[0]); i++) {
        struct shape shape = {0};
        if (!finders[i](s, &shape))
            continue;
        rest = slice_from(text, (size_t)(shape.date.p + shape.date.n - text.p));
        if (square ? rest.n == 0 || rest.p[0] != ']' : rest.n > 0 && is_alnum(rest.p[0]))
            return false;
        *ret = shape;
        return true;
    }
    return false;
}

bool shape_greeting(struct slice behind, struct shape *ret)
{
    // Only what the server says, and only before the client has said anything: a client that could
    // set the date of a log could put its failures outside of every findtime.
    static const char *const greetings[] = {" >>> 220 ", " >>> +OK ", " >>> * OK "};
    bool greets = false;

    for (size_t i = 0; i < sizeof(greetings) / sizeof(greetings[0]); i++)
        greets |= slice_starts(behind, greetings[i]);
    for (size_t i = 3; greets && i < behind.n; i++) {
        struct shape shape = {0};
        if (behind.p[i] != ',' || !find_mail_date(slice_from(behind, i - 3), &shape))
            continue;
        *ret = shape;
        return true;
    }
    return false;
}

static bool take_compact_date(struct slice s, int64_t *ret_day)
{
    unsigned year, month, mday;

    if (!take_number(&s, 4, 1970, 9999, &year) || !take_number(&s, 2, 1, 12, &month) ||
        !take_number(&s, 2, 1, days_in_month(year, month), &mday))
        return false;
    *ret_day = days_from_civil(year, month, mday);
    return true;
}

bool shape_name(struct slice name, int64_t *ret_day)
{
    // The eight digits right before "-NN": a server's number may stand before them.
    for (size_t i = name.n; i-- > 8;) {
        size_t digits = span_of(slice_from(name, i + 1), is_digit);
        if (name.p[i] == '-' && digits == 2 && take_compact_date(slice_from(name, i - 8), ret_day))
            return true;
    }
    return false;
}
