// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/track.h"

#include "base/store.h"
#include "engine/pack.h"
#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HITS = 40, HOSTS = 20 };

static const struct level v4[] = {{24, 4, 20}, {13, 4, 20}, {12}, {11}, {10}, {9}, {8}, {7}},
                          v6[] = {{56, 4, 20}, {40, 4, 20}, {39}, {38}, {37}, {36}, {35}, {1}};

static struct addr net(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

static void keys_are_short_and_complete(void **state)
{
    static const struct {
        const char *net;
        unsigned rung;
        size_t n;
    } cases[] = {
        {"192.0.2.1", 0, 5},
        {"192.0.2.0/24", 0, 6},
        {"192.0.2.0/24", 1, 4},
        {"192.8.0.0/13", 2, 3},
        {"255.255.255.255", 0, 5},
        {"2001:db8::/64", 0, 9},
        {"::/64", 0, 9},
        {"2001:db8:0:700::/56", 0, 10},
        {"2001:db8:0:700::/56", 1, 8},
        {"8000::/1", 8, 2},
        {"192.0.0.0/7", 8, 2},
        {"192.0.0.0/8", 7, 2},
        {"2001:db8::/40", 2, 6},
        {"2001:db8::1", 0, 18},
        {"2001:db8::", 0, 18},
        {"2001:db8::/127", 0, 18},
        {"2001:db8::/127", 8, 18},
        {"2001:db8::/127", 1, 18},
        {"2001:db8::/65", 0, 18},
        {"2001:db8::8000:0:0:0/65", 7, 18},
        {"2001:db8:0:80::/57", 8, 18},
        {"2001:db8:0:80::/64", 8, 18},
        {"2001:db8:0:80::/64", 0, 9},
    };
    unsigned char key[2][TRACK_KEY_MAX] = {{0}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct addr a = net(cases[i].net), back;
        struct track_key k = track_key_of(&a, cases[i].rung);
        memcpy(key[i % 2], k.bytes, k.n);
        assert_int_equal(k.n, cases[i].n);
        assert_int_equal(store_key_size(key[i % 2]), cases[i].n);
        assert_int_equal(track_is_host(key[i % 2]), cases[i].rung == 0);
        assert_true(memcmp(key[0], key[1], TRACK_KEY_MAX) != 0);
        k = track_key_unpack(key[i % 2], v4, v6);
        back = track_addr(&k);
        assert_memory_equal(&back, &a, sizeof(a));
        assert_int_equal(k.rung, cases[i].rung);
    }
}

static void ids_tell_hosts_from_wider_ones(void **state)
{
    static const struct {
        const char *host;
        unsigned prefix;
        uint64_t id;
    } cases[] = {
        {"192.0.2.7", 24, 0x107},
        {"192.0.2.0/28", 24, 0x10},
        {"192.0.2.16/28", 24, 0x11},
        {"192.0.2.0", 24, 0x100},
        {"255.255.255.255", 1, ~0u},
        {"2001:db8:0:1::/64", 56, 0x101},
        {"2001:db8::/63", 56, 0x80},
        {"ffff:ffff:ffff:ffff::/64", 1, UINT64_MAX},
        {"2001:db8::7", 112, 0x10007},
        {"2001:db8::8000:0:0:0/65", 64, 3},
        {"2001:db8::/65", 64, 2},
        {"2001:db8::ff", 127, 3},
        {"2001:db8:0:1::/72", 56, 0x10100},
        {"2001:db8::c000:0:0:7", 66, UINT64_C(0x4000000000000007)},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct addr host = net(cases[i].host);
        struct track_key key = track_key_of(&host, 0);
        assert_true(track_host_id(&key, cases[i].prefix, 0, 0) == cases[i].id);
    }
}

static void blocks_lie_around_hosts(void **state)
{
    static const struct {
        const char *host, *block;
    } cases[] = {{"192.0.2.77", "192.0.2.0/24"},
                 {"192.0.2.77", "192.0.0.0/13"},
                 {"2001:db8:0:7ff::/64", "2001:db8:0:700::/56"},
                 {"ffff::/64", "8000::/1"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct addr host = net(cases[i].host), block = net(cases[i].block);
        struct track_key key = track_key_of(&host, 0), back;
        struct track_key around = track_key_around(&key, addr_prefix(&block), 1);
        struct track_key expected = track_key_of(&block, 1);
        assert_memory_equal(around.bytes, expected.bytes, expected.n);
        assert_int_equal(around.n, expected.n);
        back = track_host_of(&around, track_host_id(&key, around.prefix, 0, 0));
        assert_memory_equal(back.bytes, key.bytes, key.n);
        assert_int_equal(back.n, key.n);
    }
}

static struct addr random_net(uint64_t *seed, const struct addr *within, unsigned prefix)
{
    struct addr a = *within;

    for (unsigned i = within->len; i < prefix; i++)
        a.b[i / 8] |= (uint8_t)(random_below(seed, 2) << (7 - i % 8));
    a.len = (uint8_t)prefix;
    return a;
}

// Whether netblock_place() takes two hosts for ones of the same narrower block.
static bool are_beside(uint64_t a, uint64_t b, unsigned prefix, unsigned narrower)
{
    const struct level outer = {.prefix = (uint8_t)prefix, .hosts = 2};
    const struct level inner = {.prefix = (uint8_t)narrower, .hosts = 1};
    usec_t seen = 1;

    return netblock_place(&a, &seen, 1, &outer, &inner, b) == 0;
}

// Where they do not fit, ids still tell hosts apart, and which of them are neighbours.
static void long_hosts_keep_their_blocks(void **state)
{
    uint64_t seed = 9;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        unsigned prefix = 32 + random_below(&seed, 94);
        unsigned narrower = prefix + 1 + random_below(&seed, 126 - prefix);
        unsigned len = 1 + (narrower > 64 ? narrower : 64);
        struct addr all = net("2001::/16"), block = random_net(&seed, &all, prefix), host[3];
        struct addr inner[2] = {random_net(&seed, &block, narrower),
                                random_net(&seed, &block, narrower)};
        uint64_t id[3];
        len += random_below(&seed, 129 - len);
        for (int k = 0; k < 3; k++) {
            struct track_key key;
            host[k] = random_net(&seed, &inner[k / 2], len);
            key = track_key_of(&host[k], 0);
            id[k] = track_host_id(&key, prefix, narrower, 77);
            assert_true(id[k] == track_host_id(&key, prefix, narrower, 77));
        }
        assert_int_equal(id[0] == id[1], addr_compare(&host[0], &host[1]) == 0);
        assert_int_equal(id[0] == id[2], addr_compare(&host[0], &host[2]) == 0);
        assert_true(are_beside(id[0], id[1], prefix, narrower));
        assert_int_equal(are_beside(id[0], id[2], prefix, narrower),
                         addr_compare(&inner[0], &inner[1]) == 0);
    }
}

// Nobody without the seed knows which hosts would seem to be one.
static void digests_differ_by_the_seed(void **state)
{
    struct addr host = net("2001:db8::1");
    struct track_key key = track_key_of(&host, 0);

    (void)state;
    assert_true(track_host_id(&key, 48, 64, 1) != track_host_id(&key, 48, 64, 2));
    assert_true(track_host_id(&key, 66, 0, 1) == track_host_id(&key, 66, 0, 2));
}

// Times as they come: in whole seconds or not, close together or years apart.
static usec_t random_time(uint64_t *seed, usec_t base, unsigned kind)
{
    static const usec_t span[] = {60, 70000, 30000000, 3000000000, 60000000};
    usec_t far = random_below(seed, 1 << 30) * span[kind % 5] / (1 << 30);

    return base + (kind < 5 ? far * USEC_PER_SEC : far * 1000 + random_below(seed, 1000));
}

static void fill(uint64_t *seed, struct window *w, uint32_t most)
{
    usec_t base = random_below(seed, 1 << 30) * USEC_PER_SEC + random_below(seed, 3);
    unsigned kind = random_below(seed, 10);

    w->n = 0;
    for (uint32_t n = 1 + random_below(seed, most); n > 0; n--)
        window_hit(w, most, 1, random_time(seed, base, kind), 1, NULL);
}

static bool is_fine(const usec_t *time, size_t n, usec_t base)
{
    for (size_t i = 0; i < n; i++) {
        if (!window_apart(time[i], base))
            return true;
    }
    return false;
}

static void hosts_come_back(void **state)
{
    struct track_host h = {.window = calloc(2, window_size(HITS))};
    struct track_host back = {.window = calloc(2, window_size(HITS))};
    unsigned char *record = malloc(track_size(HITS, 0));
    struct addr a = net("192.0.2.1");
    struct track_key key = track_key_of(&a, 0);
    uint64_t seed = 1;

    (void)state;
    memcpy(record, key.bytes, key.n);
    for (int i = 0; i < 3000; i++) {
        fill(&seed, h.window, HITS);
        h.fine = is_fine(h.window->time, h.window->n, h.window->time[0]);
        h.mark = random_below(&seed, 3);
        assert_true(track_host_pack(record, &h) <= track_size(HITS, 0));
        track_host_unpack(record, &back);
        assert_int_equal(back.mark, h.mark);
        assert_true(back.fine >= h.fine);
        assert_memory_equal(back.window, h.window,
                            sizeof(*h.window) + h.window->n * sizeof(usec_t));
        assert_int_equal(track_last(record), h.window->time[h.window->n - 1]);
        assert_int_equal(track_hosts(record, 24), 1);
    }
    free(h.window);
    free(back.window);
    free(record);
}

static void fill_block(uint64_t *seed, struct netblock *b, unsigned below)
{
    netblock_reset(b);
    b->mark = random_below(seed, 2) * random_below(seed, UINT32_MAX);
    b->wiped = random_below(seed, 2) * random_below(seed, UINT32_MAX);
    b->reached = random_below(seed, 2);
    b->last = random_below(seed, 1 << 30);
    if (random_below(seed, 20) == 0)
        return;
    fill(seed, b->window, HITS);
    b->last = b->window->time[b->window->n - 1];
    for (b->n_hosts = 0; b->n_hosts < 1 + random_below(seed, HOSTS);) {
        unsigned bits = random_below(seed, 30) ? below : 1 + random_below(seed, below);
        b->seen[b->n_hosts] = b->window->time[0] - random_below(seed, 9) * USEC_PER_SEC;
        b->host[b->n_hosts++] = UINT64_C(1) << bits | random_below(seed, 2);
    }
    b->fine = is_fine(b->window->time, b->window->n, b->window->time[0]);
}

static void blocks_come_back(void **state)
{
    static const struct {
        const char *net;
        unsigned prefix, rung;
    } cases[] = {{"192.0.2.0/24", 24, 1}, {"192.8.0.0/13", 13, 2},  {"2001:db8::/56", 56, 1},
                 {"8000::/1", 1, 2},      {"2001:db8::/65", 65, 1}, {"2001:db8::/64", 64, 2}};
    struct netblock *b = netblock_new(HITS, HOSTS), *back = netblock_new(HITS, HOSTS);
    unsigned char *record = malloc(track_size(HITS, HOSTS));
    uint64_t seed = 1;

    (void)state;
    for (int i = 0; i < 4000; i++) {
        struct addr a = net(cases[i % 6].net);
        struct track_key key = track_key_of(&a, cases[i % 6].rung);
        unsigned prefix = cases[i % 6].prefix;
        fill_block(&seed, b, prefix > 63 ? 63 : (key.v6 ? 64 : 32) - prefix);
        memcpy(record, key.bytes, key.n);
        assert_true(track_block_pack(record, prefix, b) <= track_size(HITS, HOSTS));
        track_block_unpack(record, prefix, back);
        assert_int_equal(back->mark, b->mark);
        assert_int_equal(back->wiped, b->wiped);
        assert_int_equal(back->reached, b->reached);
        assert_int_equal(back->last, b->last);
        assert_int_equal(track_last(record), b->last);
        assert_true(back->fine >= b->fine);
        assert_int_equal(back->n_hosts, b->n_hosts);
        assert_memory_equal(back->window, b->window, window_size(b->window->n));
        assert_memory_equal(back->seen, b->seen, b->n_hosts * sizeof(*b->seen));
        assert_memory_equal(back->host, b->host, b->n_hosts * sizeof(*b->host));
        assert_int_equal(track_hosts(record, prefix), 0);
    }
    netblock_free(b);
    netblock_free(back);
    free(record);
}

static void cells_come_back(void **state)
{
    struct window *w = calloc(1, window_size(TRACK_CELL_MAX));
    unsigned char *record = malloc(track_size(TRACK_CELL_MAX, TRACK_CELL_MAX));
    struct addr a = net("192.0.2.0/24");
    struct track_key key = track_key_of(&a, 1);
    uint64_t seed = 1;

    (void)state;
    memcpy(record, key.bytes, key.n);
    for (int i = 0; i < 3000; i++) {
        struct track_cell c = {.mark = random_below(&seed, 2)}, back = {.n = 0};
        unsigned seen = 0;
        fill(&seed, w, TRACK_CELL_MAX);
        c.n = w->n;
        c.fine = is_fine(w->time, w->n, w->time[0]);
        for (uint32_t k = 0; k < c.n; k++) {
            unsigned host = random_below(&seed, 4);
            c.time[k] = w->time[k];
            c.host[k] = 0x100 | host;
            seen |= 1U << host;
        }
        track_cell_pack(record, 24, &c);
        track_cell_unpack(record, 24, &back);
        assert_true(back.fine >= c.fine);
        back.fine = c.fine;
        assert_memory_equal(&back, &c, sizeof(c));
        assert_true(track_is_cell(record));
        assert_int_equal(track_last(record), c.time[c.n - 1]);
        assert_int_equal(track_hosts(record, 24), __builtin_popcount(seen));
    }
    free(w);
    free(record);
}

// What most sources are.
static void one_hit_takes_a_dozen_bytes(void **state)
{
    unsigned char record[64];
    struct addr a = net("192.0.2.0/24");
    struct track_key key = track_key_of(&a, 1);
    struct track_cell c = {.n = 1, .time = {1700000000123456}, .host = {0x107}};

    (void)state;
    memcpy(record, key.bytes, key.n);
    assert_int_equal(track_cell_pack(record, 24, &c), 14);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_short_and_complete),
        cmocka_unit_test(ids_tell_hosts_from_wider_ones),
        cmocka_unit_test(blocks_lie_around_hosts),
        cmocka_unit_test(long_hosts_keep_their_blocks),
        cmocka_unit_test(digests_differ_by_the_seed),
        cmocka_unit_test(hosts_come_back),
        cmocka_unit_test(blocks_come_back),
        cmocka_unit_test(cells_come_back),
        cmocka_unit_test(one_hit_takes_a_dozen_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
