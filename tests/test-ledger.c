// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger-kit.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

static void assert_prior(struct ledger *l, const char *jail, usec_t now, uint32_t expected)
{
    struct addr net = net_of("203.0.113.7");

    assert_int_equal(ledger_prior(l, jail, &net, now), expected);
}

static void test_bans(void **state)
{
    struct ledger *l = open_at(":memory:");
    struct seen lifted = {0};
    struct addr net = net_of("203.0.113.7");
    int64_t a, b;

    (void)state;
    assert_int_equal(add_ban(l, "auth", "203.0.113.7", SECONDS(0), SECONDS(100), &a), 0);
    assert_int_equal(add_ban(l, "auth", "203.0.113.7", SECONDS(50), SECONDS(80), &b),
                     LEDGER_E_EXTENDED);
    assert_int_equal(a, b);
    assert_bans(l, NULL, SECONDS(99), "203.0.113.7");
    assert_bans(l, NULL, SECONDS(100), "");
    assert_int_equal(add_ban(l, "auth", "203.0.113.7", SECONDS(100), SECONDS(200), &b), 0);
    assert_true(a != b);
    assert_int_equal(add_ban(l, "smtp", "203.0.113.7", SECONDS(100), USEC_FOREVER, NULL), 0);
    assert_int_equal(add_ban(l, "smtp", "203.0.113.0/24", SECONDS(100), SECONDS(300), NULL), 0);
    assert_bans(l, NULL, SECONDS(150), "203.0.113.7 203.0.113.7 203.0.113.0/24");
    assert_bans(l, "smtp", SECONDS(250), "203.0.113.7 203.0.113.0/24");
    assert_prior(l, "auth", SECONDS(99), 0);
    assert_prior(l, "auth", SECONDS(100), 1);
    assert_prior(l, "auth", SECONDS(200), 2);
    assert_prior(l, "smtp", SECONDS(200), 0);
    assert_prior(l, NULL, SECONDS(200), 2);
    assert_int_equal(add_hit(l, "auth", "203.0.113.7", SECONDS(150), "x"), 0);
    assert_int_equal(add_hit(l, "smtp", "203.0.113.7", SECONDS(150), "x"), 0);
    assert_int_equal(ledger_unban(l, "smtp", &net, SECONDS(160), see_ban, &lifted), 0);
    assert_string_equal(lifted.text, "203.0.113.7");
    assert_bans(l, NULL, SECONDS(160), "203.0.113.7 203.0.113.0/24");
    assert_hits(l, "smtp", 0, "203.0.113.7 !203.0.113.7");
    assert_hits(l, "auth", 0, "203.0.113.7");
    assert_int_equal(ledger_unban(l, NULL, &net, SECONDS(170), see_ban, &lifted), 0);
    assert_int_equal(ledger_unban(l, NULL, &net, SECONDS(180), see_ban, &lifted), 0);
    assert_int_equal(lifted.n, 2);
    assert_prior(l, NULL, USEC_FOREVER, 1);
    assert_bans(l, NULL, SECONDS(170), "203.0.113.0/24");
    assert_hits(l, "auth", 0, "203.0.113.7 !203.0.113.7");
    ledger_close(l);
}

static int see_until(void *user, const struct ban *ban)
{
    *(struct ban *)user = *ban;
    return 0;
}

