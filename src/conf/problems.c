// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/problems.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

enum { PROBLEM_TEXT_MAX = 1024 };

int problems_init(struct problems *p, struct pool *pool)
{
    struct problem *at = pool_alloc(pool, PROBLEMS_MAX, sizeof(*at));

    if (!at)
        return -ENOMEM;
    *p = (struct problems){.pool = pool, .at = at};
    return 0;
}

static bool same_file(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool known(const struct problems *p, const struct problem *new)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct problem *old = &p->at[i];
        if (old->severity == new->severity &&
            old->line == new->line &&same_file(old->file, new->file) &&
            strcmp(old->text, new->text) == 0)
            return true;
    }
    return false;
}

// What a file says stands in the text: it must stay one line and move no cursor.
static void tame(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = *text == '\n' ? ' ' : '?';
    }
}

static void add(struct problems *p, struct problem new)
{
    tame(new.text);
    if (p->n == PROBLEMS_MAX || known(p, &new))
        return;
    new.text = pool_copy(p->pool, slice_of(new.text));
    if (new.file)
        new.file = pool_copy(p->pool, slice_of(new.file));
    if (new.text)
        p->at[p->n++] = new;
}

int problems_error(struct problems *p, struct origin at, const char *format, ...)
{
    char text[PROBLEM_TEXT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    add(p, (struct problem){PROBLEM_ERROR, (char *)at.file, at.line, text});
    return -EINVAL;
}

void problems_warn(struct problems *p, struct origin at, const char *format, ...)
{
    char text[PROBLEM_TEXT_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    add(p, (struct problem){PROBLEM_WARNING, (char *)at.file, at.line, text});
}
