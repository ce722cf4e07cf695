// SPDX-License-Identifier: GPL-2.0-or-later
// Whatever is damaged in a ledger's file, a ledger comes of it, with no ban that was not there.
#include "ledger-kit.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <string.h>

#include "random.h"

enum { BANS = 2000, ROUNDS = 30, FILE_PAGE = 4096 };

#define NOW (UINT64_C(1792000000) * USEC_PER_SEC)

static void fill(struct ledger *l)
{
    sqlite3_exec(l->db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    assert_int_equal(ledger_begin(l), 0);
    assert_int_equal(add_many(l, "auth", "192.0.2.1", 3000), 0);
    for (unsigned i = 0; i < BANS; i++) {
        char net[32];
        snprintf(net, sizeof(net), "10.0.%u.%u", i >> 8, i & 255);
        assert_int_equal(add_ban(l, i % 2 ? "auth" : "smtp", net, SECONDS(1), USEC_FOREVER, NULL),
                         0);
    }
    assert_int_equal(ledger_commit(l), 0);
}

static int find_ban(void *user, const struct ban *ban)
{
    unsigned i = (unsigned)ban->net.b[14] << 8 | ban->net.b[15];

    assert_int_equal(ban->net.b[12], 10);
    assert_in_range(i, 0, BANS - 1);
    assert_int_equal(ban->until, USEC_FOREVER);
    ++*(unsigned *)user;
    return 0;
}

static unsigned count_found(struct ledger *l)
{
    unsigned n = 0;

    assert_int_equal(ledger_bans(l, NULL, SECONDS(2), 0, find_ban, &n), 0);
    return n;
}

static off_t size_of(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t n = lseek(fd, 0, SEEK_END);

    assert_true(fd >= 0 && n > 0);
    close(fd);
    return n;
}

static void write_at(const char *path, off_t at, const void *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, n, at), n);
    close(fd);
}

// Junk, zeros, or a few other bytes.
static void damage(const char *path, unsigned way, uint64_t *state)
{
    uint8_t junk[FILE_PAGE] = {0};
    off_t at = random_below(state, (uint32_t)(size_of(path) / FILE_PAGE)) * (off_t)FILE_PAGE;

    for (size_t i = 0; i < sizeof(junk) && way != 1; i++)
        junk[i] = (uint8_t)random_below(state, 256);
    if (way == 2)
        write_at(path, at + random_below(state, FILE_PAGE - 4), junk, 4);
    else
        write_at(path, at, junk, sizeof(junk));
}

static void remove_all(const struct place *p)
{
    char pattern[128];
    glob_t found;

    snprintf(pattern, sizeof(pattern), "%s/*", p->folder);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++)
        assert_int_equal(unlink(found.gl_pathv[i]), 0);
    globfree(&found);
}

// 0: opened; 1: after it was salvaged.
static int open_damaged(const char *path, struct ledger **ret)
{
    char aside[PATH_MAX];
    uint64_t rows;
    int r = ledger_open(path, ret);

    if (r == 0)
        return 0;
    // What is said to be of another version is left alone.
    assert_true(r == -EUCLEAN || r == -ENOTSUP);
    assert_int_equal(ledger_salvage(path, NOW, aside, &rows), 0);
    assert_int_equal(ledger_open(path, ret), 0);
    return 1;
}

static void test_any_page(void **state)
{
    struct place place;
    uint64_t seed = 11;
    unsigned salvaged = 0, most = 0;

    (void)state;
    place_make(&place);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct ledger *l = open_at(place.path);
        unsigned found;
        fill(l);
        ledger_close(l);
        damage(place.path, i % 3, &seed);
        salvaged += (unsigned)open_damaged(place.path, &l);
        found = count_found(l);
        // What is a page of the file is some pages of bans, unless all begins there.
        most += found >= BANS - 4 * PAGE_BANS;
        assert_int_equal(ledger_begin(l), 0);
        assert_int_equal(add_ban(l, "auth", "10.0.7.207", SECONDS(1), USEC_FOREVER, NULL) < 0, 0);
        assert_int_equal(ledger_commit(l), 0);
        ledger_close(l);
        remove_all(&place);
    }
    assert_in_range(salvaged, ROUNDS / 10, ROUNDS);
    assert_in_range(most, ROUNDS * 8 / 10, ROUNDS);
    place_remove(&place);
}

