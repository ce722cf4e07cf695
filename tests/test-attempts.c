// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/attempts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define T      (100 * USEC_PER_DAY)
#define MINUTE (60 * USEC_PER_SEC)
#define HOUR   (60 * MINUTE)
#define NONE   UINT32_MAX

enum { SEED = 3 };

static const char tellers[2];

static struct attempts *new_attempts(void)
{
    struct attempts *a = attempts_new(SEED);

    assert_non_null(a);
    return a;
}

static struct addr host_of(uint32_t number)
{
    struct addr host;

    assert_int_equal(addr_parse(slice_of("10.0.0.0"), &host), 0);
    for (int i = 0; i < 3; i++)
        host.b[13 + i] = (uint8_t)(number >> (16 - 8 * i));
    return host;
}

static void fail_at(struct attempts *a, uint32_t host, uint32_t user, usec_t time, int teller)
{
    struct addr addr = host_of(host);

    assert_int_equal(attempts_fail(a, &addr, user, time, &tellers[teller]), 0);
}

static void log_in(struct attempts *a, uint32_t host, uint32_t user)
{
    struct addr addr = host_of(host);

    attempts_make_good(a, &addr, user);
}

static bool absolves(struct attempts *a, uint32_t host, usec_t time, uint32_t need)
{
    struct addr addr = host_of(host);

    return attempts_absolve(a, &addr, time, HOUR, need);
}

// A failure each minute: of this user (capital), or of nobody; small: he logs in.
static const struct {
    const char *what;
    uint32_t left; // that no login made good; NONE: no failure was made good
} rows[] = {
    {"", NONE},
    {"a", NONE},
    {"AAA", NONE},
    {"AAAa", 0},
    {"aAAA", NONE},
    {"AAaA", 1},
    {"AABBBa", 3},
    {"AABBBab", 0},
    {"A--a", 2},
    {"--a", NONE},
    // What was made good makes room, before anything older.
    {"AAaBBBBBBB", 7},
    {"AAaBBBBBBBB", NONE},
    {"BAAaBBBBBB", 7},
    // Then the oldest.
    {"ABBBBBBBBa", NONE},
    {"ABBBBBBBCb", 1},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct attempts *a = new_attempts();
        usec_t time = T;
        for (const char *c = rows[i].what; *c; c++, time += MINUTE) {
            if (*c >= 'a')
                log_in(a, 1, (uint32_t)(*c - 'a' + 'A'));
            else
                fail_at(a, 1, *c == '-' ? 0 : (uint32_t)*c, time, 0);
        }
        for (uint32_t need = 1; need <= ATTEMPTS_MAX; need++) {
            if (absolves(a, 1, time, need) != (rows[i].left != NONE && rows[i].left < need))
                fail_msg("%s, %u", rows[i].what, need);
        }
        assert_false(absolves(a, 1, time, ATTEMPTS_MAX + 1));
        assert_false(absolves(a, 2, time, ATTEMPTS_MAX));
        attempts_free(a);
    }
}

static void test_findtime(void **state)
{
    struct attempts *a = new_attempts();

    (void)state;
    fail_at(a, 1, 'A', T, 0);
    fail_at(a, 1, 'B', T + MINUTE, 0);
    log_in(a, 1, 'A');
    assert_true(absolves(a, 1, T + HOUR - 1, 2));
    assert_false(absolves(a, 1, T + HOUR, 2));
    attempts_free(a);
}

// What two tell of one time is one failure, what one tells twice are two.
static void test_tellers(void **state)
{
    struct attempts *a = new_attempts();

    (void)state;
    fail_at(a, 1, 'A', T, 0);
    fail_at(a, 1, 'B', T, 0);
    fail_at(a, 1, 'B', T, 1);
    log_in(a, 1, 'A');
    assert_true(absolves(a, 1, T, 2));
    fail_at(a, 1, 'B', T, 0);
    assert_false(absolves(a, 1, T, 2));
    assert_true(absolves(a, 1, T, 3));
    attempts_free(a);
}

static void test_capacity(void **state)
{
    struct attempts *a = new_attempts();

    (void)state;
    for (uint32_t i = 0; i < ATTEMPTS_HOSTS_MAX; i++) {
        fail_at(a, i, 'A', T, 0);
        log_in(a, i, 'A');
    }
    fail_at(a, 0, 'B', T, 0);
    assert_true(absolves(a, 1, T, 2));
    fail_at(a, ATTEMPTS_HOSTS_MAX, 'A', T, 0);
    assert_false(absolves(a, 1, T, 2));
    assert_true(absolves(a, 0, T, 2));
    assert_true(absolves(a, 2, T, 2));
    attempts_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_findtime),
        cmocka_unit_test(test_tellers),
        cmocka_unit_test(test_capacity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
