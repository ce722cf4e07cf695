// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/netblock.h"

#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SEED = 7, STEPS_MAX = 12, HITS_MAX = 400 };

static struct addr net(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

struct step {
    const char *host; // NULL ends
    usec_t time;
    uint32_t count;
    uint32_t hits, hosts; // as told
    int r;
};

enum { REACHED = NETBLOCK_E_REACHED, AGAIN = NETBLOCK_E_AGAIN };

static const struct scenario {
    const char *name;
    struct level level;
    usec_t findtime;
    struct step step[STEPS_MAX];
} scenarios[] = {
    {"both thresholds",
     {24, 2, 3},
     10,
     {{"192.0.2.1", 1, 1, 1, 1, 0},
      {"192.0.2.1", 2, 1, 2, 1, 0},
      {"192.0.2.1", 3, 1, 3, 1, 0},
      {"192.0.2.2", 4, 1, 3, 2, REACHED},
      {"192.0.2.2", 5, 1, 3, 2, AGAIN}}},
    {"hosts before hits",
     {24, 2, 4},
     10,
     {{"192.0.2.1", 1, 1, 1, 1, 0},
      {"192.0.2.2", 1, 1, 2, 2, 0},
      {"192.0.2.3", 1, 2, 4, 2, REACHED}}},
    {"blocks apart",
     {24, 2, 2},
     10,
     {{"192.0.2.1", 1, 1, 1, 1, 0},
      {"192.0.3.1", 1, 1, 1, 1, 0},
      {"192.0.2.255", 2, 1, 2, 2, REACHED}}},
    {"a host too long ago",
     {24, 2, 2},
     10,
     {{"192.0.2.1", 1, 1, 1, 1, 0},
      {"192.0.2.2", 11, 2, 2, 1, 0},
      {"192.0.2.1", 12, 1, 2, 2, REACHED}}},
    {"a loud host pushes out nobody",
     {24, 3, 3},
     100,
     {{"192.0.2.1", 1, 1, 1, 1, 0},
      {"192.0.2.2", 2, 1, 2, 2, 0},
      {"192.0.2.9", 3, 90, 3, 3, REACHED},
      {"192.0.2.9", 4, 90, 3, 3, AGAIN}}},
    {"reached again only within findtime",
     {24, 1, 2},
     10,
     {{"192.0.2.1", 1, 2, 2, 1, REACHED}, {"192.0.2.1", 11, 2, 2, 1, REACHED}}},
    {"late, judged where the newer hits are",
     {24, 3, 3},
     10,
     {{"192.0.2.1", 5, 1, 1, 1, 0},
      {"192.0.2.2", 9, 1, 2, 2, 0},
      {"192.0.2.3", 2, 1, 3, 3, REACHED}}},
    {"late, older than all that is kept",
     {24, 3, 2},
     10,
     {{"192.0.2.1", 8, 1, 1, 1, 0},
      {"192.0.2.2", 9, 1, 2, 2, 0},
      {"192.0.2.3", 2, 1, 2, 3, REACHED}}},
    {"IPv6 hosts below a /56",
     {56, 2, 2},
     10,
     {{"2001:db8:0:1::/64", 1, 1, 1, 1, 0}, {"2001:db8:0:ff::/64", 2, 1, 2, 2, REACHED}}},
};

static void test_scenarios(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        const struct scenario *c = &scenarios[i];
        struct netblock *b = netblock_new(c->level, c->findtime, 16, SEED);
        struct tally t = {.serial = 0};
        for (const struct step *s = c->step; s->host; s++) {
            uint32_t hits, hosts;
            int r;
            t = (struct tally){net(s->host), s->time, s->count, t.serial + 1, 0};
            r = netblock_hit(b, &t, &hits, &hosts);
            if (r != s->r || hits != s->hits || hosts != s->hosts)
                fail_msg("%s: step %td: %d, %u hits, %u hosts", c->name, s - c->step, r, hits,
                         hosts);
        }
        netblock_free(b);
    }
}

struct record {
    struct addr host;
    usec_t time;
    uint32_t count;
};

static struct record random_record(uint64_t *seed, usec_t *clock, uint32_t late)
{
    struct record r = {.host = net("198.51.100.0"), .count = 1 + random_below(seed, 3) / 2};

