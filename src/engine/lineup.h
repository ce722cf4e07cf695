// SPDX-License-Identifier: GPL-2.0-or-later
// What the lines of a source pass: the sieve, the filters that may match them, each of them once
// however many jails use it, and then those jails.
#pragma once

#include "engine/jail.h"

struct lineup;

// The jails are borrowed. -ENOMEM.
int lineup_new(struct jail *const *jail, size_t n, struct lineup **ret);
struct lineup *lineup_free(struct lineup *l);

// A sign for a jail (by its number), from one of its filters: for jail_take(). A negative result
// ends the line.
typedef int sign_fn(void *user, size_t jail, unsigned filter, const struct sign *sign);

// The next line; it may get a body, as in sieve_line(). Filter by filter, in the order in which the
// jails name them first; a sign is given to its jails in their order, where the filter took the
// line, ignored it or hit a limit. A line that could only end sessions is shown to no filter where
// there are none, and not counted as one that informs. 0, or what ended it.
int lineup_line(struct lineup *l, struct line *line, usec_t now, sign_fn *fn, void *user);

// Tells the jails of the lines since the last time: jail_pass(), with the newest time of any, as
// their filters date them.
void lineup_pass(struct lineup *l);
