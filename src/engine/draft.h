// SPDX-License-Identifier: GPL-2.0-or-later
// A regex on its way from what the user wrote to what PCRE2 takes. Each byte remembers where in the
// user's text it comes from, so that whatever goes wrong later can point there.
#pragma once

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct draft {
    char *text; // not terminated
    uint32_t *from;
    size_t n, allocated;
    bool failed; // out of memory once: everything added since is missing
};

void draft_done(struct draft *d);

// Adds text that stands for the user's at `from`. Failure is remembered, and looked at at the end.
void draft_add(struct draft *d, struct slice text, size_t from);

// Where byte i comes from; past the end, where the last one does.
size_t draft_origin(const struct draft *d, size_t i);

enum { FAULT_TEXT_MAX = 240 };

// What is wrong with a regex, and where in the user's text.
struct fault {
    size_t at;
    char text[FAULT_TEXT_MAX];
};

// Returns -EINVAL, so that whoever finds a fault can return it.
int fault_set(struct fault *f, size_t at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
