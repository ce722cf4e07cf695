// SPDX-License-Identifier: GPL-2.0-or-later
// What match and replay have in common: the zone, --now, the logs, the progress bar. Failures are
// said.
#pragma once

#include "cli/command.h"
#include "cli/logs.h"
#include "cli/progress.h"

struct offline {
    struct zone zone;
    struct logs *logs;
    struct progress progress;
    uint64_t told; // bytes told to the progress bar
};

// COMMAND_DONE or the exit code to end with.
int offline_init(struct offline *o, const struct arguments *a);
void offline_done(struct offline *o);

// Adds a log that was named on the command line, or that a logpath matched. COMMAND_DONE or the
// exit code.
int offline_add(struct offline *o, const char *path);

// Adds a line that stands on the command line itself, likewise.
int offline_add_line(struct offline *o, const char *line);

// 1: the next line, 0: the end, -errno: said.
int offline_next(struct offline *o, struct log_entry *ret);
