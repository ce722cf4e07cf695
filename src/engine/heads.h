// SPDX-License-Identifier: GPL-2.0-or-later
// How many sessions there are by what their ids begin with: tells of most lines at once that they
// are of none. Inside the engine only.
#pragma once

#include "base/slice.h"

#include <stdint.h>

enum { HEADS = 2048, HEADS_BYTES_MAX = 128 };

struct heads {
    uint16_t count[HEADS + 1]; // the last one: of those whose ids have no such beginning
};

// Where one with that id behind that tag is counted; of an id that is not kept to its end,
// HEADS_BYTES_MAX bytes are.
uint16_t heads_of(uint64_t seed, struct slice tag, struct slice id);

// Whether there may be one with that tag whose id the line begins with.
bool heads_may_have(const struct heads *h, uint64_t seed, struct slice tag, struct slice line);
