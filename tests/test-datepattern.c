// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/datepattern.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LINES = 8, PATTERNS = 4 };

// Central Europe in 2025 and 2026, as plain data.
static struct zone_change berlin_changes[] = {{INT64_MIN, 3600},
                                              {1743296400, 7200},
                                              {1761440400, 3600},
                                              {1774746000, 7200},
                                              {1792890000, 3600}};
static const struct zone berlin = {5, berlin_changes};
static const usec_t now = UINT64_C(1795348800) * USEC_PER_SEC; // 2026-11-22 12:00 UTC

static struct datepattern *make(const char *const pattern[static PATTERNS], const int32_t *offset)
{
    struct pattern lines[PATTERNS];
    struct filter_error error;
    struct datepattern *d = NULL;
    size_t n = 0;

    for (; n < PATTERNS && pattern[n]; n++)
        lines[n] = (struct pattern){pattern[n], "f", (unsigned)n + 1};
    if (datepattern_new(lines, n, offset, &d, &error) < 0)
        fail_msg("%s: %s", pattern[0], error.text);
    return d;
}

// The line dated anew: what is cut out of it and its time in UTC, "-" where it has none.
static void check(struct datepattern *d, const char *text, const char *cut, const char *time)
{
    struct line line = {.text = slice_of(text), .date = {text, 0}, .zone = &berlin};
    char got[TIME_TEXT_MAX] = "-";

    datepattern_date(d, now, &line);
    if (line.dated)
        time_format(line.time, got);
    if (!slice_is(line.date, cut) || strcmp(got, time) != 0)
        fail_msg("%s\n  cut  \"%.*s\", not \"%s\"\n  time %s, not %s", text, (int)line.date.n,
                 line.date.p, cut, got, time);
    if (cut[0] == '\0')
        assert_false(line.dated);
}

