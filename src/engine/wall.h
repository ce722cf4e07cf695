// SPDX-License-Identifier: GPL-2.0-or-later
// The clock on the wall, as lines write it down, read as UTC. Local times are seconds since 1970 as
// if the wall were in UTC.
#pragma once

#include "base/span.h"
#include "base/zone.h"

#include <stdbool.h>

struct wall {
    const struct zone *zone; // borrowed; NULL: UTC
    usec_t last;             // the time read last, kept by the user; 0: none yet
    int64_t plain_day;       // a day without a change of the clock nearby, and its offset
    int32_t plain_offset;
    bool leaned; // set where a conversion went by the time read last
};

void wall_init(struct wall *w, const struct zone *zone);

// Of an hour that occurs twice it is the one that goes on from the time read last.
int64_t wall_to_utc(struct wall *w, int64_t local);

int64_t wall_from_utc(const struct wall *w, usec_t t);

// A date without a year: of the year that puts it at most a day after now. offset: seconds east of
// UTC where the line says so, else NULL. False: there is no such date.
bool wall_find_day(struct wall *w, unsigned month, unsigned mday, uint32_t second,
                   const int32_t *offset, usec_t now, int64_t *ret_day);
