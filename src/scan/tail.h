// SPDX-License-Identifier: GPL-2.0-or-later
// A log and who reads it: its bytes become lines with their times, handed out a chunk at a time.
#pragma once

#include "engine/lines.h"
#include "engine/stamp.h"
#include "scan/follow.h"

struct tail {
    struct follow *follow;
    char *alias; // a second path of the file being read: it was renamed, or has a link; or NULL
    struct lines lines;
    struct stamp stamp;
    uint16_t *cell; // numbers in the roster of the jails that read it
    size_t n_cells;
    bool ready;     // there may be more to read
    bool moved;     // its position is to be kept
    bool old;       // no position was kept: what is older than any findtime is of no interest
    bool hinted;    // the stamp knows what name, head and mtime of the file say
    bool is_warned; // of a clock that differs from ours
    int error;      // why it could not be read last, as a negative errno
    uint64_t n_lines;
    usec_t last;   // the time of the last line that had one
    usec_t active; // when something was read from it last
};

// start as for follow_new(). -ENOMEM.
int tail_new(const char *path, const struct position *start, const struct zone *zone,
             struct tail **ret);
struct tail *tail_free(struct tail *s);

// Lets a jail read it, once. -ENOMEM.
int tail_join(struct tail *t, uint16_t cell);

enum { TAIL_E_MORE = 1, TAIL_E_NEW_FILE = 2 };

// Reads one chunk and hands out its lines. 0: the end is reached. TAIL_E_*: call again, after
// others had their turn. -errno: see follow_read().
typedef void line_fn(void *user, struct tail *t, const struct line *line);
int tail_read(struct tail *t, usec_t now, line_fn *fn, void *user);

const char *tail_path(const struct tail *s);

// What to keep so that every line is judged once. -ENOENT: nothing was opened yet.
int tail_position(const struct tail *t, struct position *ret);
