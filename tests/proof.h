// SPDX-License-Identifier: GPL-2.0-or-later
// That no match is lost: a filter's regexes, each alone in plain PCRE2, beside what literal.h says
// that they cannot match without.
#pragma once

#include "engine/filter.h"

struct proof;

// NULL where one of the regexes does not compile, or for want of memory.
struct proof *proof_new(const struct filter_spec *spec);
struct proof *proof_free(struct proof *p);

// Tries all regexes on a line as it comes in, and on mutilated copies. Its date is cut out, and the
// lines before it are there where the filter looks at several. A regex that matched though a clause
// did not hold, as written in the file; NULL: none did.
const char *proof_line(struct proof *p, const struct line *line);

// The same for one text as it is.
const char *proof_text(struct proof *p, struct slice text);

// The regexes; those of which nothing can be told; and how often one has matched.
struct proof_count {
    size_t regexes, untold, matches;
};
void proof_count(const struct proof *p, struct proof_count *sum);

// The i-th that nothing can be told of, as written; NULL: there are no more.
const char *proof_untold(const struct proof *p, size_t i);
