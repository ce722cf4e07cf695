// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int source_new(const char *path, const struct position *start, const struct zone *zone,
               struct source **ret)
{
    struct source *s = calloc(1, sizeof(*s));
    int r;

    if (!s)
        return -ENOMEM;
    r = lines_init(&s->lines, LINES_MAX);
    if (r == 0)
        r = follow_new(path, start, &s->follow);
    if (r < 0) {
        source_free(s);
        return r;
    }
    stamp_init(&s->stamp, zone);
    s->ready = s->moved = true;
    *ret = s;
    return 0;
}

struct source *source_free(struct source *s)
{
    if (s) {
        follow_free(s->follow);
        lines_done(&s->lines);
        free(s->cell);
        free(s->alias);
        free(s);
    }
    return NULL;
}

int source_join(struct source *s, uint16_t cell)
{
    uint16_t *grown;

    for (size_t i = 0; i < s->n_cells; i++) {
        if (s->cell[i] == cell)
            return 0;
    }
    grown = reallocarray(s->cell, s->n_cells + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    s->cell = grown;
    s->cell[s->n_cells++] = cell;
    return 0;
}

static void hint(struct source *s)
{
    const char *slash = strrchr(source_path(s), '/');

    stamp_hint_name(&s->stamp, slice_of(slash ? slash + 1 : source_path(s)));
    stamp_hint_head(&s->stamp, follow_head(s->follow));
    stamp_hint_mtime(&s->stamp, follow_mtime(s->follow));
    s->hinted = true;
}

static void give(struct source *s, struct slice text, usec_t now, line_fn *fn, void *user)
{
    struct line line;

    stamp_line(&s->stamp, text, now, &line);
    s->n_lines++;
    if (line.dated)
        s->last = line.time;
    fn(user, s, &line);
}

// The last line of a finished file counts although nobody ended it.
static void turn(struct source *s, usec_t now, line_fn *fn, void *user)
{
    struct slice text;

    if (lines_last(&s->lines, &text))
        give(s, text, now, fn, user);
    lines_reset(&s->lines);
    stamp_init(&s->stamp, s->stamp.zone);
    if (s->hinted)
        s->old = false;
    s->hinted = false;
}

int source_read(struct source *s, usec_t now, line_fn *fn, void *user)
{
    struct slice chunk, text;
    int r = follow_read(s->follow, &chunk);

    if (r == 0)
        s->old = false;
    if (r <= 0)
        return r;
    s->moved = true;
    s->active = now;
    if (r == FOLLOW_E_NEW_FILE) {
        turn(s, now, fn, user);
        return SOURCE_E_NEW_FILE;
    }
    if (!s->hinted)
        hint(s);
    while (lines_next(&s->lines, &chunk, &text))
        give(s, text, now, fn, user);
    return SOURCE_E_MORE;
}

const char *source_path(const struct source *s)
{
    return follow_path(s->follow);
}

int source_position(const struct source *s, struct position *ret)
{
    return follow_position(s->follow, lines_pending(&s->lines), ret);
}
