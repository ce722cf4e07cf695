// SPDX-License-Identifier: GPL-2.0-or-later
// Rows that cannot be read cost nothing but themselves: they are counted and set aside, and all
// others are read. Only for this folder.
#pragma once

#include "ledger/store.h"

// Rows kept in table `damaged`, and bytes of each; those beyond are dropped.
enum { DAMAGED_ROWS_MAX = 64, DAMAGED_BYTES_MAX = 1 << 16 };

// That a row, at which a statement stands, cannot be read: a copy goes into table `damaged`. Where
// even that fails, it is met again.
void damage_note(struct ledger *l, enum damage what, sqlite3_stmt *row);

// The same, and the row goes from its own table by a statement that takes the row's first columns.
void damage_set_aside(struct ledger *l, enum damage what, sqlite3_stmt *row, enum statement drop);
