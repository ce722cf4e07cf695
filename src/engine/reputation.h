// SPDX-License-Identifier: GPL-2.0-or-later
// What all jails know together: who logs in here (engine/shield.h), who delivers mail
// (engine/peers.h), and which names give a botnet away (engine/fingerprint.h).
#pragma once

#include "engine/filter.h"
#include "engine/fingerprint.h"
#include "engine/peers.h"
#include "engine/shield.h"

struct reputation {
    struct shield *shield;
    struct fingerprints *fingerprints;
    struct peers *peers;
    struct reputation_told { // the last failure, for the next jail that is shown its line
        const void *teller;  // NULL: none
        usec_t time;
        struct addr host;
        uint64_t digest; // of what was said
        int r;
        enum fingerprint_kind kind;
    } told;
};

// Takes them over, also on failure: NULL stands for out of memory, as in what makes them. -ENOMEM.
int reputation_init(struct reputation *r, struct shield *shield, struct fingerprints *fingerprints,
                    struct peers *peers);
void reputation_done(struct reputation *r);

// A match that tells of a success, with its address, user and HELO name. -ENOMEM.
int reputation_success(struct reputation *r, const struct match *m, usec_t time);

// A failure. REPUTATION_E_KNOWN where its HELO name or its user is a fingerprint: *ret is which;
// REPUTATION_E_DOUBTFUL where that is doubtful; 0, -ENOMEM. What is honest on its face teaches
// nothing: a HELO name that is the client's own verified name. Several jails may be shown one line:
// the first teller's failure counts, the others are told the same.
enum { REPUTATION_E_KNOWN = 1, REPUTATION_E_DOUBTFUL = 2 };
int reputation_failure(struct reputation *r, const struct match *m, usec_t time, const void *teller,
                       struct name *ret);

// A client says its HELO name, as an honest one may. REPUTATION_E_KNOWN where that gives it away,
// as nobody has logged in or delivered a mail from there: *ret is that name. 0, -ENOMEM.
int reputation_greeting(struct reputation *r, const struct match *m, usec_t time, struct name *ret);

// Whether nobody of this user name, under whatever domain, has logged in within the span. Within
// the first day anybody may be one who will.
bool reputation_is_stranger(struct reputation *r, struct slice user, usec_t time);