// What fail2ban finds without a datepattern; each line is the first.
static const struct {
    const char *text, *cut, *time;
} by_default[] = {
    {"2026-11-22 03:12:34 x", "2026-11-22 03:12:34", "2026-11-22T02:12:34Z"},
    {"x [2026-11-22T03:12:34.701766+0100] x", "2026-11-22T03:12:34.701766+0100",
     "2026-11-22T02:12:34.701766Z"},
    {"2026/11/22 3:12:34 x", "2026/11/22 3:12:34", "2026-11-22T02:12:34Z"},
    {"2026.11.22  03:12:34,5 GMT", "2026.11.22  03:12:34,5 GMT", "2026-11-22T03:12:34.500000Z"},
    {"2026-11/22 03:12:34 x", "", "-"},
    {"1999-11-22 03:12:34 x", "", "-"},
    {"12026-11-22 03:12:34x", "", "-"},
    {"Sun Nov 22 03:12:34 2026 x", "Sun Nov 22 03:12:34 2026", "2026-11-22T02:12:34Z"},
    {"x sun nov  2  3:12:34.25 x", "sun nov  2  3:12:34.25", "2026-11-02T02:12:34.250000Z"},
    {"Nov 22 2026 03:12:34 x", "Nov 22 2026 03:12:34", "2026-11-22T02:12:34Z"},
    {"22/11/2026 03:12:34 x", "22/11/2026 03:12:34", "2026-11-22T02:12:34Z"},
    {"22-11-26 03:12:34 x", "22-11-26 03:12:34", "2026-11-22T02:12:34Z"},
    {"1.2.3.4 - - [22/Nov/2026:03:12:34 -0500] x", "22/Nov/2026:03:12:34 -0500",
     "2026-11-22T08:12:34Z"},
    {"22-Nov-2026 03:12:34.252 x", "22-Nov-2026 03:12:34.252", "2026-11-22T02:12:34.252000Z"},
    {"11/22/2026:03:12:34 x", "11/22/2026:03:12:34", "2026-11-22T02:12:34Z"},
    {"11-22-2026 03:12:34.244 x", "11-22-2026 03:12:34.244", "2026-11-22T02:12:34.244000Z"},
    {"1740722883.123 x", "1740722883.123", "2025-02-28T06:08:03.123000Z"},
    {"[1740722883] x", "1740722883", "2025-02-28T06:08:03Z"},
    {"type=X msg=audit(1740722883.123:45): x", "1740722883.123", "2025-02-28T06:08:03.123000Z"},
    {"x 1740722883 x", "", "-"},
    {"03:12:34 x", "03:12:34", "2026-11-22T02:12:34Z"},
    {"13:12:34 x", "13:12:34", "2026-11-21T12:12:34Z"},
    {"x 03:12:34 x", "", "-"},
    {"<11/22/26@03:12:34> x", "<11/22/26@03:12:34>", "2026-11-22T02:12:34Z"},
    {"261122  3:12:34 x", "261122  3:12:34", "2026-11-22T02:12:34Z"},
    {"Nov 22, 2026 03:12:34 PM x", "Nov 22, 2026 03:12:34 PM", "2026-11-22T14:12:34Z"},
    {"Nov 22, 2026 12:12:34 AM x", "Nov 22, 2026 12:12:34 AM", "2026-11-21T23:12:34Z"},
    {"Nov-22-26 03:12:34 x", "Nov-22-26 03:12:34", "2026-11-22T02:12:34Z"},
    {"20261122T031234Z x", "20261122T031234Z", "2026-11-22T03:12:34Z"},
    {"[PDT Apr 16 21:05:29] x", "PDT Apr 16 21:05:29", "2026-04-17T04:05:29Z"},
    {"+02:00 Jan 23 21:59:59.011 2026 x", "+02:00 Jan 23 21:59:59.011 2026",
     "2026-01-23T19:59:59.011000Z"},
    {"@4000000067c152c32f0a1b2c x", "@4000000067c152c32f0a1b2c", "2025-02-28T06:08:03Z"},
    // The year puts it at most a day after now; a leap day needs a leap year.
    {"x Nov 23 12:59:59 x", "Nov 23 12:59:59", "2026-11-23T11:59:59Z"},
    {"x Nov 23 13:00:01 x", "Nov 23 13:00:01", "2025-11-23T12:00:01Z"},
    {"x Feb 29 12:00:00 x", "Feb 29 12:00:00", "2024-02-29T11:00:00Z"},
    // Cut out, but no time
    {"x 2026-02-30 12:00:00 x", "2026-02-30 12:00:00", "-"},
    {"x Nov 31 12:00:00 x", "Nov 31 12:00:00", "-"},
    {"x 2026-11-22 12:00:61 x", "2026-11-22 12:00:61", "-"},
    {"x 2026-11-22 23:59:60 x", "2026-11-22 23:59:60", "2026-11-22T23:00:00Z"},
    // The hour that occurs twice, and the one that does not
    {"x 2026-10-25 02:30:00 x", "2026-10-25 02:30:00", "2026-10-25T00:30:00Z"},
    {"x 2026-10-25 03:00:00 x", "2026-10-25 03:00:00", "2026-10-25T02:00:00Z"},
    {"x 2026-03-29 02:30:00 x", "2026-03-29 02:30:00", "2026-03-29T01:30:00Z"},
    {"", "", "-"},
    {"no date", "", "-"},
};

static void finds_the_default_dates(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(by_default) / sizeof(by_default[0]); i++) {
        struct datepattern *d = make((const char *const[PATTERNS]){NULL}, NULL);
        check(d, by_default[i].text, by_default[i].cut, by_default[i].time);
        datepattern_free(d);
    }
}

