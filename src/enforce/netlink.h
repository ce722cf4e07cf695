// SPDX-License-Identifier: GPL-2.0-or-later
// The socket through which transactions go to the kernel.
#pragma once

#include "enforce/batch.h"

struct netlink;

// -errno of socket(2); -ENOMEM.
int netlink_new(struct netlink **ret);
struct netlink *netlink_free(struct netlink *n);

// Who we are in the kernel's notifications.
uint32_t netlink_portid(const struct netlink *n);

// Carries out a batch that was begun and filled: ends it, sends it and reads every answer. All of
// it is done (0), or nothing (-errno: the batch's own, or the first that the kernel gave).
int netlink_commit(struct netlink *n, struct batch *b);

// How many transactions others have carried out, on whatever table of this network namespace: only
// whether it is the same as before tells anything. -errno.
int netlink_others(struct netlink *n, uint32_t *ret);

// Makes a socket's buffer larger: beyond the system's limit where we may, else up to it.
// which: SO_SNDBUF or SO_RCVBUF.
void netlink_enlarge(int fd, int which, int bytes);
