// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/heads.h"

#include "base/hash.h"

// What syslog's ids begin with, up to the process id's bracket.
uint16_t heads_of(uint64_t seed, struct slice tag, struct slice id)
{
    size_t n = id.n < HEADS_BYTES_MAX ? id.n : HEADS_BYTES_MAX;
    const char *end = n > 0 ? memchr(id.p, ']', n) : NULL;

    if (!end)
        return HEADS;
    if (tag.n > 0)
        seed = hash_bytes(tag.p, tag.n, seed);
    return hash_bytes(id.p, (size_t)(end - id.p), seed) % HEADS;
}

bool heads_may_have(const struct heads *h, uint64_t seed, struct slice tag, struct slice line)
{
    return h->count[HEADS] > 0 || h->count[heads_of(seed, tag, line)] > 0;
}