static const struct {
    const char *pattern, *text, *cut, *time;
} custom[] = {
    // Every token
    {"%Y-%m-%d %H:%M:%S", "1999-3-7 1:2:3 x", "1999-3-7 1:2:3", "1999-03-07T00:02:03Z"},
    {"%y%m%d", "261122 x", "261122", "2026-11-21T23:00:00Z"},
    {"%ExY%Exm%Exd%ExH%ExM%ExS", "20261122031234 x", "20261122031234", "2026-11-22T02:12:34Z"},
    {"%ExY", "1999 x", "", "-"},
    {"%Exy-%Exm-%Exd", "26-1-22 x", "", "-"},
    {"%d.%m.%Y %k:%M", "22.11.2026  3:12 x", "22.11.2026  3:12", "2026-11-22T02:12:00Z"},
    {"%d.%m.%Y %Exk:%M", "22.11.2026 13:12 x", "22.11.2026 13:12", "2026-11-22T12:12:00Z"},
    {"%d.%m.%Y %l:%M %p", "22.11.2026  3:12 pm", "22.11.2026  3:12 pm", "2026-11-22T14:12:00Z"},
    {"%d.%m.%Y %Exl:%M %p", "22.11.2026 12:12 PM", "22.11.2026 12:12 PM", "2026-11-22T11:12:00Z"},
    {"%d.%m.%Y %I:%M", "22.11.2026 12:12 x", "22.11.2026 12:12", "2026-11-21T23:12:00Z"},
    {"%A, %d %B %Y", "SUNDAY, 22 november 2026 x", "SUNDAY, 22 november 2026",
     "2026-11-21T23:00:00Z"},
    {"%a %d %b %Y", "Mon 22 Nov 2026 x", "Mon 22 Nov 2026", "2026-11-21T23:00:00Z"},
    {"%Y-%j %H", "2026-326 03 x", "2026-326 03", "2026-11-22T02:00:00Z"},
    {"%j %H:", "327 13: x", "327 13:", "2026-11-23T12:00:00Z"},
    {"%j %H:", "328 13: x", "328 13:", "2025-11-24T12:00:00Z"},
    {"%Y %U %a", "2026 47 Sun x", "2026 47 Sun", "2026-11-21T23:00:00Z"},
    {"%Y %W %w", "2026 46 0 x", "2026 46 0", "2026-11-21T23:00:00Z"},
    {"%Y %W %A", "2024 53 Monday x", "2024 53 Monday", "2024-12-29T23:00:00Z"},
    {"%G %V %u", "2026 47 7 x", "2026 47 7", "2026-11-21T23:00:00Z"},
    {"%H:%M:%S.%f", "03:12:34.7017661 x", "", "-"},
    {"%H:%M:%S.%f", "03:12:34.701766 x", "03:12:34.701766", "2026-11-22T02:12:34.701766Z"},
    {"%c", "Sun Nov 22 03:12:34 2026 x", "Sun Nov 22 03:12:34 2026", "2026-11-22T02:12:34Z"},
    {"%x %X", "11/22/26 03:12:34 x", "11/22/26 03:12:34", "2026-11-22T02:12:34Z"},
    {"%Y-%m-%d %H:%M %z", "2026-11-22 03:12 UTC x", "2026-11-22 03:12 UTC", "2026-11-22T03:12:00Z"},
    {"%Y-%m-%d %H:%M %z", "2026-11-22 03:12 CET x", "", "-"},
    {"%Y-%m-%d %H:%M %Z", "2026-11-22 03:12 CEST x", "2026-11-22 03:12 CEST",
     "2026-11-22T01:12:00Z"},
    {"%Y-%m-%d %H:%M %Exz", "2026-11-22 03:12 UTC+0530 x", "2026-11-22 03:12 UTC+0530",
     "2026-11-21T21:42:00Z"},
    {"%Y-%m-%d %H:%M %Exz", "2026-11-22 03:12 -03 x", "2026-11-22 03:12 -03",
     "2026-11-22T06:12:00Z"},
    {"%Y-%m-%d %H:%M %ExZ", "2026-11-22 03:12 NST x", "2026-11-22 03:12 NST",
     "2026-11-22T06:42:00Z"},
    {"%Y-%m-%d %H:%M %ExZ", "2026-11-22 03:12 XYZ x", "2026-11-22 03:12 XYZ", "-"},
    {"%%%Y-%m-%d", "%2026-11-22 x", "%2026-11-22", "2026-11-21T23:00:00Z"},
    // A part of one's own
    {"(?P<Y>\\d+)=(?P<m>\\d+)=(?P<d>\\d+)", "02026=11=22", "02026=11=22", "2026-11-21T23:00:00Z"},
    {"((?P<Y>\\w+)-%m-%d)", "twenty-11-22", "twenty-11-22", "-"},
    {"(?P<H>.*)$", "", "", "-"},
    {"%m-%H", "11-03 x", "11-03", "-"},
    {"%Y", "2026 x", "2026", "-"},
    // What is cut out: group 1, else all
    {"^\\[%Y-%m-%d\\]", "[2026-11-22] x", "[2026-11-22]", "2026-11-21T23:00:00Z"},
    {"^\\[(%Y-%m-%d)\\]", "[2026-11-22] x", "2026-11-22", "2026-11-21T23:00:00Z"},
    {"%Y(?P<_sep>[-/])%m(?P=_sep)%d", "2026-11/22 2026/11/22", "2026/11/22",
     "2026-11-21T23:00:00Z"},
    {"^\\[()", "[2026-11-22] x", "", "-"},
    {"^x(y)? %Y-%m-%d", "x 2026-11-22", "", "-"},
    // Where it may stand
    {"%Y-%m-%d", "x2026-11-22 x", "", "-"},
    {"%Y-%m-%d", "2026-11-223 x", "", "-"},
    {"**%Y-%m-%d", "x2026-11-22 x", "2026-11-22", "2026-11-21T23:00:00Z"},
    {"%Y-%m-%d**", "2026-11-223 x", "2026-11-22", "2026-11-21T23:00:00Z"},
    {"(**%Y-%m-%d**)", "x2026-11-22x", "2026-11-22", "2026-11-21T23:00:00Z"},
    {"{UNB}%Y-%m-%d", "x2026-11-22x", "2026-11-22", "2026-11-21T23:00:00Z"},
    {"{^LN-BEG}%Y-%m-%d", "[\"2026-11-22 x", "2026-11-22", "2026-11-21T23:00:00Z"},
    {"{^LN-BEG}%Y-%m-%d", "[\"'2026-11-22 x", "", "-"},
    {"^%Y-%m-%d", " 2026-11-22 x", "", "-"},
    {"%Y-%m-%d$", "2026-11-21 2026-11-22", "2026-11-22", "2026-11-21T23:00:00Z"},
    {"%Y-%m-%d\\s", "2026-11-22,2026-11-23 x", "2026-11-23 ", "2026-11-22T23:00:00Z"},
    {"(?i)DAY %Y-%m-%d", "day 2026-11-22", "day 2026-11-22", "2026-11-21T23:00:00Z"},
    {"DAY (?i)%Y-%m-%d", "day 2026-11-22", "day 2026-11-22", "2026-11-21T23:00:00Z"},
    // Words for a pattern
    {"Epoch", "[1740722883]", "1740722883", "2025-02-28T06:08:03Z"},
    {"EPOCH", "x 1740722883", "", "-"},
    {"{^LN-BEG}Epoch", "< 1740722883.123456 x", "1740722883.123456", "2025-02-28T06:08:03.123456Z"},
    {"^EPOCH", "1740722883", "1740722883", "2025-02-28T06:08:03Z"},
    {"LEPOCH", "1740722883123 x", "1740722883123", "2025-02-28T06:08:03.123000Z"},
    {"{^LN-BEG}LEPOCH", "1740722883123456 x", "1740722883123456", "2025-02-28T06:08:03.123456Z"},
    {"LEPOCH", "1740722883123.5 x", "1740722883123.5", "2025-02-28T06:08:03.123500Z"},
    {"LEPOCH", "1740722883 x", "1740722883", "2025-02-28T06:08:03Z"},
    {"at=\\[{epoch}\\]", "x at=[1740722883] x", "at=[1740722883]", "2025-02-28T06:08:03Z"},
    {"at={LEPOCH},", "x at=1740722883123, x", "at=1740722883123,", "2025-02-28T06:08:03.123000Z"},
    {"TAI64N", "x@4000000067c152c32f0a1b2c", "@4000000067c152c32f0a1b2c", "2025-02-28T06:08:03Z"},
    {"{^LN-BEG}TAI64N", "x @4000000067c152c32f0a1b2c", "", "-"},
    {"TAI64N", "@3fffffffffc152c32f0a1b2c", "@3fffffffffc152c32f0a1b2c", "-"},
    {"{NONE}", "2026-11-22 03:12:34", "", "-"},
    {"^", "2026-11-22 03:12:34", "", "-"},
    {"{^LN-BEG}", "[2026-11-22 03:12:34", "2026-11-22 03:12:34", "2026-11-22T02:12:34Z"},
    {"{^LN-BEG}", "x 2026-11-22 03:12:34", "", "-"},
    {"{default}", "x 2026-11-22 03:12:34", "2026-11-22 03:12:34", "2026-11-22T02:12:34Z"},
    {"^x \\[({DATE})\\]", "x [22/Nov/2026:03:12:34 +0100] x", "22/Nov/2026:03:12:34 +0100",
     "2026-11-22T02:12:34Z"},
    {"^x {DATE}", "x 03:12:34 x", "x 03:12:34", "2026-11-22T02:12:34Z"},
    {"^x {date} y", "x Nov 22 03:12:34 y", "x Nov 22 03:12:34 y", "2026-11-22T02:12:34Z"},
    {"^x {DATE}", "x 1740722883 x", "", "-"},
};

