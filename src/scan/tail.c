// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/tail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Opened at once if it can be, so that what file it is can be told before it is read. What hinders
// that is said when it is read.
static void open_file(struct tail *t)
{
    struct slice nothing;

    follow_read(t->follow, &nothing);
}

int tail_new(const char *path, const struct position *start, const struct zone *zone,
             struct tail **ret)
{
    struct tail *t = calloc(1, sizeof(*t));
    int r;

    if (!t)
        return -ENOMEM;
    r = lines_init(&t->lines, LINES_MAX);
    if (r == 0)
        r = follow_new(path, start, &t->follow);
    if (r < 0) {
        tail_free(t);
        return r;
    }
    stamp_init(&t->stamp, zone);
    t->source =
        (struct source){.kind = SOURCE_FILE, .name = tail_path(t), .ready = true, .moved = true};
    open_file(t);
    *ret = t;
    return 0;
}

struct tail *tail_free(struct tail *t)
{
    if (t) {
        follow_free(t->follow);
        lines_done(&t->lines);
        source_done(&t->source);
        free(t);
    }
    return NULL;
}

static void hint(struct tail *t)
{
    const char *slash = strrchr(tail_path(t), '/');

    stamp_hint_name(&t->stamp, slice_of(slash ? slash + 1 : tail_path(t)));
    stamp_hint_head(&t->stamp, follow_head(t->follow));
    stamp_hint_mtime(&t->stamp, follow_mtime(t->follow));
    t->hinted = true;
}

static void give(struct tail *t, struct slice text, usec_t now, line_fn *fn, void *user)
{
    struct line line;

    stamp_line(&t->stamp, text, now, &line);
    line_take_body(&line);
    source_give(&t->source, &line, fn, user);
}

// The last line of a finished file counts although nobody ended it.
static void turn(struct tail *t, usec_t now, line_fn *fn, void *user)
{
    struct slice text;

    if (lines_last(&t->lines, &text))
        give(t, text, now, fn, user);
    lines_reset(&t->lines);
    stamp_init(&t->stamp, t->stamp.wall.zone);
    if (t->hinted)
        t->source.since = 0;
    t->hinted = false;
}

int tail_read(struct tail *t, usec_t now, line_fn *fn, void *user)
{
    struct slice chunk, text;
    int r = follow_read(t->follow, &chunk);

    // What was there before us has been passed.
    if (r == 0 && t->source.since > 0) {
        t->source.since = 0;
        t->source.moved = true;
    }
    if (r <= 0)
        return r;
    t->source.live = follow_is_live(t->follow);
    t->source.moved = true;
    t->source.active = now;
    if (r == FOLLOW_E_NEW_FILE) {
        turn(t, now, fn, user);
        return TAIL_E_NEW_FILE;
    }
    if (!t->hinted)
        hint(t);
    while (lines_next(&t->lines, &chunk, &text))
        give(t, text, now, fn, user);
    return TAIL_E_MORE;
}

const char *tail_path(const struct tail *t)
{
    return follow_path(t->follow);
}

int tail_position(const struct tail *t, struct position *ret)
{
    int r = follow_position(t->follow, lines_pending(&t->lines), ret);

    if (r == 0)
        ret->since = t->source.since;
    return r;
}
