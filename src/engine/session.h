// SPDX-License-Identifier: GPL-2.0-or-later
// Lines of one session (<F-MLFID>) taken together, as fail2ban's _mergeFailure does: a line without
// an address gets the session's, <F-NOFAIL> lines only inform, <F-MLFFORGET> ends a session,
// <F-MLFGAINED> forgives what is pending. Sessions live in a table of bounded size; the one
// untouched longest makes room.
#pragma once

#include "base/span.h"
#include "engine/filter.h"

struct sessions;

enum { SESSIONS_MAX = 4096, SESSION_AGE_S = 300, SESSION_KEY_MAX = 160 };

// What a session has told so far; plain data, so that it can be kept over a restart.
struct session {
    usec_t last;
    struct addr host;
    bool has_host;
    uint32_t pending; // failures seen before an address was known
    uint32_t counted; // failures already given out
    char user[64];
    bool several_users;
};

// NULL: out of memory.
struct sessions *sessions_new(size_t capacity, usec_t age, uint64_t seed);
struct sessions *sessions_free(struct sessions *s);

// Puts a match into its session: completes *m (host, user, count) from what the session knew.
// Returns the number of failures to count now for m->host, 0 where the line only informs or no
// address is known yet. -ENOMEM. A match without mlfid is returned as it is.
int64_t sessions_merge(struct sessions *s, struct match *m, usec_t time);

// Walks the sessions changed since the last walk (forgotten: gone, to be removed where they are
// kept), and takes kept ones back. key is the session's id, at most SESSION_KEY_MAX bytes (of a
// longer id the first ones and a digest). fn returns < 0 to stop, which is passed on.
typedef int session_fn(void *user, struct slice key, const struct session *s, bool forgotten);
int sessions_changed(struct sessions *s, session_fn *fn, void *user);
int sessions_restore(struct sessions *s, struct slice key, const struct session *state);
