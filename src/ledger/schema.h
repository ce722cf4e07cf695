// SPDX-License-Identifier: GPL-2.0-or-later
// How the ledger lies in its file, and every statement that is put to it. Only for this folder.
#pragma once

#include "ledger/store.h"

enum { SCHEMA_APPLICATION = 0x7462616e /* "tban" */, SCHEMA_VERSION = 7 };

// What came with which version.
enum {
    SCHEMA_VERSION_ROWS = 1,
    SCHEMA_VERSION_EXCHANGES = 3,
    SCHEMA_VERSION_PAGES = 4,
    SCHEMA_VERSION_BUCKETS = 5,
};

// What makes an empty file a ledger; run in one transaction.
extern const char schema_create[];

// Makes the tables that came later, where they are missing.
extern const char schema_extend[];

// From version 2 or 1: what sessions have told comes with version 3.
extern const char schema_upgrade_exchanges[];

// From version 4 or before: sessions of one row each are read by the middle one.
extern const char schema_upgrade_sessions[];
extern const char schema_upgrade_sessions_read[];
extern const char schema_upgrade_sessions_end[];

// From version 3 or 2: the bans of one row each are read by the middle one.
extern const char schema_upgrade_ban_rows[];
extern const char schema_upgrade_ban_rows_read[];
extern const char schema_upgrade_ban_rows_end[];

// From version 1, in one transaction: bans and hits are read by the middle ones.
extern const char schema_upgrade_begin[];
extern const char schema_upgrade_bans[];
extern const char schema_upgrade_hits[];
extern const char schema_upgrade_end[];

// Per connection: the first leaves the file as it is, the second does not.
extern const char schema_lock[];
extern const char schema_pragmas[];

extern const char *const schema_statement[STATEMENT_MAX];
