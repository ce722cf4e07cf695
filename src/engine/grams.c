// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/grams.h"

#include <errno.h>
#include <stdlib.h>

#define NONE UINT32_MAX

static unsigned bits_for(size_t n, unsigned min)
{
    unsigned bits = min;

    while (bits < 31 && (size_t)1 << bits < n)
        bits++;
    return bits;
}

int grams_init(struct grams *g, unsigned length, size_t entries)
{
    *g = (struct grams){.length = length};
    g->slot_bits = bits_for(2 * entries, 1);
    g->entry = calloc(entries + 1, sizeof(*g->entry));
    g->slot = malloc(sizeof(*g->slot) << g->slot_bits);
    g->bitmap = calloc((1U << GRAMS_BITS) / 64, sizeof(*g->bitmap));
    if (!g->entry || !g->slot || !g->bitmap)
        return -ENOMEM;
    memset(g->slot, 0xff, sizeof(*g->slot) << g->slot_bits);
    return 0;
}

void grams_done(struct grams *g)
{
    free(g->entry);
    free(g->slot);
    free(g->bitmap);
}

static uint32_t *find_slot(const struct grams *g, uint32_t gram)
{
    uint32_t mask = (UINT32_C(1) << g->slot_bits) - 1, i = gram_hash(gram, g->slot_bits);

    while (g->slot[i] != NONE && g->entry[g->slot[i]].gram != gram)
        i = (i + 1) & mask;
    return &g->slot[i];
}

void grams_add(struct grams *g, struct slice text, uint32_t id, size_t at)
{
    uint32_t gram = gram_read(text.p + at, g->length), h = gram_hash(gram, GRAMS_BITS);
    uint32_t *slot = find_slot(g, gram);

    g->entry[g->n] = (struct gram_entry){text, id, (uint32_t)at, gram, *slot};
    *slot = (uint32_t)g->n++;
    g->bitmap[h / 64] |= UINT64_C(1) << h % 64;
}

bool grams_look(const struct grams *g, struct slice in, size_t i, uint64_t *found)
{
    bool any = false;

    for (uint32_t k = *find_slot(g, gram_read(in.p + i, g->length)); k != NONE;) {
        const struct gram_entry *e = &g->entry[k];
        k = e->next;
        if (e->at > i || e->text.n > in.n - (i - e->at) ||
            memcmp(in.p + i - e->at, e->text.p, e->text.n) != 0)
            continue;
        found[e->id / 64] |= UINT64_C(1) << e->id % 64;
        any = true;
    }
    return any;
}
