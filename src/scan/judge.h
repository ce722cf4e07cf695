// SPDX-License-Identifier: GPL-2.0-or-later
// Lines in, bans out: reads the logs, lets their jails judge, and keeps in the ledger what comes of
// it. Positions, hits, sessions and bans are committed together at checkpoints, so that after a
// crash each line is judged exactly once. It has no clock and no event loop.
#pragma once

#include "scan/intake.h"
#include "scan/roster.h"

// What a ban does to who is banned.
enum judge_news {
    JUDGE_OVER,     // nothing: it comes from an old log and has ended already
    JUDGE_BANNED,   // keeps out
    JUDGE_EXTENDED, // was in force already; now perhaps until later
};

// What becomes of a ban that was decided: it takes effect, or not, or judge_decide() will say.
enum judge_appeal { JUDGE_GOES_ON, JUDGE_SPARES, JUDGE_WAITS };

// What others are told. last: the hit that led to a ban, NULL where it was made by hand.
struct judge_hooks {
    void *user;
    void (*hit)(void *user, const struct cell *cell, const struct hit *hit);
    // Before the ledger is written, which may take its time; ban() follows. Once more with the
    // later end, where the net was banned for longer already.
    void (*order)(void *user, const struct cell *cell, const struct addr *net, usec_t until);
    void (*ban)(void *user, const struct cell *cell, const struct ban *ban, const struct hit *last,
                enum judge_news news);
    void (*unban)(void *user, const struct cell *cell, const struct ban *ban);
    void (*ended)(void *user, const struct cell *cell, const struct ban *ban); // by itself
    // Of a jail with ignorecommand, before a ban takes effect; NULL: nobody is asked.
    enum judge_appeal (*appeal)(void *user, const struct cell *cell, const struct ban *ban,
                                const struct hit *last);
    // After hit(), of a host that is at half of what leads to a ban, or beyond, and not banned;
    // judge_testify() may be called at once, or later. NULL: nobody wants to know.
    void (*suspect)(void *user, const struct cell *cell, const struct hit *hit);
    // A name has become a fingerprint. NULL: nobody wants to know.
    void (*learned)(void *user, enum fingerprint_kind kind, const struct fingerprint_standing *s);
    // Before order(): bans of blocks go past this host until then; 0: they do no more. NULL: nobody
    // wants to know.
    void (*spare)(void *user, const struct addr *host, usec_t until);
};

struct judge;

// Ledger and zone are borrowed. -ENOMEM.
int judge_new(struct ledger *ledger, const struct zone *zone, const struct judge_hooks *hooks,
              struct judge **ret);

// The key under which wrong passwords are recognized, from the next judge_load() on; without it
// they are not.
void judge_recognize(struct judge *j, const struct siphash_key *key);

// Keeps everything first.
struct judge *judge_free(struct judge *j);

// Puts a configuration in force, which it takes over also on failure; the former one, if any, stays
// in force where that fails. Windows and sessions go on as the ledger has them.
int judge_load(struct judge *j, struct config *config, usec_t now);

// Lifts the bans of whom the configuration spares now: one of before somebody was put into ignoreip
// must not outlast that. To be called after judge_load().
int judge_pardon(struct judge *j, usec_t now);

// The host's own addresses: every jail with ignoreself spares them from now on. -errno.
int judge_spare(struct judge *j, const struct exempt *own, usec_t now);

// The descriptor to poll for input (another one after judge_load()), and what to call then.
int judge_fd(const struct judge *j);
int judge_dispatch(struct judge *j);

// Whether there is more to read, and reading a piece of it.
bool judge_ready(const struct judge *j);
void judge_read(struct judge *j, usec_t now);

// When judge_tick() is due: a checkpoint, a ban's end, or memory to free. USEC_FOREVER: nothing is.
usec_t judge_due(const struct judge *j);
void judge_tick(struct judge *j, usec_t now);
int judge_checkpoint(struct judge *j);

// Writes down at once what is known now. -errno: it outlasts no restart as yet.
int judge_keep(struct judge *j, usec_t now);

// A ban that waited takes effect, or (is_spared) what was counted for it is forgotten. last as in
// judge_hooks.
void judge_decide(struct judge *j, const struct ban *ban, const struct hit *last, bool is_spared,
                  usec_t now);

// What is known from elsewhere of a host, for its hit at `time` in that jail: jail_testify().
void judge_testify(struct judge *j, const char *jail, const struct addr *addr, usec_t time,
                   uint32_t weight, const char *text, usec_t now);

// A ban by hand, for span, or (0) the jail's bantime. JUDGE_E_EXTENDED: it was in force already.
enum { JUDGE_E_EXTENDED = 1 };
int judge_ban(struct judge *j, const struct cell *cell, const struct addr *net, usec_t span,
              usec_t now);

// Lifts what is in force for this net, or (NULL) for any, in this jail or (NULL) in all; what was
// counted for it is forgotten. *ret_n is how many bans that were.
int judge_unban(struct judge *j, const struct cell *cell, const struct addr *net, usec_t now,
                size_t *ret_n);

const struct roster *judge_roster(const struct judge *j);
const struct intake *judge_intake(const struct judge *j);

struct judge_counters {
    uint64_t lines, hits;
};
struct judge_counters judge_counters(const struct judge *j);

// Whether the ledger cannot be written; ledger_error() says why.
bool judge_is_failing(const struct judge *j);
