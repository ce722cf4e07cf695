// SPDX-License-Identifier: GPL-2.0-or-later
// A jail: what its filters match becomes hits, hits fill windows, a full window is a verdict. Pure:
// no clock, no I/O, no globals; the same lines with the same times give the same verdicts whoever
// feeds them.
//
// Of several filters each follows sessions of its own, and a line that two of them match counts for
// both: the jail adds up what jails with one of them each would count, a filter's hits as often as
// it weighs.
//
// A hit counts for its host, and for the blocks around it up to the widest net that holds the host
// and that the jail has banned until after the hit: wider blocks have it explained by that ban.
// What they counted before stays counted. So one loud host gets no block banned that goes on while
// it is banned (other ports, a jail that only watches, an old log), but a botnet that moves on to
// the next host after each ban gets the block banned, and one that moves on to the next block the
// block around these. A ban by hand explains nothing.
#pragma once

#include "base/addr.h"
#include "base/budget.h"
#include "engine/caps.h"
#include "engine/exempt.h"
#include "engine/filter.h"
#include "engine/netblock.h"
#include "engine/repeats.h"
#include "engine/reputation.h"
#include "engine/sentence.h"
#include "engine/session.h"
#include "engine/sign.h"

// Memory that several jails share: an eighth for their sessions, in equal parts, the rest for hosts
// and blocks (base/budget.h).
struct jail_budget {
    struct budget tracks;
    size_t sessions; // of each jail
};

struct jail_spec {
    const char *name;
    uint32_t maxretry; // 1..JAIL_MAXRETRY_MAX
    usec_t findtime;
    struct sentence sentence; // of a block with the bantime of its level
    struct level v4[NETBLOCK_LEVELS_MAX], v6[NETBLOCK_LEVELS_MAX]; // narrowest first
    size_t n_v4, n_v6;
    uint8_t host_v6;            // what of IPv6 is one host: the prefix, 64..128; 0: 64
    bool fingerprints, shield;  // what is known of names and of logins counts
    bool count_repeats;         // the same wrong password counts each time
    struct jail_budget *budget; // borrowed; NULL: JAIL_BYTES of its own
};

enum {
    JAIL_MAXRETRY_MAX = 1000,
    JAIL_FILTERS_MAX = 16,
    JAIL_WEIGHT_MAX = 100,
    JAIL_BYTES = 1 << 28,
};

void jail_budget_init(struct jail_budget *b, size_t bytes, size_t jails);

// A filter as a jail uses it.
struct jail_filter {
    struct filter *filter; // borrowed, as is the name
    const char *name;      // of several: by which the ledger tells their sessions apart
    uint32_t weight;       // 1..JAIL_WEIGHT_MAX
};

// One counted failure. The slices are valid until the next call with this jail.
struct hit {
    struct addr addr; // as in the line
    struct addr host; // what is counted: jail_spec_host() of it, or <SUBNET>'s block
    usec_t time;
    uint32_t count;    // points: its failures as its filter weighs them, more of one with a past
    unsigned rule;     // index into its filter's failregexes
    const char *place; // of that regex, as in a match; NULL: there is none
    struct slice user, helo;
    struct slice text, secret; // the line, and the part of it that must be masked
    uint32_t hits;             // in the host's window now, this one included
    uint8_t banned; // the prefix of the net that it got banned, as people write it; 0: none
    usec_t until;   // and when that ban ends
};

enum verdict_reason { VERDICT_HOST, VERDICT_BLOCK, VERDICT_FINGERPRINT };

struct verdict {
    struct addr net; // what to ban: the narrowest level that reached its thresholds
    usec_t time, until;
    enum verdict_reason reason;
    enum fingerprint_kind kind;     // of the fingerprint, where that is the reason,
    char family[FAMILY_MAX];        // and its name
    uint32_t hits, hosts;           // that led to it
    uint32_t need_hits, need_hosts; // the thresholds
    usec_t findtime;
    const struct spared *spared; // of a block, until the next call with this jail; else NULL
};

enum {
    JAIL_E_HIT = 1,     // a failure was counted: *ret_hit is set
    JAIL_E_VERDICT = 2, // and it led to a ban: *ret_verdict is set as well
};

struct jail_counters {
    uint64_t lines, matched, hits, ignored, exempt, informed, limits, verdicts, no_address;
    uint64_t successes, shielded; // logins seen; bans of blocks and hosts forgone for them
    uint64_t repeats;             // failures that were the same as before (engine/repeats.h)
};

// Whether a jail can be made of it: thresholds within their bounds, levels from narrow to wide.
bool jail_spec_valid(const struct jail_spec *spec);

// The levels of blocks around a net.
const struct level *jail_spec_levels(const struct jail_spec *spec, const struct addr *net,
                                     size_t *ret_n);

// What counts as one host in the jail: an IPv4 address, or an IPv6 net of its length. What jails
// share (logins, names, caps, DNS) and the same wrong password know IPv6 hosts by their /64s
// (addr_host()) none the less.
static inline unsigned jail_spec_host_prefix(const struct jail_spec *spec, const struct addr *a)
{
    return addr_is_v4(a) ? 32 : spec->host_v6 > 0 ? spec->host_v6 : 64;
}

static inline struct addr jail_spec_host(const struct jail_spec *spec, const struct addr *a)
{
    return addr_is_v4(a) ? *a : addr_block(a, jail_spec_host_prefix(spec, a));
}

