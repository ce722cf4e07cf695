// SPDX-License-Identifier: GPL-2.0-or-later
// What is added to a record where it stands against the same hits added to what was unpacked.
#include "engine/addition.h"

#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HITS = 9, HOSTS = 4, STEPS = 60000, RECORD = 4096, MANY = 200 };

// One block or host, as two records: one is added to where it stands whenever that can be.
struct pair {
    struct level level;
    const struct level *narrower;
    unsigned prefix;
    unsigned char record[2][RECORD];
    size_t size[2];
    struct netblock *block;
    struct window *window;
    unsigned added, unpacked, reached, again, strange;
};

static struct pair *make(const char *net, unsigned rung, struct level level,
                         const struct level *narrower)
{
    struct pair *p = calloc(1, sizeof(*p));
    struct addr a;
    struct track_key key;

    assert_int_equal(addr_parse(slice_of(net), &a), 0);
    key = track_key_of(&a, rung);
    p->level = level;
    p->narrower = narrower;
    p->prefix = key.prefix;
    p->block = netblock_new(level.hits, level.hosts);
    p->window = calloc(1, window_size(level.hits));
    for (int i = 0; i < 2; i++)
        memcpy(p->record[i], key.bytes, key.n);
    return p;
}

static void done(struct pair *p)
{
    netblock_free(p->block);
    free(p->window);
    free(p);
}

struct told {
    struct netblock_told block;
    uint32_t wiped;
};

static struct told hit_unpacked(struct pair *p, int i, struct tally t)
{
    struct told told;

    netblock_reset(p->block);
    if (p->size[i] > 0)
        track_block_unpack(p->record[i], p->prefix, p->block);
    told.block = netblock_hit(p->block, &p->level, p->narrower, &t);
    told.wiped = t.wiped;
    p->size[i] = track_block_pack(p->record[i], p->prefix, p->block);
    return told;
}

static struct told hit_as_it_stands(struct pair *p, struct tally t)
{
    struct addition a;
    struct told told;

    if (p->size[0] == 0 || !addition_to_block(&a, p->record[0], &p->level, p->narrower, &t)) {
        p->unpacked++;
        return hit_unpacked(p, 0, t);
    }
    p->added++;
    assert_int_equal(a.before, p->size[0]);
    assert_true(a.after <= track_size(p->level.hits, p->level.hosts));
    memset(p->record[0] + a.before, 0x5a, RECORD - a.before);
    told.block = addition_make_block(&a, p->record[0], &p->level, p->narrower, &t);
    told.wiped = t.wiped;
    p->size[0] = a.after;
    return told;
}

static void assert_same_block(struct pair *p)
{
    struct netblock *a = netblock_new(p->level.hits, p->level.hosts), *b = p->block;

    track_block_unpack(p->record[0], p->prefix, a);
    track_block_unpack(p->record[1], p->prefix, b);
    assert_int_equal(a->mark, b->mark);
    assert_int_equal(a->wiped, b->wiped);
    assert_int_equal(a->reached, b->reached);
    assert_int_equal(a->last, b->last);
    assert_int_equal(a->n_hosts, b->n_hosts);
    assert_memory_equal(a->window, b->window, window_size(b->window->n));
    assert_memory_equal(a->seen, b->seen, b->n_hosts * sizeof(*b->seen));
    assert_memory_equal(a->host, b->host, b->n_hosts * sizeof(*b->host));
    assert_int_equal(track_last(p->record[0]), b->last);
    netblock_free(a);
}

// In order mostly; now and then late, after a long while, of a wider host, or after a ban around.
static struct tally random_tally(uint64_t *seed, usec_t *clock, unsigned below, unsigned kind)
{
    static const usec_t pause[] = {4, 100000, 40, 1 << 22};
    usec_t unit = kind & 1 ? USEC_PER_SEC : 1 + USEC_PER_SEC * (kind & 2);
    struct tally t = {.count = random_below(seed, 5) ? 1 : 1 + random_below(seed, HITS + 2)};
    unsigned bits = random_below(seed, 40) ? below : 1 + random_below(seed, below);

