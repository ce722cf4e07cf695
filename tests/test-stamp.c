// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/stamp.h"

#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

// Central Europe in 2026, and east of it, as plain data.
static struct zone_change berlin_changes[] = {
    {INT64_MIN, 3600}, {1774746000, 7200}, {1792890000, 3600}, {1806195600, 7200}};
static struct zone_change utc_changes[] = {{INT64_MIN, 0}};
static struct zone_change east_changes[] = {{INT64_MIN, 8 * 3600}};

static const struct zone berlin = {4, berlin_changes};
static const struct zone utc = {1, utc_changes};
static const struct zone east = {1, east_changes};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static usec_t at(const char *text)
{
    usec_t t = 0;

    if (text)
        assert_int_equal(time_parse(slice_of(text), &t), 0);
    return t;
}

static void check_line(struct stamp *s, const char *text, usec_t now, const char *want)
{
    char got[TIME_TEXT_MAX];
    struct line line;

    stamp_line(s, slice_of(text), now, &line);
    time_format(line.time, got);
    if (strcmp(got, want) != 0)
        print_error("%s\n", text);
    assert_string_equal(got, want);
    assert_ptr_equal(line.text.p, text);
}

static const struct {
    const char *text;
    const char *date; // the part of the text that is the stamp; "": undated
    const char *time; // in UTC, with the file's zone UTC and now the 22nd of November 2026
} shapes[] = {
    // RFC 3164
    {"Nov 22 03:12:34 mail postfix/smtpd[1]: x", "Nov 22 03:12:34", "2026-11-22T03:12:34Z"},
    {"Nov 22 03:12:34", "Nov 22 03:12:34", "2026-11-22T03:12:34Z"},
    {"Mar  1 00:00:00 mail x", "Mar  1 00:00:00", "2026-03-01T00:00:00Z"},
    {"Mar 1 00:00:00 mail x", "Mar 1 00:00:00", "2026-03-01T00:00:00Z"},
    {"Mar 01 00:00:00 mail x", "Mar 01 00:00:00", "2026-03-01T00:00:00Z"},
    {"Nov 22 03:12:34.701766 mail x", "Nov 22 03:12:34.701766", "2026-11-22T03:12:34.701766Z"},
    {"Nov 22 03:12:34 2024 x", "Nov 22 03:12:34 2024", "2024-11-22T03:12:34Z"},
    {"Sun Nov 22 03:12:34.5 2026 x", "Sun Nov 22 03:12:34.5 2026", "2026-11-22T03:12:34.500000Z"},
    {"Nov 22 03:12:34 2001:db8::1 x", "Nov 22 03:12:34", "2026-11-22T03:12:34Z"},
    {"Nov 22 03:12:34 20261 x", "Nov 22 03:12:34", "2026-11-22T03:12:34Z"},
    {"<22>Nov 22 03:12:34 mail x", "Nov 22 03:12:34", "2026-11-22T03:12:34Z"},
    {"[Nov 22 03:12:34] x", "Nov 22 03:12:34", "2026-11-22T03:12:34Z"},
    {"Nov 22 03:12:60 mail x", "Nov 22 03:12:60", "2026-11-22T03:13:00Z"},
    {"Dec 31 23:59:60 mail x", "Dec 31 23:59:60", "2026-01-01T00:00:00Z"},
    // At most a day ahead of now is this year, else the last; a leap day's is the last that had
    // one.
    {"Nov 23 12:00:00 mail x", "Nov 23 12:00:00", "2026-11-23T12:00:00Z"},
    {"Nov 23 12:00:01 mail x", "Nov 23 12:00:01", "2025-11-23T12:00:01Z"},
    {"Feb 29 12:00:00 mail x", "Feb 29 12:00:00", "2024-02-29T12:00:00Z"},
    // RFC 3339 and its relatives
    {"2026-11-22T03:09:35.701766+00:00 mail x", "2026-11-22T03:09:35.701766+00:00",
     "2026-11-22T03:09:35.701766Z"},
    {"2026-11-22T03:09:35Z x", "2026-11-22T03:09:35Z", "2026-11-22T03:09:35Z"},
    {"2026-11-22T03:09:35+0100 x", "2026-11-22T03:09:35+0100", "2026-11-22T02:09:35Z"},
    {"2026-11-22T03:09:35-05:30 x", "2026-11-22T03:09:35-05:30", "2026-11-22T08:39:35Z"},
    {"2026-11-22T03:09:35+08 x", "2026-11-22T03:09:35+08", "2026-11-21T19:09:35Z"},
    {"2026-11-22T03:09:35 x", "2026-11-22T03:09:35", "2026-11-22T03:09:35Z"},
    {"2026-11-22 03:24:00 login authenticator", "2026-11-22 03:24:00", "2026-11-22T03:24:00Z"},
    {"2026-11-22 03:24:00 +0100 login", "2026-11-22 03:24:00 +0100", "2026-11-22T02:24:00Z"},
    {"2026-11-22 03:24:00 +010 login", "2026-11-22 03:24:00", "2026-11-22T03:24:00Z"},
    {"2026-11-22 03:24:00,123 x", "2026-11-22 03:24:00,123", "2026-11-22T03:24:00.123000Z"},
    {"2026-11-22 03:24:00.1234567 x", "2026-11-22 03:24:00.1234567", "2026-11-22T03:24:00.123456Z"},
    {"[2026-11-22T03:09:35Z] x", "2026-11-22T03:09:35Z", "2026-11-22T03:09:35Z"},
    {"<34>1 2026-11-22T03:09:35Z mail x", "2026-11-22T03:09:35Z", "2026-11-22T03:09:35Z"},
    {"2024-02-29T12:00:00Z x", "2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z"},
    // Epoch
    {"1740722883 x", "1740722883", "2025-02-28T06:08:03Z"},
    {"1740722883.123 x", "1740722883.123", "2025-02-28T06:08:03.123000Z"},
    {"[1740722883] x", "1740722883", "2025-02-28T06:08:03Z"},
    // IceWarp's forerunner
    {"198.18.7.30 [000001E9] Fri, 13 Feb 2015 14:00:43 +0800 Connected",
     "Fri, 13 Feb 2015 14:00:43 +0800", "2015-02-13T06:00:43Z"},
    {"2001:db8::1 [01E9] Fri, 3 Feb 2015 14:00:43 -0330 Connected",
     "Fri, 3 Feb 2015 14:00:43 -0330", "2015-02-03T17:30:43Z"},
    // IceWarp: nothing else known, the day before now that has this time
    {"198.18.7.30     [01E9] 11:00:43 Connected", "11:00:43", "2026-11-22T11:00:43Z"},
    {"198.18.7.30     [01E9] 14:00:43 Connected", "14:00:43", "2026-11-21T14:00:43Z"},
    {"SYSTEM          [0000] 11:00:43 Forwarded", "11:00:43", "2026-11-22T11:00:43Z"},
    {"2001:db8:bad:1::d [B6A3CB90] 11:00:43 <<< x", "11:00:43", "2026-11-22T11:00:43Z"},
    {"198.18.7.30     [01E9] 11:00:43", "11:00:43", "2026-11-22T11:00:43Z"},
};

