// SPDX-License-Identifier: GPL-2.0-or-later
// The logs of all jails: which files match their logpaths, each followed once however many jails
// read it, and read in turn, so that a busy one does not starve the others.
#pragma once

#include "ledger/ledger.h"
#include "scan/roster.h"
#include "scan/tail.h"

// Files followed at once; beyond it the one idle longest makes room: its position is kept, and it
// is taken up again when it changes. Where none is idle, those that are found wait (overflow of
// those: until they change).
enum { LOGS_MAX = 256, LEFT_MAX = 4096 };

struct logs;

// A logpath as it stands in a jail, for `status`.
struct logpath {
    const char *glob;
    uint16_t cell;
    bool matched; // a file has been found
    bool known;   // it was followed before this start
};

// Roster, ledger and zone are borrowed. Of what a logpath finds when it is followed for the first
// time only the last findtime is judged; of what it comes to find later, even while we are not
// running, everything. A logpath that cannot be watched is logged. -errno where
// nothing can be watched at all.
int logs_new(const struct roster *roster, struct ledger *ledger, const struct zone *zone,
             usec_t now, struct logs **ret);
struct logs *logs_free(struct logs *l);

// Whether a file has been found for a jail.
bool logs_has(const struct logs *l, uint16_t cell);

enum { LOGS_E_TAKEN = 1 };

// The descriptor to poll for input, and what to call then. LOGS_E_TAKEN: files were taken up; what
// is in the ledger's transaction is to be committed before they are read, or after a crash they
// would be taken for older than us. -errno of what watching failed with.
int logs_fd(const struct logs *l);
int logs_dispatch(struct logs *l);

bool logs_ready(const struct logs *l);

// Reads one chunk of the next file that has more, within the ledger's transaction.
void logs_read(struct logs *l, usec_t now, line_fn *fn, void *user);

// Puts the positions that moved into the ledger, within the same transaction, which is committed
// next; then those that wait are taken up.
int logs_keep(struct logs *l);

size_t logs_count(const struct logs *l);
const struct tail *logs_at(const struct logs *l, size_t i);
size_t logs_paths(const struct logs *l, const struct logpath **ret);
