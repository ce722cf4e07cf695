// SPDX-License-Identifier: GPL-2.0-or-later
// The life of the program: waits for tailband, the kernel, the watchdog and signals.
#pragma once

struct enforcer;

// fd: a SOCK_SEQPACKET socket that listens, or one connected to tailband; the enforcer closes it.
// -EINVAL: it is neither; -errno.
int enforcer_new(int fd, struct enforcer **ret);
struct enforcer *enforcer_free(struct enforcer *e);

// Runs until SIGTERM or SIGINT, or until the one connection it was given ends. What is in force
// stays in force. 0 or -errno.
int enforcer_run(struct enforcer *e);
