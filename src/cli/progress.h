// SPDX-License-Identifier: GPL-2.0-or-later
// How far long work has come: one line on standard error that redraws itself, only on a terminal.
#pragma once

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool shown;
    const char *label;    // borrowed: a file's name
    uint64_t total, done; // bytes; total 0: not known, as on a pipe
    usec_t started, drawn;
};

// quiet: never draw.
void progress_start(struct progress *p, const char *label, uint64_t total, bool quiet);

// Cheap enough to be called per chunk: draws ten times a second at most.
void progress_add(struct progress *p, uint64_t bytes);

// Wipes the line, so that results can be printed there.
void progress_clear(struct progress *p);
