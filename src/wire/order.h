// SPDX-License-Identifier: GPL-2.0-or-later
// What tailband and tailban-enforce say to each other on a SOCK_SEQPACKET socket. A packet holds 1
// to ORDER_PACKET_MAX records of ORDER_SIZE bytes each, little-endian, all unused bytes zero.
// Decoding checks length, version, operation, every bound and every unused byte; a peer that breaks
// them is disconnected.
//
//   tailband -> enforcer: HELLO, then RESET JAIL* PORT* BAN* SPARE* COMMIT (the whole state; it
//   replaces what is in force without letting go of a ban that is in both, and RESET before COMMIT
//   starts it anew), then BAN, UNBAN, SPARE and UNSPARE as they come; the records of one packet are
//   one batch.
//
//   enforcer -> tailband: HELLO, then RESET OWN* COMMIT (the host's own addresses, again whenever
//   they change); ACK for the last record of each packet; REFUSED for each record that was not
//   carried out, before that ACK; FLUSHED when somebody else changed our table.
#pragma once

#include "base/addr.h"
#include "base/slice.h"

#include <stdint.h>

enum {
    ORDER_VERSION = 2,
    ORDER_SIZE = 112,
    ORDER_PACKET_MAX = 500,
    ORDER_NAME_MAX = 64,    // a jail's name, with its NUL
    ORDER_JAILS_MAX = 1024, // a jail's number is below
    ORDER_PORTS_MAX = 128,  // PORT records per jail
};

enum order_op {
    ORDER_HELLO = 1,
    ORDER_RESET,
    ORDER_JAIL,  // jail, name, action
    ORDER_PORT,  // jail, proto, port_from..port_to: the jail's bans concern these; none: all ports
    ORDER_BAN,   // jail, net, timeout; a net that is already banned gets the new timeout
    ORDER_UNBAN, // jail, net; a net that is not banned is no error
    ORDER_SPARE, // net: a host (IPv6: a /64) that bans of blocks go past; timeout: likewise
    ORDER_UNSPARE, // net: likewise
    ORDER_COMMIT,
    ORDER_CLEAR,   // removes the table: nothing of ours is left in the kernel
    ORDER_ACK,     // seq
    ORDER_REFUSED, // seq, jail, net, error
    ORDER_OWN,     // net: one of the host's own addresses
    ORDER_FLUSHED,
    ORDER_OP_MAX,
};

enum order_action { ORDER_DROP = 1, ORDER_REJECT = 2 };

struct order {
    enum order_op op;
    uint32_t seq; // counted up by the sender; ACK and REFUSED name the one they answer
    uint16_t jail;
    struct addr net;
    uint64_t timeout_ms; // 0: for ever
    enum order_action action;
    uint8_t proto; // IPPROTO_TCP or IPPROTO_UDP
    uint16_t port_from, port_to;
    int32_t error; // errno
    char name[ORDER_NAME_MAX];
};

void order_encode(const struct order *o, uint8_t ret[static ORDER_SIZE]);

// -EPROTO: not a valid record. *ret is untouched then.
int order_decode(const uint8_t bytes[static ORDER_SIZE], struct order *ret);

// What a jail may be called: a letter or digit, then letters, digits, '_', '-' and '.', at most 63.
bool order_name_valid(struct slice name);