    r.host.b[15] = (uint8_t)random_below(seed, 12);
    *clock += random_below(seed, 20);
    r.time = *clock - random_below(seed, late + 1);
    return r;
}

// Hits and distinct hosts in (end - findtime, end] among all records ever.
static void naive_count(const struct record *list, size_t n, usec_t findtime, usec_t end,
                        uint32_t *ret_hits, uint32_t *ret_hosts)
{
    bool seen[256] = {false};

    *ret_hits = *ret_hosts = 0;
    for (size_t i = 0; i < n; i++) {
        if (list[i].time > end || end - list[i].time >= findtime)
            continue;
        *ret_hits += list[i].count;
        *ret_hosts += !seen[list[i].host.b[15]];
        seen[list[i].host.b[15]] = true;
    }
}

static bool naive_reached(const struct record *list, size_t n, struct level level, usec_t findtime)
{
    usec_t time = list[n - 1].time;
    uint32_t hits, hosts;

    for (size_t i = 0; i < n; i++) {
        if (list[i].time < time || list[i].time - time >= findtime)
            continue;
        naive_count(list, n, findtime, list[i].time, &hits, &hosts);
        if (hits >= level.hits && hosts >= level.hosts)
            return true;
    }
    return false;
}

static unsigned run(uint64_t seed, uint32_t late)
{
    struct level level = {24, (uint16_t)(1 + random_below(&seed, 6)), 0};
    usec_t findtime = 20 + random_below(&seed, 30), clock = 1000;
    struct record list[HITS_MAX];
    struct netblock *b;
    unsigned reached = 0;

    level.hits = (uint16_t)(level.hosts + random_below(&seed, 8));
    b = netblock_new(level, findtime, 4, SEED);
    for (size_t n = 0; n < HITS_MAX; n++) {
        uint32_t hits, hosts, all_hits, all_hosts;
        bool naive;
        int r;
        list[n] = random_record(&seed, &clock, late);
        r = netblock_hit(b, &(struct tally){list[n].host, list[n].time, list[n].count, n + 1, 0},
                         &hits, &hosts);
        naive = naive_reached(list, n + 1, level, findtime);
        // What lies before the kept hits is gone for a late line, but no line makes hits up.
        assert_true(late ? naive || r == 0 : naive == (r > 0));
        reached += r > 0;
        if (late)
            continue;
        naive_count(list, n + 1, findtime, clock, &all_hits, &all_hosts);
        assert_int_equal(hits, all_hits < level.hits ? all_hits : level.hits);
        assert_int_equal(hosts, all_hosts < level.hosts ? all_hosts : level.hosts);
    }
    netblock_free(b);
    return reached;
}

static void test_in_order_is_exact(void **state)
{
    unsigned reached = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++)
        reached += run(seed, 0);
    assert_in_range(reached, 1000, 20000);
}

static void test_late_is_never_too_much(void **state)
{
    unsigned reached = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++)
        reached += run(seed, (uint32_t)seed);
    assert_in_range(reached, 1000, 20000);
}

static void hit(struct netblock *b, const char *host, usec_t time, uint64_t serial, uint64_t *wiped,
                uint32_t *ret_hits)
{
    struct tally t = {net(host), time, 1, serial, *wiped};
    uint32_t hosts;

    assert_true(netblock_hit(b, &t, ret_hits, &hosts) >= 0);
    *wiped = t.wiped;
}

static void test_wipe_marks_what_lies_below(void **state)
{
    struct netblock *wide = netblock_new((struct level){16, 9, 9}, 100, 4, SEED);
    struct netblock *narrow = netblock_new((struct level){24, 9, 9}, 100, 4, SEED);
    struct addr block = net("192.0.0.0/16");
    uint64_t wiped = 0;
    uint32_t hits;

    (void)state;
    hit(wide, "192.0.2.1", 1, 1, &wiped, &hits);
    hit(narrow, "192.0.2.1", 1, 1, &wiped, &hits);
    assert_int_equal(wiped, 0);
    netblock_wipe(wide, &block, 1);
    hit(wide, "192.0.2.2", 1, 2, &wiped, &hits);
    assert_int_equal(hits, 1);
    assert_int_equal(wiped, 1);
    hit(narrow, "192.0.2.2", 1, 2, &wiped, &hits);
    assert_int_equal(hits, 1);
    wiped = 0;
    hit(wide, "192.0.2.2", 1, 3, &wiped, &hits);
    hit(narrow, "192.0.2.2", 1, 3, &wiped, &hits);
    assert_int_equal(hits, 2);
    netblock_free(wide);
    netblock_free(narrow);
}

