// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger/upgrade.h"

#include "ledger/bans.h"
#include "ledger/entry.h"
#include "ledger/hits.h"
#include "ledger/schema.h"
#include "ledger/sessions.h"

#include <errno.h>
#include <stdio.h>

static int execute(struct ledger *l, const char *sql)
{
    int code = sqlite3_exec(l->db, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? 0 : store_fail(l, code);
}

static int read_hit(struct ledger *l, sqlite3_stmt *s, struct record *ret)
{
    int r;

    *ret = (struct record){
        .seq = (uint64_t)sqlite3_column_int64(s, 0),
        .jail = (uint32_t)sqlite3_column_int64(s, 1),
        .source = (uint32_t)sqlite3_column_int64(s, 2),
        .time = store_time(s, 7),
        .count = (uint32_t)sqlite3_column_int64(s, 8),
        .banned = (uint8_t)sqlite3_column_int64(s, 9),
        .text = {sqlite3_column_blob(s, 10), (size_t)sqlite3_column_bytes(s, 10)},
    };
    r = store_addr(l, s, 3, &ret->host);
    return r < 0 ? r : store_addr(l, s, 5, &ret->addr);
}

static int put_full(struct ledger *l, struct segment *to)
{
    int r = to->n > 0 ? hits_put(l, to, 0) : 0;

    segment_clear(to);
    return r;
}

static int add_hit(struct ledger *l, sqlite3_stmt *s, struct segment *to)
{
    struct record hit, pardon = {.is_pardon = true};
    int r = read_hit(l, s, &hit);

    if (r == 0)
        r = segment_add(to, &hit);
    if (r == 0 && sqlite3_column_int(s, 11)) {
        pardon.seq = hit.seq + 1;
        pardon.jail = hit.jail;
        pardon.host = hit.host;
        pardon.time = hit.time;
        r = segment_add(to, &pardon);
    }
    return r < 0 || segment_size(to) < SEGMENT_BYTES ? r : put_full(l, to);
}

static int add_ban(struct ledger *l, sqlite3_stmt *s, struct segment *to)
{
    usec_t lifted = store_time(s, 6);
    struct roll_ban b = {
        .id = sqlite3_column_int64(s, 0),
        .jail = (uint32_t)sqlite3_column_int64(s, 1),
        .since = store_time(s, 4),
        .until = store_time(s, 5),
        .lifted = lifted == USEC_FOREVER ? 0 : lifted,
        .last = (uint64_t)sqlite3_column_int64(s, 7),
        .lines = (uint32_t)sqlite3_column_int64(s, 8),
        .hits = (uint32_t)sqlite3_column_int64(s, 9),
        .hosts = (uint32_t)sqlite3_column_int64(s, 10),
        .need_hits = (uint32_t)sqlite3_column_int64(s, 11),
        .need_hosts = (uint32_t)sqlite3_column_int64(s, 12),
        .findtime = store_time(s, 13),
        .reason = (uint8_t)sqlite3_column_int(s, 14),
    };
    int r = store_addr(l, s, 2, &b.net);

    (void)to;
    return r < 0 ? r : bans_take(l, &b, "");
}

static int add_ban_row(struct ledger *l, sqlite3_stmt *s, struct segment *to)
{
    const struct slice facts = {sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1)};
    const char *name = (const char *)sqlite3_column_text(s, 2);
    struct roll_ban b;
    int r = entry_unpack(facts, &b);

    (void)to;
    b.id = sqlite3_column_int64(s, 0);
    return r < 0 ? r : bans_take(l, &b, name ? name : "");
}

typedef int row_fn(struct ledger *l, sqlite3_stmt *s, struct segment *to);

// What cannot be read is passed over.
static int convert(struct ledger *l, const char *sql, enum damage what, row_fn *fn,
                   struct segment *to)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(l->db, sql, -1, &s, NULL), r = 0;

    while (code == SQLITE_OK && r == 0 && (code = sqlite3_step(s)) == SQLITE_ROW) {
        code = SQLITE_OK;
        r = fn(l, s, to);
        if (r == -EUCLEAN) {
            l->damaged[what]++;
            r = 0;
        }
    }
    if (r == 0 && code != SQLITE_DONE)
        r = store_fail(l, code);
    sqlite3_finalize(s);
    return r;
}

