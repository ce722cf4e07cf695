// SPDX-License-Identifier: GPL-2.0-or-later
// A jail against a model that keeps every hit and counts anew each time; and against itself:
// restored, and with hosts and blocks expiring at random.
#include "engine/jail.h"

#include "fake-filter.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { SEED = 11, LINES = 900, RUNGS = 3, TEXT_MAX = 64 };

// Quarters of a second: not all times are whole ones, and bans end in the middle of one.
#define TICK           (USEC_PER_SEC / 4)
#define FINDTIME       (100 * TICK)
#define BLOCK_FINDTIME (160 * TICK)
#define WIDE_FINDTIME  (230 * TICK)

static const usec_t bantime[RUNGS] = {150 * TICK, 1100 * TICK, 1500 * TICK};

static const struct jail_spec spec = {
    .name = "model",
    .maxretry = 3,
    .findtime = FINDTIME,
    .sentence = {150 * TICK},
    .v4 = {{28, 3, 7, BLOCK_FINDTIME, 1100 * TICK}, {24, 5, 16, WIDE_FINDTIME, 1500 * TICK}},
    .n_v4 = RUNGS - 1,
    .v6 = {{60, 3, 7, BLOCK_FINDTIME, 1100 * TICK}, {56, 5, 16, WIDE_FINDTIME, 1500 * TICK}},
    .n_v6 = RUNGS - 1,
};

static const struct exempt nobody;

struct sample {
    char text[TEXT_MAX];
    usec_t time;
};

// Few hosts in few blocks, so that every level has its bans; some <SUBNET>s, some lines of several.
static void random_text(uint64_t *seed, char ret[static TEXT_MAX])
{
    unsigned host = random_below(seed, 4) ? random_below(seed, 64) : random_below(seed, 256);
    unsigned count = random_below(seed, 6) ? 1 : random_below(seed, 5) + 1;

    if (random_below(seed, 3) == 0)
        snprintf(ret, TEXT_MAX, "2001:db8:0:%x::%x %u", host, random_below(seed, 3), count);
    else if (random_below(seed, 40) == 0)
        snprintf(ret, TEXT_MAX, "192.0.2.%u/28 %u", host & 0xf0, count);
    else
        snprintf(ret, TEXT_MAX, "192.0.2.%u %u", host, count);
}

// late: by how many ticks a line may be.
static void random_log(uint64_t seed, uint32_t late, struct sample log[static LINES])
{
    usec_t clock = 10000;

    for (int i = 0; i < LINES; i++) {
        clock += random_below(&seed, 200) ? random_below(&seed, 12) : 400;
        log[i].time = (clock - random_below(&seed, late + 1)) * TICK;
        random_text(&seed, log[i].text);
    }
}

static int feed(struct jail *j, const struct sample *s, struct hit *ret_hit,
                struct verdict *ret_verdict)
{
    struct line line = {.text = slice_of(s->text), .time = s->time, .dated = true};

    return jail_feed(j, &line, s->time, ret_hit, ret_verdict);
}

static struct jail *make(void)
{
    struct jail *j = NULL;

    assert_int_equal(jail_new(&spec, filters, 1, &nobody, SEED, &j), 0);
    return j;
}

struct record {
    size_t rungs; // 0: the host, then the blocks around it
    int level[RUNGS];
    struct addr net[RUNGS];
    usec_t time;
    uint32_t count;
    bool counted[RUNGS]; // no ban around the host, narrower than this rung, explained it
    bool live[RUNGS];    // and not wiped
    bool reached[RUNGS]; // what it came to, unless wiped since
};

struct finding {
    uint32_t hits, hosts, need_hits, need_hosts;
    usec_t findtime;
    bool again;
};

struct banned {
    struct addr net;
    usec_t until;
};

// What was banned, the latest last; the last second of a ban is nobody's.
static bool is_banned(const struct banned *list, size_t n, const struct addr *net, usec_t time)
{
    while (n-- > 0) {
        if (addr_compare(&list[n].net, net) == 0)
            return list[n].until / USEC_PER_SEC > time / USEC_PER_SEC;
    }
    return false;
}

