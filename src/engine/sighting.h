// SPDX-License-Identifier: GPL-2.0-or-later
// From which hosts or blocks something was seen last, a few of them: each once, a new one in the
// place of the one seen longest ago. Plain data, so that it can be kept over a restart.
#pragma once

#include "base/addr.h"
#include "base/span.h"

#include <stddef.h>

// Only the net's digest is kept.
struct sighting {
    uint32_t key;
    uint32_t second; // since 1970; 0: none
};

void sightings_note(struct sighting *seen, size_t n, const struct addr *net, usec_t time);

// How many of them are less than span ago.
uint32_t sightings_count(const struct sighting *seen, size_t n, usec_t time, usec_t span);
