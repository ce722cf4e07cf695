// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/pool.h"

#include <stdint.h>
#include <stdlib.h>

// One block per allocation: a configuration has a few thousand, all freed at once.
struct block {
    struct block *next;
    max_align_t bytes[];
};

struct pool {
    struct block *first;
};

struct pool *pool_new(void)
{
    return calloc(1, sizeof(struct pool));
}

struct pool *pool_free(struct pool *p)
{
    if (!p)
        return NULL;
    for (struct block *b = p->first, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    free(p);
    return NULL;
}

void *pool_alloc(struct pool *p, size_t count, size_t size)
{
    struct block *b;

    if (size > 0 && count > (SIZE_MAX - sizeof(*b)) / size)
        return NULL;
    b = calloc(1, sizeof(*b) + count * size);
    if (!b)
        return NULL;
    b->next = p->first;
    p->first = b;
    return b->bytes;
}

char *pool_copy(struct pool *p, struct slice text)
{
    char *copy = pool_alloc(p, text.n + 1, 1);

    if (copy && text.n > 0)
        memcpy(copy, text.p, text.n);
    return copy;
}