static struct record new_record(const struct hit *hit, const struct banned *banned, size_t n)
{
    const struct level *level = addr_is_v4(&hit->host) ? spec.v4 : spec.v6;
    struct record r = {.rungs = 1, .net = {hit->host}, .time = hit->time, .count = hit->count};
    bool explained = false;

    for (int i = 0; i < RUNGS - 1; i++) {
        if (level[i].prefix >= addr_prefix(&hit->host))
            continue;
        r.level[r.rungs] = i + 1;
        r.net[r.rungs++] = addr_block(&hit->host, level[i].prefix);
    }
    for (size_t i = 0; i < r.rungs; i++)
        explained |= is_banned(banned, n, &r.net[i], r.time);
    for (size_t i = r.rungs; i-- > 0;) {
        explained &= !is_banned(banned, n, &r.net[i], r.time);
        r.counted[i] = r.live[i] = !explained;
    }
    return r;
}

// The rung of a record that is the window `level` of net, or -1.
static int rung_of(const struct record *r, int level, const struct addr *net)
{
    for (size_t i = 0; i < r->rungs; i++) {
        if (r->level[i] == level && addr_compare(&r->net[i], net) == 0)
            return (int)i;
    }
    return -1;
}

// Of the hosts of one narrower block, as many count as it takes of them.
static uint32_t count_hosts(const struct addr *const *host, uint32_t n,
                            const struct level *narrower)
{
    uint32_t counted = 0;

    for (uint32_t i = 0; i < n; i++) {
        struct addr block = addr_block(host[i], narrower->prefix);
        uint32_t before = 0;
        for (uint32_t k = 0; k < i; k++)
            before += addr_within(host[k], &block);
        counted += before < narrower->hosts;
    }
    return counted;
}

static struct finding find(const struct record *list, size_t records, size_t rung)
{
    const struct record *new = &list[records - 1];
    int level = new->level[rung];
    const struct level *l =
        (addr_is_v4(&new->net[0]) ? spec.v4 : spec.v6) + (level ? level - 1 : 0);
    struct finding f = {
        .need_hits = level ? l->hits : spec.maxretry,
        .need_hosts = level ? l->hosts : 1,
        .findtime = level ? l->findtime : spec.findtime,
    };
    const struct addr *host[LINES];
    uint32_t n = 0;

    for (size_t i = records; i-- > 0;) {
        int at = rung_of(&list[i], level, &new->net[rung]);
        bool known = false;
        if (at < 0 || !list[i].live[at] || new->time - list[i].time >= f.findtime)
            continue;
        for (uint32_t k = 0; k < n; k++)
            known |= addr_compare(host[k], &list[i].net[0]) == 0;
        if (!known)
            host[n++] = &list[i].net[0];
        f.hits += list[i].count;
    }
    f.hosts = level > 1 ? count_hosts(host, n, l - 1) : n;
    for (size_t i = records - 1; i-- > 0;) {
        int at = rung_of(&list[i], level, &new->net[rung]);
        if (at < 0 || !list[i].counted[at])
            continue;
        f.again = level > 0 && list[i].reached[at] && new->time - list[i].time < f.findtime;
        break;
    }
    return f;
}

// A ban of one of the last record's rungs.
static void wipe(struct record *list, size_t n, size_t rung)
{
    const struct record banned = list[n - 1];

    for (size_t i = 0; i < n; i++) {
        int at = rung_of(&list[i], banned.level[rung], &banned.net[rung]);
        for (int k = 0; k <= at; k++)
            list[i].live[k] = list[i].reached[k] = false;
    }
}

// The rung of the last record that is to be banned, or -1.
static int model(struct record *list, size_t n, struct finding ret[static RUNGS])
{
    struct record *new = &list[n - 1];
    int narrowest = -1, again = -1;

    for (size_t i = 0; i < new->rungs; i++) {
        ret[i] = find(list, n, i);
        new->reached[i] =
            new->counted[i] && ret[i].hits >= ret[i].need_hits &&ret[i].hosts >= ret[i].need_hosts;
    }
    for (size_t i = new->rungs; i-- > 0;) {
        if (new->reached[i])
            narrowest = (int)i;
        if (new->reached[i] && ret[i].again)
            again = (int)i;
    }
    narrowest = again >= 0 ? again : narrowest;
    if (narrowest >= 0)
        wipe(list, n, (size_t)narrowest);
    return narrowest;
}

