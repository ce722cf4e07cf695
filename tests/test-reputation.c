// SPDX-License-Identifier: GPL-2.0-or-later
// What jails know together, from lines to verdicts.
#include "engine/jail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define T (100 * USEC_PER_DAY)

enum { SEED = 1, LINES_MAX_TEST = 16 };

static const struct pattern failregex[] = {
    {"^fail <ADDR>(?: user=<F-USER>\\S*</F-USER>)?(?: helo=<F-HELO>\\S*</F-HELO>)?"
     "(?: claim=<F-CLAIM>\\S*</F-CLAIM>)?(?: name=<F-CLIENT>\\S*</F-CLIENT>)?$",
     NULL, 0},
    {"^wrong <ADDR> user=<F-USER>\\S*</F-USER> <F-EXISTS>mismatch</F-EXISTS>$", NULL, 0},
    {"^<F-SUCCESS>login</F-SUCCESS> <ADDR> user=<F-USER>\\S*</F-USER>"
     "(?: helo=<F-HELO>\\S*</F-HELO>)?$",
     NULL, 0},
    {"^try <ADDR> user=<F-USER>\\S*</F-USER> <F-TRIED>\\S*</F-TRIED>"
     "(?: helo=<F-HELO>\\S*</F-HELO>)?$",
     NULL, 0},
    {"^<F-DELIVERED>mail</F-DELIVERED> <ADDR>$", NULL, 0},
    {"^<F-NOFAIL>hello</F-NOFAIL> <ADDR> <F-HELO>\\S*</F-HELO>$", NULL, 0},
};

struct fixture {
    struct filter *filter;
    struct exempt exempt;
    struct reputation reputation;
    struct jail *jail;
    usec_t now;
};

static int setup_jail(void **state, bool fingerprints)
{
    static const struct filter_spec filter = {
        .name = "f", .failregex = failregex, .n_failregex = 6};
    static const struct fingerprint_spec fingerprint = {7 * USEC_PER_DAY, 3, 3};
    static const uint8_t v4[] = {24};
    const struct jail_spec spec = {
        .name = "j",
        .maxretry = 4,
        .findtime = USEC_PER_DAY,
        .sentence = {USEC_PER_DAY},
        .v4 = {{24, 2, 4, USEC_PER_DAY, USEC_PER_DAY}},
        .n_v4 = 1,
        .fingerprints = fingerprints,
        .shield = true,
    };
    struct fixture *x = calloc(1, sizeof(*x));
    struct filter_error error;

    assert_int_equal(filter_new(&filter, &x->filter, &error), 0);
    assert_int_equal(
        reputation_init(&x->reputation, shield_new(14 * USEC_PER_DAY, v4, 1, NULL, 0, SEED),
                        fingerprints_new(&fingerprint, SEED), peers_new(14 * USEC_PER_DAY, SEED)),
        0);
    assert_int_equal(
        jail_new(&spec, &(struct jail_filter){x->filter, NULL, 1}, 1, &x->exempt, SEED, &x->jail),
        0);
    jail_consult(x->jail, &x->reputation, NULL);
    assert_int_equal(jail_recognize(x->jail, &(struct siphash_key){{1, 2}}), 0);
    x->now = T;
    *state = x;
    return 0;
}

static int setup_young(void **state)
{
    return setup_jail(state, true);
}

static int teardown(void **state)
{
    struct fixture *x = *state;

    jail_free(x->jail);
    filter_free(x->filter);
    reputation_done(&x->reputation);
    free(x);
    return 0;
}

// What the line leads to: "" nothing, or the net that is banned, a star before it for a
// fingerprint, and behind it who is spared.
static const char *feed(struct fixture *x, const char *text)
{
    static char said[1 + (1 + PEERS_SPARED_MAX) * ADDR_TEXT_MAX];
    struct line line = {.text = slice_of(text), .date = {text, 0}, .time = x->now, .dated = true};
    struct hit hit;
    struct verdict v;
    int r = jail_feed(x->jail, &line, x->now, &hit, &v);

    assert_true(r >= 0);
    x->now += 60 * USEC_PER_SEC;
    said[0] = '\0';
    if (r == JAIL_E_VERDICT) {
        said[0] = '*';
        addr_format(&v.net, said + (v.reason == VERDICT_FINGERPRINT));
        for (size_t i = 0; v.spared && i < v.spared->n; i++) {
            strcat(said, " ");
            addr_format(&v.spared->host[i], said + strlen(said));
        }
        peers_settle(x->reputation.peers, &v.net, v.spared, v.until, NULL, NULL);
    }
    return said;
}

