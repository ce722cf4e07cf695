// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger-kit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

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
        assert_int_equal(ledger_hits(l, 0, USEC_FOREVER, see_hit_until, see_pardon, &until), 0);
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
    const struct session secret = {.last = SECONDS(7), .user = "Hunter2!"};
    struct session nameless;
    struct ledger *l = open_at(":memory:");

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct session got;
        memset(&got, 0xff, sizeof(got));
        assert_int_equal(ledger_session(l, "auth", slice_of("b"), &rows[i], false), 0);
        assert_int_equal(ledger_sessions(l, "auth", take_session, &got), 0);
        assert_memory_equal(&got, &rows[i], sizeof(got));
    }
    // What may be a password is not kept.
    assert_int_equal(ledger_session(l, "auth", slice_of("b"), &secret, false), 0);
    assert_int_equal(ledger_sessions(l, "auth", take_session, &nameless), 0);
    assert_string_equal(nameless.user, "");
    for (size_t i = 0; i < LENGTH_OF(damages); i++) {
        struct session got;
        assert_int_equal(ledger_session(l, "auth", slice_of("b"), &rows[2], false), 0);
        assert_int_equal(ledger_sessions(l, "auth", take_session, &got), 0);
        assert_int_equal(sqlite3_exec(l->db, damages[i], NULL, NULL, NULL), 0);
        assert_int_equal(ledger_sessions(l, "auth", take_session, &got), 0);
        // It is said once: the row is gone.
        assert_int_equal(ledger_sessions(l, "auth", take_session, &got), 0);
        assert_int_equal(ledger_damaged(l), i + 1);
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
    assert_int_equal(ledger_repeats(l, "other", 0, take_try, &other), 0);
    assert_int_equal(other.n, 0);
    assert_int_equal(ledger_damaged(l), 1);
    ledger_close(l);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hits_since), cmocka_unit_test(test_until_of_a_hit),
        cmocka_unit_test(test_resume),     cmocka_unit_test(test_buckets),
        cmocka_unit_test(test_sessions),   cmocka_unit_test(test_repeats),
        cmocka_unit_test(test_crash),      cmocka_unit_test(test_bookmarks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
