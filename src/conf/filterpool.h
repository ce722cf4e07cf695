// SPDX-License-Identifier: GPL-2.0-or-later
// The compiled filters of a configuration. Jails whose filters say the same share one, so that a
// line is matched once however many of them it concerns.
#pragma once

#include "conf/problems.h"
#include "engine/filter.h"

struct filterpool;

struct filterpool *filterpool_new(void); // NULL: out of memory
struct filterpool *filterpool_free(struct filterpool *p);

// What the engine makes of the spec, whose texts must live as long as the pool, which owns *ret.
// Filters that keep something of one line for the next are not shared: their jails may read other
// logs. As filterspec_compile().
int filterpool_get(struct filterpool *p, const struct filter_spec *spec, struct origin at,
                   struct problems *problems, struct filter **ret);
