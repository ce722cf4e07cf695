// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger/hits.h"

#include "base/cleanup.h"
#include "ledger/page.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define SECONDS(n)     (UINT64_C(1700000000) * USEC_PER_SEC + (n)*USEC_PER_SEC)
#define LENGTH_OF(a)   (sizeof(a) / sizeof((a)[0]))
#define FINDTIME       (600 * USEC_PER_SEC)
#define LINE_OF(where) "warning: unknown[" where "]: SASL LOGIN authentication failed"

enum { FILE_SIZE = 1 << 18 };

struct place {
    char folder[64], path[96];
};

static void place_make(struct place *p)
{
    snprintf(p->folder, sizeof(p->folder), "/tmp/test-ledger.XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->path, sizeof(p->path), "%s/ledger.db", p->folder);
}

static void place_remove(const struct place *p)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    char path[128];

    for (size_t i = 0; i < LENGTH_OF(suffixes); i++) {
        snprintf(path, sizeof(path), "%s%s", p->path, suffixes[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(p->folder), 0);
}

static struct addr net_of(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

static struct ledger *open_at(const char *path)
{
    struct ledger *l = NULL;

    assert_int_equal(ledger_open(path, &l), 0);
    return l;
}

static int add_hit(struct ledger *l, const char *jail, const char *addr, usec_t time,
                   const char *text)
{
    struct hit hit = {
        .addr = net_of(addr), .time = time, .count = 1, .text = slice_of(text), .banned = 0};

    hit.host = addr_host(&hit.addr);
    return ledger_hit(l, jail, &hit, "/var/log/mail.log");
}

static int add_ban(struct ledger *l, const char *jail, const char *net, usec_t since, usec_t until,
                   int64_t *ret_id)
{
    struct ban ban = {.jail = jail,
                      .net = net_of(net),
                      .since = since,
                      .until = until,
                      .hits = 5,
                      .hosts = 1,
                      .need_hits = 5,
                      .findtime = FINDTIME};

    return ledger_ban(l, &ban, since, ret_id, NULL);
}

// One transaction each, and no segment grows.
static void add_apart(struct ledger *l, const char *addr, usec_t time, const char *text)
{
    assert_int_equal(ledger_begin(l), 0);
    assert_int_equal(add_hit(l, "auth", addr, time, text), 0);
    assert_int_equal(ledger_commit(l), 0);
    hits_lost(l);
}

// Hits whose lines have nothing in common with each other.
static int add_many(struct ledger *l, const char *jail, const char *addr, unsigned n)
{
    char text[100];
    int r = 0;

    for (unsigned i = 0; i < n && r == 0; i++) {
        snprintf(text, sizeof(text), "mail[%u]: " LINE_OF("%s"), i, addr);
        r = add_hit(l, jail, addr, SECONDS(i + 2), text);
    }
    return r;
}

// What callbacks saw: one word for each, in their order.
struct seen {
    size_t n;
    char text[4096];
};

static void see(struct seen *seen, const char *word, size_t n)
{
    size_t at = strlen(seen->text);

    snprintf(seen->text + at, sizeof(seen->text) - at, "%s%.*s", seen->n++ ? " " : "", (int)n,
             word);
}

static int see_ban(void *user, const struct ban *ban)
{
    char net[ADDR_TEXT_MAX];

    see(user, net, addr_format(&ban->net, net));
    return 0;
}

static int see_evidence(void *user, const struct evidence *e)
{
    see(user, e->text.p, e->text.n);
    return 0;
}

// Of one jail.
struct hits {
    struct seen seen;
    const char *jail;
    usec_t since;
};

static int see_hit(void *user, const char *jail, const struct hit *hit, const char *source)
{
    struct hits *hits = user;
    char net[ADDR_TEXT_MAX];

    assert_int_equal(source[0], '/');
    assert_true(hit->time > hits->since);
    if (strcmp(jail, hits->jail) == 0)
        see(&hits->seen, net, addr_format(&hit->host, net));
    return 0;
}

static int see_pardon(void *user, const char *jail, const struct addr *net)
{
    struct hits *hits = user;
    char text[ADDR_TEXT_MAX + 1] = "!";

    if (strcmp(jail, hits->jail) == 0)
        see(&hits->seen, text, addr_format(net, text + 1) + 1);
    return 0;
}

static int see_session(void *user, struct slice key, const struct session *s, bool forgotten)
{
    assert_false(forgotten);
    assert_true(s->last > 0);
    see(user, key.p, key.n);
    return 0;
}

static void assert_bans(struct ledger *l, const char *jail, usec_t now, const char *expected)
{
    struct seen seen = {0};

    assert_int_equal(ledger_bans(l, jail, now, 0, see_ban, &seen), 0);
    assert_string_equal(seen.text, expected);
}

static void assert_hits(struct ledger *l, const char *jail, usec_t since, const char *expected)
{
    struct hits hits = {.jail = jail, .since = since};

    assert_int_equal(ledger_hits(l, since, see_hit, see_pardon, &hits), 0);
    assert_string_equal(hits.seen.text, expected);
}

static void assert_evidence(struct ledger *l, int64_t ban, const char *net, const char *expected)
{
    struct seen seen = {0};
    struct addr addr = net_of(net);

    assert_int_equal(ledger_evidence(l, ban, &addr, 100, see_evidence, &seen), 0);
    assert_string_equal(seen.text, expected);
}

static int64_t count_rows(struct ledger *l, const char *table)
{
    char sql[64];
    sqlite3_stmt *s;
    int64_t n;

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
    assert_int_equal(sqlite3_prepare_v2(l->db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

// Bans as the file has them.
static size_t count_bans(struct ledger *l)
{
    sqlite3_stmt *s = NULL;
    size_t n = 0;

    assert_int_equal(sqlite3_prepare_v2(l->db, "SELECT page, facts FROM bans", -1, &s, NULL), 0);
    while (sqlite3_step(s) == SQLITE_ROW) {
        const struct slice bytes = {sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1)};
        struct page_reader reader;
        struct roll_ban b;
        page_open(&reader, sqlite3_column_int64(s, 0), bytes);
        while (page_next(&reader, &b) == 1)
            n++;
    }
    sqlite3_finalize(s);
    return n;
}

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

static void test_hits_since(void **state)
{
    static const struct {
        unsigned since;
        const char *hosts;
    } rows[] = {
        {0, "192.0.2.1 192.0.2.2 2001:db8::/64 192.0.2.3"},
        {10, "192.0.2.2 2001:db8::/64 192.0.2.3"},
        {20, "2001:db8::/64"},
        {30, ""},
    };
    struct ledger *l = open_at(":memory:");

    (void)state;
    assert_int_equal(add_hit(l, "auth", "192.0.2.1", SECONDS(10), "x"), 0);
    assert_int_equal(add_hit(l, "auth", "192.0.2.2", SECONDS(20), "x"), 0);
    assert_int_equal(add_hit(l, "other", "192.0.2.9", SECONDS(25), "x"), 0);
    assert_int_equal(add_hit(l, "auth", "2001:db8::1", SECONDS(30), "x"), 0);
    assert_int_equal(add_hit(l, "auth", "192.0.2.3", SECONDS(15), "x"), 0);
    // A claimed hit still counts for the blocks around its host.
    assert_int_equal(add_ban(l, "auth", "192.0.2.2", SECONDS(20), USEC_FOREVER, NULL), 0);
    for (size_t i = 0; i < LENGTH_OF(rows); i++)
        assert_hits(l, "auth", SECONDS(rows[i].since), rows[i].hosts);
    ledger_close(l);
}

static int see_hit_until(void *user, const char *jail, const struct hit *hit, const char *source)
{
    (void)jail;
    (void)source;
    *(usec_t *)user = hit->until;
    return 0;
}

// A hit comes back with the end of the ban that it led to, whose clock may be ahead of its own.
static void test_until_of_a_hit(void **state)
{
    static const struct {
        usec_t time, since, until, expected;
    } rows[] = {
        {SECONDS(10), SECONDS(10), SECONDS(70), SECONDS(70)},
        {SECONDS(10), SECONDS(5), SECONDS(70), SECONDS(70)},
        {SECONDS(10), SECONDS(7210), SECONDS(7270), SECONDS(70)},
        {SECONDS(80), SECONDS(10), SECONDS(70), 0},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct ledger *l = open_at(":memory:");
        struct hit hit = {
            .addr = net_of("192.0.2.1"), .time = rows[i].time, .count = 5, .banned = 32};
        usec_t until = 1;
        hit.host = hit.addr;
        assert_int_equal(ledger_hit(l, "auth", &hit, "/var/log/mail.log"), 0);
        assert_int_equal(add_ban(l, "auth", "192.0.2.1", rows[i].since, rows[i].until, NULL), 0);
        assert_int_equal(add_ban(l, "other", "192.0.2.1", SECONDS(10), SECONDS(99), NULL), 0);
        assert_int_equal(ledger_hits(l, 0, see_hit_until, see_pardon, &until), 0);
        assert_int_equal(until, rows[i].expected);
        ledger_close(l);
    }
}

static void test_resume(void **state)
{
    const struct position given = {UINT64_MAX, 77, 1 << 30, UINT64_MAX - 5, 4096, SECONDS(9)};
    struct session one = {.last = SECONDS(1),
                          .host = net_of("192.0.2.1"),
                          .has_host = true,
                          .pending = 2,
                          .counted = 3,
                          .user = "bob"},
                   two = {.last = SECONDS(2), .several_users = true};
    struct ledger *l = open_at(":memory:");
    struct position got;
    struct seen seen = {0}, rest = {0};

    (void)state;
    assert_int_equal(ledger_knows_logpath(l, "/var/log/*.log"), 0);
    assert_int_equal(ledger_logpath(l, "/var/log/*.log"), 0);
    assert_int_equal(ledger_logpath(l, "/var/log/*.log"), 0);
    assert_int_equal(ledger_knows_logpath(l, "/var/log/*.log"), 1);
    assert_int_equal(ledger_knows_logpath(l, "/var/log"), 0);
    assert_int_equal(ledger_position_of(l, "/var/log/mail.log", &got), -ENOENT);
    assert_int_equal(ledger_position(l, "/var/log/mail.log", &(struct position){0}), 0);
    assert_int_equal(ledger_position(l, "/var/log/mail.log", &given), 0);
    assert_int_equal(ledger_position_of(l, "/var/log/mail.log", &got), 0);
    assert_true(got.device == given.device && got.inode == given.inode &&
                got.offset == given.offset && got.head_hash == given.head_hash &&
                got.head_length == given.head_length && got.since == given.since);
    assert_int_equal(ledger_session(l, "auth", slice_of("b"), &one, false), 0);
    assert_int_equal(ledger_sessions(l, "other", see_session, &seen), 0);
    one.last = SECONDS(3);
    assert_int_equal(ledger_session(l, "auth", slice_of("b"), &one, false), 0);
    assert_int_equal(ledger_session(l, "auth", (struct slice){"a\0c", 3}, &two, false), 0);
    assert_int_equal(ledger_session(l, "other", slice_of("d"), &two, false), 0);
    assert_int_equal(ledger_sessions(l, "auth", see_session, &seen), 0);
    assert_int_equal(seen.n, 2);
    assert_string_equal(seen.text, "a b"); // the oldest first; "%.*s" ends at the NUL
    assert_int_equal(ledger_session(l, "auth", (struct slice){"a\0c", 3}, &two, true), 0);
    assert_int_equal(ledger_sessions(l, "auth", see_session, &rest), 0);
    assert_string_equal(rest.text, "b");
    ledger_close(l);
}

struct told_in_order {
    usec_t last;
    size_t n;
};

static int count_session(void *user, struct slice key, const struct session *s, bool forgotten)
{
    struct told_in_order *seen = user;

    assert_true(!forgotten && key.n > 0 && s->last >= seen->last);
    seen->last = s->last;
    seen->n++;
    return 0;
}

// More than there are buckets, told in any order, and gone again.
static void test_buckets(void **state)
{
    enum { N = 1000 };
    struct ledger *l = open_at(":memory:");
    struct told_in_order seen = {0};

    (void)state;
    for (int gone = 0; gone < 2; gone++) {
        for (unsigned i = 0; i < N; i++) {
            char key[16];
            const struct session s = {.last = SECONDS(i * 7919 % N)};
            snprintf(key, sizeof(key), "%u", i);
            assert_int_equal(ledger_session(l, "auth", slice_of(key), &s, gone), 0);
        }
        assert_int_equal(ledger_session(l, "other", slice_of("1"), &(struct session){0}, false), 0);
        seen.last = seen.n = 0;
        assert_int_equal(ledger_sessions(l, "auth", count_session, &seen), 0);
        assert_int_equal(seen.n, gone ? 0 : N);
        assert_int_equal(count_rows(l, "sessions"), gone ? 1 : SESSION_BUCKETS + 1);
    }
    // What is taken back is not told.
    assert_int_equal(ledger_begin(l), 0);
    assert_int_equal(ledger_session(l, "auth", slice_of("1"), &(struct session){0}, false), 0);
    ledger_rollback(l);
    seen.last = seen.n = 0;
    assert_int_equal(ledger_sessions(l, "auth", count_session, &seen), 0);
    assert_int_equal(seen.n, 0);
    ledger_close(l);
}

static int take_session(void *user, struct slice key, const struct session *s, bool forgotten)
{
    (void)forgotten;
    assert_true(slice_is(key, "b"));
    *(struct session *)user = *s;
    return 0;
}

// All that a session has told, but for what need not be kept.
static void test_sessions(void **state)
{
    static const char *const damages[] = {
        "UPDATE sessions SET facts = substr(facts, 2)",
        "UPDATE sessions SET facts = substr(facts, 1, 2)",
        "UPDATE sessions SET facts = substr(facts, 1, length(facts) - 1)",
        "UPDATE sessions SET facts = facts || x'00'",
        "UPDATE sessions SET facts = x''",
        "UPDATE sessions SET facts = x'01' || zeroblob(2) || x'ff' || zeroblob(500)",
        "UPDATE sessions SET facts = x'01' || zeroblob(3) || x'ff' || zeroblob(500)",
        "UPDATE sessions SET facts = x'0100ff' || zeroblob(500)",
        "UPDATE sessions SET facts = x'01ff' || zeroblob(500)",
        // A host that is none, and a user with a NUL.
        "UPDATE sessions SET facts = x'0101' || zeroblob(40) || x'81'",
        "UPDATE sessions SET facts = x'0100000001' || zeroblob(22)",
    };
    static const struct session rows[] = {
        {.last = SECONDS(1)},
        {.last = SECONDS(2), .host = {{1}, 128}, .has_host = true, .pending = 2, .counted = 3},
        {.last = SECONDS(3), .user = "bob", .several_users = true},
        {.last = SECONDS(4), .helo = "ylmf-pc", .is_claim = true, .exchange = EXCHANGE_NAME},
        {.last = SECONDS(5), .helo = "\xff\"'", .exchange = EXCHANGE_REPLY, .mark = UINT32_MAX},
        {.last = SECONDS(6)},
    };
    struct ledger *l = open_at(":memory:");

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct session got;
        memset(&got, 0xff, sizeof(got));
        assert_int_equal(ledger_session(l, "auth", slice_of("b"), &rows[i], false), 0);
        assert_int_equal(ledger_sessions(l, "auth", take_session, &got), 0);
        assert_memory_equal(&got, &rows[i], sizeof(got));
    }
    for (size_t i = 0; i < LENGTH_OF(damages); i++) {
        struct session got;
        assert_int_equal(ledger_session(l, "auth", slice_of("b"), &rows[2], false), 0);
        assert_int_equal(ledger_sessions(l, "auth", take_session, &got), 0);
        assert_int_equal(sqlite3_exec(l->db, damages[i], NULL, NULL, NULL), 0);
        assert_int_equal(ledger_sessions(l, "auth", take_session, &got), -EUCLEAN);
    }
    ledger_close(l);
}

struct tries {
    struct repeats_host host[4];
    size_t n;
};

static int take_try(void *user, const struct repeats_host *h)
{
    struct tries *t = user;

    assert_true(t->n < LENGTH_OF(t->host));
    t->host[t->n++] = *h;
    return 0;
}

static int refuse_try(void *user, const struct repeats_host *h)
{
    (void)user;
    (void)h;
    return -EIO;
}

// Given back once, the newest last; a slot has one host.
static void test_repeats(void **state)
{
    static const struct repeats_host hosts[] = {
        {.host = {{1}, 128}, .slot = 3, .last = SECONDS(9)},
        {.host = {{2}, 128}, .slot = 0, .last = SECONDS(5), .at = {{7, 5, 4, 1, 1}, {8, 3}}},
        {.host = {{3}, 128}, .slot = 1, .last = SECONDS(4)},
        {.host = {{4}, 128}, .slot = 3, .last = SECONDS(6), .at = {[7] = {9, 6, 6, 100, 200}}},
    };
    struct ledger *l = open_at(":memory:");
    struct tries auth = {.n = 0}, other = {.n = 0}, again = {.n = 0};

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(hosts); i++)
        assert_int_equal(ledger_repeat(l, "auth", &hosts[i]), 0);
    assert_int_equal(ledger_repeat(l, "other", &hosts[0]), 0);
    assert_int_equal(ledger_repeats(l, "auth", 0, refuse_try, NULL), -EIO);
    assert_int_equal(ledger_repeats(l, "auth", SECONDS(5), take_try, &auth), 0);
    assert_int_equal(auth.n, 2);
    assert_memory_equal(&auth.host[0].host, &hosts[1].host, sizeof(hosts[1].host));
    assert_memory_equal(auth.host[0].at, hosts[1].at, sizeof(hosts[1].at));
    assert_memory_equal(&auth.host[1].host, &hosts[3].host, sizeof(hosts[3].host));
    assert_memory_equal(auth.host[1].at, hosts[3].at, sizeof(hosts[3].at));
    assert_int_equal(auth.host[1].last, SECONDS(6));
    assert_int_equal(ledger_repeats(l, "auth", 0, take_try, &again), 0);
    assert_int_equal(again.n, 0);
    assert_int_equal(sqlite3_exec(l->db, "UPDATE repeat SET marks = x'00'", NULL, NULL, NULL), 0);
    assert_int_equal(ledger_repeats(l, "other", 0, take_try, &other), -EUCLEAN);
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

static void test_second_is_refused(void **state)
{
    struct place place;
    struct ledger *l, *second = NULL;

    (void)state;
    place_make(&place);
    l = open_at(place.path);
    assert_int_equal(ledger_open(place.path, &second), -EBUSY);
    assert_null(second);
    assert_int_equal(add_hit(l, "auth", "192.0.2.1", SECONDS(1), "line"), 0);
    ledger_close(l);
    place_remove(&place);
}

// kill -9 in mid-transaction: the process is gone without a word to SQLite.
static void test_crash(void **state)
{
    struct place place;
    struct ledger *l;
    struct position position;
    int status;
    pid_t pid;

    (void)state;
    place_make(&place);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int r = ledger_open(place.path, &l);
        r = r < 0 ? r : ledger_begin(l);
        r = r < 0 ? r : add_hit(l, "auth", "192.0.2.1", SECONDS(1), "kept");
        r = r < 0 ? r : ledger_position(l, "log", &(struct position){.offset = 100});
        r = r < 0 ? r : ledger_commit(l);
        r = r < 0 ? r : ledger_begin(l);
        r = r < 0 ? r : add_many(l, "late", "192.0.2.2", 9000); // more than is held back
        r = r < 0 ? r : ledger_position(l, "log", &(struct position){.offset = 200});
        _exit(r == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    l = open_at(place.path);
    assert_hits(l, "auth", 0, "192.0.2.1");
    assert_hits(l, "late", 0, "");
    assert_int_equal(ledger_position_of(l, "log", &position), 0);
    assert_int_equal(position.offset, 100);
    ledger_close(l);
    place_remove(&place);
}

static void test_bookmarks(void **state)
{
    static const struct {
        const char *journal, *matches, *cursor;
        usec_t time;
    } put[] =
        {
            {"", "_COMM=smtpd", "", SECONDS(1)},
            {"", "_COMM=smtpd", "s=1;i=2", SECONDS(5)},
            {"", "_COMM=dovecot", "s=1;i=1", SECONDS(3)},
            {"/dir", "_COMM=dovecot", "s=9;i=9", SECONDS(9)},
        },
      got[] = {
          {"", "_COMM=smtpd", "s=1;i=2", SECONDS(5)},
          {"", "_COMM=dovecot", "s=1;i=1", SECONDS(3)},
          {"", NULL, "s=1;i=2", SECONDS(5)},
          {"/dir", NULL, "s=9;i=9", SECONDS(9)},
      };
    struct ledger *l = open_at(":memory:");
    struct bookmark b;

    (void)state;
    for (size_t i = 0; i < sizeof(put) / sizeof(put[0]); i++) {
        b = (struct bookmark){.time = put[i].time};
        strcpy(b.cursor, put[i].cursor);
        assert_int_equal(ledger_bookmark(l, put[i].journal, put[i].matches, &b), 0);
    }
    for (size_t i = 0; i < sizeof(got) / sizeof(got[0]); i++) {
        assert_int_equal(ledger_bookmark_of(l, got[i].journal, got[i].matches, &b), 0);
        assert_string_equal(b.cursor, got[i].cursor);
        assert_int_equal(b.time, got[i].time);
    }
    assert_int_equal(ledger_bookmark_of(l, "/dir", "_COMM=smtpd", &b), -ENOENT);
    assert_int_equal(ledger_bookmark_of(l, "/other", NULL, &b), -ENOENT);
    ledger_close(l);
}

static void write_file(const char *path, off_t at, const char *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, n, at), n);
    close(fd);
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static size_t read_file(const char *path, char ret[static FILE_SIZE])
{
    cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, ret, FILE_SIZE);

    assert_in_range(n, 1, FILE_SIZE - 1);
    return (size_t)n;
}

// What is wrong with the file, and what opening it says. Nothing is written over.
static void test_wrong_files(void **state)
{
    static const char text[] = "203.0.113.7 banned by hand; this is no database at all, not even "
                               "one that is damaged, and it must still be here afterwards\n";
    static const struct {
        bool ours; // begin with a good ledger
        const char *sql, *bytes;
        int error;
    } rows[] = {
        {false, NULL, text, -EUCLEAN},
        {false, "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)", NULL, -EUCLEAN},
        {true, "PRAGMA application_id = 1", NULL, -EUCLEAN},
        {true, "PRAGMA user_version = 99", NULL, -ENOTSUP},
        {true, NULL, text, -EUCLEAN},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct place place;
        struct ledger *l = NULL;
        static char before[FILE_SIZE], after[FILE_SIZE];
        size_t n;

        place_make(&place);
        if (rows[i].ours)
            ledger_close(open_at(place.path));
        if (rows[i].sql)
            run_sql(place.path, rows[i].sql);
        if (rows[i].bytes)
            write_file(place.path, 0, text, sizeof(text));
        n = read_file(place.path, before);
        assert_int_equal(ledger_open(place.path, &l), rows[i].error);
        assert_null(l);
        assert_int_equal(read_file(place.path, after), n);
        assert_memory_equal(after, before, n);
        place_remove(&place);
    }
}

static void write_junk(const char *path, off_t from, off_t to)
{
    char junk[4096];

    memset(junk, 0x5a, sizeof(junk));
    for (off_t page = from; page < to; page++)
        write_file(path, page * (off_t)sizeof(junk), junk, sizeof(junk));
}

// Which page a table begins on.
static off_t root_of(const char *path, const char *table)
{
    char sql[96];
    struct ledger *l = open_at(path);
    sqlite3_stmt *s;
    off_t page;

    snprintf(sql, sizeof(sql), "SELECT rootpage - 1 FROM sqlite_schema WHERE name = '%s'", table);
    assert_int_equal(sqlite3_prepare_v2(l->db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    page = (off_t)sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    ledger_close(l);
    return page;
}

// What all depends on is looked at when the ledger is opened.
static void test_damage_inside(void **state)
{
    static const char *const tables[] = {"bans", "segment", "position", "sessions", "bookmark"};
    struct place place;
    struct ledger *l;

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(tables); i++) {
        off_t page;
        place_make(&place);
        l = open_at(place.path);
        assert_int_equal(ledger_begin(l), 0);
        assert_int_equal(add_hit(l, "auth", "192.0.2.2", SECONDS(1), "x"), 0);
        assert_int_equal(add_ban(l, "auth", "192.0.2.2", SECONDS(1), SECONDS(9), NULL), 0);
        assert_int_equal(ledger_commit(l), 0);
        ledger_close(l);
        page = root_of(place.path, tables[i]);
        write_junk(place.path, page, page + 1);
        l = NULL;
        assert_int_equal(ledger_open(place.path, &l), -EUCLEAN);
        assert_null(l);
        place_remove(&place);
    }
}

static int count_hit(void *user, const char *jail, const struct hit *hit, const char *source)
{
    (void)jail;
    (void)hit;
    (void)source;
    ++*(unsigned *)user;
    return 0;
}

// Of hits that are damaged the others stay.
static void test_damaged_segment(void **state)
{
    static const struct {
        const char *sql;
        unsigned least, most; // hits that are left of 5000
    } rows[] = {
        {"DELETE FROM content WHERE first = (SELECT min(first) FROM segment)", 4000, 4500},
        {"UPDATE content SET heads = substr(heads, 1, 1000) WHERE first = 1", 4000, 5000},
        {"UPDATE content SET heads = substr(heads, 2) WHERE first = 1", 4000, 5000},
        {"UPDATE content SET heads = zeroblob(50000) WHERE first = 1", 4000, 5000},
        {"UPDATE content SET heads = x'ffffffffffffffffffffffffff' WHERE first = 1", 4000, 4500},
        {"UPDATE content SET texts = x'' WHERE first = 1", 4000, 4500},
        {"UPDATE segment SET sieve = x'00'", 5000, 5000},
        {"UPDATE segment SET sieve = x''", 5000, 5000},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct ledger *l = open_at(":memory:");
        struct seen seen = {0};
        struct addr net = net_of("192.0.2.2");
        unsigned hits = 0;
        assert_int_equal(ledger_begin(l), 0);
        assert_int_equal(add_many(l, "auth", "192.0.2.2", 5000), 0);
        assert_int_equal(ledger_commit(l), 0);
        assert_int_equal(sqlite3_exec(l->db, rows[i].sql, NULL, NULL, NULL), SQLITE_OK);
        assert_int_equal(ledger_hits(l, 0, count_hit, see_pardon, &hits), 0);
        assert_in_range(hits, rows[i].least, rows[i].most);
        assert_true((ledger_damaged(l) > 0) == (hits < 5000));
        assert_int_equal(ledger_evidence(l, 0, &net, 5, see_evidence, &seen), 0);
        assert_int_equal(seen.n, 5);
        ledger_close(l);
    }
}

static void test_unreachable(void **state)
{
    static const struct {
        const char *path;
        int error;
    } rows[] = {
        {"/nowhere/at/all/ledger.db", -ENOENT},
        {"/tmp", -EISDIR},
        {"/proc/version/ledger.db", -ENOTDIR},
    };

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct ledger *l = NULL;
        assert_int_equal(ledger_open(rows[i].path, &l), rows[i].error);
        assert_null(l);
    }
}

// A limit on the size of files stands for a disk that is full.
static void test_full_disk(void **state)
{
    struct place place;
    struct ledger *l;
    struct rlimit before, limit;
    int r = 0;

    (void)state;
    place_make(&place);
    l = open_at(place.path);
    add_apart(l, "192.0.2.1", SECONDS(1), "kept");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = (struct rlimit){256 * 1024, before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(ledger_begin(l), 0);
    add_many(l, "late", "192.0.2.2", 9000);
    r = ledger_commit(l);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(r, -EIO);
    assert_string_not_equal(ledger_error(l), "");
    // Once there is room again all goes on.
    assert_hits(l, "late", 0, "");
    assert_int_equal(ledger_begin(l), 0);
    assert_int_equal(add_hit(l, "late", "192.0.2.3", SECONDS(3), "again"), 0);
    assert_int_equal(ledger_commit(l), 0);
    assert_hits(l, "auth", 0, "192.0.2.1");
    assert_hits(l, "late", 0, "192.0.2.3");
    ledger_close(l);
    place_remove(&place);
}

// Hits are lost, bans are not.
static void test_failed_write_spoils(void **state)
{
    const struct position position = {0};
    struct ledger *l = open_at(":memory:");

    (void)state;
    assert_int_equal(ledger_begin(l), 0);
    assert_int_equal(add_hit(l, "auth", "192.0.2.1", SECONDS(1), "x"), 0);
    assert_int_equal(add_ban(l, "auth", "192.0.2.1", SECONDS(1), SECONDS(9), NULL), 0);
    assert_int_equal(sqlite3_exec(l->db, "PRAGMA query_only = ON", NULL, NULL, NULL), 0);
    assert_int_equal(ledger_position(l, "log", &position), -EROFS);
    assert_int_equal(sqlite3_exec(l->db, "PRAGMA query_only = OFF", NULL, NULL, NULL), 0);
    assert_int_equal(add_hit(l, "auth", "192.0.2.2", SECONDS(1), "x"), -EIO);
    assert_int_equal(ledger_commit(l), -EIO);
    assert_hits(l, "auth", 0, "");
    assert_bans(l, "auth", SECONDS(2), "192.0.2.1");
    assert_int_equal(ledger_begin(l), 0);
    assert_int_equal(add_hit(l, "auth", "192.0.2.3", SECONDS(1), "x"), 0);
    assert_int_equal(ledger_commit(l), 0);
    assert_hits(l, "auth", 0, "192.0.2.3");
    assert_int_equal(count_bans(l), 1);
    ledger_close(l);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_evidence_limit),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_said),
        cmocka_unit_test(test_lines_of_a_name),
        cmocka_unit_test(test_bans),
        cmocka_unit_test(test_ban_is_kept_whole),
        cmocka_unit_test(test_about),
        cmocka_unit_test(test_hits_since),
        cmocka_unit_test(test_until_of_a_hit),
        cmocka_unit_test(test_resume),
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_bookmarks),
        cmocka_unit_test(test_reopen),
        cmocka_unit_test(test_second_is_refused),
        cmocka_unit_test(test_crash),
        cmocka_unit_test(test_wrong_files),
        cmocka_unit_test(test_damage_inside),
        cmocka_unit_test(test_damaged_segment),
        cmocka_unit_test(test_unreachable),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_failed_write_spoils),
        cmocka_unit_test(test_prune),
        cmocka_unit_test(test_ban_capacity),
        cmocka_unit_test(test_hit_capacity),
        cmocka_unit_test(test_stopping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
