// SPDX-License-Identifier: GPL-2.0-or-later
// Ledgers of older versions.
#include "ledger/page.h"
#include "ledger/store.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define LENGTH_OF(a) (sizeof(a) / sizeof((a)[0]))
#define FOREVER      "9223372036854775807"

// Version 1, as it was.
static const char rows_schema[] =
    "CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
    "CREATE TABLE hit (id INTEGER PRIMARY KEY AUTOINCREMENT, jail INTEGER NOT NULL, host BLOB NOT "
    "NULL,"
    " host_len INTEGER NOT NULL, time INTEGER NOT NULL, count INTEGER NOT NULL,"
    " banned INTEGER NOT NULL, forgiven INTEGER NOT NULL DEFAULT 0,"
    " bans INTEGER NOT NULL DEFAULT 0, source INTEGER NOT NULL, addr BLOB NOT NULL,"
    " addr_len INTEGER NOT NULL, text BLOB NOT NULL);"
    "CREATE INDEX hit_host ON hit (jail, host, time);"
    "CREATE INDEX hit_time ON hit (bans > 0, time);"
    "CREATE TABLE ban (id INTEGER PRIMARY KEY, jail INTEGER NOT NULL, net BLOB NOT NULL,"
    " len INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,"
    " hits INTEGER NOT NULL, hosts INTEGER NOT NULL, need_hits INTEGER NOT NULL,"
    " need_hosts INTEGER NOT NULL, findtime INTEGER NOT NULL, reason INTEGER NOT NULL,"
    " lifted INTEGER NOT NULL DEFAULT 9223372036854775807);"
    "CREATE INDEX ban_net ON ban (net, len);"
    "CREATE INDEX ban_end ON ban (min(until, lifted));"

    "CREATE TABLE evidence (ban INTEGER NOT NULL, hit INTEGER NOT NULL, PRIMARY KEY (ban, hit))"
    " WITHOUT ROWID;"
    "CREATE TRIGGER evidence_added AFTER INSERT ON evidence BEGIN"
    " UPDATE hit SET bans = bans + 1 WHERE id = new.hit; END;"
    "CREATE TRIGGER evidence_gone AFTER DELETE ON evidence BEGIN"
    " UPDATE hit SET bans = bans - 1 WHERE id = old.hit; END;"
    "CREATE TRIGGER ban_gone AFTER DELETE ON ban BEGIN"
    " DELETE FROM evidence WHERE ban = old.id; END;"

    "CREATE TABLE session (jail INTEGER NOT NULL, key BLOB NOT NULL, last INTEGER NOT NULL,"
    " host BLOB, host_len INTEGER NOT NULL, pending INTEGER NOT NULL, counted INTEGER NOT NULL,"
    " user TEXT NOT NULL, several_users INTEGER NOT NULL, PRIMARY KEY (jail, key)) WITHOUT ROWID;"

    "CREATE TABLE position (path TEXT PRIMARY KEY, device INTEGER NOT NULL,"
    " inode INTEGER NOT NULL, offset INTEGER NOT NULL, head_hash INTEGER NOT NULL,"
    " head_length INTEGER NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE logpath (glob TEXT PRIMARY KEY) WITHOUT ROWID;"

    "CREATE TABLE bookmark (journal TEXT, matches TEXT, cursor TEXT NOT NULL,"
    " time INTEGER NOT NULL, PRIMARY KEY (journal, matches)) WITHOUT ROWID;"
    "PRAGMA application_id = 1952604526; PRAGMA user_version = 1;";

// 192.0.2.N, 192.0.2.0/24 and 2001:db8:0:N::/64 as the table has them.
#define V4(n) "x'00000000000000000000ffffc00002" n "'"
#define NET   V4("00")
#define V6(n) "x'20010db8000000" n "0000000000000000'"
#define HIT(id, jail, host, len, time, text, forgiven)                                             \
    "INSERT INTO hit (id, jail, host, host_len, time, count, banned, forgiven, source, addr,"      \
    " addr_len, text) VALUES (" id ", " jail ", " host ", " len ", " time ", 1, 0, " forgiven      \
    ", 3, " host ", " len ", '" text "');"
#define BAN(id, jail, net, len, since, until, lifted)                                              \
    "INSERT INTO ban VALUES (" id ", " jail ", " net ", " len ", " since ", " until                \
    ", 5, 1, 5, 1, 100, 0, " lifted ");"
