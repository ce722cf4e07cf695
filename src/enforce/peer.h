// SPDX-License-Identifier: GPL-2.0-or-later
// The connection to tailband: its packets become changes of the firewall, and it is told how they
// went.
#pragma once

#include "enforce/firewall.h"

#include <stddef.h>

struct peer;

// fd is a connected SOCK_SEQPACKET socket, closed by peer_free(); the firewall is borrowed.
// -ENOMEM.
int peer_new(int fd, struct firewall *f, struct peer **ret);
struct peer *peer_free(struct peer *p);

// The descriptor and poll(2)'s events to wait for. Nothing is read while answers wait to be sent:
// who sends without reading waits for itself.
int peer_fd(const struct peer *p);
short peer_events(const struct peer *p);

enum {
    PEER_E_GONE = 1,      // it has closed the connection
    PEER_E_INSTALLED = 2, // the whole state is in force
    PEER_E_CLEARED = 3,   // nothing is in force
};

// Takes one packet, if there is one, and sends what there is to say. -EPROTO: it broke the protocol
// (order.h); another -errno: the connection is broken. Free it then.
int peer_dispatch(struct peer *p);

// The host's own addresses; -EAGAIN: too much waits to be sent, tell them later.
int peer_tell_own(struct peer *p, const struct addr *own, size_t n);
void peer_tell_flushed(struct peer *p);
