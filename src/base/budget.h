// SPDX-License-Identifier: GPL-2.0-or-later
// Bytes that several sharers may use between them. Half of the limit is set apart, in equal parts,
// so that none can starve another; the other half goes to whoever asks first. Counting only:
// nothing is allocated here.
#pragma once

#include <stdbool.h>
#include <stddef.h>

// What a sharer needs to work at all: where a limit is less than that for each, each has it still.
enum { BUDGET_FLOOR_LEAST = 128 * 1024 };

struct budget {
    size_t floor;  // set apart for each
    size_t common; // for whoever asks first
    size_t lent;   // of that, in use
};

// One sharer's account; all zero but for its budget at first.
struct share {
    struct budget *budget;
    size_t used;
};

void budget_init(struct budget *b, size_t limit, size_t sharers);

// Whether there is room for n more bytes; if so, they are used from now on.
bool share_take(struct share *s, size_t n);
void share_give(struct share *s, size_t n);