static const char *const undated[] = {
    "",
    " ",
    "mail postfix/smtpd[1]: x",
    " Nov 22 03:12:34 mail x",
    "nov 22 03:12:34 mail x",
    "NOV 22 03:12:34 mail x",
    "Nov 22 03:12 mail x",
    "Nov 22 03:12:34mail x",
    "Nov 22 24:12:34 mail x",
    "Nov 22 03:60:34 mail x",
    "Nov 22 03:12:61 mail x",
    "Nov 31 03:12:34 mail x",
    "Nov  0 03:12:34 mail x",
    "Nov 00 03:12:34 mail x",
    "Feb 30 03:12:34 mail x",
    "Feb 29 03:12:34 2026 mail x",
    "Sun Feb",
    "Sun, Nov 22 03:12:34 mail x",
    "<1234>Nov 22 03:12:34 mail x",
    "<>Nov 22 03:12:34 mail x",
    "[Nov 22 03:12:34 mail] x",
    "[2026-11-22T03:09:35Z",
    "[[1740722883]] x",
    "2026-11-31T03:09:35Z x",
    "2026-02-29T03:09:35Z x",
    "2026-13-01T03:09:35Z x",
    "2026-11-22T3:09:35Z x",
    "2026-11-22T03:09:35.Z x",
    "2026-11-22T03:09:35Zulu x",
    "2026-11-22",
    "1970-01-01T00:30:00+01:00 x",
    "174072288 x",
    "17407228831 x",
    "0740722883 x",
    "1740722883. x",
    "1740722883x",
    "14:00:43 x",
    "198.18.7.30 [01E] 14:00:43 x",
    "198.18.7.30 [01E901E90] 14:00:43 x",
    "198.18.7.30 [01EG] 14:00:43 x",
    "198.18.7.30 [01E9]14:00:43 x",
    "198.18.7.30 [01E9 14:00:43 x",
    "198.18.7.30[01E9] 14:00:43 x",
    "198.18.7.30 14:00:43 x",
    "host.example [01E9] 14:00:43 x",
    " [01E9] 14:00:43 x",
    "198.18.7.30 [01E9] 14:00:61 x",
    "198.18.7.30 [01E9] Fri, 13 Feb 2015 14:00:43 Connected",
    "198.18.7.30 [01E9] Fri, 31 Feb 2015 14:00:43 +0800 Connected",
};

