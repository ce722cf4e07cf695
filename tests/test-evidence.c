// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger-kit.h"

#include <stdio.h>
#include <unistd.h>

static void test_evidence(void **state)
{
    static const struct {
        const char *jail, *addr, *text;
        unsigned second;
    } hits[] = {
        {"auth", "203.0.113.7", "early", 1},        {"auth", "203.0.113.7", "a", 1000},
        {"auth", "203.0.113.8", "b", 1001},         {"other", "203.0.113.7", "other", 1002},
        {"auth", "203.0.113.7", "c", 1003},         {"auth", "203.0.114.1", "outside", 1004},
        {"auth", "2001:db8:1:2::7", "six", 1005},   {"auth", "2001:db8:1:2::8", "seven", 1006},
        {"auth", "2001:db8:1:3::7", "eight", 1007}, {"auth", "203.0.113.7", "late", 1008},
    };
    static const struct {
        const char *net, *evidence;
        unsigned since;
    } bans[] = {
        // A line that came out of order and is later than the verdict belongs to it, too.
        {"203.0.113.7", "a c late", 1003},
        // What a host's ban has claimed is a block's evidence as well.
        {"203.0.113.0/24", "a b c late", 1005},
        {"2001:db8:1:2::/64", "six seven", 1006},
        {"2001:db8::/32", "six seven eight", 1007},
    };
    struct ledger *l = open_at(":memory:");
    int64_t id[LENGTH_OF(bans)];

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(hits); i++)
        assert_int_equal(
            add_hit(l, hits[i].jail, hits[i].addr, SECONDS(hits[i].second), hits[i].text), 0);
    for (size_t i = 0; i < LENGTH_OF(bans); i++)
        assert_true(add_ban(l, "auth", bans[i].net, SECONDS(bans[i].since), USEC_FOREVER, &id[i]) >=
                    0);
    for (size_t i = 0; i < LENGTH_OF(bans); i++)
        assert_evidence(l, id[i], "::/0", bans[i].evidence);
    assert_evidence(l, 0, "203.0.113.7", "early other");
    assert_evidence(l, 0, "203.0.0.0/16", "early other outside");
    assert_hits(l, "other", 0, "203.0.113.7");
    ledger_close(l);
}

// What is evidence of no ban, by an address: of its host, as the jail counts hosts.
static void test_hosts_of_any_length(void **state)
{
    static const struct {
        const char *host, *addr, *text;
    } hits[] = {
        {"2001:db8:1:2::/64", "2001:db8:1:2::7", "a"},
        {"2001:db8:1:2::7", "2001:db8:1:2::7", "b"},
        {"2001:db8:1:2::8", "2001:db8:1:2::8", "c"},
        {"2001:db8:1:2:3::/80", "2001:db8:1:2:3::7", "d"},
        {"2001:db8:1:3::7", "2001:db8:1:3::7", "e"},
        {"192.0.2.0/28", "192.0.2.0", "f"},
    };
    static const struct {
        const char *net, *found;
    } rows[] = {
        {"2001:db8:1:2::7", "a b"},
        {"2001:db8:1:2::9", "a"},
        {"2001:db8:1:2:3::9", "a d"},
        {"2001:db8:1:2:3::/80", "a d"},
        {"2001:db8:1:3::7", "e"},
        {"2001:db8:1:3::8", ""},
        {"2001:db8:1:2::/64", "a b c d"},
        {"2001:db8:1::/48", "a b c d e"},
        {"192.0.2.1", ""},
        {"192.0.2.0/24", "f"},
    };
    struct ledger *l = open_at(":memory:");

    (void)state;
    assert_int_equal(ledger_begin(l), 0);
    for (size_t i = 0; i < LENGTH_OF(hits); i++) {
        struct hit hit = {.addr = net_of(hits[i].addr),
                          .host = net_of(hits[i].host),
                          .time = SECONDS(i + 1),
                          .count = 1,
                          .text = slice_of(hits[i].text)};
        assert_int_equal(ledger_hit(l, "auth", &hit, "log"), 0);
    }
    for (int is_written = 0; is_written < 2; is_written++) {
        for (size_t i = 0; i < LENGTH_OF(rows); i++)
            assert_evidence(l, 0, rows[i].net, rows[i].found);
        if (!is_written)
            assert_int_equal(ledger_commit(l), 0);
        hits_lost(l); // what is in memory: the file is read
    }
    ledger_close(l);
}

static void test_evidence_limit(void **state)
{
    struct ledger *l = open_at(":memory:");
    int64_t first, again;

    (void)state;
    ledger_keep_evidence(l, 3);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(add_hit(l, "auth", "203.0.113.7", SECONDS(i), (char[]){'a' + (char)i, 0}),
                         0);
    assert_int_equal(add_ban(l, "auth", "203.0.113.7", SECONDS(5), SECONDS(900), &first), 0);
    assert_evidence(l, first, "::/0", "c d e");
    assert_int_equal(add_hit(l, "auth", "203.0.113.7", SECONDS(6), "f"), 0);
    assert_int_equal(add_ban(l, "auth", "203.0.113.7", SECONDS(6), SECONDS(900), &again),
                     LEDGER_E_EXTENDED);
    assert_int_equal(again, first);
    assert_evidence(l, first, "::/0", "c d e");
    ledger_close(l);
}

