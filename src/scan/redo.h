// SPDX-License-Identifier: GPL-2.0-or-later
// What the ledger was told to ban and to lift since it last kept everything: to be told again where
// it could not, so that a full disk does not lift bans.
#pragma once

#include "ledger/ledger.h"

// Overflow: the ledger keeps no more of what comes later.
enum { REDO_MAX = 1 << 14 };

struct redo {
    struct redo_entry *entry;
    size_t n, allocated;
};

void redo_done(struct redo *r);

// Remembers one thing. jail NULL: all. -ENOBUFS: overflow; -ENOMEM.
int redo_ban(struct redo *r, const struct ban *ban);
int redo_lift(struct redo *r, const char *jail, const struct addr *net, usec_t now);

// Everything has been kept.
void redo_clear(struct redo *r);

// Tells the ledger all of it, in the order in which it was remembered. -errno.
int redo_write(const struct redo *r, struct ledger *ledger);
