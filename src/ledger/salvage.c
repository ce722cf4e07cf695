// SPDX-License-Identifier: GPL-2.0-or-later
// What can be read of a damaged file goes into a new one.
#include "ledger/ledger.h"

#include "ledger/store.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { SQL_MAX = 256, STAMP_MAX = sizeof("20260228-060803") };

// How far the logs were read, and what was counted up to there, are good for nothing but together:
// else lines would count twice, or those behind what is lost would never be read again.
enum bond {
    ALONE,
    RESULT,  // of what was read: of its loss lines may be needed again
    READING, // and with these gone, those of the last findtime are, as on a first start
};

// In the order of its key a table is read up to where it is damaged, and then from its other end.
static const struct {
    const char *name, *upwards, *downwards;
    enum bond bond;
} tables[] = {
    {"name", "id", "id DESC", RESULT},
    {"bans", "page", "page DESC", RESULT},
    {"sessions", "bucket", "bucket DESC", READING},
    {"position", "path", "path DESC", READING},
    {"logpath", "glob", "glob DESC", READING},
    {"bookmark", "journal, matches", "journal DESC, matches DESC", READING},
    {"fingerprint", "kind, name", "kind DESC, name DESC", ALONE},
    {"good_name", "kind, name", "kind DESC, name DESC", ALONE},
    {"shield", "host, len", "host DESC, len DESC", ALONE},
    {"peer", "host, len", "host DESC, len DESC", ALONE},
    {"repeat", "jail, slot", "jail DESC, slot DESC", READING},
    {"damaged", "rowid", "rowid DESC", ALONE},
    {"segment", "first", "first DESC", READING},
    {"content", "first", "first DESC", READING},
};

enum { TABLES = sizeof(tables) / sizeof(tables[0]) };

// The files that SQLite has beside one.
static const char *const companions[] = {"-wal", "-journal"};

static int join(const char *path, const char *suffix, char ret[static PATH_MAX])
{
    return snprintf(ret, PATH_MAX, "%s%s", path, suffix) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

// Without it what a reader cannot see is thrown away when it is closed.
static sqlite3 *open_damaged(const char *path)
{
    sqlite3 *db = NULL;

    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
        SQLITE_OK) {
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        // A file that ends too early, as after a power cut, is opened where the schema is writable
        // only.
        sqlite3_exec(db,
                     "PRAGMA writable_schema = ON; PRAGMA locking_mode = EXCLUSIVE;"
                     "PRAGMA query_only = ON;",
                     NULL, NULL, NULL);
    }
    return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s = NULL;

    return sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK ? s : NULL;
}

static sqlite3_stmt *prepare_copy(sqlite3 *to, const char *table, int columns)
{
    char sql[SQL_MAX];
    int n = snprintf(sql, sizeof(sql), "INSERT OR IGNORE INTO %s VALUES (?", table);

    for (int i = 1; i < columns && n < (int)sizeof(sql); i++)
        n += snprintf(sql + n, sizeof(sql) - (size_t)n, ", ?");
    if (n < (int)sizeof(sql))
        n += snprintf(sql + n, sizeof(sql) - (size_t)n, ")");
    return n < (int)sizeof(sql) ? prepare(to, sql) : NULL;
}

// A row that the table does not take is none.
static int copy_row(sqlite3 *db, sqlite3_stmt *from, sqlite3_stmt *to, uint64_t *rows)
{
    int code = SQLITE_OK;

    for (int i = 0; i < sqlite3_column_count(from) && code == SQLITE_OK; i++)
        code = sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
    if (code == SQLITE_OK)
        code = sqlite3_step(to);
    sqlite3_reset(to);
    if (code == SQLITE_DONE)
        *rows += (uint64_t)sqlite3_changes(db);
    return code == SQLITE_DONE || code == SQLITE_MISMATCH || code == SQLITE_CONSTRAINT ? 0 : -EIO;
}

// 1: the end was not reached. -EIO: what is new cannot be written.
static int copy_from_one_end(sqlite3 *from, sqlite3 *to, const char *table, const char *order,
                             uint64_t *rows)
{
    sqlite3_stmt *read, *write = NULL;
    char sql[SQL_MAX];
    int code = SQLITE_ERROR, r = 0;

    snprintf(sql, sizeof(sql), "SELECT * FROM %s ORDER BY %s", table, order);
    read = prepare(from, sql);
    if (read)
        write = prepare_copy(to, table, sqlite3_column_count(read));
    while (write && r == 0 && (code = sqlite3_step(read)) == SQLITE_ROW)
        r = copy_row(to, read, write, rows);
    sqlite3_finalize(read);
    sqlite3_finalize(write);
    return r < 0 ? r : code != SQLITE_DONE;
}

// 1: not all of it could be read.
static int copy_table(sqlite3 *from, struct ledger *l, size_t i, uint64_t *rows)
{
    int r = ledger_begin(l), e, part;

    if (r < 0)
        return r;
    part = copy_from_one_end(from, l->db, tables[i].name, tables[i].upwards, rows);
    r = part == 1 ? copy_from_one_end(from, l->db, tables[i].name, tables[i].downwards, rows)
                  : part;
    if (r < 0) {
        ledger_rollback(l);
        return r;
    }
    e = ledger_commit(l);
    return e < 0 ? e : part;
}

