// SPDX-License-Identifier: GPL-2.0-or-later
// RUN/control.sock: the one that systemd hands over, or our own.
#pragma once

#include <stdbool.h>

// *ret_bound: it is our own, and to be removed at the end. -EADDRINUSE: another tailband listens
// there. -errno: said.
int listener_open(const char *run, int *ret_fd, bool *ret_bound);
void listener_remove(const char *run);
