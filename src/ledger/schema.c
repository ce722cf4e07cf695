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

// Addresses are 16 bytes and the length of their prefix (IPv4 as ::ffff:a.b.c.d), so that a block
// is a range of keys. Times are microseconds since 1970; the greatest integer is "never".
const char schema_create[] =
    // Jails and files, said once.
    "CREATE TABLE name (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"

    // The ids give the order of counting and are never used again. banned: the prefix of the net it
    // got banned; bans: how many bans it is evidence of.
    "CREATE TABLE hit (id INTEGER PRIMARY KEY AUTOINCREMENT, jail INTEGER NOT NULL, host BLOB NOT "
    "NULL,"
    " host_len INTEGER NOT NULL, time INTEGER NOT NULL, count INTEGER NOT NULL,"
    " banned INTEGER NOT NULL, forgiven INTEGER NOT NULL DEFAULT 0,"
    " bans INTEGER NOT NULL DEFAULT 0, source INTEGER NOT NULL, addr BLOB NOT NULL,"
    " addr_len INTEGER NOT NULL, text BLOB NOT NULL);"
    "CREATE INDEX hit_host ON hit (jail, host, time);"
    "CREATE INDEX hit_time ON hit (bans > 0, time);"

    // lifted: when it was unbanned, or never.
    "CREATE TABLE ban (id INTEGER PRIMARY KEY, jail INTEGER NOT NULL, net BLOB NOT NULL,"
    " len INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL,"
    " hits INTEGER NOT NULL, hosts INTEGER NOT NULL, need_hits INTEGER NOT NULL,"
    " need_hosts INTEGER NOT NULL, findtime INTEGER NOT NULL, reason INTEGER NOT NULL,"
    " lifted INTEGER NOT NULL DEFAULT 9223372036854775807);"
    "CREATE INDEX ban_net ON ban (net, len);"
    "CREATE INDEX ban_end ON ban (min(until, lifted));"

    "CREATE TABLE evidence (ban INTEGER NOT NULL, hit INTEGER NOT NULL, PRIMARY KEY (ban, hit))"
    " WITHOUT ROWID;"
    "CREATE TRIGGER evidence_added AFTER INSERT ON evidence BEGIN"
    " UPDATE hit SET bans = bans + 1 WHERE id = new.hit; END;"
    "CREATE TRIGGER evidence_gone AFTER DELETE ON evidence BEGIN"
    " UPDATE hit SET bans = bans - 1 WHERE id = old.hit; END;"
    "CREATE TRIGGER ban_gone AFTER DELETE ON ban BEGIN"
    " DELETE FROM evidence WHERE ban = old.id; END;"

    "CREATE TABLE session (jail INTEGER NOT NULL, key BLOB NOT NULL, last INTEGER NOT NULL,"
    " host BLOB, host_len INTEGER NOT NULL, pending INTEGER NOT NULL, counted INTEGER NOT NULL,"
    " user TEXT NOT NULL, several_users INTEGER NOT NULL, PRIMARY KEY (jail, key)) WITHOUT ROWID;"

    "CREATE TABLE position (path TEXT PRIMARY KEY, device INTEGER NOT NULL,"
    " inode INTEGER NOT NULL, offset INTEGER NOT NULL, head_hash INTEGER NOT NULL,"
    " head_length INTEGER NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE logpath (glob TEXT PRIMARY KEY) WITHOUT ROWID;"

    "CREATE TABLE bookmark (journal TEXT, matches TEXT, cursor TEXT NOT NULL,"
    " time INTEGER NOT NULL, PRIMARY KEY (journal, matches)) WITHOUT ROWID;";

// What the jails know together (engine/reputation.h). seen: the last hosts and blocks, as two arrays
// of struct sighting in the machine's own order.
const char schema_extend[] =
    "CREATE TABLE IF NOT EXISTS fingerprint (kind INTEGER NOT NULL, name TEXT NOT NULL,"
    " state INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,"
    " hits INTEGER NOT NULL, seen BLOB NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS good_name (kind INTEGER NOT NULL, name TEXT NOT NULL,"
    " last INTEGER NOT NULL, PRIMARY KEY (kind, name)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS shield (host BLOB NOT NULL, len INTEGER NOT NULL,"
    " user INTEGER NOT NULL, last INTEGER NOT NULL, forgiven INTEGER NOT NULL,"
    " days INTEGER NOT NULL, PRIMARY KEY (host, len)) WITHOUT ROWID;";

