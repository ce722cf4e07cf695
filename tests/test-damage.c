// SPDX-License-Identifier: GPL-2.0-or-later
// A ledger of which any row is damaged in any way is opened, and of its bans all but those in that
// row are in force.
#include "ledger-kit.h"

#include "ledger/damage.h"

#include <string.h>

#include "random.h"

enum { BANS = 200, NAMES = 12, WAYS = 6, VALUES_MAX = 8 };

static const char *const jails[] = {"auth", "smtp", "web"};

static void fill_rest(struct ledger *l)
{
    static const struct fingerprint mark = {
        .state = FINGERPRINT_LEARNED, .name = "ylmf-pc", .host = {{1, 2}}, .block = {{3, 4}}};
    const struct position position = {.offset = 7};

    assert_int_equal(ledger_fingerprint(l, &(struct fingerprint_change){.fingerprint = &mark}), 0);
    assert_int_equal(ledger_fingerprint(
                         l, &(struct fingerprint_change){.kind = FINGERPRINT_USER, .name = "bob"}),
                     0);
    assert_int_equal(
        ledger_shield(l, &(struct shield_host){.host = net_of("192.0.2.9"), .last = SECONDS(1)}),
        0);
    assert_int_equal(
        ledger_peer(l, &(struct peers_host){.host = net_of("192.0.2.25"), .mail = SECONDS(1)}), 0);
    assert_int_equal(ledger_position(l, "/var/log/mail.log", &position), 0);
    assert_int_equal(ledger_logpath(l, "/var/log/*.log"), 0);
    assert_int_equal(ledger_bookmark(l, "", "", &(struct bookmark){.cursor = "c"}), 0);
}

static void fill(struct ledger *l)
{
    assert_int_equal(ledger_begin(l), 0);
    for (unsigned i = 0; i < NAMES; i++) {
        const struct session s = {.last = SECONDS(i), .user = "bob", .pending = 1};
        char key[8];
        snprintf(key, sizeof(key), "%u", i);
        assert_int_equal(ledger_session(l, jails[i % 3], slice_of(key), &s, false), 0);
        assert_int_equal(
            ledger_repeat(l, jails[i % 3], &(struct repeats_host){.host = {{1}, 128}, .slot = i}),
            0);
        assert_int_equal(add_many(l, jails[i % 3], "192.0.2.1", 20), 0);
    }
    fill_rest(l);
    for (unsigned i = 0; i < BANS; i++) {
        char net[32];
        snprintf(net, sizeof(net), "10.0.0.%u", i);
        assert_int_equal(add_ban(l, jails[i % 3], net, SECONDS(1), USEC_FOREVER, NULL), 0);
    }
    assert_int_equal(ledger_commit(l), 0);
}

static void copy_file(const char *from, const char *to)
{
    FILE *in = fopen(from, "re"), *out = fopen(to, "we");
    char bytes[4096];
    size_t n;

    assert_true(in && out);
    while ((n = fread(bytes, 1, sizeof(bytes), in)) > 0)
        assert_int_equal(fwrite(bytes, 1, n, out), n);
    fclose(in);
    assert_int_equal(fclose(out), 0);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s = NULL;

    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    return s;
}

// Another value in the place of one: some bytes are others, some are missing, some are too many, it
// is of another type.
static void bind_damaged(sqlite3_stmt *to, int at, sqlite3_value *v, unsigned way, uint64_t *state)
{
    char bytes[1 << 16];
    int n = sqlite3_value_bytes(v);
    bool is_text = sqlite3_value_type(v) == SQLITE_TEXT;

    assert_in_range(n, 0, (int)sizeof(bytes) / 2);
    memset(bytes, 0x7f, sizeof(bytes));
    if (n > 0)
        memcpy(bytes, sqlite3_value_blob(v), (size_t)n);
    if (way == 0 && sqlite3_value_type(v) == SQLITE_INTEGER) {
        sqlite3_bind_int64(to, at, sqlite3_value_int64(v) ^ INT64_C(1) << random_below(state, 63));
        return;
    }
    for (unsigned i = 0; i <= way && way < 3 && n > 0; i++)
        bytes[random_below(state, (uint32_t)n)] ^= (char)(1 + random_below(state, 255));
    if (way == 3)
        n = n > 0 ? (int)random_below(state, (uint32_t)n) : 0;
    if (way == 4)
        n += 1 + (int)random_below(state, 99);
    if (way == 5)
        sqlite3_bind_double(to, at, -1e300);
    else if (is_text)
        sqlite3_bind_text(to, at, bytes, n, SQLITE_TRANSIENT);
    else
        sqlite3_bind_blob(to, at, bytes, n, SQLITE_TRANSIENT);
}

