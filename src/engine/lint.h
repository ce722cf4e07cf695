// SPDX-License-Identifier: GPL-2.0-or-later
// What is dangerous about a filter: that who writes into a log can have somebody else banned, or
// bring the regex to a halt. Found by trying: for each finding there is a witness, a line that
// shows it.
#pragma once

#include "engine/filter.h"

enum lint_kind {
    LINT_INJECTION, // a stranger's text in the line gives another address
    LINT_FIELD,     // the same, if the server lets a field hold a byte at which the regex ends it
    LINT_SHAPE,     // the regex has no anchor, and takes a line that quotes what it looks for
    LINT_STALL,     // the steps that it takes grow faster than the square of the line's length
    LINT_UNTRIED,   // no line was found to try it with: add a sample
    LINT_KINDS
};

struct lint_finding {
    enum lint_kind kind;
    const struct pattern *pattern; // in the spec
    struct slice witness;          // a line as the filter sees it, without its date
    struct slice run;              // the piece of the pattern that took the text; empty: none did
    struct addr address;           // INJECTION, FIELD, SHAPE: the line's
    bool has_found;                // ... and the one found; false: none is any more
    struct addr found;
    uint32_t times[2], steps[2]; // STALL: a piece of text so many times, so many steps: the
    // second more than that, where the engine gives up. The witness has it
    // twice as often, where that fits into 2 KiB
};

// The slices are valid during the call. A negative result ends the search and is passed on.
typedef int lint_fn(void *user, const struct lint_finding *finding);

struct lint_budget {
    uint64_t lines; // to try, per regex
    uint64_t steps; // of regexes, likewise
};

extern const struct lint_budget lint_thorough, lint_brief;

// Samples are lines of a log, dated as stamp.h does; what a regex takes of them is tried besides
// lines made from the regex itself. The filter is one that filter_new() takes: else -EINVAL.
// -ENOMEM.
int lint_filter(const struct filter_spec *spec, const struct line *sample, size_t n_sample,
                const struct lint_budget *budget, lint_fn *fn, void *user);

// "injection", "field", "shape", "stall", "untried".
const char *lint_kind_name(enum lint_kind kind);
