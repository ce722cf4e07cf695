// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/sighting.h"

#include "base/hash.h"

enum { BLOCK_V4 = 24, BLOCK_V6 = 48 };

uint32_t sighting_text(struct slice text)
{
    return (uint32_t)hash_bytes(text.p, text.n, 0);
}

uint32_t sighting_net(const struct addr *net)
{
    return (uint32_t)hash_bytes(net, sizeof(*net), 0);
}

uint32_t sighting_block(const struct addr *client)
{
    struct addr block = addr_block(client, addr_is_v4(client) ? BLOCK_V4 : BLOCK_V6);

    return sighting_net(&block);
}

void sightings_note(struct sighting *seen, size_t n, uint32_t key, usec_t time)
{
    uint32_t second = (uint32_t)(time / USEC_PER_SEC);
    struct sighting *at = seen;

    for (struct sighting *s = seen; s < seen + n; s++) {
        if (s->second > 0 && s->key == key) {
            s->second = s->second < second ? second : s->second;
            return;
        }
        if (s->second < at->second)
            at = s;
    }
    if (at->second <= second)
        *at = (struct sighting){key, second};
}

usec_t sightings_last(const struct sighting *seen, size_t n, uint32_t key)
{
    for (size_t i = 0; i < n; i++) {
        if (seen[i].second > 0 && seen[i].key == key)
            return seen[i].second * USEC_PER_SEC;
    }
    return 0;
}

uint32_t sightings_count(const struct sighting *seen, size_t n, usec_t time, usec_t span)
{
    uint32_t recent = 0;

    for (size_t i = 0; i < n; i++)
        recent += seen[i].second > 0 && usec_sub(time, seen[i].second * USEC_PER_SEC) < span;
    return recent;
}
