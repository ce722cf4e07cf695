// SPDX-License-Identifier: GPL-2.0-or-later
// A Bloom filter of the nets that a segment tells of: says that one is certainly not among them, so
// that whoever looks for an address reads few segments. Only for this folder.
#pragma once

#include "base/addr.h"

#include <endian.h>
#include <string.h>

// A segment has a host and the block around it that hosts of one network share. Its first byte says
// whether all are to look here; the other bytes are bits.
enum { SIEVE_BLOCK_V4 = 24, SIEVE_BLOCK_V6 = 48, SIEVE_BITS_PER_KEY = 16, SIEVE_BYTES_MIN = 8 };

static inline uint64_t sieve_word(const uint8_t *b)
{
    uint64_t word;

    memcpy(&word, b, sizeof(word));
    return le64toh(word);
}

// As it lies in the file: the same on every machine.
static inline uint64_t sieve_key(const struct addr *net)
{
    uint64_t high = (sieve_word(net->b) ^ net->len) * UINT64_C(0x9e3779b97f4a7c15);
    uint64_t low = (sieve_word(net->b + 8) ^ high >> 29 ^ high) * UINT64_C(0xd6e8feb86659fd93);

    return low ^ low >> 32;
}

// The bytes for so many keys: a power of two behind the first.
static inline size_t sieve_size(size_t keys)
{
    size_t n = SIEVE_BYTES_MIN;

    while (n * 8 < keys * SIEVE_BITS_PER_KEY)
        n *= 2;
    return n + 1;
}

static inline void sieve_open(uint8_t *sieve)
{
    sieve[0] = 1;
}

static inline void sieve_add(uint8_t *sieve, size_t n, uint64_t key)
{
    size_t a = key & ((n - 1) * 8 - 1), b = key >> 32 & ((n - 1) * 8 - 1);

    sieve[1 + a / 8] |= (uint8_t)(1 << a % 8);
    sieve[1 + b / 8] |= (uint8_t)(1 << b % 8);
}

// n: what sieve_size() gives; another is a damaged sieve, which keeps nothing out.
static inline bool sieve_has(const uint8_t *sieve, size_t n, uint64_t key)
{
    size_t a, b;

    if (n <= SIEVE_BYTES_MIN || ((n - 1) & (n - 2)) != 0 || sieve[0])
        return true;
    a = key & ((n - 1) * 8 - 1);
    b = key >> 32 & ((n - 1) * 8 - 1);
    return (sieve[1 + a / 8] >> a % 8 & 1) && (sieve[1 + b / 8] >> b % 8 & 1);
}
