// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/netblock.h"

#include "engine/track.h"

#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS_MAX = 12, HITS_MAX = 400 };

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
    int strange; // by the lower pair, where there is one
};

enum { REACHED = NETBLOCK_E_REACHED, AGAIN = NETBLOCK_E_AGAIN };

static const struct scenario {
    const char *name;
    struct level level;
    usec_t findtime;
    struct step step[STEPS_MAX];
    struct level narrower; // prefix 0: none
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
    {"of a narrower block as many hosts as explain it",
     {16, 4, 4},
     10,
     {{"198.51.0.1", 1, 1, 1, 1, 0},
      {"198.51.0.2", 1, 1, 2, 2, 0},
      {"198.51.0.3", 1, 1, 3, 2, 0},
      {"198.51.1.1", 1, 1, 4, 3, 0},
      {"198.51.2.0/28", 1, 1, 4, 4, REACHED}},
     {24, 2}},
    {"and no more than half",
     {16, 4, 4},
     10,
     {{"198.51.0.1", 1, 1, 1, 1, 0},
      {"198.51.0.2", 1, 1, 2, 2, 0},
      {"198.51.0.3", 1, 1, 3, 2, 0},
      {"198.51.1.1", 1, 1, 4, 3, 0},
      {"198.51.1.2", 1, 1, 4, 4, REACHED}},
     {24, 40}},
    {"but as many as it takes with few narrower blocks",
     {24, 4, 4},
     10,
     {{"198.51.0.1", 1, 1, 1, 1, 0},
      {"198.51.0.2", 1, 1, 2, 2, 0},
      {"198.51.0.129", 1, 1, 3, 3, 0},
      {"198.51.0.130", 1, 1, 4, 4, REACHED}},
     {25, 1}},
    {"of a narrower block the hosts seen last",
     {16, 4, 4},
     10,
     {{"198.51.0.1", 1, 1, 1, 1, 0},
      {"198.51.0.2", 2, 1, 2, 2, 0},
      {"198.51.1.1", 3, 1, 3, 3, 0},
      {"198.51.0.3", 9, 1, 4, 3, 0},
      {"198.51.2.1", 10, 1, 4, 4, REACHED},
      {"198.51.0.3", 11, 1, 4, 4, AGAIN},
      {"198.51.0.3", 12, 1, 4, 3, 0},
      {"198.51.0.4", 12, 1, 4, 4, REACHED}},
     {24, 2}},
    {"an address that is a block itself, wider than the narrower level's",
     {16, 2, 2},
     10,
     {{"198.51.0.0/23", 1, 1, 1, 1, 0}, {"198.51.2.0/23", 1, 1, 2, 2, REACHED}},
     {24, 2}},
    {"both of the lower pair, and then of the full one",
     {24, 3, 5, 0, 0, 2, 3},
     10,
     {{"192.0.2.1", 1, 1, 1, 1, 0, 0},
      {"192.0.2.1", 2, 1, 2, 1, 0, 0},
      {"192.0.2.1", 3, 1, 3, 1, 0, 0},
      {"192.0.2.2", 4, 1, 4, 2, 0, REACHED},
      {"192.0.2.2", 5, 1, 5, 2, 0, AGAIN},
      {"192.0.2.3", 6, 1, 5, 3, REACHED, AGAIN},
      {"192.0.2.3", 7, 1, 5, 3, AGAIN, AGAIN},
      {"192.0.2.3", 14, 1, 4, 2, 0, AGAIN},
      {"192.0.2.4", 24, 9, 5, 1, 0, 0},
      {"192.0.2.5", 24, 1, 5, 2, 0, REACHED}}},
    {"the lower pair with hits of the full one",
     {24, 3, 3, 0, 0, 2, 3},
     10,
     {{"192.0.2.1", 1, 2, 2, 1, 0, 0},
      {"192.0.2.2", 2, 1, 3, 2, 0, REACHED},
      {"192.0.2.3", 3, 1, 3, 3, REACHED, AGAIN}}},
    {"all at once", {24, 1, 5, 0, 0, 1, 2}, 10, {{"192.0.2.1", 1, 5, 5, 1, REACHED, REACHED}}},
    {"late, the lower pair judged where the newer hits are",
     {24, 9, 9, 0, 0, 3, 3},
     10,
     {{"192.0.2.1", 5, 1, 1, 1, 0, 0},
      {"192.0.2.2", 9, 1, 2, 2, 0, 0},
      {"192.0.2.3", 2, 1, 3, 3, 0, REACHED}}},
    {"of a narrower block as many hosts as explain it by the lower pair",
     {16, 9, 9, 0, 0, 6, 6},
     10,
     {{"198.51.0.1", 1, 2, 2, 1, 0, 0},
      {"198.51.0.2", 1, 2, 4, 2, 0, 0},
      {"198.51.0.3", 1, 1, 5, 3, 0, 0},
      {"198.51.1.1", 1, 1, 6, 4, 0, 0},
      {"198.51.1.2", 1, 1, 7, 5, 0, 0},
      {"198.51.2.1", 1, 1, 8, 6, 0, 0},
      {"198.51.2.2", 1, 1, 9, 7, 0, REACHED}},
     {24, 4, 4, 0, 0, 2, 2}},
    {"and no more than half of the lower pair",
     {16, 9, 9, 0, 0, 4, 4},
     10,
     {{"198.51.0.1", 1, 1, 1, 1, 0, 0},
      {"198.51.0.2", 1, 1, 2, 2, 0, 0},
      {"198.51.0.3", 1, 1, 3, 3, 0, 0},
      {"198.51.1.1", 1, 1, 4, 4, 0, 0},
      {"198.51.1.2", 1, 1, 5, 5, 0, REACHED}},
     {24, 40}},
};

