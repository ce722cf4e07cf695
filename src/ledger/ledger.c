// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger/ledger.h"

#include "ledger/bans.h"
#include "ledger/damage.h"
#include "ledger/hits.h"
#include "ledger/schema.h"
#include "ledger/upgrade.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { BUSY_MS = 250, EVIDENCE_LINES = 100 };

static int execute(struct ledger *l, const char *sql)
{
    int code = sqlite3_exec(l->db, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? 0 : store_fail(l, code);
}

static int ask(struct ledger *l, const char *sql, int64_t *ret)
{
    sqlite3_stmt *s = NULL;
    int code = sqlite3_prepare_v2(l->db, sql, -1, &s, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(s);
    if (code == SQLITE_ROW)
        *ret = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return code == SQLITE_ROW ? 0 : store_fail(l, code);
}

// Whose file it is, by reading alone. *ret_empty: nobody's yet.
static int identify(struct ledger *l, bool *ret_empty, int64_t *ret_version)
{
    int64_t application = 0, version = 0, tables = 0;
    int r = ask(l, "PRAGMA application_id", &application);

    if (r == 0)
        r = ask(l, "PRAGMA user_version", &version);
    if (r == 0)
        r = ask(l, "SELECT count(*) FROM sqlite_schema", &tables);
    if (r < 0)
        return r;
    *ret_empty = application == 0 && version == 0 && tables == 0;
    if (!*ret_empty && application != SCHEMA_APPLICATION)
        return -EUCLEAN;
    *ret_version = version;
    return !*ret_empty && (version < SCHEMA_VERSION_ROWS || version > SCHEMA_VERSION) ? -ENOTSUP
                                                                                      : 0;
}

static int mark(struct ledger *l)
{
    char marks[96];

    snprintf(marks, sizeof(marks), "PRAGMA application_id = %d; PRAGMA user_version = %d;",
             SCHEMA_APPLICATION, SCHEMA_VERSION);
    return execute(l, marks);
}

// What cannot be read would be found out later, in the midst of work. Of the hits each segment is
// lost by itself, until damage has shown itself: then all is looked at, which takes seconds.
static const char *const parts[] = {
    "SELECT integrity_check = 'ok' FROM pragma_integrity_check('name')",
    "SELECT quick_check = 'ok' FROM pragma_quick_check('bans')",
    "SELECT quick_check = 'ok' FROM pragma_quick_check('segment')",
    "SELECT quick_check = 'ok' FROM pragma_quick_check('sessions')",
    "SELECT quick_check = 'ok' FROM pragma_quick_check('position')",
    "SELECT quick_check = 'ok' FROM pragma_quick_check('bookmark')",
    "SELECT quick_check = 'ok' FROM pragma_quick_check('logpath')",
    "SELECT quick_check = 'ok' FROM pragma_quick_check('fingerprint')",
    "SELECT quick_check = 'ok' FROM pragma_quick_check('good_name')",
    "SELECT quick_check = 'ok' FROM pragma_quick_check('shield')",
    "SELECT quick_check = 'ok' FROM pragma_quick_check('peer')",
    "SELECT quick_check = 'ok' FROM pragma_quick_check('repeat')",
};
static const char *const whole[] = {"SELECT quick_check = 'ok' FROM pragma_quick_check(1)"};

static int check(struct ledger *l, const char *const *sql, size_t n)
{
    int64_t good = 1;
    int r = 0;

    for (size_t i = 0; i < n && r == 0 && good; i++)
        r = ask(l, sql[i], &good);
    return r < 0 || good ? r : -EUCLEAN;
}

// Takes the lock of the file, and makes a ledger of it if it is empty: an empty one only, so that
// what is damaged or somebody else's is never written over. The journal's mode is written into the
// file as well, so that comes after the first look; the second one is under the lock.
static int claim_file(struct ledger *l, bool is_suspect)
{
    bool empty = false;
    int64_t version = 0;
    int r = execute(l, schema_lock);

    if (r == 0)
        r = identify(l, &empty, &version);
    if (r == 0 && !empty)
        r = version == SCHEMA_VERSION && !is_suspect
                ? check(l, parts, sizeof(parts) / sizeof(parts[0]))
                : check(l, whole, 1);
    if (r == 0)
        r = execute(l, schema_pragmas);
    if (r == 0)
        r = execute(l, "BEGIN IMMEDIATE");
    if (r == 0)
        r = identify(l, &empty, &version);
    if (r == 0 && empty)
        r = execute(l, schema_create);
    if (r == 0 && !empty && version < SCHEMA_VERSION)
        r = upgrade(l, version);
    // Where the disk is full, a ledger that is there is read nonetheless.
    if (r == 0 && version != SCHEMA_VERSION)
        r = execute(l, schema_extend);
    if (r == 0 && version != SCHEMA_VERSION)
        r = mark(l);
    return r < 0 ? r : execute(l, "COMMIT");
}

static int read_names(struct ledger *l)
{
    sqlite3_stmt *s;
    int r = store_start(l, NAME_ALL, 0, NULL, &s);

    while (r == 0 && (r = store_step(l, s)) == 1) {
        const char *text = (const char *)sqlite3_column_text(s, 1);
        r = text ? names_put(&l->names, (uint64_t)sqlite3_column_int64(s, 0), text) : -EUCLEAN;
        if (r == -EUCLEAN) {
            damage_set_aside(l, DAMAGE_NAMES, s, NAME_DROP);
            r = 0;
        }
        if (r < 0)
            return store_stop(s, r);
    }
    l->names.saved = l->names.n;
    return r;
}

static int write_names(struct ledger *l)
{
    int r = 0;

    for (size_t i = l->names.saved; i < l->names.n && r == 0; i++)
        r = store_run(l, NAME_PUT, 2,
                      (struct value[]){value_of((int64_t)i + 1), value_text(l->names.text[i])});
    return r;
}

static int read_all(struct ledger *l)
{
    int r = read_names(l);

    if (r == 0)
        r = bans_read(l);
    return r < 0 ? r : hits_count(l);
}

static int write_all(struct ledger *l)
{
    int r = write_names(l);

    if (r == 0)
        r = hits_write(l);
    if (r == 0)
        r = sessions_write(l);
    return r < 0 ? r : bans_write(l);
}

// The evidence may hold what people typed as a password: only our user and group read it.
static int create_file(const char *path)
{
    int fd;

    if (strcmp(path, ":memory:") == 0)
        return 0;
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return -errno;
    close(fd);
    return 0;
}

static int make(struct ledger **ret)
{
    struct ledger *l = calloc(1, sizeof(*l));

    if (!l)
        return -ENOMEM;
    if (getrandom(&l->roll.seed, sizeof(l->roll.seed), 0) != (ssize_t)sizeof(l->roll.seed)) {
        free(l);
        return -EIO;
    }
    l->evidence = EVIDENCE_LINES;
    l->bytes_max = LEDGER_BYTES_MAX;
    l->bans_max = LEDGER_BANS_MAX;
    *ret = l;
    return 0;
}

static int open_file(struct ledger *l, const char *path, bool is_suspect)
{
    int code = sqlite3_open_v2(
        path, &l->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    int r;

    if (code != SQLITE_OK)
        return store_fail(l, code);
    sqlite3_busy_timeout(l->db, BUSY_MS);
    sqlite3_db_config(l->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    r = claim_file(l, is_suspect);
    return r < 0 ? r : read_all(l);
}

int ledger_open(const char *path, struct ledger **ret)
{
    struct ledger *l = NULL;
    char suspect[PATH_MAX];
    bool is_suspect;
    int r = create_file(path);

    if (r == 0 && snprintf(suspect, sizeof(suspect), "%s" LEDGER_SUSPECT, path) >= PATH_MAX)
        r = -ENAMETOOLONG;
    if (r == 0)
        r = make(&l);
    if (r < 0)
        return r;
    is_suspect = access(suspect, F_OK) == 0;
    r = open_file(l, path, is_suspect);
    if (r == 0 && is_suspect)
        unlink(suspect);
    if (r == 0 && strcmp(path, ":memory:") != 0 && !(l->suspect = strdup(suspect)))
        r = -ENOMEM;
    if (r < 0) {
        ledger_close(l);
        return r;
    }
    *ret = l;
    return 0;
}

struct ledger *ledger_close(struct ledger *l)
{
    if (!l)
        return NULL;
    for (size_t i = 0; i < STATEMENT_MAX; i++)
        sqlite3_finalize(l->statement[i]);
    sqlite3_close(l->db);
    names_done(&l->names);
    bans_done(l);
    sessions_done(&l->told);
    segment_done(&l->tail);
    free(l->suspect);
    free(l);
    return NULL;
}

const char *ledger_error(const struct ledger *l)
{
    return l->error;
}

void ledger_keep_evidence(struct ledger *l, size_t lines)
{
    l->evidence = lines;
}

int ledger_begin(struct ledger *l)
{
    int r = store_run(l, STORE_BEGIN, 0, NULL);

    l->in_transaction = r == 0;
    l->spoiled = false;
    return r;
}

void ledger_rollback(struct ledger *l)
{
    char error[STORE_ERROR_MAX];

    memcpy(error, l->error, sizeof(error));
    l->in_transaction = false;
    if (!sqlite3_get_autocommit(l->db))
        store_run(l, STORE_ROLLBACK, 0, NULL);
    hits_lost(l);
    sessions_lost(&l->told);
    memcpy(l->error, error, sizeof(error));
}

int ledger_commit(struct ledger *l)
{
    int r = l->spoiled ? -EIO : write_all(l);

    l->in_transaction = false;
    if (r == 0 && !l->spoiled)
        r = store_run(l, STORE_COMMIT, 0, NULL);
    if (r < 0) {
        ledger_rollback(l);
        return r;
    }
    l->names.saved = l->names.n;
    hits_written(l);
    bans_written(l);
    return 0;
}