    *clock += random_below(seed, 4) * unit;
    if (random_below(seed, 30) == 0)
        *clock += pause[kind % 4] * unit;
    if (random_below(seed, 300) == 0)
        *clock += random_below(seed, USEC_PER_SEC);
    t.time = *clock - (random_below(seed, 12) ? 0 : random_below(seed, 9) * unit);
    t.host = UINT64_C(1) << bits | (random_below(seed, 6) & ((UINT64_C(1) << bits) - 1));
    return t;
}

// A ban of the block, as the ladder does it: what is known stays as the mark says.
static void wipe(struct pair *p, uint32_t mark)
{
    for (int i = 0; i < 2; i++) {
        track_block_unpack(p->record[i], p->prefix, p->block);
        netblock_clear(p->block);
        p->block->wiped = mark;
        p->size[i] = track_block_pack(p->record[i], p->prefix, p->block);
    }
}

static void run_block(struct pair *p, unsigned below, unsigned kind)
{
    uint64_t seed = 1 + kind;
    usec_t clock = 1700000000 * USEC_PER_SEC;
    uint32_t mark = 0, around = 0;

    for (int i = 0; i < STEPS / 8; i++) {
        struct tally t = random_tally(&seed, &clock, below, kind);
        struct told a, b;
        if (random_below(&seed, 500) == 0)
            around = ++mark;
        t.wiped = around;
        a = hit_as_it_stands(p, t);
        b = hit_unpacked(p, 1, t);
        assert_memory_equal(&a, &b, sizeof(a));
        assert_same_block(p);
        p->reached += a.block.full == NETBLOCK_E_REACHED;
        p->again += a.block.full == NETBLOCK_E_AGAIN;
        p->strange += a.block.full == 0 && a.block.strange == NETBLOCK_E_AGAIN;
        if (random_below(&seed, 400) == 0)
            wipe(p, ++mark);
    }
}

static void blocks_come_to_the_same(void **state)
{
    static const struct {
        const char *net;
        struct level level;
        struct level narrower; // prefix 0: none
        unsigned below;        // of the hosts; 0: of those that most are
    } cases[] = {
        {"192.0.2.0/24", {.prefix = 24, .hosts = HOSTS, .hits = HITS, .findtime = 20000000}},
        {"192.8.0.0/13", {.prefix = 13, .hosts = HOSTS, .hits = HITS, .findtime = 7654321}},
        {"10.0.0.0/8", {.prefix = 8, .hosts = 1, .hits = 1, .findtime = 50}},
        {"192.0.2.0/24", {24, 6, 12, 20000000, 0}, {30, 2, 2, 1, 0}},
        {"192.0.0.0/16", {16, 5, HITS, 900000000, 0}, {31, 3, 3, 1, 0}},
        {"2001:db8::/56", {.prefix = 56, .hosts = 3, .hits = MANY, .findtime = 3000000000}},
        {"8000::/1", {.prefix = 1, .hosts = 2, .hits = HITS, .findtime = 12000000}},
        {"2001:db8::/64", {64, 3, 12, 20000000, 0}, {112, 2, 2, 1, 0}, 63},
        {"2001:db8::/66", {.prefix = 66, .hosts = 3, .hits = HITS, .findtime = 20000000}, {0}, 62},
        {"2001:db8::/112", {112, 3, 12, 20000000, 0}, {124, 2, 2, 1, 0}, 16},
        {"2001:db8::/56", {56, 3, HITS, 20000000, 0}, {64, 2, 2, 1, 0}, 24},
        {"192.0.2.0/24", {24, HOSTS, HITS, 20000000, 0, 2, 4}, .narrower = {0}},
        {"192.0.2.0/24", {24, 6, 12, 20000000, 0, 3, 5}, {30, 3, 3, 1, 0, 2, 2}},
        {"192.0.0.0/16", {16, 5, HITS, 900000000, 0, 4, 4}, {31, 3, 3, 1, 0, 0, 0}},
        {"2001:db8::/64", {64, 4, 12, 20000000, 0, 2, 3}, {112, 2, 2, 1, 0, 1, 1}, 63},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned bits = strchr(cases[i].net, ':') ? 64 : 32;
        unsigned below = cases[i].below > 0 ? cases[i].below : bits - cases[i].level.prefix;
        unsigned added = 0, reached = 0, again = 0, unpacked = 0, strange = 0;
        for (unsigned kind = 0; kind < 8; kind++) {
            const struct level *narrower = cases[i].narrower.prefix ? &cases[i].narrower : NULL;
            struct pair *p = make(cases[i].net, 1, cases[i].level, narrower);
            run_block(p, below, kind);
            added += p->added;
            unpacked += p->unpacked;
            reached += p->reached;
            again += p->again;
            strange += p->strange;
            done(p);
        }
        if (added < STEPS / 2 || unpacked < STEPS / 100 || reached < 30 || again < 30 ||
            (cases[i].level.strange_hits > 0) != (strange >= 30))
            fail_msg("%s: %u added, %u unpacked, %u reached, %u again, %u by the lower pair",
                     cases[i].net, added, unpacked, reached, again, strange);
    }
}

