// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/gibberish.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *const drawn[] = {
    "qxzvbnrt",   "kvbxqtn",     "jwqhfzg",   "xgpqvd",   "vbnqwkz",
    "zxcvbqw",    "kbtxczwvpqn", "kvbxqtn42", "4kvbxqtn",
    "qx7zvb9nrt", // the gaps tell nothing
};

static const char *const chosen[] = {
    // People, with and without initials.
    "anna",
    "schwartz",
    "jschwartz",
    "hschneider",
    "goldschmidt",
    "rothschild",
    "mueller",
    "krzysztof",
    "wojciechowski",
    "szczepanski",
    "krishnamurthy",
    "nguyenvan",
    "zhangxiaoming",
    "gudmundsson",
    "fitzgerald",
    "tkachenko",
    "mkrtchyan",
    "hrvoje",
    "llewellyn",
    "vandijk",
    // What they do, and their machines.
    "buchhaltung",
    "rechnungswesen",
    "accountspayable",
    "helpdesk",
    "webmaster",
    "postmaster",
    "srvdc01",
    "exchsrv02",
    "mailgw",
    "printsrv",
    "fileserver",
    "winsrv2019",
    "sqlserver",
    "yahoogroups",
    "newsletter",
    // Too short to tell, or no letters.
    "xqzvk",
    "",
    "20394857",
    "x1q2z3v",
};

static void test_drawn(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(drawn) / sizeof(*drawn); i++) {
        if (!gibberish_is(slice_of(drawn[i])))
            fail_msg("%s", drawn[i]);
    }
}

static void test_chosen(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(chosen) / sizeof(*chosen); i++) {
        if (gibberish_is(slice_of(chosen[i])))
            fail_msg("%s", chosen[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drawn),
        cmocka_unit_test(test_chosen),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
