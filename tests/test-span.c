// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/span.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct {
    const char *text;
    usec_t seconds;
} spans[] = {
    {"600", 600},
    {"0", 0},
    {"10m", 600},
    {" 10 m ", 600},
    {"10min", 600},
    {"90 seconds", 90},
    {"1h", 3600},
    {"1h 30m", 5400},
    {"1d12h", 129600},
    {"1w", 604800},
    {"1mo", 2629800},
    {"1y", 31557600},
    {"1y-6mo", 31557600 - 6 * 2629800},
    {"1YEAR-6 months", 15778800},
    {"24*3600", 86400},
    {"2 * 12 h * 2", 172800},
    {"1h - 10 * 2m", 2400},
    {"10M", 600},
    {"1.5h", 5400},
    {"2 weeks 3 days", 2 * 604800 + 3 * 86400},
    {"1h-60m", 0},
    {"10mm5", 605},
    {"300y", 300 * UINT64_C(31557600)},
};

static void reads_spans(void **state)
{
    usec_t span;

    (void)state;
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        assert_int_equal(span_parse(slice_of(spans[i].text), &span), 0);
        assert_int_equal(span, spans[i].seconds * USEC_PER_SEC);
    }
    assert_int_equal(span_parse(slice_of("-1"), &span), 0);
    assert_true(span == USEC_FOREVER);
    assert_int_equal(span_parse(slice_of("0.000001"), &span), 0);
    assert_int_equal(span, 1);
}

static void refuses_what_is_no_span(void **state)
{
    static const char *const bad[] = {"",    " ",    "m",    "10x",      "-2",    "1h-2h", "ten",
                                      "10,", "10q5", "1e5",  "1000000y", "0x10m", "--1",   "1h-",
                                      "*2",  "2*",   "2**2", "2*-1",     "1h*x"};
    char *endless = malloc(1024);
    usec_t span = 7;

    (void)state;
    assert_non_null(endless);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(span_parse(slice_of(bad[i]), &span), -EINVAL);
    }
    // Infinity less infinity.
    memset(endless, '9', 1024);
    endless[500] = '-';
    assert_int_equal(span_parse((struct slice){endless, 1000}, &span), -EINVAL);
    free(endless);
}

static const struct {
    usec_t span;
    const char *text;
} written[] = {
    {0, "0s"},
    {USEC_PER_SEC, "1s"},
    {600 * USEC_PER_SEC, "10m"},
    {5400 * USEC_PER_SEC, "1h 30m"},
    {USEC_PER_DAY, "1d"},
    {7 * USEC_PER_DAY, "1w"},
    {7 * USEC_PER_DAY + 60 * USEC_PER_SEC, "1w 1m"},
    {USEC_FOREVER, "forever"},
    {USEC_FOREVER - 1, "30500568w 6d"},
};

static void writes_spans(void **state)
{
    char text[SPAN_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
        assert_int_equal(span_format(written[i].span, text), strlen(written[i].text));
        assert_string_equal(text, written[i].text);
    }
}

static const struct {
    const char *text;
    usec_t time;
    const char *written; // NULL: the same text
} times[] = {
    {"1740722883", UINT64_C(1740722883000000), "2025-02-28T06:08:03Z"},
    {"1740722883.5", UINT64_C(1740722883500000), "2025-02-28T06:08:03.500000Z"},
    {"0", 0, "1970-01-01T00:00:00Z"},
    {"2026-02-28T06:08:03Z", UINT64_C(1772258883000000), NULL},
    {"2026-02-28T06:08:03.123456Z", UINT64_C(1772258883123456), NULL},
    {"2026-02-28T06:08:03.1234569Z", UINT64_C(1772258883123456), "2026-02-28T06:08:03.123456Z"},
    {"2026-02-28t07:08:03+01:00", UINT64_C(1772258883000000), "2026-02-28T06:08:03Z"},
    {"2026-02-28 00:38:03-0530", UINT64_C(1772258883000000), "2026-02-28T06:08:03Z"},
    {"2024-02-29T23:59:60Z", UINT64_C(1709251200000000), "2024-03-01T00:00:00Z"},
    {"9999-12-31T23:59:59Z", UINT64_C(253402300799000000), NULL},
};

static void reads_and_writes_times(void **state)
{
    char text[TIME_TEXT_MAX];
    usec_t t;

    (void)state;
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        assert_int_equal(time_parse(slice_of(times[i].text), &t), 0);
        assert_int_equal(t, times[i].time);
        const char *want = times[i].written ? times[i].written : times[i].text;
        assert_int_equal(time_format(t, text), strlen(want));
        assert_string_equal(text, want);
    }
    assert_int_equal(time_format(USEC_FOREVER, text), 5);
    assert_string_equal(text, "never");
    assert_true(time_format(USEC_FOREVER - 1, text) < TIME_TEXT_MAX);
}

static void refuses_what_is_no_time(void **state)
{
    static const char *const bad[] = {
        "",
        "-1",
        "1740722883.",
        "1740722883x",
        "1234567890123",
        "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00+1",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00Z ago",
        "2026-01-01",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
    };
    usec_t t = 7;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_int_equal(time_parse(slice_of(bad[i]), &t), -EINVAL);
    assert_int_equal(t, 7);
}

static void counts_every_day(void **state)
{
    int64_t day = days_from_civil(1968, 1, 1);

    (void)state;
    assert_int_equal(days_from_civil(1970, 1, 1), 0);
    for (int64_t year = 1968; year <= 2104; year++) {
        for (unsigned month = 1; month <= 12; month++) {
            for (unsigned mday = 1; mday <= days_in_month(year, month); mday++, day++) {
                int64_t y;
                unsigned m, d;
                assert_int_equal(days_from_civil(year, month, mday), day);
                civil_from_days(day, &y, &m, &d);
                assert_true(y == year && m == month && d == mday);
            }
        }
    }
    assert_int_equal(day, days_from_civil(2105, 1, 1));
    assert_int_equal(days_in_month(2000, 2), 29);
    assert_int_equal(days_in_month(1900, 2), 28);
}

static void adds_without_wrapping(void **state)
{
    (void)state;
    assert_true(usec_add(5, 6) == 11);
    assert_true(usec_add(5, USEC_FOREVER) == USEC_FOREVER);
    assert_true(usec_add(USEC_FOREVER, 1) == USEC_FOREVER);
    assert_true(usec_sub(6, 5) == 1);
    assert_true(usec_sub(5, 6) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_spans),
        cmocka_unit_test(refuses_what_is_no_span),
        cmocka_unit_test(writes_spans),
        cmocka_unit_test(reads_and_writes_times),
        cmocka_unit_test(refuses_what_is_no_time),
        cmocka_unit_test(counts_every_day),
        cmocka_unit_test(adds_without_wrapping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