static int upgrade_rows(struct ledger *l)
{
    struct segment hits = {0};
    int r = execute(l, schema_upgrade_begin);

    if (r == 0)
        r = convert(l, schema_upgrade_bans, DAMAGE_BANS, add_ban, NULL);
    if (r == 0)
        r = convert(l, schema_upgrade_hits, DAMAGE_HITS, add_hit, &hits);
    if (r == 0)
        r = put_full(l, &hits);
    segment_done(&hits);
    return r < 0 ? r : execute(l, schema_upgrade_end);
}

static int read_session(struct ledger *l, sqlite3_stmt *s, struct session *ret)
{
    const char *user = (const char *)sqlite3_column_text(s, 7);
    const char *helo = (const char *)sqlite3_column_text(s, 9);
    int64_t exchange = sqlite3_column_int64(s, 11);
    struct session session = {
        .last = store_time(s, 2),
        .has_host = sqlite3_column_type(s, 3) != SQLITE_NULL,
        .pending = (uint32_t)sqlite3_column_int64(s, 5),
        .counted = (uint32_t)sqlite3_column_int64(s, 6),
        .several_users = sqlite3_column_int(s, 8) != 0,
        .is_claim = sqlite3_column_int(s, 10) != 0,
        .exchange = (enum exchange)exchange,
    };
    int r = session.has_host ? store_addr(l, s, 3, &session.host) : 0;

    if (r == 0 && (exchange < EXCHANGE_NONE || exchange > EXCHANGE_REPLY))
        r = store_fail(l, SQLITE_CORRUPT);
    if (r < 0)
        return r;
    snprintf(session.helo, sizeof(session.helo), "%s", helo ? helo : "");
    snprintf(session.user, sizeof(session.user), "%s", user ? user : "");
    *ret = session;
    return 0;
}

static int add_session(struct ledger *l, sqlite3_stmt *s, struct segment *to)
{
    const struct slice key = {sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1)};
    struct session session;
    int r = read_session(l, s, &session);

    (void)to;
    if (r < 0 || key.n > SESSION_KEY_MAX)
        return r;
    return sessions_tell(l, (uint32_t)sqlite3_column_int64(s, 0), key, &session, false);
}

static int upgrade_sessions(struct ledger *l)
{
    int r = execute(l, schema_upgrade_sessions);

    if (r == 0)
        r = convert(l, schema_upgrade_sessions_read, DAMAGE_SESSIONS, add_session, NULL);
    if (r == 0)
        r = sessions_write(l);
    return r < 0 ? r : execute(l, schema_upgrade_sessions_end);
}

static int upgrade_ban_rows(struct ledger *l)
{
    int r = execute(l, schema_upgrade_ban_rows);

    if (r == 0)
        r = convert(l, schema_upgrade_ban_rows_read, DAMAGE_BANS, add_ban_row, NULL);
    return r < 0 ? r : execute(l, schema_upgrade_ban_rows_end);
}

static int upgrade_bans(struct ledger *l, int64_t version)
{
    int r = version == SCHEMA_VERSION_ROWS ? upgrade_rows(l) : upgrade_ban_rows(l);

    if (r == 0)
        r = bans_write(l);
    // They are read as any others are.
    bans_done(l);
    l->seq = 0;
    return r;
}

int upgrade(struct ledger *l, int64_t version)
{
    int r = version < SCHEMA_VERSION_PAGES ? upgrade_bans(l, version) : 0;

    if (r == 0 && version < SCHEMA_VERSION_EXCHANGES)
        r = execute(l, schema_upgrade_exchanges);
    return r < 0 || version >= SCHEMA_VERSION_BUCKETS ? r : upgrade_sessions(l);
}
