// SPDX-License-Identifier: GPL-2.0-or-later
// From bytes to a verdict: lines, stamp, filter, session, window, jail, and nothing in their place.
#include "base/zone.h"
#include "engine/jail.h"
#include "engine/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SEED = 3 };

static const usec_t now = UINT64_C(1772271000) * USEC_PER_SEC; // 2026-02-28T09:30:00Z

static const struct pattern failregexes[] = {
    {.text = "^ \\S+ postfix/smtpd\\[<F-MLFID>\\d+</F-MLFID>\\]: warning: \\S+\\[<HOST>\\]: SASL "
             "\\w+ authentication failed: .*, sasl_username=<F-USER>\\S+</F-USER>$"},
    {.text =
         "^ \\S+ postfix/smtpd\\[<F-MLFID>\\d+</F-MLFID>\\]: <F-MLFFORGET>disconnect</F-MLFFORGET>"
         " from \\S+\\[<HOST>\\] .*auth=<F-OK>\\d+</F-OK>/<F-TOTAL>\\d+</F-TOTAL>"},
};

// The attacker logs one failure, and his disconnect tells of two more. A client fails once and gets
// in; a line that only quotes an address counts for nobody.
static const char mail_log[] =
    "Feb 28 09:00:01 mx postfix/smtpd[11]: warning: unknown[192.0.2.1]: SASL LOGIN"
    " authentication failed: UGFzc3dvcmQ6, sasl_username=info\n"
    "Feb 28 09:00:02 mx postfix/smtpd[12]: warning: non-SMTP command from unknown[198.51.100.1]:"
    " x]: SASL LOGIN authentication failed: [203.0.113.9]\n"
    "Feb 28 09:00:03 mx postfix/smtpd[13]: warning: unknown[198.51.100.7]: SASL LOGIN"
    " authentication failed: UGFzc3dvcmQ6, sasl_username=ann\n"
    "Feb 28 09:00:04 mx postfix/smtpd[13]: disconnect from unknown[198.51.100.7] ehlo=1"
    " auth=1/2 commands=4\n"
    "Feb 28 09:00:05 mx postfix/smtpd[14]: warning: unknown[2001:db8::5]: SASL LOGIN"
    " authentication failed: UGFzc3dvcmQ6, sasl_username=root\n"
    "Feb 28 09:00:06 mx postfix/smtpd[14]: warning: unknown[2001:db8::6]: SASL LOGIN"
    " authentication failed: UGFzc3dvcmQ6, sasl_username=root\n"
    "Feb 28 09:00:07 mx postfix/smtpd[11]: disconnect from unknown[192.0.2.1] ehlo=1"
    " auth=0/3 commands=4\n"
    "Feb 28 09:00:08 mx postfix/smtpd[14]: warning: unknown[2001:db8::7]: SASL LOGIN"
    " authentication failed: UGFzc3dvcmQ6, sasl_username=admin\n";

static const struct {
    const char *net, *time;
} verdicts[] = {
    {"192.0.2.1/32", "2026-02-28T09:00:07Z"},
    {"2001:db8::/64", "2026-02-28T09:00:08Z"},
};

static const struct filter_spec wanted = {
    .name = "through", .failregex = failregexes, .n_failregex = 2};

static const struct jail_spec spec = {
    .name = "through",
    .maxretry = 3,
    .findtime = 600 * USEC_PER_SEC,
    .sentence = {.bantime = 7 * USEC_PER_DAY},
};

static void check(size_t i, const struct verdict *v)
{
    char text[ADDR_TEXT_MAX], time[TIME_TEXT_MAX];

    assert_true(i < sizeof(verdicts) / sizeof(verdicts[0]));
    addr_format_net(&v->net, text);
    time_format(v->time, time);
    assert_string_equal(text, verdicts[i].net);
    assert_string_equal(time, verdicts[i].time);
    assert_int_equal(v->until, v->time + 7 * USEC_PER_DAY);
    assert_int_equal(v->hits, 3);
}

static void test_from_bytes_to_verdicts(void **state)
{
    struct exempt exempt = {0};
    struct filter_error error;
    struct filter *filter;
    struct jail *jail;
    struct lines lines;
    struct stamp stamp;
    struct zone zone;
    struct slice rest = slice_of(mail_log), text;
    size_t n = 0;

    (void)state;
    assert_int_equal(zone_fixed(0, &zone), 0);
    assert_int_equal(lines_init(&lines, LINES_MAX), 0);
    assert_int_equal(filter_new(&wanted, &filter, &error), 0);
    assert_int_equal(
        jail_new(&spec, &(struct jail_filter){filter, NULL, 1}, 1, &exempt, SEED, &jail), 0);
    stamp_init(&stamp, &zone);
    while (lines_next(&lines, &rest, &text)) {
        struct line line;
        struct verdict v;
        struct hit hit;
        stamp_line(&stamp, text, now, &line);
        if (jail_feed(jail, &line, now, &hit, &v) == JAIL_E_VERDICT)
            check(n++, &v);
    }
    assert_int_equal(n, sizeof(verdicts) / sizeof(verdicts[0]));
    assert_int_equal(jail_counters(jail)->lines, 8);
    assert_int_equal(jail_counters(jail)->hits, 7);
    assert_int_equal(jail_tracked(jail), 1);
    jail_free(jail);
    filter_free(filter);
    lines_done(&lines);
    zone_done(&zone);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_from_bytes_to_verdicts)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
