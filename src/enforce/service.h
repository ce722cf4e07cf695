// SPDX-License-Identifier: GPL-2.0-or-later
// What systemd and its services say to each other, sd_listen_fds(3) and sd_notify(3), without its
// library. Where systemd has not started us, there is nothing to say.
#pragma once

#include "base/span.h"

// The one descriptor that was passed to us. -ENOENT: none; -EINVAL: more than one.
int service_listen_fd(void);

// How often the watchdog wants to hear of us; USEC_FOREVER: never.
usec_t service_watchdog(void);

// "READY=1", "WATCHDOG=1", "STATUS=…". Nobody can be told of a failure.
void service_notify(const char *state);
