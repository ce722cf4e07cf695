// SPDX-License-Identifier: GPL-2.0-or-later
// Which bans another one covers, so that they need nothing in the kernel: one of a net around it,
// or of the same, in the same jail or in one with at least its ports and the same action, that ends
// no earlier; but of a host that is spared (engine/peers.h) no block's. Of two that would cover
// each other the older one stays. Nothing is stored: whether a ban is covered follows from those in
// force, so that it is on its own again when the other is lifted.
#pragma once

#include "ledger/ledger.h"
#include "scan/roster.h"

// The widest that covers a ban.
struct cover {
    int64_t id;
    struct addr net;
    const char *jail;
    usec_t until;
};

enum { COVER_NEW = -1 }; // the id of a ban that is newer than all

// Whether there is one for a ban of this net in that jail. ret may be NULL. Some look-ups, one for
// each length of prefix that is banned.
bool cover_find(const struct ledger *ledger, const struct roster *roster, const struct cell *cell,
                const struct addr *net, usec_t until, int64_t id, struct cover *ret);
