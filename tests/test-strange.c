// SPDX-License-Identifier: GPL-2.0-or-later
// Blocks in land where nobody logs in take less: from logins and failures to verdicts.
#include "engine/jail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define T   (100 * USEC_PER_DAY)
#define DAY USEC_PER_DAY

enum { SEED = 1, STEPS_MAX = 16, SPAN_DAYS = 14 };

static const struct pattern failregex[] = {
    {"^fail <ADDR>(?: user=<F-USER>\\S*</F-USER>)?$", NULL, 0},
    {"^<F-SUCCESS>login</F-SUCCESS> <ADDR> user=<F-USER>\\S*</F-USER>$", NULL, 0},
};

static const struct jail_spec spec = {
    .name = "j",
    .maxretry = 4,
    .findtime = DAY,
    .sentence = {DAY},
    .v4 = {{24, 4, 8, DAY, DAY, 2, 3}, {20, 8, 16, DAY, DAY, 6, 6}},
    .n_v4 = 2,
    .v6 = {{56, 4, 8, DAY, DAY, 2, 3}, {48, 8, 16, DAY, DAY, 6, 6}},
    .n_v6 = 2,
    .fingerprints = true,
    .shield = true,
};

// The second jail is shown nothing: what the first counted is restored to it.
struct fixture {
    struct filter *filter;
    struct exempt exempt;
    struct reputation reputation;
    struct jail *jail, *restored;
    usec_t now;
};

static struct jail *new_jail(struct fixture *x, const struct jail_spec *with)
{
    struct jail_filter filter = {x->filter, NULL, 1};
    struct jail *j;

    assert_int_equal(jail_new(with, &filter, 1, &x->exempt, SEED, &j), 0);
    jail_consult(j, &x->reputation, NULL);
    return j;
}

static void setup(struct fixture *x, const struct jail_spec *with)
{
    static const struct filter_spec filter = {
        .name = "f", .failregex = failregex, .n_failregex = 2};
    static const struct fingerprint_spec fingerprint = {7 * DAY, 99, 99};
    static const uint8_t v4[] = {24, 20}, v6[] = {56, 48};
    struct filter_error error;

    *x = (struct fixture){.now = T};
    assert_int_equal(filter_new(&filter, &x->filter, &error), 0);
    assert_int_equal(
        reputation_init(&x->reputation, shield_new(SPAN_DAYS * DAY, v4, 2, v6, 2, SEED),
                        fingerprints_new(&fingerprint, SEED), peers_new(SPAN_DAYS * DAY, SEED)),
        0);
    x->jail = new_jail(x, with);
    x->restored = new_jail(x, with);
}

static void done(struct fixture *x)
{
    jail_free(x->jail);
    jail_free(x->restored);
    filter_free(x->filter);
    reputation_done(&x->reputation);
}

static void assert_same_standing(struct fixture *x, const struct addr *host)
{
    struct jail_standing a[1 + NETBLOCK_LEVELS_MAX], b[1 + NETBLOCK_LEVELS_MAX];
    size_t n = jail_look(x->jail, host, x->now, a);

    assert_int_equal(jail_look(x->restored, host, x->now, b), n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(a[i].hits, b[i].hits);
        assert_int_equal(a[i].hosts, b[i].hosts);
        assert_int_equal(a[i].need_hits, b[i].need_hits);
    }
}

// "+15" is so many days later; else the net that the line bans, "" none, with its thresholds.
static const char *feed(struct fixture *x, const char *text, struct verdict *ret)
{
    static char said[ADDR_TEXT_MAX];
    struct line line = {.text = slice_of(text), .date = {text, 0}, .time = x->now, .dated = true};
    struct hit hit;
    int r;

    said[0] = '\0';
    if (text[0] == '+') {
        x->now += strtoul(text + 1, NULL, 10) * DAY;
        return said;
    }
    r = jail_feed(x->jail, &line, x->now, &hit, ret);
    assert_true(r >= 0);
    x->now += 60 * USEC_PER_SEC;
    if (r == JAIL_E_VERDICT)
        addr_format(&ret->net, said);
    if (r > 0) {
        assert_int_equal(jail_restore(x->restored, &hit), 0);
        assert_same_standing(x, &hit.host);
    }
    return said;
}

