// SPDX-License-Identifier: GPL-2.0-or-later
// A ledger of the first version becomes one of this. Only for this folder.
#pragma once

#include "ledger/store.h"

// Within a transaction. -errno.
int upgrade(struct ledger *l);
