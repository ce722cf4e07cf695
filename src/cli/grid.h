// SPDX-License-Identifier: GPL-2.0-or-later
// A table for people: columns as wide as their widest cell, two spaces between them. The rows are
// kept until they are printed.
#pragma once

#include "cli/output.h"

struct grid_column {
    const char *head; // NULL in the first column: no heads at all
    bool right;       // numbers
};

struct grid;

// The columns are borrowed. NULL: out of memory.
struct grid *grid_new(const struct grid_column *column, size_t n);
struct grid *grid_free(struct grid *g);

static inline void grid_freep(struct grid **g)
{
    grid_free(*g);
}

// Adds the next cell, row by row; the text is cleaned. Running out of memory is remembered and told
// by grid_print().
void grid_cell(struct grid *g, enum style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void grid_slice(struct grid *g, enum style style, struct slice text);

size_t grid_rows(const struct grid *g);

// -ENOMEM.
int grid_print(const struct grid *g, struct output *o);
