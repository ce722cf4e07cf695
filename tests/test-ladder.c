// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/ladder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 13, RUNGS = 3, FINDTIME = 100, BLOCK_FINDTIME = 200 };

static const struct jail_spec spec = {
    .maxretry = 4,
    .findtime = FINDTIME,
    .v4 = {{24, 3, 6, BLOCK_FINDTIME}, {16, 4, 12, BLOCK_FINDTIME}},
    .n_v4 = RUNGS - 1,
    .v6 = {{56, 3, 6, BLOCK_FINDTIME}, {48, 4, 12, BLOCK_FINDTIME}},
    .n_v6 = RUNGS - 1,
};

struct step {
    usec_t time;
    const char *host; // NULL ends
    uint32_t count;
};

static struct addr net(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

static void hit(struct ladder *l, const struct step *s, struct rungs *ret)
{
    struct addr host = net(s->host);

    assert_int_equal(ladder_hit(l, &host, s->time, s->count, 0, ret), 0);
}

static struct ladder *make(const struct jail_spec *with, const struct step *step)
{
    static struct budget budget = {.common = 1 << 20};
    static struct share share = {.budget = &budget};
    struct ladder *l = ladder_new(with, &share, SEED);
    struct rungs rungs;

    assert_non_null(l);
    for (; step->host; step++)
        hit(l, step, &rungs);
    return l;
}

static uint32_t hits_of(struct ladder *l, const char *addr, usec_t now, size_t rung)
{
    struct addr a = net(addr);
    struct rungs rungs;

    ladder_look(l, &a, now, &rungs);
    return rungs.at[rung].hits;
}

static void test_look(void **state)
{
    static const struct step before[] = {
        {1, "192.0.2.1", 2}, {60, "192.0.2.2", 1}, {61, "192.0.3.1", 1}, {0}};
    static const char *const v4[] = {"192.0.2.1/32", "192.0.2.0/24", "192.0.0.0/16"};
    static const char *const v4_block[] = {"192.0.2.0/24", "192.0.2.0/24", "192.0.0.0/16"};
    static const char *const v4_wide[] = {"192.0.0.0/12"};
    static const char *const v6[] = {"2001:db8::/64", "2001:db8::/56", "2001:db8::/48"};
    static const struct {
        const char *addr;
        usec_t now;
        size_t n;
        const char *const *net;
        uint32_t hits[RUNGS], hosts[RUNGS];
    } cases[] = {
        {"192.0.2.1", 70, 3, v4, {2, 3, 4}, {1, 2, 3}},
        {"192.0.2.1", 101, 3, v4, {0, 3, 4}, {0, 2, 3}},
        {"192.0.2.1", 201, 3, v4, {0, 1, 2}, {0, 1, 2}},
        {"192.0.2.0/24", 70, 3, v4_block, {0, 3, 4}, {0, 2, 3}},
        {"192.0.0.0/12", 70, 1, v4_wide, {0}, {0}},
        {"2001:db8::1", 70, 3, v6, {0}, {0}},
    };
    static const uint32_t need_hits[] = {4, 6, 12}, need_hosts[] = {1, 3, 4};
    struct ladder *l = make(&spec, before);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct addr a = net(cases[i].addr);
        struct rungs rungs;
        ladder_look(l, &a, cases[i].now, &rungs);
        assert_int_equal(rungs.n, cases[i].n);
        for (size_t k = 0; k < rungs.n; k++) {
            const struct jail_standing *s = &rungs.at[k];
            char text[ADDR_TEXT_MAX];
            addr_format_net(&s->net, text);
            assert_string_equal(text, cases[i].net[k]);
            if (s->hits != cases[i].hits[k] || s->hosts != cases[i].hosts[k])
                fail_msg("row %zu, %s: %u hits, %u hosts", i, text, s->hits, s->hosts);
            assert_int_equal(s->need_hits, need_hits[k]);
            assert_int_equal(s->need_hosts, need_hosts[k]);
            assert_int_equal(s->findtime, k ? BLOCK_FINDTIME : FINDTIME);
        }
    }
    ladder_free(l);
}

// In blocks that are too wide a hit does not count, and whatever does is as it was.
static void test_as_wide_as_asked_for(void **state)
{
    static const struct {
        unsigned widest;
        uint32_t hits[RUNGS];
    } rows[] = {{0, {1, 1, 1}},  {16, {2, 2, 2}}, {17, {3, 3, 2}}, {24, {4, 4, 2}},
                {25, {5, 4, 2}}, {32, {6, 4, 2}}, {0, {7, 5, 3}}};
    static const struct step none[] = {{0}};
    struct jail_spec with = spec;
    struct addr a = net("192.0.2.1");
    struct ladder *l;

    (void)state;
    with.maxretry = 20;
    with.v4[0].hits = with.v4[1].hits = 20;
    l = make(&with, none);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rungs rungs;
        assert_int_equal(ladder_hit(l, &a, 1 + i, 1, rows[i].widest, &rungs), 0);
        for (size_t k = 0; k < RUNGS; k++)
            assert_int_equal(hits_of(l, "192.0.2.1", 1 + i, k), rows[i].hits[k]);
    }
    ladder_free(l);
}

