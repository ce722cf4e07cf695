// SPDX-License-Identifier: GPL-2.0-or-later
// The bans of a ledger: all of them in the roll, and written when a transaction ends. Only for this
// folder.
#pragma once

#include "ledger/store.h"

// Reads them all. -errno.
int bans_read(struct ledger *l);

// Until when this net was banned in that jail by a hit of that time; 0: it was not. Where the hit's
// clock is behind, the ban began later: it is told as by that clock.
usec_t bans_until(const struct ledger *l, uint32_t jail, const struct addr *net, usec_t time);

// Takes one back that was written; name "": it has none. -EUCLEAN where its id is not greater than
// all others', or is none of ours. -ENOMEM.
int bans_take(struct ledger *l, struct roll_ban *b, const char *name);

// Writes what is new; what was written is known to be once the commit stands. -errno.
int bans_write(struct ledger *l);
void bans_written(struct ledger *l);

// Drops bans that ended before; whether there are more.
bool bans_prune(struct ledger *l, usec_t before);

// Forgets all, and leaves the file as it is.
void bans_done(struct ledger *l);