static void recognises_the_usual_shapes(void **state)
{
    usec_t now = at("2026-11-22T12:00:00Z");

    (void)state;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        struct stamp s;
        struct line line;
        stamp_init(&s, &utc);
        stamp_line(&s, slice_of(shapes[i].text), now, &line);
        if (!slice_is(line.date, shapes[i].date))
            print_error("%s: \"%.*s\"\n", shapes[i].text, (int)line.date.n, line.date.p);
        assert_true(slice_is(line.date, shapes[i].date));
        assert_true(line.dated);
        stamp_init(&s, &utc);
        check_line(&s, shapes[i].text, now, shapes[i].time);
    }
}

static void leaves_others_undated(void **state)
{
    usec_t now = at("2026-11-22T12:00:00Z");

    (void)state;
    for (size_t i = 0; i < sizeof(undated) / sizeof(undated[0]); i++) {
        struct stamp s;
        struct line line;
        stamp_init(&s, &utc);
        stamp_line(&s, slice_of(undated[i]), now, &line);
        if (line.dated)
            print_error("%s: \"%.*s\"\n", undated[i], (int)line.date.n, line.date.p);
        assert_false(line.dated);
        assert_int_equal(line.date.n, 0);
        assert_int_equal(line.time, now);
    }
}

// A line that is cut off anywhere is dated by what is left of it, or not at all.
static void bears_any_cut(void **state)
{
    usec_t now = at("2026-11-22T12:00:00Z");

    (void)state;
    for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        for (size_t n = 0; n <= strlen(shapes[i].text); n++) {
            struct stamp s;
            struct line line;
            stamp_init(&s, &utc);
            stamp_line(&s, (struct slice){shapes[i].text, n}, now, &line);
            assert_true(line.date.p >= shapes[i].text);
            assert_true(line.date.p + line.date.n <= shapes[i].text + n);
        }
    }
}

// Lines of one file, in order.
struct file {
    const struct zone *zone;
    const char *now, *name, *head, *mtime;
    struct {
        const char *text, *time;
    } line[8];
};

#define ICE "198.18.7.30     [01E9] "