// One block, kept as a record between its hits.
struct kept {
    struct level level;
    const struct level *narrower;
    struct netblock *block;
    unsigned char *record;
    bool known;
};

static struct kept keep(struct level level, usec_t findtime)
{
    level.findtime = findtime;
    return (struct kept){level, NULL, netblock_new(level.hits, level.hosts),
                         malloc(track_size(level.hits, level.hosts)), false};
}

static void done(struct kept *k)
{
    netblock_free(k->block);
    free(k->record);
}

static void load(struct kept *k, const struct addr *host)
{
    struct addr net = addr_block(host, k->level.prefix);
    struct track_key key = track_key_of(&net, 1);

    netblock_reset(k->block);
    if (k->known)
        track_block_unpack(k->record, k->level.prefix, k->block);
    memcpy(k->record, key.bytes, key.n);
}

static void save(struct kept *k)
{
    size_t n = track_block_pack(k->record, k->level.prefix, k->block);

    assert_true(n <= track_size(k->level.hits, k->level.hosts));
    assert_int_equal(track_last(k->record), k->block->last);
    k->known = true;
}

// Where no thresholds are reached, looking says what is there.
static struct netblock_told count_by_both(struct kept *k, const struct addr *host, usec_t time,
                                          uint32_t count, uint32_t *wiped)
{
    struct track_key key = track_key_of(host, 0);
    struct tally t = {track_host_id(&key, k->level.prefix, 0, 0), time, count, *wiped};
    struct netblock_told told;

    load(k, host);
    told = netblock_hit(k->block, &k->level, k->narrower, &t);
    save(k);
    if (told.strange == 0) {
        load(k, host);
        t.wiped = *wiped;
        netblock_look(k->block, k->level.findtime, &t, &told.hits, &told.hosts);
    }
    *wiped = t.wiped;
    return told;
}

static int count(struct kept *k, const struct addr *host, usec_t time, uint32_t count,
                 uint32_t *wiped, uint32_t *ret_hits, uint32_t *ret_hosts)
{
    struct netblock_told told = count_by_both(k, host, time, count, wiped);

    *ret_hits = told.hits;
    *ret_hosts = told.hosts;
    return told.full;
}

