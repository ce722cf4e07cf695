// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger/schema.h"

// A second daemon is refused, and no shared memory file is needed.
const char schema_lock[] = "PRAGMA locking_mode = EXCLUSIVE;";

// The cache, and with it the memory, is bounded to 16 MiB however large the file grows.
const char schema_pragmas[] = "PRAGMA journal_mode = WAL;"
                              "PRAGMA synchronous = NORMAL;"
                              "PRAGMA journal_size_limit = 16777216;"
                              "PRAGMA cache_size = -16384;"
                              "PRAGMA trusted_schema = OFF;";

// What is asked for often is in memory, so that nothing has an index but its key and all is written
// in the order of its keys. Addresses are 16 bytes and the length of their prefix (IPv4 as
// ::ffff:a.b.c.d). Times are microseconds since 1970; the greatest integer is "never".
#define CREATE_HITS                                                                                \
    /* What segment.h makes of hits. swept: when only evidence was left of it; 0: not yet. */      \
    "CREATE TABLE segment (first INTEGER PRIMARY KEY, last INTEGER NOT NULL,"                      \
    " time_max INTEGER NOT NULL, swept INTEGER NOT NULL, bytes INTEGER NOT NULL,"                  \
    " sieve BLOB NOT NULL);"                                                                       \
    "CREATE TABLE content (first INTEGER PRIMARY KEY, heads BLOB NOT NULL, texts BLOB NOT NULL);"

// What there is to say of bans, as page.h packs it.
#define CREATE_BANS "CREATE TABLE bans (page INTEGER PRIMARY KEY, facts BLOB NOT NULL);"

// What sessions.c makes of them: a row for a bucket of a jail's.
#define CREATE_SESSIONS "CREATE TABLE sessions (bucket INTEGER PRIMARY KEY, facts BLOB NOT NULL);"

const char schema_create[] =
    // Jails and files, said once.
    "CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);" CREATE_HITS CREATE_BANS

        CREATE_SESSIONS

    "CREATE TABLE position (path TEXT PRIMARY KEY, device INTEGER NOT NULL,"
    " inode INTEGER NOT NULL, offset INTEGER NOT NULL, head_hash INTEGER NOT NULL,"
    " head_length INTEGER NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE logpath (glob TEXT PRIMARY KEY) WITHOUT ROWID;"

    "CREATE TABLE bookmark (journal TEXT, matches TEXT, cursor TEXT NOT NULL,"
    " time INTEGER NOT NULL, PRIMARY KEY (journal, matches)) WITHOUT ROWID;";

