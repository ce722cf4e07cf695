// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/heads.h"

#include "base/hash.h"

// What syslog's ids begin with, up to the process id's bracket.
static bool find(uint64_t seed, struct slice tag, struct slice text, size_t *ret)
{
    size_t n = text.n < HEADS_BYTES_MAX ? text.n : HEADS_BYTES_MAX;
    const char *end = n > 0 ? memchr(text.p, ']', n) : NULL;

    if (!end)
        return false;
    if (tag.n > 0)
        seed = hash_bytes(tag.p, tag.n, seed);
    *ret = hash_bytes(text.p, (size_t)(end - text.p), seed) % HEADS;
    return true;
}

void heads_count(struct heads *h, uint64_t seed, struct slice tag, struct slice id, int by)
{
    size_t head;

    if (find(seed, tag, id, &head))
        h->count[head] = (uint16_t)(h->count[head] + by);
    else
        h->without += (size_t)by;
}

bool heads_may_have(const struct heads *h, uint64_t seed, struct slice tag, struct slice line)
{
    size_t head;

    return h->without > 0 || (find(seed, tag, line, &head) && h->count[head] > 0);
}