static void test_ban_is_kept_whole(void **state)
{
    const struct ban given = {.jail = "auth",
                              .net = net_of("2001:db8::/56"),
                              .since = SECONDS(1) + 7,
                              .until = USEC_FOREVER,
                              .hits = 4000000000,
                              .hosts = 3,
                              .need_hits = 12,
                              .need_hosts = 4,
                              .findtime = USEC_PER_DAY,
                              .reason = BAN_FINGERPRINT,
                              .name = "helo:win-<mixed:11>"};
    struct ledger *l;
    struct ban got = {0};
    struct place place;

    (void)state;
    place_make(&place);
    l = open_at(place.path);
    assert_int_equal(ledger_begin(l), 0);
    assert_int_equal(ledger_ban(l, &given, given.since, NULL, NULL), 0);
    assert_int_equal(ledger_commit(l), 0);
    ledger_close(l);
    l = open_at(place.path);
    assert_int_equal(ledger_bans(l, "auth", SECONDS(2), 0, see_until, &got), 0);
    assert_int_equal(addr_compare(&got.net, &given.net), 0);
    assert_true(got.since == given.since && got.until == given.until && got.hits == given.hits &&
                got.hosts == given.hosts && got.need_hits == given.need_hits &&
                got.need_hosts == given.need_hosts && got.findtime == given.findtime &&
                got.reason == given.reason && got.lifted == 0);
    assert_string_equal(got.name, given.name);
    got = (struct ban){0};
    assert_int_equal(ledger_bans_named(l, "helo:win", 9, see_until, &got), 0);
    assert_int_equal(got.id, 0);
    assert_int_equal(ledger_bans_named(l, given.name, 9, see_until, &got), 0);
    assert_int_equal(got.id, 1);
    // Gone with its ban.
    assert_int_equal(ledger_begin(l), 0);
    assert_int_equal(ledger_unban(l, NULL, &given.net, SECONDS(3), see_until, &got), 0);
    assert_int_equal(ledger_prune(l, SECONDS(5), SECONDS(4), SECONDS(4)), 0);
    assert_int_equal(ledger_commit(l), 0);
    assert_int_equal(count_bans(l), 0);
    ledger_close(l);
    place_remove(&place);
}

static void test_about(void **state)
{
    static const char *const bans[] = {
        "203.0.113.7",  "203.0.113.0/24",    "203.0.0.0/16",    "203.0.114.0/24",
        "198.51.100.1", "2001:db8:1:2::/64", "2001:db8:1::/48", "::/0"};
    static const struct {
        const char *net, *about;
    } rows[] = {
        {"203.0.113.7", "203.0.0.0/16 203.0.113.0/24 203.0.113.7"},
        {"203.0.113.8", "203.0.0.0/16 203.0.113.0/24"},
        {"203.0.112.0/22", "203.0.114.0/24 203.0.0.0/16 203.0.113.0/24 203.0.113.7"},
        {"192.0.2.1", ""},
        {"2001:db8:1:2::99", "::/0 2001:db8:1::/48 2001:db8:1:2::/64"},
        {"2001:db8:1::/56", "::/0 2001:db8:1::/48 2001:db8:1:2::/64"},
    };
    struct ledger *l = open_at(":memory:");
    struct seen newest = {0};
    struct addr all = net_of("::/0");

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(bans); i++)
        assert_int_equal(add_ban(l, "auth", bans[i], SECONDS(i), SECONDS(i + 1), NULL), 0);
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct seen seen = {0};
        struct addr net = net_of(rows[i].net);
        assert_int_equal(ledger_bans_about(l, &net, 100, see_ban, &seen), 0);
        assert_string_equal(seen.text, rows[i].about);
    }
    assert_int_equal(ledger_bans_about(l, &all, 2, see_ban, &newest), 0);
    assert_string_equal(newest.text, "::/0 2001:db8:1::/48");
    ledger_close(l);
}

static void test_reopen(void **state)
{
    struct place place;
    struct ledger *l;

    (void)state;
    place_make(&place);
    l = open_at(place.path);
    assert_int_equal(ledger_begin(l), 0);
    assert_int_equal(add_hit(l, "auth", "192.0.2.1", SECONDS(1), "line"), 0);
    assert_int_equal(add_ban(l, "auth", "192.0.2.1", SECONDS(1), USEC_FOREVER, NULL), 0);
    assert_int_equal(ledger_commit(l), 0);
    ledger_close(l);
    l = open_at(place.path);
    assert_bans(l, "auth", SECONDS(2), "192.0.2.1");
    assert_hits(l, "auth", 0, "192.0.2.1");
    assert_evidence(l, 1, "::/0", "line");
    assert_int_equal(ledger_in_force(l, NULL), 1);
    ledger_close(l);
    place_remove(&place);
}

static void commit_prune(struct ledger *l, usec_t hits_before, usec_t bans_before)
{
    int r = 1;

    assert_int_equal(ledger_begin(l), 0);
    for (int i = 0; i < 10 && r > 0; i++)
        r = ledger_prune(l, bans_before, hits_before, bans_before);
    assert_int_equal(r, 0);
    assert_int_equal(ledger_commit(l), 0);
}

