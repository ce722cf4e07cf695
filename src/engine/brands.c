// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/brands.h"

#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>

// A group is what the memory gives at a time.
enum { GROUP = 8, GROUPS = BRANDS_MAX / GROUP };

struct brand {
    uint32_t tag;
    uint32_t until; // in seconds; 0: free
};

struct brands {
    uint64_t seed;
    struct brand *brand; // NULL: there was none yet
};

struct brands *brands_new(uint64_t seed)
{
    struct brands *b = calloc(1, sizeof(*b));

    if (b)
        b->seed = seed;
    return b;
}

struct brands *brands_free(struct brands *b)
{
    if (b)
        free(b->brand);
    free(b);
    return NULL;
}

static uint32_t seconds(usec_t t)
{
    t /= USEC_PER_SEC;
    return t < UINT32_MAX ? (uint32_t)t : UINT32_MAX;
}

// The group of a net, and in it the net's own brand (NULL: none).
static struct brand *find(const struct brands *b, const struct addr *net, uint32_t *ret_tag,
                          struct brand **ret_group)
{
    uint64_t digest = hash_bytes(net, sizeof(*net), b->seed);
    struct brand *group = b->brand + digest % GROUPS * GROUP;

    *ret_tag = (uint32_t)(digest >> 32);
    *ret_group = group;
    for (size_t i = 0; i < GROUP; i++) {
        if (group[i].tag == *ret_tag && group[i].until > 0)
            return &group[i];
    }
    return NULL;
}

static struct brand *soonest(struct brand *group)
{
    struct brand *found = group;

    for (size_t i = 1; i < GROUP; i++) {
        if (group[i].until < found->until)
            found = &group[i];
    }
    return found;
}

int brands_put(struct brands *b, const struct addr *net, usec_t until)
{
    struct brand *at, *group;
    uint32_t tag;

    if (!b->brand)
        b->brand = calloc(BRANDS_MAX, sizeof(*b->brand));
    if (!b->brand)
        return -ENOMEM;
    at = find(b, net, &tag, &group);
    *(at ? at : soonest(group)) = (struct brand){tag, seconds(until)};
    return 0;
}

void brands_remove(struct brands *b, const struct addr *net)
{
    struct brand *group, *at;
    uint32_t tag;

    if (!b->brand)
        return;
    at = find(b, net, &tag, &group);
    if (at)
        at->until = 0;
}

bool brands_has(const struct brands *b, const struct addr *net, usec_t time)
{
    const struct brand *at;
    struct brand *group;
    uint32_t tag;

    if (!b->brand)
        return false;
    at = find(b, net, &tag, &group);
    return at && at->until > seconds(time);
}