static const struct file files[] = {
    // Undated lines have the time of the last.
    {&utc,
     "2026-11-22T12:00:00Z",
     NULL,
     NULL,
     NULL,
     {{"no stamp", "2026-11-22T12:00:00Z"},
      {"Nov 22 03:12:34 mail x", "2026-11-22T03:12:34Z"},
      {"no stamp", "2026-11-22T03:12:34Z"},
      {"Nov 22 03:12:33 mail late", "2026-11-22T03:12:33Z"}}},
    // Around New Year.
    {&utc,
     "2026-01-01T00:00:05Z",
     NULL,
     NULL,
     NULL,
     {{"Dec 31 23:59:59 mail x", "2025-12-31T23:59:59Z"},
      {"Jan  1 00:00:01 mail x", "2026-01-01T00:00:01Z"},
      {"Jan  2 00:00:05 mail fast clock", "2026-01-02T00:00:05Z"},
      {"Jan  2 00:00:06 mail last year", "2025-01-02T00:00:06Z"}}},
    {&utc,
     "2025-12-31T23:59:58Z",
     NULL,
     NULL,
     NULL,
     {{"Dec 31 23:59:59 mail x", "2025-12-31T23:59:59Z"},
      {"Jan  1 00:00:01 mail fast clock", "2026-01-01T00:00:01Z"}}},
    // The zone decides which year it is: it is still 2025 in UTC.
    {&east,
     "2025-12-31T17:00:00Z",
     NULL,
     NULL,
     NULL,
     {{"Jan  1 01:00:00 mail x", "2025-12-31T17:00:00Z"}}},
    // Summer time begins and ends; a zone in the line beats the file's.
    {&berlin,
     "2026-11-22T12:00:00Z",
     NULL,
     NULL,
     NULL,
     {{"Mar 29 01:59:59 mail x", "2026-03-29T00:59:59Z"},
      {"Mar 29 02:30:00 mail does not occur", "2026-03-29T01:30:00Z"},
      {"Mar 29 03:00:00 mail x", "2026-03-29T01:00:00Z"},
      {"Jul 15 12:00:00 mail x", "2026-07-15T10:00:00Z"},
      {"2026-07-15 12:00:00 x", "2026-07-15T10:00:00Z"},
      {"2026-07-15 12:00:00+00:00 x", "2026-07-15T12:00:00Z"}}},
    {&berlin,
     "2026-11-22T12:00:00Z",
     NULL,
     NULL,
     NULL,
     {{"Oct 25 01:59:59 mail x", "2026-10-24T23:59:59Z"},
      {"Oct 25 02:00:00 mail first", "2026-10-25T00:00:00Z"},
      {"Oct 25 02:59:59 mail first", "2026-10-25T00:59:59Z"},
      {"Oct 25 02:00:00 mail second", "2026-10-25T01:00:00Z"},
      {"Oct 25 02:30:00 mail second", "2026-10-25T01:30:00Z"},
      {"Oct 25 02:29:59 mail second, late", "2026-10-25T01:29:59Z"},
      {"Oct 25 02:59:59 mail second", "2026-10-25T01:59:59Z"},
      {"Oct 25 03:00:00 mail x", "2026-10-25T02:00:00Z"}}},
    // The name's day, in the zone; quiet for most of the day.
    {&east,
     "2026-11-22T12:00:00Z",
     "s20150213-00.log",
     NULL,
     "2019-01-01T00:00:00Z",
     {{ICE "14:00:43 Connected", "2015-02-13T06:00:43Z"},
      {ICE "02:00:00 Connected", "2015-02-12T18:00:00Z"},
      {ICE "23:00:00 Connected", "2015-02-13T15:00:00Z"},
      {ICE "23:59:59 Connected", "2015-02-13T15:59:59Z"},
      {ICE "00:00:01 late", "2015-02-13T16:00:01Z"},
      {ICE "12:00:00 Connected", "2015-02-13T04:00:00Z"}}},
    // What the day before left is at the top of the next day's file, late lines among the others.
    {&east,
     "2026-11-22T12:00:00Z",
     "p20150214-00.log",
     NULL,
     NULL,
     {{ICE "23:59:59 Disconnected", "2015-02-13T15:59:59Z"},
      {ICE "00:00:03 Connected", "2015-02-13T16:00:03Z"},
      {ICE "23:59:58 Disconnected", "2015-02-13T15:59:58Z"},
      {ICE "00:00:04 Connected", "2015-02-13T16:00:04Z"},
      {ICE "23:30:00 Connected", "2015-02-14T15:30:00Z"}}},
    // A banner gives the clock's offset; the name keeps the day. The server's number is no date.
    {&utc,
     "2026-11-22T12:00:00Z",
     "m120150213-01.log",
     "SYSTEM          [0000] 14:00:43 Forwarded\n" ICE "14:00:43 Connected\r\n" ICE
     "14:00:43 >>> * OK mail IceWarp 11.0.1.2 IMAP4rev1 Fri, 13 Feb 2015 14:00:43 +0800\r\n" ICE,
     NULL,
     {{"SYSTEM          [0000] 14:00:43 Forwarded", "2015-02-13T06:00:43Z"},
      {ICE "23:59:59 Connected", "2015-02-13T15:59:59Z"}}},
    // Only the banner: lines before it are near to it, and days go on from there.
    {&utc,
     "2026-11-22T12:00:00Z",
     "s.log",
     ICE "23:59:58 Disconnected\n" ICE
         "00:00:02 >>> 220 m ESMTP IceWarp 11.0.1.2; Sat, 14 Feb 2015 00:00:02 +0800\n",
     "2019-01-01T00:00:00Z",
     {{ICE "23:59:58 Disconnected", "2015-02-13T15:59:58Z"},
      {ICE "00:00:02 >>> 220 m; Sat, 14 Feb 2015 00:00:02 +0800", "2015-02-13T16:00:02Z"},
      {ICE "14:00:00 Connected", "2015-02-14T06:00:00Z"},
      {ICE "13:59:00 late", "2015-02-14T05:59:00Z"},
      {ICE "09:00:00 the next day", "2015-02-15T01:00:00Z"},
      // Two days later, as a banner says.
      {ICE "10:00:00 >>> +OK m POP3 Wed, 18 Feb 2015 10:00:00 +0800 <1@m>", "2015-02-18T02:00:00Z"},
      {ICE "10:00:01 <<< USER x", "2015-02-18T02:00:01Z"}}},
    // Only the mtime, until a banner comes.
    {&east,
     "2026-11-22T12:00:00Z",
     "smtp.log",
     ICE "18:00:00 Connected\n",
     "2015-02-13T06:00:43Z",
     {{ICE "18:00:00 Connected", "2015-02-12T10:00:00Z"},
      {ICE "14:00:43 Disconnected", "2015-02-13T06:00:43Z"},
      {ICE "14:00:44 >>> 220 m; Mon, 16 Feb 2015 14:00:44 +0800", "2015-02-16T06:00:44Z"},
      {ICE "14:00:45 Disconnected", "2015-02-16T06:00:45Z"}}},
    // What is no banner moves no date: the client's words, an echo of them, another time.
    {&east,
     "2026-11-22T12:00:00Z",
     "smtp.log",
     NULL,
     "2015-02-13T06:00:43Z",
     {{ICE "14:00:43 <<< 220 m; Mon, 16 Feb 2015 14:00:43 +0800", "2015-02-13T06:00:43Z"},
      {ICE "14:00:43 >>> 250-m Hello 220 m; Mon, 16 Feb 2015 14:00:43 +0800, pleased",
       "2015-02-13T06:00:43Z"},
      {ICE "14:00:43 >>> 220 m; Mon, 16 Feb 2015 12:00:43 +0800", "2015-02-13T06:00:43Z"},
      {ICE "14:00:43 >>> 220 m; Mon, 16 Feb 2015 14:00:43", "2015-02-13T06:00:43Z"}}},
    // A clock goes to summer time, but not across the world.
    {&utc,
     "2026-11-22T12:00:00Z",
     "s20150213-00.log",
     NULL,
     NULL,
     {{ICE "01:59:59 >>> 220 m; Fri, 13 Feb 2015 01:59:59 +0100", "2015-02-13T00:59:59Z"},
      {ICE "03:00:00 >>> 220 m; Fri, 13 Feb 2015 03:00:00 +0200", "2015-02-13T01:00:00Z"},
      {ICE "03:00:01 >>> 220 m; Fri, 13 Feb 2015 03:00:01 -1000", "2015-02-13T01:00:01Z"}}},
};

