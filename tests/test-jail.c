// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/jail.h"

#include "fake-filter.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SEED = 11, STEPS_MAX = 24, EXEMPT_MAX = 4 };

static struct addr net(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

static usec_t seconds(double s)
{
    return (usec_t)(s * 1e6);
}

static struct jail_spec base_spec(void)
{
    return (struct jail_spec){
        .name = "test",
        .maxretry = 3,
        .findtime = seconds(100),
        .sentence = {seconds(1000)},
        .v4 = {{24, 3, 6, seconds(200), seconds(5000)}, {16, 4, 12, seconds(200), seconds(5000)}},
        .n_v4 = 2,
        .v6 = {{56, 3, 6, seconds(200), seconds(5000)}, {48, 4, 12, seconds(200), seconds(5000)}},
        .n_v6 = 2,
    };
}

static struct jail *make(const struct jail_spec *spec, const struct exempt *exempt)
{
    struct jail *j = NULL;

    assert_int_equal(jail_new(spec, filters, 1, exempt, SEED, &j), 0);
    return j;
}

static int feed(struct jail *j, const char *text, usec_t time, struct hit *ret_hit,
                struct verdict *ret_verdict)
{
    struct line line = {.text = slice_of(text), .time = time, .dated = true};

    return jail_feed(j, &line, time, ret_hit, ret_verdict);
}

struct step {
    double time;
    const char *text;   // NULL ends
    const char *banned; // NULL: no verdict
    uint32_t hits, hosts;
};

static const struct scenario {
    const char *name;
    uint32_t maxretry; // 0: the spec's
    const char *exempt[EXEMPT_MAX];
    struct step step[STEPS_MAX];
    uint8_t host_v6; // around which blocks of /64 and /48 count
} scenarios[] = {
    {"a host",
     0,
     {NULL},
     {{1, "192.0.2.1"}, {50, "192.0.2.1"}, {99.5, "192.0.2.1", "192.0.2.1/32", 3, 1}}},
    {"slower than findtime",
     0,
     {NULL},
     {{1, "192.0.2.1"}, {50, "192.0.2.1"}, {101, "192.0.2.1"}, {151, "192.0.2.1"}}},
    {"in flight after the ban: a full window again",
     0,
     {NULL},
     {{1, "192.0.2.1 3", "192.0.2.1/32", 3, 1},
      {1, "192.0.2.1"},
      {1, "192.0.2.1"},
      {2, "192.0.2.1", "192.0.2.1/32", 3, 1},
      {3, "192.0.2.1"}}},
    {"one line says more than is kept", 0, {NULL}, {{1, "192.0.2.1 40", "192.0.2.1/32", 40, 1}}},
    {"a block of quiet hosts",
     0,
     {NULL},
     {{1, "192.0.2.1 2"},
      {2, "192.0.2.2 2"},
      {3, "192.0.2.3"},
      {4, "192.0.2.4", "192.0.2.0/24", 6, 3}}},
    {"what banned a host still counts for its block",
     0,
     {NULL},
     {{1, "192.0.2.1 3", "192.0.2.1/32", 3, 1},
      {2, "192.0.2.2 3", "192.0.2.2/32", 3, 1},
      {3, "192.0.2.3", "192.0.2.0/24", 6, 3}}},
    {"what comes of a banned host counts for no block",
     0,
     {NULL},
     {{1, "192.0.2.1 3", "192.0.2.1/32", 3, 1},
      {2, "192.0.2.1 3", "192.0.2.1/32", 3, 1},
      {3, "192.0.2.1 2"},
      {4, "192.0.2.2"},
      {5, "192.0.2.3"},
      {6, "192.0.2.4", "192.0.2.0/24", 6, 3}}},
    {"but once the ban is over",
     0,
     {NULL},
     {{1, "192.0.2.1 3", "192.0.2.1/32", 3, 1},
      {1000, "192.0.2.1 2"},
      {1101, "192.0.2.1 2"},
      {1102, "192.0.2.2 2"},
      {1103, "192.0.2.3 2", "192.0.2.0/24", 6, 3}}},
    {"what comes of a banned block counts for no wider one",
     0,
     {NULL},
     {{1, "192.0.2.1 2"},
      {1, "192.0.2.2 2"},
      {1, "192.0.2.3 2", "192.0.2.0/24", 6, 3},
      {2, "192.0.2.4 2"},
      {2, "192.0.2.5 2"},
      {2, "192.0.2.6 2", "192.0.2.0/24", 6, 3},
      {3, "192.0.3.1 2"},
      {3, "192.0.4.1 2"},
      {3, "192.0.5.1"},
      {4, "192.0.6.1", "192.0.0.0/16", 12, 4}}},
    {"from block to block",
     0,
     {NULL},
     {{1, "192.0.2.1 2"},
      {1, "192.0.2.2 2"},
      {1, "192.0.2.3 2", "192.0.2.0/24", 6, 3},
      {2, "192.0.3.1 2"},
      {2, "192.0.3.2 2"},
      {2, "192.0.3.3 2", "192.0.3.0/24", 6, 3},
      {3, "192.0.4.1", "192.0.0.0/16", 12, 4}}},
    {"the host before its block, then the block",
     0,
     {NULL},
     {{1, "192.0.2.1"},
      {1, "192.0.2.2"},
      {2, "192.0.2.3 4", "192.0.2.3/32", 4, 1},
      {3, "192.0.2.1", "192.0.2.0/24", 6, 3}}},
    {"where every hit bans a host, the block still has its turn",
     1,
     {NULL},
     {{1, "192.0.2.1 3", "192.0.2.1/32", 3, 1},
      {2, "192.0.2.2 2", "192.0.2.2/32", 2, 1},
      {3, "192.0.2.3", "192.0.2.3/32", 1, 1},
      {4, "192.0.2.4", "192.0.2.0/24", 6, 3},
      {5, "192.0.2.5", "192.0.2.5/32", 1, 1}}},
    {"a banned block starts anew, and so do its hosts",
     0,
     {NULL},
     {{1, "192.0.2.1 2"},
      {2, "192.0.2.2 2"},
      {3, "192.0.2.3 2", "192.0.2.0/24", 6, 3},
      {4, "192.0.2.1 2"},
      {5, "192.0.2.2 2"},
      {6, "192.0.2.9 1"},
      {7, "192.0.2.9 1", "192.0.2.0/24", 6, 3}}},
    {"the narrower block first, the wider counts on",
     0,
     {NULL},
     {{1, "192.0.2.1 2"},
      {1, "192.0.2.2 2"},
      {1, "192.0.2.3 2", "192.0.2.0/24", 6, 3},
      {2, "192.0.3.1 2"},
      {2, "192.0.4.1 2"},
      {2, "192.0.5.1 1"},
      {3, "192.0.6.1 1", "192.0.0.0/16", 12, 4}}},
    {"a wide ban wipes the blocks below it",
     0,
     {NULL},
     {{1, "192.0.2.1 2"},
      {1, "192.0.2.2 2"},
      {2, "192.0.3.1 2"},
      {2, "192.0.4.1 2"},
      {2, "192.0.5.1 2"},
      {2, "192.0.6.1 2", "192.0.0.0/16", 12, 4},
      {3, "192.0.2.3 1"},
      {3, "192.0.2.4 1"},
      {3, "192.0.2.5 1"},
      {3, "192.0.2.6 1"},
      {3, "192.0.2.7 1"},
      {3, "192.0.2.8 1", "192.0.2.0/24", 6, 3}}},
    {"an exempt host is not counted, not even for its block",
     0,
     {"192.0.2.1"},
     {{1, "192.0.2.1 9"}, {2, "192.0.2.2 2"}, {3, "192.0.2.3 2"}, {4, "192.0.2.1 9"}}},
    {"an exempt address keeps the blocks around it from being banned",
     0,
     {"192.0.2.200"},
     {{1, "192.0.2.1 2"},
      {1, "192.0.2.2 2"},
      {1, "192.0.2.3 2"},
      {1, "192.0.2.4 2"},
      {1, "192.0.2.5 2"},
      {1, "192.0.2.6 2"},
      {2, "192.0.2.7 2"},
      {3, "192.0.2.7 1", "192.0.2.7/32", 3, 1}}},
    {"but not the block beside it",
     0,
     {"192.0.2.200"},
     {{1, "192.0.3.1 2"}, {1, "192.0.3.2 2"}, {1, "192.0.3.3 2", "192.0.3.0/24", 6, 3}}},
    {"an IPv6 host is a /64",
     0,
     {NULL},
     {{1, "2001:db8::1"}, {2, "2001:db8::2"}, {3, "2001:db8::ffff:1", "2001:db8::/64", 3, 1}}},
    {"an exempt address in a /64 keeps it from being banned",
     0,
     {"2001:db8::1"},
     {{1, "2001:db8::2 9"}, {2, "2001:db8::3 9"}}},
    {"IPv6 blocks",
     0,
     {NULL},
     {{1, "2001:db8:0:1::1 2"},
      {1, "2001:db8:0:2::1 2"},
      {1, "2001:db8:0:2::2 1", "2001:db8:0:2::/64", 3, 1},
      {2, "2001:db8:0:3::1 1", "2001:db8::/56", 6, 3},
      {3, "2001:db8:0:100::1 2"},
      {3, "2001:db8:0:200::1 2"},
      {3, "2001:db8:0:300::1 1"},
      {3, "2001:db8:0:400::1 1", "2001:db8::/48", 12, 4}}},
    {"<SUBNET> is counted and banned as the block it names",
     0,
     {NULL},
     {{1, "192.0.2.0/24"}, {2, "192.0.2.0/24"}, {3, "192.0.2.0/24", "192.0.2.0/24", 3, 1}}},
    {"and is one host of a wider one",
     0,
     {NULL},
     {{1, "192.0.2.0/24 2"},
      {1, "192.0.3.0/24 2"},
      {1, "192.0.4.0/24 2"},
      {1, "192.0.5.0/24 5", "192.0.5.0/24", 5, 1},
      {2, "192.0.6.1 1", "192.0.0.0/16", 12, 4}}},
    {"<SUBNET> around an exempt address", 0, {"192.0.2.7"}, {{1, "192.0.2.0/24 9"}}},
    {"late lines count at their own time",
     0,
     {NULL},
     {{500, "192.0.2.1"},
      {590, "192.0.2.1"},
      {450, "192.0.2.1"},
      {495, "192.0.2.1", "192.0.2.1/32", 3, 1}}},
    {"each address of a /64 is a host where the jail says so",
     0,
     {NULL},
     {{1, "2001:db8::1"}, {2, "2001:db8::2 2"}, {3, "2001:db8::1 2", "2001:db8::1/128", 3, 1}},
     128},
    {"and the /64 is a block",
     0,
     {NULL},
     {{1, "2001:db8::1 2"},
      {2, "2001:db8::8000:0:0:2 2"},
      {3, "2001:db8::ffff:1 2", "2001:db8::/64", 6, 3},
      {4, "2001:db8::1 2"},
      {4, "2001:db8::2 2"},
      {4, "2001:db8::3 2", "2001:db8::/64", 6, 3},
      {5, "2001:db8:0:1::1 2"},
      {5, "2001:db8:0:2::1 2"},
      {5, "2001:db8:0:3::1"},
      {6, "2001:db8:0:4::1", "2001:db8::/48", 12, 4}},
     128},
    {"who takes another address for each try",
     0,
     {NULL},
     {{1, "2001:db8::1"},
      {1, "2001:db8::2"},
      {1, "2001:db8::3"},
      {1, "2001:db8::4"},
      {1, "2001:db8::5"},
      {2, "2001:db8::6", "2001:db8::/64", 6, 3}},
     128},
    {"hosts of any length",
     0,
     {NULL},
     {{1, "2001:db8::1"},
      {2, "2001:db8:0:0:1::1 2"},
      {3, "2001:db8::7"},
      {4, "2001:db8::ffff:0:1", "2001:db8::/80", 3, 1}},
     80},
    {"a <SUBNET> of a /64 is one host among those of a /48",
     0,
     {NULL},
     {{1, "2001:db8::/64 2"},
      {1, "2001:db8:0:1::1 2"},
      {1, "2001:db8:0:2::/64 2"},
      {2, "2001:db8::/64", "2001:db8::/64", 3, 1},
      {3, "2001:db8:0:4::/64 5", "2001:db8:0:4::/64", 5, 1},
      {4, "2001:db8:0:5::1", "2001:db8::/48", 12, 4}},
     128},
    {"an exempt address spares no other of its /64, but the block",
     0,
     {"2001:db8::1"},
     {{1, "2001:db8::1 9"},
      {1, "2001:db8::2 2"},
      {1, "2001:db8::3 2"},
      {1, "2001:db8::4 2"},
      {2, "2001:db8::2", "2001:db8::2/128", 3, 1}},
     128},
    {"a name, noise and what only informs count for nobody",
     1,
     {NULL},
     {{1, "name"}, {1, "noise"}, {1, "info"}, {1, "ignored"}, {1, "limit"}}},
};

static void check_step(const struct scenario *c, const struct step *s, int r,
                       const struct verdict *v)
{
    char text[ADDR_TEXT_MAX] = "nothing";

    if (r == JAIL_E_VERDICT)
        addr_format_net(&v->net, text);
    if (strcmp(text, s->banned ? s->banned : "nothing") != 0)
        fail_msg("%s: step %td: %s", c->name, s - c->step, text);
    if (!s->banned)
        return;
    if (v->hits != s->hits || v->hosts != s->hosts || v->time != seconds(s->time))
        fail_msg("%s: step %td: %u hits, %u hosts", c->name, s - c->step, v->hits, v->hosts);
    assert_int_equal(v->until, v->time + seconds(v->reason == VERDICT_HOST ? 1000 : 5000));
}

static void test_scenarios(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        const struct scenario *c = &scenarios[i];
        struct jail_spec spec = base_spec();
        struct exempt exempt = {0};
        struct jail *j;
        spec.maxretry = c->maxretry ? c->maxretry : spec.maxretry;
        spec.host_v6 = c->host_v6;
        spec.v6[0].prefix = c->host_v6 ? 64 : spec.v6[0].prefix;
        for (size_t k = 0; k < EXEMPT_MAX && c->exempt[k]; k++) {
            struct addr a = net(c->exempt[k]);
            assert_int_equal(exempt_add(&exempt, &a), 0);
        }
        j = make(&spec, &exempt);
        for (const struct step *s = c->step; s->text; s++) {
            struct hit hit;
            struct verdict v;
            check_step(c, s, feed(j, s->text, seconds(s->time), &hit, &v), &v);
        }
        jail_free(j);
        exempt_done(&exempt);
    }
}

