// SPDX-License-Identifier: GPL-2.0-or-later
// Memory for many small records of many sizes: pages, each cut into slots of one size for records
// of one rank. A record costs its size and a few percent, nothing is ever copied to grow, and a
// page without records goes back. What must make room goes a page at a time: of the lowest rank
// there is, the page that was taken longest ago.
#pragma once

#include "base/budget.h"

#include <stddef.h>
#include <stdint.h>

struct pages;

enum {
    PAGES_RANKS = 4,
    PAGES_KEPT = 16, // as little of all pages makes no room for higher ranks
    PAGES_RECORD_MAX = 1 << 16,
};

enum { PAGES_E_FULL = 1 }; // the share has no room for another page

// The share is borrowed. NULL: out of memory.
struct pages *pages_new(struct share *share);
struct pages *pages_free(struct pages *p);

// A slot for n bytes, 1..PAGES_RECORD_MAX. The first byte of what is put there must not be zero.
// 0, PAGES_E_FULL or -ENOMEM. A slot stays where it is until it is given back; its number is never
// 0.
int pages_take(struct pages *p, unsigned rank, size_t n, uint32_t *ret_slot);
void pages_give(struct pages *p, uint32_t slot);

unsigned char *pages_at(const struct pages *p, uint32_t slot);

// Whether a record of n bytes and that rank would get a slot like this one.
bool pages_suits(const struct pages *p, uint32_t slot, unsigned rank, size_t n);

// Walks the slots in use: start with *cursor = 0; 0 at the end. The slot just returned, and no
// other, may be given back meanwhile. What is taken meanwhile may be met or not.
uint32_t pages_next(const struct pages *p, uint32_t *cursor);

// The same in the page that is to make room, which is empty after its slots were given back: start
// with *cursor = 0.
uint32_t pages_next_victim(const struct pages *p, uint32_t *cursor);
