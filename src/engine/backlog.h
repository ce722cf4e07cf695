// SPDX-License-Identifier: GPL-2.0-or-later
// The lines that a filter looks at together (maxlines): the last so many, each without its date,
// one behind the other with their newlines. Lines that a match took are gone when the next one
// comes. Inside the engine only.
#pragma once

#include "engine/stamp.h"

enum { BACKLOG_BYTES_MAX = 256 * 1024 }; // of several lines; the oldest make room

struct backlog {
    char *text;
    size_t n, size; // bytes
    size_t max;     // lines
    size_t n_lines;
    struct backlog_line {
        size_t start, end; // in text; the newline is the last byte
        bool taken;
    } * line;
};

// -ENOMEM. backlog_done() is due in any case.
int backlog_init(struct backlog *b, size_t max);
void backlog_done(struct backlog *b);

// Adds a line, its date cut out so that the two ends meet. False for one longer than any that
// `lines` gives out.
bool backlog_add(struct backlog *b, const struct line *line);

// The lines, without the last one's newline (which stands behind).
struct slice backlog_text(const struct backlog *b);

// The line that was added last, without its newline.
struct slice backlog_last(const struct backlog *b);

// Takes the lines that a match touched, and gives those back that it skipped: whole lines.
void backlog_take(struct backlog *b, struct slice match);
void backlog_skip(struct backlog *b, struct slice lines);

// Drops what was taken.
void backlog_clean(struct backlog *b);

// Copies what was taken to where there is room for all of text; returns it without the last
// newline.
struct slice backlog_taken(const struct backlog *b, char *ret_text);
