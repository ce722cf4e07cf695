// SPDX-License-Identifier: GPL-2.0-or-later
// Many texts searched at once in a short one, such as a line of a log: all that occur, wherever
// they do, also inside each other.
#pragma once

#include "base/slice.h"

#include <stdint.h>

enum { NEEDLES_SHORTEST = 3, NEEDLES_LONGEST = 65536 };

struct needles;

// Copies the texts, as many as memory holds: some hundred cost hardly more than one. -EINVAL where
// one is shorter than NEEDLES_SHORTEST or longer than NEEDLES_LONGEST, -ENOMEM.
int needles_new(const struct slice *text, size_t n, struct needles **ret);
struct needles *needles_free(struct needles *s);

// How many words found[] needs.
static inline size_t needles_words(size_t n)
{
    return (n + 63) / 64;
}

// Sets bit i of found[] for each text i that occurs, and leaves the other bits alone. Whether there
// is any.
bool needles_find(const struct needles *s, struct slice in, uint64_t *found);

// The same, searched for in one way: for tests. -ENOTSUP where the CPU cannot.
enum needles_way { NEEDLES_BEST, NEEDLES_AVX2, NEEDLES_SSSE3, NEEDLES_PORTABLE };
int needles_new_by(enum needles_way way, const struct slice *text, size_t n, struct needles **ret);
