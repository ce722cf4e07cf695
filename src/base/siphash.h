// SPDX-License-Identifier: GPL-2.0-or-later
// SipHash-2-4 (Jean-Philippe Aumasson, Daniel J. Bernstein): a hash of short texts that tells
// nothing of them to who has not the key.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct siphash_key {
    uint64_t half[2];
};

uint64_t siphash(const struct siphash_key *key, const void *bytes, size_t n);
