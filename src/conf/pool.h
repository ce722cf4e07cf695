// SPDX-License-Identifier: GPL-2.0-or-later
// Memory that lives as long as the configuration: given out piece by piece, freed all at once.
#pragma once

#include "base/slice.h"

#include <stddef.h>

struct pool;

struct pool *pool_new(void); // NULL: out of memory
struct pool *pool_free(struct pool *p);

// Zeroed, aligned for any type. NULL: out of memory.
void *pool_alloc(struct pool *p, size_t count, size_t size);

// A terminated copy. NULL: out of memory.
char *pool_copy(struct pool *p, struct slice text);
