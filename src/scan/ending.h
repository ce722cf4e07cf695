// SPDX-License-Identifier: GPL-2.0-or-later
// Bans that end because their time has come: the kernel lets them in by itself, and this says so.
// It is told in pieces of ENDING_PIECE, so that a hundred thousand that end together stop nobody.
#pragma once

#include "ledger/ledger.h"

enum { ENDING_PIECE = 1000 };

struct ending {
    struct ledger *ledger; // borrowed
    usec_t told;           // the ends before this are told, and of those at it
    int64_t told_id;       // the ones up to this
    usec_t next;           // when the next one comes, or sooner
};

// What ended before now is nobody's news. -errno as of the ledger's.
int ending_init(struct ending *e, struct ledger *ledger, usec_t now);

// A ban was written that ends then.
void ending_ban(struct ending *e, usec_t until, usec_t now);

// When ending_tell() is due; USEC_FOREVER: never.
usec_t ending_due(const struct ending *e);

// Calls fn for each ban that has ended since. -errno as of the ledger's, or fn's.
int ending_tell(struct ending *e, usec_t now, ban_fn *fn, void *user);
