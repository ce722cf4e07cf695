// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes to lines, whatever way the bytes are cut. A line that lies whole in a chunk is not copied.
// A line longer than the limit is dropped up to its newline and counted, never split: a split tail
// would be matched as a fresh line, and it is an attacker who chooses where it starts.
#pragma once

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { LINES_MAX = 65536 }; // the default limit, in bytes without the newline

struct lines {
    char *rest; // the start of a line whose end has not come yet
    size_t n, limit;
    uint64_t pending; // bytes since the last newline, dropped ones included
    bool dropping;
    uint64_t overlong; // how many lines were dropped
};

// -ENOMEM.
int lines_init(struct lines *l, size_t limit);
void lines_done(struct lines *l);

// Forgets a partial line, as when the file was truncated.
void lines_reset(struct lines *l);

// Takes the next whole line off the chunk, without its newline and one carriage return before it.
// Only \n ends a line, and one stands right behind *ret_line in memory, whatever was there in the
// chunk. True: *ret_line is valid until the next call. False: the chunk is used up and what it had
// of a partial line is kept.
bool lines_next(struct lines *l, struct slice *chunk, struct slice *ret_line);

// At the end of a finished file: the last line, if it had no newline. Once.
bool lines_last(struct lines *l, struct slice *ret_line);

// How far behind the bytes fed so far reading must start again so that nothing is lost.
static inline uint64_t lines_pending(const struct lines *l)
{
    return l->pending;
}
