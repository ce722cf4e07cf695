// SPDX-License-Identifier: GPL-2.0-or-later
// Asks a jail's ignorecommand before a ban of it takes effect: exit status 0 spares. No one waits
// for it but the ban: APPEALS_AT_ONCE run at a time, each for APPEALS_TIMEOUT_S. Strangers decide
// how many bans there are: where APPEALS_MAX wait, a new one takes effect unasked, and so does one
// whose command fails or is late. What waits is lost with the process if it is killed.
#pragma once

#include "scan/roster.h"

#include "ledger/ledger.h"

enum { APPEALS_AT_ONCE = 4, APPEALS_MAX = 1024 };

struct sd_event;
struct appeals;

// The ban was decided: it is to take effect now, or the net is spared. last is the hit that led to
// it, as far as it is still known: address, time and user.
typedef void appeals_fn(void *user, const struct ban *ban, const struct hit *last, bool is_spared);

// Event loop and ledger are borrowed. -ENOMEM.
int appeals_new(struct sd_event *event, struct ledger *ledger, appeals_fn *fn, void *user,
                struct appeals **ret);

// Kills what runs; all that still waits takes effect.
struct appeals *appeals_free(struct appeals *a);

// How long each may take, from the next one on.
void appeals_set_timeout(struct appeals *a, usec_t timeout);

// The answers kept (ignorecache) are those of a former configuration: forgets them.
void appeals_forget(struct appeals *a);

enum { APPEALS_E_SPARED = 1, APPEALS_E_WAITING = 2 };

// 0: the ban is to take effect now; APPEALS_E_SPARED: it is not; APPEALS_E_WAITING: fn says, later
// or (the command cannot be run) before this returns. A ban of a net that waits already is one with
// it.
int appeals_file(struct appeals *a, const struct cell *cell, const struct ban *ban,
                 const struct hit *last);
