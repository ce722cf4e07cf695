// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/family.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
    const char *name, *client, *family;
} rows[] = {
    {"ylmf-pc", "203.0.113.7", "ylmf-pc"},
    {"YLMF-PC", "203.0.113.7", "ylmf-pc"},
    {"", "203.0.113.7", ""},
    {"win-\x01\xc3\xa4", "203.0.113.7", "win-???"},

    // Made up by a program.
    {"WIN-7QKD93JX01T", "203.0.113.7", "win-<mixed:11>"},
    {"WIN-K2M4V8RP0AZ", "198.51.100.1", "win-<mixed:11>"},
    {"DESKTOP-4F7H2K1", NULL, "desktop-<mixed:7>"},
    {"WIN-KBTXCZWVP5N", "198.51.100.1", "win-<mixed:11>"},
    {"kvbxqtn42", NULL, "<mixed:9>"},
    {"qxzvbnrt", NULL, "<letters:8>"},
    {"20394857", NULL, "<digits:8>"},
    {"qxzvbnrt@example.com", NULL, "<letters:8>@example.com"},

    // Chosen by a person.
    {"anna1987", NULL, "anna1987"},
    {"info", NULL, "info"},
    {"schwartz", NULL, "schwartz"},
    {"jschwartz12", NULL, "jschwartz12"},
    {"support@example.com", NULL, "support@example.com"},
    {"mail-ed1-f43.google.com", NULL, "mail-ed1-f43.google.com"},
    {"a1b2c3d4.example.com", NULL, "a1b2c3d4.example.com"},
    {"1234", NULL, "1234"},
    {"x1y2", NULL, "x1y2"},

    // The client's own address.
    {"host-203-0-113-7.isp.example", "203.0.113.7", "host-<ip>.isp.example"},
    {"7.113.0.203.dyn.example", "203.0.113.7", "<ip>.dyn.example"},
    {"203x000x113x007", "203.0.113.7", "<ip>"},
    {"203.0.113.7", "203.0.113.7", "[<ip>]"},
    {"[203.0.113.7]", "203.0.113.7", "[<ip>]"},
    {"cb007107-pc", "203.0.113.7", "<ip>-pc"},
    {"[IPv6:2001:DB8::1]", "2001:db8::1", "[<ip>]"},
    {"dsl203-0-113-7", "203.0.113.7", "dsl<ip>"},

    // Another's.
    {"host-203-0-113-8.isp.example", "203.0.113.7", "host-203-0-113-8.isp.example"},
    {"1203-0-113-7", "203.0.113.7", "1203-0-113-7"},
    {"203-0-113-71", "203.0.113.7", "203-0-113-71"},
    {"203-0.113-7", "203.0.113.7", "203-0.113-7"},
    {"203-0-113", "203.0.113.7", "203-0-113"},
    {"[203.0.113.7]", NULL, "[203.0.113.7]"},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        char family[FAMILY_MAX];
        struct addr client;
        if (rows[i].client)
            assert_int_equal(addr_parse(slice_of(rows[i].client), &client), 0);
        assert_int_equal(
            family_name(slice_of(rows[i].name), rows[i].client ? &client : NULL, family),
            strlen(rows[i].family));
        assert_string_equal(family, rows[i].family);
    }
}

static void test_long_names(void **state)
{
    char name[300], family[FAMILY_MAX];

    (void)state;
    memset(name, 'a', sizeof(name));
    assert_int_equal(family_name((struct slice){name, sizeof(name)}, NULL, family), FAMILY_MAX - 1);
    memset(name, '-', sizeof(name));
    assert_int_equal(family_name((struct slice){name, sizeof(name)}, NULL, family), FAMILY_MAX - 1);
    assert_int_equal(strlen(family), FAMILY_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_long_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
