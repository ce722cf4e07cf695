// SPDX-License-Identifier: GPL-2.0-or-later
// What the jails remember, over a restart: their windows come back from the hits in the ledger,
// their sessions are kept there as they change, and so is what they know together.
#pragma once

#include "ledger/ledger.h"
#include "scan/roster.h"

// How long after it was written a line may still find its windows.
#define RECALL_LATE USEC_PER_DAY

// Gives jails that are new what the ledger has of them. -errno.
int recall_restore(struct ledger *ledger, struct roster *roster, usec_t now);

// Writes what changed but for hits, within the ledger's transaction. -errno.
int recall_keep(struct ledger *ledger, struct roster *roster);
