// SPDX-License-Identifier: GPL-2.0-or-later
// The parts of a date, as the groups of a date pattern took them, and the time they make. Inside
// the engine only.
#pragma once

#include "base/slice.h"
#include "engine/wall.h"

enum date_part {
    PART_YEAR,
    PART_YEAR2, // two digits
    PART_MONTH,
    PART_MONTH_NAME,
    PART_MONTH_SHORT,
    PART_DAY,
    PART_YEARDAY,
    PART_WEEKDAY, // 0 is Sunday
    PART_WEEKDAY_NAME,
    PART_WEEKDAY_SHORT,
    PART_WEEK_SUNDAY, // of the year, when weeks begin on Sunday
    PART_WEEK_MONDAY,
    PART_HOUR,
    PART_HOUR12,
    PART_AMPM,
    PART_MINUTE,
    PART_SECOND,
    PART_FRACTION,
    PART_ZONE,
    PART_ZONE_NAME,
    PART_EPOCH,      // seconds
    PART_LONG_EPOCH, // seconds, milliseconds or microseconds
    PART_TAI64N,
    PART_N // of a group that is none
};

struct dateparts {
    struct slice part[PART_N]; // p NULL: took no part
};

// What the group of that name takes.
enum date_part datepart_named(const char *name);

// False where the parts make no time: a date that does not exist, an unknown zone, too few of them.
// Without a year, it is the year that puts the time at most a day after now; with a time of day
// only, it is today or yesterday, not after now. w->last is left alone.
bool dateparts_time(const struct dateparts *parts, struct wall *w, usec_t now, usec_t *ret);