static int drop_reading(struct ledger *l, uint64_t *rows)
{
    int r = ledger_begin(l);

    for (size_t i = 0; i < TABLES && r == 0; i++) {
        char sql[SQL_MAX];
        if (tables[i].bond != READING)
            continue;
        snprintf(sql, sizeof(sql), "DELETE FROM %s", tables[i].name);
        r = sqlite3_exec(l->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : -EIO;
        *rows -= r == 0 ? (uint64_t)sqlite3_changes(l->db) : 0;
    }
    if (r == 0)
        return ledger_commit(l);
    ledger_rollback(l);
    return r;
}

static int copy_all(sqlite3 *from, struct ledger *l, uint64_t *rows)
{
    bool whole = true;

    for (size_t i = 0; i < TABLES; i++) {
        int r = copy_table(from, l, i, rows);
        if (r < 0)
            return r;
        whole = whole && (r == 0 || tables[i].bond == ALONE);
    }
    return whole ? 0 : drop_reading(l, rows);
}

static int remove_draft(const char *draft)
{
    char path[PATH_MAX];
    int r = 0;

    for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]) && r == 0; i++) {
        r = join(draft, companions[i], path);
        if (r == 0)
            unlink(path);
    }
    return r < 0 || unlink(draft) == 0 || errno == ENOENT ? r : -errno;
}

static int make_draft(const char *path, const char *draft, uint64_t *rows)
{
    struct ledger *l = NULL;
    sqlite3 *from;
    int r = remove_draft(draft);

    if (r == 0)
        r = ledger_open(draft, &l);
    if (r < 0)
        return r;
    from = open_damaged(path);
    if (from)
        r = copy_all(from, l, rows);
    sqlite3_close(from);
    ledger_close(l);
    return r;
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t n = strlen(name), m = strlen(suffix);

    return n >= m && strcmp(name + n - m, suffix) == 0;
}

// How many there are beside a path that were moved aside before. -errno.
static int count_aside(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char folder[PATH_MAX], prefix[PATH_MAX];
    DIR *dir;
    int n = 0;

    snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path + 1) : 1,
             slash ? path : ".");
    if (join(name, LEDGER_ASIDE, prefix) < 0)
        return -ENAMETOOLONG;
    dir = opendir(folder);
    if (!dir)
        return -errno;
    for (const struct dirent *e; (e = readdir(dir));)
        n += strncmp(e->d_name, prefix, strlen(prefix)) == 0 &&
             !ends_with(e->d_name, companions[0]) && !ends_with(e->d_name, companions[1]);
    closedir(dir);
    return n;
}

// A second name, and nothing that is there is written over.
static int move_companions(const char *path, const char *aside)
{
    int r = 0;

    for (size_t i = 0; i < sizeof(companions) / sizeof(companions[0]) && r == 0; i++) {
        char from[PATH_MAX], to[PATH_MAX];
        r = join(path, companions[i], from);
        if (r == 0)
            r = join(aside, companions[i], to);
        if (r == 0 && (link(from, to) < 0 || unlink(from) < 0) && errno != ENOENT)
            r = -errno;
    }
    return r;
}

// Whenever the power goes, there is a file with all that could be read, at its place or aside.
static int exchange(const char *path, const char *draft, const char *aside)
{
    int r = link(path, aside) < 0 ? -errno : 0;

    if (r == 0)
        r = move_companions(path, aside);
    return r < 0 || rename(draft, path) == 0 ? r : -errno;
}

static int name_aside(const char *path, usec_t now, char ret[static PATH_MAX])
{
    time_t seconds = (time_t)(now / USEC_PER_SEC);
    char stamp[STAMP_MAX];
    struct tm utc;

    if (!gmtime_r(&seconds, &utc) || strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &utc) == 0)
        return -EINVAL;
    return snprintf(ret, PATH_MAX, "%s" LEDGER_ASIDE "%s", path, stamp) < PATH_MAX ? 0
                                                                                   : -ENAMETOOLONG;
}

int ledger_salvage(const char *path, usec_t now, char ret_aside[static PATH_MAX],
                   uint64_t *ret_rows)
{
    char draft[PATH_MAX], aside[PATH_MAX];
    uint64_t rows = 0;
    int r = count_aside(path);

    if (r >= LEDGER_ASIDE_MAX)
        return -EMFILE;
    if (r >= 0)
        r = name_aside(path, now, aside);
    if (r == 0)
        r = join(path, ".new", draft);
    if (r == 0)
        r = make_draft(path, draft, &rows);
    if (r == 0)
        r = exchange(path, draft, aside);
    if (r < 0) {
        remove_draft(draft);
        return r;
    }
    strcpy(ret_aside, aside);
    *ret_rows = rows;
    return 0;
}
