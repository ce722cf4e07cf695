// SPDX-License-Identifier: GPL-2.0-or-later
// A value of several lines that knows where each of them stands, also after interpolation and tags
// have put it together from several files.
#pragma once

#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct origin {
    const char *file; // NULL: built in. Borrowed
    unsigned line;    // 0: none
};

struct text {
    char *p; // terminated
    size_t n, allocated;
    struct origin *line; // one per line: one more than there are '\n'
    size_t n_lines, lines_allocated;
};

enum { TEXT_MAX = 256 * 1024 };

// An empty text with one line. A text that was zeroed, or is in use, may be started. All functions:
// -ENOMEM, or -E2BIG beyond TEXT_MAX, which is what stops expansions that multiply.
int text_start(struct text *t, struct origin at);
void text_done(struct text *t);

// Starts it over with bytes that all stand at one place.
int text_set(struct text *t, struct slice bytes, struct origin at);

// Adds bytes without a '\n' to the last line.
int text_add(struct text *t, const char *p, size_t n);

// Ends the line and begins another.
int text_break(struct text *t, struct origin at);

// Adds all lines of another text. The first continues the last line here; where it is `whole`, that
// is, nothing else stands in that line, the line is from then on the other's.
int text_insert(struct text *t, const struct text *other, bool whole);

// Whether the reference between start and end is all there is in its line of t.
bool text_is_whole(const struct text *t, size_t start, size_t end);

// Where the byte at `offset` stands.
struct origin text_origin(const struct text *t, size_t offset);

// Cuts white space off the end, lines and all.
void text_trim(struct text *t);

// One line after the other, from a zeroed cursor. False at the end.
struct text_cursor {
    size_t offset, line;
};
bool text_next(const struct text *t, struct text_cursor *c, struct slice *ret_line,
               struct origin *ret_at);
