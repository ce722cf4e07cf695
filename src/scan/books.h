// SPDX-License-Identifier: GPL-2.0-or-later
// The ledger as the daemon writes it: one transaction at a time, opened by the first write and
// closed at a checkpoint. A disk that fails is said once and stops no ban: bans are written when it
// works again, which is tried from time to time, while hits are not written.
#pragma once

#include "ledger/ledger.h"

#include <stdbool.h>

struct books {
    struct ledger *ledger; // borrowed
    bool is_open;          // a transaction
    bool is_failing;       // since a write failed, which has been said, until a commit stands
    usec_t now;            // of the latest write
    usec_t opened;         // where it is failing: later
    size_t writes;         // since then
    usec_t prune;          // when pruning is due
};

// The ledger stays, as the last commit left it.
void books_done(struct books *b);

// Opens the transaction unless it is open. -errno, said.
int books_begin(struct books *b, usec_t now);

// Closes it, and what was written stands; or, with r < 0 (what failed on the way) as well, opens
// another one. The first failure is passed on.
int books_commit(struct books *b, int r);

// Writes one thing. -errno, said.
int books_hit(struct books *b, const char *jail, const struct hit *hit, const char *source,
              usec_t now);

// The ban gets its id, and its later end where the net was banned for longer already. 0,
// LEDGER_E_EXTENDED or -ENOMEM.
int books_ban(struct books *b, struct ban *ban, usec_t now);

// What was counted in jail for net leads to nothing any more.
int books_forgive(struct books *b, const char *jail, const struct addr *net, usec_t now);

// Lifts what is in force for net in jail (NULL: in all), calling fn for each ban lifted.
int books_unban(struct books *b, const char *jail, const struct addr *net, usec_t now, ban_fn *fn,
                void *user);

// Lifts every ban in force that choose says 1 to, in jail (NULL: in all).
int books_unban_some(struct books *b, const char *jail, usec_t now, ban_fn *choose, ban_fn *fn,
                     void *user);

// Forgets what is older than memory (hits) and what `why` can be asked for (bans), a piece at a
// time and not all the time; but what the ledger has no room for at once.
void books_prune(struct books *b, usec_t memory, usec_t now);
