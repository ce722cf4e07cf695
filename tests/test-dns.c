// SPDX-License-Identifier: GPL-2.0-or-later
// What answers mean, and how much is asked. The questions themselves: tests/system/dns.py.
#include "dns/finding.h"
#include "dns/reverse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { ADDRS = 4, SEED = 5 };

static struct addr net(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

static struct answer given(const char *const *text)
{
    struct answer answer = {.kind = *text ? ANSWER_GIVEN : ANSWER_NONE};

    for (; *text; text++)
        answer.addr[answer.n_addrs++] = net(*text);
    return answer;
}

static void test_names(void **state)
{
    static const struct {
        const char *addr, *name, *pointer;
        bool is_public;
    } cases[] = {
        {"203.0.113.7", "7.113.0.203.bl.test", "7.113.0.203.in-addr.arpa", true},
        {"10.0.0.255", "255.0.0.10.bl.test", "255.0.0.10.in-addr.arpa", false},
        {"192.168.0.1", "1.0.168.192.bl.test", "1.0.168.192.in-addr.arpa", false},
        {"2001:db8::1f", "f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.test",
         "f.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", true},
        {"fe80::1", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.e.f.bl.test",
         "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.e.f.ip6.arpa", false},
    };
    char name[REVERSE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct addr a = net(cases[i].addr);
        reverse_name(&a, "bl.test", name);
        assert_string_equal(name, cases[i].name);
        reverse_pointer(&a, name);
        assert_string_equal(name, cases[i].pointer);
        assert_int_equal(reverse_is_public(&a), cases[i].is_public);
    }
}

static void test_listings(void **state)
{
    static const struct {
        const char *list;
        const char *answer[ADDRS];
        enum listing listing;
        const char *code;
    } cases[] = {
        {"bl.test", {NULL}, LISTING_NONE, NULL},
        {"bl.test", {"127.0.0.2"}, LISTING_GIVEN, "127.0.0.2"},
        {"bl.test", {"127.255.254.255"}, LISTING_GIVEN, "127.255.254.255"},
        {"bl.test", {"127.255.255.0"}, LISTING_ERROR, NULL},
        {"bl.test", {"127.0.0.2", "127.255.255.254"}, LISTING_ERROR, NULL},
        {"bl.test", {"128.0.0.2"}, LISTING_NONE, NULL},
        {"bl.test", {"126.255.255.255", "127.0.0.3"}, LISTING_GIVEN, "127.0.0.3"},
        {"bl.test", {"2001:db8::127"}, LISTING_NONE, NULL},
        {"bl.test=2@127.0.0.4-127.0.0.6", {"127.0.0.3", "127.0.0.7"}, LISTING_NONE, NULL},
        {"bl.test=2@127.0.0.4-127.0.0.6", {"127.0.0.4"}, LISTING_GIVEN, "127.0.0.4"},
        {"bl.test@127.0.0.4@127.0.0.6", {"127.0.0.5", "127.0.0.6"}, LISTING_GIVEN, "127.0.0.6"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct dns_conf conf = {0};
        struct answer answer = given(cases[i].answer);
        struct addr code = {0};
        assert_int_equal(dnsconf_lists(slice_of(cases[i].list), &conf), 0);
        if (listing_of(&conf.list[0], &answer, &code) != cases[i].listing)
            fail_msg("row %zu", i);
        if (cases[i].code) {
            struct addr expected = net(cases[i].code);
            assert_int_equal(addr_compare(&code, &expected), 0);
        }
    }
}

static void test_lists_to_believe(void **state)
{
    static const struct {
        const char *has[ADDRS], *has_not[ADDRS];
        bool has_failed, has_not_failed;
        enum list_state state;
    } cases[] = {
        {{"127.0.0.2"}, {NULL}, false, false, LIST_GOOD},
        {{NULL}, {NULL}, false, false, LIST_EMPTY},
        {{"192.0.2.1"}, {"192.0.2.1"}, false, false, LIST_EMPTY},
        {{"127.0.0.2"}, {"127.0.0.2"}, false, false, LIST_DEAD},
        {{NULL}, {"127.0.0.2"}, true, false, LIST_DEAD},
        {{"127.255.255.252"}, {NULL}, false, false, LIST_REFUSED},
        {{NULL}, {"127.255.255.252"}, true, false, LIST_REFUSED},
        {{NULL}, {NULL}, true, false, LIST_UNKNOWN},
        {{"127.0.0.2"}, {NULL}, false, true, LIST_UNKNOWN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct answer has = given(cases[i].has), has_not = given(cases[i].has_not);
        if (cases[i].has_failed)
            has.kind = ANSWER_FAILED;
        if (cases[i].has_not_failed)
            has_not.kind = ANSWER_FAILED;
        if (listing_judge(&has, &has_not) != cases[i].state)
            fail_msg("row %zu", i);
    }
}

static void test_configuration(void **state)
{
    static const struct {
        const char *lists;
        bool is_wrong;
        size_t n;
        const char *shown; // the first
    } cases[] = {
        {"", false, 0, NULL},
        {"zen.spamhaus.org", false, 1, "zen.spamhaus.org"},
        {"b.test=100 c.test", false, 2, "b.test"},
        {"0123456789abcdef.bl.test", false, 1, "KEY.bl.test"},
        {"short.zen.dq.spamhaus.net", false, 1, "KEY.zen.dq.spamhaus.net"},
        {"a.b a.b a.b a.b a.b a.b a.b a.b", false, 8, "a.b"},
        {"a.b a.b a.b a.b a.b a.b a.b a.b a.b", true, 0, NULL},
        {"test", true, 0, NULL},
        {".test", true, 0, NULL},
        {"a..test", true, 0, NULL},
        {"a.test.", true, 0, NULL},
        {"a b/c.test", true, 0, NULL},
        {"a.test=", true, 0, NULL},
        {"a.test=0", true, 0, NULL},
        {"a.test=101", true, 0, NULL},
        {"a.test=1@", true, 0, NULL},
        {"a.test@126.0.0.1", true, 0, NULL},
        {"a.test@127.0.0.0/8", true, 0, NULL},
        {"a.test@127.0.0.3-127.0.0.2", true, 0, NULL},
        {"a.test@127.0.0.1@127.0.0.2@127.0.0.3@127.0.0.4@127.0.0.5", true, 0, NULL},
    };
    char shown[DNS_ZONE_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct dns_conf conf = {0};
        int r = dnsconf_lists(slice_of(cases[i].lists), &conf);
        if ((r < 0) != cases[i].is_wrong || conf.n_lists != cases[i].n)
            fail_msg("%s", cases[i].lists);
        if (cases[i].shown) {
            dnsconf_show(conf.list[0].zone, shown);
            assert_string_equal(shown, cases[i].shown);
        }
    }
}

static void test_servers(void **state)
{
    static const struct {
        const char *text, *servers; // NULL: refused
    } cases[] = {
        {"", ""},
        {"192.0.2.1 192.0.2.2:5353", "192.0.2.1,192.0.2.2:5353"},
        {"2001:db8::1, [2001:db8::2]:53", "2001:db8::1,[2001:db8::2]:53"},
        {"192.0.2.1:0", NULL},
        {"192.0.2.1:65536", NULL},
        {"192.0.2.1:", NULL},
        {"192.0.2.0/24", NULL},
        {"192.0.2.1/32", NULL},
        {"resolver.test", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct dns_conf conf = {.servers = "before"};
        int r = dnsconf_servers(slice_of(cases[i].text), &conf);
        assert_int_equal(r < 0, !cases[i].servers);
        assert_string_equal(conf.servers, cases[i].servers ? cases[i].servers : "before");
    }
}

// However many are listed and whatever they are called, the text stays within its bounds.
static void test_text_is_bounded(void **state)
{
    struct dns_conf conf = {.generic = 1};
    struct dns_list list = {.weight = 3};
    struct answer listed = given((const char *[]){"127.0.0.2", NULL});
    struct answer names = {.kind = ANSWER_GIVEN, .n_names = 1};
    struct addr host = net("203.0.113.7");
    struct finding f;

    (void)state;
    memset(list.zone, 'z', sizeof(list.zone) - 1);
    snprintf(names.name[0], sizeof(names.name[0]), "203-0-113-7.%0200d", 0);
    finding_init(&f);
    for (int i = 0; i < DNS_LISTS_MAX; i++)
        finding_list(&f, &list, &listed);
    finding_names(&f, &conf, &host, &names);
    assert_int_equal(f.weight, 3 * DNS_LISTS_MAX + 1);
    assert_int_equal(strlen(f.text), sizeof(f.text) - 1);
}

static void test_life(void **state)
{
    static const struct {
        usec_t ttl, life; // in seconds
        bool is_failed;
    } cases[] = {
        {0, 300, false},   {300, 300, false},     {4000, 4000, false},
        {4000, 300, true}, {90000, 86400, false},
    };
    struct finding f;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        finding_init(&f);
        f.ttl = cases[i].ttl * USEC_PER_SEC;
        f.is_failed = cases[i].is_failed;
        assert_int_equal(finding_life(&f), cases[i].life * USEC_PER_SEC);
    }
}

static void never(void *user, const struct claim *claim, const struct addr *addr, uint32_t weight,
                  const char *text)
{
    (void)user;
    (void)claim;
    (void)weight;
    fail_msg("%u: %s", addr->b[15], text);
}

static void say_nothing(void *user, const struct dns_list *list, enum list_state state)
{
    (void)user;
    (void)list;
    (void)state;
}

// A flood of suspects takes up no more than there is, and who is nobody's business none of it.
static void test_flood(void **state)
{
    static const char *const nobody[] = {"10.0.0.1", "127.0.0.1", "fd00::1", "203.0.113.0/24"};
    struct dns_conf conf = {.noptr = 1, .servers = "127.0.0.1:1"};
    struct claim claim = {.jail = "j", .time = 1, .findtime = 9};
    struct inquiry *i;

    (void)state;
    assert_int_equal(inquiry_new(&conf, SEED, never, say_nothing, NULL, &i), 0);
    assert_true(inquiry_wait(i, 1) == USEC_FOREVER);
    for (size_t n = 0; n < sizeof(nobody) / sizeof(nobody[0]); n++) {
        struct addr a = net(nobody[n]);
        inquiry_suspect(i, &a, &claim, 1);
    }
    assert_true(inquiry_wait(i, 1) == USEC_FOREVER);
    for (unsigned n = 0; n < 4 * INQUIRY_WAITING; n++) {
        struct addr a = net("203.0.113.1");
        a.b[14] = (uint8_t)(n >> 8);
        a.b[15] = (uint8_t)n;
        inquiry_suspect(i, &a, &claim, 1);
    }
    // As many as may be are under way, and what comes next is an answer or its time.
    assert_true(inquiry_wait(i, 1) > USEC_PER_SEC && inquiry_wait(i, 1) < 3 * USEC_PER_SEC);
    inquiry_free(i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_listings),
        cmocka_unit_test(test_lists_to_believe),
        cmocka_unit_test(test_configuration),
        cmocka_unit_test(test_servers),
        cmocka_unit_test(test_text_is_bounded),
        cmocka_unit_test(test_life),
        cmocka_unit_test(test_flood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
