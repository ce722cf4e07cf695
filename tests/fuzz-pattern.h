// SPDX-License-Identifier: GPL-2.0-or-later
// A fuzzer's bytes as lines and regexes.
#pragma once

#include "base/slice.h"
#include "engine/filter.h"

#include <string.h>

enum { FUZZ_PATTERN_MAX = 512 };

// Takes a line off.
static inline struct slice fuzz_line(struct slice *bytes)
{
    const char *end = bytes->n > 0 ? memchr(bytes->p, '\n', bytes->n) : NULL;
    struct slice line = {bytes->p, end ? (size_t)(end - bytes->p) : bytes->n};

    *bytes = slice_from(*bytes, line.n + 1);
    return line;
}

// A regex ends at its first NUL, as in a file that conf has read.
static inline void fuzz_pattern(struct slice *bytes, char text[static FUZZ_PATTERN_MAX],
                                struct pattern *ret)
{
    struct slice line = fuzz_line(bytes);
    size_t n = line.n < FUZZ_PATTERN_MAX - 1 ? line.n : FUZZ_PATTERN_MAX - 1;

    memcpy(text, line.n > 0 ? line.p : "", n);
    text[n] = '\0';
    ret->text = text;
}
