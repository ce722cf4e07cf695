// SPDX-License-Identifier: GPL-2.0-or-later
// What counts against a net now, level by level next to the limits: a table, and in a sentence what
// is missing to a ban where least is.
#pragma once

#include "cli/output.h"
#include "wire/control.h"

struct standings;

// NULL: out of memory.
struct standings *standings_new(void);
struct standings *standings_free(struct standings *s);

// Takes the next level, of a jail's the host's first. Levels at which nothing is counted say
// nothing, unless it is that nothing ever will be, or who logs in.
void standings_take(struct standings *s, const struct output *o,
                    const struct control_standing *level);
int standings_json(struct output *o, const struct control_standing *level);

// Whether a host is at half of what bans it, or beyond, in some jail.
bool standings_are_suspect(const struct standings *s);

void standings_print_missing(const struct standings *s, struct output *o);

// With its head; *ret_any: there was anything to print. -ENOMEM.
int standings_print(const struct standings *s, struct output *o, bool *ret_any);