// One value of a row is another one, mostly what is in it, sometimes what it is found by; where the
// table takes no such row, it is gone.
static void damage(const char *path, const char *table, int64_t row, unsigned way, uint64_t *state)
{
    char where[256], sql[512];
    const char *key, *last;
    sqlite3_stmt *s, *put;
    sqlite3 *db;
    int n, at;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    snprintf(sql, sizeof(sql), "SELECT * FROM %s LIMIT 1 OFFSET %d", table, (int)row);
    s = prepare(db, sql);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    n = sqlite3_column_count(s);
    at = way < 4 ? n - 1 : (int)random_below(state, (uint32_t)n);
    key = sqlite3_column_name(s, 0);
    last = sqlite3_column_name(s, n > 1);
    snprintf(where, sizeof(where), "WHERE (%s, %s) IS (SELECT %s, %s FROM %s LIMIT 1 OFFSET %d)",
             key, last, key, last, table, (int)row);
    snprintf(sql, sizeof(sql), "UPDATE OR REPLACE %s SET %s = ?1 %s", table,
             sqlite3_column_name(s, at), where);
    put = prepare(db, sql);
    bind_damaged(put, 1, sqlite3_column_value(s, at), way, state);
    sqlite3_reset(s);
    if (sqlite3_step(put) != SQLITE_DONE) {
        snprintf(sql, sizeof(sql), "DELETE FROM %s %s", table, where);
        sqlite3_finalize(put);
        put = prepare(db, sql);
        assert_int_equal(sqlite3_step(put), SQLITE_DONE);
    }
    sqlite3_finalize(put);
    sqlite3_finalize(s);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

// Which of the bans there are; the jail of one whose jail's name was damaged may be any.
struct found {
    bool is[BANS];
    size_t n;
};

static int find_ban(void *user, const struct ban *ban)
{
    struct found *f = user;
    struct addr expected = net_of("10.0.0.0");
    unsigned i = ban->net.b[15];

    assert_in_range(i, 0, BANS - 1);
    expected.b[15] = (uint8_t)i;
    assert_int_equal(addr_compare(&ban->net, &expected), 0);
    assert_int_equal(ban->until, USEC_FOREVER);
    assert_false(f->is[i]);
    f->is[i] = true;
    f->n++;
    return 0;
}

static int take_session(void *user, struct slice key, const struct session *s, bool forgotten)
{
    (void)user;
    (void)key;
    assert_true(!forgotten && strlen(s->user) < sizeof(s->user));
    return 0;
}

static int take_repeat(void *user, const struct repeats_host *h)
{
    (void)user;
    (void)h;
    return 0;
}

static int take_name(void *user, const struct fingerprint_change *c)
{
    (void)user;
    assert_true(c->kind < FINGERPRINT_KINDS && strlen(c->name) > 0);
    return 0;
}

static int take_login(void *user, const struct shield_host *h)
{
    (void)user;
    assert_in_range(h->host.len, 0, 128);
    return 0;
}

static int take_peer(void *user, const struct peers_host *h)
{
    (void)user;
    assert_false(addr_is_block(&h->host));
    return 0;
}

static int take_hit(void *user, const char *jail, const struct hit *hit, const char *source)
{
    (void)user;
    (void)hit;
    assert_true(jail && source);
    return 0;
}

static int take_pardon(void *user, const char *jail, const struct addr *net)
{
    (void)user;
    (void)net;
    assert_non_null(jail);
    return 0;
}

// All that the daemon asks for when it starts, and a checkpoint.
static void load(struct ledger *l)
{
    struct position position;
    struct bookmark bookmark;

    for (size_t i = 0; i < LENGTH_OF(jails); i++) {
        assert_int_equal(ledger_sessions(l, jails[i], take_session, NULL), 0);
        assert_int_equal(ledger_repeats(l, jails[i], 0, take_repeat, NULL), 0);
    }
    assert_int_equal(ledger_fingerprints(l, take_name, NULL), 0);
    assert_int_equal(ledger_shields(l, take_login, NULL), 0);
    assert_int_equal(ledger_peers(l, take_peer, NULL), 0);
    assert_int_equal(ledger_hits(l, 0, 0, take_hit, take_pardon, NULL), 0);
    ledger_position_of(l, "/var/log/mail.log", &position);
    ledger_bookmark_of(l, "", "", &bookmark);
    assert_in_range(ledger_knows_logpath(l, "/var/log/*.log"), 0, 1);
    assert_int_equal(ledger_begin(l), 0);
    for (size_t i = 0; i < LENGTH_OF(jails); i++)
        assert_int_equal(add_hit(l, jails[i], "192.0.2.7", SECONDS(99), "x"), 0);
    assert_int_equal(ledger_commit(l), 0);
}

static size_t open_damaged(const char *path, bool is_ban, int64_t page)
{
    struct ledger *l = NULL;
    struct found found = {.n = 0};
    size_t damaged;

    assert_int_equal(ledger_open(path, &l), 0);
    sqlite3_exec(l->db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    load(l);
    assert_int_equal(ledger_bans(l, NULL, SECONDS(2), 0, find_ban, &found), 0);
    for (unsigned i = 0; i < BANS; i++) {
        // Bans are numbered from 1.
        if (!is_ban || page_of(i + 1) != page)
            assert_true(found.is[i]);
    }
    assert_int_equal(ledger_in_force(l, NULL), found.n);
    damaged = ledger_damaged(l);
    ledger_close(l);
    return damaged;
}

static void test_any_row(void **state)
{
    static const char *const tables[] = {
        "name",    "bans",        "sessions",  "segment", "content", "position", "bookmark",
        "logpath", "fingerprint", "good_name", "shield",  "repeat",  "peer",
    };
    int64_t rows[LENGTH_OF(tables)];
    struct place from, to;
    struct ledger *l;
    uint64_t seed = 7;
    size_t damaged = 0;

    (void)state;
    place_make(&from);
    place_make(&to);
    l = open_at(from.path);
    fill(l);
    // All but that of damaged rows itself.
    assert_int_equal(count_rows(l, "sqlite_schema WHERE type = 'table'"), LENGTH_OF(tables) + 1);
    for (size_t t = 0; t < LENGTH_OF(tables); t++)
        rows[t] = count_rows(l, tables[t]);
    ledger_close(l);
    for (size_t t = 0; t < LENGTH_OF(tables); t++) {
        bool is_ban = strcmp(tables[t], "bans") == 0;
        assert_in_range(rows[t], 1, 50);
        for (int64_t i = 0; i < rows[t] * WAYS; i++) {
            copy_file(from.path, to.path);
            damage(to.path, tables[t], i / WAYS, (unsigned)(i % WAYS), &seed);
            damaged += open_damaged(to.path, is_ban, i / WAYS) > 0;
        }
    }
    assert_in_range(damaged, 50, 500);
    place_remove(&from);
    place_remove(&to);
}

#define LONGER "DELETE FROM damaged WHERE length(facts) > 65536"

// Those that are kept have a bound, and are met once.
static void test_set_aside(void **state)
{
    struct ledger *l = open_at(":memory:");
    char text[LEDGER_DAMAGE_MAX];

    (void)state;
    for (unsigned i = 0; i < DAMAGED_ROWS_MAX + 5; i++) {
        struct shield_host host = {.host = net_of("192.0.2.0"), .last = SECONDS(1)};
        host.host.b[15] = (uint8_t)i;
        assert_int_equal(ledger_shield(l, &host), 0);
    }
    assert_int_equal(
        sqlite3_exec(l->db, "UPDATE shield SET logins = zeroblob(1000000)", NULL, NULL, NULL), 0);
    ledger_damage_text(l, text);
    assert_string_equal(text, "");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(ledger_shields(l, take_login, NULL), 0);
        assert_int_equal(ledger_damaged(l), DAMAGED_ROWS_MAX + 5);
    }
    ledger_damage_text(l, text);
    assert_string_equal(text, "69 of logins");
    assert_int_equal(count_rows(l, "damaged"), DAMAGED_ROWS_MAX);
    assert_int_equal(sqlite3_exec(l->db, LONGER, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_changes(l->db), 0);
    ledger_close(l);
}

// Whose jail's name is lost is kept out nonetheless.
static void test_lost_jail(void **state)
{
    struct place place;
    struct ledger *l;

    (void)state;
    place_make(&place);
    l = open_at(place.path);
    assert_int_equal(ledger_begin(l), 0);
    assert_int_equal(add_ban(l, "auth", "192.0.2.1", SECONDS(1), SECONDS(9), NULL), 0);
    assert_int_equal(add_ban(l, "smtp", "192.0.2.2", SECONDS(1), SECONDS(9), NULL), 0);
    assert_int_equal(ledger_commit(l), 0);
    assert_int_equal(sqlite3_exec(l->db, "DELETE FROM name WHERE text = 'auth'", NULL, NULL, NULL),
                     0);
    ledger_close(l);
    for (int i = 0; i < 2; i++) {
        l = open_at(place.path);
        assert_bans(l, LEDGER_LOST_JAIL, SECONDS(2), "192.0.2.1");
        assert_bans(l, "smtp", SECONDS(2), "192.0.2.2");
        assert_int_equal(ledger_in_force(l, NULL), 2);
        assert_int_equal(ledger_begin(l), 0);
        assert_int_equal(add_hit(l, "auth", "192.0.2.3", SECONDS(3), "x"), 0);
        assert_int_equal(ledger_commit(l), 0);
        ledger_close(l);
    }
    place_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_any_row),
        cmocka_unit_test(test_set_aside),
        cmocka_unit_test(test_lost_jail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
