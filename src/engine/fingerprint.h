// SPDX-License-Identifier: GPL-2.0-or-later
// Names that give a botnet away, however many addresses it has: a HELO name or a user name (or
// rather its family, engine/family.h) that was seen failing from many hosts in many blocks, and
// never in a success, becomes a fingerprint. From then on one failure with it is enough. A user is
// known without his domain, as bots try him with and without, unless somebody of that name logs in.
//
// Learned names are what strangers say, so whoever is honest must be safe from them: a name that
// has logged in within the span, or a user known to exist because only his password was wrong, is
// none (nor is "user" after a success of "user@domain"), and a HELO name that could be an honest
// server's (it has a domain) needs PUBLIC_FACTOR times as many hosts and blocks. Method:
// dictionaries of user names seen from many sources, "DBB" (Singh et al., NSDI 2024).
//
// Who has failed with a fingerprint is an attacker, and so are his other names an attacker's: for
// those a second host, in another block, is enough.
//
// Who the users are shows in a day: until then a learned user name may be one whose owner has not
// logged in yet, and who mistypes his password when he does. So it is doubtful.
#pragma once

#include "base/span.h"
#include "engine/family.h"
#include "engine/sighting.h"

#include <stdint.h>

enum fingerprint_kind { FINGERPRINT_HELO, FINGERPRINT_USER, FINGERPRINT_KINDS };

enum fingerprint_state {
    FINGERPRINT_SUSPECT, // too few have used it as yet
    FINGERPRINT_LEARNED,
    FINGERPRINT_ADDED, // by hand or by the configuration: holds whatever is seen
    FINGERPRINT_KEPT,  // likewise never to be one
};

enum {
    FINGERPRINT_SEEN_MAX = 32, // hosts and blocks remembered of each, those seen last
    FINGERPRINT_PUBLIC_FACTOR = 4,
    FINGERPRINT_ATTACKERS = 2,             // hosts and blocks, where one is an attacker's
    FINGERPRINT_YOUNG_S = 86400,           // seconds after the first name seen
    FINGERPRINT_TEXT_MAX = FAMILY_MAX + 5, // "helo:ylmf-pc"
    FINGERPRINTS_MAX = 8192,               // suspects; those that one host used make room first
    FINGERPRINTS_LEARNED_MAX = 4096,       // the one not seen longest makes room
    FINGERPRINTS_SET_MAX = 4096,           // by hand or by the configuration: no more are taken
    FINGERPRINTS_NEWS_MAX = 32,
    FINGERPRINTS_GOOD_MAX = 65536,  // names that logged in, likewise
    FINGERPRINTS_KNOWN_MAX = 65536, // attackers, likewise
};

// All that is known of a name; plain data, so that it can be kept over a restart.
struct fingerprint {
    uint8_t kind, state;
    char name[FAMILY_MAX];
    usec_t first, last; // failures
    uint64_t hits;
    struct sighting host[FINGERPRINT_SEEN_MAX], block[FINGERPRINT_SEEN_MAX];
};

struct fingerprint_spec {
    usec_t span;            // how long what was seen counts; a learned name lasts as long after its
                            // last failure
    uint32_t hosts, blocks; // 1..FINGERPRINT_SEEN_MAX / FINGERPRINT_PUBLIC_FACTOR
};

struct fingerprints;

// NULL: out of memory.
struct fingerprints *fingerprints_new(const struct fingerprint_spec *spec, uint64_t seed);
struct fingerprints *fingerprints_free(struct fingerprints *f);

// What is said of whom: a HELO name or a user's, and the client that said it (NULL: nobody did).
struct name {
    enum fingerprint_kind kind;
    struct slice text;
    const struct addr *client;
    bool is_claim; // an honest server may have said it as well, but for one made up anew each time
};

