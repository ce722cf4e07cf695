// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/drift.h"

bool drift_seen(struct drift *d, usec_t now, usec_t monotonic)
{
    // A clock that says 1970 may be behind the monotonic one: the difference wraps, and back again.
    usec_t began = now - monotonic, moved = began - d->began;
    bool is_seen = d->is_known && moved + DRIFT_SLACK > 2 * DRIFT_SLACK;

    if (is_seen || !d->is_known)
        *d = (struct drift){true, began};
    return is_seen;
}
