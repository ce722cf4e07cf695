// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/caps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { SEED = 3, STEPS_MAX = 8 };

#define S   USEC_PER_SEC
#define MIN (60 * S)
#define T   (1000 * MIN)

static struct addr net(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

static const struct caps_spec wide = {1000, 1000, 1000000, 1000000, 8, 32};

static const struct {
    const char *name;
    struct caps_spec spec;
    struct {
        const char *net;
        usec_t time, until;
        int r;
    } step[STEPS_MAX];
    enum cap cap; // of the last one held back
    uint64_t held;
} rows[] = {
    {"bans a minute",
     {2, 9, 1000000, 1000000, 8, 32},
     {{"192.0.2.1", T, T + MIN, 0},
      {"192.0.2.2", T + 1, T + MIN, 0},
      {"192.0.2.3", T + 2, T + MIN, CAPS_E_ALARM},
      {"2001:db8::/64", T + 59 * S, T + MIN, CAPS_E_HELD},
      {"192.0.2.3", T + MIN, T + 2 * MIN, 0}},
     CAP_BANS,
     2},
    {"blocks a minute",
     {9, 1, 1000000, 1000000, 8, 32},
     {{"192.0.2.0/24", T, T + MIN, 0},
      {"192.0.3.0/24", T, T + MIN, CAPS_E_ALARM},
      {"192.0.2.0/24", T, T + 2 * MIN, 0}, // again
      {"192.0.3.1", T, T + MIN, 0},
      {"2001:db8::/64", T, T + MIN, 0},
      {"2001:db8::/63", T, T + MIN, CAPS_E_HELD}},
     CAP_BLOCKS,
     2},
    {"a clock that was ahead",
     {1, 9, 1000000, 1000000, 8, 32},
     {{"192.0.2.1", T + 9 * MIN, T + 10 * MIN, 0},
      {"192.0.2.2", T, T + MIN, 0},
      {"192.0.2.3", T + S, T + MIN, CAPS_E_ALARM},
      {"192.0.2.3", T + MIN, T + 2 * MIN, 0}},
     CAP_BANS,
     1},
    {"share behind one that does not end",
     {9, 9, 31, 1000000, 8, 32},
     {{"192.0.0.0/16", T, USEC_FOREVER, 0},
      {"192.1.0.0/16", T, T + MIN, 0},
      {"192.2.0.0/16", T, T + MIN, CAPS_E_ALARM},
      {"192.2.0.0/16", T + MIN, T + 2 * MIN, 0}},
     CAP_SHARE,
     1},
    {"share of IPv4",
     {9, 9, 31, 1000000, 8, 32}, // two /16, of 15.26 millionths each
     {{"192.0.0.0/16", T, T + MIN, 0},
      {"192.1.0.0/16", T, T + 2 * MIN, 0},
      {"192.2.0.0/20", T, T + MIN, CAPS_E_ALARM},
      {"192.1.0.0/16", T, T + 2 * MIN, 0}, // again
      {"2001:db8::/32", T, T + MIN, 0},
      {"192.2.1.1", T, T + MIN, 0},
      {"192.2.0.0/16", T + MIN, T + 2 * MIN, 0}}, // the first is over
     CAP_SHARE,
     1},
    {"the floor",
     {9, 9, 1000000, 1000000, 16, 48},
     {{"192.0.0.0/16", T, T + MIN, 0},
      {"192.0.0.0/15", T, T + MIN, CAPS_E_ALARM},
      {"2001:db8::/48", T, T + MIN, 0},
      {"2001:db8::/47", T + S, T + MIN, CAPS_E_HELD},
      {"2001:db8::/47", T + S *(CAPS_QUIET_S + 2), T + 20 * MIN, CAPS_E_ALARM}},
     CAP_FLOOR,
     1},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct caps *c = caps_new(&rows[i].spec, SEED);
        assert_non_null(c);
        for (size_t k = 0; k < STEPS_MAX && rows[i].step[k].net; k++) {
            struct addr a = net(rows[i].step[k].net);
            int r = caps_ask(c, &a, rows[i].step[k].time, rows[i].step[k].until);
            if (r != rows[i].step[k].r)
                fail_msg("%s, step %zu: %d", rows[i].name, k, r);
        }
        for (enum cap cap = 0; cap < CAP_N; cap++)
            assert_int_equal(caps_alarm(c, cap).held, cap == rows[i].cap ? rows[i].held : 0);
        caps_free(c);
    }
}

static void test_unbanned_is_no_share(void **state)
{
    struct caps_spec spec = wide;
    struct addr a = net("192.0.0.0/16"), b = net("192.1.0.0/16");
    struct caps *c;

    (void)state;
    spec.share_v4 = 16;
    c = caps_new(&spec, SEED);
    assert_non_null(c);
    assert_int_equal(caps_hold(c, &a, T + MIN), 0);
    assert_int_equal(caps_ask(c, &b, T, T + MIN), CAPS_E_ALARM);
    caps_lift(c, &a);
    assert_int_equal(caps_ask(c, &b, T, T + MIN), 0);
    caps_free(c);
}

static void test_capacity(void **state)
{
    struct caps *c = caps_new(&wide, SEED);
    struct addr a = net("10.0.0.0/24");

    (void)state;
    assert_non_null(c);
    for (unsigned i = 0; i < CAPS_BLOCKS_MAX + 10; i++) {
        a.b[13] = (uint8_t)(i >> 8);
        a.b[14] = (uint8_t)i;
        a.b[12] = (uint8_t)(10 + (i >> 16));
        assert_int_equal(caps_hold(c, &a, T), 0);
    }
    caps_free(c);
}

static const struct caps_spec narrow = {2, 1, 31, 1000000, 8, 48};

