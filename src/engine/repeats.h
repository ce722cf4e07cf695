// SPDX-License-Identifier: GPL-2.0-or-later
// The same wrong password again is one failure: a phone with an old one tries it for days, whoever
// guesses tries another. A failure whose password is known leaves a mark: 12 bits of a keyed hash
// of it, and 19 of whose it is. Without the key, which never leaves the machine, a mark says
// nothing; with it, one password in 4096 fits. Marks of a password differ from user to user and
// from host to host: nobody who tries one at many doors is taken for a phone.
//
// A loop that hammers is no phone either: of the repeats within REPEATS_PACE all count but the
// first REPEATS_FREE.
#pragma once

#include "base/addr.h"
#include "base/siphash.h"
#include "base/slice.h"
#include "base/span.h"

#include <stdint.h>

enum {
    REPEATS_BITS = 12,           // the low ones of a mark, of the password
    REPEATS_HOSTS_MAX = 1 << 14, // whose last such failure is longest ago makes room
    REPEATS_MARKS_MAX = 8,       // of a host, likewise
    REPEATS_FREE = 100,
};
#define REPEATS_PACE (600 * USEC_PER_SEC)

// 0: none, as it is not known who tried what. text: a password, or always the same hash of it.
// Where servers write something else in its place ("***", "{8}"), it would make all passwords one.
uint32_t repeats_mark(const struct siphash_key *key, const struct addr *host, struct slice user,
                      struct slice text);

struct repeats;

// A password is remembered for the span after each try. NULL: out of memory.
struct repeats *repeats_new(usec_t span, uint64_t seed);
struct repeats *repeats_free(struct repeats *r);

// A failure with this mark: REPEATS_E_AGAIN where it is not to be counted; 0, -ENOMEM.
enum { REPEATS_E_AGAIN = 1 };
int repeats_note(struct repeats *r, const struct addr *host, uint32_t mark, usec_t time);

// How many failures of this host's were not counted, of passwords still remembered.
uint32_t repeats_look(struct repeats *r, const struct addr *host, usec_t now);

// What is remembered of a host; plain data, so that it can be kept over a restart.
struct repeats_host {
    struct addr host;
    uint32_t slot; // below REPEATS_HOSTS_MAX: who gets it later takes its place where it is kept
    usec_t last;
    struct repeats_mark {
        uint32_t mark;   // 0: none
        uint32_t second; // of its last try, since 1970
        uint32_t since;  // when the repeats of REPEATS_PACE began
        uint32_t paced;  // how many came since
        uint32_t free;   // how many did not count, ever
    } at[REPEATS_MARKS_MAX];
};

// Walks the hosts that changed since the last walk. fn returns < 0 to stop, which is passed on: the
// next walk is then the same again.
typedef int repeats_fn(void *user, const struct repeats_host *h);
int repeats_changed(struct repeats *r, repeats_fn *fn, void *user);

// Takes a kept one back, in another slot: what is kept is to be dropped then, and the next walk
// tells of it again. Those tried longest ago come first. -ENOMEM.
int repeats_restore(struct repeats *r, const struct repeats_host *h);
