// SPDX-License-Identifier: GPL-2.0-or-later
// The truth: bans, the hits that led to them or still count, sessions, log positions, kept in one
// SQLite file. Everything written between ledger_begin() and ledger_commit() stands or falls
// together, so that after a crash no line is counted twice or missed; it is known at once. Bans are
// in memory as well, about 150 bytes each, and hits are written many at a time. ":memory:" is a
// ledger for tests. All functions: 0 or -errno (-EIO for SQLite's own trouble; ledger_error() says
// what).
#pragma once

#include "base/addr.h"
#include "base/span.h"
#include "engine/jail.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct ledger;

enum {
    EVIDENCE_TEXT_MAX = 1024,
    // Strangers grow it. Beyond the first ledger_prune() drops hits, the oldest first and those
    // that are no evidence before those that are; beyond the second the ban that ended first makes
    // room, or that will.
    LEDGER_BYTES_MAX = 1 << 28,
    LEDGER_BANS_MAX = 1 << 20,
};

struct ban {
    int64_t id;
    const char *jail;
    struct addr net;
    usec_t since, until; // until USEC_FOREVER: for ever
    uint32_t hits, hosts, need_hits, need_hosts;
    usec_t findtime;
    enum { BAN_HOST, BAN_BLOCK, BAN_MANUAL, BAN_FINGERPRINT } reason;
    char name[FINGERPRINT_TEXT_MAX]; // "helo:ylmf-pc": the fingerprint, if that is the reason
    usec_t lifted;                   // 0: in force until `until`; else when it was unbanned
};

// A position in a log: reading goes on there when device, inode and the hash of the file's first
// bytes agree.
struct position {
    uint64_t device, inode, offset;
    uint64_t head_hash;
    uint32_t head_length; // how many bytes the hash covers
    usec_t since;         // lines older than this were there before us and are of no interest
};

// The same in a journal: the cursor of the last entry read (empty: there was none yet), and its
// time, at which reading goes on where that entry is gone.
enum { BOOKMARK_CURSOR_MAX = 256 };
struct bookmark {
    char cursor[BOOKMARK_CURSOR_MAX];
    usec_t time;
};

// Opens or creates the file; one of an older tailban is converted. -EBUSY: another process has it.
// A file that is not ours or is damaged is -EUCLEAN, one of a newer tailban's -ENOTSUP; neither is
// written to. Damage that comes about later shows itself as -EUCLEAN of whatever comes upon it;
// PATH.suspect says so to who opens it next.
// -EACCES, -ENOENT, ... as of open(2). Bans that are over by now are to be told from the others by
// ledger_ended().
int ledger_open(const char *path, struct ledger **ret);

// Where that is -EUCLEAN: a new file takes the place of the damaged one, with every row that can be
// read of it; of bans or counted hits that cannot, the lines of the last findtime are to be judged
// again, so that nothing says how far logs were read, nor what was counted. The old one is kept
// beside it, to its last byte, as PATH.damaged-TIME (UTC), of which nobody deletes any: -EMFILE
// where there are LEDGER_ASIDE_MAX. On failure nothing has changed.
#define LEDGER_ASIDE   ".damaged-"
#define LEDGER_SUSPECT ".suspect"
enum { LEDGER_ASIDE_MAX = 3 };
int ledger_salvage(const char *path, usec_t now, char ret_aside[static PATH_MAX],
                   uint64_t *ret_rows);

struct ledger *ledger_close(struct ledger *l);
const char *ledger_error(const struct ledger *l);

// How often something was found damaged since it was opened, and was passed over: a row, or some of
// the hits, tens to hundreds that lie together. Rows are set aside in a table of their own. In
// words: "1 of bans, 2 of sessions".
enum { LEDGER_DAMAGE_MAX = 256 };
size_t ledger_damaged(const struct ledger *l);
void ledger_damage_text(const struct ledger *l, char ret[static LEDGER_DAMAGE_MAX]);