static void test_scenarios(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        const struct scenario *c = &scenarios[i];
        struct kept k = keep(c->level, c->findtime);
        k.narrower = c->narrower.prefix ? &c->narrower : NULL;
        for (const struct step *s = c->step; s->host; s++) {
            struct addr host = net(s->host);
            uint32_t wiped = 0;
            struct netblock_told told = count_by_both(&k, &host, s->time, s->count, &wiped);
            if (told.full != s->r || told.strange != (c->level.strange_hits ? s->strange : s->r) ||
                told.hits != s->hits || told.hosts != s->hosts)
                fail_msg("%s: step %td: %d, %d, %u hits, %u hosts", c->name, s - c->step, told.full,
                         told.strange, told.hits, told.hosts);
        }
        done(&k);
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

// How many hosts of a /30 count.
enum { ALL_OF_ONE = 4 };

// Hits and distinct hosts in (end - findtime, end] among all records ever.
static void naive_count(const struct record *list, size_t n, usec_t findtime, usec_t end,
                        uint32_t each, uint32_t *ret_hits, uint32_t *ret_hosts)
{
    uint32_t beside[64] = {0};
    bool seen[256] = {false};

    *ret_hits = *ret_hosts = 0;
    for (size_t i = 0; i < n; i++) {
        if (list[i].time > end || end - list[i].time >= findtime)
            continue;
        *ret_hits += list[i].count;
        *ret_hosts += !seen[list[i].host.b[15]] && beside[list[i].host.b[15] / 4]++ < each;
        seen[list[i].host.b[15]] = true;
    }
}

static bool naive_reached(const struct record *list, size_t n, struct level level, usec_t findtime,
                          uint32_t each)
{
    usec_t time = list[n - 1].time;
    uint32_t hits, hosts;

    for (size_t i = 0; i < n; i++) {
        if (list[i].time < time || list[i].time - time >= findtime)
            continue;
        naive_count(list, n, findtime, list[i].time, each, &hits, &hosts);
        if (hits >= level.hits && hosts >= level.hosts)
            return true;
    }
    return false;
}

static unsigned run(uint64_t seed, uint32_t late, bool has_narrower)
{
    struct level level = {24, (uint16_t)(1 + random_below(&seed, 6)), 0};
    usec_t findtime = 20 + random_below(&seed, 30), clock = 1000;
    struct record list[HITS_MAX];
    struct level narrower = {30, (uint16_t)(1 + random_below(&seed, 3))};
    uint32_t half = (level.hosts + 1U) / 2, each = narrower.hosts < half ? narrower.hosts : half;
    struct kept k;
    unsigned reached = 0;

    level.hits = (uint16_t)(level.hosts + random_below(&seed, 8));
    k = keep(level, findtime);
    k.narrower = has_narrower ? &narrower : NULL;
    each = has_narrower ? each : ALL_OF_ONE;
    for (size_t n = 0; n < HITS_MAX; n++) {
        uint32_t hits, hosts, all_hits, all_hosts, wiped = 0;
        bool naive;
        int r;
        list[n] = random_record(&seed, &clock, late);
        r = count(&k, &list[n].host, list[n].time, list[n].count, &wiped, &hits, &hosts);
        naive = naive_reached(list, n + 1, level, findtime, each);
        // What lies before the kept hits is gone for a late line, but no line makes hits up.
        assert_true(late ? naive || r == 0 : naive == (r > 0));
        reached += r > 0;
        if (late)
            continue;
        naive_count(list, n + 1, findtime, clock, each, &all_hits, &all_hosts);
        assert_int_equal(hits, all_hits < level.hits ? all_hits : level.hits);
        assert_int_equal(hosts, all_hosts < level.hosts ? all_hosts : level.hosts);
    }
    done(&k);
    return reached;
}

static unsigned run_strange(uint64_t seed, uint32_t late)
{
    struct level level = {24, (uint16_t)(2 + random_below(&seed, 6)), 0}, lower;
    usec_t findtime = 20 + random_below(&seed, 30), clock = 1000;
    struct record list[HITS_MAX];
    struct kept k;
    unsigned reached = 0;

    level.hits = (uint16_t)(level.hosts + random_below(&seed, 8));
    level.strange_hosts = (uint16_t)(1 + random_below(&seed, level.hosts));
    level.strange_hits =
        (uint16_t)(level.strange_hosts + random_below(&seed, level.hits - level.strange_hosts + 1));
    lower = (struct level){24, level.strange_hosts, level.strange_hits};
    k = keep(level, findtime);
    for (size_t n = 0; n < HITS_MAX; n++) {
        uint32_t wiped = 0;
        struct netblock_told told;
        bool naive;
        list[n] = random_record(&seed, &clock, late);
        told = count_by_both(&k, &list[n].host, list[n].time, list[n].count, &wiped);
        naive = naive_reached(list, n + 1, lower, findtime, ALL_OF_ONE);
        assert_true(told.strange || !told.full);
        assert_true(late ? naive || !told.strange : naive == (told.strange > 0));
        reached += told.strange && !told.full;
    }
    done(&k);
    return reached;
}

static void test_the_lower_pair_is_exact(void **state)
{
    unsigned reached = 0, late = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        reached += run_strange(seed, 0);
        late += run_strange(seed, (uint32_t)seed);
    }
    assert_in_range(reached, 1000, 20000);
    assert_in_range(late, 1000, 20000);
}

