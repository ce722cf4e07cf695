// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/guard.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct {
    const char *net;
    int r;
} rows[] = {
    {"192.0.2.1/32", 0},      {"10.0.0.0/8", 0},
    {"10.0.0.0/7", -EPERM},   {"0.0.0.0/0", -EPERM},
    {"0.0.0.0/32", -EPERM},   {"0.1.2.3/32", -EPERM},
    {"127.0.0.1/32", -EPERM}, {"127.0.0.0/8", -EPERM},
    {"128.0.0.0/8", 0},       {"223.255.255.255/32", 0},
    {"224.0.0.1/32", -EPERM}, {"239.255.0.0/16", -EPERM},
    {"2001:db8::/32", 0},     {"2001:db8::/31", -EPERM},
    {"2001:db8:1:2::/64", 0}, {"2001:db8::1/128", 0},
    {"::/0", -EPERM},         {"::/32", -EPERM},
    {"::/64", -EPERM},        {"::/128", -EPERM},
    {"::1/128", -EPERM},      {"::2/128", 0},
    {"fe80::/64", -EPERM},    {"fe80::1/128", -EPERM},
    {"fec0::/32", 0},         {"fc00::/32", 0},
    {"ff02::1/128", -EPERM},
};

static void test_check(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct addr net;
        assert_int_equal(addr_parse(slice_of(rows[i].net), &net), 0);
        if (guard_check(&net) != rows[i].r)
            fail_msg("%s: %d", rows[i].net, guard_check(&net));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_check)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
