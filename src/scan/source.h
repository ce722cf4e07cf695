// SPDX-License-Identifier: GPL-2.0-or-later
// What the jails read, be it a file or a journal, and which of them read it.
#pragma once

#include "base/span.h"
#include "engine/stamp.h"

#include <stddef.h>
#include <stdint.h>

enum source_kind { SOURCE_FILE, SOURCE_JOURNAL, SOURCE_KINDS };

// What hits are said to come from that DNS has added.
#define SOURCE_DNS "dns"

struct panel;

struct source {
    enum source_kind kind;
    const char *name; // what people know it by; a file's is its path. Borrowed
    uint16_t *cell;   // numbers in the roster of the jails that read it
    size_t n_cells;
    struct panel *panel; // of these jails, the roster's; NULL: to be found again
    bool ready;          // there may be more to read
    bool moved;          // how far it has been read is to be kept
    usec_t since;   // lines older than this were there before us and are not judged; 0: all are
    bool live;      // its lines were written just now
    bool is_warned; // of a clock that differs from ours
    int error;      // why it could not be read last, as a negative errno
    uint64_t n_lines;
    usec_t last;   // the time of the last line that had one
    usec_t active; // when something was read from it last
};

// Lets a jail read it, once. -ENOMEM.
int source_join(struct source *s, uint16_t cell);
bool source_has(const struct source *s, uint16_t cell);
void source_leave(struct source *s, uint16_t cell);
void source_done(struct source *s);

// Counts a line and hands it out.
typedef void line_fn(void *user, struct source *s, const struct line *line);
void source_give(struct source *s, const struct line *line, line_fn *fn, void *user);

// Whether the clock of a line's stamp is off: a live line was written just now, whatever its stamp
// says, and none was written in the future. Where that is news, source_check() says so.
bool source_is_off(const struct source *s, usec_t time, usec_t now);
void source_check(struct source *s, usec_t time, usec_t now);

// The time to judge a line by. No zone is a day ahead of another: such a clock was wrong, and its
// hits would stay the newest of their windows until that day, at the cost of those that count.
usec_t source_believe(const struct source *s, usec_t time, usec_t now);

// Remembers why it cannot be read (0: it can), and says so when that is news.
void source_error(struct source *s, int r);
