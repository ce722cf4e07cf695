// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/guard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
    const char *net, *why; // part of it
} rows[] = {
    {"192.0.2.1/32", NULL},        {"10.0.0.0/8", NULL},
    {"10.0.0.0/7", "too wide"},    {"0.0.0.0/0", "too wide"},
    {"0.0.0.0/32", "this host"},   {"0.1.2.3/32", "this host"},
    {"127.0.0.1/32", "this host"}, {"127.0.0.0/8", "this host"},
    {"128.0.0.0/8", NULL},         {"223.255.255.255/32", NULL},
    {"224.0.0.1/32", "multicast"}, {"239.255.0.0/16", "multicast"},
    {"2001:db8::/32", NULL},       {"2001:db8::/31", "too wide"},
    {"2001:db8:1:2::/64", NULL},   {"2001:db8::1/128", NULL},
    {"::/0", "too wide"},          {"::/32", "this host"},
    {"::/64", "this host"},        {"::/128", "this host"},
    {"::1/128", "this host"},      {"::2/128", NULL},
    {"fe80::/64", "link-local"},   {"fe80::1/128", "link-local"},
    {"fec0::/32", NULL},           {"fc00::/32", NULL},
    {"ff02::1/128", "multicast"},
};

static void test_check(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct addr net;
        const char *why;
        assert_int_equal(addr_parse(slice_of(rows[i].net), &net), 0);
        why = guard_objection(&net);
        if (!why != !rows[i].why || (why && !strstr(why, rows[i].why)))
            fail_msg("%s: %s", rows[i].net, why ? why : "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_check)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
