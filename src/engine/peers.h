// SPDX-License-Identifier: GPL-2.0-or-later
// Mail servers that deliver here. They never log in, so that no login keeps their block from being
// banned; but a host that has had a mail accepted, and has not failed since, is spared when its
// block is banned. Anybody can have a mail accepted: so it spares that very host alone, from bans
// of blocks and never from its own, and beyond PEERS_SPARED_MAX of them a block is not banned as a
// block, but its hosts are, one by one.
//
// IPv6 hosts are /64s, whatever a jail counts (jail_spec_host()): what an address in one does, and
// its ban, is the /64's. No ban within a /64, or of one, goes past anybody.
#pragma once

#include "base/addr.h"
#include "base/span.h"

enum {
    PEERS_MAX = 1 << 17, // hosts; the one whose last mail is longest ago makes room
    PEERS_SPARED_MAX = 64,
    PEERS_TEXT_MAX = PEERS_SPARED_MAX * ADDR_TEXT_MAX,
};

// A host's mails within this time after one are not noted: they need not be written down as often.
#define PEERS_FRESH (6 * 3600 * USEC_PER_SEC)

// Whom the ban of a block goes past.
struct spared {
    size_t n;
    struct addr host[PEERS_SPARED_MAX];
};

struct peers;

// span: how long a mail is remembered. NULL: out of memory.
struct peers *peers_new(usec_t span, uint64_t seed);
struct peers *peers_free(struct peers *p);

// A mail of this client's was accepted. -ENOMEM.
int peers_mail(struct peers *p, const struct addr *client, usec_t time);

// A counted failure of a host, which is no peer then for findtime, or until the next mail of its
// that is told (engine/heard.h).
void peers_failure(struct peers *p, const struct addr *host, usec_t time);

// The peers in a block. False: they are too many, and *ret has some of them. A host that is banned
// itself is none.
bool peers_within(struct peers *p, const struct addr *block, usec_t time, usec_t findtime,
                  struct spared *ret);

// A ban of a net takes effect until a time, and spares these in it and nobody else: who was spared
// before is so no more. spared NULL: it is one that spares nobody, of a host or by hand, and who is
// in it is no peer until its end; of one by hand, bans of blocks around it that last longer are
// then to be settled again. fn (may be NULL) tells of each that is from now on, and until when, and
// of each that is not (until 0). Returns how many are not.
typedef void peers_fn(void *user, const struct addr *host, usec_t until);
size_t peers_settle(struct peers *p, const struct addr *net, const struct spared *spared,
                    usec_t until, peers_fn *fn, void *user);

// Bans of a net are over; those of others in or around it are to be settled again. Whether a host
// that has delivered is in it.
bool peers_pardon(struct peers *p, const struct addr *net);

// What is known of a host; plain data, so that it can be kept over a restart.
struct peers_host {
    struct addr host;
    usec_t mail;   // the last accepted, to PEERS_FRESH
    usec_t failed; // 0: not since
    usec_t spared; // until when, of bans of its block; 0: of none
};
bool peers_look(struct peers *p, const struct addr *host, struct peers_host *ret);

// Whether a ban of a block goes past this host, or past what is narrower than one.
bool peers_is_spared(struct peers *p, const struct addr *net, usec_t time);

// The next host behind `after` (NULL: the first), in the order of addresses, that is spared in a
// net (NULL: in any) at that time. False: there is none.
bool peers_next_spared(struct peers *p, const struct addr *net, usec_t time,
                       const struct addr *after, struct peers_host *ret);

// Their addresses, blanks between them.
struct slice peers_text(const struct spared *spared, char ret[static PEERS_TEXT_MAX]);

// Walks those that changed since the last walk. fn returns < 0 to stop, which is passed on: the
// next walk is then the same again.
typedef int peers_host_fn(void *user, const struct peers_host *h);
int peers_changed(struct peers *p, peers_host_fn *fn, void *user);

// Takes a kept one back. -ENOMEM.
int peers_restore(struct peers *p, const struct peers_host *h);
