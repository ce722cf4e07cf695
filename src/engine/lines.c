// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/lines.h"

#include <errno.h>
#include <stdlib.h>

int lines_init(struct lines *l, size_t limit)
{
    char *rest = malloc(limit + 1);

    if (!rest)
        return -ENOMEM;
    *l = (struct lines){.rest = rest, .limit = limit};
    return 0;
}

void lines_done(struct lines *l)
{
    free(l->rest);
    *l = (struct lines){0};
}

void lines_reset(struct lines *l)
{
    l->n = 0;
    l->pending = 0;
    l->dropping = false;
}

static void drop(struct lines *l)
{
    l->overlong += !l->dropping;
    l->dropping = true;
    l->n = 0;
}

// What the chunk has of a line whose end has not come yet.
static void keep(struct lines *l, struct slice part)
{
    l->pending += part.n;
    if (l->dropping || part.n > l->limit - l->n) {
        drop(l);
    } else if (part.n > 0) {
        memcpy(l->rest + l->n, part.p, part.n);
        l->n += part.n;
    }
}

// The line with a newline behind it, and not a carriage return.
static struct slice end(struct lines *l, struct slice line)
{
    bool returns = line.n > 0 && line.p[line.n - 1] == '\r', kept = line.p == l->rest;

    if (!returns && !kept)
        return line;
    line.n -= returns;
    if (!kept)
        memcpy(l->rest, line.p, line.n);
    l->rest[line.n] = '\n';
    return (struct slice){l->rest, line.n};
}

// The line that ends with this part: false where it is dropped.
static bool finish(struct lines *l, struct slice part, struct slice *ret_line)
{
    struct slice line = part;
    bool whole;

    if (l->n > 0 || l->dropping || part.n > l->limit) {
        keep(l, part);
        line = (struct slice){l->rest, l->n};
    }
    whole = !l->dropping;
    lines_reset(l);
    if (whole)
        *ret_line = end(l, line);
    return whole;
}

bool lines_next(struct lines *l, struct slice *chunk, struct slice *ret_line)
{
    while (chunk->n > 0) {
        const char *end = memchr(chunk->p, '\n', chunk->n);
        struct slice part = {chunk->p, end ? (size_t)(end - chunk->p) : chunk->n};
        *chunk = slice_from(*chunk, part.n + (end != NULL));
        // As most are: whole, of some bytes, and with no carriage return.
        if (end && l->pending == 0 && part.n > 0 && part.n <= l->limit && end[-1] != '\r') {
            *ret_line = part;
            return true;
        }
        if (!end)
            keep(l, part);
        else if (finish(l, part, ret_line))
            return true;
    }
    return false;
}

bool lines_last(struct lines *l, struct slice *ret_line)
{
    bool any = l->pending > 0;

    return any && finish(l, (struct slice){l->rest, 0}, ret_line);
}
