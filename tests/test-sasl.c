// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/sasl.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

// NULL: no name.
static const struct row {
    enum sasl_form form;
    const char *base64, *user;
} rows[] = {
    {SASL_NAME, "d2VibWFzdGVy", "webmaster"},
    {SASL_NAME, "aGFucw==", "hans"},
    {SASL_NAME, "aGFucw=", "hans"},
    {SASL_NAME, "aGFucw", "hans"},
    {SASL_NAME, "aGFuc", NULL}, // cut within a letter
    {SASL_NAME, "", NULL},
    {SASL_NAME, "=", NULL},
    {SASL_NAME, "*", NULL},
    {SASL_NAME, "aG Fu", NULL},
    {SASL_NAME, "aG=u", NULL},
    {SASL_NAME, "aGFucw===", NULL},
    {SASL_NAME, "+/+/", "\xfb\xff\xbf"},
    {SASL_NAME, "YQBiAGM=", "a"}, // a NUL b NUL c
    {SASL_NAME, "AGFucw==", NULL},
    {SASL_NAME, "YQpiG2N/", "a?b?c?"}, // would write into a terminal or a line-wise log
    {SASL_PLAIN, "AGNhcm9sAG5ldw==", "carol"},
    {SASL_PLAIN, "YWRtaW4AY2Fyb2wAbmV3", "carol"},
    {SASL_PLAIN, "AGNhcm9sAA==", "carol"},
    {SASL_PLAIN, "AGNhcm9sAG5lAHcA", "carol"},
    {SASL_PLAIN, "AGNhcm9s", NULL}, // what is cut off may be anything, also a password
    {SASL_PLAIN, "Y2Fyb2w=", NULL},
    {SASL_PLAIN, "AABuZXc=", NULL},
    {SASL_PLAIN, "AAA=", NULL},
    {SASL_PLAIN, "AA==", NULL},
    {SASL_PLAIN, "", NULL},
    {SASL_PLAIN, "AGNhcm9sAG5ld!", NULL},
};

static void reads_the_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        char user[SASL_USER_MAX] = "before";
        int r = sasl_user(rows[i].form, slice_of(rows[i].base64), user);
        if (r != (rows[i].user ? 0 : -EINVAL) ||
            strcmp(user, rows[i].user ? rows[i].user : "before") != 0)
            fail_msg("%zu: %d %s", i, r, user);
    }
}

// NULL: no password.
static const struct {
    enum sasl_form form;
    const char *base64, *password;
} passwords[] = {
    {SASL_NAME, "b2xk", "old"},
    {SASL_NAME, "", NULL},
    {SASL_NAME, "*", NULL},
    {SASL_PLAIN, "AGNhcm9sAG5ldw==", "new"},
    {SASL_PLAIN, "YQBiAGM=", "c"},
    {SASL_PLAIN, "AGNhcm9sAA==", NULL},
    {SASL_PLAIN, "AGNhcm9s", NULL},
    {SASL_PLAIN, "AABuZXc=", "new"},
    {SASL_PLAIN, "AGNhcm9sAG5ld", NULL},
};

static void reads_the_password(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(passwords); i++) {
        char room[SASL_BYTES_MAX];
        struct slice got = {0}, want = {0};
        int r = sasl_password(passwords[i].form, slice_of(passwords[i].base64), room, &got);
        if (passwords[i].password)
            want = slice_of(passwords[i].password);
        if (r != (want.n > 0 ? 0 : -EINVAL) || !slice_equal(got, want))
            fail_msg("%zu: %d %.*s", i, r, (int)got.n, got.p);
    }
}

// Of a longer one, all that begin alike would be the same.
static void takes_no_part_of_a_password(void **state)
{
    char text[SASL_BYTES_MAX / 3 * 4 + 4], room[SASL_BYTES_MAX];
    struct slice got;

    (void)state;
    memset(text, 'Y', sizeof(text));
    assert_int_equal(sasl_password(SASL_NAME, (struct slice){text, sizeof(text) - 4}, room, &got),
                     0);
    assert_int_equal(got.n, SASL_BYTES_MAX);
    assert_int_equal(sasl_password(SASL_NAME, (struct slice){text, sizeof(text) - 2}, room, &got),
                     -EINVAL);
}

// "AAAA" is three NULs, "YWFh" three letters: so many times these, and a name behind them.
static const struct {
    const char *unit;
    size_t n;
    enum sasl_form form;
    const char *behind;
    size_t length; // of the name; 0: none
} long_rows[] = {
    {"YWFh", 20, SASL_NAME, "", 60},
    {"YWFh", 21, SASL_NAME, "", 63},
    {"YWFh", 22, SASL_NAME, "", 63},
    {"YWFh", 100000, SASL_NAME, "", 63},
    {"YWFh", 100000, SASL_NAME, "!", 0},
    {"YWFh", 200, SASL_PLAIN, "AGNhcm9sAG5ldw==", 5},
    {"YWFh", 256, SASL_PLAIN, "AGNhcm9sAG5ldw==", 0},
    {"YWFh", 100000, SASL_PLAIN, "AGNhcm9sAG5ldw==", 0},
    {"AAAA", 100000, SASL_NAME, "", 0},
    {"AAAA", 100000, SASL_PLAIN, "", 0},
};

static void takes_any_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(long_rows); i++) {
        size_t n = 4 * long_rows[i].n, tail = strlen(long_rows[i].behind);
        char *text = malloc(n + tail), user[SASL_USER_MAX] = "";
        assert_non_null(text);
        for (size_t k = 0; k < n; k++)
            text[k] = long_rows[i].unit[k % 4];
        memcpy(text + n, long_rows[i].behind, tail);
        int r = sasl_user(long_rows[i].form, (struct slice){text, n + tail}, user);
        if (r != (long_rows[i].length ? 0 : -EINVAL) || strlen(user) != long_rows[i].length)
            fail_msg("%zu: %d, %zu bytes", i, r, strlen(user));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_name),
        cmocka_unit_test(takes_any_length),
        cmocka_unit_test(reads_the_password),
        cmocka_unit_test(takes_no_part_of_a_password),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