// What a cap holds back saves nobody whom a narrower ban would reach.
static void test_held_back(void **state)
{
    static const struct {
        const char *name;
        struct caps_spec caps;
        struct step step[STEPS_MAX];
    } rows[] = {
        {"the floor",
         {100, 100, 1000000, 1000000, 24, 48},
         {{1, "192.0.2.1 2"},
          {1, "192.0.2.2 2"},
          {1, "192.0.2.3 2", "192.0.2.0/24", 6, 3},
          {2, "192.0.3.1 2"},
          {2, "192.0.4.1 2"},
          {3, "192.0.5.1 2"}, // the /16 is due from here on
          {4, "192.0.5.1", "192.0.5.1/32", 3, 1},
          {5, "192.0.5.2 2"},
          {6, "192.0.5.3", "192.0.5.0/24", 6, 3}}},
        {"no more blocks",
         {100, 1, 1000000, 1000000, 8, 32},
         {{1, "192.0.2.1 2"},
          {1, "192.0.2.2 2"},
          {1, "192.0.2.3 2", "192.0.2.0/24", 6, 3},
          {2, "192.0.3.1 2"},
          {2, "192.0.3.2 2"},
          {2, "192.0.3.3 2"},
          {3, "192.0.3.3", "192.0.3.3/32", 3, 1}}},
    };
    struct exempt exempt = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct scenario c = {.name = rows[i].name};
        struct jail_spec spec = base_spec();
        struct jail *j = make(&spec, &exempt);
        struct caps *caps = caps_new(&rows[i].caps, SEED);
        assert_non_null(caps);
        jail_consult(j, NULL, caps);
        memcpy(c.step, rows[i].step, sizeof(c.step));
        for (const struct step *s = c.step; s->text; s++) {
            struct hit hit;
            struct verdict v;
            check_step(&c, s, feed(j, s->text, seconds(s->time), &hit, &v), &v);
        }
        jail_free(j);
        caps_free(caps);
    }
}