static const struct row {
    const char *name;
    struct {
        const char *line, *banned; // NULL: nobody
    } step[STEPS_MAX];
    uint32_t hits, hosts; // the thresholds of the last verdict; 0: any
    bool shieldless;
    uint32_t maxretry; // 0: the spec's
} rows[] = {
    {"where nobody logs in",
     {{"login 203.0.113.1 user=anna"},
      {"+1"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.2", "198.18.1.0/24"},
      {"fail 198.18.2.1"},
      {"fail 198.18.2.2"},
      {"fail 198.18.2.2", "198.18.2.0/24"}},
     3,
     2},
    {"where somebody does",
     {{"login 203.0.113.1 user=anna"},
      {"login 198.18.200.1 user=anna"},
      {"+1"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.2"},
      {"fail 198.18.1.2"},
      {"fail 198.18.1.3"},
      {"fail 198.18.1.3"},
      {"fail 198.18.1.4"},
      {"fail 198.18.1.4", "198.18.1.0/24"}},
     8,
     4},
    {"where somebody begins to",
     {{"login 203.0.113.1 user=anna"},
      {"+1"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.2"},
      {"login 198.18.200.1 user=anna"},
      {"fail 198.18.1.2"},
      {"fail 198.18.1.3"}}},
    {"where somebody did, too long ago",
     {{"login 198.18.200.1 user=anna"},
      {"+13"},
      {"login 203.0.113.1 user=anna"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.2"},
      {"fail 198.18.1.2"},
      {"+1"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.2"},
      {"fail 198.18.1.2", "198.18.1.0/24"}},
     3,
     2},
    {"on the first day",
     {{"login 203.0.113.1 user=anna"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.2"},
      {"fail 198.18.1.2"},
      {"fail 198.18.1.2"}}},
    {"without logins",
     {{"fail 198.18.1.1"}, {"+1"}, {"fail 198.18.1.1"}, {"fail 198.18.1.2"}, {"fail 198.18.1.2"}}},
    {"when there are none any more",
     {{"login 203.0.113.1 user=anna"},
      {"+14"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.2"},
      {"fail 198.18.1.2"}}},
    {"for a jail that spares nobody",
     {{"login 203.0.113.1 user=anna"},
      {"+1"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.2"},
      {"fail 198.18.1.2"}},
     .shieldless = true},
    {"where only the block itself has a login, it is spared, but who hides there is not",
     {{"login 203.0.113.1 user=anna"},
      {"login 198.18.1.9 user=bert"},
      {"+1"},
      {"fail 198.18.1.1 user=x1"},
      {"fail 198.18.1.2 user=x2"},
      {"fail 198.18.1.2 user=x3"},
      {"fail 198.18.1.3 user=x4", "198.18.1.3"},
      {"fail 198.18.1.4 user=bert@example.org"},
      {"fail 198.18.1.5 user=x5", "198.18.1.5"}}},
    {"and that not so soon where others log in around it",
     {{"login 203.0.113.1 user=anna"},
      {"login 198.18.1.9 user=bert"},
      {"login 198.18.2.9 user=carl"},
      {"+1"},
      {"fail 198.18.1.1 user=x1"},
      {"fail 198.18.1.2 user=x2"},
      {"fail 198.18.1.2 user=x3"},
      {"fail 198.18.1.3 user=x4"},
      {"login 198.18.1.9 user=bert"},
      {"fail 198.18.1.4 user=x5"}}},
    {"a block beside the only one with a login",
     {{"login 203.0.113.1 user=anna"},
      {"login 198.18.1.9 user=bert"},
      {"+1"},
      {"fail 198.18.2.1"},
      {"fail 198.18.2.2"},
      {"fail 198.18.2.2"},
      {"fail 198.18.2.3"}}},
    {"a wide block, of whose hosts each comes from another one",
     {{"login 203.0.113.1 user=anna"},
      {"+1"},
      {"fail 198.18.1.1"},
      {"fail 198.18.2.1"},
      {"fail 198.18.3.1"},
      {"fail 198.18.4.1"},
      {"fail 198.18.5.1"},
      {"fail 198.18.6.1", "198.18.0.0/20"}},
     6,
     6},
    {"each hit bans its host: then the block, when the next comes",
     {{"login 203.0.113.1 user=anna"},
      {"+1"},
      {"fail 198.18.1.1", "198.18.1.1"},
      {"fail 198.18.1.2", "198.18.1.2"},
      {"fail 198.18.1.3", "198.18.1.3"},
      {"fail 198.18.1.4", "198.18.1.0/24"}},
     3,
     2,
     .maxretry = 1},
    {"IPv6, where nobody logs in",
     {{"login 203.0.113.1 user=anna"},
      {"login 2001:db8:2::1 user=anna"},
      {"+1"},
      {"fail 2001:db8:1:1::1"},
      {"fail 2001:db8:1:2::1"},
      {"fail 2001:db8:1:2::2", "2001:db8:1::/56"},
      {"fail 2001:db8:1:100::1"},
      {"fail 2001:db8:1:200::1"},
      {"fail 2001:db8:1:300::1"},
      {"fail 2001:db8:1:400::1", "2001:db8:1::/48"}},
     6,
     6},
    {"IPv6, where somebody does",
     {{"login 203.0.113.1 user=anna"},
      {"login 2001:db8:1:ff00::1 user=anna"},
      {"+1"},
      {"fail 2001:db8:1:1::1"},
      {"fail 2001:db8:1:2::1"},
      {"fail 2001:db8:1:2::2"},
      {"fail 2001:db8:1:3::2"}}},
};

static void run(const struct row *row)
{
    struct jail_spec with = spec;
    struct verdict v = {.time = 0};
    struct fixture x;

    with.shield = !row->shieldless;
    with.maxretry = row->maxretry > 0 ? row->maxretry : spec.maxretry;
    setup(&x, &with);
    for (size_t k = 0; k < STEPS_MAX && row->step[k].line; k++) {
        const char *expected = row->step[k].banned ? row->step[k].banned : "";
        const char *banned = feed(&x, row->step[k].line, &v);
        if (strcmp(banned, expected) != 0)
            fail_msg("%s: %zu: %s: '%s' banned, not '%s'", row->name, k, row->step[k].line, banned,
                     expected);
    }
    if (row->hits > 0) {
        assert_int_equal(v.need_hits, row->hits);
        assert_int_equal(v.need_hosts, row->hosts);
        assert_true(v.hits >= v.need_hits && v.hosts >= v.need_hosts);
    }
    done(&x);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
        run(&rows[i]);
}

// What is missing to a ban is told by the thresholds that hold.
static void test_standing(void **state)
{
    static const struct {
        const char *line;
        uint32_t hits[3], hosts[3];
    } steps[] = {
        {"login 203.0.113.1 user=anna", {4, 8, 16}, {1, 4, 8}},
        {"+1", {4, 3, 6}, {1, 2, 6}},
        {"fail 198.18.1.1", {4, 3, 6}, {1, 2, 6}},
        {"login 198.18.200.1 user=anna", {4, 8, 16}, {1, 4, 8}},
    };
    struct jail_standing s[1 + NETBLOCK_LEVELS_MAX];
    struct verdict v;
    struct fixture x;
    struct addr host;

    (void)state;
    setup(&x, &spec);
    assert_int_equal(addr_parse(slice_of("198.18.1.1"), &host), 0);
    for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        feed(&x, steps[i].line, &v);
        assert_int_equal(jail_look(x.jail, &host, x.now, s), 3);
        for (size_t k = 0; k < 3; k++) {
            assert_int_equal(s[k].need_hits, steps[i].hits[k]);
            assert_int_equal(s[k].need_hosts, steps[i].hosts[k]);
        }
    }
    done(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_standing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
