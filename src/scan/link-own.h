// SPDX-License-Identifier: GPL-2.0-or-later
// A link from within, for the files that it is made of: link.c has the connection, link-orders.c
// what is sent over it, link-answers.c what comes back.
#pragma once

#include "scan/link.h"
#include "wire/order.h"

// Of blocks lifted at a time; of more, the whole state is sent.
enum { LINK_LIFTED_MAX = 16 };

struct queued {
    enum order_op op;
    uint16_t jail;
    struct addr net;
    usec_t until;
};

struct link {
    struct ledger *ledger;
    const struct roster *roster;
    struct link_hooks hooks;
    int fd;
    bool is_late;
    enum phase { HELLO, RESET, JAILS, BANS, SPARED, COMMIT, LIVE } phase; // what is to be sent next
    size_t cell, port;                                                    // JAILS: the next one
    int64_t after;                                                        // BANS: the last one
    struct addr spared;                                                   // SPARED: likewise
    bool has_spared;                                                      // there is one
    bool again;                        // the state, after this one
    bool greeted, committed, enforced; // what the enforcer has said
    uint32_t seq, acked, commit_seq;   // seq: the last one put
    struct exempt own;
    uint64_t refused, refusals_logged;   // since the whole state
    int refusal;                         // the last one's errno
    bool is_short;                       // one was for want of room
    bool is_plain;                       // what would cover others may have been refused
    struct addr lifted[LINK_LIFTED_MAX]; // blocks; what they covered is to be ordered
    size_t n_lifted;
    size_t first, n;
    struct queued queue[LINK_QUEUE_MAX];
    size_t out_n; // records in out that are to be sent
    uint8_t out[ORDER_PACKET_MAX * ORDER_SIZE], in[ORDER_PACKET_MAX * ORDER_SIZE];
};

// Fills l->out with one packet: the greeting, a piece of the state, or a batch of orders. -errno.
int link_fill(struct link *l, usec_t now);

// One record of the enforcer's. -EPROTO, or as it says.
int link_hear(struct link *l, const struct order *o);