// A net that ends in so many bans before as its last byte says.
static struct past past_of(void *user, const struct jail_spec *spec, const struct addr *a,
                           usec_t time)
{
    (void)time;
    assert_string_equal(spec->name, "test");
    ++*(unsigned *)user;
    return (struct past){.bans = a->b[addr_prefix(a) / 8 + 11], .chance = 0.5};
}

static void test_growth(void **state)
{
    static const struct {
        const char *text;
        uint32_t count;     // as which the hit counts
        const char *banned; // NULL: not yet
        double until;
    } rows[] = {
        {"192.0.9.0", 1, NULL, 0},
        {"192.0.9.0 2", 2, "192.0.9.0/32", 1000},
        {"192.0.8.1", 2, NULL, 0},
        {"192.0.8.1", 2, "192.0.8.1/32", 2010},
        {"192.0.8.2", 3, "192.0.8.2/32", 4010},
        {"192.0.7.20 3", 9, "192.0.7.20/32", 8010}, // no more than maxretry each, up to maxtime
        {"192.0.3.0 2", 2, NULL, 0},
        {"192.0.3.0", 1, "192.0.3.0/32", 1000},
        {"192.0.3.1", 2, NULL, 0},
        {"192.0.3.1", 2, "192.0.3.1/32", 2010},
        {"192.0.3.4", 3, "192.0.3.4/32", 8010},
        {"192.0.3.5", 3, "192.0.3.0/24", 8010}, // three times before, and 5000 is the first
    };
    char error[FORMULA_ERROR_MAX];
    struct growth growth = {.factor = 1, .maxtime = seconds(8000), .rndtime = seconds(20)};
    struct jail_spec spec = base_spec();
    struct exempt exempt = {0};
    unsigned asked = 0;
    struct jail *j;

    (void)state;
    assert_int_equal(formula_parse(slice_of("ban.Time * 2 ** ban.Count"), &growth.formula, error),
                     0);
    spec.sentence.growth = &growth;
    spec.n_v4 = 1;
    j = make(&spec, &exempt);
    jail_ask(j, past_of, &asked);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hit hit;
        struct verdict v;
        int r = feed(j, rows[i].text, 0, &hit, &v);
        char text[ADDR_TEXT_MAX] = "";
        if (r == JAIL_E_VERDICT)
            addr_format_net(&v.net, text);
        assert_int_equal(r, rows[i].banned ? JAIL_E_VERDICT : JAIL_E_HIT);
        assert_int_equal(hit.count, rows[i].count);
        assert_string_equal(text, rows[i].banned ? rows[i].banned : "");
        if (rows[i].banned)
            assert_int_equal(v.until, seconds(rows[i].until));
    }
    assert_true(asked > 0);
    jail_free(j);
}

