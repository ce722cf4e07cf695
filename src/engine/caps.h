// SPDX-License-Identifier: GPL-2.0-or-later
// How much may be banned in all, whatever the jails find: so many bans a minute, so many of them
// blocks, so much of the address space, and no block wider than the floor. A ban beyond that is
// held back and nothing of what led to it is forgotten, so that the next hit asks again; and it is
// an alarm. A block that is banned already is no new one. Against a filter that matches what it
// should not, and who would make use of it. A block is what is wider than an IPv4 address or an
// IPv6 /64, whatever a jail counts as a host.
#pragma once

#include "base/addr.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct caps_spec {
    uint32_t bans, blocks;       // a minute
    uint32_t share_v4, share_v6; // of the address space in banned blocks, in millionths
    uint32_t floor_v4, floor_v6; // the widest prefixes
};

// Why a ban is held back.
enum cap { CAP_BANS, CAP_BLOCKS, CAP_SHARE, CAP_FLOOR, CAP_N };

// An alarm: since when, when last and how often; since 0: there is none. It is over when nothing
// has been held back for CAPS_QUIET_S seconds.
enum { CAPS_QUIET_S = 600, CAPS_BLOCKS_MAX = 1 << 16 };
struct caps_alarm {
    usec_t since, last;
    uint64_t held;
};

// That a net's ban was held back, the last time: why, when, and from when on it may be made; 0:
// from now on, as the limit is another since then; USEC_FOREVER: never.
enum { CAPS_REFUSED_MAX = 1 << 12 };
struct caps_refusal {
    enum cap cap;
    usec_t time, until;
};

struct caps;

// NULL: out of memory.
struct caps *caps_new(const struct caps_spec *spec, uint64_t seed);
struct caps *caps_free(struct caps *c);

// Whether a ban may be placed; if so it counts. CAPS_E_HELD, or CAPS_E_ALARM where that begins an
// alarm. -ENOMEM.
enum { CAPS_E_HELD = 1, CAPS_E_ALARM = 2 };
int caps_ask(struct caps *c, const struct addr *net, usec_t time, usec_t until);

// A block that is banned already, as after a restart; and one that was unbanned. The share is that
// of the CAPS_BLOCKS_MAX blocks banned last. -ENOMEM.
int caps_hold(struct caps *c, const struct addr *net, usec_t until);
void caps_lift(struct caps *c, const struct addr *net);

// Goes on where another left off: with its minute, with the alarms of limits that are still the
// same, and with what it held back. The blocks are told by caps_hold(). -ENOMEM.
int caps_resume(struct caps *c, const struct caps *from);

// How an alarm stands.
struct caps_alarm caps_alarm(const struct caps *c, enum cap cap);

// Whether a net's ban is held back. Of the CAPS_REFUSED_MAX nets that asked last.
bool caps_refused(const struct caps *c, const struct addr *net, struct caps_refusal *ret);

// The limit in words, as in the configuration: "cap.bans = 1000".
enum { CAPS_TEXT_MAX = 64 };
void caps_text(const struct caps *c, enum cap cap, char ret[static CAPS_TEXT_MAX]);
