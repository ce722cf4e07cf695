// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/grid.h"

#include "base/cleanup.h"
#include "cli/utf8.h"

#include <errno.h>
#include <stdarg.h>

enum { CELL_MAX = 1024 };

struct cell {
    enum style style;
    char *text;
};

struct grid {
    const struct grid_column *column;
    size_t n_column, n, allocated;
    size_t *width;
    struct cell *cell;
    bool failed;
};

struct grid *grid_new(const struct grid_column *column, size_t n)
{
    struct grid *g = calloc(1, sizeof(*g));

    if (!g)
        return NULL;
    *g = (struct grid){.column = column, .n_column = n};
    g->width = calloc(n, sizeof(*g->width));
    if (!g->width)
        return grid_free(g);
    for (size_t i = 0; i < n && column[0].head; i++)
        g->width[i] = utf8_columns(column[i].head);
    return g;
}

struct grid *grid_free(struct grid *g)
{
    if (!g)
        return NULL;
    for (size_t i = 0; i < g->n; i++)
        free(g->cell[i].text);
    free(g->cell);
    free(g->width);
    free(g);
    return NULL;
}

static int make_room(struct grid *g)
{
    size_t allocated = g->allocated ? 2 * g->allocated : 64;
    struct cell *cell;

    if (g->n < g->allocated)
        return 0;
    cell = reallocarray(g->cell, allocated, sizeof(*cell));
    if (!cell)
        return -ENOMEM;
    g->cell = cell;
    g->allocated = allocated;
    return 0;
}

void grid_slice(struct grid *g, enum style style, struct slice text)
{
    char clean[CELL_MAX];
    size_t *width = &g->width[g->n % g->n_column], columns;
    char *copy;

    output_clean(text, clean, sizeof(clean));
    copy = strdup(clean);
    if (!copy || make_room(g) < 0) {
        free(copy);
        g->failed = true;
        return;
    }
    columns = utf8_columns(copy);
    if (columns > *width)
        *width = columns;
    g->cell[g->n++] = (struct cell){style, copy};
}

void grid_cell(struct grid *g, enum style style, const char *format, ...)
{
    char text[CELL_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    grid_slice(g, style, slice_of(text));
}

size_t grid_rows(const struct grid *g)
{
    return g->n / g->n_column;
}

// Blanks are owed until text follows: lines end where their text ends.
static void print_cell(const struct grid *g, struct output *o, size_t i, enum style style,
                       const char *text, size_t *blanks)
{
    size_t columns = utf8_columns(text), fill = g->width[i] - columns;

    *blanks += g->column[i].right ? fill : 0;
    if (*text) {
        fprintf(o->file, "%*s%s%s%s", (int)*blanks, "", output_on(o, style), text,
                output_off(o, style));
        *blanks = 0;
    }
    *blanks += (g->column[i].right ? 0 : fill) + 2;
    if (i + 1 == g->n_column) {
        putc('\n', o->file);
        *blanks = 0;
    }
}

int grid_print(const struct grid *g, struct output *o)
{
    size_t blanks = 0;

    if (g->failed)
        return -ENOMEM;
    for (size_t i = 0; i < g->n_column && g->column[0].head; i++)
        print_cell(g, o, i, STYLE_HEAD, g->column[i].head, &blanks);
    for (size_t i = 0; i < g->n; i++)
        print_cell(g, o, i % g->n_column, g->cell[i].style, g->cell[i].text, &blanks);
    return 0;
}
