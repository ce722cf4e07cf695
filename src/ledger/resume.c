// SPDX-License-Identifier: GPL-2.0-or-later
// Where reading goes on after a restart: positions in logs, bookmarks in journals, and
// sessions that were under way.
#include "ledger/store.h"

#include <errno.h>
#include <stdio.h>

int ledger_session(struct ledger *l, const char *jail, struct slice key, const struct session *s,
                   bool forgotten)
{
    uint32_t jail_id;
    int r = names_add(&l->names, jail, &jail_id);

    if (r < 0)
        return r;
    const struct value v[] = {
        value_of(jail_id),          value_blob(key.n > 0 ? key.p : "", key.n),
        value_time(s->last),        value_blob(s->has_host ? s->host.b : NULL, sizeof(s->host.b)),
        value_of(s->host.len),      value_of(s->pending),
        value_of(s->counted),       value_text(s->user),
        value_of(s->several_users), value_text(s->helo),
        value_of(s->is_claim),      value_of(s->exchange),
        value_of(s->mark),
    };
    return forgotten ? store_run(l, SESSION_DROP, 2, v)
                     : store_run(l, SESSION_PUT, sizeof(v) / sizeof(v[0]), v);
}

static int read_session(struct ledger *l, sqlite3_stmt *s, struct session *ret)
{
    const char *user = (const char *)sqlite3_column_text(s, 6);
    const char *helo = (const char *)sqlite3_column_text(s, 8);
    int64_t exchange = sqlite3_column_int64(s, 10);
    struct session session = {
        .last = store_time(s, 1),
        .has_host = sqlite3_column_type(s, 2) != SQLITE_NULL,
        .pending = (uint32_t)sqlite3_column_int64(s, 4),
        .counted = (uint32_t)sqlite3_column_int64(s, 5),
        .several_users = sqlite3_column_int(s, 7) != 0,
        .is_claim = sqlite3_column_int(s, 9) != 0,
        .exchange = (enum exchange)exchange,
        .mark = (uint32_t)sqlite3_column_int64(s, 11),
    };
    int r = session.has_host ? store_addr(l, s, 2, &session.host) : 0;

    if (r == 0 && (exchange < EXCHANGE_NONE || exchange > EXCHANGE_REPLY))
        r = store_fail(l, SQLITE_CORRUPT);
    if (r < 0)
        return r;
    snprintf(session.helo, sizeof(session.helo), "%s", helo ? helo : "");
    snprintf(session.user, sizeof(session.user), "%s", user ? user : "");
    *ret = session;
    return 0;
}

int ledger_sessions(struct ledger *l, const char *jail, session_fn *fn, void *user)
{
    uint32_t jail_id;
    sqlite3_stmt *s;
    int r = names_add(&l->names, jail, &jail_id);

    if (r == 0)
        r = store_start(l, SESSION_LIST, 1, (struct value[]){value_of(jail_id)}, &s);
    while (r == 0 && (r = store_step(l, s)) == 1) {
        struct slice key = {sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0)};
        struct session session;
        r = read_session(l, s, &session);
        if (r == 0)
            r = fn(user, key, &session, false);
        if (r < 0)
            return store_stop(s, r);
        r = 0;
    }
    return r;
}

int ledger_knows_logpath(struct ledger *l, const char *glob)
{
    sqlite3_stmt *s;
    int r = store_start(l, LOGPATH_GET, 1, (struct value[]){value_text(glob)}, &s);

    if (r == 0)
        r = store_step(l, s);
    return r == 1 ? store_stop(s, 1) : r;
}

int ledger_logpath(struct ledger *l, const char *glob)
{
    return store_run(l, LOGPATH_PUT, 1, (struct value[]){value_text(glob)});
}

int ledger_position(struct ledger *l, const char *path, const struct position *p)
{
    const struct value v[] = {
        value_text(path),
        value_of((int64_t)p->device),
        value_of((int64_t)p->inode),
        value_of((int64_t)p->offset),
        value_of((int64_t)p->head_hash),
        value_of(p->head_length),
        value_time(p->since),
    };

    return store_run(l, POSITION_PUT, sizeof(v) / sizeof(v[0]), v);
}

int ledger_position_of(struct ledger *l, const char *path, struct position *ret)
{
    sqlite3_stmt *s;
    int r = store_start(l, POSITION_GET, 1, (struct value[]){value_text(path)}, &s);

    if (r == 0)
        r = store_step(l, s);
    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    *ret = (struct position){
        .device = (uint64_t)sqlite3_column_int64(s, 0),
        .inode = (uint64_t)sqlite3_column_int64(s, 1),
        .offset = (uint64_t)sqlite3_column_int64(s, 2),
        .head_hash = (uint64_t)sqlite3_column_int64(s, 3),
        .head_length = (uint32_t)sqlite3_column_int64(s, 4),
        .since = store_time(s, 5),
    };
    return store_stop(s, 0);
}

int ledger_bookmark(struct ledger *l, const char *journal, const char *matches,
                    const struct bookmark *b)
{
    const struct value v[] = {
        value_text(journal),
        value_text(matches),
        value_text(b->cursor),
        value_time(b->time),
    };

    return store_run(l, BOOKMARK_PUT, sizeof(v) / sizeof(v[0]), v);
}

int ledger_bookmark_of(struct ledger *l, const char *journal, const char *matches,
                       struct bookmark *ret)
{
    const struct value v[] = {value_text(journal), value_text(matches)};
    const char *cursor;
    sqlite3_stmt *s;
    int r = store_start(l, BOOKMARK_GET, sizeof(v) / sizeof(v[0]), v, &s);

    if (r == 0)
        r = store_step(l, s);
    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    *ret = (struct bookmark){.time = store_time(s, 1)};
    cursor = (const char *)sqlite3_column_text(s, 0);
    snprintf(ret->cursor, sizeof(ret->cursor), "%s", cursor ? cursor : "");
    return store_stop(s, 0);
}
