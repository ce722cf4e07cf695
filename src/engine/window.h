// SPDX-License-Identifier: GPL-2.0-or-later
// How many hits lie within one findtime: exact, on the time in the line. A window keeps the last K
// hits of its key (K = the threshold), sorted by time, so that late and out-of-order lines count at
// their own time.
#pragma once

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

// A header and K times in one piece of memory: window_size(K) bytes, all zero at first.
struct window {
    uint32_t n;
    uint32_t reserved;
    usec_t time[]; // ascending
};

static inline size_t window_size(uint32_t k)
{
    return sizeof(struct window) + k * sizeof(usec_t);
}

// Whether k hits, K at most, lie within findtime when count more are added, these among them:
// *ret_end as of window_hit().
bool window_would(const struct window *w, uint32_t k, usec_t findtime, usec_t time, uint32_t count,
                  usec_t *ret_end);

// Adds count hits at one time. True where k hits lie within findtime and this one among them:
// *ret_end (may be NULL) is then the latest kept time with which such a findtime ends.
bool window_hit(struct window *w, uint32_t k, usec_t findtime, usec_t time, uint32_t count,
                usec_t *ret_end);

// How many of the kept hits lie in (now - findtime, now].
uint32_t window_count(const struct window *w, usec_t findtime, usec_t now);

// Whether two times are whole seconds apart.
static inline bool window_apart(usec_t a, usec_t b)
{
    return (a > b ? a - b : b - a) % USEC_PER_SEC == 0;
}