// What the jails know together (engine/reputation.h). seen: the last hosts and blocks, as two
// arrays of as many struct sighting in the machine's own order.
const char schema_extend[] =
    "CREATE TABLE IF NOT EXISTS fingerprint (kind INTEGER NOT NULL, name TEXT NOT NULL,"
    " state INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " hits INTEGER NOT NULL, seen BLOB NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS good_name (kind INTEGER NOT NULL, name TEXT NOT NULL,"
    " last INTEGER NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS shield (host BLOB NOT NULL, len INTEGER NOT NULL,"
    " last INTEGER NOT NULL, forgiven INTEGER NOT NULL, days INTEGER NOT NULL,"
    " logins BLOB NOT NULL, PRIMARY KEY (host, len)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS peer (host BLOB NOT NULL, len INTEGER NOT NULL,"
    " mail INTEGER NOT NULL, failed INTEGER NOT NULL, spared INTEGER NOT NULL,"
    " PRIMARY KEY (host, len)) WITHOUT ROWID;"
    // marks: an array of struct repeats_mark in the machine's own order.
    "CREATE TABLE IF NOT EXISTS repeat (jail INTEGER NOT NULL, slot INTEGER NOT NULL,"
    " host BLOB NOT NULL, len INTEGER NOT NULL, last INTEGER NOT NULL, marks BLOB NOT NULL,"
    " PRIMARY KEY (jail, slot)) WITHOUT ROWID;"
    // Rows that could not be read, as SQL.
    "CREATE TABLE IF NOT EXISTS damaged (kind TEXT NOT NULL, facts TEXT NOT NULL);";

const char schema_upgrade_exchanges[] =
    "ALTER TABLE session ADD COLUMN helo TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE session ADD COLUMN is_claim INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE session ADD COLUMN exchange INTEGER NOT NULL DEFAULT 0;";

// Up to version 4 a session had a row.
const char schema_upgrade_sessions[] = CREATE_SESSIONS;

const char schema_upgrade_sessions_read[] =
    "SELECT jail, key, last, host, host_len, pending, counted, user, several_users, helo,"
    " is_claim, exchange FROM session ORDER BY jail";

const char schema_upgrade_sessions_end[] = "DROP TABLE session;";

// Versions 2 and 3 had a row for every ban, and its name apart; 2 not from the beginning.
const char schema_upgrade_ban_rows[] = CREATE_BANS
    "CREATE TABLE IF NOT EXISTS ban_name (ban INTEGER PRIMARY KEY, text TEXT NOT NULL);";

const char schema_upgrade_ban_rows_read[] =
    "SELECT id, facts, text FROM ban LEFT JOIN ban_name ON ban = id ORDER BY id";

const char schema_upgrade_ban_rows_end[] = "DROP TABLE ban; DROP TABLE ban_name;";

// Version 1 had a row for every hit and for what it was evidence of. The order of counting is twice
// the number of a hit, so that a pardon finds room behind it.
const char schema_upgrade_begin[] =
    "DROP TRIGGER evidence_added; DROP TRIGGER evidence_gone; DROP TRIGGER ban_gone;"
    "DROP INDEX ban_net; DROP INDEX ban_end;"
    "ALTER TABLE ban RENAME TO old_ban; ALTER TABLE hit RENAME TO old_hit;" CREATE_HITS CREATE_BANS;

const char schema_upgrade_end[] = "DROP TABLE evidence; DROP TABLE old_hit; DROP TABLE old_ban;";

const char schema_upgrade_bans[] =
    "SELECT id, jail, net, len, since, until, lifted,"
    " coalesce((SELECT 2 * max(hit) FROM evidence WHERE ban = old_ban.id), 0),"
    " (SELECT count(*) FROM evidence WHERE ban = old_ban.id),"
    " hits, hosts, need_hits, need_hosts, findtime, reason FROM old_ban ORDER BY id";

// A pardon belongs behind the last of a host's hits that were forgiven.
const char schema_upgrade_hits[] =
    "SELECT 2 * id, jail, source, host, host_len, addr, addr_len, time, count, banned, text,"
    " forgiven AND NOT EXISTS (SELECT 1 FROM old_hit h WHERE h.jail = old_hit.jail"
    "  AND h.host = old_hit.host AND h.host_len = old_hit.host_len AND h.forgiven AND h.bans > 0"
    "  AND h.id > old_hit.id) FROM old_hit WHERE NOT forgiven OR bans > 0 ORDER BY id";

const char *const schema_statement[STATEMENT_MAX] = {
    [STORE_BEGIN] = "BEGIN",
    [STORE_COMMIT] = "COMMIT",
    [STORE_ROLLBACK] = "ROLLBACK",

    // A text that is there already, under a number that is lost, is no reason to write nothing.
    [NAME_PUT] = "INSERT OR REPLACE INTO name VALUES (?1, ?2)",
    [NAME_ALL] = "SELECT id, text FROM name ORDER BY id",
    [NAME_DROP] = "DELETE FROM name WHERE id = ?1",

    [SEGMENT_PUT] = "INSERT OR REPLACE INTO segment VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SEGMENT_DROP] = "DELETE FROM segment WHERE first = ?1",
    [SEGMENT_TOTAL] = "SELECT coalesce(max(last), 0), coalesce(sum(bytes), 0) FROM segment",
    [SEGMENT_SINCE] =
        "SELECT first, time_max FROM segment WHERE first < ?1 AND time_max > ?2 ORDER BY first",
    [SEGMENT_BACK] = "SELECT first, sieve FROM segment WHERE first < ?1 AND first <= ?2"
                     " AND time_max >= ?3 AND (NOT ?4 OR swept = 0) ORDER BY first DESC",
    [SEGMENT_DUE] = "SELECT first FROM segment WHERE first < ?1"
                    " AND CASE swept WHEN 0 THEN time_max < ?2 ELSE swept < ?3 END"
                    " ORDER BY first LIMIT 1",
    [SEGMENT_OLDEST] = "SELECT first, swept, bytes FROM segment WHERE first < ?1"
                       " ORDER BY swept > 0, first LIMIT 1",
    [SEGMENT_RUN] = "SELECT first, time_max, swept, bytes FROM segment WHERE first < ?1"
                    " AND first >= coalesce((SELECT first FROM segment WHERE first < ?2"
                    " ORDER BY first DESC LIMIT 1), ?2) ORDER BY first LIMIT ?3",
    [CONTENT_PUT] = "INSERT OR REPLACE INTO content VALUES (?1, ?2, ?3)",
    [CONTENT_HEADS] = "SELECT heads, length(texts) FROM content WHERE first = ?1",
    [CONTENT_TEXTS] = "SELECT texts FROM content WHERE first = ?1",
    [CONTENT_DROP] = "DELETE FROM content WHERE first = ?1",

    [BANS_PUT] = "INSERT OR REPLACE INTO bans VALUES (?1, ?2)",
    [BANS_DROP] = "DELETE FROM bans WHERE page = ?1",
    [BANS_ALL] = "SELECT page, facts FROM bans ORDER BY page",

    [SESSIONS_PUT] = "INSERT OR REPLACE INTO sessions VALUES (?1, ?2)",
    [SESSIONS_DROP] = "DELETE FROM sessions WHERE bucket = ?1",
    [SESSIONS_OF] = "SELECT bucket, facts FROM sessions WHERE bucket >= ?1 AND bucket < ?2",

    [POSITION_PUT] = "INSERT OR REPLACE INTO position VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [POSITION_GET] = "SELECT device, inode, offset, head_hash, head_length, since FROM position"
                     " WHERE path = ?1",

    [LOGPATH_PUT] = "INSERT OR IGNORE INTO logpath VALUES (?1)",
    [LOGPATH_GET] = "SELECT 1 FROM logpath WHERE glob = ?1",
    [FINGERPRINT_PUT] = "INSERT OR REPLACE INTO fingerprint VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [FINGERPRINT_DROP] = "DELETE FROM fingerprint WHERE kind IS ?1 AND name IS ?2",
    [FINGERPRINT_LIST] = "SELECT kind, name, state, first, last, hits, seen FROM fingerprint"
                         " ORDER BY last",
    [FINGERPRINT_PRUNE] = "DELETE FROM fingerprint WHERE last < ?1 AND state < ?2",
    [GOOD_NAME_PUT] = "INSERT OR REPLACE INTO good_name VALUES (?1, ?2, ?3)",
    [GOOD_NAME_LIST] = "SELECT kind, name, last FROM good_name ORDER BY last",
    [GOOD_NAME_DROP] = "DELETE FROM good_name WHERE kind IS ?1 AND name IS ?2",
    [GOOD_NAME_PRUNE] = "DELETE FROM good_name WHERE last < ?1",
    [SHIELD_PUT] = "INSERT OR REPLACE INTO shield VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SHIELD_LIST] = "SELECT host, len, last, forgiven, days, logins FROM shield"
                    " ORDER BY last",
    [SHIELD_DROP] = "DELETE FROM shield WHERE host IS ?1 AND len IS ?2",
    [SHIELD_PRUNE] = "DELETE FROM shield WHERE last < ?1",
    [PEER_PUT] = "INSERT OR REPLACE INTO peer VALUES (?1, ?2, ?3, ?4, ?5)",
    [PEER_LIST] = "SELECT host, len, mail, failed, spared FROM peer ORDER BY mail",
    [PEER_DROP] = "DELETE FROM peer WHERE host IS ?1 AND len IS ?2",
    [PEER_PRUNE] = "DELETE FROM peer WHERE mail < ?1 AND spared < ?1",
    [BOOKMARK_PUT] = "INSERT OR REPLACE INTO bookmark VALUES (?1, ?2, ?3, ?4)",
    [BOOKMARK_GET] = "SELECT cursor, time FROM bookmark WHERE journal = ?1"
                     " AND (?2 IS NULL OR matches = ?2) ORDER BY time DESC LIMIT 1",
    [REPEAT_PUT] = "INSERT OR REPLACE INTO repeat VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [REPEAT_LIST] = "SELECT host, len, last, marks FROM repeat WHERE jail = ?1 AND last >= ?2"
                    " ORDER BY last",
    [REPEAT_DROP] = "DELETE FROM repeat WHERE jail = ?1",

    // Columns of whatever type.
    [DAMAGED_PUT] =
        "INSERT INTO damaged SELECT ?1, substr(quote(?4) || ',' || quote(?5) || ',' || quote(?6)"
        " || ',' || quote(?7) || ',' || quote(?8) || ',' || quote(?9) || ',' || quote(?10), 1, ?3)"
        " WHERE (SELECT count(*) FROM damaged) < ?2",
};
