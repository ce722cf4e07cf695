// SPDX-License-Identifier: GPL-2.0-or-later
// Finished logs, read for offline work: all files as one stream in the order of the times in them,
// so that what a live daemon would have seen at once is seen at once. Within a file the order of
// lines is kept, whatever their times.
#pragma once

#include "base/span.h"
#include "base/zone.h"
#include "engine/stamp.h"

struct logs;

struct log_entry {
    struct line *line; // valid until the next logs_next(), and whoever reads it may give it a body
    unsigned file;     // in the order of logs_add()
    uint64_t number;   // of the line in its file, from 1
    usec_t now;        // what stamps without a year or a date are read against
};

// zone is borrowed. now: what stamps without a year or a date are read against; 0: each file's
// mtime, or the clock for what has none (standard input). NULL: out of memory.
struct logs *logs_new(const struct zone *zone, usec_t now);
struct logs *logs_free(struct logs *l);

// A file, or "-" for standard input. -errno of open(2); -EISDIR.
int logs_add(struct logs *l, const char *path);

// One line, as a log of its own with that name. -errno.
int logs_add_line(struct logs *l, const char *line);

// 1: *ret is the next line; 0: the end; -errno of read(2), and logs_failed() names the file.
int logs_next(struct logs *l, struct log_entry *ret);

const char *logs_path(const struct logs *l, unsigned file);
const char *logs_failed(const struct logs *l);
size_t logs_count(const struct logs *l);

// For a progress bar: bytes read so far, and in all (0 where that is not known).
uint64_t logs_done(const struct logs *l);
uint64_t logs_size(const struct logs *l);

// How many overlong lines were dropped.
uint64_t logs_overlong(const struct logs *l);
