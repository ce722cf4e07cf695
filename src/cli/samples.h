// SPDX-License-Identifier: GPL-2.0-or-later
// A filter's sample lines: FOLDER/NAME.samples, in the format that docs/filters.md has. What each
// of them must give is not looked at here.
#pragma once

#include "base/zone.h"
#include "engine/stamp.h"

enum { SAMPLES_MAX = 4096 }; // lines; the rest is left out

struct samples {
    char *path;
    struct line *line; // each in the first format of its section
    size_t n;
    char **text; // of each
    struct zone zone;
};

// A file that is not there has no lines. *s stays where it is. -errno. samples_done() is due in any
// case.
int samples_read(struct samples *s, const char *folder, struct slice name);
void samples_done(struct samples *s);