static uint32_t at_most(uint32_t n, uint32_t most)
{
    return n < most ? n : most;
}

static void test_in_order_a_jail_agrees_with_the_model(void **state)
{
    static struct sample log[LINES];
    static struct record list[LINES];
    static struct banned bans[LINES];
    unsigned banned[RUNGS] = {0};

    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct jail *j = make();
        size_t n_bans = 0;
        random_log(seed, 0, log);
        for (size_t n = 1; n <= LINES; n++) {
            struct finding f[RUNGS];
            struct verdict v;
            struct hit hit;
            int r = feed(j, &log[n - 1], &hit, &v), expected;
            list[n - 1] = new_record(&hit, bans, n_bans);
            expected = model(list, n, f);
            assert_int_equal(r, expected < 0 ? JAIL_E_HIT : JAIL_E_VERDICT);
            if (expected < 0)
                continue;
            banned[list[n - 1].level[expected]]++;
            bans[n_bans++] = (struct banned){v.net, v.until};
            assert_memory_equal(&v.net, &list[n - 1].net[expected], sizeof(v.net));
            assert_int_equal(v.findtime, f[expected].findtime);
            assert_int_equal(v.until - v.time, bantime[list[n - 1].level[expected]]);
            assert_int_equal(v.hosts, at_most(f[expected].hosts, v.need_hosts));
            if (v.reason == VERDICT_BLOCK)
                assert_int_equal(v.hits, at_most(f[expected].hits, v.need_hits));
        }
        jail_free(j);
    }
    for (int i = 0; i < RUNGS; i++)
        assert_true(banned[i] >= 20);
}

static void assert_same(int r1, const struct hit *h1, const struct verdict *v1, int r2,
                        const struct hit *h2, const struct verdict *v2)
{
    assert_int_equal(r1, r2);
    assert_int_equal(h1->hits, h2->hits);
    assert_int_equal(h1->banned, h2->banned);
    if (r1 == JAIL_E_VERDICT)
        assert_memory_equal(v1, v2, sizeof(*v1));
}

// Many jails in little memory, each flooded: together they stay within it, each has its part, and
// what is too old makes room before what counts.
static void test_jails_share_their_memory(void **state)
{
    enum { JAILS = 8, LIMIT = 5 << 19, FLOOD = 70000 };
    struct jail *jail[JAILS] = {0};
    struct jail_budget budget;
    struct jail_spec with = spec;
    size_t used = 0, most = 0;
    struct sample s;
    struct verdict v;
    struct hit hit;

    (void)state;
    jail_budget_init(&budget, LIMIT, JAILS);
    assert_in_range(budget.sessions, 40, 60);
    with.budget = &budget;
    for (int j = 0; j < JAILS; j++) {
        assert_int_equal(jail_new(&with, filters, 1, &nobody, SEED, &jail[j]), 0);
        for (uint32_t i = 0; i < FLOOD; i++) {
            s.time = (1000 + i % 100) * TICK;
            snprintf(s.text, sizeof(s.text), "2001:db8:%x:%x::1 1", i >> 8, i << 8 & 0xffff);
            feed(jail[j], &s, &hit, &v);
        }
        used += jail_bytes(jail[j]);
        assert_true(used <= LIMIT / 8 * 7);
        assert_true(jail_bytes(jail[j]) >= budget.tracks.floor - 8 * 1024);
        assert_true(jail_evicted(jail[j]) > 0);
        most = jail_bytes(jail[j]) > most ? jail_bytes(jail[j]) : most;
    }
    assert_true(most >= budget.tracks.common);
    s.time = 1000 * TICK + 10 * FINDTIME;
    feed(jail[1], &s, &hit, &v);
    assert_int_equal(jail_tracked(jail[1]), 1);
    for (int j = 0; j < JAILS; j++)
        jail_free(jail[j]);
    assert_int_equal(budget.tracks.lent, 0);
}

