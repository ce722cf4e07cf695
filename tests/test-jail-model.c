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

enum { SEED = 11, LINES = 900, SHORT = 300, RUNGS = 4, TEXT_MAX = 64 };

// Quarters of a second: not all times are whole ones, and bans end in the middle of one.
#define TICK           (USEC_PER_SEC / 4)
#define FINDTIME       (100 * TICK)
#define BLOCK_FINDTIME (160 * TICK)
#define WIDE_FINDTIME  (230 * TICK)

static const struct jail_spec spec = {
    .name = "model",
    .maxretry = 3,
    .findtime = FINDTIME,
    .sentence = {150 * TICK},
    .v4 = {{28, 3, 7, BLOCK_FINDTIME, 1100 * TICK}, {24, 5, 16, WIDE_FINDTIME, 1500 * TICK}},
    .n_v4 = 2,
    .v6 = {{60, 3, 7, BLOCK_FINDTIME, 1100 * TICK}, {56, 5, 16, WIDE_FINDTIME, 1500 * TICK}},
    .n_v6 = 2,
};

// Every IPv6 address is a host, and its /64 a block.
static const struct jail_spec narrow = {
    .name = "narrow",
    .maxretry = 3,
    .findtime = FINDTIME,
    .sentence = {150 * TICK},
    .v4 = {{28, 3, 7, BLOCK_FINDTIME, 1100 * TICK}, {24, 5, 16, WIDE_FINDTIME, 1500 * TICK}},
    .n_v4 = 2,
    .v6 = {{112, 3, 7, BLOCK_FINDTIME, 1100 * TICK}, {64, 5, 16, WIDE_FINDTIME, 1500 * TICK}},
    .n_v6 = 2,
    .host_v6 = 128,
};

static const struct exempt nobody;

struct sample {
    char text[TEXT_MAX];
    usec_t time;
};

// Writes the low bits of a number before a prefix (as people write it), or those that have room
// behind the one before it. Returns the rest.
static unsigned put_bits(struct addr *a, unsigned before, unsigned prefix, unsigned n)
{
    unsigned base = addr_is_v4(a) ? ADDR_V4_BITS : 0;

    for (unsigned i = 0; i < 4 && prefix > before; i++, n >>= 1) {
        unsigned at = base + --prefix;
        a->b[at / 8] |= (uint8_t)((n & 1) << (7 - at % 8));
    }
    return n;
}

static unsigned host_prefix(const struct jail_spec *s, bool v4)
{
    return v4 ? 32 : s->host_v6 > 0 ? s->host_v6 : 64;
}

// Few hosts in few blocks, so that every level has its bans; some <SUBNET>s.
static struct addr random_host(uint64_t *seed, const struct jail_spec *s)
{
    bool v4 = random_below(seed, 3) > 0;
    unsigned n = random_below(seed, 4) ? random_below(seed, 64) : random_below(seed, 256);
    unsigned host = host_prefix(s, v4);
    struct addr a;
    size_t levels;
    const struct level *level;

    assert_int_equal(addr_parse(slice_of(v4 ? "128.0.0.0" : "2001::"), &a), 0);
    level = jail_spec_levels(s, &a, &levels);
    put_bits(&a, host, addr_prefix(&a), random_below(seed, 3));
    n = put_bits(&a, level[0].prefix, host, n);
    for (size_t i = 0; i + 1 < levels; i++)
        n = put_bits(&a, level[i + 1].prefix, level[i].prefix, n);
    return random_below(seed, 40) ? a : addr_block(&a, level[0].prefix);
}

static void random_text(uint64_t *seed, const struct jail_spec *s, char ret[static TEXT_MAX])
{
    unsigned count = random_below(seed, 6) ? 1 : random_below(seed, 5) + 1;
    struct addr host = random_host(seed, s);
    char text[ADDR_TEXT_MAX];

    addr_format(&host, text);
    snprintf(ret, TEXT_MAX, "%s %u", text, count);
}

