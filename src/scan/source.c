// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/source.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

void source_error(struct source *s, int r)
{
    if (r != 0 && r != s->error)
        log_line(LEVEL_WARNING, "%s cannot be read: %s", s->name, strerror(-r));
    s->error = r;
}
