// SPDX-License-Identifier: GPL-2.0-or-later
// What stands before all filters that read one source: tells of a line which of them could match
// it, and by which of their failregexes. Of most lines none can, and no regex is run on them. It
// may let through a line that does not match, but never keeps back one that does.
//
// It goes by two things. What a syslog line begins with, host and program, leaves only some
// regexes: that is asked of PCRE2 once for each such beginning. And of the texts that these regexes
// cannot match without (literal.h), some must be in the line.
//
// Filters that look at several lines at a time get those behind which, within as many lines, all of
// their texts have been; what came between is told to them then. Every filter gets the lines that
// stamp.h could not date, as each dates them on its own. A filter with a datepattern of its own is
// shown what it could match whatever it takes for the date, and learns from that alone where dates
// stand: a line in which it finds none has the stamp's time, or that of the line it was shown last.
#pragma once

#include "engine/filter.h"

enum {
    SIEVE_HEADS_MAX = 256,  // beginnings that are remembered; with others, any regex may match
    SIEVE_OUTLOOKS_MAX = 64 // different sets of regexes that they leave, likewise
};

struct sieve;

struct chosen {
    size_t filter;       // number
    const uint64_t *may; // for filter_match_some()
};

// The filters are borrowed. -ENOMEM.
int sieve_new(struct filter *const *filter, size_t n, struct sieve **ret);
struct sieve *sieve_free(struct sieve *s);

// Which filters are to see the line: how many; *ret, in their order, is valid until the next call.
// A line that has no body may get one, which is valid as long. No memory is allocated but for
// beginnings that are new.
size_t sieve_line(struct sieve *s, struct line *line, const struct chosen **ret);

// The newest time of the lines that filter number i might not have been to see; 0 of a filter that
// might date them otherwise.
usec_t sieve_newest(const struct sieve *s, size_t i);
