// SPDX-License-Identifier: GPL-2.0-or-later
// Where the ledger stands. What is wrong with its file stops no ban: a damaged one is replaced by
// what can be read of it, and where that cannot be written, the daemon works with one in memory.
#pragma once

#include "ledger/ledger.h"

// Opens the one in a folder, which becomes another one only where it is damaged, unreadable, or has
// no room. trouble: "", or what the operator is to know as long as the daemon runs; it has been
// logged. -EBUSY: another process has it; -ENOTSUP: of a newer tailban; -errno. Said.
enum { SHELF_TEXT_MAX = 1024 };
int shelf_open(const char *state, usec_t now, char ret_trouble[static SHELF_TEXT_MAX],
               struct ledger **ret);
