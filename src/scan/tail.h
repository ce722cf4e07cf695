// SPDX-License-Identifier: GPL-2.0-or-later
// A log file as a source: its bytes become lines with their times, handed out a chunk at a time.
#pragma once

#include "engine/lines.h"
#include "scan/follow.h"
#include "scan/source.h"

struct tail {
    struct source source;
    struct follow *follow;
    struct lines lines;
    struct stamp stamp;
    bool hinted; // the stamp knows what name, head and mtime of the file say
};

// start as for follow_new(). -ENOMEM.
int tail_new(const char *path, const struct position *start, const struct zone *zone,
             struct tail **ret);
struct tail *tail_free(struct tail *s);

enum { TAIL_E_MORE = 1, TAIL_E_NEW_FILE = 2 };

// Reads one chunk and hands out its lines. 0: the end is reached. TAIL_E_*: call again, after
// others had their turn. -errno: see follow_read().
int tail_read(struct tail *t, usec_t now, line_fn *fn, void *user);

const char *tail_path(const struct tail *s);

// What to keep so that every line is judged once. -ENOENT: nothing was opened yet.
int tail_position(const struct tail *t, struct position *ret);