static void follows_the_lines_of_a_file(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        const struct file *f = &files[i];
        struct stamp s;
        stamp_init(&s, f->zone);
        // The name beats the others in whatever order they come.
        if (f->mtime)
            stamp_hint_mtime(&s, at(f->mtime));
        if (f->name)
            stamp_hint_name(&s, slice_of(f->name));
        if (f->head)
            stamp_hint_head(&s, slice_of(f->head));
        if (f->mtime)
            stamp_hint_mtime(&s, at(f->mtime));
        for (size_t n = 0; n < 8 && f->line[n].text; n++)
            check_line(&s, f->line[n].text, at(f->now), f->line[n].time);
    }
}

static const struct {
    const char *name, *day; // NULL: none
} names[] = {
    {"s20150213-00.log", "2015-02-13"},
    {"p20150213-17.log", "2015-02-13"},
    {"m120150213-00.log", "2015-02-13"},
    {"s9920150213-00.log", "2015-02-13"},
    {"20150213-00.log", "2015-02-13"},
    {"mail-20260228-01.log", "2026-02-28"},
    {"s20150213-00", "2015-02-13"},
    {"s20150213-000.log", NULL},
    {"s20150213.log", NULL},
    {"s20150231-00.log", NULL},
    {"s2015021-00.log", NULL},
    {"-00.log", NULL},
    {"mail.log", NULL},
    {"", NULL},
};

