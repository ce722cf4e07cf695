// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/output.h"
#include "cli/utf8.h"
#include "cli/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#define LENGTH_OF(a) (sizeof(a) / sizeof((a)[0]))
#define TEXT(s)                                                                                    \
    {                                                                                              \
        s, sizeof(s) - 1                                                                           \
    }
#define NOW      (UINT64_C(1772200000) * USEC_PER_SEC) // 2026-02-27 13:46:40
#define HOURS(n) ((n)*UINT64_C(3600) * USEC_PER_SEC)

static void test_clean(void **state)
{
    static const struct {
        struct slice text;
        size_t size;
        const char *clean;
    } rows[] = {
        {TEXT("plain text"), 99, "plain text"},
        {TEXT("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"), 99,
         "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
        {TEXT("\x1b[2J\x07\r\n\t\0\x7f"), 99, "?[2J??????"},
        {TEXT("c1: \xc2\x9b"
              "2J"),
         99, "c1: ?2J"}, // CSI in one character
        {TEXT("\xe2\x80\xae"
              "moc\xe2\x81\xa6"),
         99, "?moc?"}, // the direction of writing
        {TEXT("\xff\xfe\x80"), 99, "???"},
        {TEXT("\xc0\xaf"), 99, "??"},           // overlong
        {TEXT("\xed\xa0\x80"), 99, "???"},      // a surrogate
        {TEXT("\xf4\x90\x80\x80"), 99, "????"}, // beyond U+10FFFF
        {TEXT("\xe2\x82"), 99, "??"},           // cut off
        {TEXT("12345"), 4, "123"},
        {TEXT("12\xe2\x82\xac"), 5, "12"}, // no half characters
        {TEXT(""), 1, ""},
    };
    char clean[100];

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        size_t n = output_clean(rows[i].text, clean, rows[i].size);
        assert_string_equal(clean, rows[i].clean);
        assert_int_equal(n, strlen(rows[i].clean));
    }
}

static void test_times(void **state)
{
    static const struct {
        usec_t time;
        const char *text, *relative;
    } rows[] = {
        {NOW + HOURS(167) + HOURS(1) / 4, "06 Mar 14:01:40", "6d 23h left"},
        {NOW + HOURS(168) - USEC_PER_SEC, "06 Mar 14:46:39", "1w left"},
        {NOW + HOURS(1) - 1, "27 Feb 15:46:39", "1h left"},
        {NOW - 90 * USEC_PER_SEC, "27 Feb 14:45:10", "1m 30s ago"},
        {NOW + HOURS(2) + 20 * USEC_PER_SEC, "27 Feb 16:47:00", "2h left"},
        {NOW - HOURS(24 * 365), "27 Feb 2025 14:46:40", "52w 1d ago"},
        {USEC_FOREVER, "never", "forever"},
    };
    const struct output o = {.now = NOW};
    char text[OUTPUT_TIME_MAX], relative[OUTPUT_LEFT_MAX];

    (void)state;
    setenv("TZ", "CET-1", 1);
    tzset();
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        output_time(&o, rows[i].time, text);
        output_relative(&o, rows[i].time, relative);
        assert_string_equal(text, rows[i].text);
        assert_string_equal(relative, rows[i].relative);
    }
}

static void test_numbers(void **state)
{
    static const struct {
        uint64_t n;
        const char *count, *size;
    } rows[] = {
        {0, "0", "0 B"},
        {999, "999", "999 B"},
        {1023, "1,023", "1023 B"},
        {1024, "1,024", "1.0 KiB"},
        {1234567, "1,234,567", "1.2 MiB"},
        {UINT64_MAX, "18,446,744,073,709,551,615", "16777216.0 TiB"},
    };
    char text[VIEW_NUMBER_MAX];

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        assert_string_equal(view_count(rows[i].n, text), rows[i].count);
        assert_string_equal(view_size(rows[i].n, text), rows[i].size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clean),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_numbers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
