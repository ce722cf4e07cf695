// SPDX-License-Identifier: GPL-2.0-or-later
// Runs what onban and onunban name, HOOKS_AT_ONCE at a time and each for a limited time; the others
// wait their turn. Strangers decide how many bans there are: where HOOKS_WAITING_MAX wait, a new
// one is dropped, which is counted and said. No ban waits for any of this.
#pragma once

#include "scan/roster.h"

#include "ledger/ledger.h"

enum { HOOKS_AT_ONCE = 4, HOOKS_WAITING_MAX = 1024 };

struct sd_event;
struct hooks;

// Event loop and ledger are borrowed. -ENOMEM.
int hooks_new(struct sd_event *event, struct ledger *ledger, struct hooks **ret);

// Kills what runs and forgets what waits.
struct hooks *hooks_free(struct hooks *h);

// How long each may take, from the next one on.
void hooks_set_timeout(struct hooks *h, usec_t timeout);

// last: the hit that led to the ban; NULL: it is not known, or there was none.
void hooks_ban(struct hooks *h, const struct cell *cell, const struct ban *ban,
               const struct hit *last);
void hooks_unban(struct hooks *h, const struct cell *cell, const struct ban *ban);

struct hooks_counters {
    uint64_t run, failed, dropped; // failed: run, but not to a good end
    size_t running, waiting;       // now
};
struct hooks_counters hooks_counters(const struct hooks *h);
