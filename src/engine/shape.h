// SPDX-License-Identifier: GPL-2.0-or-later
// What a line's stamp looks like, by the line's text alone: where it lies, and as much of a time as
// it tells. stamp.h makes a time of it.
#pragma once

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct shape {
    enum {
        SHAPE_DATED,    // day and second
        SHAPE_YEARLESS, // month, mday and second
        SHAPE_CLOCK,    // second
    } kind;
    struct slice date;    // the part of the text that is the stamp, without brackets around it
    int64_t day;          // since 1970
    unsigned month, mday; // 1..12, 1..31
    uint32_t second;      // of the day; 86400 is a leap second's
    uint32_t micro;
    bool has_offset;
    int32_t offset; // seconds east of UTC
};

// The stamp at the beginning of a line, behind a "<PRI>" and a "[" at most.
bool shape_find(struct slice text, struct shape *ret);

// The date (with its offset) in what IceWarp says first to a client: the text behind a SHAPE_CLOCK.
bool shape_greeting(struct slice behind, struct shape *ret);

// The day in the name of a file, as in IceWarp's s20150213-00.log.
bool shape_name(struct slice name, int64_t *ret_day);
