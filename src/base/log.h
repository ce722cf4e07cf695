// SPDX-License-Identifier: GPL-2.0-or-later
// What a program says while it runs: one event, one line, on standard error, with the level that
// journald and syslog understand (<N> in front where standard error is the journal, sd-daemon(3)).
// Programs log; libraries return errors.
#pragma once

#include <stdbool.h>

enum log_level {
    LEVEL_ERROR = 3,
    LEVEL_WARNING = 4,
    LEVEL_NOTICE = 5,
    LEVEL_INFO = 6,
    LEVEL_DEBUG = 7
};

// Lines above this level are dropped. name stands in front of each line on a terminal or in a file.
void log_open(const char *name, enum log_level most);
void log_set_level(enum log_level most);

// Whether a line of this level would be said, where finding the words costs something.
bool log_says(enum log_level level);

// From hold to release lines gather, and go out a page at a time.
void log_hold(void);
void log_release(void);

// Control characters in the text become '?', so that foreign bytes cannot forge a line.
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

// The same of texts that are written one behind the other, up to a NULL: what is said of every ban.
void log_texts(enum log_level level, const char *const *text);
