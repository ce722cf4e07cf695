// SPDX-License-Identifier: GPL-2.0-or-later
// A time zone as plain data: the engine reads no environment and no files, so a program samples the
// zone once and hands it down.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct zone {
    size_t n;
    struct zone_change {
        int64_t from;   // seconds, UTC; the first is INT64_MIN
        int32_t offset; // seconds east of UTC from then on
    } * change;
};

// The process's zone (TZ, else /etc/localtime), 1970 to 2100. -ENOMEM.
int zone_local(struct zone *ret);

// A fixed offset in seconds east of UTC. -ENOMEM.
int zone_fixed(int32_t offset, struct zone *ret);

void zone_done(struct zone *z);

int32_t zone_offset(const struct zone *z, int64_t utc);

// Seconds since 1970 of a wall-clock time given as if it were UTC. In the hour that occurs twice it
// is the first; in the hour that does not occur, the time as the clock before the change has it.
int64_t zone_to_utc(const struct zone *z, int64_t local);
