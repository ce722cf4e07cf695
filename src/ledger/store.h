// SPDX-License-Identifier: GPL-2.0-or-later
// The SQLite file below the ledger: its schema, its prepared statements, its errors as errno. Only
// for this folder.
#pragma once

#include "base/addr.h"
#include "base/span.h"
#include "ledger/ledger.h"

#include <sqlite3.h>

enum statement {
    STORE_BEGIN,
    STORE_COMMIT,
    STORE_ROLLBACK,
    NAME_FIND,
    NAME_ADD,
    HIT_ADD,
    HIT_FIRST,
    HIT_LIST,
    HIT_FORGIVE,
    HIT_PRUNE,
    HIT_OVERFLOW,
    HIT_COUNT,
    BAN_FIND,
    BAN_ADD,
    BAN_EXTEND,
    BAN_CLAIM,
    BAN_LIFT,
    BAN_LIST,
    BAN_ABOUT,
    BAN_PRIOR,
    BAN_ENDED,
    BAN_NEXT_END,
    BAN_PRUNE,
    BAN_OVERFLOW,
    BAN_COUNT,
    EVIDENCE_OF_BAN,
    EVIDENCE_LOOSE,
    SESSION_PUT,
    SESSION_DROP,
    SESSION_LIST,
    POSITION_PUT,
    POSITION_GET,
    LOGPATH_PUT,
    LOGPATH_GET,
    FINGERPRINT_PUT,
    FINGERPRINT_DROP,
    FINGERPRINT_LIST,
    FINGERPRINT_PRUNE,
    GOOD_NAME_PUT,
    GOOD_NAME_LIST,
    GOOD_NAME_PRUNE,
    SHIELD_PUT,
    SHIELD_LIST,
    SHIELD_PRUNE,
    BOOKMARK_PUT,
    BOOKMARK_GET,
    STATEMENT_MAX
};

enum { NAMES_MAX = 64, STORE_ERROR_MAX = 256 };

struct ledger {
    sqlite3 *db;
    sqlite3_stmt *statement[STATEMENT_MAX]; // prepared when first used
    size_t evidence;                        // lines kept per ban
    uint64_t n_hit, n_ban;                  // rows, so that overflow costs no counting
    struct {
        char *text;
        int64_t id;
    } name[NAMES_MAX];            // names looked up last, by hash
    uint64_t hits_max, bans_max;  // LEDGER_*_MAX
    bool in_transaction, spoiled; // spoiled: a write failed
    char error[STORE_ERROR_MAX];
};

struct value {
    enum { VALUE_INT, VALUE_TEXT, VALUE_BLOB } kind;
    int64_t number;
    struct slice bytes; // p NULL: SQL's NULL
};

static inline struct value value_of(int64_t number)
{
    return (struct value){.kind = VALUE_INT, .number = number};
}

static inline struct value value_text(const char *text)
{
    return (struct value){.kind = VALUE_TEXT, .bytes = text ? slice_of(text) : (struct slice){0}};
}

static inline struct value value_blob(const void *bytes, size_t n)
{
    return (struct value){.kind = VALUE_BLOB, .bytes = {bytes, n}};
}

// SQLite's integers are signed: what lies beyond, USEC_FOREVER above all, is kept as the greatest.
static inline struct value value_time(usec_t t)
{
    return value_of(t > INT64_MAX ? INT64_MAX : (int64_t)t);
}

static inline usec_t store_time(sqlite3_stmt *s, int column)
{
    int64_t t = sqlite3_column_int64(s, column);
    return t == INT64_MAX ? USEC_FOREVER : (usec_t)t;
}

// Starts a statement with its parameters ?1, ?2, … The bytes are borrowed until its end.
int store_start(struct ledger *l, enum statement which, size_t n, const struct value *v,
                sqlite3_stmt **ret);

// 1: a row. 0: the end; -errno: failed. After both the statement is reset.
int store_step(struct ledger *l, sqlite3_stmt *s);

// Ends a statement before its last row. Passes r on.
int store_stop(sqlite3_stmt *s, int r);

// Starts and steps to the end.
int store_run(struct ledger *l, enum statement which, size_t n, const struct value *v);

// The first column of the first row as a number; -ENOENT where there is none.
int store_number(struct ledger *l, enum statement which, size_t n, const struct value *v,
                 int64_t *ret);

// Keeps SQLite's words for ledger_error(). What its code is in errno's.
int store_fail(struct ledger *l, int code);

// The number that stands for a jail's or a file's name.
int store_name(struct ledger *l, const char *text, int64_t *ret);
void store_forget_names(struct ledger *l);

// The last address of a block: with the first one the range of keys that lie in it.
struct addr store_last(const struct addr *net);

// Reads 16 bytes and a length from two columns that follow each other. -EUCLEAN.
int store_addr(struct ledger *l, sqlite3_stmt *s, int column, struct addr *ret);