static void test_forget(void **state)
{
    static const struct step before[] = {
        {1, "192.0.2.1", 2}, {1, "192.0.2.2", 2}, {1, "192.0.3.1", 2}, {0}};
    static const struct {
        const char *net;
        uint32_t left[2], around; // of 192.0.2.1 and .2, of 192.0.2.0/24
    } cases[] = {
        {"192.0.2.1", {0, 2}, 0},    {"192.0.2.0/24", {0, 0}, 0}, {"192.0.2.2/31", {2, 0}, 0},
        {"192.0.0.0/16", {0, 0}, 0}, {"10.0.0.1", {2, 2}, 4},     {"2001:db8::1", {2, 2}, 4},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ladder *l = make(&spec, before);
        struct addr a = net(cases[i].net);
        ladder_forget(l, &a);
        assert_int_equal(hits_of(l, "192.0.2.1", 1, 0), cases[i].left[0]);
        assert_int_equal(hits_of(l, "192.0.2.2", 1, 0), cases[i].left[1]);
        assert_int_equal(hits_of(l, "192.0.2.1", 1, 1), cases[i].around);
        ladder_free(l);
    }
}

static void test_what_a_ban_wiped_stays_wiped_when_one_host_is_forgotten(void **state)
{
    static const struct step before[] = {{1, "192.0.2.1", 3}, {1, "192.0.2.2", 3}, {0}};
    struct ladder *l = make(&spec, before);
    struct addr first = net("192.0.2.1"), last = net("192.0.2.2"), block = net("192.0.2.0/24");

    (void)state;
    ladder_wipe(l, &last, &block);
    ladder_forget(l, &first);
    assert_int_equal(hits_of(l, "192.0.2.2", 1, 0), 0);
    ladder_free(l);
}

static struct addr fresh(uint32_t i, bool v6)
{
    struct addr a = net(v6 ? "2001:db8::/64" : "10.0.0.0");
    uint8_t *last = v6 ? a.b + 8 : a.b + 16;

    for (unsigned k = 1; k <= 3; k++)
        last[-(int)k] = (uint8_t)(i >> 8 * (k - 1));
    return a;
}

// A flood of new sources pushes out new sources, whichever the family: who has only one hit left
// keeps his hits, though the block around him may have had to make room.
static void flood(uint32_t maxretry, uint32_t hits)
{
    enum { NEAR = 400, FLOOD = 120000, LIMIT = 512 << 10 };
    struct budget budget = {.common = LIMIT};
    struct share share = {.budget = &budget};
    struct jail_spec with = spec;
    struct ladder *l;
    struct rungs rungs;

    with.maxretry = maxretry;
    l = ladder_new(&with, &share, SEED);
    for (uint32_t i = 0; i < NEAR * (maxretry - 1); i++) {
        struct addr a = fresh(i % NEAR * 65537, i % 2);
        assert_int_equal(ladder_hit(l, &a, 1, 1, 0, &rungs), 0);
    }
    for (uint32_t i = 0; i < FLOOD; i++) {
        struct addr a = fresh(i / hits * 257 + 7, i / hits % 3 > 0);
        assert_int_equal(ladder_hit(l, &a, 4, 1, 0, &rungs), 0);
        assert_true(share.used <= LIMIT);
    }
    assert_true(ladder_is_full(l));
    assert_true(ladder_evicted(l) > FLOOD / 2 / hits);
    assert_in_range(ladder_hosts(l), LIMIT / 80, LIMIT / 10);
    for (uint32_t i = 0; i < NEAR; i++) {
        struct addr a = fresh(i * 65537, i % 2);
        ladder_hit(l, &a, 5, 1, 0, &rungs);
        assert_int_equal(rungs.at[0].hits, maxretry);
        assert_int_equal(rungs.reached[0], NETBLOCK_E_REACHED);
    }
    ladder_expire(l, 5);
    assert_false(ladder_is_full(l));
    assert_int_equal(ladder_hosts(l), 0);
    assert_true(share.used < 1000);
    ladder_free(l);
    assert_int_equal(share.used, 0);
}

static void test_a_flood_leaves_those_who_are_near_a_ban(void **state)
{
    (void)state;
    flood(4, 1);
    flood(6, 1);
    flood(6, 2);
}

static void test_expire(void **state)
{
    static const struct step before[] = {{10, "192.0.2.1", 1}, {20, "2001:db8::/64", 1}, {0}};
    static const struct step none[] = {{0}};
    struct ladder *l = make(&spec, before), *empty = make(&spec, none);

    (void)state;
    assert_int_equal(ladder_oldest(empty), USEC_FOREVER);
    assert_int_equal(ladder_oldest(l), 10);
    ladder_expire(l, 9);
    assert_int_equal(ladder_hosts(l), 2);
    ladder_expire(l, 10);
    assert_int_equal(ladder_hosts(l), 1);
    assert_int_equal(ladder_oldest(l), 20);
    ladder_expire(l, 20);
    assert_int_equal(ladder_oldest(l), USEC_FOREVER);
    ladder_free(l);
    ladder_free(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_look),
        cmocka_unit_test(test_as_wide_as_asked_for),
        cmocka_unit_test(test_forget),
        cmocka_unit_test(test_what_a_ban_wiped_stays_wiped_when_one_host_is_forgotten),
        cmocka_unit_test(test_a_flood_leaves_those_who_are_near_a_ban),
        cmocka_unit_test(test_expire),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
