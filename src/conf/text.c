// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int reserve(struct text *t, size_t more)
{
    size_t need = t->n + more + 1, size;
    char *p;

    if (more > TEXT_MAX || need > TEXT_MAX)
        return -E2BIG;
    if (need <= t->allocated)
        return 0;
    // Doubling: macros are put together from many small pieces.
    size = need < 128 ? 128 : need * 2;
    p = realloc(t->p, size);
    if (!p)
        return -ENOMEM;
    t->p = p;
    t->allocated = size;
    return 0;
}

static int add_line(struct text *t, struct origin at)
{
    struct origin *line = t->line;

    if (t->n_lines == t->lines_allocated) {
        size_t n = t->lines_allocated ? t->lines_allocated * 2 : 4;
        line = reallocarray(t->line, n, sizeof(*line));
        if (!line)
            return -ENOMEM;
        t->line = line;
        t->lines_allocated = n;
    }
    line[t->n_lines++] = at;
    return 0;
}

int text_start(struct text *t, struct origin at)
{
    int r;

    t->n = 0;
    t->n_lines = 0;
    r = reserve(t, 0);
    if (r < 0)
        return r;
    t->p[0] = '\0';
    return add_line(t, at);
}

void text_done(struct text *t)
{
    free(t->p);
    free(t->line);
    *t = (struct text){0};
}

int text_add(struct text *t, const char *p, size_t n)
{
    int r = reserve(t, n);

    if (r < 0)
        return r;
    memcpy(t->p + t->n, p, n);
    t->n += n;
    t->p[t->n] = '\0';
    return 0;
}

int text_break(struct text *t, struct origin at)
{
    int r = text_add(t, "\n", 1);

    return r < 0 ? r : add_line(t, at);
}

int text_set(struct text *t, struct slice bytes, struct origin at)
{
    int r = text_start(t, at);

    for (size_t i = 0; i < bytes.n && r == 0; i++)
        r = bytes.p[i] == '\n' ? text_break(t, at) : text_add(t, bytes.p + i, 1);
    return r;
}

int text_insert(struct text *t, const struct text *other, bool whole)
{
    struct text_cursor c = {0};
    struct slice line;
    struct origin at;
    int r;

    if (whole && other->n > 0)
        t->line[t->n_lines - 1] = other->line[0];
    for (bool first = true; text_next(other, &c, &line, &at); first = false) {
        r = first ? 0 : text_break(t, at);
        if (r == 0)
            r = text_add(t, line.p, line.n);
        if (r < 0)
            return r;
    }
    return 0;
}

bool text_is_whole(const struct text *t, size_t start, size_t end)
{
    return (start == 0 || t->p[start - 1] == '\n') && (end == t->n || t->p[end] == '\n');
}

struct origin text_origin(const struct text *t, size_t offset)
{
    size_t line = 0;

    for (size_t i = 0; i < offset && i < t->n; i++)
        line += t->p[i] == '\n';
    return t->line[line];
}

void text_trim(struct text *t)
{
    while (t->n > 0 && strchr(" \t\r\n\v\f", t->p[t->n - 1])) {
        if (t->p[--t->n] == '\n')
            t->n_lines--;
    }
    t->p[t->n] = '\0';
}

bool text_next(const struct text *t, struct text_cursor *c, struct slice *ret_line,
               struct origin *ret_at)
{
    const char *start, *end;

    if (c->line >= t->n_lines)
        return false;
    start = t->p + c->offset;
    end = memchr(start, '\n', t->n - c->offset);
    *ret_line = (struct slice){start, end ? (size_t)(end - start) : t->n - c->offset};
    *ret_at = t->line[c->line++];
    c->offset += ret_line->n + 1;
    return true;
}
