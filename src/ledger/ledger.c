// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger/ledger.h"

#include "ledger/schema.h"
#include "ledger/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUSY_MS = 250, EVIDENCE_LINES = 100 };

// outer_net(net, prefix): the first address of the enclosing block.
static void outer_net(sqlite3_context *context, int n, sqlite3_value **v)
{
    int prefix = sqlite3_value_int(v[1]);
    uint8_t bytes[16];

    (void)n;
    if (sqlite3_value_bytes(v[0]) != 16 || prefix < 0 || prefix > 128) {
        sqlite3_result_null(context);
        return;
    }
    memcpy(bytes, sqlite3_value_blob(v[0]), 16);
    for (int bit = prefix; bit < 128; bit++)
        bytes[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
    sqlite3_result_blob(context, bytes, 16, SQLITE_TRANSIENT);
}

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
static int identify(struct ledger *l, bool *ret_empty)
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
    return !*ret_empty && version != SCHEMA_VERSION ? -ENOTSUP : 0;
}

static int create(struct ledger *l)
{
    char marks[96];
    int r = execute(l, schema_create);

    snprintf(marks, sizeof(marks), "PRAGMA application_id = %d; PRAGMA user_version = %d;",
             SCHEMA_APPLICATION, SCHEMA_VERSION);
    return r < 0 ? r : execute(l, marks);
}

// Takes the lock of the file, and makes a ledger of it if it is empty: an empty one only, so that
// what is damaged or somebody else's is never written over. The journal's mode is written into the
// file as well, so that comes after the first look; the second one is under the lock.
// All of it is read: a third of a second for a million hits. Bans that cannot be read would be
// found out later, in the midst of telling the enforcer of them.
static int check_whole(struct ledger *l)
{
    int64_t whole = 0;
    int r = ask(l, "SELECT quick_check = 'ok' FROM pragma_quick_check(1)", &whole);

    return r < 0 || whole ? r : -EUCLEAN;
}

static int claim_file(struct ledger *l)
{
    bool empty = false;
    int r = execute(l, schema_lock);

    if (r == 0)
        r = identify(l, &empty);
    if (r == 0 && !empty)
        r = check_whole(l);
    if (r == 0)
        r = execute(l, schema_pragmas);
    if (r == 0)
        r = execute(l, "BEGIN IMMEDIATE");
    if (r == 0)
        r = identify(l, &empty);
    if (r == 0 && empty)
        r = create(l);
    if (r == 0)
        r = execute(l, schema_extend);
    return r < 0 ? r : execute(l, "COMMIT");
}

static int count_rows(struct ledger *l)
{
    int64_t hits = 0, bans = 0;
    int r = store_number(l, HIT_COUNT, 0, NULL, &hits);

    if (r == 0)
        r = store_number(l, BAN_COUNT, 0, NULL, &bans);
    l->n_hit = (uint64_t)hits;
    l->n_ban = (uint64_t)bans;
    return r;
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

int ledger_open(const char *path, struct ledger **ret)
{
    struct ledger *l;
    int r = create_file(path), code;

    if (r < 0)
        return r;
    l = calloc(1, sizeof(*l));
    if (!l)
        return -ENOMEM;
    l->evidence = EVIDENCE_LINES;
    l->hits_max = LEDGER_HITS_MAX;
    l->bans_max = LEDGER_BANS_MAX;
    code = sqlite3_open_v2(
        path, &l->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (code == SQLITE_OK) {
        sqlite3_busy_timeout(l->db, BUSY_MS);
        sqlite3_db_config(l->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        code = sqlite3_create_function(l->db, "outer_net", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC,
                                       NULL, outer_net, NULL, NULL);
    }
    r = code == SQLITE_OK ? claim_file(l) : store_fail(l, code);
    if (r == 0)
        r = count_rows(l);
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
    store_forget_names(l);
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
    // Names learnt and rows counted since ledger_begin() are gone.
    store_forget_names(l);
    count_rows(l);
    memcpy(l->error, error, sizeof(error));
}

int ledger_commit(struct ledger *l)
{
    int r = -EIO;

    l->in_transaction = false;
    if (!l->spoiled)
        r = store_run(l, STORE_COMMIT, 0, NULL);
    if (r < 0)
        ledger_rollback(l);
    return r;
}
