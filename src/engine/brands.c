// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/brands.h"

#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>

// A group is what the memory gives at a time, and lies as it does.
enum { GROUP = 8, GROUPS = BRANDS_MAX / GROUP };

struct brand {
    uint32_t tag;
    uint32_t until; // in seconds; 0: free
};

struct brands {
    uint64_t seed;
    struct brand *brand; // NULL: there was none yet
    void *memory;        // that it lies in
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
        free(b->memory);
    free(b);
    return NULL;
}

static uint32_t seconds(usec_t t)
{
    t /= USEC_PER_SEC;
    return t < UINT32_MAX ? (uint32_t)t : UINT32_MAX;
}

static struct brand *group_of(const struct brands *b, const struct addr *net, uint32_t *ret_tag)
{
    uint64_t digest = hash_bytes(net, sizeof(*net), b->seed);

    *ret_tag = (uint32_t)(digest >> 32);
    return b->brand + digest % GROUPS * GROUP;
}

// The group of a net, and in it the net's own brand (NULL: none).
static struct brand *find(const struct brands *b, const struct addr *net, uint32_t *ret_tag,
                          struct brand **ret_group)
{
    struct brand *group = group_of(b, net, ret_tag);

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

static int allocate(struct brands *b)
{
    const size_t group = GROUP * sizeof(*b->brand);
    size_t over;

    // What calloc(3) has from the kernel takes no memory before it is touched.
    b->memory = calloc(GROUPS + 1, group);
    if (!b->memory)
        return -ENOMEM;
    over = (uintptr_t)b->memory % group;
    b->brand = (struct brand *)((char *)b->memory + (over > 0 ? group - over : 0));
    return 0;
}

int brands_put(struct brands *b, const struct addr *net, usec_t until)
{
    struct brand *at, *group;
    uint32_t tag;

    if (!b->brand && allocate(b) < 0)
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

void brands_expect(const struct brands *b, const struct addr *net)
{
    uint32_t tag;

    if (b->brand)
        __builtin_prefetch(group_of(b, net, &tag));
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
