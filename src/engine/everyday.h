// SPDX-License-Identifier: GPL-2.0-or-later
// What the lines of a mail server say that tell of no failure: a text that stands in them is a bad
// sign of one, and pairs of bytes that are not in them are quickly found missing. Inside the engine
// only.
#pragma once

#include "base/slice.h"

#include <stdint.h>

enum { EVERYDAY_PAIRS = 65536 };

bool everyday_says(struct slice text);

// How often each pair of bytes occurs in them, added to pairs[first << 8 | second].
void everyday_count(uint8_t pairs[static EVERYDAY_PAIRS]);
