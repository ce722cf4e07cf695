// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/peers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define DAY    USEC_PER_DAY
#define HOUR   (3600 * USEC_PER_SEC)
#define MINUTE (60 * USEC_PER_SEC)

enum { SEED = 3, STEPS_MAX = 6, TEXT_MAX = 512 };

static struct addr net(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

static struct peers *new_peers(void)
{
    struct peers *p = peers_new(14 * DAY, SEED);

    assert_non_null(p);
    return p;
}

struct step {
    char what; // m: a mail, f: a failure, b: banned for an hour, u: unbanned
    const char *host;
    usec_t at;
};

static void take(struct peers *p, const struct step *s)
{
    struct addr host = net(s->host);

    if (s->what == 'm')
        assert_int_equal(peers_mail(p, &host, s->at), 0);
    else if (s->what == 'f')
        peers_failure(p, &host, s->at);
    else if (s->what == 'b')
        peers_settle(p, &host, NULL, usec_add(s->at, HOUR), NULL, NULL);
    else
        peers_pardon(p, &host);
}

static void add_text(char *text, const struct addr *a)
{
    char one[ADDR_TEXT_MAX];

    addr_format(a, one);
    snprintf(text + strlen(text), TEXT_MAX - strlen(text), "%s%s", *text ? " " : "", one);
}

static void list(struct peers *p, const char *block, usec_t at, char ret[static TEXT_MAX])
{
    struct addr b = net(block);
    struct spared spared;

    assert_true(peers_within(p, &b, at, 10 * MINUTE, &spared));
    ret[0] = 0;
    for (size_t i = 0; i < spared.n; i++)
        add_text(ret, &spared.host[i]);
}

static const struct {
    const char *what;
    struct step step[STEPS_MAX];
    const char *block;
    usec_t asked;
    const char *peers;
} rows[] = {
    {"a mail", {{'m', "192.0.2.7", DAY}}, "192.0.2.0/24", DAY, "192.0.2.7"},
    {"its edges",
     {{'m', "192.0.2.255", DAY}, {'m', "192.0.3.0", DAY}, {'m', "192.0.2.0", DAY}},
     "192.0.2.0/24",
     DAY,
     "192.0.2.0 192.0.2.255"},
    {"a wide block",
     {{'m', "192.0.2.7", DAY}, {'m', "192.1.0.0", DAY}, {'m', "192.0.255.255", DAY}},
     "192.0.0.0/16",
     DAY,
     "192.0.2.7 192.0.255.255"},
    {"an IPv6 host",
     {{'m', "2001:db8:0:1::5", DAY}, {'m', "2001:db8:1::", DAY}, {'m', "2001:db8::9", DAY}},
     "2001:db8::/48",
     DAY,
     "2001:db8::/64 2001:db8:0:1::/64"},
    {"another address of it fails",
     {{'m', "2001:db8::5", DAY}, {'f', "2001:db8::6", DAY}},
     "2001:db8::/48",
     DAY,
     ""},
    {"another address of it is banned",
     {{'m', "2001:db8::5", DAY}, {'b', "2001:db8::6", DAY}},
     "2001:db8::/48",
     DAY,
     ""},
    {"and unbanned",
     {{'m', "2001:db8::5", DAY}, {'b', "2001:db8::6", DAY}, {'u', "2001:db8::6", DAY}},
     "2001:db8::/48",
     DAY,
     "2001:db8::/64"},
    {"a block that is all of it", {{'m', "2001:db8::5", DAY}}, "2001:db8::/64", DAY, ""},
    {"a block within it", {{'m', "2001:db8::5", DAY}}, "2001:db8::/112", DAY, ""},
    {"in its memory", {{'m', "192.0.2.7", DAY}}, "192.0.2.0/24", 15 * DAY - 1, "192.0.2.7"},
    {"too long ago", {{'m', "192.0.2.7", DAY}}, "192.0.2.0/24", 15 * DAY, ""},
    {"never a mail", {{'f', "192.0.2.7", DAY}}, "192.0.2.0/24", DAY, ""},
    {"a failure since",
     {{'m', "192.0.2.7", DAY}, {'f', "192.0.2.7", DAY}},
     "192.0.2.0/24",
     DAY + 10 * MINUTE - 1,
     ""},
    {"a failure is past",
     {{'m', "192.0.2.7", DAY}, {'f', "192.0.2.7", DAY}},
     "192.0.2.0/24",
     DAY + 10 * MINUTE,
     "192.0.2.7"},
    {"a mail after it",
     {{'m', "192.0.2.7", DAY}, {'f', "192.0.2.7", DAY + 1}, {'m', "192.0.2.7", DAY + 2}},
     "192.0.2.0/24",
     DAY + 2,
     "192.0.2.7"},
    {"a mail that came late",
     {{'m', "192.0.2.7", DAY}, {'f', "192.0.2.7", DAY + 2}, {'m', "192.0.2.7", DAY + 1}},
     "192.0.2.0/24",
     DAY + 2,
     ""},
    {"a failure that came late",
     {{'m', "192.0.2.7", DAY}, {'f', "192.0.2.7", DAY - 1}},
     "192.0.2.0/24",
     DAY,
     "192.0.2.7"},
    {"a failure amid mails",
     {{'m', "192.0.2.7", DAY},
      {'m', "192.0.2.7", DAY + 5 * HOUR},
      {'f', "192.0.2.7", DAY + 5 * HOUR}},
     "192.0.2.0/24",
     DAY + 5 * HOUR,
     ""},
    {"banned itself",
     {{'m', "192.0.2.7", DAY}, {'b', "192.0.2.7", DAY}},
     "192.0.2.0/24",
     DAY + HOUR - 1,
     ""},
    {"no more",
     {{'m', "192.0.2.7", DAY}, {'b', "192.0.2.7", DAY}},
     "192.0.2.0/24",
     DAY + HOUR,
     "192.0.2.7"},
    {"unbanned",
     {{'m', "192.0.2.7", DAY}, {'b', "192.0.2.7", DAY}, {'u', "192.0.2.7", DAY}},
     "192.0.2.0/24",
     DAY,
     "192.0.2.7"},
};

static void test_peers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct peers *p = new_peers();
        char got[TEXT_MAX];
        for (size_t k = 0; k < STEPS_MAX && rows[i].step[k].what; k++)
            take(p, &rows[i].step[k]);
        list(p, rows[i].block, rows[i].asked, got);
        if (strcmp(got, rows[i].peers) != 0)
            fail_msg("%s: \"%s\"", rows[i].what, got);
        peers_free(p);
    }
}

