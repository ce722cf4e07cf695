// SPDX-License-Identifier: GPL-2.0-or-later
// Who logs in here. A block with a success within the span is not banned as a block, so that
// customers who live beside bots stay in; its offending hosts are banned alone. A host with
// successes on several days, or of several users, as an office's, is trusted: it gets a second
// chance, never immunity. And a user who fails in a block (IPv4 /24, IPv6 /48) where he has logged
// in is somebody with an old password, as in a forgotten phone: of his failures there one in
// SHIELD_FAMILIAR counts. And who logs in at last is forgiven what he did wrong on the same host
// before: mistyping thrice behind an address shared with others, who do the same, is no attack.
//
// IPv6 hosts are known by their /64s, whatever a jail counts (jail_spec_host()): a login makes the
// /64 known, and covers each block around or within it. Where a /64 has many customers, what one
// of them earns is shared by the others: a second chance in turn, no ban of a block of them, and
// what they fail without a user's name, as for a bad HELO name, is excused.
//
// An attacker may own an account. What it can shield is bounded: a success counts for a block only
// while its user has had successes in no more than SHIELD_BLOCKS_MAX blocks, as an honest user has.
#pragma once

#include "base/addr.h"
#include "base/span.h"
#include "engine/sighting.h"

#include <stdint.h>

enum {
    SHIELD_BLOCKS_MAX = 24, // of one user: IPv4 /24, IPv6 /48, within the span
    SHIELD_HOME = 2,        // days with a success or users who had one, and a host is at home
    SHIELD_DAYS = 3,        // with a success, and a host is trusted;
    SHIELD_SHARED = 3,      // or so many users who logged in
    SHIELD_FAMILIAR = 10,
    SHIELD_FAMILIAR_MAX = 4, // users of a host, those who logged in last
    SHIELD_LAND_V4 = 16,     // the prefixes of the land around a block,
    SHIELD_LAND_V6 = 48,
    SHIELD_PART_V4 = 24, // and of the parts of it that are told apart
    SHIELD_PART_V6 = 56,
    SHIELD_YOUNG_S = 24 * 3600, // for so long after the first login no land is strange
    SHIELD_LANDS_MAX = 1 << 16, // whose last login is longest ago makes room
    SHIELD_PREFIXES_MAX = 33,   // lengths of blocks that may be asked about, per family
    SHIELD_HOSTS_MAX = 1 << 17, // with a success; the one whose last is longest ago makes room
    SHIELD_USERS_MAX = 1 << 16, // likewise
};

struct shield;

// prefixes: which lengths of blocks shield_covers() will be asked about, as people write them; of
// what lies within an IPv6 /64, 64.
// NULL: out of memory.
struct shield *shield_new(usec_t span, const uint8_t *v4, size_t n_v4, const uint8_t *v6,
                          size_t n_v6, uint64_t seed);
struct shield *shield_free(struct shield *s);

// A success. SHIELD_E_FRESH where the same user had one from the same host within the hour, and
// there is nothing to learn; 0, -ENOMEM.
enum { SHIELD_E_FRESH = 1 };
int shield_success(struct shield *s, const struct addr *addr, struct slice user, usec_t time);

// Whether somebody logged in from this block within the span: *ret_last (may be NULL) is when.
bool shield_covers(struct shield *s, const struct addr *block, usec_t time, usec_t *ret_last);

// Whether this block lies in land that is strange.
bool shield_is_strange(struct shield *s, const struct addr *block, usec_t time);

// Whether somebody logged in from this host within the span.
bool shield_knows(struct shield *s, const struct addr *host, usec_t time);

// Whether they did on SHIELD_HOME days, or so many of them: an attacker's one account makes a host
// known in a moment.
bool shield_is_home(struct shield *s, const struct addr *host, usec_t time);

// Whether a host is trusted. Of one that is, the first ban within findtime is forgone:
// shield_forgives() says so once, to all who ask at that time.
bool shield_trusts(struct shield *s, const struct addr *host, usec_t time);
bool shield_forgives(struct shield *s, const struct addr *host, usec_t time, usec_t findtime);

// Whether a failure of this user's is one of those that do not count. teller: who asks, to tell the
// same failure from another one of the same time; never looked into.
bool shield_excuses(struct shield *s, const struct addr *host, struct slice user, usec_t time,
                    const void *teller);

// A host may fail: has what is known of his failures on its way from the memory, in two steps with
// some time between.
void shield_expect(struct shield *s, const struct addr *host);
void shield_expect_soon(const struct shield *s);

// A counted failure; user may be empty. teller: likewise. -ENOMEM.
int shield_failure(struct shield *s, const struct addr *host, struct slice user, usec_t time,
                   const void *teller);

// Takes a kept one back, when the logins are: it is made good where the user has had one since, or
// so shortly before that the later ones were not written.
int shield_restore_failure(struct shield *s, const struct addr *host, struct slice user,
                           usec_t time, const void *teller);

// Whether fewer than `need` of the host's last failures within findtime are left when those are
// taken away that a login of the same user has made good since (engine/attempts.h).
bool shield_absolves(struct shield *s, const struct addr *host, usec_t time, usec_t findtime,
                     uint32_t need);

// What is known of a host; plain data, so that it can be kept over a restart.
struct shield_host {
    struct addr host;
    usec_t last;                                // success
    usec_t forgiven;                            // 0: never
    uint32_t days;                              // with a success, within the span
    struct sighting login[SHIELD_FAMILIAR_MAX]; // the users who logged in last
};
bool shield_look(struct shield *s, const struct addr *host, usec_t now, struct shield_host *ret);

// From how many hosts, and blocks of lengths that may be asked about, somebody logged in; some of
// them longer ago than the span.
void shield_count(const struct shield *s, size_t *ret_hosts, size_t *ret_blocks);

// Walks the hosts that changed since the last walk. fn returns < 0 to stop, which is passed on: the
// next walk is then the same again. A host is worth keeping for the span.
typedef int shield_fn(void *user, const struct shield_host *h);
int shield_changed(struct shield *s, shield_fn *fn, void *user);

// Takes a kept one back. -ENOMEM.
int shield_restore(struct shield *s, const struct shield_host *h);
