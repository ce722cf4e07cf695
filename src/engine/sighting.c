// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/sighting.h"

#include "base/hash.h"

// Not seeded, as it outlives the process; whoever finds two hosts with the same one counts as one.
static uint32_t digest(const struct addr *net)
{
    return (uint32_t)hash_bytes(net, sizeof(*net), 0);
}

void sightings_note(struct sighting *seen, size_t n, const struct addr *net, usec_t time)
{
    uint32_t key = digest(net), second = (uint32_t)(time / USEC_PER_SEC);
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

uint32_t sightings_count(const struct sighting *seen, size_t n, usec_t time, usec_t span)
{
    uint32_t recent = 0;

    for (size_t i = 0; i < n; i++)
        recent += seen[i].second > 0 && usec_sub(time, seen[i].second * USEC_PER_SEC) < span;
    return recent;
}
