// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger/store.h"

#include "ledger/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

// What SQLite says, in the words of errno; all else is -EIO. It finds no fault with our statements
// but where a table is missing.
static const struct {
    int code, error;
} errors[] = {
    {SQLITE_BUSY, EBUSY},      {SQLITE_LOCKED, EBUSY}, {SQLITE_NOTADB, EUCLEAN},
    {SQLITE_CORRUPT, EUCLEAN}, {SQLITE_NOMEM, ENOMEM}, {SQLITE_READONLY, EROFS},
    {SQLITE_ERROR, EUCLEAN},
};

static void note_suspect(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);

    if (fd >= 0)
        close(fd);
}

int store_fail(struct ledger *l, int code)
{
    int error = EIO;

    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (errors[i].code == (code & 0xff))
            error = errors[i].error;
    }
    snprintf(l->error, sizeof(l->error), "%s", sqlite3_errmsg(l->db));
    if (error == EUCLEAN && l->suspect)
        note_suspect(l->suspect);
    return -error;
}

int store_start(struct ledger *l, enum statement which, size_t n, const struct value *v,
                sqlite3_stmt **ret)
{
    sqlite3_stmt **s = &l->statement[which];
    int code = SQLITE_OK;

    // SQLite may have rolled back by itself: what follows would then be kept without the rest.
    if (l->in_transaction && l->spoiled)
        return -EIO;
    if (!*s)
        code = sqlite3_prepare_v3(l->db, schema_statement[which], -1, SQLITE_PREPARE_PERSISTENT, s,
                                  NULL);
    for (size_t i = 0; i < n && code == SQLITE_OK; i++) {
        int at = (int)i + 1;
        if (v[i].kind == VALUE_INT)
            code = sqlite3_bind_int64(*s, at, v[i].number);
        else if (v[i].kind == VALUE_TEXT)
            code = sqlite3_bind_text(*s, at, v[i].bytes.p, (int)v[i].bytes.n, SQLITE_STATIC);
        else
            code = sqlite3_bind_blob(*s, at, v[i].bytes.p, (int)v[i].bytes.n, SQLITE_STATIC);
    }
    if (code != SQLITE_OK)
        return store_fail(l, code);
    *ret = *s;
    return 0;
}

int store_step(struct ledger *l, sqlite3_stmt *s)
{
    int code = sqlite3_step(s), r;

    if (code == SQLITE_ROW)
        return 1;
    r = code == SQLITE_DONE ? 0 : store_fail(l, code);
    if (r < 0 && !sqlite3_stmt_readonly(s))
        l->spoiled = true;
    return store_stop(s, r);
}

int store_stop(sqlite3_stmt *s, int r)
{
    sqlite3_reset(s);
    return r;
}

int store_run(struct ledger *l, enum statement which, size_t n, const struct value *v)
{
    sqlite3_stmt *s;
    int r = store_start(l, which, n, v, &s);

    while (r == 0 && (r = store_step(l, s)) == 1)
        r = 0;
    return r;
}

int store_number(struct ledger *l, enum statement which, size_t n, const struct value *v,
                 int64_t *ret)
{
    sqlite3_stmt *s;
    int r = store_start(l, which, n, v, &s);

    if (r == 0)
        r = store_step(l, s);
    if (r <= 0)
        return r < 0 ? r : -ENOENT;
    *ret = sqlite3_column_int64(s, 0);
    return store_stop(s, 0);
}

int store_addr(struct ledger *l, sqlite3_stmt *s, int column, struct addr *ret)
{
    int64_t len = sqlite3_column_int64(s, column + 1);
    const void *bytes = sqlite3_column_blob(s, column);

    if (!bytes || sqlite3_column_bytes(s, column) != 16 || len < 0 || len > 128) {
        snprintf(l->error, sizeof(l->error), "an address that is none");
        return -EUCLEAN;
    }
    memcpy(ret->b, bytes, 16);
    ret->len = (uint8_t)len;
    return 0;
}