#define EVIDENCE(ban, hit) "INSERT INTO evidence VALUES (" ban ", " hit ");"

static const char rows_data[] =
    "INSERT INTO name VALUES (1, 'auth'), (2, 'smtp'), (3, '/var/log/mail.log');" HIT(
        "1", "1", V4("01"), "128", "1001", "a", "1")
        HIT("2", "1", V4("01"), "128", "1002", "b", "1")
            HIT("3", "1", V4("02"), "128", "1003", "c", "0")
                HIT("4", "2", V4("01"), "128", "1004", "d", "0")
                    HIT("5", "1", V4("03"), "128", "1005", "e", "1")
                        HIT("6", "1", V6("05"), "64", "1006", "f", "0")
                            HIT("9", "1", V4("01"), "128", "1007", "g", "0")
    // Lifted; in force; a block, of hosts that another ban has as well; over; for ever.
    BAN("1", "1", V4("01"), "128", "1002", "9000", "1500") EVIDENCE("1", "1") EVIDENCE(
        "1", "2") BAN("2", "2", V4("01"), "128", "1004", "9000", FOREVER) EVIDENCE("2", "4")
        BAN("3", "1", NET, "120", "1003", "9000", FOREVER) EVIDENCE("3", "2") EVIDENCE(
            "3", "3") BAN("7", "1", V4("09"), "128", "1000", "1001", FOREVER)
            BAN("8", "1", V6("05"), "64", "1006", FOREVER, FOREVER) EVIDENCE(
                "8", "6") "INSERT INTO position VALUES ('/var/log/mail.log', 1, 2, 300, 4, 5, 6);"
                          "INSERT INTO logpath VALUES ('/var/log/*.log');"
                          "INSERT INTO session VALUES (1, '77', 9, NULL, 0, 2, 0, 'bob', 0);";

// What version 2 was without.
static const char without_sessions[] =
    "DELETE FROM session WHERE jail = 2; ALTER TABLE session DROP COLUMN helo; ALTER TABLE session "
    "DROP COLUMN is_claim;"
    "ALTER TABLE session DROP COLUMN exchange; PRAGMA user_version = 2;";

struct seen {
    char text[1024];
};

static void see(struct seen *s, const char *word, const char *mark)
{
    size_t n = strlen(s->text);

    snprintf(s->text + n, sizeof(s->text) - n, "%s%s%s", n ? " " : "", mark, word);
}

static int see_ban(void *user, const struct ban *ban)
{
    char net[ADDR_TEXT_MAX];

    addr_format(&ban->net, net);
    see(user, net, ban->lifted ? "-" : "");
    return 0;
}

static int see_hit(void *user, const char *jail, const struct hit *hit, const char *source)
{
    char net[ADDR_TEXT_MAX];

    addr_format(&hit->host, net);
    assert_string_equal(source, "/var/log/mail.log");
    see(user, net, strcmp(jail, "auth") == 0 ? "" : "smtp:");
    return 0;
}

static int see_pardon(void *user, const char *jail, const struct addr *net)
{
    char text[ADDR_TEXT_MAX];

    assert_string_equal(jail, "auth");
    addr_format(net, text);
    see(user, text, "!");
    return 0;
}

static int see_line(void *user, const struct evidence *e)
{
    char word[2] = {e->text.p[0]};

    assert_int_equal(e->text.n, 1);
    see(user, word, "");
    return 0;
}