static void reads_patterns(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(custom) / sizeof(custom[0]); i++) {
        struct datepattern *d = make((const char *const[PATTERNS]){custom[i].pattern}, NULL);
        check(d, custom[i].text, custom[i].cut, custom[i].time);
        datepattern_free(d);
    }
}

// Lines one after another: which of several dates is it?
static const struct {
    const char *pattern[PATTERNS];
    struct {
        const char *text, *cut, *time;
    } line[LINES];
} sequences[] = {
    // The one at the beginning of a line, in whatever shape the others are
    {{NULL},
     {{"Nov 22 03:12:34 x 2026-11-20 01:01:01", "Nov 22 03:12:34", "2026-11-22T02:12:34Z"},
      {"[2026-11-22 03:12:35] x Nov 20 01:01:01", "2026-11-22 03:12:35", "2026-11-22T02:12:35Z"}}},
    // Else the leftmost, and then the one where the last one stood
    {{NULL},
     {{"x 2026-11-22 03:12:34 y", "2026-11-22 03:12:34", "2026-11-22T02:12:34Z"},
      {"x 2026-11-22 03:12:35 Nov 20 01:01:01", "2026-11-22 03:12:35", "2026-11-22T02:12:35Z"},
      {"x y 2026-11-20 01:01:01 y Nov 21 01:01:01", "2026-11-20 01:01:01", "2026-11-20T00:01:01Z"},
      {"x Nov 22 03:12:36 y 2026-11-20 01:01:01", "Nov 22 03:12:36", "2026-11-22T02:12:36Z"}}},
    // Nobody's text moves it: the place and what surrounds it tell the date
    {{NULL},
     {{"user=a [22/Nov/2026:03:12:34] y", "22/Nov/2026:03:12:34", "2026-11-22T02:12:34Z"},
      {"user=b [22/Nov/2026:03:12:35] 2026-11-20 01:01:01", "22/Nov/2026:03:12:35",
       "2026-11-22T02:12:35Z"}}},
    // In the order in which they are written, but the one that matched last first
    {{"%m/%d/%Y", "%d/%m/%Y"},
     {{"11/12/2026", "11/12/2026", "2026-11-11T23:00:00Z"},
      {"22/11/2026", "22/11/2026", "2026-11-21T23:00:00Z"},
      {"12/11/2026", "12/11/2026", "2026-11-11T23:00:00Z"}}},
    // A line that says that it has no date has the time of the last one
    {{"{^LN-BEG}", "^WARNING:()**"},
     {{"2026-11-22 03:12:34 x", "2026-11-22 03:12:34", "2026-11-22T02:12:34Z"},
      {"WARNING:2026-11-22 03:12:34 x", "", "-"},
      {"x", "", "-"},
      {"2026-11-22 03:12:35 x", "2026-11-22 03:12:35", "2026-11-22T02:12:35Z"}}},
    // Of the hour that occurs twice it is the one that goes on
    {{"%Y-%m-%d %H:%M:%S"},
     {{"2026-10-25 02:30:00", "2026-10-25 02:30:00", "2026-10-25T00:30:00Z"},
      {"2026-10-25 02:59:59", "2026-10-25 02:59:59", "2026-10-25T00:59:59Z"},
      {"2026-10-25 02:10:00", "2026-10-25 02:10:00", "2026-10-25T01:10:00Z"},
      {"2026-10-25 02:30:00", "2026-10-25 02:30:00", "2026-10-25T01:30:00Z"},
      {"2026-10-25 03:10:00", "2026-10-25 03:10:00", "2026-10-25T02:10:00Z"}}},
    // A weekday is no zone, although it looks like one
    {{NULL},
     {{"[PDT Apr 16 21:05:29] x", "PDT Apr 16 21:05:29", "2026-04-17T04:05:29Z"},
      {"[PDT Apr 16 21:05:30] x", "PDT Apr 16 21:05:30", "2026-04-17T04:05:30Z"},
      {"[Thu Apr 16 21:05:31] x", "Thu Apr 16 21:05:31", "2026-04-16T19:05:31Z"}}},
};