static void takes_the_day_from_the_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char want[64];
        struct stamp s;
        stamp_init(&s, &utc);
        stamp_hint_name(&s, slice_of(names[i].name));
        assert_int_equal(s.day_from == STAMP_DAY_NAME, names[i].day != NULL);
        if (!names[i].day)
            continue;
        snprintf(want, sizeof(want), "%sT12:00:00Z", names[i].day);
        check_line(&s, ICE "12:00:00 x", 0, want);
    }
}

// What stands in place of the line after next: a digit or a letter changed, or something else
// behind the stamp. Most lines stay as they are.
static void spoil(char *text, uint64_t *random)
{
    static const char *const behind[] = {" mail x", " 2026 x",   "",  " ",     ".5 mail x", "Z x",
                                         " UTC x",  " +01:00 x", "x", " mail", " 5 x"};
    static const char changes[] = "0123456789 .,:-+TZ";
    size_t n = strlen(text);

    if (random_below(random, 4) == 0 && n > 0)
        text[random_below(random, (uint32_t)n)] = changes[random_below(random, 18)];
    strcat(text, behind[random_below(random, 4) ? 0 : random_below(random, 11)]);
}

// Lines as they follow each other in a log, to a stamp and to one that is made to forget the line
// before. The last zone's clock is put back by less than lines may be late.
static void remembers_nothing_that_matters(void **state)
{
    static struct zone_change brief_changes[] = {{INT64_MIN, 3600}, {1792890000, 3400}};
    static const struct zone brief = {2, brief_changes};
    static const char *const twice[] = {"Oct 25 02:10:00", "Oct 25 01:58:00", "Oct 25 02:30:00",
                                        "2026-10-25 02:30:00.123", "2026-10-25 01:58:00.123"};
    const struct zone *zones[] = {&berlin, &utc, &east, &brief};
    uint64_t random = 1;
    unsigned recalled = 0;

    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        const char *shape = shapes[random_below(&random, COUNT(shapes))].date;
        struct stamp s, forgetful;
        stamp_init(&s, zones[random_below(&random, COUNT(zones))]);
        forgetful = s;
        for (unsigned k = 0; k < 6; k++) {
            usec_t now = at("2026-12-01T00:00:00Z") + random_below(&random, 8) / 7 * USEC_PER_DAY;
            char text[128];
            struct line line, full;
            strcpy(text, i % 2 ? shape : twice[random_below(&random, COUNT(twice))]);
            spoil(text, &random);
            recalled += s.memo.n > 0 && strncmp(text, (const char *)s.memo.word, s.memo.n) == 0;
            stamp_line(&s, slice_of(text), now, &line);
            forgetful.memo.n = 0;
            stamp_line(&forgetful, slice_of(text), now, &full);
            if (line.time != full.time || line.dated != full.dated || line.date.n != full.date.n ||
                s.wall.last != forgetful.wall.last)
                fail_msg("%s", text);
        }
    }
    assert_true(recalled > 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recognises_the_usual_shapes),
        cmocka_unit_test(leaves_others_undated),
        cmocka_unit_test(bears_any_cut),
        cmocka_unit_test(follows_the_lines_of_a_file),
        cmocka_unit_test(takes_the_day_from_the_name),
        cmocka_unit_test(remembers_nothing_that_matters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
