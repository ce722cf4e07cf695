// SPDX-License-Identifier: GPL-2.0-or-later
// Lines of one session (<F-MLFID>) taken together, as fail2ban's _mergeFailure does: a line without
// an address gets the session's, <F-NOFAIL> lines only inform, <F-MLFFORGET> ends a session,
// <F-MLFGAINED> forgives what is pending, and a login is followed through its lines (exchange.h).
// Where the session has failures pending or has tried several users, a line counts even if it would
// only inform. Sessions live in a table of bounded size; the one untouched longest makes room.
#pragma once

#include "base/siphash.h"
#include "base/span.h"
#include "engine/exchange.h"
#include "engine/sessionid.h"

struct sessions;

// The age is more than servers wait for an idle client (Postfix: five minutes), so that the line at
// a session's end still finds what led to it.
enum { SESSIONS_LEAST = 16, SESSIONS_MAX = 4096, SESSION_AGE_S = 600 };
enum { SESSION_USERS_MAX = 128 };

// What a session has told so far; plain data, so that it can be kept over a restart.
struct session {
    usec_t last; // its last line
    struct addr host;
    bool has_host;
    // Of the lines without an address, the one that counts most: fail2ban counts all lines that
    // wait for an address, and the line that brings it, as one failure.
    uint32_t pending;
    uint32_t counted; // failures already given out for host
    char user[64];    // the last user, up to its first NUL, cut to fit; NULs behind, one at least
    bool several_users;
    char helo[64];          // the last HELO name, likewise
    bool is_claim;          // it is <F-CLAIM>'s
    enum exchange exchange; // what is awaited; what was said in it is not kept
    uint32_t mark;          // of the password that the next reply is about, 0: none
    // What is only told, and need not be kept: all users, a NUL behind each, as many as have room;
    // the lines that the last failure was made of, and those that informed since; whether the last
    // line only informed.
    char users[SESSION_USERS_MAX];
    uint32_t lines, informing;
    bool informed;
};

// How many sessions fit into so many bytes: SESSIONS_MAX at most, SESSIONS_LEAST in any case.
size_t sessions_fitting(size_t bytes);

// NULL: out of memory.
struct sessions *sessions_new(size_t capacity, usec_t age, uint64_t seed);
struct sessions *sessions_free(struct sessions *s);

// Under which key passwords leave marks (repeats.h); without it they leave none. Copied.
void sessions_recognize(struct sessions *s, const struct siphash_key *key);

// Each id begins with a tag of so many bytes, at most 16. Before the first one.
void sessions_tag(struct sessions *s, size_t n);

// Has the session with an id on its way from the memory, in two steps with some time between; the
// next match is of that id.
void sessions_expect(struct sessions *s, struct slice id);
void sessions_expect_soon(const struct sessions *s);

// Puts a match into its session: completes *m (host, user, users, helo, lines, count, secret,
// success, mark) from what the session knew; the slices are valid until the next call. Returns the
// number of failures to count now for m->host, 0 where the line only informs or no address is known
// yet. -ENOMEM. A match without mlfid stands alone, with an address or without; one that tells of a
// delivery (<F-DELIVERED>) is not put into any. A session whose last line is more than its age away
// from this one is over, and a new one begins.
int64_t sessions_merge(struct sessions *s, struct match *m, usec_t time);

// Whether a line that would begin with its session's id, but for the tag, may be of one that is
// known; line: without the date (p NULL: not at hand).
bool sessions_may_have(const struct sessions *s, struct slice tag, struct slice line);

// Walks the sessions that are gone since the last walk (forgotten), then all of each bucket in
// which one is gone or has changed. key is the session's id, at most SESSION_KEY_MAX bytes (of a
// longer id the first ones and a digest). fn returns < 0 to stop, which is passed on: the next walk
// is then the same again.
typedef int session_fn(void *user, struct slice key, const struct session *s, bool forgotten);
int sessions_changed(struct sessions *s, session_fn *fn, void *user);

// Takes a kept one back. -EINVAL for a key that is too long, -ENOMEM.
int sessions_restore(struct sessions *s, struct slice key, const struct session *state);
