// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/needles.h"

#include <errno.h>
#include <stdlib.h>

enum { LONGEST = 65536, GRAM = NEEDLES_SHORTEST, BITMAP_BITS = 14 };

#define NONE UINT32_MAX

struct needle {
    struct slice text;
    uint32_t gram; // three bytes of it, by which it is found
    uint32_t at;   // where in it they stand
    uint32_t next; // of the same gram
};

struct slot {
    uint32_t gram;
    uint32_t first; // NONE: the slot is free
};

struct needles {
    size_t n;
    struct needle *needle;
    struct slot *slot;
    unsigned slot_bits;
    uint64_t bitmap[1 << (BITMAP_BITS - 6)];
    char *bytes;
};

static uint32_t gram_at(const char *p)
{
    const unsigned char *u = (const unsigned char *)p;

    return (uint32_t)u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16;
}

static uint32_t gram_hash(uint32_t gram, unsigned bits)
{
    return gram * UINT32_C(0x9e3779b1) >> (32 - bits);
}

static struct slot *find_slot(const struct needles *s, uint32_t gram)
{
    uint32_t mask = (UINT32_C(1) << s->slot_bits) - 1, i = gram_hash(gram, s->slot_bits);

    while (s->slot[i].first != NONE && s->slot[i].gram != gram)
        i = (i + 1) & mask;
    return &s->slot[i];
}

static void add(struct needles *s, uint32_t i)
{
    struct needle *needle = &s->needle[i];
    struct slot *slot;
    uint32_t h;

    needle->at = (uint32_t)(needle->text.n - GRAM) / 2;
    needle->gram = gram_at(needle->text.p + needle->at);
    slot = find_slot(s, needle->gram);
    needle->next = slot->first;
    *slot = (struct slot){needle->gram, i};
    h = gram_hash(needle->gram, BITMAP_BITS);
    s->bitmap[h / 64] |= UINT64_C(1) << h % 64;
}

static int allocate(struct needles *s, const struct slice *text, size_t n)
{
    size_t size = 1;

    for (size_t i = 0; i < n; i++) {
        if (text[i].n < NEEDLES_SHORTEST || text[i].n > LONGEST)
            return -EINVAL;
        size += text[i].n;
    }
    s->slot_bits = 4;
    while ((size_t)1 << s->slot_bits < 2 * n)
        s->slot_bits++;
    s->bytes = malloc(size);
    s->needle = calloc(n + 1, sizeof(*s->needle));
    s->slot = malloc(sizeof(*s->slot) << s->slot_bits);
    return s->bytes && s->needle && s->slot ? 0 : -ENOMEM;
}

int needles_new(const struct slice *text, size_t n, struct needles **ret)
{
    struct needles *s = calloc(1, sizeof(*s));
    char *to;
    int r;

    if (!s)
        return -ENOMEM;
    r = allocate(s, text, n);
    if (r < 0) {
        needles_free(s);
        return r;
    }
    memset(s->slot, 0xff, sizeof(*s->slot) << s->slot_bits);
    to = s->bytes;
    for (s->n = 0; s->n < n; s->n++) {
        memcpy(to, text[s->n].p, text[s->n].n);
        s->needle[s->n].text = (struct slice){to, text[s->n].n};
        to += text[s->n].n;
        add(s, (uint32_t)s->n);
    }
    *ret = s;
    return 0;
}

struct needles *needles_free(struct needles *s)
{
    if (s) {
        free(s->bytes);
        free(s->needle);
        free(s->slot);
        free(s);
    }
    return NULL;
}

// The texts whose gram stands at i in the input.
static bool look(const struct needles *s, struct slice in, size_t i, uint32_t gram, uint64_t *found)
{
    bool any = false;

    for (uint32_t k = find_slot(s, gram)->first; k != NONE; k = s->needle[k].next) {
        const struct needle *needle = &s->needle[k];
        if (needle->at > i || needle->text.n > in.n - (i - needle->at) ||
            memcmp(in.p + i - needle->at, needle->text.p, needle->text.n) != 0)
            continue;
        found[k / 64] |= UINT64_C(1) << k % 64;
        any = true;
    }
    return any;
}

bool needles_find(const struct needles *s, struct slice in, uint64_t *found)
{
    bool any = false;

    for (size_t i = 0; i + GRAM <= in.n; i++) {
        uint32_t gram = gram_at(in.p + i), h = gram_hash(gram, BITMAP_BITS);
        if (s->bitmap[h / 64] >> h % 64 & 1)
            any |= look(s, in, i, gram, found);
    }
    return any;
}
