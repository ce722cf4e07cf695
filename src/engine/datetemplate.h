// SPDX-License-Identifier: GPL-2.0-or-later
// One way to write a date: a line of a datepattern, compiled. Inside the engine only.
#pragma once

#include "engine/dateparts.h"
#include "engine/regex.h"

struct datetemplate {
    struct regex regex;
    enum date_part part[GROUPS_MAX]; // as in its names
    bool at_begin;                   // it can only match at the beginning of a line,
    bool at_end;                     // at the end
};

// What a template found in a line.
struct found_date {
    size_t start, end; // of the match
    struct slice cut;  // what group 1 took: the date, to be cut out; empty: the line has none
    struct dateparts parts;
};

// pattern: a regex with %-tokens, or {EPOCH}, {LEPOCH}, {TAI64N} in it; may begin with {UNB} or
// {^LN-BEG}. -EINVAL with *ret_fault set, -ENOMEM. datetemplate_done() is due in any case.
int datetemplate_init(struct datetemplate *t, const struct draft *pattern, struct fault *ret_fault);
void datetemplate_done(struct datetemplate *t);

// Searches the text from a place on. 0: not found; REGEX_E_*.
int datetemplate_find(struct datetemplate *t, struct matcher *m, struct slice text, size_t from,
                      struct found_date *ret);