// Whether it is wider than that.
static inline bool jail_spec_is_block(const struct jail_spec *spec, const struct addr *net)
{
    return addr_prefix(net) < jail_spec_host_prefix(spec, net);
}

// The longest findtime of the jail and its levels.
usec_t jail_spec_findtime(const struct jail_spec *spec);

struct jail;

// 1..JAIL_FILTERS_MAX filters. The exemptions are borrowed, as the filters are, and must outlive
// the jail; they may change between calls. -EINVAL, -ENOMEM.
int jail_new(const struct jail_spec *spec, const struct jail_filter *filter, size_t n_filters,
             const struct exempt *exempt, uint64_t seed, struct jail **ret);
struct jail *jail_free(struct jail *j);

// Whom to ask what became of a net before, where the jail's bans grow (sentence.growth); nobody at
// first, and every ban is then the net's first.
typedef struct past past_fn(void *user, const struct jail_spec *spec, const struct addr *net,
                            usec_t time);
void jail_ask(struct jail *j, past_fn *fn, void *user);

// What the jail shares with others; borrowed. NULL: nothing is known of names and logins, or
// nothing is capped.
void jail_consult(struct jail *j, struct reputation *reputation, struct caps *caps);

// Under which key the same wrong password is recognized, so that it counts once; copied. Without it
// each counts. -ENOMEM.
int jail_recognize(struct jail *j, const struct siphash_key *key);

// A sign of its filter of that number, in the order of the file. 0: nothing, JAIL_E_HIT,
// JAIL_E_VERDICT, or -errno. now is the program's time, of an old log when it was written last;
// verdicts depend on the line's own, as the filter dates it.
int jail_take(struct jail *j, unsigned filter, const struct sign *sign, usec_t now,
              struct hit *ret_hit, struct verdict *ret_verdict);

// One line to a jail of one filter, which is shown it.
int jail_feed(struct jail *j, const struct line *line, usec_t now, struct hit *ret_hit,
              struct verdict *ret_verdict);

// Whether a line, by its text without the date, may be of a session of its filter of that number.
// One that could only end a session (filter_only_ends()) need not be shown to the filter else.
bool jail_follows(const struct jail *j, unsigned filter, struct slice body);

// Of lines whose signs it was given, if there were any: how many, and the newest time of them. Due
// before jail_next() and jail_expire(), which go by the newest line's.
void jail_pass(struct jail *j, uint64_t n, usec_t newest);

// What others know of a host that is close to a ban, as a hit at the time of its last one (text
// says what it is). It counts up to maxretry - 1, and only where there is a hit that it can add to:
// nobody is banned for it alone. As jail_feed(); 0: it does not count, for nothing is held against
// the host then, or it is exempt or logs in here.
int jail_testify(struct jail *j, const struct addr *addr, usec_t time, uint32_t weight,
                 struct slice text, struct hit *ret_hit, struct verdict *ret_verdict);

// Counts a hit again that the ledger kept, in the order in which they were counted first: the
// windows are then as they were. A verdict that comes of it is not given out a second time; the one
// that came of it (hit->banned, hit->until) starts the windows anew as it did then. -ENOMEM.
int jail_restore(struct jail *j, const struct hit *hit);

// A ban it made that is older than the hits that are restored, and still in force. Whom it spares
// is known to the peers by then. -ENOMEM.
int jail_restore_ban(struct jail *j, const struct addr *net, usec_t until);

// How far back a hit can still matter: what restoring needs, and the ledger must keep.
usec_t jail_memory(const struct jail *j);

// After an unban the slate is clean: forgets what is counted in net, and of the blocks around it,
// whose hits may be its own.
void jail_forget(struct jail *j, const struct addr *net);

// When jail_expire() is due next (USEC_FOREVER: nothing to expire before newer lines come). It
// drops what is older than jail_memory() both now and for the newest line, two findtimes, so that
// it changes no verdict as long as lines come no more than a findtime late.
usec_t jail_next(const struct jail *j);
void jail_expire(struct jail *j, usec_t now);

// How things stand for an address: per level (host first) the hits and hosts within findtime at
// `now`.
struct jail_standing {
    struct addr net;
    uint32_t hits, hosts, need_hits, need_hosts;
    usec_t findtime, bantime;
};
size_t jail_look(struct jail *j, const struct addr *addr, usec_t now,
                 struct jail_standing ret[static 1 + NETBLOCK_LEVELS_MAX]);

// Whether one failure is enough of a stranger, with a name of nobody's, in this block, which is not
// banned for who is known there, or not for all; on the first day nobody is one, nor in a jail
// without fingerprints.
bool jail_is_wary(const struct jail *j, const struct addr *block, usec_t now);

const struct jail_filter *jail_filters(const struct jail *j, size_t *ret_n);
const struct jail_spec *jail_spec(const struct jail *j);
const struct jail_counters *jail_counters(const struct jail *j);
struct sessions *jail_sessions(struct jail *j);
struct repeats *jail_repeats(struct jail *j); // NULL: it recognizes none
size_t jail_tracked(const struct jail *j);    // hosts

// How many hosts and blocks there was no memory for. Those with a single hit went first, then those
// with less than half of what leads to a ban, with less than three quarters, and last the others;
// in each case the oldest. What is older than jail_memory() makes room before them.
uint64_t jail_evicted(const struct jail *j);

size_t jail_bytes(const struct jail *j); // what hosts and blocks take