// What was held back, and what is said of it then.
static void test_refused(void **state)
{
    static const struct {
        const char *net;
        usec_t time, until; // of the ban that is asked for
        int cap;            // CAP_N: it is made
        usec_t over;        // from when on it may be made
    } steps[] = {
        {"192.0.0.0/16", T, T + 9 * MIN, CAP_N, 0},
        {"192.1.0.0/16", T + S, T + 5 * MIN, CAP_BLOCKS, T + MIN},
        {"192.0.0.0/12", T + S, T + 5 * MIN, CAP_SHARE, T + 9 * MIN},
        {"198.18.0.0/15", T + MIN, T + 5 * MIN, CAP_SHARE, T + 9 * MIN},
        {"192.1.0.0/16", T + MIN, T + 5 * MIN, CAP_N, 0},
        {"198.18.0.0/15", T + 2 * MIN, T + 5 * MIN, CAP_SHARE, T + 5 * MIN},
        {"198.18.0.1", T + 2 * MIN, T + 5 * MIN, CAP_N, 0},
        {"198.18.0.2", T + 2 * MIN, T + 5 * MIN, CAP_N, 0},
        {"198.18.0.3", T + 2 * MIN + S, T + 5 * MIN, CAP_BANS, T + 3 * MIN},
        {"2001:db8::/47", T + 3 * MIN, T + 5 * MIN, CAP_FLOOR, USEC_FOREVER},
    };
    struct caps *c = caps_new(&narrow, SEED);

    (void)state;
    assert_non_null(c);
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        struct addr a = net(steps[i].net);
        struct caps_refusal got = {.cap = CAP_N};
        int r = caps_ask(c, &a, steps[i].time, steps[i].until);
        assert_int_equal(r != 0, steps[i].cap != CAP_N);
        assert_int_equal(caps_refused(c, &a, &got), r != 0);
        if ((int)got.cap != steps[i].cap || got.until != (r ? steps[i].over : 0))
            fail_msg("step %zu: cap %d, until %lld", i, got.cap, (long long)got.until - T);
        assert_int_equal(got.time, r ? steps[i].time : 0);
    }
    caps_free(c);
}

static void test_refused_capacity(void **state)
{
    static const struct caps_spec none = {0, 0, 1000000, 1000000, 8, 32};
    struct caps *c = caps_new(&none, SEED);
    struct addr first = net("10.0.0.0"), a = first;
    struct caps_refusal refusal;

    (void)state;
    assert_non_null(c);
    for (unsigned i = 0; i <= CAPS_REFUSED_MAX; i++) {
        a.b[14] = (uint8_t)(i >> 8);
        a.b[15] = (uint8_t)i;
        assert_true(caps_ask(c, &a, T, T + MIN) > 0);
    }
    assert_false(caps_refused(c, &first, &refusal));
    first.b[15] = 1;
    assert_true(caps_refused(c, &first, &refusal));
    caps_free(c);
}

// A reload buys nobody a minute more, and what it changes begins anew.
static void test_resumed(void **state)
{
    struct caps_spec other = narrow;
    struct addr a = net("192.0.2.1"), b = net("192.0.2.2"), block = net("2001:db8::/47");
    struct caps *c = caps_new(&narrow, SEED), *same = caps_new(&narrow, SEED + 1), *wider;
    struct caps_refusal refusal;

    (void)state;
    other.bans = 3;
    wider = caps_new(&other, SEED);
    assert_true(c && same && wider);
    assert_int_equal(caps_ask(c, &block, T, T + MIN), CAPS_E_ALARM);
    assert_int_equal(caps_ask(c, &a, T, T + MIN), 0);
    assert_int_equal(caps_ask(c, &a, T, T + MIN), 0);
    assert_int_equal(caps_ask(c, &b, T, T + MIN), CAPS_E_ALARM);
    assert_int_equal(caps_resume(same, c), 0);
    assert_int_equal(caps_resume(wider, c), 0);

    assert_true(caps_refused(same, &b, &refusal));
    assert_int_equal(refusal.cap, CAP_BANS);
    assert_int_equal(caps_ask(same, &b, T + 1, T + MIN), CAPS_E_HELD);
    assert_int_equal(caps_alarm(same, CAP_BANS).held, 2);
    assert_int_equal(caps_alarm(same, CAP_FLOOR).since, T);

    assert_true(caps_refused(wider, &b, &refusal));
    assert_int_equal(refusal.until, 0);
    assert_true(caps_refused(wider, &block, &refusal));
    assert_int_equal(refusal.until, USEC_FOREVER);
    assert_int_equal(caps_alarm(wider, CAP_BANS).since, 0);
    assert_int_equal(caps_ask(wider, &b, T + 1, T + MIN), 0);
    assert_int_equal(caps_ask(wider, &a, T + 1, T + MIN), CAPS_E_ALARM);
    caps_free(c);
    caps_free(same);
    caps_free(wider);
}

static void test_words(void **state)
{
    static const char *const words[CAP_N] = {
        "cap.bans = 1000 a minute", "cap.blocks = 1000 a minute", "cap.share.v4 = 100%, .v6 = 100%",
        "floor.v4 = 8, floor.v6 = 32"};
    struct caps *c = caps_new(&wide, SEED);
    char text[CAPS_TEXT_MAX];

    (void)state;
    for (enum cap cap = 0; cap < CAP_N; cap++) {
        caps_text(c, cap, text);
        assert_string_equal(text, words[cap]);
    }
    caps_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_unbanned_is_no_share),
        cmocka_unit_test(test_capacity),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_refused_capacity),
        cmocka_unit_test(test_resumed),
        cmocka_unit_test(test_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
