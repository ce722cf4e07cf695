// SPDX-License-Identifier: GPL-2.0-or-later
// A set of bytes, as one place of a regex takes them. Inside the engine only.
#pragma once

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct byteset {
    uint64_t bits[4];
};

static inline bool byteset_has(const struct byteset *s, unsigned char c)
{
    return s->bits[c >> 6] >> (c & 63) & 1;
}

static inline void byteset_add(struct byteset *s, unsigned char c)
{
    s->bits[c >> 6] |= UINT64_C(1) << (c & 63);
}

static inline unsigned byteset_count(const struct byteset *s)
{
    unsigned n = 0;

    for (unsigned i = 0; i < 4; i++)
        n += (unsigned)__builtin_popcountll(s->bits[i]);
    return n;
}

void byteset_invert(struct byteset *s);

// Adds the other case of each letter in it.
void byteset_fold(struct byteset *s);

// Whether every byte of the text is in it.
bool byteset_holds(const struct byteset *s, struct slice text);

// Reads what starts with a backslash off the front of a regex, as pyregex_translate() writes it.
// False where it is no set of bytes (\b, \1), and nothing is read.
bool byteset_read_escape(struct slice *regex, struct byteset *ret);

// Reads "[...]" likewise, with `fold` in both cases. False where it is not closed.
bool byteset_read_class(struct slice *regex, bool fold, struct byteset *ret);
