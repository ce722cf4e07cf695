// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/cover.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define NOW (UINT64_C(1700000000) * USEC_PER_SEC)

enum { NONE = -1, JAILS = 6, BANS_MAX = 4 };

static struct port_range mail_ports[] = {{IPPROTO_TCP, 25, 25}, {IPPROTO_TCP, 100, 995}};
static struct port_range imap_ports[] = {{IPPROTO_TCP, 143, 143}, {IPPROTO_TCP, 993, 993}};
static struct port_range quic_ports[] = {{IPPROTO_UDP, 143, 143}};

static const struct jail_conf confs[JAILS] = {
    {.name = (char *)"mail", .port = mail_ports, .n_port = 2},
    {.name = (char *)"imap", .port = imap_ports, .n_port = 2},
    {.name = (char *)"imap2", .port = imap_ports, .n_port = 2},
    {.name = (char *)"quic", .port = quic_ports, .n_port = 1},
    {.name = (char *)"all"},
    {.name = (char *)"rejecting", .reject = true},
};
static const struct jail_conf watching = {.name = (char *)"all", .watch_only = true};

// Bans in the order in which they were made, each with the one that covers it.
static const struct scenario {
    const char *name;
    struct {
        const char *jail, *net; // NULL ends
        uint32_t ends;          // seconds from now
        int cover;
        bool lifted;
    } ban[BANS_MAX];
    bool all_watches;
} scenarios[] = {
    {"one", {{"mail", "192.0.2.1", 10, NONE}}},
    {"a block covers what ends before it",
     {{"mail", "192.0.2.1", 10, 2},
      {"mail", "192.0.2.2", 11, 2},
      {"mail", "192.0.2.0/24", 11, NONE}}},
    {"and not what ends later, or lies elsewhere",
     {{"mail", "192.0.2.1", 12, NONE},
      {"mail", "192.0.3.1", 10, NONE},
      {"mail", "192.0.2.0/24", 11, NONE}}},
    {"the widest",
     {{"mail", "192.0.2.0/24", 11, 2},
      {"mail", "192.0.2.1", 10, 2},
      {"mail", "192.0.0.0/16", 12, NONE}}},
    {"for ever", {{"mail", "192.0.2.1", 0, 1}, {"mail", "192.0.0.0/16", 0, NONE}}},
    {"IPv6", {{"mail", "2001:db8::/64", 10, 1}, {"mail", "2001:db8::/48", 10, NONE}}},
    {"a lifted one covers nobody",
     {{"mail", "192.0.2.1", 10, NONE}, {"mail", "192.0.2.0/24", 11, NONE, true}}},
    {"more ports cover fewer",
     {{"imap", "192.0.2.1", 10, 1},
      {"mail", "192.0.2.1", 10, NONE},
      {"imap", "192.0.2.2", 9, NONE}}},
    {"all ports cover any", {{"quic", "192.0.2.1", 10, 1}, {"all", "192.0.2.1", 10, NONE}}},
    {"but fewer do not cover more",
     {{"imap", "192.0.2.1", 20, NONE}, {"mail", "192.0.2.1", 10, NONE}}},
    {"nor other protocols", {{"quic", "192.0.2.1", 10, NONE}, {"mail", "192.0.2.1", 10, NONE}}},
    {"nor any all", {{"mail", "192.0.2.1", 20, NONE}, {"all", "192.0.2.1", 10, NONE}}},
    {"nor another action", {{"mail", "192.0.2.1", 10, NONE}, {"rejecting", "192.0.2.1", 10, NONE}}},
    {"of two alike the older one",
     {{"imap", "192.0.2.1", 10, NONE}, {"imap2", "192.0.2.1", 10, 0}}},
    {"or the one that ends later",
     {{"imap", "192.0.2.1", 10, 1}, {"imap2", "192.0.2.1", 11, NONE}}},
    {"a block of a jail with more ports",
     {{"imap", "192.0.2.1", 10, 1}, {"mail", "192.0.2.0/24", 10, NONE}}},
    {"a jail that watches covers nobody",
     {{"imap", "192.0.2.1", 10, NONE}, {"all", "192.0.2.1", 10, NONE}},
     true},
    {"nor does a jail that is gone",
     {{"imap", "192.0.2.1", 10, NONE}, {"gone", "192.0.2.0/24", 10, NONE}}},
};

static struct addr net_of(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

static int ignore(void *user, const struct ban *ban)
{
    (void)user, (void)ban;
    return 0;
}

static usec_t end_of(uint32_t ends)
{
    return ends ? NOW + ends * USEC_PER_SEC : USEC_FOREVER;
}

// The newest is judged before it is in the ledger, too: then it is covered the same way.
static size_t fill(const struct scenario *s, struct ledger *l, const struct roster *roster,
                   int64_t id[static BANS_MAX])
{
    size_t n = 0;

    for (; n < BANS_MAX && s->ban[n].jail; n++) {
        struct ban ban = {.jail = s->ban[n].jail,
                          .net = net_of(s->ban[n].net),
                          .since = NOW,
                          .until = end_of(s->ban[n].ends)};
        struct cell *c = roster_find(roster, slice_of(ban.jail));
        bool is_last = n + 1 == BANS_MAX || !s->ban[n + 1].jail;
        if (is_last && c)
            assert_int_equal(cover_find(l, roster, c, &ban.net, ban.until, COVER_NEW, NULL),
                             s->ban[n].cover != NONE);
        assert_int_equal(ledger_ban(l, &ban, NOW, &id[n], NULL), 0);
        if (s->ban[n].lifted)
            assert_int_equal(ledger_unban(l, NULL, &ban.net, NOW, ignore, NULL), 0);
    }
    return n;
}

static void test_scenarios(void **state)
{
    struct cell cell[JAILS];
    const struct roster roster = {
        .cell = cell, .n = JAILS, .reputation.peers = peers_new(USEC_FOREVER, 1)};

    (void)state;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        const struct scenario *s = &scenarios[i];
        int64_t id[BANS_MAX];
        struct ledger *l;
        size_t n;
        for (size_t k = 0; k < JAILS; k++)
            cell[k] = (struct cell){.conf = &confs[k]};
        cell[4].conf = s->all_watches ? &watching : &confs[4];
        assert_int_equal(ledger_open(":memory:", &l), 0);
        n = fill(s, l, &roster, id);
        for (size_t k = 0; k < n; k++) {
            const struct cell *c = roster_find(&roster, slice_of(s->ban[k].jail));
            struct addr net = net_of(s->ban[k].net);
            struct cover cover = {0};
            bool has = c && cover_find(l, &roster, c, &net, end_of(s->ban[k].ends), id[k], &cover);
            if (has != (s->ban[k].cover != NONE) || (has && cover.id != id[s->ban[k].cover]))
                fail_msg("%s: ban %zu: %d, %lld", s->name, k, has, (long long)cover.id);
        }
        ledger_close(l);
    }
    peers_free(roster.reputation.peers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
