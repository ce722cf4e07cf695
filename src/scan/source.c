// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/source.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CLOCK_SLACK (60 * USEC_PER_SEC)

int source_join(struct source *s, uint16_t cell)
{
    uint16_t *grown;

    if (source_has(s, cell))
        return 0;
    grown = reallocarray(s->cell, s->n_cells + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    s->cell = grown;
    s->cell[s->n_cells++] = cell;
    s->panel = NULL;
    return 0;
}

bool source_has(const struct source *s, uint16_t cell)
{
    for (size_t i = 0; i < s->n_cells; i++) {
        if (s->cell[i] == cell)
            return true;
    }
    return false;
}

void source_leave(struct source *s, uint16_t cell)
{
    size_t n = 0;

    for (size_t i = 0; i < s->n_cells; i++) {
        if (s->cell[i] != cell)
            s->cell[n++] = s->cell[i];
    }
    s->n_cells = n;
    s->panel = NULL;
}

void source_done(struct source *s)
{
    free(s->cell);
    s->cell = NULL;
    s->n_cells = 0;
}

void source_give(struct source *s, const struct line *line, line_fn *fn, void *user)
{
    s->n_lines++;
    if (line->dated)
        s->last = line->time;
    fn(user, s, line);
}

bool source_is_off(const struct source *s, usec_t time, usec_t now)
{
    usec_t gap = time > now ? time - now : now - time;

    return (s->live || time > now) && gap > CLOCK_SLACK;
}

void source_check(struct source *s, usec_t time, usec_t now)
{
    char span[SPAN_TEXT_MAX];

    if (s->is_warned || !source_is_off(s, time, now))
        return;
    s->is_warned = true;
    span_format(time > now ? time - now : now - time, span);
    log_line(LEVEL_WARNING,
             "%s: its lines are %s %s our clock (another time zone?): bans from it run from now on",
             s->name, span, time > now ? "ahead of" : "behind");
}

usec_t source_believe(const struct source *s, usec_t time, usec_t now)
{
    return s->live && time > usec_add(now, USEC_PER_DAY) ? now : time;
}

void source_error(struct source *s, int r)
{
    if (r != 0 && r != s->error)
        log_line(LEVEL_WARNING, "%s cannot be read: %s", s->name, strerror(-r));
    s->error = r;
}