// From the hits that the ledger keeps, at any line.
static void check_restored(const struct sample *log, size_t cut)
{
    static struct hit hit[LINES];
    struct jail *whole = make(), *restored = make();
    struct verdict v1, v2;
    usec_t newest = 0;

    memset(&v1, 0, sizeof(v1));
    memset(&v2, 0, sizeof(v2));
    for (size_t i = 0; i < cut; i++) {
        feed(whole, &log[i], &hit[i], &v1);
        newest = log[i].time > newest ? log[i].time : newest;
    }
    for (size_t i = 0; i < cut; i++) {
        struct addr net = addr_block(&hit[i].host, hit[i].banned);
        if (usec_add(hit[i].time, jail_memory(whole)) >= newest)
            assert_int_equal(jail_restore(restored, &hit[i]), 0);
        else if (hit[i].banned)
            assert_int_equal(jail_restore_ban(restored, &net, hit[i].until), 0);
    }
    for (size_t i = cut; i < LINES; i++) {
        struct hit h1, h2;
        int r1 = feed(whole, &log[i], &h1, &v1), r2 = feed(restored, &log[i], &h2, &v2);
        assert_same(r1, &h1, &v1, r2, &h2, &v2);
    }
    jail_free(whole);
    jail_free(restored);
}

static void test_restored_goes_on_as_if_never_stopped(void **state)
{
    static struct sample log[LINES];

    (void)state;
    for (uint64_t seed = 1; seed <= 30; seed++) {
        random_log(seed, seed % 3 ? 50 : 0, log);
        for (size_t cut = seed; cut < LINES; cut += 97)
            check_restored(log, cut);
    }
}

static void test_expiring_changes_no_verdict(void **state)
{
    static struct sample log[LINES];
    size_t freed = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct jail *whole = make(), *expiring = make();
        struct verdict v1, v2;
        uint64_t random = seed;
        memset(&v1, 0, sizeof(v1));
        memset(&v2, 0, sizeof(v2));
        random_log(seed, 100, log);
        for (size_t i = 0; i < LINES; i++) {
            struct hit h1, h2;
            int r1 = feed(whole, &log[i], &h1, &v1), r2 = feed(expiring, &log[i], &h2, &v2);
            assert_same(r1, &h1, &v1, r2, &h2, &v2);
            if (random_below(&random, 4) == 0)
                jail_expire(expiring,
                            log[i].time + (random_below(&random, 2000) - UINT64_C(1000)) * TICK);
        }
        freed += jail_tracked(whole) - jail_tracked(expiring);
        jail_free(whole);
        jail_free(expiring);
    }
    assert_true(freed > 60);
}

// Whoever waits for jail_next() and then calls jail_expire() neither spins nor leaves anything due.
static void test_next_says_when_something_is_due(void **state)
{
    static struct sample log[LINES];
    struct jail *j = make();
    struct verdict v;
    struct hit hit;
    unsigned woken = 0;

    (void)state;
    assert_int_equal(jail_next(j), USEC_FOREVER);
    random_log(1, 0, log);
    for (size_t i = 0; i < LINES; i++) {
        feed(j, &log[i], &hit, &v);
        for (usec_t next; (next = jail_next(j)) != USEC_FOREVER; woken++) {
            assert_true(next <= log[i].time);
            jail_expire(j, next - 1);
            assert_int_equal(jail_next(j), next);
            jail_expire(j, next);
            assert_true(jail_next(j) > next);
        }
    }
    assert_true(woken > 50);
    jail_expire(j, USEC_FOREVER);
    assert_true(jail_tracked(j) > 0);
    jail_free(j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order_a_jail_agrees_with_the_model),
        cmocka_unit_test(test_jails_share_their_memory),
        cmocka_unit_test(test_restored_goes_on_as_if_never_stopped),
        cmocka_unit_test(test_expiring_changes_no_verdict),
        cmocka_unit_test(test_next_says_when_something_is_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
