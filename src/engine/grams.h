// SPDX-License-Identifier: GPL-2.0-or-later
// Texts, found by a few bytes of each: by its gram, three or four bytes at some place in it. Inside
// the engine only.
#pragma once

#include "base/slice.h"

#include <stdint.h>

enum { GRAMS_BITS = 16 }; // of a hash: a bitmap of 8 KiB

struct gram_entry {
    struct slice text; // borrowed
    uint32_t id;       // its bit in what is found
    uint32_t at;       // where in it the gram stands
    uint32_t gram;
    uint32_t next; // of the same gram
};

struct grams {
    unsigned length; // of a gram: 3 or 4
    size_t n;
    struct gram_entry *entry;
    uint32_t *slot; // the first entry of a gram, by its hash
    unsigned slot_bits;
    uint64_t *bitmap; // which hashes there are
};

// For so many entries. -ENOMEM; grams_done() is due in any case.
int grams_init(struct grams *g, unsigned length, size_t entries);
void grams_done(struct grams *g);

// There is room, and the text is longer than `at` by a gram at least.
void grams_add(struct grams *g, struct slice text, uint32_t id, size_t at);

// Sets the bits of the texts whose gram stands at i in the input, if all of the text does around
// it. Whether there is any.
bool grams_look(const struct grams *g, struct slice in, size_t i, uint64_t *found);

// As a number, whatever the machine's byte order.
static inline uint32_t gram_read(const char *p, unsigned length)
{
    const unsigned char *u = (const unsigned char *)p;
    uint32_t low = (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16;

    return length == 4 ? low | (uint32_t)u[3] << 24 : low;
}

static inline uint32_t gram_hash(uint32_t gram, unsigned bits)
{
    return gram * UINT32_C(0x9e3779b1) >> (32 - bits);
}

// Whether a text may have this gram: seldom wrongly.
static inline bool grams_maybe(const struct grams *g, uint32_t gram)
{
    uint32_t h = gram_hash(gram, GRAMS_BITS);

    return g->bitmap[h / 64] >> h % 64 & 1;
}
