// SPDX-License-Identifier: GPL-2.0-or-later
// That the sieve keeps no match back: the same filters twice, one of each shown every line, the
// other what a sieve chooses.
#pragma once

#include "engine/filter.h"

struct twins;

// NULL: out of memory.
struct twins *twins_new(void);
struct twins *twins_free(struct twins *t);

// A filter, before the first line. False: it does not compile.
bool twins_add(struct twins *t, const struct filter_spec *spec);

// A line, behind whose text stands a newline. The name of a filter of which only one twin matched
// it, or each found something else; NULL: none.
const char *twins_line(struct twins *t, const struct line *line, usec_t now);

struct twins_count {
    size_t filters, lines, matches; // matches: of any filter
    size_t asked;                   // how often a filter was chosen
};
struct twins_count twins_count(const struct twins *t);
