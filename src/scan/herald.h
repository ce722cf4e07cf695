// SPDX-License-Identifier: GPL-2.0-or-later
// Says what happens: a line in the log, and an event to those who watch.
#pragma once

#include "ledger/ledger.h"
#include "scan/judge.h"
#include "scan/server.h"

struct herald {
    struct server *server; // borrowed
    bool is_missing;       // the enforcer, and that has been said
    usec_t minute;         // since when names that were learned are counted
    unsigned learned;
    size_t damaged; // of the ledger, as has been said
};

void herald_hit(struct herald *h, const struct cell *cell, const struct hit *hit);
void herald_ban(struct herald *h, const struct cell *cell, const struct ban *ban,
                enum judge_news news);
// A name has become a fingerprint; strangers choose how many do, so that HERALD_LEARNED_MAX of them
// are told of in a minute.
enum { HERALD_LEARNED_MAX = 20 };
void herald_learned(struct herald *h, enum fingerprint_kind kind,
                    const struct fingerprint_standing *s, usec_t now);

// Of a ban that is longer because of those before it: the how many-th it is.
void herald_increase(const struct cell *cell, const struct ban *ban, uint32_t count);

// At the start: those that are in force from before.
int herald_restored(const struct roster *r, struct ledger *ledger);

// ended: by itself.
void herald_unban(struct herald *h, const struct cell *cell, const struct ban *ban, bool ended);

// Bans are enforced from now on, or (text says why, once until that changes) not.
void herald_enforced(struct herald *h, bool enforced, const char *text);

// What is wrong with a configuration; what is judged with it; how taking it up anew went.
void herald_problems(const struct config *c);
void herald_jails(const struct roster *r);
void herald_reload(struct herald *h, const char *folder, int r);

// What of the ledger has been found damaged, once.
void herald_damage(struct herald *h, const struct ledger *ledger);
