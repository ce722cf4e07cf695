// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/grid.h"

#include "base/cleanup.h"
#include "cli/utf8.h"

#include <errno.h>
#include <stdarg.h>

enum { CELL_MAX = 1024 };

// The cells lie one behind the other, each a byte for its style and a text that ends with a NUL:
// there may be as many rows as there are bans.
struct grid {
    const struct grid_column *column;
    size_t n_column, n;
    size_t *width;
    char *text;
    size_t length, allocated;
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
    free(g->text);
    free(g->width);
    free(g);
    return NULL;
}

static int make_room(struct grid *g, size_t n)
{
    size_t allocated = g->allocated ? g->allocated + g->allocated / 2 : 4 * CELL_MAX;
    char *text;

    if (g->allocated - g->length >= n)
        return 0;
    text = realloc(g->text, allocated);
    if (!text)
        return -ENOMEM;
    g->text = text;
    g->allocated = allocated;
    return 0;
}

void grid_slice(struct grid *g, enum style style, struct slice text)
{
    size_t *width = &g->width[g->n % g->n_column], columns;
    char *cell;

    if (make_room(g, 1 + CELL_MAX) < 0) {
        g->failed = true;
        return;
    }
    cell = g->text + g->length;
    *cell++ = (char)style;
    output_clean(text, cell, CELL_MAX);
    columns = utf8_columns(cell);
    if (columns > *width)
        *width = columns;
    g->length += 1 + strlen(cell) + 1;
    g->n++;
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
    const char *cell = g->text;
    size_t blanks = 0;

    if (g->failed)
        return -ENOMEM;
    for (size_t i = 0; i < g->n_column && g->column[0].head; i++)
        print_cell(g, o, i, STYLE_HEAD, g->column[i].head, &blanks);
    for (size_t i = 0; i < g->n; i++, cell += 1 + strlen(cell + 1) + 1)
        print_cell(g, o, i % g->n_column, (enum style)cell[0], cell + 1, &blanks);
    return 0;
}
