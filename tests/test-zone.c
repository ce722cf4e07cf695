// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/zone.h"

#include "base/span.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static int64_t seconds(const char *text)
{
    usec_t t;

    assert_int_equal(time_parse(slice_of(text), &t), 0);
    return (int64_t)(t / USEC_PER_SEC);
}

// POSIX rules, so that no tzdata is needed.
static const char berlin[] = "CET-1CEST,M3.5.0,M10.5.0/3";
static const char new_york[] = "EST5EDT,M3.2.0,M11.1.0";
static const char auckland[] = "NZST-12NZDT,M9.5.0,M4.1.0/3";
static const char kathmandu[] = "NPT-5:45";

static const struct {
    const char *zone, *local, *utc;
} clocks[] = {
    {"UTC0", "2026-02-28T06:08:03Z", "2026-02-28T06:08:03Z"},
    {kathmandu, "2026-02-28T06:08:03Z", "2026-02-28T00:23:03Z"},
    {berlin, "2026-01-15T12:00:00Z", "2026-01-15T11:00:00Z"},
    {berlin, "2026-07-15T12:00:00Z", "2026-07-15T10:00:00Z"},
    {berlin, "2026-03-29T01:59:59Z", "2026-03-29T00:59:59Z"},
    {berlin, "2026-03-29T02:30:00Z", "2026-03-29T01:30:00Z"}, // does not occur
    {berlin, "2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z"},
    {berlin, "2026-10-25T01:59:59Z", "2026-10-24T23:59:59Z"},
    {berlin, "2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z"}, // the first of two
    {berlin, "2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z"},
    {berlin, "2026-10-26T03:00:00Z", "2026-10-26T02:00:00Z"},
    {new_york, "2026-03-08T01:59:59Z", "2026-03-08T06:59:59Z"},
    {new_york, "2026-03-08T02:30:00Z", "2026-03-08T07:30:00Z"}, // does not occur
    {new_york, "2026-03-08T03:00:00Z", "2026-03-08T07:00:00Z"},
    {new_york, "2026-11-01T01:30:00Z", "2026-11-01T05:30:00Z"}, // the first of two
    {new_york, "2026-11-01T02:00:00Z", "2026-11-01T07:00:00Z"},
    {auckland, "2026-04-05T02:30:00Z", "2026-04-04T13:30:00Z"}, // the first of two
    {auckland, "2026-04-05T03:00:00Z", "2026-04-04T15:00:00Z"},
    {auckland, "2026-09-27T01:59:59Z", "2026-09-26T13:59:59Z"},
    {auckland, "2026-09-27T03:00:00Z", "2026-09-26T14:00:00Z"},
};

static struct zone zone_of(const char *tz)
{
    struct zone z;

    assert_int_equal(setenv("TZ", tz, 1), 0);
    assert_int_equal(zone_local(&z), 0);
    return z;
}

static void tells_utc_of_the_wall_clock(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
        struct zone z = zone_of(clocks[i].zone);
        assert_int_equal(zone_to_utc(&z, seconds(clocks[i].local)), seconds(clocks[i].utc));
        zone_done(&z);
    }
}

static void agrees_with_the_c_library(void **state)
{
    static const char *const zones[] = {"UTC0", berlin, new_york, auckland, kathmandu};

    (void)state;
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {
        struct zone z = zone_of(zones[i]);
        for (int64_t t = 0; t < seconds("2099-12-01T00:00:00Z"); t += 86400 * 5 + 3607) {
            time_t at = t;
            struct tm tm;
            assert_non_null(localtime_r(&at, &tm));
            assert_int_equal(zone_offset(&z, t), tm.tm_gmtoff);
        }
        zone_done(&z);
    }
}

static void holds_a_fixed_offset(void **state)
{
    struct zone z;

    (void)state;
    assert_int_equal(zone_fixed(8 * 3600, &z), 0);
    assert_int_equal(zone_offset(&z, 0), 8 * 3600);
    assert_int_equal(zone_to_utc(&z, 8 * 3600), 0);
    zone_done(&z);
    assert_int_equal(z.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_utc_of_the_wall_clock),
        cmocka_unit_test(agrees_with_the_c_library),
        cmocka_unit_test(holds_a_fixed_offset),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
