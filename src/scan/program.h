// SPDX-License-Identifier: GPL-2.0-or-later
// One run of somebody else's program: no shell, a process group of its own that is killed when the
// program has ended or its time is up, nothing inherited but standard error (its standard output
// goes there too), signals and working directory as a program expects them. Nothing here waits for
// it.
#pragma once

#include "base/slice.h"
#include "base/span.h"

#include <stdbool.h>

struct sd_event;
struct program;

struct program_setup {
    char *const *argument; // argument[0] is its path; NULL ends them
    char *const *environment;
    struct slice input; // what it reads from standard input
    usec_t timeout;
};

struct program_end {
    enum {
        PROGRAM_EXITED, // code: its exit status
        PROGRAM_DIED,   // code: the signal
        PROGRAM_LATE    // its time was up: it was killed
    } how;
    int code;
};

enum { PROGRAM_END_MAX = 64 };

// It has ended. It is still to be program_free()d, here or later.
typedef void program_fn(void *user, const struct program_end *end);

// What is pointed to by the setup need not outlive the call. -errno: it does not run.
int program_start(struct sd_event *event, const struct program_setup *setup, program_fn *fn,
                  void *user, struct program **ret);

// Kills what still runs.
struct program *program_free(struct program *p);

// "ended with exit status 1", "was killed by signal 11", "was killed: its time was up".
void program_describe(const struct program_end *end, char ret[static PROGRAM_END_MAX]);

// The environment to start from: ours, without what our service manager meant for us alone.
bool program_inherits(const char *assignment);
