// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/vigil.h"

#include <errno.h>
#include <stdlib.h>

// The last line that has had one of a clause's texts.
static uint64_t last_of(const struct vigil *v, const struct mesh *m, const struct mesh_clause *c)
{
    uint64_t last = v->all_seen;

    for (size_t k = c->start; k < c->end; k++)
        last = v->seen[m->member[k]] > last ? v->seen[m->member[k]] : last;
    return last;
}

// The last line for which there is one with each of a strand's clauses among `lines`.
static uint64_t strand_until(const struct vigil *v, const struct mesh *m, const struct strand *s,
                             size_t lines)
{
    uint64_t first = UINT64_MAX;

    for (size_t i = s->clause; i < s->clause + s->n_clauses; i++) {
        uint64_t last = last_of(v, m, &m->clause[i]);
        first = last < first ? last : first;
    }
    return first == 0 || first == UINT64_MAX ? first : first + lines - 1;
}

static void reckon(struct vigil *v, const struct mesh *m)
{
    for (size_t i = 0; i < v->n; i++) {
        struct watch *w = &v->watch[i];
        const struct mesh_filter *f = &m->filter[w->filter];
        for (size_t k = 0; k < f->parts.fail->n; k++) {
            uint64_t until = strand_until(v, m, &m->strand[f->strand + k], f->parts.lines);
            w->until = until > w->until ? until : w->until;
        }
        v->awake = w->until > v->awake ? w->until : v->awake;
    }
}

int vigil_init(struct vigil *v, const struct mesh *m)
{
    size_t lines = 0;
    int r;

    *v = (struct vigil){0};
    v->seen = calloc(m->n_texts + 1, sizeof(*v->seen));
    v->watch = calloc(m->n_filters + 1, sizeof(*v->watch));
    if (!v->seen || !v->watch)
        return -ENOMEM;
    for (size_t i = 0; i < m->n_filters; i++) {
        const struct filter_parts *p = &m->filter[i].parts;
        if (p->one_line)
            continue;
        v->watch[v->n++].filter = i;
        lines = p->lines > lines ? p->lines : lines;
    }
    r = v->n > 0 ? recent_new(lines, &v->recent) : 0;
    if (r == 0)
        reckon(v, m);
    return r;
}

void vigil_done(struct vigil *v)
{
    recent_free(v->recent);
    free(v->seen);
    free(v->watch);
    *v = (struct vigil){0};
}

static void tell(const struct vigil *v, const struct mesh *m, const struct watch *w)
{
    const struct mesh_filter *f = &m->filter[w->filter];
    uint64_t n = v->line > f->parts.lines ? v->line - f->parts.lines + 1 : 1;
    struct line line;

    for (n = n > w->shown ? n : w->shown + 1; n < v->line; n++) {
        if (recent_get(v->recent, n, &line))
            filter_recall(f->filter, &line);
    }
}

void vigil_choose(struct vigil *v, const struct mesh *m, uint64_t *filters)
{
    if (v->noted)
        reckon(v, m);
    for (size_t i = 0; v->line <= v->awake && i < v->n; i++) {
        struct watch *w = &v->watch[i];
        if (v->line > w->until)
            continue;
        tell(v, m, w);
        w->shown = v->line;
        bit_set(filters, w->filter);
    }
}
