// SPDX-License-Identifier: GPL-2.0-or-later
// A ledger of an older version becomes one of this. Only for this folder.
#pragma once

#include "ledger/store.h"

// From that version, within a transaction. -errno.
int upgrade(struct ledger *l, int64_t version);
