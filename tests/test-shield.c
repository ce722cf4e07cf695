// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/attempts.h"
#include "engine/shield.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DAY  USEC_PER_DAY
#define HOUR (3600 * USEC_PER_SEC)

enum { SEED = 3, SPAN_DAYS = 14, STEPS_MAX = 8 };

static const uint8_t v4[] = {24, 16}, v6[] = {64, 56, 48};
static const char jails[2];

static struct shield *new_shield(void)
{
    struct shield *s = shield_new(SPAN_DAYS * DAY, v4, 2, v6, 3, SEED);

    assert_non_null(s);
    return s;
}

static struct addr net(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

static void succeed(struct shield *s, const char *host, const char *user, usec_t time)
{
    struct addr a = net(host);

    assert_true(shield_success(s, &a, slice_of(user), time) >= 0);
}

static const struct {
    const char *success;
    usec_t at;
    const char *block;
    usec_t asked;
    bool covered;
} covers[] = {
    {"192.0.2.1", 100 * DAY, "192.0.2.0/24", 100 * DAY, true},
    {"192.0.2.1", 100 * DAY, "192.0.0.0/16", 110 * DAY, true},
    {"192.0.2.1", 100 * DAY, "192.0.3.0/24", 100 * DAY, false},
    {"192.0.2.1", 100 * DAY, "192.0.2.0/24", 114 * DAY, false},
    {"192.0.2.1", 100 * DAY, "192.0.2.0/24", 99 * DAY, true}, // late lines
    {"2001:db8:0:1::5", 100 * DAY, "2001:db8::/56", 101 * DAY, true},
    {"2001:db8:0:1::5", 100 * DAY, "2001:db8::/48", 101 * DAY, true},
    {"2001:db8:0:1::5", 100 * DAY, "2001:db8:0:100::/56", 101 * DAY, false},
    {"2001:db8:0:1::5", 100 * DAY, "2001:db8:0:1::/64", 101 * DAY, true},
    {"2001:db8:0:1::5", 100 * DAY, "2001:db8:0:1:8000::/112", 101 * DAY, true},
    {"2001:db8:0:1::5", 100 * DAY, "2001:db8:0:2::/112", 101 * DAY, false},
};

static void test_blocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(covers) / sizeof(*covers); i++) {
        struct shield *s = new_shield();
        struct addr block = net(covers[i].block);
        usec_t last = 0;
        succeed(s, covers[i].success, "anna", covers[i].at);
        assert_int_equal(shield_covers(s, &block, covers[i].asked, &last), covers[i].covered);
        assert_int_equal(last, covers[i].covered ? covers[i].at : 0);
        shield_free(s);
    }
}

static const struct {
    const char *name;
    struct {
        const char *host;
        usec_t at;
    } login[4];
    const char *block;
    usec_t asked;
    bool strange;
} lands[] = {
    {"nobody", {{"192.0.2.1", 100 * DAY}}, "198.18.1.0/24", 101 * DAY, true},
    {"nobody, on the first day",
     {{"192.0.2.1", 100 * DAY}},
     "198.18.1.0/24",
     101 * DAY - USEC_PER_SEC,
     false},
    {"the first told of late",
     {{"192.0.2.1", 101 * DAY}, {"192.0.2.2", 100 * DAY}},
     "198.18.1.0/24",
     101 * DAY,
     true},
    {"nobody anywhere", {{NULL}}, "198.18.1.0/24", 101 * DAY, false},
    {"nobody any more", {{"192.0.2.1", 100 * DAY}}, "198.18.1.0/24", 114 * DAY, false},
    {"somebody",
     {{"192.0.2.1", 100 * DAY}, {"198.18.9.1", 100 * DAY}},
     "198.18.1.0/24",
     113 * DAY,
     false},
    {"somebody, long ago",
     {{"198.18.9.1", 100 * DAY}, {"192.0.2.1", 110 * DAY}},
     "198.18.1.0/24",
     114 * DAY,
     true},
    {"in the block alone",
     {{"198.18.1.1", 100 * DAY}, {"198.18.1.2", 101 * DAY}},
     "198.18.1.0/24",
     101 * DAY,
     true},
    {"in its /24 alone, but not in it",
     {{"198.18.1.1", 100 * DAY}},
     "198.18.1.128/25",
     101 * DAY,
     false},
    {"in the block and beside it",
     {{"198.18.1.1", 100 * DAY}, {"198.18.2.1", 101 * DAY}, {"198.18.1.1", 102 * DAY}},
     "198.18.1.0/24",
     102 * DAY,
     false},
    {"in the block, and long ago beside it",
     {{"198.18.2.1", 100 * DAY}, {"198.18.1.1", 113 * DAY}},
     "198.18.1.0/24",
     114 * DAY,
     true},
    {"in the land itself", {{"198.18.1.1", 100 * DAY}}, "198.18.0.0/16", 101 * DAY, false},
    {"nobody in the land itself", {{"192.0.2.1", 100 * DAY}}, "198.18.0.0/16", 101 * DAY, true},
    {"IPv6, nobody", {{"192.0.2.1", 100 * DAY}}, "2001:db8::/56", 101 * DAY, true},
    {"IPv6, somebody", {{"2001:db8:0:100::1", 100 * DAY}}, "2001:db8::/56", 101 * DAY, false},
    {"IPv6, in the block alone", {{"2001:db8::1", 100 * DAY}}, "2001:db8::/56", 101 * DAY, true},
    {"IPv6, in the land itself", {{"2001:db8::1", 100 * DAY}}, "2001:db8::/48", 101 * DAY, false},
};

