// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers for property tests: the same ones on every run.
#pragma once

#include <stdint.h>

// 0..below-1 (splitmix64, Vigna).
static inline uint32_t random_below(uint64_t *state, uint32_t below)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((z ^ (z >> 31)) % below);
}
