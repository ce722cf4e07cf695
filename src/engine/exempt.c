// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/exempt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// IPv4 before IPv6: by its bytes alone it would lie in the middle of ::/0.
static int compare(const struct addr *a, const struct addr *b)
{
    int family = (int)addr_is_v4(b) - (int)addr_is_v4(a);

    return family ? family : addr_compare(a, b);
}

// How many of the blocks sort at or before this one. Blocks that do not overlap sort as their
// addresses do, so only the last of these can enclose it, and only the next can lie in it.
static size_t rank(const struct exempt *e, const struct addr *net)
{
    size_t low = 0, high = e->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&e->net[middle], net) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool lies_in(const struct exempt *e, size_t at, const struct addr *net)
{
    return at > 0 && addr_within(net, &e->net[at - 1]);
}

static int reserve(struct exempt *e)
{
    size_t allocated = e->allocated ? e->allocated * 2 : 16;
    struct addr *grown;

    if (e->n < e->allocated)
        return 0;
    grown = reallocarray(e->net, allocated, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    e->net = grown;
    e->allocated = allocated;
    return 0;
}

int exempt_add(struct exempt *e, const struct addr *net)
{
    size_t at = rank(e, net), after = at;
    int r;

    if (lies_in(e, at, net))
        return 0;
    r = reserve(e);
    if (r < 0)
        return r;
    while (after < e->n && addr_within(&e->net[after], net))
        after++;
    memmove(e->net + at + 1, e->net + after, (e->n - after) * sizeof(*e->net));
    e->net[at] = *net;
    e->n -= after - at;
    e->n++;
    return 0;
}

void exempt_done(struct exempt *e)
{
    free(e->net);
    memset(e, 0, sizeof(*e));
}

bool exempt_covers(const struct exempt *e, const struct addr *host)
{
    return lies_in(e, rank(e, host), host);
}

bool exempt_touches(const struct exempt *e, const struct addr *net)
{
    size_t at = rank(e, net);

    return lies_in(e, at, net) || (at < e->n && addr_within(&e->net[at], net));
}