static struct addr net_of(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

static int see_session(void *user, struct slice key, const struct session *s, bool forgotten)
{
    assert_true(!forgotten && slice_is(key, "77"));
    assert_int_equal(s->pending, 2);
    assert_string_equal(s->helo, "");
    assert_int_equal(s->exchange, EXCHANGE_NONE);
    see(user, s->user, "");
    return 0;
}

// The same numbers and texts in another bucket, of a jail that tells all there is.
static int see_all(void *user, struct slice key, const struct session *s, bool forgotten)
{
    char host[ADDR_TEXT_MAX];

    addr_format(&s->host, host);
    assert_true(!forgotten && key.n == 1 && key.p[0] == '\0');
    assert_true(s->has_host && s->pending == 2 && s->counted == 3 && s->several_users);
    assert_true(s->is_claim && s->exchange == EXCHANGE_NAME && s->last == 9);
    see(user, host, "");
    see(user, s->user, "");
    see(user, s->helo, "");
    return 0;
}

static void execute(const char *path, const char *sql)
{
    sqlite3 *db;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void check(struct ledger *l, bool has_all)
{
    static const struct {
        int64_t ban;
        const char *lines;
    } rows[] = {
        // What was forgiven when its host's ban was lifted is no evidence of a block's any more.
        {1, "a b"}, {2, "d"}, {3, "c"}, {7, ""}, {8, "f"}, {0, "g"}};
    struct seen bans = {""}, about = {""}, hits = {""}, sessions = {""}, all = {""};
    struct addr net = net_of("192.0.2.1");
    struct position position;

    assert_int_equal(ledger_bans(l, NULL, 2000, 0, see_ban, &bans), 0);
    assert_string_equal(bans.text, "192.0.2.1 192.0.2.0/24 2001:db8:0:5::/64");
    assert_int_equal(ledger_bans_about(l, &net, 9, see_ban, &about), 0);
    assert_string_equal(about.text, "192.0.2.0/24 192.0.2.1 -192.0.2.1");
    assert_int_equal(ledger_hits(l, 0, USEC_FOREVER, see_hit, see_pardon, &hits), 0);
    assert_string_equal(hits.text, "192.0.2.1 192.0.2.1 !192.0.2.1 192.0.2.2 smtp:192.0.2.1 "
                                   "2001:db8:0:5::/64 192.0.2.1");
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        struct seen lines = {""};
        assert_int_equal(ledger_evidence(l, rows[i].ban, &net, 100, see_line, &lines), 0);
        assert_string_equal(lines.text, rows[i].lines);
    }
    assert_int_equal(ledger_position_of(l, "/var/log/mail.log", &position), 0);
    assert_int_equal(position.offset, 300);
    assert_int_equal(ledger_knows_logpath(l, "/var/log/*.log"), 1);
    assert_int_equal(ledger_sessions(l, "auth", see_session, &sessions), 0);
    assert_string_equal(sessions.text, "bob");
    assert_int_equal(ledger_sessions(l, "smtp", see_all, &all), 0);
    assert_string_equal(all.text, has_all ? "192.0.2.0/24 eve helo" : "");
    assert_int_equal(ledger_damaged(l), 0);
}

static void put_row(sqlite3_stmt *to, const struct roll_ban *b)
{
    uint8_t entry[ENTRY_SIZE];

    entry_pack(b, entry);
    assert_int_equal(sqlite3_bind_int64(to, 1, b->id), SQLITE_OK);
    assert_int_equal(sqlite3_bind_blob(to, 2, entry, sizeof(entry), SQLITE_TRANSIENT), SQLITE_OK);
    assert_int_equal(sqlite3_step(to), SQLITE_DONE);
    sqlite3_reset(to);
}

// Version 3 had a row for each session and for each ban.
static const char session_rows[] =
    "DROP TABLE sessions;"
    "CREATE TABLE session (jail INTEGER NOT NULL, key BLOB NOT NULL, last INTEGER NOT NULL,"
    " host BLOB, host_len INTEGER NOT NULL, pending INTEGER NOT NULL, counted INTEGER NOT NULL,"
    " user TEXT NOT NULL, several_users INTEGER NOT NULL, helo TEXT NOT NULL,"
    " is_claim INTEGER NOT NULL, exchange INTEGER NOT NULL, PRIMARY KEY (jail, key)) WITHOUT ROWID;"
    "INSERT INTO session VALUES (1, x'3737', 9, NULL, 0, 2, 0, 'bob', 0, '', 0, 0);"
    "INSERT INTO session VALUES (2, x'00', 9, " NET ", 120, 2, 3, 'eve', 1, 'helo', 1, 1);";

static void take_apart(const char *path)
{
    sqlite3_stmt *from, *to;
    sqlite3 *db;

    execute(path, session_rows);
    execute(path, "CREATE TABLE ban (id INTEGER PRIMARY KEY, facts BLOB NOT NULL);");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_prepare_v2(db, "SELECT page, facts FROM bans", -1, &from, NULL);
    sqlite3_prepare_v2(db, "INSERT INTO ban VALUES (?1, ?2)", -1, &to, NULL);
    while (sqlite3_step(from) == SQLITE_ROW) {
        const struct slice facts = {sqlite3_column_blob(from, 1),
                                    (size_t)sqlite3_column_bytes(from, 1)};
        struct page_reader reader;
        struct roll_ban b;
        page_open(&reader, sqlite3_column_int64(from, 0), facts);
        while (page_next(&reader, &b) == 1)
            put_row(to, &b);
    }
    sqlite3_finalize(from);
    sqlite3_finalize(to);
    sqlite3_close(db);
    execute(path, "DROP TABLE bans; PRAGMA user_version = 3;");
}

// Once it is converted it opens as any other, and goes on.
static void test_rows(void **state)
{
    char folder[] = "/tmp/test-upgrade.XXXXXX", path[64];
    struct ledger *l = NULL;
    struct ban ban = {.jail = "auth", .net = net_of("192.0.2.77"), .since = 1, .until = 9000};
    int64_t id;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/ledger", folder);
    execute(path, rows_schema);
    execute(path, rows_data);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ledger_open(path, &l), 0);
        check(l, i == 1);
        l = ledger_close(l);
        if (i < 2)
            take_apart(path);
        if (i == 1)
            execute(path, without_sessions);
        // Version 5 knew of no damage.
        if (i == 2)
            execute(path, "DROP TABLE damaged; PRAGMA user_version = 5;");
    }
    assert_int_equal(ledger_open(path, &l), 0);
    assert_int_equal(ledger_ban(l, &ban, 1, &id, NULL), 0);
    assert_int_equal(id, 9);
    ledger_close(l);
    unlink(path);
    rmdir(folder);
}

