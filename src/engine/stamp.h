// SPDX-License-Identifier: GPL-2.0-or-later
// When a line says it was written. One stamp per file: it knows the zone, the file's date where the
// lines have only a time of day, and the last time seen. The usual shapes are recognised without a
// regex:
//   Nov 22 03:12:34 …                              RFC 3164 syslog, Postfix's maillog_file, Dovecot
//   2026-11-22T03:09:35.701766+00:00 …             RFC 3339 ('T' or space, '.' or ',', zone or
//   none) 198.18.7.30     [01E9] 14:00:43 …              IceWarp: the time of day only 198.18.7.30
//   [000001E9] Fri, 13 Feb 2015 14:00:43 +0800 …   IceWarp's forerunner 1740722883.123 …
//   [1740722883] …               epoch
#pragma once

#include "base/slice.h"
#include "base/span.h"
#include "base/zone.h"

#include <stdbool.h>

// A line with its time. date is the part of text that is the stamp (empty where there is none);
// filters see the text without it, as fail2ban's do.
struct line {
    struct slice text;
    struct slice date;
    usec_t time; // where not dated: the last line's time, or now
    bool dated;
};

struct stamp {
    const struct zone *zone; // borrowed
    int64_t day; // days since 1970 of the file's date, for lines with a time of day only
    enum { STAMP_DAY_UNKNOWN, STAMP_DAY_MTIME, STAMP_DAY_BANNER, STAMP_DAY_NAME } day_from;
    int32_t offset; // seconds east of UTC, where a banner told it
    bool has_offset;
    usec_t last; // 0: none yet
};

void stamp_init(struct stamp *s, const struct zone *zone);

// What is known of the file before its first line is read. The name (without folders) beats the
// banner, the banner beats the mtime; a banner's offset is used in any case. head is as much of the
// file's beginning as is at hand (a few KiB do).
void stamp_hint_name(struct stamp *s, struct slice name);
void stamp_hint_head(struct stamp *s, struct slice head);
void stamp_hint_mtime(struct stamp *s, usec_t mtime);

// Every line of the file is passed once, in order. Without a year, the year is the one that puts
// the time at most a day after now. With a time of day only, the date is the one nearest to the
// line before, and for the first line to the file's date, so that midnight is crossed both ways.
void stamp_line(struct stamp *s, struct slice text, usec_t now, struct line *ret);