static void picks_among_several(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
        struct datepattern *d = make(sequences[i].pattern, NULL);
        for (size_t k = 0; k < LINES && sequences[i].line[k].text; k++)
            check(d, sequences[i].line[k].text, sequences[i].line[k].cut,
                  sequences[i].line[k].time);
        datepattern_free(d);
    }
}

static void gives_undated_lines_the_last_time(void **state)
{
    struct datepattern *d = make((const char *const[PATTERNS]){"%Y-%m-%d %H:%M"}, NULL);
    struct line line = {.text = slice_of("x"), .time = now};

    (void)state;
    datepattern_date(d, now, &line);
    assert_false(line.dated);
    assert_int_equal(line.time, now);
    check(d, "2026-11-22 03:12", "2026-11-22 03:12", "2026-11-22T02:12:00Z");
    line.text = slice_of("2026-11-31 03:12");
    datepattern_date(d, now, &line);
    assert_false(line.dated);
    assert_int_equal(line.time, UINT64_C(1795313520) * USEC_PER_SEC);
    line.time++;
    datepattern_date(d, now, &line);
    assert_int_equal(line.time, UINT64_C(1795313520) * USEC_PER_SEC + 1);
    datepattern_free(d);
}

// What the stamp found, found without it
static const char *const stamped[] = {
    "Nov 22 03:12:34 mail postfix/smtpd[1]: x 2026-11-20 01:01:01",
    "Mar  1 00:00:00 mail x",
    "Nov 22 03:12:34.701766 mail x",
    "Sun Nov 22 03:12:34.5 2026 x",
    "<22>Nov 22 03:12:34 mail x",
    "[Nov 22 03:12:34] x",
    "Nov 23 12:00:01 mail x",
    "Feb 29 12:00:00 mail x",
    "2026-11-22T03:09:35.701766+00:00 mail x",
    "2026-11-22T03:09:35Z x",
    "2026-11-22T03:09:35-05:30 x",
    "2026-11-22 03:24:00 login authenticator",
    "2026-11-22 03:24:00 +0100 login",
    "2026-11-22 03:24:00 UTC x",
    "2026-11-22 03:24:00 GMTx",
    "2026-11-22 03:24:00 -05 x",
    "2026-11-22 03:24:00 Z x",
    "2026-11-22 03:24:00,123 x",
    "<34>1 2026-11-22T03:09:35Z mail x",
    "1740722883.123 x",
    "[1740722883] x",
};