static void test_lands(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lands) / sizeof(*lands); i++) {
        struct shield *s = new_shield();
        struct addr block = net(lands[i].block);
        for (size_t k = 0; k < 4 && lands[i].login[k].host; k++)
            succeed(s, lands[i].login[k].host, "anna", lands[i].login[k].at);
        if (shield_is_strange(s, &block, lands[i].asked) != lands[i].strange)
            fail_msg("%s", lands[i].name);
        shield_free(s);
    }
}

// Whose last login is longest ago makes room.
static void test_lands_are_bounded(void **state)
{
    static const char *const block[] = {"192.0.2.0/24", "198.18.1.0/24"};
    static const bool strange[] = {true, false};
    struct shield *s = new_shield();

    (void)state;
    succeed(s, "192.0.9.1", "anna", 100 * DAY);
    succeed(s, "198.18.9.1", "bert", 100 * DAY);
    for (unsigned i = 0; i < SHIELD_LANDS_MAX - 1; i++) {
        char host[64], user[16];
        snprintf(host, sizeof(host), "2001:db8:%x::1", i);
        snprintf(user, sizeof(user), "user%u", i);
        succeed(s, host, user, 101 * DAY);
    }
    for (int i = 0; i < 2; i++) {
        struct addr a = net(block[i]);
        assert_int_equal(shield_is_strange(s, &a, 102 * DAY), strange[i]);
    }
    shield_free(s);
}

// One account does not shield half the internet.
static void test_an_account_shields_few_blocks(void **state)
{
    struct shield *s = new_shield();
    unsigned covered = 0;

    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        char host[32];
        struct addr block;
        snprintf(host, sizeof(host), "198.18.%u.1", i);
        succeed(s, host, "stolen", 100 * DAY + i * USEC_PER_SEC);
        block = net(host);
        block = addr_block(&block, 24);
        covered += shield_covers(s, &block, 100 * DAY + i * USEC_PER_SEC, NULL);
    }
    assert_int_equal(covered, SHIELD_BLOCKS_MAX);
    succeed(s, "198.18.201.1", "anna", 101 * DAY);
    assert_true(shield_covers(s, &(struct addr){0}, 101 * DAY, NULL) == false);
    shield_free(s);
}

static const struct {
    const char *name;
    usec_t success[STEPS_MAX];
    usec_t asked;
    bool trusted;
} trusts[] = {
    {"one day",
     {100 * DAY, 100 * DAY + 2 * HOUR, 100 * DAY + 4 * HOUR},
     100 * DAY + 5 * HOUR,
     false},
    {"three days", {100 * DAY, 101 * DAY, 102 * DAY}, 102 * DAY, true},
    {"long ago", {100 * DAY, 101 * DAY, 102 * DAY}, 117 * DAY, false},
    {"once in a span", {100 * DAY, 120 * DAY, 140 * DAY}, 140 * DAY, false},
};

static void test_trust(void **state)
{
    struct addr host = net("192.0.2.1");

    (void)state;
    for (size_t i = 0; i < sizeof(trusts) / sizeof(*trusts); i++) {
        struct shield *s = new_shield();
        for (size_t k = 0; k < STEPS_MAX && trusts[i].success[k]; k++)
            succeed(s, "192.0.2.1", "anna", trusts[i].success[k]);
        assert_int_equal(shield_trusts(s, &host, trusts[i].asked), trusts[i].trusted);
        shield_free(s);
    }
}

