// SPDX-License-Identifier: GPL-2.0-or-later
// The last failures of hosts, and which of them a login has made good since: whoever mistypes his
// password thrice and logs in at last is no attacker, also behind an address shared with others who
// do the same. A user is a digest (engine/sighting.h); 0: the line names none. Inside the engine
// only.
#pragma once

#include "base/addr.h"
#include "base/span.h"

enum {
    ATTEMPTS_MAX = 8,             // of a host: those made good make room, then the oldest
    ATTEMPTS_HOSTS_MAX = 1 << 14, // whose last failure is longest ago makes room
};

struct attempts;

// NULL: out of memory.
struct attempts *attempts_new(uint64_t seed);
struct attempts *attempts_free(struct attempts *a);

// A host may fail: has what is known of it on its way from the memory, in two steps with some time
// between.
void attempts_expect(struct attempts *a, const struct addr *host);
void attempts_expect_soon(const struct attempts *a);

// A failure. teller: who counted it, to tell the same failure from another one of the same time;
// never looked into. -ENOMEM.
int attempts_fail(struct attempts *a, const struct addr *host, uint32_t user, usec_t time,
                  const void *teller);

// The user logs in from there.
void attempts_make_good(struct attempts *a, const struct addr *host, uint32_t user);

// Whether some of the host's last failures within findtime were made good, and fewer than `need`,
// ATTEMPTS_MAX at most, were not.
bool attempts_absolve(struct attempts *a, const struct addr *host, usec_t time, usec_t findtime,
                      uint32_t need);