// What stands before the end holds, wherever that is, within a page as well.
static void test_cut_short(void **state)
{
    struct place place;
    unsigned before = 0, rounds = 8;

    (void)state;
    place_make(&place);
    for (unsigned i = 1; i <= rounds; i++) {
        struct ledger *l = open_at(place.path);
        unsigned found;
        fill(l);
        ledger_close(l);
        assert_int_equal(truncate(place.path, size_of(place.path) * i / rounds - i % 2), 0);
        open_damaged(place.path, &l);
        found = count_found(l);
        // The last eighth is some hits and some pages of bans.
        assert_in_range(found, i + 1 < rounds ? before : BANS / 2, BANS);
        before = found;
        ledger_close(l);
        remove_all(&place);
    }
    assert_int_equal(before, BANS);
    place_remove(&place);
}

static void junk_in(const char *path, off_t page, uint64_t *state)
{
    uint8_t junk[FILE_PAGE];

    for (size_t i = 0; i < sizeof(junk); i++)
        junk[i] = (uint8_t)random_below(state, 256);
    write_at(path, page * FILE_PAGE, junk, sizeof(junk));
}

static int read_number(void *user, int n, char **values, char **names)
{
    (void)n;
    (void)names;
    *(unsigned *)user = (unsigned)strtoul(values[0], NULL, 10);
    return 0;
}

static unsigned ask(struct ledger *l, const char *sql)
{
    unsigned n = 0;

    assert_int_equal(sqlite3_exec(l->db, sql, read_number, &n, NULL), SQLITE_OK);
    return n;
}

// No line is counted twice as nobody knows that it was read, nor is one lost with its ban.
static void test_read_and_counted(void **state)
{
    static const struct {
        const char *damaged;
        bool again, bans;
    } rows[] = {
        {"position", true, true}, {"bookmark", true, true}, {"segment", true, true},
        {"bans", true, false},    {"name", true, true},     {"peer", false, true},
    };
    struct place place;
    uint64_t seed = 5;

    (void)state;
    place_make(&place);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ledger *l = open_at(place.path);
        char sql[128];
        unsigned root;
        fill(l);
        ask(l, "INSERT INTO position VALUES ('/var/log/mail.log', 1, 2, 3, 4, 5, 6);"
               "INSERT INTO logpath VALUES ('/var/log/*.log');"
               "INSERT INTO peer VALUES (x'00', 128, 1, 0, 0);");
        snprintf(sql, sizeof(sql), "SELECT rootpage FROM sqlite_master WHERE name = '%s'",
                 rows[i].damaged);
        root = ask(l, sql);
        ledger_close(l);
        junk_in(place.path, (off_t)root - 1, &seed);
        assert_int_equal(open_damaged(place.path, &l), 1);
        if (ask(l, "SELECT count(*) FROM position") == rows[i].again ||
            ask(l, "SELECT count(*) FROM logpath") == rows[i].again ||
            (ask(l, "SELECT count(*) FROM content") > 0) == rows[i].again ||
            (ask(l, "SELECT count(*) FROM bans") > 0) != rows[i].bans)
            fail_msg("%s damaged: not as expected", rows[i].damaged);
        ledger_close(l);
        remove_all(&place);
    }
    place_remove(&place);
}

// Where the list of free pages begins.
static off_t first_free(const char *path)
{
    uint8_t number[4];
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    assert_int_equal(pread(fd, number, sizeof(number), 32), sizeof(number));
    close(fd);
    assert_true(number[2] | number[3]);
    return (number[2] << 8 | number[3]) - 1;
}

// Damage in the midst of work, where nobody looks when it is opened: it is salvaged next time.
static void test_shown_later(void **state)
{
    struct place place;
    struct ledger *l;
    char suspect[128];
    uint64_t seed = 3;
    int r = 0;

    (void)state;
    place_make(&place);
    snprintf(suspect, sizeof(suspect), "%s" LEDGER_SUSPECT, place.path);
    l = open_at(place.path);
    fill(l);
    // A hole of it that the next one would be put into.
    assert_int_equal(
        sqlite3_exec(l->db, "DELETE FROM content WHERE first < 2000", NULL, NULL, NULL), SQLITE_OK);
    ledger_close(l);
    junk_in(place.path, first_free(place.path), &seed);
    l = open_at(place.path);
    for (unsigned i = 0; i < 9 && r == 0; i++) {
        assert_int_equal(ledger_begin(l), 0);
        add_many(l, "auth", "192.0.2.1", 2000);
        r = ledger_commit(l);
    }
    assert_true(r < 0);
    assert_int_equal(access(suspect, F_OK), 0);
    ledger_close(l);
    assert_int_equal(open_damaged(place.path, &l), 1);
    assert_int_equal(access(suspect, F_OK), -1);
    assert_int_equal(count_found(l), BANS);
    assert_int_equal(ledger_begin(l), 0);
    assert_int_equal(add_many(l, "auth", "192.0.2.1", 2000), 0);
    assert_int_equal(ledger_commit(l), 0);
    ledger_close(l);
    remove_all(&place);
    place_remove(&place);
}