// The jail that bans belong to whose own one's name is damaged.
#define LEDGER_LOST_JAIL "manual"

// How many lines a ban keeps as evidence, the latest ones; 100 at first.
void ledger_keep_evidence(struct ledger *l, size_t lines);

// What is written, is written between the two. Where that or the commit fails (the disk is full),
// nothing since the beginning is kept but bans and what became of them: these the next commit
// writes. ledger_commit() or ledger_rollback() is to be called in any case; after a failure the
// commit fails.
int ledger_begin(struct ledger *l);
int ledger_commit(struct ledger *l);
void ledger_rollback(struct ledger *l); // instead of it

// A hit, in the order of counting. Its text is kept as engine/veil.h shows it, cut to
// EVIDENCE_TEXT_MAX; of its user and HELO name only what may be seen.
int ledger_hit(struct ledger *l, const char *jail, const struct hit *hit, const char *source);

// A ban: a new row, or, where the same net is in force in that jail, the later `until`
// (LEDGER_E_EXTENDED). The hits below net that led to it become its evidence. *ret_until is when it
// ends now. Both may be NULL. -ENOMEM.
enum { LEDGER_E_EXTENDED = 1 };
int ledger_ban(struct ledger *l, const struct ban *ban, usec_t now, int64_t *ret_id,
               usec_t *ret_until);

// Lifts what is in force: this net, in this jail or (NULL) in all; what it counted is forgiven. fn
// sees each, as lifted. No callback may call the function that calls it.
typedef int ban_fn(void *user, const struct ban *ban);
int ledger_unban(struct ledger *l, const char *jail, const struct addr *net, usec_t now, ban_fn *fn,
                 void *user);

// What was counted in this jail in net leads to nothing any more.
int ledger_forgive(struct ledger *l, const char *jail, const struct addr *net, usec_t now);

// Every ban in force at `now` whose id is greater than `after` (0: all), in the order of their ids;
// jail NULL: all. fn returns < 0 to stop, which is passed on: a long list is walked in pieces.
int ledger_bans(struct ledger *l, const char *jail, usec_t now, int64_t after, ban_fn *fn,
                void *user);

// Bans, past ones too, whose net contains or lies in net, newest first, at most `most`.
int ledger_bans_about(struct ledger *l, const struct addr *net, size_t most, ban_fn *fn,
                      void *user);

// This net may be banned, or asked about: has what is known of it on its way from the memory.
void ledger_expect(const struct ledger *l, const struct addr *net);

// Whether fn says so of a ban of this net or of one around it, from the widest on; of bans that are
// over, but not of lifted ones, it may be asked as well.
typedef bool around_ban_fn(void *user, const char *jail, const struct addr *net, usec_t until,
                           int64_t id);
bool ledger_around(const struct ledger *l, const struct addr *net, around_ban_fn *fn, void *user);

// As ledger_bans_about(), the bans that a name led to ("helo:ylmf-pc").
int ledger_bans_named(struct ledger *l, const char *name, size_t most, ban_fn *fn, void *user);

// How many are in force, in this jail or (NULL) in all; those that ended count until ledger_ended()
// has told so.
uint64_t ledger_in_force(const struct ledger *l, const char *jail);

// How many bans of exactly this net had run out by `now`, in this jail or (NULL) in all; those that
// were lifted are forgiven.
uint32_t ledger_prior(const struct ledger *l, const char *jail, const struct addr *net, usec_t now);

// Tells the bans that ran out (and were not lifted) by now, each once, in the order of their ends
// and at most so many of them; and when the next one is due, or USEC_FOREVER.
int ledger_ended(struct ledger *l, usec_t now, size_t most, ban_fn *fn, void *user);
usec_t ledger_next_end(const struct ledger *l);

