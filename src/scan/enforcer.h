// SPDX-License-Identifier: GPL-2.0-or-later
// The enforcer as a child, for who starts tailband by hand.
#pragma once

#include <sys/types.h>

// Connects to the enforcer, or systemd for it, at this path. -ENOENT: nobody listens there.
int enforcer_connect(const char *path, int *ret_fd);

// Starts tailban-enforce from the folder of this program, else from PATH, on a socketpair. *ret_fd
// is our end.
int enforcer_start(int *ret_fd, pid_t *ret_pid);

// Closes nothing: waits, a moment at most, for the child to end after its socket was closed.
// -ETIMEDOUT: it has not.
int enforcer_wait(pid_t pid);
