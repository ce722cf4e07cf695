// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/needles.h"

#include "engine/everyday.h"
#include "engine/grams.h"
#include "engine/teddy.h"

#include <errno.h>
#include <stdlib.h>

enum {
    STRIDE = 4,
    GRAM = 4,
    WINDOW = STRIDE + GRAM - 1, // wherever it lies, a whole gram of it is STRIDE-aligned
    FEW_MAX = 128,              // more are too many for Teddy's eight buckets
    BLOCK = 32,                 // places that have their bits in one word
    PIECE = 1024                // bytes that are searched at a time
};

struct needles {
    char *bytes;
    struct grams few;  // three bytes of a text, looked for at every place
    struct grams many; // four grams in a row of a text, looked for at every STRIDE-th place
    struct teddy teddy;
    teddy_sweep *sweep; // for the few; NULL: the portable way
};

// Where in the text the pairs of bytes are rarest, over so many bytes.
static size_t rarest(struct slice text, size_t window, const uint8_t *pairs)
{
    size_t best = 0, least = SIZE_MAX;

    for (size_t at = 0; at + window <= text.n; at++) {
        size_t sum = 0;
        for (size_t i = at; i + 1 < at + window; i++)
            sum += pairs[(unsigned char)text.p[i] << 8 | (unsigned char)text.p[i + 1]];
        if (sum < least) {
            least = sum;
            best = at;
        }
    }
    return best;
}

static bool is_one_of_many(const struct needles *s, struct slice text, size_t n)
{
    return text.n >= WINDOW && (!s->sweep || n > FEW_MAX);
}

static void add(struct needles *s, struct slice text, uint32_t id, size_t n, const uint8_t *pairs)
{
    size_t at;

    if (!is_one_of_many(s, text, n)) {
        at = rarest(text, TEDDY_BYTES, pairs);
        grams_add(&s->few, text, id, at);
        return;
    }
    at = rarest(text, WINDOW, pairs);
    for (size_t i = 0; i < STRIDE; i++)
        grams_add(&s->many, text, id, at + i);
}

static int allocate(struct needles *s, const struct slice *text, size_t n)
{
    size_t size = 1, many = 0;
    int r = 0;

    for (size_t i = 0; i < n; i++) {
        if (text[i].n < NEEDLES_SHORTEST || text[i].n > NEEDLES_LONGEST)
            return -EINVAL;
        many += is_one_of_many(s, text[i], n);
        size += text[i].n;
    }
    s->bytes = malloc(size);
    if (n > many)
        r = grams_init(&s->few, NEEDLES_SHORTEST, n - many);
    if (r == 0 && many > 0)
        r = grams_init(&s->many, GRAM, many * STRIDE);
    return s->bytes ? r : -ENOMEM;
}

static int fill(struct needles *s, const struct slice *text, size_t n)
{
    uint8_t *pairs = calloc(EVERYDAY_PAIRS, 1);
    char *to = s->bytes;

    if (!pairs)
        return -ENOMEM;
    everyday_count(pairs);
    for (size_t i = 0; i < n; i++) {
        memcpy(to, text[i].p, text[i].n);
        add(s, (struct slice){to, text[i].n}, (uint32_t)i, n, pairs);
        to += text[i].n;
    }
    free(pairs);
    teddy_init(&s->teddy, &s->few);
    return 0;
}

static int choose(enum needles_way way, teddy_sweep **ret)
{
    teddy_sweep *avx2 = teddy_avx2(), *ssse3 = teddy_ssse3();

    if ((way == NEEDLES_AVX2 && !avx2) || (way == NEEDLES_SSSE3 && !ssse3))
        return -ENOTSUP;
    *ret = way == NEEDLES_PORTABLE ? NULL : way == NEEDLES_SSSE3 || !avx2 ? ssse3 : avx2;
    return 0;
}

int needles_new_by(enum needles_way way, const struct slice *text, size_t n, struct needles **ret)
{
    struct needles *s = calloc(1, sizeof(*s));
    int r = s ? choose(way, &s->sweep) : -ENOMEM;

    if (r == 0)
        r = allocate(s, text, n);
    if (r == 0)
        r = fill(s, text, n);
    if (r < 0) {
        needles_free(s);
        return r;
    }
    *ret = s;
    return 0;
}

int needles_new(const struct slice *text, size_t n, struct needles **ret)
{
    return needles_new_by(NEEDLES_BEST, text, n, ret);
}

struct needles *needles_free(struct needles *s)
{
    if (s) {
        free(s->bytes);
        grams_done(&s->few);
        grams_done(&s->many);
        free(s);
    }
    return NULL;
}

// The candidates among every step-th place of a text, 32 in a word. Whether there is any.
static inline bool sweep(const struct grams *g, unsigned length, size_t step, struct slice in,
                         uint32_t *ret_places)
{
    const uint64_t *bitmap = g->bitmap;
    size_t left = (in.n - length) / step + 1;
    const char *p = in.p;
    uint32_t any = 0;

    while (left > 0) {
        size_t n = left < BLOCK ? left : BLOCK;
        uint32_t word = 0;
        for (size_t i = 0; i < n; i++, p += step) {
            uint32_t h = gram_hash(gram_read(p, length), GRAMS_BITS);
            word = word >> 1 | (uint32_t)(bitmap[h / 64] >> h % 64) << (BLOCK - 1);
        }
        any |= *ret_places++ = word >> (BLOCK - n);
        left -= n;
    }
    return any != 0;
}

// Looks at the candidates closely: at those among every step-th place from base to end.
static bool look(const struct grams *g, unsigned length, size_t step, struct slice in, size_t base,
                 size_t end, const uint32_t *places, uint64_t *found)
{
    bool any = false;

    for (; base < end; base += step * BLOCK) {
        for (uint32_t bits = *places++; bits; bits &= bits - 1) {
            size_t at = base + step * (size_t)__builtin_ctz(bits);
            if (grams_maybe(g, gram_read(in.p + at, length)))
                any |= grams_look(g, in, at, found);
        }
    }
    return any;
}

static inline bool sweep_few(const struct needles *s, struct slice in, uint32_t *ret_places)
{
    return s->sweep && in.n >= TEDDY_SHORTEST ? s->sweep(&s->teddy, in, ret_places)
                                              : sweep(&s->few, NEEDLES_SHORTEST, 1, in, ret_places);
}

// The few and the many in PIECE places of the text.
static inline bool find(const struct needles *s, struct slice in, size_t base, uint64_t *found)
{
    uint32_t places[PIECE / BLOCK + 1];
    struct slice piece = slice_from(in, base);
    bool any = false;

    if (piece.n > PIECE)
        piece.n = PIECE;
    if (s->few.n > 0 && sweep_few(s, piece, places))
        any = look(&s->few, NEEDLES_SHORTEST, 1, in, base, base + piece.n - NEEDLES_SHORTEST + 1,
                   places, found);
    if (s->many.n > 0 && piece.n >= GRAM && sweep(&s->many, GRAM, STRIDE, piece, places))
        any |= look(&s->many, GRAM, STRIDE, in, base, base + piece.n - GRAM + 1, places, found);
    return any;
}

bool needles_find(const struct needles *s, struct slice in, uint64_t *found)
{
    bool any = false;

    for (size_t base = 0; base + NEEDLES_SHORTEST <= in.n; base += PIECE - STRIDE)
        any |= find(s, in, base, found);
    return any;
}