static void test_a_wiped_block_is_not_reached_again_but_anew(void **state)
{
    struct netblock *b = netblock_new((struct level){24, 1, 1}, 100, 4, SEED);
    struct addr block = net("192.0.2.0/24");
    struct tally t = {net("192.0.2.1"), 1, 1, 1, 0};
    uint32_t hits, hosts;

    (void)state;
    assert_int_equal(netblock_hit(b, &t, &hits, &hosts), NETBLOCK_E_REACHED);
    assert_int_equal(netblock_hit(b, &t, &hits, &hosts), NETBLOCK_E_AGAIN);
    netblock_wipe(b, &block, t.serial);
    assert_int_equal(netblock_hit(b, &t, &hits, &hosts), NETBLOCK_E_REACHED);
    netblock_free(b);
}

static void test_full_table_drops_the_one_untouched_longest(void **state)
{
    struct netblock *b = netblock_new((struct level){24, 9, 9}, 100, 2, SEED);
    uint64_t wiped = 0;
    uint32_t hits, hosts;
    struct tally gone = {.host = net("192.0.2.1"), .time = 9};

    (void)state;
    hit(b, "192.0.1.1", 1, 1, &wiped, &hits);
    hit(b, "192.0.2.1", 2, 2, &wiped, &hits);
    hit(b, "192.0.1.1", 3, 3, &wiped, &hits);
    hit(b, "192.0.3.1", 4, 4, &wiped, &hits);
    assert_int_equal(netblock_count(b), 2);
    assert_int_equal(netblock_evicted(b), 1);
    netblock_look(b, &gone, &hits, &hosts);
    assert_int_equal(hits, 0);
    hit(b, "192.0.1.1", 5, 5, &wiped, &hits);
    assert_int_equal(hits, 3);
    netblock_free(b);
}

static void test_forget(void **state)
{
    static const struct {
        const char *net;
        uint32_t left1, left2; // hits in 192.0.1.0/24 and 192.0.2.0/24
    } cases[] = {
        {"192.0.1.7", 0, 1}, {"192.0.1.0/24", 0, 1}, {"192.0.0.0/16", 0, 0}, {"192.0.3.1", 1, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct netblock *b = netblock_new((struct level){24, 9, 9}, 100, 8, SEED);
        struct addr a = net(cases[i].net);
        uint64_t wiped = 0;
        uint32_t hits;
        hit(b, "192.0.1.1", 1, 1, &wiped, &hits);
        hit(b, "192.0.2.1", 1, 2, &wiped, &hits);
        netblock_forget(b, &a);
        hit(b, "192.0.1.1", 1, 3, &wiped, &hits);
        assert_int_equal(hits, 1 + cases[i].left1);
        hit(b, "192.0.2.1", 1, 4, &wiped, &hits);
        assert_int_equal(hits, 1 + cases[i].left2);
        netblock_free(b);
    }
}

static void test_expire(void **state)
{
    struct netblock *b = netblock_new((struct level){24, 9, 9}, 100, 8, SEED);
    uint64_t wiped = 0;
    uint32_t hits;

    (void)state;
    assert_int_equal(netblock_oldest(b), USEC_FOREVER);
    hit(b, "192.0.1.1", 10, 1, &wiped, &hits);
    hit(b, "192.0.2.1", 20, 2, &wiped, &hits);
    assert_int_equal(netblock_oldest(b), 10);
    netblock_expire(b, 9);
    assert_int_equal(netblock_count(b), 2);
    netblock_expire(b, 10);
    assert_int_equal(netblock_count(b), 1);
    assert_int_equal(netblock_oldest(b), 20);
    netblock_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_in_order_is_exact),
        cmocka_unit_test(test_late_is_never_too_much),
        cmocka_unit_test(test_wipe_marks_what_lies_below),
        cmocka_unit_test(test_a_wiped_block_is_not_reached_again_but_anew),
        cmocka_unit_test(test_full_table_drops_the_one_untouched_longest),
        cmocka_unit_test(test_forget),
        cmocka_unit_test(test_expire),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
