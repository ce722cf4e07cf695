// SPDX-License-Identifier: GPL-2.0-or-later
// All that the jails read, logs and journals, in turn, so that neither starves the other.
#pragma once

#include "scan/journals.h"
#include "scan/logs.h"

struct intake;

// Roster, ledger and zone are borrowed. -errno.
int intake_new(const struct roster *roster, struct ledger *ledger, const struct zone *zone,
               usec_t now, struct intake **ret);
struct intake *intake_free(struct intake *i);

// The descriptor to poll for input, and what to call then: see logs_dispatch().
int intake_fd(const struct intake *i);
int intake_dispatch(struct intake *i);

// Whether there is more to read, and reading a piece of it, within the ledger's transaction.
bool intake_ready(const struct intake *i);
void intake_read(struct intake *i, usec_t now, line_fn *fn, void *user);

// Puts how far all has been read into the ledger, within the same transaction.
int intake_keep(struct intake *i);

const struct logs *intake_logs(const struct intake *i);
const struct journals *intake_journals(const struct intake *i);
