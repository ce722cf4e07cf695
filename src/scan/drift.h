// SPDX-License-Identifier: GPL-2.0-or-later
// Whether somebody has set the clock, or the machine has slept: bans end by the clock in the
// ledger, and in the kernel by the time that has passed.
#pragma once

#include "base/span.h"

#include <stdbool.h>

struct drift {
    bool is_known;
    usec_t began; // what the clock said when the monotonic one was 0
};

// True where the clock has moved by more than DRIFT_SLACK against the monotonic one since this was
// last true, or called first.
#define DRIFT_SLACK (2 * USEC_PER_SEC)
bool drift_seen(struct drift *d, usec_t now, usec_t monotonic);
