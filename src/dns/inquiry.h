// SPDX-License-Identifier: GPL-2.0-or-later
// What DNS knows of a host that is under suspicion: is it on a list, has it a name, is the name its
// own, and does it look like a made-up one. Asked once per host and kept for a while. Who cannot be
// asked about in time is not: strangers decide how many hosts there are, so that few questions are
// under way at once and few a second are asked; of the hosts that wait the newest goes first, and
// when too many do the oldest is dropped. Where nobody answers, nothing is known.
//
// An IPv6 host is a /64, whatever a jail counts: it is asked about one of its addresses, and what is
// found is told of that one.
//
// No clock and no event loop: now is of any clock that does not go back.
#pragma once

#include "dns/lists.h"

enum {
    INQUIRY_AT_ONCE = 16,  // hosts
    INQUIRY_RATE = 50,     // questions a second
    INQUIRY_WAITING = 256, // hosts
    INQUIRY_KNOWN = 8192,  // hosts; overflow: the one asked about longest ago is forgotten
    INQUIRY_JAIL_MAX = 64, // of a jail's name, with its NUL
    INQUIRY_TEXT_MAX = 256,
};

// Who wants to know: a jail, for the hit at `time`. It is told once in its findtime.
struct claim {
    char jail[INQUIRY_JAIL_MAX];
    usec_t time, findtime;
};

// What came of the questions about a host, but for what speaks against it.
struct gist {
    uint8_t clean, silent; // lists, a bit each: that do not have it, that did not answer
    enum {
        NAMES_UNASKED,
        NAMES_SILENT, // nobody answered
        NAMES_NONE,
        NAMES_GIVEN,
        NAMES_CONFIRMED, // and they are its own
        NAMES_FOREIGN,   // and they are not
    } names;
};

// weight > 0; text says why: "zen.spamhaus.org: 127.0.0.4; no PTR".
typedef void finding_fn(void *user, const struct claim *claim, const struct addr *addr,
                        uint32_t weight, const char *text);

struct inquiry;

// The configuration is copied. -EINVAL: of the servers; -ENOMEM, or -errno.
int inquiry_new(const struct dns_conf *conf, uint64_t seed, finding_fn *fn, list_fn *listed,
                void *user, struct inquiry **ret);
struct inquiry *inquiry_free(struct inquiry *i);

const struct dns_conf *inquiry_conf(const struct inquiry *i);

// What is known already is told before it returns. A block, or an address that is private, is
// nobody to ask about.
void inquiry_suspect(struct inquiry *i, const struct addr *addr, const struct claim *claim,
                     usec_t now);

// How things stand for a host. What is known stays so after its time, until it is asked about again
// or forgotten.
struct inquiry_view {
    enum {
        INQUIRY_NOT_ASKED, // or forgotten
        INQUIRY_PRIVATE,   // nobody to ask about
        INQUIRY_ASKING,
        INQUIRY_ASKED
    } state;
    usec_t age; // of the answers
    uint32_t weight;
    char text[INQUIRY_TEXT_MAX]; // what speaks against it (weight > 0), or else its name
    struct gist gist;
};
void inquiry_look(struct inquiry *i, const struct addr *addr, usec_t now, struct inquiry_view *ret);

struct inquiry_counters {
    uint64_t hosts, listed;   // that were asked about; of them, with something to their charge
    uint64_t cached, dropped; // that were known already; that waited in vain
    struct resolver_counters questions;
};
struct inquiry_counters inquiry_counters(const struct inquiry *i);

// How the configuration's list number n stands.
enum list_state inquiry_list(const struct inquiry *i, size_t n);

// As for a resolver.
int inquiry_fd(const struct inquiry *i);
usec_t inquiry_wait(const struct inquiry *i, usec_t now);
void inquiry_work(struct inquiry *i, usec_t now);
