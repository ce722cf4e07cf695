// SPDX-License-Identifier: GPL-2.0-or-later
// A fast 64-bit hash of bytes: multiply and fold, eight bytes a round, as wyhash does (Wang Yi,
// github.com/wangyi-fudan/wyhash). Where a stranger chooses the bytes, a secret seed keeps
// collisions from being chosen with them.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t hash_fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t hash_bytes(const void *bytes, size_t n, uint64_t seed)
{
    const unsigned char *p = bytes;
    uint64_t h = seed ^ n ^ UINT64_C(0xa0761d6478bd642f), word;
    uint64_t key = UINT64_C(0xe7037ed1a0b428db) ^ seed;

    for (; n >= sizeof(word); n -= sizeof(word), p += sizeof(word)) {
        memcpy(&word, p, sizeof(word));
        h = hash_fold(h ^ word, key);
    }
    if (n > 0) {
        word = 0;
        memcpy(&word, p, n);
        h = hash_fold(h ^ word, key);
    }
    return hash_fold(h, UINT64_C(0x8ebc6af09c88c6e3));
}
