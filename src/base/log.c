// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_ = 2048 };

// A process has one standard error, so this is process state, as its descriptor is.
static struct {
    const char *name;
    enum log_level most;
    bool journal;
} log_state = {"tailban", LEVEL_INFO, false};

void log_open(const char *name, enum log_level most)
{
    log_state.name = name;
    log_state.most = most;
    log_state.journal = getenv("JOURNAL_STREAM") != NULL;
}

void log_set_level(enum log_level most)
{
    log_state.most = most;
}

bool log_says(enum log_level level)
{
    return level <= log_state.most;
}

void log_line(enum log_level level, const char *format, ...)
{
    char line[LINE_MAX_];
    size_t n;
    int r;
    va_list args;

    if (!log_says(level))
        return;
    if (log_state.journal)
        r = snprintf(line, sizeof(line), "<%d>", (int)level);
    else
        r = snprintf(line, sizeof(line), "%s: ", log_state.name);
    n = (size_t)r;
    va_start(args, format);
    r = vsnprintf(line + n, sizeof(line) - n - 1, format, args);
    va_end(args);
    if (r < 0)
        return;
    n += (size_t)r < sizeof(line) - n - 1 ? (size_t)r : sizeof(line) - n - 2;
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    }
    line[n++] = '\n';
    // One write per line keeps the lines of two processes apart. There is nobody to tell if it
    // fails.
    if (write(STDERR_FILENO, line, n) < 0)
        return;
}