// late: by how many ticks a line may be.
static void random_log(uint64_t seed, const struct jail_spec *s, uint32_t late,
                       struct sample log[static LINES])
{
    usec_t clock = 10000;

    for (int i = 0; i < LINES; i++) {
        clock += random_below(&seed, 200) ? random_below(&seed, 12) : 400;
        log[i].time = (clock - random_below(&seed, late + 1)) * TICK;
        random_text(&seed, s, log[i].text);
    }
}

static int feed(struct jail *j, const struct sample *s, struct hit *ret_hit,
                struct verdict *ret_verdict)
{
    struct line line = {.text = slice_of(s->text), .time = s->time, .dated = true};

    return jail_feed(j, &line, s->time, ret_hit, ret_verdict);
}

static struct jail *make(const struct jail_spec *s)
{
    struct jail *j = NULL;

    assert_int_equal(jail_new(s, filters, 1, &nobody, SEED, &j), 0);
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
    usec_t findtime, bantime;
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

static struct record new_record(const struct jail_spec *s, const struct hit *hit,
                                const struct banned *banned, size_t n)
{
    size_t levels;
    const struct level *level = jail_spec_levels(s, &hit->host, &levels);
    struct record r = {.rungs = 1, .net = {hit->host}, .time = hit->time, .count = hit->count};
    bool explained = false;

    for (size_t i = 0; i < levels; i++) {
        if (level[i].prefix >= addr_prefix(&hit->host))
            continue;
        r.level[r.rungs] = (int)i + 1;
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

// Of the hosts of one narrower block, as many count as it takes of them; no more than half of what
// the wider one takes, but enough that all together can fill it.
static uint32_t most_of_one(const struct level *l, const struct level *narrower)
{
    uint32_t half = (l->hosts + 1) / 2;
    uint32_t most = narrower->hosts < half ? narrower->hosts : half;

    while (narrower->prefix - l->prefix < 16 && most << (narrower->prefix - l->prefix) < l->hosts)
        most++;
    return most;
}

static uint32_t count_hosts(const struct addr *const *host, uint32_t n, const struct level *l)
{
    const struct level *narrower = l - 1;
    uint32_t counted = 0;

    for (uint32_t i = 0; i < n; i++) {
        struct addr block = addr_block(host[i], narrower->prefix);
        uint32_t before = 0;
        for (uint32_t k = 0; k < i; k++)
            before += addr_within(host[k], &block);
        counted += before < most_of_one(l, narrower);
    }
    return counted;
}

static struct finding find(const struct jail_spec *s, const struct record *list, size_t records,
                           size_t rung)
{
    size_t levels;
    const struct record *new = &list[records - 1];
    int level = new->level[rung];
    const struct level *l = jail_spec_levels(s, &new->net[0], &levels) + (level ? level - 1 : 0);
    struct finding f = {
        .need_hits = level ? l->hits : s->maxretry,
        .need_hosts = level ? l->hosts : 1,
        .findtime = level ? l->findtime : s->findtime,
        .bantime = level ? l->bantime : s->sentence.bantime,
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
    f.hosts = level > 1 ? count_hosts(host, n, l) : n;
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
static int model(const struct jail_spec *s, struct record *list, size_t n,
                 struct finding ret[static RUNGS])
{
    struct record *new = &list[n - 1];
    int narrowest = -1, again = -1;

    for (size_t i = 0; i < new->rungs; i++) {
        ret[i] = find(s, list, n, i);
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

static void check_verdict(const struct verdict *v, const struct addr *net, const struct finding *f)
{
    assert_memory_equal(&v->net, net, sizeof(v->net));
    assert_int_equal(v->findtime, f->findtime);
    assert_int_equal(v->until - v->time, f->bantime);
    assert_int_equal(v->hosts, at_most(f->hosts, v->need_hosts));
    if (v->reason == VERDICT_BLOCK)
        assert_int_equal(v->hits, at_most(f->hits, v->need_hits));
}

// Counts the bans by families, IPv4 first, and by levels.
static void check_in_order(const struct jail_spec *s, uint64_t seed, size_t lines,
                           unsigned banned[static 2][RUNGS])
{
    static struct sample log[LINES];
    static struct record list[LINES];
    static struct banned bans[LINES];
    struct jail *j = make(s);
    size_t n_bans = 0;

    random_log(seed, s, 0, log);
    for (size_t n = 1; n <= lines; n++) {
        struct finding f[RUNGS];
        struct verdict v;
        struct hit hit;
        int r = feed(j, &log[n - 1], &hit, &v), expected;
        list[n - 1] = new_record(s, &hit, bans, n_bans);
        expected = model(s, list, n, f);
        assert_int_equal(r, expected < 0 ? JAIL_E_HIT : JAIL_E_VERDICT);
        if (expected < 0)
            continue;
        banned[!addr_is_v4(&v.net)][list[n - 1].level[expected]]++;
        bans[n_bans++] = (struct banned){v.net, v.until};
        check_verdict(&v, &list[n - 1].net[expected], &f[expected]);
    }
    jail_free(j);
}

static void test_in_order_a_jail_agrees_with_the_model(void **state)
{
    unsigned banned[2][RUNGS] = {0};

    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++)
        check_in_order(&spec, seed, LINES, banned);
    for (size_t i = 0; i <= spec.n_v4; i++)
        assert_true(banned[0][i] + banned[1][i] >= 20);
}

// Up to three levels, this one among them, no wider than widest, around hosts of this prefix.
static size_t random_levels(uint64_t *seed, unsigned prefix, unsigned widest, unsigned host,
                            struct level level[static RUNGS - 1])
{
    unsigned at[RUNGS - 1] = {prefix}, n = 1;

    if (prefix + 1 < host && random_below(seed, 2))
        at[n++] = prefix + 1 + random_below(seed, host - prefix - 1);
    while (n < RUNGS - 1 && prefix > widest && random_below(seed, 3)) {
        prefix = widest + random_below(seed, prefix - widest);
        at[n++] = prefix;
    }
    for (unsigned i = 0; i < n; i++) {
        unsigned k = i;
        for (; k > 0 && level[k - 1].prefix < at[i]; k--)
            level[k] = level[k - 1];
        level[k] = (struct level){.prefix = (uint8_t)at[i]};
    }
    for (unsigned i = 0; i < n; i++) {
        uint16_t room = host - level[i].prefix > 3 ? 5 : (uint16_t)(1 << (host - level[i].prefix));
        level[i].hosts = i + 3 < room ? (uint16_t)(i + 3) : room;
        level[i].hits = (uint16_t)(level[i].hosts + 4 + 5 * i);
        level[i].findtime = (160 + 70 * i) * TICK;
        level[i].bantime = (1100 + 400 * i) * TICK;
    }
    return n;
}

// IPv4 from 8 to 31, IPv6 from 32 to 127 with hosts of 64 to 128.
static void test_levels_of_every_prefix(void **state)
{
    unsigned banned[2][RUNGS] = {0};
    uint64_t seed = 5;

    (void)state;
    for (unsigned prefix = 32; prefix < 128; prefix++) {
        struct jail_spec s = {
            .name = "model", .maxretry = 3, .findtime = FINDTIME, .sentence = {150 * TICK}};
        unsigned least = prefix < 64 ? 64 : prefix + 1;
        s.host_v6 =
            (uint8_t)(random_below(&seed, 2) ? 128 : least + random_below(&seed, 129 - least));
        s.n_v4 = random_levels(&seed, 8 + prefix % 24, 8, 32, s.v4);
        s.n_v6 = random_levels(&seed, prefix, 32, s.host_v6, s.v6);
        check_in_order(&s, prefix, SHORT, banned);
    }
    for (int i = 0; i < RUNGS; i++)
        assert_true(banned[0][i] >= 20 && banned[1][i] >= 20);
}

static void assert_same(int r1, const struct hit *h1, struct verdict *v1, int r2,
                        const struct hit *h2, struct verdict *v2)
{
    assert_int_equal(r1, r2);
    assert_int_equal(h1->hits, h2->hits);
    assert_int_equal(h1->banned, h2->banned);
    if (r1 != JAIL_E_VERDICT)
        return;
    // Each jail has a list of its own, where nobody is.
    assert_int_equal(!v1->spared, !v2->spared);
    v1->spared = v2->spared = NULL;
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

// Who has a /64 to himself has 2^64 hosts where each address is one: the /64 is banned, and what is
// kept of its hosts is bounded, and pushes out nobody who is nearer to a ban.
static void test_a_million_hosts_of_one_block(void **state)
{
    enum { LIMIT = 1 << 20, FLOOD = 1000000, EACH = 40 };
    struct jail_spec with = narrow;
    struct jail_budget budget;
    struct jail *j;
    struct sample s = {.time = 1000 * TICK};
    struct verdict v;
    struct hit hit;
    unsigned banned = 0;

    (void)state;
    jail_budget_init(&budget, LIMIT, 1);
    with.budget = &budget;
    with.n_v6 = 1;
    with.v6[0] = (struct level){64, 8, EACH, WIDE_FINDTIME, 1500 * TICK};
    j = make(&with);
    snprintf(s.text, sizeof(s.text), "2001:db8::1 2");
    assert_int_equal(feed(j, &s, &hit, &v), JAIL_E_HIT);
    for (uint32_t i = 1; i <= FLOOD; i++) {
        snprintf(s.text, sizeof(s.text), "2001:db8:1:2:%x:%x:: 1", i & 0xffff, i >> 16);
        s.time = (1000 + i / 20000) * TICK;
        if (feed(j, &s, &hit, &v) == JAIL_E_HIT)
            continue;
        assert_int_equal(v.net.len, 64);
        assert_true(addr_within(&hit.addr, &v.net));
        assert_int_equal(v.hits, EACH);
        banned += i == EACH || banned > 0;
        assert_true(jail_bytes(j) <= LIMIT / 8 * 7);
    }
    assert_true(banned >= FLOOD / EACH - 1);
    assert_true(jail_evicted(j) > FLOOD / 2);
    assert_in_range(jail_tracked(j), LIMIT / 80, LIMIT / 10);
    snprintf(s.text, sizeof(s.text), "2001:db8::1 1");
    assert_int_equal(feed(j, &s, &hit, &v), JAIL_E_VERDICT);
    assert_int_equal(v.net.len, 128);
    jail_free(j);
    assert_int_equal(budget.tracks.lent, 0);
}

// From the hits that the ledger keeps, at any line.
static void check_restored(const struct jail_spec *s, const struct sample *log, size_t cut)
{
    static struct hit hit[LINES];
    struct jail *whole = make(s), *restored = make(s);
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
        const struct jail_spec *s = seed % 2 ? &spec : &narrow;
        random_log(seed, s, seed % 3 ? 50 : 0, log);
        for (size_t cut = seed; cut < LINES; cut += 97)
            check_restored(s, log, cut);
    }
}

static void test_expiring_changes_no_verdict(void **state)
{
    static struct sample log[LINES];
    size_t freed = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        const struct jail_spec *s = seed % 2 ? &spec : &narrow;
        struct jail *whole = make(s), *expiring = make(s);
        struct verdict v1, v2;
        uint64_t random = seed;
        memset(&v1, 0, sizeof(v1));
        memset(&v2, 0, sizeof(v2));
        random_log(seed, s, 100, log);
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
    struct jail *j = make(&spec);
    struct verdict v;
    struct hit hit;
    unsigned woken = 0;

    (void)state;
    assert_int_equal(jail_next(j), USEC_FOREVER);
    random_log(1, &spec, 0, log);
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
        cmocka_unit_test(test_levels_of_every_prefix),
        cmocka_unit_test(test_jails_share_their_memory),
        cmocka_unit_test(test_a_million_hosts_of_one_block),
        cmocka_unit_test(test_restored_goes_on_as_if_never_stopped),
        cmocka_unit_test(test_expiring_changes_no_verdict),
        cmocka_unit_test(test_next_says_when_something_is_due),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
