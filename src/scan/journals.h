// SPDX-License-Identifier: GPL-2.0-or-later
// The journals of all jails: one reader for each choice of entries, however many jails ask for the
// same, read in turn. A jail whose backend is auto reads the journal while none of its logpaths is
// there.
#pragma once

#include "ledger/ledger.h"
#include "scan/logs.h"
#include "scan/roster.h"
#include "scan/source.h"

struct journals;

// Roster and ledger are borrowed. Of a journal that was never read, the last findtime is. -errno.
int journals_new(const struct roster *roster, const struct logs *logs, struct ledger *ledger,
                 usec_t now, struct journals **ret);
struct journals *journals_free(struct journals *j);

// The descriptor to poll for input, and what to call then.
int journals_fd(const struct journals *j);
void journals_dispatch(struct journals *j);

bool journals_ready(const struct journals *j);

// Reads a bounded number of entries of the next journal that has more.
void journals_read(struct journals *j, usec_t now, line_fn *fn, void *user);

// Where a log of a jail with backend auto has come to exist: reads what is left for it in the
// journal, and reads it no more.
void journals_yield(struct journals *j, const struct logs *logs, usec_t now, line_fn *fn,
                    void *user);

// Puts the bookmarks that moved into the ledger, within the same transaction.
int journals_keep(struct journals *j);

// For `status`.
struct journal_state {
    const struct source *source;
    bool has_entries; // that we may read
};
size_t journals_count(const struct journals *j);
struct journal_state journals_at(const struct journals *j, size_t i);
uint64_t journals_overlong(const struct journals *j); // entries dropped as too long
