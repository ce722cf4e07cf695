// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/backlog.h"

#include "engine/lines.h"

#include <errno.h>
#include <stdlib.h>

int backlog_init(struct backlog *b, size_t max)
{
    size_t size = max > 1 ? BACKLOG_BYTES_MAX : LINES_MAX + 1;

    *b = (struct backlog){
        .text = malloc(size), .size = size, .max = max, .line = calloc(max, sizeof(*b->line))};
    return b->text && b->line ? 0 : -ENOMEM;
}

void backlog_done(struct backlog *b)
{
    free(b->text);
    free(b->line);
    *b = (struct backlog){0};
}

void backlog_clean(struct backlog *b)
{
    size_t kept = 0, n = 0;

    for (size_t i = 0; i < b->n_lines; i++) {
        const struct backlog_line *line = &b->line[i];
        size_t length = line->end - line->start;
        if (line->taken)
            continue;
        memmove(b->text + n, b->text + line->start, length);
        b->line[kept++] = (struct backlog_line){n, n + length, false};
        n += length;
    }
    b->n_lines = kept;
    b->n = n;
}

static void make_room(struct backlog *b, size_t length)
{
    size_t lines = b->n_lines, bytes = b->n;

    for (size_t i = 0; i < b->n_lines && (lines == b->max || bytes + length > b->size); i++) {
        if (b->line[i].taken)
            continue;
        b->line[i].taken = true;
        bytes -= b->line[i].end - b->line[i].start;
        lines--;
    }
    backlog_clean(b);
}

static size_t before_date(const struct line *line)
{
    return line->date.n > 0 ? (size_t)(line->date.p - line->text.p) : line->text.n;
}

bool backlog_add(struct backlog *b, const struct line *line)
{
    struct slice text = line->text;
    size_t before = before_date(line), after = text.n - before - line->date.n, start;

    if (text.n > LINES_MAX)
        return false;
    if (b->max > 1) {
        backlog_clean(b);
        make_room(b, before + after + 1);
    } else {
        b->n = b->n_lines = 0;
    }
    start = b->n;
    if (text.n > 0) {
        memcpy(b->text + start, text.p, before);
        memcpy(b->text + start + before, text.p + text.n - after, after);
    }
    b->n += before + after + 1;
    b->text[b->n - 1] = '\n';
    b->line[b->n_lines++] = (struct backlog_line){start, b->n, false};
    return true;
}

struct slice backlog_text(const struct backlog *b)
{
    return (struct slice){b->text, b->n > 0 ? b->n - 1 : 0};
}

struct slice backlog_last(const struct backlog *b)
{
    const struct backlog_line *last = b->line + b->n_lines - 1;

    return b->n_lines > 0 ? (struct slice){b->text + last->start, last->end - 1 - last->start}
                          : (struct slice){0};
}

void backlog_take(struct backlog *b, struct slice match)
{
    size_t start = (size_t)(match.p - b->text), end = start + match.n;

    // A match that begins at the end of a line is about the next one.
    if (match.n > 0 && match.p[0] == '\n')
        start++;
    for (size_t i = 0; i < b->n_lines; i++) {
        struct backlog_line *line = &b->line[i];
        if (line->end > start && (line->start < end || line->start == start))
            line->taken = true;
    }
}

void backlog_skip(struct backlog *b, struct slice lines)
{
    size_t start = (size_t)(lines.p - b->text), end = start + lines.n;

    for (size_t i = 0; i < b->n_lines; i++) {
        if (b->line[i].start >= start && b->line[i].end <= end)
            b->line[i].taken = false;
    }
}

struct slice backlog_taken(const struct backlog *b, char *ret_text)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n_lines; i++) {
        const struct backlog_line *line = &b->line[i];
        if (!line->taken)
            continue;
        memcpy(ret_text + n, b->text + line->start, line->end - line->start);
        n += line->end - line->start;
    }
    return (struct slice){ret_text, n > 0 ? n - 1 : 0};
}
