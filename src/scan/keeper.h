// SPDX-License-Identifier: GPL-2.0-or-later
// Who can start an enforcer after tailband has given its own power away: a process of ours, forked
// before that, with CAP_NET_ADMIN and nothing else. It hears one byte per start, reads nothing else
// that tailband says, and ends with it. At most one enforcer is there at a time.
#pragma once

#include <sys/types.h>

// *ret_fd is our end, to be polled for input.
int keeper_start(int *ret_fd, pid_t *ret_pid);

// Asks for an enforcer in the place of the one there is, which is ended whatever it does. -EAGAIN
// where that has been asked for often and nothing came of it.
int keeper_ask(int fd);

// Takes the socket that a new enforcer has at its other end. -EAGAIN: none is there; -EIO: none
// could be started; -ECONNRESET: the keeper has ended.
int keeper_take(int fd, int *ret);
