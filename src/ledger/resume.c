// SPDX-License-Identifier: GPL-2.0-or-later
// Where reading goes on after a restart: positions in logs, bookmarks in journals.
#include "ledger/store.h"

#include <errno.h>
#include <stdio.h>

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