#define NAME_OF(column) "(SELECT text FROM name WHERE name.id = " column ")"
#define BAN_COLUMNS                                                                                \
    "id, " NAME_OF("jail") ", net, len, since, until, hits, hosts, need_hits, need_hosts, "        \
                           "findtime, reason, lifted"
#define EVIDENCE_COLUMNS                                                                           \
    NAME_OF("jail")                                                                                \
    " AS jail_name, addr, addr_len, time, count, " NAME_OF("source") " AS source_name, text, "     \
                                                                     "hit.id"
#define EVIDENCE_OLDEST_FIRST " ORDER BY +hit.id DESC LIMIT ?1) ORDER BY id"

// A "+" keeps the planner from walking a whole index in the order wanted: what is asked for is few.
const char *const schema_statement[STATEMENT_MAX] = {
    [STORE_BEGIN] = "BEGIN",
    [STORE_COMMIT] = "COMMIT",
    [STORE_ROLLBACK] = "ROLLBACK",

    [NAME_FIND] = "SELECT id FROM name WHERE text = ?1",
    [NAME_ADD] = "INSERT INTO name (text) VALUES (?1)",

    [HIT_ADD] = "INSERT INTO hit (jail, host, host_len, time, count, banned, source, addr,"
                " addr_len, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    [HIT_FIRST] = "SELECT min(id) FROM hit WHERE (bans > 0) IN (0, 1) AND time > ?1",
    [HIT_LIST] = "SELECT addr, addr_len, host, host_len, time, count, banned, " NAME_OF(
        "source") " FROM hit"
                  " WHERE id >= ?1 AND +jail = ?2 AND time > ?3 AND NOT forgiven ORDER BY id",
    [HIT_FORGIVE] = "UPDATE hit SET forgiven = 1 WHERE jail = ?1 AND host BETWEEN ?2 AND ?3"
                    " AND host_len >= ?4 AND NOT forgiven",
    [HIT_PRUNE] = "DELETE FROM hit WHERE id IN (SELECT id FROM hit WHERE (bans > 0) = 0"
                  " AND time < ?1 ORDER BY time LIMIT ?2)",
    [HIT_OVERFLOW] = "DELETE FROM hit WHERE id IN (SELECT id FROM hit WHERE (bans > 0) = ?1"
                     " ORDER BY time LIMIT ?2)",
    [HIT_COUNT] = "SELECT count(*) FROM hit",

    [BAN_FIND] = "SELECT id FROM ban WHERE net = ?1 AND len = ?2 AND jail = ?3"
                 " AND min(until, lifted) > ?4",
    [BAN_ADD] = "INSERT INTO ban (jail, net, len, since, until, hits, hosts, need_hits,"
                " need_hosts, findtime, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
                " ?11)",
    [BAN_EXTEND] = "UPDATE ban SET until = max(until, ?2) WHERE id = ?1 RETURNING until",
    // A window may hold hits later than the one that filled it: lines come out of order.
    [BAN_CLAIM] = "INSERT OR IGNORE INTO evidence SELECT ?1, id FROM hit WHERE jail = ?2"
                  " AND host BETWEEN ?3 AND ?4 AND host_len >= ?5 AND time > ?6 AND time < ?7"
                  " AND NOT forgiven ORDER BY +id DESC"
                  " LIMIT max(?8 - (SELECT count(*) FROM evidence WHERE ban = ?1), 0)",
    [BAN_LIFT] = "UPDATE ban SET lifted = ?1 WHERE net = ?2 AND len = ?3"
                 " AND min(until, lifted) > ?1 AND (?4 IS NULL OR jail = ?4)"
                 " RETURNING " BAN_COLUMNS ", jail",
    [BAN_LIST] = "SELECT " BAN_COLUMNS " FROM ban WHERE id > ?1 AND +min(until, lifted) > ?2"
                 " AND (?3 IS NULL OR jail = ?3) ORDER BY id",
    // Blocks within ?1..?2, and each block that could be around it (outer() cuts to a prefix).
    [BAN_ABOUT] = "WITH RECURSIVE prefix (n) AS"
                  " (SELECT 0 UNION ALL SELECT n + 1 FROM prefix WHERE n + 1 < ?3)"
                  " SELECT " BAN_COLUMNS " FROM ban WHERE id IN ("
                  "  SELECT id FROM ban WHERE net BETWEEN ?1 AND ?2 AND len >= ?3 UNION ALL"
                  "  SELECT id FROM prefix CROSS JOIN ban"
                  "   ON net = outer_net(?1, n) AND len = n)"
                  " ORDER BY id DESC LIMIT ?4",
    [BAN_PRIOR] = "SELECT count(*) FROM ban WHERE net = ?1 AND len = ?2"
                  " AND (?3 IS NULL OR jail = ?3) AND until <= ?4 AND until < lifted",
    [BAN_ENDED] = "SELECT " BAN_COLUMNS " FROM ban WHERE min(until, lifted) >= ?1"
                  " AND min(until, lifted) <= ?3 AND (until > ?1 OR id > ?2) AND until < lifted"
                  " ORDER BY min(until, lifted), id",
    [BAN_NEXT_END] = "SELECT min(until, lifted) FROM ban WHERE min(until, lifted) > ?1"
                     " ORDER BY min(until, lifted) LIMIT 1",
    [BAN_PRUNE] = "DELETE FROM ban WHERE id IN (SELECT id FROM ban WHERE min(until, lifted) < ?1"
                  " ORDER BY min(until, lifted) LIMIT ?2)",
    [BAN_OVERFLOW] = "DELETE FROM ban WHERE id IN (SELECT id FROM ban"
                     " ORDER BY min(until, lifted) LIMIT ?1)",
    [BAN_COUNT] = "SELECT count(*) FROM ban",

    [EVIDENCE_OF_BAN] =
        "SELECT * FROM (SELECT " EVIDENCE_COLUMNS " FROM evidence JOIN hit ON hit.id = evidence.hit"
        " WHERE evidence.ban = ?2" EVIDENCE_OLDEST_FIRST,
    [EVIDENCE_LOOSE] =
        "SELECT * FROM (SELECT " EVIDENCE_COLUMNS " FROM hit WHERE jail IN (SELECT id FROM name)"
        " AND host BETWEEN ?2 AND ?3 AND host_len >= ?4 AND bans = 0"
        " AND NOT forgiven" EVIDENCE_OLDEST_FIRST,

    [SESSION_PUT] = "INSERT INTO session VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
                    " ON CONFLICT DO UPDATE SET last = ?3, host = ?4, host_len = ?5,"
                    " pending = ?6, counted = ?7, user = ?8, several_users = ?9",
    [SESSION_DROP] = "DELETE FROM session WHERE jail = ?1 AND key = ?2",
    [SESSION_LIST] = "SELECT key, last, host, host_len, pending, counted, user, several_users"
                     " FROM session WHERE jail = ?1 ORDER BY last",

    [POSITION_PUT] = "INSERT OR REPLACE INTO position VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [POSITION_GET] = "SELECT device, inode, offset, head_hash, head_length, since FROM position"
                     " WHERE path = ?1",

    [LOGPATH_PUT] = "INSERT OR IGNORE INTO logpath VALUES (?1)",
    [LOGPATH_GET] = "SELECT 1 FROM logpath WHERE glob = ?1",
    [FINGERPRINT_PUT] = "INSERT OR REPLACE INTO fingerprint VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [FINGERPRINT_DROP] = "DELETE FROM fingerprint WHERE kind = ?1 AND name = ?2",
    [FINGERPRINT_LIST] = "SELECT kind, name, state, first, last, hits, seen FROM fingerprint"
                         " ORDER BY last",
    [FINGERPRINT_PRUNE] = "DELETE FROM fingerprint WHERE last < ?1 AND state < ?2",
    [GOOD_NAME_PUT] = "INSERT OR REPLACE INTO good_name VALUES (?1, ?2, ?3)",
    [GOOD_NAME_LIST] = "SELECT kind, name, last FROM good_name ORDER BY last",
    [GOOD_NAME_PRUNE] = "DELETE FROM good_name WHERE last < ?1",
    [SHIELD_PUT] = "INSERT OR REPLACE INTO shield VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [SHIELD_LIST] = "SELECT host, len, user, last, forgiven, days FROM shield ORDER BY last",
    [SHIELD_PRUNE] = "DELETE FROM shield WHERE last < ?1",
    [BOOKMARK_PUT] = "INSERT OR REPLACE INTO bookmark VALUES (?1, ?2, ?3, ?4)",
    [BOOKMARK_GET] = "SELECT cursor, time FROM bookmark WHERE journal = ?1"
                     " AND (?2 IS NULL OR matches = ?2) ORDER BY time DESC LIMIT 1",
};
