// SPDX-License-Identifier: GPL-2.0-or-later
// A ban as it lies in the file: its fields one behind the other, the same on every machine. A later
// version may add fields at the end; those that are missing are zero. Only for this folder.
#pragma once

#include "base/slice.h"
#include "ledger/roll.h"

enum { ENTRY_SIZE = 82 };

void entry_pack(const struct roll_ban *b, uint8_t ret[static ENTRY_SIZE]);

// All but the id. -EUCLEAN.
int entry_unpack(struct slice bytes, struct roll_ban *ret);