static void test_prune(void **state)
{
    struct ledger *l = open_at(":memory:");
    int64_t old, current;

    (void)state;
    add_apart(l, "192.0.2.1", SECONDS(1), "a");
    add_apart(l, "192.0.2.2", SECONDS(2), "b");
    add_apart(l, "192.0.2.3", SECONDS(3), "c");
    add_apart(l, "192.0.2.4", SECONDS(4), "d");
    assert_int_equal(add_ban(l, "auth", "192.0.2.1", SECONDS(1), SECONDS(10), &old), 0);
    assert_int_equal(add_ban(l, "auth", "192.0.2.3", SECONDS(3), SECONDS(99), &current), 0);
    assert_int_equal(count_rows(l, "segment"), 4);
    // Evidence stays as long as its ban, and what is left is joined.
    commit_prune(l, SECONDS(4), SECONDS(10));
    assert_hits(l, "auth", 0, "192.0.2.1 192.0.2.3 192.0.2.4");
    assert_int_equal(count_rows(l, "segment"), 2);
    assert_int_equal(count_bans(l), 2);
    assert_evidence(l, old, "::/0", "a");
    commit_prune(l, SECONDS(4), SECONDS(11));
    assert_hits(l, "auth", 0, "192.0.2.3 192.0.2.4");
    assert_evidence(l, old, "::/0", "");
    assert_evidence(l, current, "::/0", "c");
    assert_int_equal(count_rows(l, "segment"), 2);
    assert_int_equal(count_rows(l, "content"), 2);
    assert_int_equal(count_bans(l), 1);
    ledger_close(l);
}

static void test_ban_capacity(void **state)
{
    struct ledger *l = open_at(":memory:");
    char addr[ADDR_TEXT_MAX];

    (void)state;
    l->bans_max = 3;
    // Whoever is over goes first, then who ends first.
    assert_int_equal(add_ban(l, "auth", "10.0.0.1", SECONDS(0), SECONDS(50), NULL), 0);
    assert_int_equal(add_ban(l, "auth", "10.0.0.2", SECONDS(0), SECONDS(10), NULL), 0);
    assert_int_equal(add_ban(l, "auth", "10.0.0.3", SECONDS(0), SECONDS(99), NULL), 0);
    assert_int_equal(ledger_begin(l), 0);
    assert_int_equal(ledger_commit(l), 0);
    assert_int_equal(add_ban(l, "auth", "10.0.0.4", SECONDS(0), SECONDS(80), NULL), 0);
    assert_bans(l, NULL, SECONDS(0), "10.0.0.1 10.0.0.3 10.0.0.4");
    for (unsigned i = 5; i < 5000; i++) {
        snprintf(addr, sizeof(addr), "10.0.%u.%u", i / 250, i % 250);
        assert_int_equal(add_ban(l, "auth", addr, SECONDS(0), SECONDS(100 + i), NULL), 0);
    }
    assert_bans(l, NULL, SECONDS(0), "10.0.19.247 10.0.19.248 10.0.19.249");
    assert_int_equal(ledger_begin(l), 0);
    assert_int_equal(ledger_commit(l), 0);
    assert_int_equal(count_bans(l), 3);
    assert_in_range(l->roll.n, 3, 3000);
    ledger_close(l);
}