// What version 6 was without.
static void test_without_peers(void **state)
{
    const struct peers_host peer = {net_of("192.0.2.25"), 1, 0, 0};
    char folder[] = "/tmp/test-upgrade.XXXXXX", path[64];
    struct ledger *l = NULL;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/ledger", folder);
    assert_int_equal(ledger_open(path, &l), 0);
    ledger_close(l);
    execute(path, "DROP TABLE peer; PRAGMA user_version = 6;");
    assert_int_equal(ledger_open(path, &l), 0);
    assert_int_equal(ledger_peer(l, &peer), 0);
    ledger_close(l);
    unlink(path);
    rmdir(folder);
}

// A damaged file may say any number; those between two bans cost nothing, and a ban that has none
// costs no other one.
static void test_ids(void **state)
{
    static const struct {
        const char *change;
        size_t damaged;
    } rows[] = {
        {"UPDATE ban SET id = 9007199254740992 WHERE id = 8", 0},
        {"UPDATE ban SET id = 9007199254740993 WHERE id = 8", 1},
        {"UPDATE ban SET id = 9223372036854775807 WHERE id = 8", 1},
        {"UPDATE ban SET id = 0 WHERE id = 8", 1},
        {"UPDATE ban SET id = -41 WHERE id = 8", 1},
    };
    char folder[] = "/tmp/test-upgrade.XXXXXX", path[64];

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/ledger", folder);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct ledger *l = NULL;
        execute(path, rows_schema);
        execute(path, rows_data);
        assert_int_equal(ledger_open(path, &l), 0);
        l = ledger_close(l);
        take_apart(path);
        execute(path, rows[i].change);
        assert_int_equal(ledger_open(path, &l), 0);
        assert_int_equal(ledger_damaged(l), rows[i].damaged);
        assert_int_equal(ledger_in_force(l, NULL), rows[i].damaged ? 3 : 4);
        ledger_close(l);
        unlink(path);
    }
    rmdir(folder);
}

static int see_name(void *user, const struct ban *ban)
{
    see(user, ban->name, "");
    return 0;
}

// The name that a ban was made for lay apart.
static void test_names(void **state)
{
    char folder[] = "/tmp/test-upgrade.XXXXXX", path[64];
    struct ledger *l = NULL;
    struct seen names = {""};

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/ledger", folder);
    execute(path, rows_schema);
    execute(path, rows_data);
    assert_int_equal(ledger_open(path, &l), 0);
    ledger_close(l);
    take_apart(path);
    execute(path, "CREATE TABLE ban_name (ban INTEGER PRIMARY KEY, text TEXT NOT NULL);"
                  "INSERT INTO ban_name VALUES (2, 'helo:ylmf-pc'), (8, 'user:admin');");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ledger_open(path, &l), 0);
        assert_int_equal(ledger_bans_named(l, "helo:ylmf-pc", 9, see_name, &names), 0);
        assert_int_equal(ledger_bans_named(l, "user:admin", 9, see_name, &names), 0);
        ledger_close(l);
    }
    assert_string_equal(names.text, "helo:ylmf-pc user:admin helo:ylmf-pc user:admin");
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_peers),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
