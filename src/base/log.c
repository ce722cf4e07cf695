// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// Whole lines up to PIPE_BUF bytes in one write keep the lines of two processes apart.
enum { LINE_MAX_ = 2048, HELD_MAX = PIPE_BUF };

// A process has one standard error, so this is process state, as its descriptor is.
static struct {
    const char *name;
    enum log_level most;
    bool journal, is_held;
    size_t n; // bytes held
    char held[HELD_MAX];
} log_state = {.name = "tailban", .most = LEVEL_INFO};

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

static void write_out(void)
{
    size_t n = log_state.n;

    log_state.n = 0;
    // There is nobody to tell if it fails.
    if (n > 0 && write(STDERR_FILENO, log_state.held, n) < 0)
        return;
}

void log_hold(void)
{
    log_state.is_held = true;
}

void log_release(void)
{
    log_state.is_held = false;
    write_out();
}

static size_t put(char line[static LINE_MAX_], size_t n, const char *text)
{
    size_t length = strlen(text), room = LINE_MAX_ - 1 - n;

    length = length < room ? length : room;
    memcpy(line + n, text, length);
    return n + length;
}

static size_t begin(enum log_level level, char line[static LINE_MAX_])
{
    if (log_state.journal) {
        memcpy(line, (char[]){'<', (char)('0' + level), '>'}, 3);
        return 3;
    }
    return put(line, put(line, 0, log_state.name), ": ");
}

// There is room for the newline.
static void finish(char *line, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f)
            line[i] = '?';
    }
    line[n++] = '\n';
    if (log_state.n + n > HELD_MAX)
        write_out();
    memcpy(log_state.held + log_state.n, line, n);
    log_state.n += n;
    if (!log_state.is_held)
        write_out();
}

void log_line(enum log_level level, const char *format, ...)
{
    char line[LINE_MAX_];
    size_t n, room;
    int r;
    va_list args;

    if (!log_says(level))
        return;
    n = begin(level, line);
    room = sizeof(line) - n - 1;
    va_start(args, format);
    r = vsnprintf(line + n, room, format, args);
    va_end(args);
    if (r >= 0)
        finish(line, n + ((size_t)r < room ? (size_t)r : room - 1));
}

void log_texts(enum log_level level, const char *const *text)
{
    char line[LINE_MAX_];
    size_t n;

    if (!log_says(level))
        return;
    n = begin(level, line);
    for (; *text; text++)
        n = put(line, n, *text);
    finish(line, n);
}