static void test_hit_capacity(void **state)
{
    struct ledger *l = open_at(":memory:");
    unsigned calls = 0;
    int64_t ban;

    (void)state;
    assert_int_equal(add_hit(l, "auth", "10.0.0.1", SECONDS(0), "evidence"), 0);
    assert_int_equal(add_ban(l, "auth", "10.0.0.1", SECONDS(1), USEC_FOREVER, &ban), 0);
    assert_int_equal(ledger_begin(l), 0);
    assert_int_equal(add_many(l, "auth", "10.0.0.2", 20000), 0);
    assert_int_equal(ledger_commit(l), 0);
    assert_true(l->bytes > 20 * SEGMENT_BYTES);
    l->bytes_max = SEGMENT_BYTES;
    assert_true(ledger_is_over(l));
    assert_int_equal(ledger_begin(l), 0);
    while (ledger_prune(l, SECONDS(20000), 0, 0) > 0)
        assert_true(++calls < 30);
    assert_int_equal(ledger_commit(l), 0);
    assert_true(calls > 0); // bounded work per call
    assert_false(ledger_is_over(l));
    // What was evidence of nothing went, and nothing else.
    assert_evidence(l, ban, "::/0", "evidence");
    l->bytes_max = 10;
    assert_int_equal(ledger_begin(l), 0);
    while (ledger_prune(l, SECONDS(20000), 0, 0) > 0)
        assert_true(++calls < 30);
    assert_int_equal(ledger_commit(l), 0);
    assert_evidence(l, ban, "::/0", "");
    assert_int_equal(count_rows(l, "content"), 0);
    ledger_close(l);
}

static int stop_at_once(void *user, const struct ban *ban)
{
    (void)ban;
    ++*(int *)user;
    return -ECANCELED;
}

static void test_stopping(void **state)
{
    struct ledger *l = open_at(":memory:");
    int calls = 0;

    (void)state;
    assert_int_equal(add_ban(l, "auth", "192.0.2.1", SECONDS(1), SECONDS(10), NULL), 0);
    assert_int_equal(add_ban(l, "auth", "192.0.2.2", SECONDS(1), SECONDS(10), NULL), 0);
    assert_int_equal(ledger_bans(l, NULL, SECONDS(1), 0, stop_at_once, &calls), -ECANCELED);
    assert_int_equal(calls, 1);
    assert_bans(l, NULL, SECONDS(1), "192.0.2.1 192.0.2.2");
    ledger_close(l);
}

static int after(usec_t t)
{
    return t == 0 ? 0 : t == USEC_FOREVER ? -1 : (int)((t - SECONDS(0)) / USEC_PER_SEC);
}

static int list_peer(void *user, const struct peers_host *h)
{
    char *text = user, host[ADDR_TEXT_MAX];

    addr_format(&h->host, host);
    sprintf(text + strlen(text), "%s %d %d %d;", host, after(h->mail), after(h->failed),
            after(h->spared));
    return 0;
}

// Those whose last mail is longest ago come first; who is spared stays as long as he is.
static void test_peers(void **state)
{
    static const struct {
        const char *host;
        usec_t mail, failed, spared;
    } rows[] = {
        {"192.0.2.1", SECONDS(30), 0, 0},
        {"192.0.2.2", SECONDS(10), SECONDS(11), USEC_FOREVER},
        {"2001:db8:0:7::/64", SECONDS(20), 0, SECONDS(50)},
        {"192.0.2.3", SECONDS(15), 0, SECONDS(16)},
        {"192.0.2.1", SECONDS(40), SECONDS(41), 0},
    };
    struct ledger *l = open_at(":memory:");
    char text[256] = "";

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        const struct peers_host h = {net_of(rows[i].host), rows[i].mail, rows[i].failed,
                                     rows[i].spared};
        assert_int_equal(ledger_peer(l, &h), 0);
    }
    assert_int_equal(ledger_peers(l, list_peer, text), 0);
    assert_string_equal(text, "192.0.2.2 10 11 -1;192.0.2.3 15 0 16;2001:db8:0:7::/64 20 0 50;"
                              "192.0.2.1 40 41 0;");
    text[0] = 0;
    assert_int_equal(ledger_prune_reputation(l, 0, SECONDS(35)), 0);
    assert_int_equal(ledger_peers(l, list_peer, text), 0);
    assert_string_equal(text, "192.0.2.2 10 11 -1;2001:db8:0:7::/64 20 0 50;192.0.2.1 40 41 0;");
    ledger_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bans),         cmocka_unit_test(test_ban_is_kept_whole),
        cmocka_unit_test(test_about),        cmocka_unit_test(test_reopen),
        cmocka_unit_test(test_prune),        cmocka_unit_test(test_ban_capacity),
        cmocka_unit_test(test_hit_capacity), cmocka_unit_test(test_stopping),
        cmocka_unit_test(test_peers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