// Whose users have had a day to log in.
static int setup(void **state)
{
    struct fixture *x;

    setup_young(state);
    x = *state;
    x->now = T - USEC_PER_DAY;
    feed(x, "fail 203.0.113.1 helo=first");
    x->now = T;
    return 0;
}

static const struct {
    const char *name;
    struct {
        const char *line, *banned; // NULL: nobody
    } step[LINES_MAX_TEST];
    bool young;
} rows[] = {
    {"a user name of a botnet's",
     {{"fail 198.18.1.1 user=admin"},
      {"fail 198.18.2.1 user=admin"},
      {"fail 198.18.3.1 user=admin", "*198.18.3.1"},
      {"fail 198.18.4.1 user=admin", "*198.18.4.1"},
      {"fail 198.18.5.1 user=other"}}},
    {"the same where a colleague logs in",
     {{"login 198.18.4.1 user=bert"},
      {"login 198.18.4.1 user=carl"},
      {"login 198.18.4.3 user=bert"},
      {"fail 198.18.1.1 user=anna"},
      {"fail 198.18.2.1 user=anna"},
      {"fail 198.18.3.1 user=anna", "*198.18.3.1"},
      {"fail 198.18.4.1 user=anna"},
      {"fail 198.18.4.1 user=anna", "198.18.4.1"},
      {"fail 198.18.4.2 user=anna", "*198.18.4.2"},
      {"fail 198.18.4.3 user=anna", "*198.18.4.3"}}},
    {"the same wrong password again: neither counted nor learned from",
     {{"try 198.18.1.1 user=a old"},
      {"try 198.18.2.1 user=b old"},
      {"try 198.18.3.1 user=c old"},
      {"try 198.18.1.1 user=a old helo=pc"},
      {"try 198.18.2.1 user=b old helo=pc"},
      {"try 198.18.3.1 user=c old helo=pc"},
      {"try 198.18.3.1 user=c old helo=pc"},
      {"try 198.18.3.1 user=c old helo=pc"},
      {"try 198.18.4.1 user=d old helo=pc"}}},
    {"another one is",
     {{"try 198.18.1.1 user=a old helo=pc"},
      {"try 198.18.2.1 user=b old helo=pc"},
      {"try 198.18.3.1 user=c old helo=pc", "*198.18.3.1"}}},
    {"and counts",
     {{"try 198.18.1.1 user=a old"},
      {"try 198.18.1.1 user=a older"},
      {"try 198.18.1.1 user=a oldest"},
      {"try 198.18.1.1 user=a new", "198.18.1.1"}}},
    {"on the first day",
     {{"fail 198.18.1.1 user=anna"},
      {"fail 198.18.2.1 user=anna"},
      {"fail 198.18.3.1 user=anna"},
      {"fail 198.18.4.1 user=anna"},
      {"fail 198.18.4.1 user=anna", "198.18.4.1"},
      {"fail 198.18.7.1 user=other helo=pc"},
      {"fail 198.18.5.1 user=anna helo=pc"},
      {"fail 198.18.6.1 user=anna helo=pc", "*198.18.6.1"}},
     true},
    {"a user who exists",
     {{"fail 198.18.1.1 user=anna"},
      {"wrong 198.18.9.1 user=anna mismatch"},
      {"fail 198.18.2.1 user=anna"},
      {"fail 198.18.3.1 user=anna"},
      {"fail 198.18.4.1 user=anna"}}},
    {"a user who logs in",
     {{"login 192.0.2.1 user=anna@example.org"},
      {"fail 198.18.1.1 user=anna"},
      {"fail 198.18.2.1 user=anna"},
      {"fail 198.18.3.1 user=anna"}}},
    {"a HELO name that is the client's own",
     {{"fail 198.18.1.1 helo=pc name=pc"},
      {"fail 198.18.2.1 helo=pc name=PC"},
      {"fail 198.18.3.1 helo=pc name=pc"},
      {"fail 198.18.4.1 helo=pc"}}},
    {"a name where honest servers fail",
     {{"fail 198.18.1.1 claim=debian"},
      {"fail 198.18.2.1 claim=debian"},
      {"fail 198.18.3.1 claim=debian"},
      {"fail 198.18.1.1 claim=WIN-7QKD93JX01T"},
      {"fail 198.18.2.1 claim=WIN-K2M4V8RP0AZ"},
      {"fail 198.18.3.1 claim=WIN-1Q2W3E4R5T6", "*198.18.3.1"}}},
    {"learned elsewhere, recognised here",
     {{"fail 198.18.1.1 helo=pc"},
      {"fail 198.18.2.1 helo=pc"},
      {"fail 198.18.3.1 helo=pc", "*198.18.3.1"},
      {"fail 198.18.4.1 claim=pc", "*198.18.4.1"}}},
    {"banned already",
     {{"fail 198.18.1.1 helo=pc"},
      {"fail 198.18.2.1 helo=pc"},
      {"fail 198.18.3.1 helo=pc", "*198.18.3.1"},
      {"fail 198.18.3.1 helo=pc"},
      {"fail 198.18.3.1 helo=pc"},
      {"fail 198.18.3.1 helo=pc"},
      {"fail 198.18.3.1 helo=pc", "198.18.3.1"}}},
    {"a block with a login",
     {{"login 198.18.1.9 user=anna"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.2"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.2"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.1", "198.18.1.1"},
      {"fail 198.18.2.1"},
      {"fail 198.18.2.2"},
      {"fail 198.18.2.1"},
      {"fail 198.18.2.2", "198.18.2.0/24"}}},
    {"a block of hosts that are banned for a name",
     {{"fail 198.18.1.1 helo=pc"},
      {"fail 198.18.2.1 helo=pc"},
      {"fail 198.18.3.1 helo=pc", "*198.18.3.1"},
      {"fail 198.18.9.1 helo=pc", "*198.18.9.1"},
      {"fail 198.18.9.2 helo=pc", "*198.18.9.2"},
      {"fail 198.18.9.3 helo=pc", "198.18.9.0/24"}}},
    {"an attacker's own account",
     {{"login 198.18.1.9 user=anna"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.2 user=x1"},
      {"fail 198.18.1.3 user=x2"},
      {"fail 198.18.1.4 user=x3", "198.18.1.4"},
      {"fail 198.18.1.5 user=anna@example.org"},
      {"fail 198.18.1.6"},
      {"fail 198.18.1.9 user=x4", "198.18.1.9"},
      {"login 198.18.1.7 user=bert"},
      {"login 198.18.1.7 user=carl"},
      {"fail 198.18.1.7 user=x5"},
      {"fail 198.18.2.1 user=x6"}}},
    {"the same on the first day",
     {{"login 198.18.1.9 user=anna"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.2 user=x1"},
      {"fail 198.18.1.3 user=x2"},
      {"fail 198.18.1.4 user=x3"}},
     true},
    {"a bad name where somebody logs in",
     {{"login 198.18.1.1 user=anna"},
      {"fail 198.18.1.1 claim=laptop"},
      {"fail 198.18.1.1 claim=laptop"},
      {"fail 198.18.1.1 claim=laptop"},
      {"fail 198.18.1.1 claim=laptop"},
      {"fail 198.18.1.2 claim=laptop"},
      {"fail 198.18.1.2 claim=laptop"},
      {"fail 198.18.1.2 claim=laptop"},
      {"fail 198.18.1.2 claim=laptop", "198.18.1.2"}}},
    {"mail servers in a block",
     {{"mail 198.18.1.9"},
      {"mail 198.18.2.9"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.2"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.2", "198.18.1.0/24 198.18.1.9"},
      {"fail 198.18.1.9"},
      {"fail 198.18.1.9"},
      {"fail 198.18.1.9"},
      {"fail 198.18.1.9", "198.18.1.9"}}},
    {"one that fails is none, until its next mail",
     {{"mail 198.18.1.1"},
      {"mail 198.18.1.2"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.2"},
      {"mail 198.18.1.1"},
      {"fail 198.18.1.2"},
      {"fail 198.18.1.3", "198.18.1.0/24 198.18.1.1"}}},
    {"one that logs in where it is spared",
     {{"mail 198.18.1.9"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.2"},
      {"fail 198.18.1.1"},
      {"fail 198.18.1.2", "198.18.1.0/24 198.18.1.9"},
      {"fail 198.18.1.9 user=x1", "198.18.1.9"}}},
    {"each bot delivers first, and guesses then",
     {{"mail 198.18.1.1"},
      {"mail 198.18.1.2"},
      {"mail 198.18.1.3"},
      {"fail 198.18.1.1 user=x1"},
      {"fail 198.18.1.2 user=x2"},
      {"mail 198.18.1.1"},
      {"mail 198.18.1.2"},
      {"fail 198.18.1.1 user=x3"},
      {"fail 198.18.1.3 user=x4", "198.18.1.0/24 198.18.1.2"},
      {"mail 198.18.1.2"},
      {"fail 198.18.1.2 user=x5", "198.18.1.2"}}},
    {"an office",
     {{"login 198.18.1.1 user=a"},
      {"login 198.18.1.1 user=b"},
      {"login 198.18.1.1 user=c"},
      {"fail 198.18.1.1 user=d"},
      {"fail 198.18.1.1 user=e"},
      {"fail 198.18.1.1 user=d"},
      {"fail 198.18.1.1 user=e"},
      {"fail 198.18.1.1 user=d"},
      {"fail 198.18.1.1 user=e"},
      {"fail 198.18.1.1 user=d"},
      {"fail 198.18.1.1 user=e", "198.18.1.1"}}},
    {"three who mistype, and log in",
     {{"fail 198.18.1.1 user=a"},
      {"fail 198.18.1.1 user=a"},
      {"fail 198.18.1.1 user=a"},
      {"login 198.18.1.1 user=a"},
      {"fail 198.18.1.1 user=b"},
      {"fail 198.18.1.1 user=b"},
      {"fail 198.18.1.1 user=b"},
      {"fail 198.18.1.1 user=b", "198.18.1.1"}}},
};

static void test_rows(void **state)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        (rows[i].young ? setup_young : setup)(state);
        for (size_t k = 0; k < LINES_MAX_TEST && rows[i].step[k].line; k++) {
            const char *expected = rows[i].step[k].banned ? rows[i].step[k].banned : "";
            const char *banned = feed(*state, rows[i].step[k].line);
            if (strcmp(banned, expected) != 0)
                fail_msg("%s: %s: '%s' banned, not '%s'", rows[i].name, rows[i].step[k].line,
                         banned, expected);
        }
        teardown(state);
    }
}

static void test_unbanned_and_back(void **state)
{
    struct fixture *x = *state;
    struct addr host;

    assert_int_equal(addr_parse(slice_of("198.18.3.1"), &host), 0);
    feed(x, "fail 198.18.1.1 helo=pc");
    feed(x, "fail 198.18.2.1 helo=pc");
    assert_string_equal(feed(x, "fail 198.18.3.1 helo=pc"), "*198.18.3.1");
    assert_string_equal(feed(x, "fail 198.18.3.1 helo=pc"), "");
    jail_forget(x->jail, &host);
    assert_string_equal(feed(x, "fail 198.18.3.1 helo=pc"), "*198.18.3.1");
}

// Spared is who is spared now: not once more with each restart.
static void test_restored_is_not_spared_again(void **state)
{
    struct fixture *x = *state;
    struct hit hit = {.count = 1};

    feed(x, "login 198.18.1.9 user=anna");
    for (unsigned i = 0; i < 6; i++) {
        char host[] = "198.18.1.1";
        host[9] = (char)('1' + i % 3);
        assert_int_equal(addr_parse(slice_of(host), &hit.addr), 0);
        hit.host = hit.addr;
        hit.time = x->now;
        assert_int_equal(jail_restore(x->jail, &hit), 0);
    }
    assert_int_equal(jail_counters(x->jail)->shielded, 0);
    feed(x, "fail 198.18.1.4 user=b");
    assert_int_equal(jail_counters(x->jail)->shielded, 1);
}

// What is said of a block is what happens in it.
static void test_wary(void **state)
{
    static const struct addr client = {.len = 128};
    static const struct name first = {FINGERPRINT_HELO, {"first", 5}, &client};
    enum { STRICT, YOUNG, NO_FINGERPRINTS, CASES };

    for (unsigned i = 0; i < CASES; i++) {
        struct fixture *x;
        struct addr block;
        setup_jail(state, i != NO_FINGERPRINTS);
        x = *state;
        if (i != YOUNG)
            fingerprints_fail(x->reputation.fingerprints, &first, T - USEC_PER_DAY);
        assert_int_equal(addr_parse(slice_of("198.18.1.0/24"), &block), 0);
        feed(x, "login 198.18.1.9 user=anna");
        feed(x, "fail 198.18.1.1 user=b");
        feed(x, "fail 198.18.1.1 user=b");
        feed(x, "fail 198.18.1.2 user=b");
        assert_false(jail_is_wary(x->jail, &block, x->now));
        feed(x, "fail 198.18.1.2 user=b");
        assert_int_equal(fingerprints_are_young(x->reputation.fingerprints, x->now), i == YOUNG);
        assert_int_equal(jail_is_wary(x->jail, &block, x->now), i == STRICT);
        assert_string_equal(feed(x, "fail 198.18.1.3 user=c"), i == STRICT ? "198.18.1.3" : "");
        teardown(state);
    }
}

// From a restart or reload on a block hides as few guesses as before, and after an unban nobody is
// suspected for its sake.
static void test_wary_restored_and_lifted(void **state)
{
    for (unsigned by_hit = 0; by_hit < 2; by_hit++) {
        struct fixture *x;
        struct hit hit = {.count = 4, .banned = 24};
        struct addr block;
        struct spared peer = {.n = 1};
        setup(state);
        x = *state;
        assert_int_equal(addr_parse(slice_of("198.18.1.0/24"), &block), 0);
        assert_int_equal(addr_parse(slice_of("198.18.1.1"), &hit.addr), 0);
        hit.host = hit.addr;
        hit.time = x->now;
        hit.until = x->now + USEC_PER_DAY;
        feed(x, "mail 198.18.1.9");
        assert_int_equal(jail_restore_ban(x->jail, &block, hit.until), 0);
        assert_false(jail_is_wary(x->jail, &block, x->now));
        assert_int_equal(addr_parse(slice_of("198.18.1.9"), peer.host), 0);
        peers_settle(x->reputation.peers, &block, &peer, hit.until, NULL, NULL);
        assert_int_equal(
            by_hit ? jail_restore(x->jail, &hit) : jail_restore_ban(x->jail, &block, hit.until), 0);
        assert_true(jail_is_wary(x->jail, &block, x->now));
        assert_string_equal(feed(x, "fail 198.18.1.9 user=x1"), "198.18.1.9");
        jail_forget(x->jail, &block);
        assert_false(jail_is_wary(x->jail, &block, x->now));
        assert_string_equal(feed(x, "fail 198.18.1.10 user=x2"), "");
        teardown(state);
    }
}

// Where too many deliver a block is not banned as one, and hides nobody.
static void test_crowd(void **state)
{
    struct fixture *x = *state;
    char line[64];

    for (unsigned i = 0; i <= PEERS_SPARED_MAX; i++) {
        snprintf(line, sizeof(line), "mail 198.18.1.%u", 100 + i);
        assert_string_equal(feed(x, line), "");
    }
    for (unsigned i = 0; i < 4; i++)
        assert_string_equal(feed(x, i % 2 ? "fail 198.18.1.1" : "fail 198.18.1.2"), "");
    assert_string_equal(feed(x, "fail 198.18.1.3 user=x1"), "198.18.1.3");
    // With one less it is.
    assert_memory_equal(feed(x, "fail 198.18.1.100"), "198.18.1.0/24 198.18.1.101 ", 27);
}

// Names of many bots, with each one's number in them, and from how many blocks each has failed.
static const struct {
    const char *before, *behind;
    unsigned blocks;
} campaigns[] = {
    {"WIN-7QKD93JX", "T", 12},         {"DESKTOP-4F7H2", "", 11}, {"laptop", NULL, 12},
    {"198-19-", "-1.isp.example", 12}, {"[198.19.", ".1]", 12},
};

static void run_campaigns(struct fixture *x)
{
    for (unsigned c = 0; c < sizeof(campaigns) / sizeof(*campaigns); c++) {
        for (unsigned b = 10 + c * 20; b < 10 + c * 20 + campaigns[c].blocks; b++) {
            char number[16] = "", line[128];
            if (campaigns[c].behind)
                snprintf(number, sizeof(number), "%u", b);
            snprintf(line, sizeof(line), "fail 198.19.%u.1 helo=%s%s%s", b, campaigns[c].before,
                     number, campaigns[c].behind ? campaigns[c].behind : "");
            feed(x, line);
        }
    }
}

// And what comes of one more who says his name, a day or more after the process began.
static const struct {
    const char *before, *line, *banned;
    bool young;
} greetings[] = {
    {NULL, "hello 198.18.1.1 WIN-K2M4V8RP0AZ", "*198.18.1.1"},
    {NULL, "hello 198.18.1.1 ylmf-pc", "*198.18.1.1"},
    {NULL, "hello 198.18.1.1 WIN-K2M4V8RP0AZ", "", true},
    {NULL, "hello 198.18.1.1 ylmf-pc", "*198.18.1.1", true},
    // Names that are chosen, or what honest programs say, or of too few.
    {NULL, "hello 198.18.1.1 laptop", ""},
    {NULL, "hello 198.18.1.1 198-18-1-1.isp.example", ""},
    {NULL, "hello 198.18.1.1 [198.18.1.1]", ""},
    {NULL, "hello 198.18.1.1 DESKTOP-4F7H2K1", ""},
    {NULL, "hello 198.18.1.1 mail.example.com", ""},
    // Somebody logs in with such a name, or from there, or from beside it, or mail comes from
    // there.
    {"login 192.0.2.1 user=anna helo=WIN-1Q2W3E4R5T6", "hello 198.18.1.1 WIN-K2M4V8RP0AZ", ""},
    {"login 192.0.2.1 user=anna helo=laptop", "hello 198.18.1.1 WIN-K2M4V8RP0AZ", "*198.18.1.1"},
    {"login 198.18.1.1 user=anna", "hello 198.18.1.1 WIN-K2M4V8RP0AZ", ""},
    {"login 198.18.1.2 user=anna", "hello 198.18.1.1 WIN-K2M4V8RP0AZ", ""},
    {"mail 198.18.1.1", "hello 198.18.1.1 WIN-K2M4V8RP0AZ", ""},
    {"mail 198.18.1.2", "hello 198.18.1.1 WIN-K2M4V8RP0AZ", "*198.18.1.1"},
};

static void test_greetings(void **state)
{
    for (size_t i = 0; i < sizeof(greetings) / sizeof(*greetings); i++) {
        struct fixture *x;
        const char *banned;
        (greetings[i].young ? setup_young : setup)(state);
        x = *state;
        assert_int_equal(fingerprints_set(x->reputation.fingerprints, FINGERPRINT_HELO,
                                          slice_of("ylmf-pc"), FINGERPRINT_ADDED, x->now),
                         0);
        run_campaigns(x);
        if (greetings[i].before)
            feed(x, greetings[i].before);
        banned = feed(x, greetings[i].line);
        if (strcmp(banned, greetings[i].banned) != 0)
            fail_msg("%zu: %s: '%s' banned", i, greetings[i].line, banned);
        teardown(state);
    }
}

// Who says such a name is an attacker, and so his other names are.
static void test_a_greeting_tells_of_other_names(void **state)
{
    struct fixture *x;

    setup(state);
    x = *state;
    assert_int_equal(fingerprints_set(x->reputation.fingerprints, FINGERPRINT_HELO,
                                      slice_of("ylmf-pc"), FINGERPRINT_ADDED, x->now),
                     0);
    feed(x, "fail 198.18.1.1 user=scan2");
    feed(x, "hello 198.18.1.1 ylmf-pc");
    assert_string_equal(feed(x, "fail 198.18.2.1 user=scan2"), "*198.18.2.1");
    teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_wary),
        cmocka_unit_test(test_wary_restored_and_lifted),
        cmocka_unit_test(test_greetings),
        cmocka_unit_test(test_a_greeting_tells_of_other_names),
        cmocka_unit_test_setup_teardown(test_unbanned_and_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restored_is_not_spared_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_crowd, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