// Whichever of its addresses is asked about: a /64 is one host.
static void test_ipv6_hosts_are_known_by_their_64(void **state)
{
    struct shield *s = new_shield();
    struct addr one = net("2001:db8::1"), other = net("2001:db8::2"),
                beside = net("2001:db8:0:1::1");
    usec_t now = 102 * DAY;

    (void)state;
    for (unsigned day = 100; day <= 102; day++)
        succeed(s, "2001:db8::1", "anna", day * DAY);
    assert_true(shield_knows(s, &other, now) && shield_is_home(s, &other, now));
    assert_false(shield_knows(s, &beside, now) || shield_trusts(s, &beside, now));
    assert_true(shield_forgives(s, &other, now, HOUR));
    assert_false(shield_forgives(s, &one, now + 1, HOUR));
    assert_true(shield_excuses(s, &other, slice_of("anna"), now, jails));
    assert_int_equal(shield_failure(s, &one, slice_of("bert"), now, jails), 0);
    succeed(s, "2001:db8::3", "bert", now + 1);
    assert_true(shield_absolves(s, &other, now + 1, HOUR, 1));
    assert_false(shield_absolves(s, &beside, now + 1, HOUR, 1));
    shield_free(s);
}

static void test_a_shared_host_is_trusted(void **state)
{
    struct shield *s = new_shield();
    struct addr host = net("192.0.2.1");

    (void)state;
    assert_false(shield_knows(s, &host, 100 * DAY));
    for (unsigned i = 0; i < SHIELD_SHARED; i++) {
        assert_false(shield_trusts(s, &host, 100 * DAY));
        succeed(s, "192.0.2.1", (const char *[]){"anna", "bert", "carl"}[i], 100 * DAY + i);
        succeed(s, "192.0.2.1", "anna", 100 * DAY + i);
        assert_true(shield_knows(s, &host, 100 * DAY));
        assert_int_equal(shield_is_home(s, &host, 100 * DAY), i + 1 >= SHIELD_HOME);
    }
    assert_true(shield_trusts(s, &host, 101 * DAY));
    assert_false(shield_trusts(s, &host, 115 * DAY));
    assert_false(shield_knows(s, &host, 115 * DAY));
    shield_free(s);
}

static void test_a_second_chance_and_no_third(void **state)
{
    struct shield *s = new_shield();
    struct addr host = net("192.0.2.1"), other = net("192.0.2.2");

    (void)state;
    for (usec_t day = 100; day < 103; day++)
        succeed(s, "192.0.2.1", "anna", day * DAY);
    assert_true(shield_forgives(s, &host, 103 * DAY, HOUR));
    // Of the same line, another jail.
    assert_true(shield_forgives(s, &host, 103 * DAY, HOUR));
    assert_false(shield_forgives(s, &host, 103 * DAY + 1, HOUR));
    assert_true(shield_forgives(s, &host, 103 * DAY + HOUR, HOUR));
    assert_false(shield_forgives(s, &other, 103 * DAY, HOUR));
    shield_free(s);
}

static void test_fresh(void **state)
{
    struct shield *s = new_shield();
    struct addr host = net("192.0.2.1");

    (void)state;
    assert_int_equal(shield_success(s, &host, slice_of("anna"), 100 * DAY), 0);
    assert_int_equal(shield_success(s, &host, slice_of("anna"), 100 * DAY + HOUR - 1),
                     SHIELD_E_FRESH);
    assert_int_equal(shield_success(s, &host, slice_of("bert"), 100 * DAY + HOUR - 1), 0);
    assert_int_equal(shield_success(s, &host, slice_of("bert"), 100 * DAY + 2 * HOUR), 0);
    shield_free(s);
}

static void test_an_old_password(void **state)
{
    struct shield *s = new_shield();
    struct addr host = net("192.0.2.1"), near = net("192.0.2.2"), far = net("192.0.3.1");
    unsigned counted = 0;

    (void)state;
    succeed(s, "192.0.2.1", "anna", 100 * DAY);
    for (unsigned i = 0; i < 10 * SHIELD_FAMILIAR; i++)
        counted +=
            !shield_excuses(s, i % 2 ? &host : &near, slice_of("anna"), 100 * DAY + i, jails);
    assert_int_equal(counted, 10);
    assert_false(shield_excuses(s, &host, slice_of("bert"), 100 * DAY, jails));
    assert_false(shield_excuses(s, &host, slice_of(""), 100 * DAY, jails));
    assert_false(shield_excuses(s, &far, slice_of("anna"), 100 * DAY, jails));
    assert_false(shield_excuses(s, &host, slice_of("anna"), 115 * DAY, jails));
    shield_free(s);
}

// What two jails see is one failure, and both of them are told the same; two lines of one time are
// two.
static void test_a_failure_for_several_jails(void **state)
{
    struct shield *s = new_shield();
    struct addr host = net("192.0.2.1");
    unsigned counted[2] = {0};

    (void)state;
    succeed(s, "192.0.2.1", "anna", 100 * DAY);
    for (unsigned i = 0; i < 10 * SHIELD_FAMILIAR; i++) {
        for (size_t k = 0; k < 2; k++)
            counted[k] += !shield_excuses(s, &host, slice_of("anna"), 100 * DAY + i / 2, &jails[k]);
        assert_int_equal(counted[0], counted[1]);
    }
    assert_int_equal(counted[0], 10);
    shield_free(s);
}

