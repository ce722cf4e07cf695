// SPDX-License-Identifier: GPL-2.0-or-later
// A log and who reads it: its bytes become lines with their times, handed out a chunk at a time.
#pragma once

#include "engine/lines.h"
#include "engine/stamp.h"
#include "scan/follow.h"

struct source {
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
int source_new(const char *path, const struct position *start, const struct zone *zone,
               struct source **ret);
struct source *source_free(struct source *s);

// Lets a jail read it, once. -ENOMEM.
int source_join(struct source *s, uint16_t cell);

enum { SOURCE_E_MORE = 1, SOURCE_E_NEW_FILE = 2 };

// Reads one chunk and hands out its lines. 0: the end is reached. SOURCE_E_*: call again, after
// others had their turn. -errno: see follow_read().
typedef void line_fn(void *user, struct source *s, const struct line *line);
int source_read(struct source *s, usec_t now, line_fn *fn, void *user);

const char *source_path(const struct source *s);

// What to keep so that every line is judged once. -ENOENT: nothing was opened yet.
int source_position(const struct source *s, struct position *ret);
