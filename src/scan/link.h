// SPDX-License-Identifier: GPL-2.0-or-later
// The connection to tailban-enforce. On connecting, and whenever what the kernel holds may differ
// from the ledger, the whole state is sent, piece by piece from the ledger; after it bans and
// unbans as they come. Nothing waits: orders that the enforcer does not take are queued, and where
// the queue is full it is dropped and the whole state is sent again, which says the same.
#pragma once

#include "base/span.h"
#include "ledger/ledger.h"
#include "scan/roster.h"

#include <stdbool.h>
#include <stdint.h>

enum { LINK_QUEUE_MAX = 16384 };

struct link;

// own: the host's own addresses, whenever the enforcer says them. state: bans are enforced from now
// on, or not; text says why.
struct link_hooks {
    void *user;
    void (*own)(void *user, const struct exempt *own);
    void (*state)(void *user, bool enforced, const char *text);
};

// The ledger is borrowed. -ENOMEM.
int link_new(struct ledger *ledger, const struct link_hooks *hooks, struct link **ret);
struct link *link_free(struct link *l);

// What the jails are from now on: borrowed, and the whole state is sent.
void link_set_roster(struct link *l, const struct roster *roster);

// Takes over a connected socket.
void link_attach(struct link *l, int fd);

// The socket to poll, -1 where there is no connection; and the poll(2) events to wait for.
int link_fd(const struct link *l);
short link_events(const struct link *l);

// Reads and writes what can be without waiting. -errno: the connection is gone and closed.
int link_process(struct link *l, short events, usec_t now);

// Sends what is queued as far as the enforcer takes it, without waiting to be polled;
// link_hurry() only where the enforcer has nothing else to do, and lets it go first, for some tens
// of microseconds: what comes while it is busy gathers for one batch. A connection that is lost
// meanwhile is told like any other.
void link_flush(struct link *l, usec_t now);
void link_hurry(struct link *l, usec_t now);

// Orders. Without a connection they are nothing to remember: the ledger does. The bans of a jail
// that only watches are none, nor are those that another one covers (scan/cover.h); when that is
// lifted they are ordered. Where the enforcer has refused a block, or had no room, all are.
void link_ban(struct link *l, const struct cell *cell, const struct addr *net, usec_t until);
void link_unban(struct link *l, const struct cell *cell, const struct addr *net, usec_t now);

// From now on bans of blocks go past this host, until then; 0: they do no more.
void link_spare(struct link *l, const struct addr *host, usec_t until);

// Whether the enforcer has acknowledged the whole state.
bool link_is_enforced(const struct link *l);

// Whether it has something to read or to answer; and a number that changes with each answer.
bool link_is_waiting(const struct link *l);
uint32_t link_answered(const struct link *l);

// Whether as much may be ordered as a block of lines may lead to. What is ordered nevertheless is
// not lost, but costs the whole state. For an enforcer that is late nobody waits: there always is.
bool link_has_room(const struct link *l);

// That it has not answered for long, and that it has after all.
void link_set_late(struct link *l, bool is_late);
bool link_is_late(const struct link *l);

// How many orders were refused since the whole state was last sent; the last one's errno (0: none);
// whether one of them was for want of room, so that it makes sense to send the state again.
uint64_t link_refused(const struct link *l);
int link_refusal(const struct link *l);
bool link_is_short(const struct link *l);
void link_resend(struct link *l);

// Gives up an enforcer that does not answer.
void link_drop(struct link *l, int error);