// To its last byte, and what SQLite has beside it; until there are enough.
static void test_kept_aside(void **state)
{
    static const char junk[] = "no ledger, but somebody may know what it was";
    struct place place;
    char aside[PATH_MAX], wal[128], expected[PATH_MAX + 8], read[sizeof(junk)] = "";
    uint64_t rows = 1;
    FILE *f;

    (void)state;
    place_make(&place);
    snprintf(wal, sizeof(wal), "%s-wal", place.path);
    for (unsigned i = 0; i <= LEDGER_ASIDE_MAX; i++) {
        write_at(place.path, 0, junk, sizeof(junk));
        write_at(wal, 0, junk, sizeof(junk));
        assert_int_equal(ledger_salvage(place.path, NOW + i * USEC_PER_SEC, aside, &rows),
                         i < LEDGER_ASIDE_MAX ? 0 : -EMFILE);
        assert_int_equal(rows, 0);
        assert_int_equal(access(wal, F_OK), i < LEDGER_ASIDE_MAX ? -1 : 0);
    }
    snprintf(expected, sizeof(expected), "%s.damaged-20261014-174642", place.path);
    assert_string_equal(aside, expected);
    snprintf(expected, sizeof(expected), "%s-wal", aside);
    f = fopen(expected, "re");
    assert_non_null(f);
    assert_int_equal(fread(read, 1, sizeof(read), f), sizeof(junk));
    assert_memory_equal(read, junk, sizeof(junk));
    fclose(f);
    remove_all(&place);
    place_remove(&place);
}

#define TABLES                                                                                     \
    "SELECT t.name, (SELECT count(*) FROM pragma_table_info(t.name)) FROM sqlite_schema t"         \
    " WHERE t.type = 'table'"

// A row in each, whatever it may say. Returns how many there are.
static unsigned fill_each_table(struct ledger *l)
{
    unsigned n = 0;
    char sql[256];
    sqlite3_stmt *s;

    assert_int_equal(sqlite3_prepare_v2(l->db, TABLES, -1, &s, NULL), SQLITE_OK);
    for (; sqlite3_step(s) == SQLITE_ROW; n++) {
        snprintf(sql, sizeof(sql), "INSERT INTO %s VALUES (1%.*s)", sqlite3_column_text(s, 0),
                 3 * (sqlite3_column_int(s, 1) - 1), ", 2, 3, 4, 5, 6, 7, 8, 9");
        assert_int_equal(sqlite3_exec(l->db, sql, NULL, NULL, NULL), SQLITE_OK);
    }
    sqlite3_finalize(s);
    return n;
}

// None is forgotten, whatever a ledger comes to have.
static void test_each_table(void **state)
{
    struct place place;
    struct ledger *l;
    char aside[PATH_MAX];
    uint64_t rows = 0;
    unsigned n;

    (void)state;
    place_make(&place);
    l = open_at(place.path);
    n = fill_each_table(l);
    ledger_close(l);
    assert_int_equal(ledger_salvage(place.path, NOW, aside, &rows), 0);
    assert_int_equal(rows, n);
    remove_all(&place);
    place_remove(&place);
}

// A name that is taken is nobody's to write over, and then nothing has changed.
static void test_taken_name(void **state)
{
    struct place place;
    char aside[PATH_MAX], taken[128], path[PATH_MAX];
    uint64_t rows;

    (void)state;
    place_make(&place);
    snprintf(taken, sizeof(taken), "%s.damaged-20261014-174640", place.path);
    snprintf(path, sizeof(path), "%s.new", place.path);
    write_at(place.path, 0, "junk", 4);
    write_at(taken, 0, "taken", 5);
    assert_int_equal(ledger_salvage(place.path, NOW, aside, &rows), -EEXIST);
    assert_int_equal(size_of(place.path), 4);
    assert_int_equal(size_of(taken), 5);
    assert_int_equal(access(path, F_OK), -1);
    remove_all(&place);
    place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_page),         cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_read_and_counted), cmocka_unit_test(test_shown_later),
        cmocka_unit_test(test_kept_aside),       cmocka_unit_test(test_each_table),
        cmocka_unit_test(test_taken_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