static void deliver(struct peers *p, uint32_t number, usec_t at)
{
    struct addr host = net("10.0.0.0");

    for (size_t i = 0; i < 4; i++)
        host.b[12 + i] |= (uint8_t)(number >> (24 - 8 * i));
    assert_int_equal(peers_mail(p, &host, at), 0);
}

static size_t count(struct peers *p, const struct addr *block, usec_t at)
{
    struct spared spared;

    assert_true(peers_within(p, block, at, HOUR, &spared));
    return spared.n;
}

static void test_too_many(void **state)
{
    struct peers *p = new_peers();
    struct addr block = net("10.0.0.0/24");
    struct spared spared;

    (void)state;
    for (uint32_t i = 0; i < PEERS_SPARED_MAX; i++)
        deliver(p, i, DAY);
    assert_true(peers_within(p, &block, DAY, HOUR, &spared));
    assert_int_equal(spared.n, PEERS_SPARED_MAX);
    deliver(p, PEERS_SPARED_MAX, DAY);
    assert_false(peers_within(p, &block, DAY, HOUR, &spared));
    peers_free(p);
}

// Who delivered longest ago makes room, and whoever comes back is there once.
static void test_capacity(void **state)
{
    struct peers *p = new_peers();
    struct addr block = net("10.0.0.0/27"), last = net("10.0.8.0/27");

    (void)state;
    for (uint32_t i = 0; i < PEERS_MAX; i++)
        deliver(p, i, DAY + i);
    assert_int_equal(count(p, &block, 2 * DAY), 32);
    deliver(p, 0, 2 * DAY);
    for (uint32_t i = 0; i < 20; i++)
        deliver(p, PEERS_MAX + i, 2 * DAY);
    assert_int_equal(count(p, &block, 2 * DAY), 12);
    for (uint32_t i = 1; i < 11; i++)
        deliver(p, i, 2 * DAY);
    assert_int_equal(count(p, &block, 2 * DAY), 12);
    // More than what is passed over where it stands.
    for (uint32_t i = 20; i < 20 + 2048; i++)
        deliver(p, PEERS_MAX + i, 2 * DAY);
    assert_int_equal(count(p, &block, 2 * DAY), 11);
    assert_int_equal(count(p, &last, 2 * DAY), 1);
    peers_free(p);
}

static void note(void *user, const struct addr *host, usec_t until)
{
    char *text = user;

    add_text(text, host);
    snprintf(text + strlen(text), TEXT_MAX - strlen(text), ":%u", (unsigned)(until / DAY));
}

static void list_spared(struct peers *p, const char *around, char ret[static TEXT_MAX])
{
    struct addr block = net(around);
    struct peers_host h;

    ret[0] = 0;
    for (bool more = peers_next_spared(p, &block, 4 * DAY, NULL, &h); more;
         more = peers_next_spared(p, &block, 4 * DAY, &h.host, &h))
        note(ret, &h.host, h.spared);
}

