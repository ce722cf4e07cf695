// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/addr.h"

#include "random.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct addr parse(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

static const struct {
    const char *text, *written, *net;
    unsigned prefix;
    bool v4;
} good[] = {
    {"192.0.2.1", "192.0.2.1", "192.0.2.1/32", 32, true},
    {"[192.0.2.1]", "192.0.2.1", "192.0.2.1/32", 32, true},
    {"192.0.2.1/32", "192.0.2.1", "192.0.2.1/32", 32, true},
    {"192.0.2.77/24", "192.0.2.0/24", "192.0.2.0/24", 24, true},
    {"192.0.2.255/25", "192.0.2.128/25", "192.0.2.128/25", 25, true},
    {"255.255.255.255/1", "128.0.0.0/1", "128.0.0.0/1", 1, true},
    {"0.0.0.0", "0.0.0.0", "0.0.0.0/32", 32, true},
    {"10.1.2.3/0", "0.0.0.0/0", "0.0.0.0/0", 0, true},
    {"::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1/32", 32, true},
    {"::FFFF:c000:201", "192.0.2.1", "192.0.2.1/32", 32, true},
    {"::ffff:192.0.2.77/120", "192.0.2.0/24", "192.0.2.0/24", 24, true},
    {"2001:db8::1", "2001:db8::1", "2001:db8::1/128", 128, false},
    {"2001:DB8:0:0::1", "2001:db8::1", "2001:db8::1/128", 128, false},
    {"[2001:db8::1]", "2001:db8::1", "2001:db8::1/128", 128, false},
    {"[2001:db8::1]/64", "2001:db8::/64", "2001:db8::/64", 64, false},
    {"2001:db8:ffff:ffff::/49", "2001:db8:ffff:8000::/49", "2001:db8:ffff:8000::/49", 49, false},
    {"::", "::", "::/128", 128, false},
    {"::1/0", "::/0", "::/0", 0, false},
    {"::192.0.2.1", "::192.0.2.1", "::192.0.2.1/128", 128, false},
    // The longest text there is.
    {"1111:2222:3333:4444:5555:6666:7777:8888/127", "1111:2222:3333:4444:5555:6666:7777:8888/127",
     "1111:2222:3333:4444:5555:6666:7777:8888/127", 127, false},
};

static void reads_and_writes(void **state)
{
    char text[ADDR_TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        struct addr a = parse(good[i].text);
        assert_int_equal(addr_format(&a, text), strlen(good[i].written));
        assert_string_equal(text, good[i].written);
        assert_int_equal(addr_format_net(&a, text), strlen(good[i].net));
        assert_string_equal(text, good[i].net);
        assert_int_equal(addr_prefix(&a), good[i].prefix);
        assert_int_equal(addr_is_v4(&a), good[i].v4);
    }
}

#define BAD(text)                                                                                  \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const struct slice bad[] = {
    BAD(""),
    BAD("/"),
    BAD("/24"),
    BAD("192.0.2"),
    BAD("192.0.2.256"),
    BAD("192.0.2.01"),
    BAD("0300.0.2.1"),
    BAD("0x7f.0.0.1"),
    BAD("192.0.2.1."),
    BAD(" 192.0.2.1"),
    BAD("192.0.2.1 "),
    BAD("192.0.2.1/"),
    BAD("192.0.2.1/33"),
    BAD("192.0.2.1/-1"),
    BAD("192.0.2.1/0x8"),
    BAD("192.0.2.1/24/24"),
    BAD("192.0.2.1/1000"),
    BAD("[192.0.2.1"),
    BAD("192.0.2.1]"),
    BAD("[]"),
    BAD("[192.0.2.1/24]"),
    BAD("2001:db8::1/129"),
    BAD("2001:db8:::1"),
    BAD("2001:db8"),
    BAD("fe80::1%eth0"),
    BAD("1:2:3:4:5:6:7:8:9"),
    BAD("localhost"),
    BAD("192.0.2.1\0"),
    BAD("192.0.2.1\0.example"),
    BAD("1111:2222:3333:4444:5555:6666:7777:8888:1111:2222:3333"),
};

static void refuses_what_is_no_address(void **state)
{
    struct addr a, before;

    (void)state;
    memset(&before, 0x5a, sizeof(before));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        a = before;
        assert_int_equal(addr_parse(bad[i], &a), -EINVAL);
        assert_memory_equal(&a, &before, sizeof(a));
    }
}

// Four numbers, some of them none, with something changed in every third text.
static size_t random_v4(uint64_t *seed, char ret[static ADDR_TEXT_MAX])
{
    static const char strange[] = "0123456789../:x";
    size_t n = 0;

    for (int i = 0; i < 4; i++)
        n += (size_t)snprintf(
            ret + n, ADDR_TEXT_MAX - n, random_below(seed, 20) ? "%s%u" : "%s%03u", i ? "." : "",
            random_below(seed, 5) ? random_below(seed, 256) : random_below(seed, 1100));
    if (random_below(seed, 3) == 0)
        ret[random_below(seed, (uint32_t)n)] = strange[random_below(seed, sizeof(strange) - 1)];
    return n;
}