enum {
    FINGERPRINT_E_KNOWN = 1, // a fingerprint
    FINGERPRINT_E_NEW = 2,   // it has become one just now
    FINGERPRINT_E_DOUBTFUL = 3,
};

// A failure. 0, FINGERPRINT_E_*, or -ENOMEM. Nothing is learned of a mere claim.
int fingerprints_fail(struct fingerprints *f, const struct name *name, usec_t time);

// A HELO name that a client says before it has failed. FINGERPRINT_E_KNOWN where that is enough: it
// was configured or set by hand, or is drawn by lot, has no part in the client's address, and has
// failed from FINGERPRINT_PUBLIC_FACTOR times as many hosts and blocks as it takes; and nobody at
// all has logged in with it, in a day at least since the process began or reloaded. 0, -ENOMEM.
int fingerprints_greet(struct fingerprints *f, const struct name *name, usec_t time);

// Whether it is the first day.
bool fingerprints_are_young(const struct fingerprints *f, usec_t time);

// A success of a user's, or a failure that shows that he exists. His name is cleared by it, a HELO
// name when a second user has had a success with it: a bot may have guessed a password. -ENOMEM.
int fingerprints_clear(struct fingerprints *f, const struct name *name, struct slice user,
                       usec_t time);

// By hand: FINGERPRINT_ADDED or FINGERPRINT_KEPT; the name is taken as a family's as it stands.
// time 0: by the configuration, which will say so again. -ENOSPC: there is no room for more.
// -EINVAL: no name. -ENOMEM.
int fingerprints_set(struct fingerprints *f, enum fingerprint_kind kind, struct slice family,
                     enum fingerprint_state state, usec_t time);

// Forgets what is known of it. False: nothing was.
bool fingerprints_remove(struct fingerprints *f, enum fingerprint_kind kind, struct slice family);

// How things stand for a name; text may be a family's.
struct fingerprint_standing {
    char family[FAMILY_MAX];
    enum fingerprint_state state;
    bool is_fingerprint;
    bool is_doubtful; // FINGERPRINT_E_DOUBTFUL is what a failure with it is
    bool is_listed;   // by the configuration
    uint32_t hosts, blocks, need_hosts, need_blocks;
    uint64_t hits;
    usec_t first, last; // 0: never failed
    usec_t cleared;     // its last success; 0: none within the span
};
void fingerprints_look(struct fingerprints *f, const struct name *name, usec_t now,
                       struct fingerprint_standing *ret);

// Walks the fingerprints and what is kept (suspects not), in no order.
typedef int fingerprint_fn(void *user, const struct fingerprint_standing *s,
                           enum fingerprint_kind kind);
int fingerprints_list(struct fingerprints *f, usec_t now, fingerprint_fn *fn, void *user);

// Walks the names that have become fingerprints since the last call, as they stood then; of more
// than FINGERPRINTS_NEWS_MAX the first. What fn returns is not looked at.
void fingerprints_news(struct fingerprints *f, fingerprint_fn *fn, void *user);

// Walks what changed since the last walk and is worth keeping over a restart: names that failed
// or that the configuration has (whose state is told as it is without that), and names that logged
// in (only kind, name and cleared are set). gone: it is to be removed where it is kept. fn returns
// < 0 to stop, which is passed on: the next walk is then the same again.
struct fingerprint_change {
    const struct fingerprint *fingerprint; // NULL: a name that logged in
    enum fingerprint_kind kind;
    const char *name;
    usec_t cleared;
    bool gone;
};
typedef int fingerprint_change_fn(void *user, const struct fingerprint_change *c);
int fingerprints_changed(struct fingerprints *f, fingerprint_change_fn *fn, void *user);

// Take kept ones back; what the configuration says has been set before. -ENOMEM.
int fingerprints_restore(struct fingerprints *f, const struct fingerprint *fingerprint);
int fingerprints_restore_good(struct fingerprints *f, enum fingerprint_kind kind,
                              struct slice family, usec_t cleared);