static void agrees_with_the_stamp(void **state)
{
    struct datepattern *d;
    struct line line, again;
    struct stamp stamp;

    (void)state;
    for (size_t i = 0; i < sizeof(stamped) / sizeof(stamped[0]); i++) {
        d = make((const char *const[PATTERNS]){NULL}, NULL);
        stamp_init(&stamp, &berlin);
        stamp_line(&stamp, slice_of(stamped[i]), now, &line);
        assert_true(line.dated);
        again = (struct line){.text = line.text, .zone = &berlin};
        datepattern_date(d, now, &again);
        if (again.time != line.time || !slice_equal(again.date, line.date))
            fail_msg("%s: \"%.*s\", the stamp \"%.*s\"", stamped[i], (int)again.date.n,
                     again.date.p, (int)line.date.n, line.date.p);
        datepattern_free(d);
    }
}

static const struct {
    const char *pattern[PATTERNS];
    bool has_offset, plain;
} plain[] = {
    {{NULL}, false, true},        {{"{^LN-BEG}"}, false, true},
    {{"{DEFAULT}"}, false, true}, {{"{^LN-BEG}", "^WARNING:()**"}, false, false},
    {{"%Y"}, false, false},       {{"{NONE}"}, false, false},
    {{"{^LN-BEG}"}, true, false},
};

