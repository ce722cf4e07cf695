// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/draft.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void draft_done(struct draft *d)
{
    free(d->text);
    free(d->from);
    *d = (struct draft){0};
}

static bool reserve(struct draft *d, size_t more)
{
    size_t allocated = d->allocated ? d->allocated : 256;
    char *text;
    uint32_t *from;

    while (allocated < d->n + more)
        allocated *= 2;
    if (allocated == d->allocated)
        return true;
    text = realloc(d->text, allocated);
    if (text)
        d->text = text;
    from = reallocarray(d->from, allocated, sizeof(*from));
    if (from)
        d->from = from;
    if (!text || !from)
        return false;
    d->allocated = allocated;
    return true;
}

void draft_add(struct draft *d, struct slice text, size_t from)
{
    if (d->failed || !reserve(d, text.n)) {
        d->failed = true;
        return;
    }
    for (size_t i = 0; i < text.n; i++) {
        d->text[d->n] = text.p[i];
        d->from[d->n++] = (uint32_t)from;
    }
}

size_t draft_origin(const struct draft *d, size_t i)
{
    if (d->n == 0)
        return 0;
    return d->from[i < d->n ? i : d->n - 1];
}

int fault_set(struct fault *f, size_t at, const char *format, ...)
{
    va_list args;

    f->at = at;
    va_start(args, format);
    vsnprintf(f->text, sizeof(f->text), format, args);
    va_end(args);
    return -EINVAL;
}
