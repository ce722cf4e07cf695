// SPDX-License-Identifier: GPL-2.0-or-later
// When a line says it was written. One stamp per file: it knows the zone, the file's date where the
// lines have only a time of day, and the last time seen. The usual shapes are recognised without a
// regex, behind a "<PRI>" or within "[...]" as well:
//   Nov 22 03:12:34 ...                            RFC 3164 syslog, Postfix's maillog_file, Dovecot
//   Sun Nov 22 03:12:34.5 2026 ...                 asctime(3)
//   2026-11-22T03:09:35.701766+00:00 ...           RFC 3339: 'T' or space, '.' or ',', any zone
//   2026-11-22 03:24:00 ...                        Exim
//   1740722883.123 ...                             epoch
//   198.18.7.30     [01E9] 14:00:43 ...            IceWarp: the time of day only
//   198.18.7.30 [000001E9] Fri, 13 Feb 2015 14:00:43 +0800 ...          IceWarp's forerunner
#pragma once

#include "base/slice.h"
#include "engine/wall.h"

#include <stdbool.h>

// A line with its time. date is the part of text that is the stamp (empty where there is none);
// filters see the text without it, as fail2ban's do. A line that is dated and has none got its time
// from elsewhere.
struct line {
    struct slice text;
    struct slice date;
    struct slice body; // the text without its date, and a newline behind; p NULL: nobody cut it yet
    usec_t time;       // where not dated: the last line's time, or now
    bool dated;
    const struct zone *zone; // of the clock that wrote it; NULL: UTC
};

// Gives a line its body where that needs no copy: one that has no date, or begins with it, and
// behind whose text stands a newline (lines.h).
static inline void line_take_body(struct line *l)
{
    if (l->date.n == 0 || l->date.p == l->text.p)
        l->body = slice_from(l->text, l->date.n);
}

// Makes a part of a body, or of another copy of the line without its date, one of the text, where
// it lies in one piece there.
void line_put_back(const struct line *l, struct slice body, struct slice *part);

enum { STAMP_MEMO_MAX = 40, STAMP_MEMO_WORDS = STAMP_MEMO_MAX / 8 };

struct stamp {
    struct wall wall; // its last: of the last line that had a time
    // What is known of the day, for lines with a time of day only.
    enum stamp_day {
        STAMP_DAY_UNKNOWN,
        STAMP_DAY_MTIME,
        STAMP_DAY_BANNER,
        STAMP_DAY_NAME
    } day_from;
    int64_t at; // local seconds: the midnight that begins the name's day, or the banner's time
    usec_t mtime;
    int32_t offset; // seconds east of UTC, where a banner told it
    bool has_offset;
    // The last stamp: on a busy server, most lines have that of the line before, or one that
    // differs in its fraction only.
    struct stamp_memo {
        uint64_t word[STAMP_MEMO_WORDS]; // its bytes, as they lie in memory
        uint64_t mask[STAMP_MEMO_WORDS]; // which of them count: not those of the fraction
        size_t n_words;
        size_t n; // bytes; 0: there is none
        size_t fraction, fraction_end;
        usec_t now, time; // without the fraction
    } memo;
};

void stamp_init(struct stamp *s, const struct zone *zone);

// What is known of the file before its first line is read. The name (without folders) beats the
// banner, the banner beats the mtime; a banner's offset is used in any case. head is as much of the
// file's beginning as is at hand (a few KiB do).
void stamp_hint_name(struct stamp *s, struct slice name);
void stamp_hint_head(struct stamp *s, struct slice head);
void stamp_hint_mtime(struct stamp *s, usec_t mtime);

// Every line of the file is passed once, in order. Of an hour that occurs twice it is the one
// that goes on from the line before. Without a year, the year is the one that puts the time at most
// a day after now. With a time of day only, a file named for its day has lines of that day, but for
// those of the minute before or after, so that midnight is crossed both ways; in other files time
// goes on from the line before (lines may be up to two hours late), and the first line is the one
// nearest to the banner, or the last before the mtime. A banner among the lines tells their date
// anew.
void stamp_line(struct stamp *s, struct slice text, usec_t now, struct line *ret);