struct found {
    bool is_full;
    uint32_t hits;
};

static struct found hit_host_unpacked(struct pair *p, int i, const struct tally *t)
{
    struct track_host h = {.window = p->window};
    struct found found;
    usec_t end = t->time;

    p->window->n = 0;
    if (p->size[i] > 0)
        track_host_unpack(p->record[i], &h);
    if (h.mark < t->wiped)
        p->window->n = 0;
    h.mark = t->wiped;
    h.fine = p->window->n > 0 && (h.fine || !window_apart(p->window->time[0], t->time));
    found.is_full =
        window_hit(p->window, p->level.hits, p->level.findtime, t->time, t->count, &end);
    found.hits = window_count(p->window, p->level.findtime, end);
    p->size[i] = track_host_pack(p->record[i], &h);
    return found;
}

static void run_host(struct pair *p, unsigned kind)
{
    uint64_t seed = 1 + kind;
    usec_t clock = 1700000000 * USEC_PER_SEC;
    uint32_t around = 0;

    for (int i = 0; i < STEPS / 8; i++) {
        struct tally t = random_tally(&seed, &clock, 1, kind);
        struct found a = {false, 0}, b;
        struct addition addition;
        // A ban starts it anew.
        if (p->size[0] > 0 && p->window->n == p->level.hits && random_below(&seed, 3))
            p->size[0] = p->size[1] = 0;
        around += random_below(&seed, 500) == 0;
        t.wiped = around;
        if (p->size[0] > 0 && addition_to_host(&addition, p->record[0], p->level.hits, &t)) {
            assert_int_equal(addition.before, p->size[0]);
            a.is_full = addition_make_host(&addition, p->record[0], p->level.hits,
                                           p->level.findtime, &a.hits);
            p->size[0] = addition.after;
            p->added++;
        } else {
            a = hit_host_unpacked(p, 0, &t);
            p->unpacked++;
        }
        b = hit_host_unpacked(p, 1, &t);
        assert_int_equal(a.is_full, b.is_full);
        assert_int_equal(a.hits, b.hits);
        assert_int_equal(track_last(p->record[0]), track_last(p->record[1]));
        p->reached += a.is_full;
    }
}

static void hosts_come_to_the_same(void **state)
{
    static const struct level levels[] = {{.hits = 5, .hosts = 1, .findtime = 9000000},
                                          {.hits = MANY, .hosts = 1, .findtime = 1234567},
                                          {.hits = 2, .hosts = 1, .findtime = 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        unsigned added = 0, reached = 0, unpacked = 0;
        for (unsigned kind = 0; kind < 8; kind++) {
            struct pair *p = make("192.0.2.1", 0, levels[i], NULL);
            run_host(p, kind);
            added += p->added;
            unpacked += p->unpacked;
            reached += p->reached;
            done(p);
        }
        if (added < STEPS / 10 || unpacked < STEPS / 100 || reached < 30)
            fail_msg("%zu: %u added, %u unpacked, %u reached", i, added, unpacked, reached);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_come_to_the_same),
        cmocka_unit_test(hosts_come_to_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