static void reads_and_writes_ipv4_as_the_c_library_does(void **state)
{
    uint64_t seed = 1;
    unsigned good_ones = 0;

    (void)state;
    for (int i = 0; i < 50000; i++) {
        char text[ADDR_TEXT_MAX], written[ADDR_TEXT_MAX];
        size_t n = random_v4(&seed, text);
        uint8_t expected[4];
        struct addr a;
        bool is_good = inet_pton(AF_INET, text, expected) == 1;
        if (strpbrk(text, "/:"))
            continue;
        assert_int_equal(addr_parse((struct slice){text, n}, &a), is_good ? 0 : -EINVAL);
        if (!is_good)
            continue;
        good_ones++;
        assert_memory_equal(a.b + 12, expected, sizeof(expected));
        assert_int_equal(addr_format(&a, written), n);
        assert_string_equal(written, text);
    }
    assert_in_range(good_ones, 10000, 40000);
}

static const struct {
    const char *addr;
    unsigned prefix;
    const char *block, *host;
} blocks[] = {
    {"192.0.2.77", 24, "192.0.2.0/24", "192.0.2.77"},
    {"192.0.2.77", 32, "192.0.2.77", "192.0.2.77"},
    {"192.0.2.77", 0, "0.0.0.0/0", "192.0.2.77"},
    {"192.0.2.0/24", 28, "192.0.2.0/24", "192.0.2.0/24"},
    {"2001:db8:1:2:3::4", 56, "2001:db8:1::/56", "2001:db8:1:2::/64"},
    {"2001:db8:1:2:3::4", 64, "2001:db8:1:2::/64", "2001:db8:1:2::/64"},
    {"2001:db8::/32", 48, "2001:db8::/32", "2001:db8::/32"},
};

static void finds_blocks_and_hosts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        struct addr a = parse(blocks[i].addr), block = addr_block(&a, blocks[i].prefix);
        struct addr want_block = parse(blocks[i].block), want_host = parse(blocks[i].host);
        struct addr host = addr_host(&a);
        assert_int_equal(addr_compare(&block, &want_block), 0);
        assert_int_equal(addr_compare(&host, &want_host), 0);
    }
}

static void tells_blocks_from_hosts(void **state)
{
    static const struct {
        const char *net;
        bool is_block;
    } nets[] = {{"198.51.100.7", false}, {"198.51.100.6/31", true},    {"0.0.0.0/0", true},
                {"2001:db8::7", false},  {"2001:db8:0:7::/64", false}, {"2001:db8:0:6::/63", true},
                {"2001:db8::/32", true}};

    (void)state;
    for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
        struct addr net = parse(nets[i].net);
        assert_int_equal(addr_is_block(&net), nets[i].is_block);
    }
}

static const struct {
    const char *inner, *outer;
    bool within;
} nested[] = {
    {"192.0.2.1", "192.0.2.1", true},
    {"192.0.2.1", "192.0.2.0/24", true},
    {"192.0.2.0/25", "192.0.2.0/24", true},
    {"192.0.2.0/24", "192.0.2.0/25", false},
    {"192.0.3.1", "192.0.2.0/24", false},
    {"192.0.2.1", "0.0.0.0/0", true},
    {"::ffff:192.0.2.1", "192.0.2.0/24", true},
    {"192.0.2.1", "::/0", false},
    {"0.0.0.0/0", "::/0", false},
    {"2001:db8::1", "::/0", true},
    {"2001:db8::1", "2001:db8::/32", true},
    {"2001:db9::1", "2001:db8::/32", false},
    {"2001:db8::1", "0.0.0.0/0", false},
};

static void knows_what_lies_within(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(nested) / sizeof(nested[0]); i++) {
        struct addr inner = parse(nested[i].inner), outer = parse(nested[i].outer);
        assert_int_equal(addr_within(&inner, &outer), nested[i].within);
    }
}

static void sorts_wider_before_narrower(void **state)
{
    static const char *const sorted[] = {"::/0",          "::1",          "0.0.0.0/0",
                                         "10.0.0.0/8",    "10.0.0.0/16",  "10.0.0.0",
                                         "10.0.0.1",      "192.0.2.0/24", "192.0.2.0/32",
                                         "2001:db8::/32", "2001:db8::",   "2001:db8::/128"};
    enum { N = sizeof(sorted) / sizeof(sorted[0]) - 1 };

    (void)state;
    for (size_t i = 0; i + 1 < N; i++) {
        struct addr a = parse(sorted[i]), b = parse(sorted[i + 1]);
        assert_true(addr_compare(&a, &b) < 0);
        assert_true(addr_compare(&b, &a) > 0);
    }
    struct addr a = parse(sorted[N - 1]), b = parse(sorted[N]);
    assert_int_equal(addr_compare(&a, &b), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_and_writes),
        cmocka_unit_test(refuses_what_is_no_address),
        cmocka_unit_test(reads_and_writes_ipv4_as_the_c_library_does),
        cmocka_unit_test(finds_blocks_and_hosts),
        cmocka_unit_test(tells_blocks_from_hosts),
        cmocka_unit_test(knows_what_lies_within),
        cmocka_unit_test(sorts_wider_before_narrower),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