static void test_hit_and_verdict_are_told_whole(void **state)
{
    struct jail_spec spec = base_spec();
    struct exempt exempt = {0};
    struct jail *j = make(&spec, &exempt);
    struct hit hit = {0};
    struct verdict v = {0};
    struct addr host = net("2001:db8:0:7::/64"), addr = net("2001:db8:0:7::1");

    (void)state;
    assert_int_equal(feed(j, "2001:db8:0:7::1 2", 5, &hit, &v), JAIL_E_HIT);
    assert_memory_equal(&hit.addr, &addr, sizeof(addr));
    assert_memory_equal(&hit.host, &host, sizeof(host));
    assert_int_equal(hit.time, 5);
    assert_int_equal(hit.count, 2);
    assert_int_equal(hit.rule, 3);
    assert_int_equal(hit.hits, 2);
    assert_int_equal(hit.banned, 0);
    assert_true(slice_is(hit.user, "user"));
    assert_true(slice_is(hit.text, "2001:db8:0:7::1 2"));
    assert_int_equal(feed(j, "2001:db8:0:7::1", 6, &hit, &v), JAIL_E_VERDICT);
    assert_int_equal(hit.hits, 3);
    assert_int_equal(hit.banned, 64);
    assert_memory_equal(&v.net, &host, sizeof(host));
    assert_int_equal(v.reason, VERDICT_HOST);
    assert_int_equal(v.need_hits, 3);
    assert_int_equal(v.need_hosts, 1);
    assert_int_equal(v.findtime, seconds(100));
    jail_free(j);
}

