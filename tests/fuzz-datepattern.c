// SPDX-License-Identifier: GPL-2.0-or-later
// Whatever a datepattern and lines are: a pattern that is wrong says so, and what is cut out lies
// in the line, which has a time only then. The input: lines of a pattern, an empty line, lines.
#include "fuzz.h"

#include "engine/datepattern.h"

#include <errno.h>

enum { PATTERNS = 4, PATTERN_MAX = 256, LINES = 64 };

static const usec_t now = UINT64_C(1795348800) * USEC_PER_SEC;

static struct zone_change changes[] = {{INT64_MIN, 3600}, {1774746000, 7200}, {1792890000, 3600}};
static const struct zone zone = {3, changes};

static struct slice next_line(struct slice *bytes)
{
    const char *end = bytes->n > 0 ? memchr(bytes->p, '\n', bytes->n) : NULL;
    struct slice line = {bytes->p, end ? (size_t)(end - bytes->p) : bytes->n};

    *bytes = slice_from(*bytes, line.n + 1);
    return line;
}

// A pattern ends at its first NUL, as in a file that conf has read.
static size_t read_patterns(struct slice *bytes, char text[static PATTERNS][PATTERN_MAX],
                            struct pattern pattern[static PATTERNS])
{
    size_t n = 0;

    for (struct slice line = next_line(bytes); line.n > 0 && n < PATTERNS;
         line = next_line(bytes), n++) {
        size_t length = line.n < PATTERN_MAX - 1 ? line.n : PATTERN_MAX - 1;
        memcpy(text[n], line.p, length);
        text[n][length] = '\0';
        pattern[n] = (struct pattern){.text = text[n]};
    }
    return n;
}

static void check_line(const struct line *line, struct slice text)
{
    must(line->text.p == text.p && line->text.n == text.n);
    must(line->date.n <= text.n);
    if (line->date.n > 0)
        must(line->date.p >= text.p && line->date.p + line->date.n <= text.p + text.n);
    must(line->date.n > 0 || !line->dated);
    must(line->time <= (usec_t)INT64_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[PATTERNS][PATTERN_MAX];
    struct pattern pattern[PATTERNS] = {0};
    struct slice bytes = {(const char *)data, size};
    struct filter_error error = {.text = ""};
    int32_t offset = 5400;
    struct datepattern *d;
    size_t n = read_patterns(&bytes, text, pattern);
    int r = datepattern_new(pattern, n, size % 2 ? &offset : NULL, &d, &error);

    if (r < 0) {
        must(r == -EINVAL && error.text[0] != '\0');
        must(error.pattern >= pattern && error.pattern < pattern + n);
        return 0;
    }
    for (size_t i = 0; i < LINES && bytes.n > 0; i++) {
        struct slice s = next_line(&bytes);
        struct line line = {.text = s, .date = {s.p, 0}, .time = now, .zone = &zone};
        datepattern_date(d, now, &line);
        check_line(&line, s);
    }
    datepattern_free(d);
    return 0;
}
