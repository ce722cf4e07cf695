// SPDX-License-Identifier: GPL-2.0-or-later
// Whatever the lines say, a stamp lies within its line, a time is sane, the same line gives the
// same time again, and what is remembered of the line before changes nothing. The first line is the
// file's name, the second byte of it the zone's offset.
#include "fuzz.h"

#include "engine/stamp.h"

// Beyond the year 9999 only by what a few times of day add.
#define TOO_LATE (UINT64_C(253402300800) * USEC_PER_SEC + 10000 * USEC_PER_DAY)
#define NOW      (UINT64_C(1795348800) * USEC_PER_SEC)

static struct slice next_line(struct slice *bytes)
{
    const char *end = bytes->n > 0 ? memchr(bytes->p, '\n', bytes->n) : NULL;
    struct slice line = {bytes->p, end ? (size_t)(end - bytes->p) : bytes->n};

    *bytes = slice_from(*bytes, line.n + 1);
    return line;
}

static void check_line(struct stamp *s, struct stamp *forgetful, struct slice text)
{
    struct stamp again = *s;
    struct line line, same;
    usec_t last = s->wall.last;

    stamp_line(s, text, NOW, &line);
    forgetful->memo.n = 0;
    stamp_line(forgetful, text, NOW, &same);
    must(same.time == line.time && same.dated == line.dated && same.date.p == line.date.p &&
         same.date.n == line.date.n);
    stamp_line(&again, text, NOW, &same);
    must(line.text.p == text.p && line.text.n == text.n);
    must(line.date.p >= text.p && line.date.p + line.date.n <= text.p + text.n);
    must(line.dated == (line.date.n > 0));
    must(line.dated ? line.time < TOO_LATE : line.time == (last ? last : NOW));
    must(same.time == line.time && same.dated == line.dated);
    must(s->wall.last == (line.dated ? line.time : last));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct zone_change change[] = {{INT64_MIN, 0}, {1792890000, -3600}};
    struct zone zone = {2, change};
    struct slice bytes = {(const char *)data, size};
    struct slice name = next_line(&bytes);
    struct stamp s, forgetful;

    change[0].offset = name.n > 1 ? 900 * (int8_t)name.p[1] / 3 : 0;
    stamp_init(&s, &zone);
    stamp_hint_name(&s, name);
    stamp_hint_head(&s, bytes);
    stamp_hint_mtime(&s, NOW / 2);
    forgetful = s;
    while (bytes.n > 0)
        check_line(&s, &forgetful, next_line(&bytes));
    return 0;
}
