// SPDX-License-Identifier: GPL-2.0-or-later
// When a line says it was written, as fail2ban's datepattern finds it: for lines that stamp.h does
// not know, and for filters that know better. Inside the engine only.
//
// Of the templates the one that matched last goes first, at the same place in the line; else all
// are searched in order, where what begins the line wins at once and of the others the one farthest
// to the left. Those that match often move up. So the date is not looked for in what a client
// wrote, as long as it stands where it stood before.
#pragma once

#include "engine/filter.h"

struct datepattern;

// The lines of a datepattern; none: the default list. offset: seconds east of UTC for dates that
// name no zone; NULL: as the line has it. -EINVAL with *ret_error set, or -ENOMEM.
int datepattern_new(const struct pattern *pattern, size_t n, const int32_t *offset,
                    struct datepattern **ret, struct filter_error *ret_error);
struct datepattern *datepattern_free(struct datepattern *d);

// Whether it only says {^LN-BEG} or {DEFAULT}, so that what stamp.h found stands.
bool datepattern_is_plain(const struct datepattern *d);

// Dates a line anew: its date and time. Out of memory, it stays as it is. A line without a date
// gets the time of the last one that had one, unless its own is later. now: what dates without a
// year or a day are read against.
void datepattern_date(struct datepattern *d, usec_t now, struct line *line);

// How often a template has hit its limit, which counts as no match.
uint64_t datepattern_limits_hit(const struct datepattern *d);
