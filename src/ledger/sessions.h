// SPDX-License-Identifier: GPL-2.0-or-later
// The sessions of a ledger: a bucket of them is one row, which is written anew when one of them
// changes. Only for this folder.
#pragma once

#include "engine/session.h"
#include "ledger/segment.h"

struct ledger;

// What is told of one jail's sessions, and not yet written.
struct told {
    uint32_t jail;
    uint64_t touched; // a bit per bucket
    struct bytes bucket[SESSION_BUCKETS];
};

// Tells of one, as ledger_session() does. -errno.
int sessions_tell(struct ledger *l, uint32_t jail, struct slice key, const struct session *s,
                  bool forgotten);

// Writes what was told. -errno.
int sessions_write(struct ledger *l);

// Forgets it.
void sessions_lost(struct told *t);
void sessions_done(struct told *t);