static void test_counters(void **state)
{
    static const char *const text[] = {"noise", "ignored",  "limit",     "name",
                                       "info",  "10.1.2.3", "192.0.2.1", "192.0.2.1 2"};
    static const struct jail_counters expected = {.lines = 8,
                                                  .matched = 5,
                                                  .hits = 3,
                                                  .ignored = 1,
                                                  .exempt = 1,
                                                  .informed = 1,
                                                  .limits = 1,
                                                  .verdicts = 1,
                                                  .no_address = 1};
    struct jail_spec spec = base_spec();
    struct exempt exempt = {0};
    struct addr ten = net("10.0.0.0/8");
    struct jail *j = make(&spec, &exempt);
    struct hit hit;
    struct verdict v;

    (void)state;
    assert_int_equal(exempt_add(&exempt, &ten), 0); // it may change at any time
    for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
        feed(j, text[i], 1, &hit, &v);
    assert_memory_equal(jail_counters(j), &expected, sizeof(expected));
    assert_int_equal(jail_tracked(j), 0);
    jail_free(j);
    exempt_done(&exempt);
}

static void test_wrong_specs_are_refused(void **state)
{
    static const struct {
        uint32_t maxretry;
        usec_t findtime;
        struct level v4[2], v6[2];
        size_t n_v4, n_v6;
        int r;
        uint8_t host_v6;
    } cases[] = {
        {3, 9, {{24, 4, 12, 9}, {16, 32, 128, 9}}, {{56, 4, 12, 9}, {48, 16, 64, 9}}, 2, 2, 0},
        {3, 9, {{0}}, {{0}}, 0, 0, 0},
        {JAIL_MAXRETRY_MAX, USEC_FOREVER, {{31, 1, 1, 9}, {1, 1, 1, 9}}, {{63, 1, 1, 9}}, 2, 1, 0},
        {0, 9, {{0}}, {{0}}, 0, 0, -EINVAL},
        {JAIL_MAXRETRY_MAX + 1, 9, {{0}}, {{0}}, 0, 0, -EINVAL},
        {3, 0, {{0}}, {{0}}, 0, 0, -EINVAL},
        {3, 9, {{24, 4, 12, 0}}, {{0}}, 1, 0, -EINVAL},
        {3, 9, {{32, 4, 12, 9}}, {{0}}, 1, 0, -EINVAL},
        {3, 9, {{0, 4, 12, 9}}, {{0}}, 1, 0, -EINVAL},
        {3, 9, {{16, 4, 12, 9}, {24, 4, 12, 9}}, {{0}}, 2, 0, -EINVAL},
        {3, 9, {{24, 4, 12, 9}, {24, 4, 12, 9}}, {{0}}, 2, 0, -EINVAL},
        {3, 9, {{24, 0, 12, 9}}, {{0}}, 1, 0, -EINVAL},
        {3, 9, {{24, 4, 0, 9}}, {{0}}, 1, 0, -EINVAL},
        {3, 9, {{24, NETBLOCK_HOSTS_MAX + 1, 12, 9}}, {{0}}, 1, 0, -EINVAL},
        {3, 9, {{24, 4, NETBLOCK_HITS_MAX + 1, 9}}, {{0}}, 1, 0, -EINVAL},
        {3, 9, {{24, 4, 12, 9, 9, 4, 12}}, {{56, 4, 12, 9, 9, 1, 1}}, 1, 1, 0},
        {3, 9, {{24, 4, 12, 9, 9, 5, 6}}, {{0}}, 1, 0, -EINVAL},
        {3, 9, {{24, 4, 12, 9, 9, 4, 13}}, {{0}}, 1, 0, -EINVAL},
        {3, 9, {{24, 4, 12, 9, 9, 0, 6}}, {{0}}, 1, 0, -EINVAL},
        {3, 9, {{24, 4, 12, 9, 9, 2, 0}}, {{0}}, 1, 0, -EINVAL},
        {3, 9, {{0}}, {{64, 4, 12, 9}}, 0, 1, -EINVAL},
        {3, 9, {{0}}, {{64, 4, 12, 9}}, 0, 1, -EINVAL, 64},
        {3, 9, {{0}}, {{64, 4, 12, 9}, {32, 1, 1, 9}}, 0, 2, 0, 65},
        {3, 9, {{0}}, {{127, 2, 12, 9}}, 0, 1, 0, 128},
        {3, 9, {{0}}, {{128, 2, 12, 9}}, 0, 1, -EINVAL, 128},
        {3, 9, {{0}}, {{0}}, 0, 0, -EINVAL, 63},
        {3, 9, {{0}}, {{0}}, 0, 0, -EINVAL, 129},
        {3, 9, {{24, 4, 12, 9}}, {{0}}, NETBLOCK_LEVELS_MAX + 1, 0, -EINVAL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct jail_spec spec = {.name = "test",
                                 .maxretry = cases[i].maxretry,
                                 .findtime = cases[i].findtime,
                                 .n_v4 = cases[i].n_v4,
                                 .n_v6 = cases[i].n_v6,
                                 .host_v6 = cases[i].host_v6};
        struct exempt exempt = {0};
        struct jail *j = NULL;
        memcpy(spec.v4, cases[i].v4, sizeof(cases[i].v4));
        memcpy(spec.v6, cases[i].v6, sizeof(cases[i].v6));
        if (jail_new(&spec, filters, 1, &exempt, SEED, &j) != cases[i].r)
            fail_msg("row %zu", i);
        assert_int_equal(j == NULL, cases[i].r < 0);
        jail_free(j);
    }
}

static void test_look_and_forget(void **state)
{
    struct jail_spec spec = base_spec();
    struct exempt exempt = {0};
    struct jail *j = make(&spec, &exempt);
    struct jail_standing at[1 + NETBLOCK_LEVELS_MAX];
    struct addr host = net("192.0.2.1");
    struct hit hit;
    struct verdict v;

    (void)state;
    feed(j, "192.0.2.1 2", seconds(1), &hit, &v);
    assert_int_equal(jail_look(j, &host, seconds(2), at), 3);
    assert_int_equal(at[0].hits, 2);
    assert_int_equal(at[2].hits, 2);
    jail_forget(j, &host);
    assert_int_equal(jail_look(j, &host, seconds(2), at), 3);
    assert_int_equal(at[0].hits, 0);
    assert_int_equal(at[2].hits, 0);
    jail_free(j);
}

// After an unban a host counts for its block again.
static void test_forgotten_is_not_banned(void **state)
{
    static const char *const texts[] = {"192.0.2.1 2", "192.0.2.2 2", "192.0.2.3 2"};
    struct jail_spec spec = base_spec();
    struct addr host = net("192.0.2.1");
    struct exempt exempt = {0};
    struct verdict v;
    struct hit hit;

    (void)state;
    for (int forgotten = 0; forgotten < 2; forgotten++) {
        struct jail *j = make(&spec, &exempt);
        int r = feed(j, "192.0.2.1 3", seconds(1), &hit, &v);
        assert_int_equal(r, JAIL_E_VERDICT);
        assert_int_equal(hit.until, v.until);
        jail_forget(j, forgotten ? &host : &(struct addr){.len = 128});
        for (size_t i = 0; i < 3; i++)
            r = feed(j, texts[i], seconds(300), &hit, &v);
        assert_int_equal(r, forgotten ? JAIL_E_VERDICT : JAIL_E_HIT);
        jail_free(j);
    }
}

// Hits, then what others say, of a jail with maxretry 3.
static void test_testimony(void **state)
{
    static const struct {
        const char *name, *fed; // before; NULL: nothing
        const char *exempt;
        double time; // of the testimony; the hits are at 1
        uint32_t weight;
        int r;
        uint32_t hits;
    } cases[] = {
        {"it adds to the hits", "192.0.2.1", NULL, 1, 1, JAIL_E_HIT, 2},
        {"and may complete them", "192.0.2.1 2", NULL, 1, 1, JAIL_E_VERDICT, 3},
        {"never more than all but one", "192.0.2.1", NULL, 1, 90, JAIL_E_VERDICT, 3},
        {"nothing without a hit", NULL, NULL, 1, 2, 0, 0},
        {"nor for another's", "192.0.2.2 2", NULL, 1, 2, 0, 0},
        {"nor after findtime", "192.0.2.1 2", NULL, 102, 2, 0, 0},
        {"nor after the ban", "192.0.2.1 3", NULL, 1, 2, 0, 0},
        {"nor against the exempt", "192.0.2.1 2", "192.0.2.0/24", 1, 2, 0, 0},
        {"nor without weight", "192.0.2.1 2", NULL, 1, 0, 0, 0},
    };
    struct addr host = net("192.0.2.1");

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct jail_spec spec = base_spec();
        struct exempt exempt = {0};
        struct jail *j = make(&spec, &exempt);
        struct hit hit = {0};
        struct verdict v;
        int r;
        if (cases[i].fed)
            feed(j, cases[i].fed, seconds(1), &hit, &v);
        if (cases[i].exempt) {
            struct addr spared = net(cases[i].exempt);
            assert_int_equal(exempt_add(&exempt, &spared), 0);
        }
        r = jail_testify(j, &host, seconds(cases[i].time), cases[i].weight, slice_of("a list"),
                         &hit, &v);
        if (r != cases[i].r || (r && hit.hits != cases[i].hits))
            fail_msg("%s: %d, %u hits", cases[i].name, r, hit.hits);
        if (r == JAIL_E_VERDICT)
            assert_int_equal(addr_compare(&v.net, &host), 0);
        jail_free(j);
        exempt_done(&exempt);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_testimony),
        cmocka_unit_test(test_held_back),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_hit_and_verdict_are_told_whole),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_wrong_specs_are_refused),
        cmocka_unit_test(test_look_and_forget),
        cmocka_unit_test(test_forgotten_is_not_banned),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
