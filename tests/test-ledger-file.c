// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger-kit.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FILE_SIZE = 1 << 18 };

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
        assert_int_equal(ledger_hits(l, 0, 0, count_hit, see_pardon, &hits), 0);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_second_is_refused),   cmocka_unit_test(test_wrong_files),
        cmocka_unit_test(test_damage_inside),       cmocka_unit_test(test_damaged_segment),
        cmocka_unit_test(test_unreachable),         cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_failed_write_spoils),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
