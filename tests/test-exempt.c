// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/exempt.h"

#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NETS_MAX = 8 };

static struct addr net(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

static const struct {
    const char *exempt[NETS_MAX];
    const char *net;
    bool covers, touches;
} cases[] = {
    {{NULL}, "192.0.2.1", false, false},
    {{"192.0.2.1"}, "192.0.2.1", true, true},
    {{"192.0.2.1"}, "192.0.2.2", false, false},
    {{"192.0.2.1"}, "192.0.2.0", false, false},
    {{"192.0.2.1"}, "192.0.2.0/24", false, true},
    {{"192.0.2.255"}, "192.0.2.0/24", false, true},
    {{"192.0.3.0"}, "192.0.2.0/24", false, false},
    {{"192.0.2.0/24"}, "192.0.2.200", true, true},
    {{"192.0.2.0/24"}, "192.0.2.0/24", true, true},
    {{"192.0.2.0/24"}, "192.0.2.128/25", true, true},
    {{"192.0.2.0/24"}, "192.0.0.0/16", false, true},
    {{"192.0.2.0/24", "192.0.2.7"}, "192.0.2.9", true, true},
    {{"192.0.2.7", "192.0.2.9", "192.0.2.0/24", "192.0.2.8"}, "192.0.2.10", true, true},
    {{"10.0.0.0/8", "192.0.2.7", "127.0.0.0/8"}, "192.0.2.7", true, true},
    {{"10.0.0.0/8", "192.0.2.7", "127.0.0.0/8"}, "126.255.255.255", false, false},
    {{"10.0.0.0/8", "10.1.0.0/16", "10.1.2.3"}, "10.200.0.1", true, true},
    {{"2001:db8::1"}, "2001:db8::/64", false, true},
    {{"2001:db8::1"}, "2001:db8::2", false, false},
    {{"2001:db8::/32"}, "2001:db8:7::/48", true, true},
    {{"2001:db8::/32"}, "192.0.2.1", false, false},
    {{"::ffff:192.0.2.1"}, "192.0.2.1", true, true},
    {{"0.0.0.0/0"}, "203.0.113.9", true, true},
    {{"0.0.0.0/0"}, "2001:db8::1", false, false},
    {{"::/0", "10.0.0.0/8"}, "2001:db8::1", true, true},
    {{"10.0.0.0/8", "::/0"}, "10.1.2.3", true, true},
    {{"10.0.0.0/8", "::/0"}, "192.0.2.1", false, false},
    {{"10.0.0.0/8", "2001:db8::/32"}, "::/0", false, true},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct exempt e = {0};
        struct addr a = net(cases[i].net);
        for (const char *const *text = cases[i].exempt; *text; text++) {
            struct addr added = net(*text);
            assert_int_equal(exempt_add(&e, &added), 0);
        }
        if (exempt_covers(&e, &a) != cases[i].covers || exempt_touches(&e, &a) != cases[i].touches)
            fail_msg("row %zu: %s", i, cases[i].net);
        exempt_done(&e);
        assert_false(exempt_covers(&e, &a));
    }
}

// A small world, so that blocks lie in each other often.
static struct addr random_net(uint64_t *seed)
{
    struct addr a = net("10.0.0.0");

    a.b[15] = (uint8_t)random_below(seed, 256);
    return addr_block(&a, 24 + random_below(seed, 9));
}

static void test_agrees_with_a_list(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (int round = 0; round < 300; round++) {
        struct exempt e = {0};
        struct addr list[20];
        size_t n = random_below(&seed, 20);
        for (size_t i = 0; i < n; i++) {
            list[i] = random_net(&seed);
            assert_int_equal(exempt_add(&e, &list[i]), 0);
        }
        for (int probe = 0; probe < 40; probe++) {
            struct addr a = random_net(&seed);
            bool covers = false, touches = false;
            for (size_t i = 0; i < n; i++) {
                covers |= addr_within(&a, &list[i]);
                touches |= addr_within(&a, &list[i]) || addr_within(&list[i], &a);
            }
            assert_int_equal(exempt_covers(&e, &a), covers);
            assert_int_equal(exempt_touches(&e, &a), touches);
        }
        exempt_done(&e);
    }
}

// As many as an operator may have in a file: with each hit that many are asked about.
static void test_many(void **state)
{
    enum { NETS = 10000, PROBES = 300000 };
    struct exempt e = {0};
    uint64_t seed = 1;
    unsigned covered = 0;

    (void)state;
    for (uint32_t i = 0; i < NETS; i++) {
        struct addr a = net(i % 2 ? "10.0.0.0" : "2001:db8::");
        uint32_t number = i * 7919 % (1 << 16); // in no order
        a.b[i % 2 ? 13 : 4] = (uint8_t)(number >> 8);
        a.b[i % 2 ? 14 : 5] = (uint8_t)number;
        a = addr_block(&a, i % 2 ? 24 : 48);
        assert_int_equal(exempt_add(&e, &a), 0);
    }
    assert_int_equal(e.n, NETS);
    for (uint32_t i = 0; i < PROBES; i++) {
        struct addr a = net("10.0.0.0");
        uint32_t number = random_below(&seed, 1 << 16);
        a.b[13] = (uint8_t)(number >> 8);
        a.b[14] = (uint8_t)number;
        a.b[15] = (uint8_t)i;
        covered += exempt_covers(&e, &a);
        assert_int_equal(exempt_touches(&e, &a), exempt_covers(&e, &a));
    }
    assert_in_range(covered, 20000, 26000); // 5,000 of 65,536
    exempt_done(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_agrees_with_a_list),
        cmocka_unit_test(test_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