// The lines behind a ban (ban_id), or (ban_id 0) the ones counted for net and not led to a ban,
// oldest first.
struct evidence {
    const char *jail;
    struct addr addr;
    usec_t time;
    uint32_t count;
    const char *source;
    const char *rule; // where the regex stands that took it: "postfix-auth.conf:23"; NULL: none
    struct slice text, user, helo;
};
typedef int evidence_fn(void *user, const struct evidence *e);
int ledger_evidence(struct ledger *l, int64_t ban_id, const struct addr *net, size_t most,
                    evidence_fn *fn, void *user);

// Likewise the latest ones that came with a name of this family (engine/family.h) and led to no
// ban, of a user's with or without his domain. Looked for in some MiB of the latest hits, as names
// have no index.
int ledger_evidence_named(struct ledger *l, enum fingerprint_kind kind, const char *family,
                          size_t most, evidence_fn *fn, void *user);

// The hits since a time, and what was forgiven, in the order in which they came: jail_restore() and
// jail_forget() take them. Addresses, time, count, banned and until are set; source is what
// ledger_hit() was told. Of hits later than said_since the user is set as well, for which their
// lines are read.
typedef int hit_fn(void *user, const char *jail, const struct hit *hit, const char *source);
typedef int pardon_fn(void *user, const char *jail, const struct addr *net);
int ledger_hits(struct ledger *l, usec_t since, usec_t said_since, hit_fn *hit, pardon_fn *pardon,
                void *user);

// Sessions as sessions_changed() tells of them, all of a bucket together; and back, those first
// that have been active longest ago.
int ledger_session(struct ledger *l, const char *jail, struct slice key, const struct session *s,
                   bool forgotten);
int ledger_sessions(struct ledger *l, const char *jail, session_fn *fn, void *user);

// What the jails know together, as fingerprints_changed(), shield_changed() and peers_changed()
// tell of it, and back. Pruned is what failed or logged in last before a time; mail servers go by
// the logins' time.
int ledger_fingerprint(struct ledger *l, const struct fingerprint_change *c);
int ledger_fingerprints(struct ledger *l, fingerprint_change_fn *fn, void *user);
int ledger_shield(struct ledger *l, const struct shield_host *h);
int ledger_shields(struct ledger *l, shield_fn *fn, void *user);
int ledger_peer(struct ledger *l, const struct peers_host *h);
int ledger_peers(struct ledger *l, peers_host_fn *fn, void *user);
int ledger_prune_reputation(struct ledger *l, usec_t fingerprints_before, usec_t shields_before);

// Marks of wrong passwords, as repeats_changed() tells of them, and back, those tried longest ago
// first and none before `since`; they are dropped then.
int ledger_repeat(struct ledger *l, const char *jail, const struct repeats_host *h);
int ledger_repeats(struct ledger *l, const char *jail, usec_t since, repeats_fn *fn, void *user);

// Which logpaths have been followed before. The first: 1 or 0.
int ledger_knows_logpath(struct ledger *l, const char *glob);
int ledger_logpath(struct ledger *l, const char *glob);

int ledger_position(struct ledger *l, const char *path, const struct position *p);
int ledger_position_of(struct ledger *l, const char *path,
                       struct position *ret); // -ENOENT: never read

// A bookmark per journal and choice of its entries; the latest one of a journal for matches NULL.
int ledger_bookmark(struct ledger *l, const char *journal, const char *matches,
                    const struct bookmark *b);
int ledger_bookmark_of(struct ledger *l, const char *journal, const char *matches,
                       struct bookmark *ret); // -ENOENT: never read

// Drops what nobody needs any more: hits older than `hits_before` that are no evidence, bans that
// ended before `bans_before` with their evidence (that some time later), and what exceeds
// LEDGER_BYTES_MAX. Within the ledger's transaction. Bounded work per call; 1 where there is more
// to do.
int ledger_prune(struct ledger *l, usec_t now, usec_t hits_before, usec_t bans_before);

// Whether it exceeds LEDGER_BYTES_MAX, which cannot wait.
bool ledger_is_over(const struct ledger *l);