static void test_in_order_is_exact(void **state)
{
    unsigned reached = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++)
        reached += run(seed, 0, seed % 2);
    assert_in_range(reached, 1000, 20000);
}

static void test_late_is_never_too_much(void **state)
{
    unsigned reached = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++)
        reached += run(seed, (uint32_t)seed, seed % 2);
    assert_in_range(reached, 1000, 20000);
}

static uint32_t hit(struct kept *k, const char *host, uint32_t *wiped)
{
    struct addr a = net(host);
    uint32_t hits, hosts;

    assert_true(count(k, &a, 1, 1, wiped, &hits, &hosts) >= 0);
    return hits;
}

static void wipe(struct kept *k, const char *host, uint32_t mark)
{
    struct addr a = net(host);

    load(k, &a);
    netblock_clear(k->block);
    k->block->wiped = mark;
    save(k);
}

static void test_wipe_marks_what_lies_below(void **state)
{
    struct kept wide = keep((struct level){16, 9, 9}, 100);
    struct kept narrow = keep((struct level){24, 9, 9}, 100);
    uint32_t wiped = 0;

    (void)state;
    assert_int_equal(hit(&wide, "192.0.2.1", &wiped), 1);
    assert_int_equal(hit(&narrow, "192.0.2.1", &wiped), 1);
    assert_int_equal(wiped, 0);
    wipe(&wide, "192.0.2.1", 1);
    assert_int_equal(hit(&wide, "192.0.2.2", &wiped), 1);
    assert_int_equal(wiped, 1);
    assert_int_equal(hit(&narrow, "192.0.2.2", &wiped), 1);
    wiped = 0;
    assert_int_equal(hit(&wide, "192.0.2.2", &wiped), 2);
    assert_int_equal(hit(&narrow, "192.0.2.2", &wiped), 2);
    done(&wide);
    done(&narrow);
}

static void test_a_wiped_block_is_not_reached_again_but_anew(void **state)
{
    struct kept k = keep((struct level){24, 1, 1}, 100);
    struct addr host = net("192.0.2.1");
    uint32_t hits, hosts, wiped = 0;

    (void)state;
    assert_int_equal(count(&k, &host, 1, 1, &wiped, &hits, &hosts), NETBLOCK_E_REACHED);
    assert_int_equal(count(&k, &host, 1, 1, &wiped, &hits, &hosts), NETBLOCK_E_AGAIN);
    wipe(&k, "192.0.2.1", 1);
    wiped = 0;
    assert_int_equal(count(&k, &host, 1, 1, &wiped, &hits, &hosts), NETBLOCK_E_REACHED);
    done(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_in_order_is_exact),
        cmocka_unit_test(test_late_is_never_too_much),
        cmocka_unit_test(test_the_lower_pair_is_exact),
        cmocka_unit_test(test_wipe_marks_what_lies_below),
        cmocka_unit_test(test_a_wiped_block_is_not_reached_again_but_anew),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