// In order, at one minute each: upper case is a failure, lower case a login, of the user of that
// letter; a dash is a failure of nobody.
static const struct {
    const char *what;
    bool absolved;
} absolutions[] = {
    {"AAAAA", false},
    {"AAAaAA", true},
    {"AAABBB", false},
    {"AAAaBBB", true},
    {"AAAbBB", false},
    {"AAAaBBBBB", false},
    {"a-----", false},
    {"AAaBBbCC", true},
    {"-----a", false},
    {"AAAAAaBBBBBBBB", false},
    {"BBBAaAaBAaAaAaAaAaB", false},
};

static void test_who_logs_in_at_last(void **state)
{
    struct addr host = net("192.0.2.1");

    (void)state;
    for (size_t i = 0; i < sizeof(absolutions) / sizeof(*absolutions); i++) {
        struct shield *s = new_shield();
        usec_t time = 100 * DAY;
        for (const char *c = absolutions[i].what; *c; c++, time += 60 * USEC_PER_SEC) {
            char user = *c >= 'a' ? (char)(*c - 'a' + 'A') : *c;
            struct slice name = {&user, *c != '-'};
            assert_true((*c >= 'a' ? shield_success(s, &host, name, time)
                                   : shield_failure(s, &host, name, time, &jails[0])) >= 0);
            // By another jail.
            if (*c < 'a')
                assert_int_equal(shield_failure(s, &host, name, time, &jails[1]), 0);
        }
        assert_int_equal(shield_absolves(s, &host, time, HOUR, 5), absolutions[i].absolved);
        assert_false(shield_absolves(s, &host, time + HOUR, HOUR, 5));
        assert_false(shield_absolves(s, &host, time, HOUR, ATTEMPTS_MAX + 1));
        shield_free(s);
    }
}

static void test_many_at_a_time(void **state)
{
    struct shield *s = new_shield();
    struct addr host = net("192.0.2.1");
    usec_t time = 100 * DAY;

    (void)state;
    assert_int_equal(shield_failure(s, &host, slice_of("anna"), time, &jails[0]), 0);
    succeed(s, "192.0.2.1", "anna", time);
    for (unsigned i = 0; i < 5; i++) {
        assert_true(shield_absolves(s, &host, time, HOUR, 5));
        for (size_t k = 0; k < 2; k++)
            assert_int_equal(shield_failure(s, &host, slice_of("bert"), time, &jails[k]), 0);
    }
    assert_false(shield_absolves(s, &host, time, HOUR, 5));
    shield_free(s);
}

static int restore(void *user, const struct shield_host *h)
{
    return shield_restore(user, h);
}

static int count(void *user, const struct shield_host *h)
{
    (void)h;
    ++*(int *)user;
    return 0;
}

static void test_outlasts_a_restart(void **state)
{
    struct shield *s = new_shield(), *again = new_shield();
    struct addr host = net("192.0.2.1"), block = net("192.0.2.0/24"), far = net("198.18.1.0/24");
    int changed = 0;

    (void)state;
    for (usec_t day = 100; day < 103; day++)
        succeed(s, "192.0.2.1", "anna", day * DAY);
    assert_true(shield_forgives(s, &host, 103 * DAY, HOUR));
    assert_int_equal(shield_changed(s, restore, again), 0);
    assert_int_equal(shield_changed(s, count, &changed), 0);
    assert_int_equal(changed, 0);
    assert_true(shield_covers(again, &block, 103 * DAY, NULL));
    assert_true(shield_trusts(again, &host, 103 * DAY));
    assert_true(shield_is_strange(again, &far, 102 * DAY));
    assert_false(shield_is_strange(again, &block, 101 * DAY));
    assert_false(shield_forgives(again, &host, 103 * DAY + 1, HOUR));
    shield_free(s);
    shield_free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_lands),
        cmocka_unit_test(test_lands_are_bounded),
        cmocka_unit_test(test_an_account_shields_few_blocks),
        cmocka_unit_test(test_trust),
        cmocka_unit_test(test_ipv6_hosts_are_known_by_their_64),
        cmocka_unit_test(test_a_shared_host_is_trusted),
        cmocka_unit_test(test_a_second_chance_and_no_third),
        cmocka_unit_test(test_fresh),
        cmocka_unit_test(test_an_old_password),
        cmocka_unit_test(test_a_failure_for_several_jails),
        cmocka_unit_test(test_who_logs_in_at_last),
        cmocka_unit_test(test_many_at_a_time),
        cmocka_unit_test(test_outlasts_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