// What a ban of a block spares is as it says, whatever others said before.
static void test_settle(void **state)
{
    static const struct {
        const char *net, *spared;
        usec_t until;
        const char *told;
        size_t gone;
        const char *left; // at day 4
    } bans[] = {
        {"192.0.2.0/24", "192.0.2.7", 5 * DAY, "192.0.2.7:5", 0, "192.0.2.7:5"},
        {"192.0.2.0/24", "192.0.2.7", 4 * DAY, "", 0, "192.0.2.7:5"},
        {"192.0.2.0/28", "192.0.2.9", 6 * DAY, "192.0.2.7:0 192.0.2.9:6", 1, "192.0.2.9:6"},
        {"192.0.2.128/25", "192.0.2.130", 4 * DAY, "192.0.2.130:4", 0, "192.0.2.9:6"},
        {"192.0.0.0/16", "192.0.2.7", 7 * DAY, "192.0.2.7:7 192.0.2.9:0 192.0.2.130:0", 2,
         "192.0.2.7:7"},
        {"192.0.2.7", NULL, 8 * DAY, "192.0.2.7:0", 1, ""},
        {"192.0.2.0/25", "192.0.2.9", 5 * DAY, "192.0.2.9:5", 0, "192.0.2.9:5"},
        {"192.0.2.0/24", NULL, 5 * DAY, "192.0.2.9:0", 1, ""},
    };
    struct peers *p = new_peers();
    char left[TEXT_MAX];

    (void)state;
    take(p, &(struct step){'m', "192.0.2.7", DAY});
    take(p, &(struct step){'m', "192.0.2.9", DAY});
    take(p, &(struct step){'m', "192.0.2.130", DAY});
    for (size_t i = 0; i < sizeof(bans) / sizeof(bans[0]); i++) {
        const char *name = bans[i].spared;
        struct addr block = net(bans[i].net);
        struct spared spared = {1, {net(name ? name : "192.0.2.7")}};
        char told[TEXT_MAX] = "";
        assert_int_equal(peers_settle(p, &block, name ? &spared : NULL, bans[i].until, note, told),
                         bans[i].gone);
        assert_string_equal(told, bans[i].told);
        list_spared(p, "192.0.0.0/8", left);
        assert_string_equal(left, bans[i].left);
        assert_int_equal(peers_is_spared(p, &spared.host[0], 4 * DAY), name && strstr(left, name));
    }
    // Who is banned by hand is none to be spared.
    list(p, "192.0.0.0/16", 5 * DAY - 1, left);
    assert_string_equal(left, "");
    list(p, "192.0.0.0/16", 5 * DAY, left);
    assert_string_equal(left, "192.0.2.9 192.0.2.130");
    peers_free(p);
}

// Where an address of an IPv6 host is banned by itself, the host is spared no more.
static void test_settle_within_a_host(void **state)
{
    struct peers *p = new_peers();
    struct addr block = net("2001:db8::/48");
    struct spared host = {1, {net("2001:db8::/64")}};
    struct addr address = net("2001:db8::6"), beside = net("2001:db8:0:1::6");
    char told[TEXT_MAX] = "";

    (void)state;
    take(p, &(struct step){'m', "2001:db8::5", DAY});
    peers_settle(p, &block, &host, 5 * DAY, note, told);
    assert_int_equal(peers_settle(p, &beside, NULL, 5 * DAY, note, told), 0);
    assert_true(peers_is_spared(p, &address, 4 * DAY));
    assert_int_equal(peers_settle(p, &address, NULL, 5 * DAY, note, told), 1);
    assert_string_equal(told, "2001:db8::/64:5 2001:db8::/64:0");
    assert_false(peers_is_spared(p, &address, 4 * DAY));
    peers_free(p);
}

struct kept {
    struct peers *again;
    size_t n;
    int r;
};

static int keep(void *user, const struct peers_host *peer)
{
    struct kept *k = user;

    k->n++;
    return k->r < 0 ? k->r : peers_restore(k->again, peer);
}

static void test_restart(void **state)
{
    struct peers *p = new_peers();
    struct kept k = {new_peers(), 0, -1};
    struct addr block = net("192.0.2.0/24");
    struct spared spared = {1, {net("192.0.2.7")}};
    char got[TEXT_MAX];

    (void)state;
    take(p, &(struct step){'m', "192.0.2.7", DAY});
    take(p, &(struct step){'m', "192.0.2.9", DAY});
    take(p, &(struct step){'f', "192.0.2.9", DAY});
    peers_settle(p, &block, &spared, 2 * DAY, NULL, NULL);
    assert_int_equal(peers_changed(p, keep, &k), -1);
    k = (struct kept){k.again, 0, 0};
    assert_int_equal(peers_changed(p, keep, &k), 0);
    assert_int_equal(k.n, 2);
    // Told once, and what is known already is nothing new.
    take(p, &(struct step){'m', "192.0.2.7", DAY + 6 * HOUR - 1});
    assert_int_equal(peers_changed(p, keep, &k), 0);
    assert_int_equal(k.n, 2);
    take(p, &(struct step){'m', "192.0.2.7", DAY + 6 * HOUR});
    assert_int_equal(peers_changed(p, keep, &k), 0);
    assert_int_equal(k.n, 3);

    list(k.again, "192.0.2.0/24", DAY + MINUTE, got);
    assert_string_equal(got, "192.0.2.7");
    assert_true(peers_is_spared(k.again, &spared.host[0], 2 * DAY - 1));
    assert_false(peers_is_spared(k.again, &spared.host[0], 2 * DAY));
    assert_false(peers_is_spared(k.again, &block, DAY));
    peers_free(k.again);
    peers_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_peers),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_capacity),
        cmocka_unit_test(test_settle),
        cmocka_unit_test(test_settle_within_a_host),
        cmocka_unit_test(test_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
