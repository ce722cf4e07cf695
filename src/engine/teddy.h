// SPDX-License-Identifier: GPL-2.0-or-later
// Where in a text one of some grams may begin, 16 or 32 places at a time. A gram is put into one of
// eight buckets; for each byte of it and each half of that byte, a table says which buckets take
// it, and a place is a candidate while one bucket has taken all. (The method is Hyperscan's
// "Teddy".) Inside the engine only.
#pragma once

#include "engine/grams.h"

enum { TEDDY_BYTES = 3, TEDDY_SHORTEST = 34 };

struct teddy {
    uint8_t low[TEDDY_BYTES][16], high[TEDDY_BYTES][16]; // buckets, by half a byte
};

// Says which places of a text, of TEDDY_SHORTEST bytes at least, are candidates: 32 in a word; but
// the last two, which are none. Whether there is any.
typedef bool teddy_sweep(const struct teddy *t, struct slice in, uint32_t *ret_places);

// From the entries of g, whose grams have three bytes.
void teddy_init(struct teddy *t, const struct grams *g);

// NULL: not on this CPU.
teddy_sweep *teddy_avx2(void);
teddy_sweep *teddy_ssse3(void);