static void test_text(void **state)
{
    static const struct {
        const char *text;
        size_t secret, length; // where the secret lies
        const char *kept;
    } rows[] = {
        {"nothing secret", 0, 0, "nothing secret"},
        {"user=bob pass=hunter2 failed", 14, 7, "user=bob pass=*** failed"},
        {"hunter2", 0, 7, "***"},
        {"pass=", 5, 0, "pass="},
        {"", 0, 0, ""},
    };
    char longest[2 * EVIDENCE_TEXT_MAX], kept[EVIDENCE_TEXT_MAX + 1];
    struct hit hit = {.addr = net_of("203.0.113.7"), .host = net_of("203.0.113.7"), .count = 1};

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct ledger *l = open_at(":memory:");
        hit.text = slice_of(rows[i].text);
        hit.secret = (struct slice){hit.text.p + rows[i].secret, rows[i].length};
        assert_int_equal(ledger_hit(l, "auth", &hit, "log"), 0);
        assert_evidence(l, 0, "203.0.113.7", rows[i].kept);
        ledger_close(l);
    }
    // The end of the secret lies beyond the cut.
    struct ledger *l = open_at(":memory:");
    memset(longest, 'x', sizeof(longest));
    hit.text = (struct slice){longest, sizeof(longest)};
    hit.secret = (struct slice){longest + EVIDENCE_TEXT_MAX - 2, 100};
    assert_int_equal(ledger_hit(l, "auth", &hit, "log"), 0);
    memset(kept, 'x', EVIDENCE_TEXT_MAX);
    memcpy(kept + EVIDENCE_TEXT_MAX - 2, "**", 3);
    assert_evidence(l, 0, "203.0.113.7", kept);
    ledger_close(l);
}

// Several jails count a line, and what one of their filters calls secret in it is hidden, whatever
// the others showed.
static void test_same_line(void **state)
{
    static const struct {
        const char *text;
        size_t secret, length;
    } hits[] = {
        {"tom:hat", 0, 0}, {"tom:hat", 0, 0}, {"tom:hat", 4, 3},  {"tom:hat", 0, 0},
        {"pass=x", 0, 0},  {"pass=x", 0, 0},  {"pass=***", 0, 0},
    };
    struct ledger *l = open_at(":memory:");

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(hits); i++) {
        struct hit hit = {.addr = net_of("203.0.113.7"),
                          .host = net_of("203.0.113.7"),
                          .count = 1,
                          .text = slice_of(hits[i].text)};
        hit.secret = (struct slice){hit.text.p + hits[i].secret, hits[i].length};
        assert_int_equal(ledger_hit(l, "auth", &hit, "log"), 0);
    }
    assert_evidence(l, 0, "203.0.113.7",
                    "tom:hat tom:hat tom:*** tom:hat pass=*** pass=*** pass=***");
    ledger_close(l);
}

static int see_said(void *user, const struct evidence *e)
{
    snprintf(user, 64, "%s|%.*s|%.*s", e->rule ? e->rule : "-", (int)e->user.n, e->user.p,
             (int)e->helo.n, e->helo.p);
    return 0;
}

// Who is told of by a line, and by what regex it was taken: also where that does not stand in it,
// and never more of it than the line itself shows.
static void test_said(void **state)
{
    static const char text[] = "user=bob pass=hunter2 helo=laptop";
    static const struct {
        const char *place;
        size_t user, user_n, helo, helo_n; // in the text; _n 0: as own
        const char *own;
        bool is_secret;
        const char *told;
    } rows[] = {
        {"x.conf:7", 5, 3, 27, 6, NULL, false, "x.conf:7|bob|laptop"},
        {"x.conf:7", 5, 3, 27, 6, NULL, true, "x.conf:7|bob|laptop"},
        {"", 14, 3, 19, 7, NULL, true, "-||"}, // of the secret
        {"", 14, 7, 13, 1, NULL, true, "-||="},
        {NULL, 0, 0, 0, 0, "told before", true, "-|told before|told before"},
        {NULL, 0, 0, 0, 0, "", false, "-||"},
    };
    struct addr net = net_of("203.0.113.7");

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct slice own = rows[i].own ? slice_of(rows[i].own) : (struct slice){0};
        struct hit hit = {.addr = net,
                          .host = net,
                          .time = SECONDS(1),
                          .count = 1,
                          .place = rows[i].place,
                          .text = slice_of(text),
                          .user = {text + rows[i].user, rows[i].user_n},
                          .helo = {text + rows[i].helo, rows[i].helo_n}};
        struct ledger *l = open_at(":memory:");
        char told[64] = "";
        hit.user = rows[i].user_n ? hit.user : own;
        hit.helo = rows[i].helo_n ? hit.helo : own;
        hit.secret = rows[i].is_secret ? (struct slice){text + 14, 7} : (struct slice){0};
        assert_int_equal(ledger_begin(l), 0);
        assert_int_equal(ledger_hit(l, "auth", &hit, "log"), 0);
        assert_int_equal(ledger_evidence(l, 0, &net, 1, see_said, told), 0);
        assert_string_equal(told, rows[i].told);
        assert_int_equal(ledger_commit(l), 0);
        hits_lost(l); // what is in memory: the file is read
        told[0] = '\0';
        assert_int_equal(ledger_evidence(l, 0, &net, 1, see_said, told), 0);
        assert_string_equal(told, rows[i].told);
        ledger_close(l);
    }
}

