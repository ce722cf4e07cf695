// SPDX-License-Identifier: GPL-2.0-or-later
// The SQLite file below the ledger: its schema, its prepared statements, its errors as errno. Only
// for this folder.
#pragma once

#include "ledger/ledger.h"
#include "ledger/names.h"
#include "ledger/roll.h"
#include "ledger/segment.h"
#include "ledger/sessions.h"

#include <sqlite3.h>

enum statement {
    STORE_BEGIN,
    STORE_COMMIT,
    STORE_ROLLBACK,
    NAME_PUT,
    NAME_ALL,
    NAME_DROP,
    SEGMENT_PUT,
    SEGMENT_DROP,
    SEGMENT_TOTAL,
    SEGMENT_SINCE,
    SEGMENT_BACK,
    SEGMENT_DUE,
    SEGMENT_OLDEST,
    SEGMENT_RUN,
    CONTENT_PUT,
    CONTENT_HEADS,
    CONTENT_TEXTS,
    CONTENT_DROP,
    BANS_PUT,
    BANS_DROP,
    BANS_ALL,
    SESSIONS_PUT,
    SESSIONS_DROP,
    SESSIONS_OF,
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
    GOOD_NAME_DROP,
    GOOD_NAME_PRUNE,
    SHIELD_PUT,
    SHIELD_LIST,
    SHIELD_DROP,
    SHIELD_PRUNE,
    PEER_PUT,
    PEER_LIST,
    PEER_DROP,
    PEER_PRUNE,
    BOOKMARK_PUT,
    BOOKMARK_GET,
    REPEAT_PUT,
    REPEAT_LIST,
    REPEAT_DROP,
    DAMAGED_PUT,
    STATEMENT_MAX
};

enum { STORE_ERROR_MAX = 256 };

enum damage {
    DAMAGE_HITS, // pieces of a segment; all others are rows
    DAMAGE_NAMES,
    DAMAGE_BANS,
    DAMAGE_SESSIONS,
    DAMAGE_FINGERPRINTS,
    DAMAGE_GOOD_NAMES,
    DAMAGE_LOGINS,
    DAMAGE_PEERS,
    DAMAGE_REPEATS,
    DAMAGE_KINDS
};

// Numbers of bans, in any order.
struct ids {
    int64_t *id;
    size_t n, allocated;
};

struct ledger {
    sqlite3 *db;
    sqlite3_stmt *statement[STATEMENT_MAX]; // prepared when first used
    struct names names;
    size_t evidence; // lines kept per ban

    // Bans are in memory, and what is not yet written of them is until a commit stands.
    struct roll roll;
    int64_t ban_id;           // the latest
    int64_t ban_saved;        // those after it are not written
    struct ids changed, gone; // of those that are

    // Hits are written by segments, the latest of which grows.
    struct segment tail;
    size_t tail_written; // of its records
    size_t tail_bytes;   // as which it is counted
    bool tail_is_plain;  // its last line is kept whole, with nothing hidden
    uint64_t seq;        // the latest, 0: none yet
    uint64_t bytes;      // of all segments as written

    struct told told; // of sessions
    size_t damaged[DAMAGE_KINDS];
    uint64_t bytes_max, bans_max; // LEDGER_*_MAX
    bool in_transaction, spoiled; // spoiled: a write failed
    char error[STORE_ERROR_MAX];
    char *suspect; // the file that says that damage has shown itself; NULL: none is made
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

// Reads 16 bytes and a length from two columns that follow each other. -EUCLEAN.
int store_addr(struct ledger *l, sqlite3_stmt *s, int column, struct addr *ret);