static void knows_what_the_stamp_finds_as_well(void **state)
{
    int32_t offset = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        struct datepattern *d = make(plain[i].pattern, plain[i].has_offset ? &offset : NULL);
        assert_int_equal(datepattern_is_plain(d), plain[i].plain);
        datepattern_free(d);
    }
}

static void uses_logtimezone(void **state)
{
    int32_t offset = -5 * 3600;
    struct datepattern *d = make((const char *const[PATTERNS]){"{^LN-BEG}"}, &offset);

    (void)state;
    check(d, "Nov 22 03:12:34 x", "Nov 22 03:12:34", "2026-11-22T08:12:34Z");
    check(d, "2026-11-22T03:12:34Z x", "2026-11-22T03:12:34Z", "2026-11-22T03:12:34Z");
    check(d, "08:00:00 x", "08:00:00", "2026-11-21T13:00:00Z");
    datepattern_free(d);
}

static const struct {
    const char *pattern, *error;
} wrong[] = {
    {"%Y-%q", "at 3, \"%q\": begins no token of a date: write %% for the character, %Y %m %d %H %M "
              "%S and so on for the parts of a date"},
    {"100%", "at 3, \"%\": begins no token"},
    {"%Y-(%m", "at 4, \"%m\": missing closing parenthesis"},
    {"%Y %ExY", "at 3, \"%ExY\": the group \"Y\" is there twice"},
    {"{DATE} {DATE} %", "at 14, \"%\": begins no token"},
    {"%Y-%m-%d (?R)", "at 9, \"(?R)\": (?R is not known"},
};

static void refuses_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        const struct pattern pattern[] = {{"{^LN-BEG}", "f", 1}, {wrong[i].pattern, "f", 2}};
        struct filter_error error = {0};
        struct datepattern *d;
        assert_int_equal(datepattern_new(pattern, 2, NULL, &d, &error), -EINVAL);
        if (strncmp(error.text, wrong[i].error, strlen(wrong[i].error)) != 0)
            fail_msg("%s: %s", wrong[i].pattern, error.text);
        assert_ptr_equal(error.pattern, &pattern[1]);
    }
}

static void gives_up_on_catastrophes(void **state)
{
    struct datepattern *d = make((const char *const[PATTERNS]){"^(?:\\w*\\w*)*:"}, NULL);
    char text[64];

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    memcpy(text + sizeof(text) - 3, "!:", 3);
    check(d, text, "", "-");
    assert_int_equal(datepattern_limits_hit(d), 1);
    datepattern_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_default_dates),
        cmocka_unit_test(reads_patterns),
        cmocka_unit_test(picks_among_several),
        cmocka_unit_test(gives_undated_lines_the_last_time),
        cmocka_unit_test(agrees_with_the_stamp),
        cmocka_unit_test(knows_what_the_stamp_finds_as_well),
        cmocka_unit_test(uses_logtimezone),
        cmocka_unit_test(refuses_what_is_wrong),
        cmocka_unit_test(gives_up_on_catastrophes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