static int see_text(void *user, const struct evidence *e)
{
    char *to = user;

    snprintf(to + strlen(to), 32, "%.*s ", (int)e->text.n, e->text.p);
    return 0;
}

// The lines that a name came with, wherever they are from, but for those of bans and what was
// forgiven.
static void test_lines_of_a_name(void **state)
{
    static const struct {
        const char *addr, *text, *user, *helo;
    } lines[] = {
        {"203.0.113.1", "a", "sales", "WIN-7QKD93JX01T"},
        {"203.0.113.2", "b", "Sales@example.com", ""},
        {"203.0.113.3", "c", "root", "WIN-K2M4V8RP0AZ"},
        {"203.0.113.4", "d", "sales", "laptop"}, // banned
        {"203.0.113.5", "e", "sales", "laptop"}, // forgiven
        {"2001:db8::1", "f", "", "sales"},
    };
    static const struct {
        enum fingerprint_kind kind;
        const char *family;
        size_t most;
        const char *found;
    } rows[] = {
        {FINGERPRINT_USER, "sales", 9, "a b "},
        {FINGERPRINT_USER, "sales", 1, "b "},
        {FINGERPRINT_USER, "sales@example.com", 9, "b "},
        {FINGERPRINT_HELO, "win-<mixed:11>", 9, "a c "},
        {FINGERPRINT_HELO, "sales", 9, "f "},
        {FINGERPRINT_HELO, "laptop", 9, ""},
        {FINGERPRINT_USER, "", 9, ""},
    };
    struct ledger *l = open_at(":memory:");
    struct addr forgiven = net_of("203.0.113.5");

    (void)state;
    assert_int_equal(ledger_begin(l), 0);
    for (size_t i = 0; i < LENGTH_OF(lines); i++) {
        struct addr net = net_of(lines[i].addr);
        struct hit hit = {.addr = net,
                          .host = addr_host(&net),
                          .time = SECONDS(i + 1),
                          .count = 1,
                          .text = slice_of(lines[i].text),
                          .user = slice_of(lines[i].user),
                          .helo = slice_of(lines[i].helo)};
        assert_int_equal(ledger_hit(l, "auth", &hit, "log"), 0);
    }
    assert_int_equal(add_ban(l, "auth", "203.0.113.4", SECONDS(4), SECONDS(900), NULL), 0);
    assert_int_equal(ledger_forgive(l, "auth", &forgiven, SECONDS(7)), 0);
    for (int is_written = 0; is_written < 2; is_written++) {
        for (size_t i = 0; i < LENGTH_OF(rows); i++) {
            char found[256] = "";
            assert_int_equal(ledger_evidence_named(l, rows[i].kind, rows[i].family, rows[i].most,
                                                   see_text, found),
                             0);
            assert_string_equal(found, rows[i].found);
        }
        if (!is_written)
            assert_int_equal(ledger_commit(l), 0);
        hits_lost(l); // what is in memory: the file is read
    }
    ledger_close(l);
}

// Names have no index: what is older than some MiB of hits is not looked for, however few there
// are.
static void test_old_lines_of_a_name(void **state)
{
    struct ledger *l = open_at(":memory:");
    struct addr net = net_of("203.0.113.1");
    const struct hit hit = {.addr = net,
                            .host = net,
                            .time = SECONDS(1),
                            .count = 1,
                            .text = slice_of("a"),
                            .user = slice_of("sales")};
    unsigned n = 0;
    char found[256] = "a ";

    (void)state;
    assert_int_equal(ledger_begin(l), 0);
    assert_int_equal(ledger_hit(l, "auth", &hit, "log"), 0);
    assert_int_equal(ledger_commit(l), 0);
    hits_lost(l);
    for (; strcmp(found, "a ") == 0 && n < 1000; n++) {
        add_apart(l, "203.0.113.2", SECONDS(n + 2), "b");
        found[0] = '\0';
        assert_int_equal(ledger_evidence_named(l, FINGERPRINT_USER, "sales", 9, see_text, found),
                         0);
    }
    assert_string_equal(found, "");
    assert_in_range(n, 16, 256);
    ledger_close(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evidence),        cmocka_unit_test(test_hosts_of_any_length),
        cmocka_unit_test(test_evidence_limit),  cmocka_unit_test(test_text),
        cmocka_unit_test(test_same_line),       cmocka_unit_test(test_said),
        cmocka_unit_test(test_lines_of_a_name), cmocka_unit_test(test_old_lines_of_a_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
