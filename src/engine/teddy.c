// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/teddy.h"

enum { BUCKETS = 8 };

// The halves of bytes that a bucket takes, as sets of 16 bits.
struct bucket {
    uint16_t low[TEDDY_BYTES], high[TEDDY_BYTES];
};

static void bucket_add(struct bucket *b, const struct gram_entry *e)
{
    for (size_t k = 0; k < TEDDY_BYTES; k++) {
        unsigned char c = (unsigned char)(e->gram >> 8 * k);
        b->low[k] |= (uint16_t)(1U << (c & 15));
        b->high[k] |= (uint16_t)(1U << (c >> 4));
    }
}

// How many different bytes in a row it takes.
static double bucket_size(const struct bucket *b)
{
    double size = 1;

    for (size_t k = 0; k < TEDDY_BYTES; k++)
        size *= __builtin_popcount(b->low[k]) * __builtin_popcount(b->high[k]);
    return size;
}

// The one that takes least more than before.
static size_t best_bucket(const struct bucket *buckets, const struct gram_entry *e)
{
    size_t best = 0;
    double least = 0;

    for (size_t i = 0; i < BUCKETS; i++) {
        struct bucket grown = buckets[i];
        bucket_add(&grown, e);
        double more = bucket_size(&grown) - bucket_size(&buckets[i]);
        if (i == 0 || more < least) {
            best = i;
            least = more;
        }
    }
    return best;
}

void teddy_init(struct teddy *t, const struct grams *g)
{
    struct bucket buckets[BUCKETS] = {0};

    for (size_t i = 0; i < g->n; i++)
        bucket_add(&buckets[best_bucket(buckets, &g->entry[i])], &g->entry[i]);
    *t = (struct teddy){0};
    for (size_t i = 0; i < BUCKETS; i++)
        for (size_t k = 0; k < TEDDY_BYTES; k++)
            for (size_t half = 0; half < 16; half++) {
                t->low[k][half] |= (uint8_t)((buckets[i].low[k] >> half & 1) << i);
                t->high[k][half] |= (uint8_t)((buckets[i].high[k] >> half & 1) << i);
            }
}

#if defined(__x86_64__)
#include <immintrin.h>

// Bytes behind a place that belong to it; places in a block.
enum { BEHIND = TEDDY_BYTES - 1, BLOCK = TEDDY_SHORTEST - BEHIND };

// Block after block. The last is looked at with those before it, so that nothing is read behind the
// end.
static inline __attribute__((always_inline)) bool
sweep(const void *tables, struct slice in, uint32_t *ret_places,
      uint32_t (*block)(const void *tables, const char *p))
{
    uint32_t any = 0;
    size_t at = 0;
    uint64_t last;

    for (; at + BLOCK + BEHIND <= in.n; at += BLOCK)
        any |= *ret_places++ = block(tables, in.p + at);
    last = block(tables, in.p + in.n - BLOCK - BEHIND);
    last >>= BLOCK + BEHIND - (in.n - at);
    any |= *ret_places = (uint32_t)last;
    return any != 0;
}

// The tables as they are looked up: each half of a vector the same.
struct tables_avx2 {
    __m256i low[TEDDY_BYTES], high[TEDDY_BYTES];
};

__attribute__((target("avx2"))) static inline __m256i twice(const uint8_t *table)
{
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table));
}

// The buckets that take the byte at each place.
__attribute__((target("avx2"))) static inline __m256i take_avx2(const char *p, __m256i low,
                                                                __m256i high)
{
    const __m256i half = _mm256_set1_epi8(15);
    __m256i text = _mm256_loadu_si256((const __m256i *)p);

    low = _mm256_shuffle_epi8(low, _mm256_and_si256(text, half));
    high = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(text, 4), half));
    return _mm256_and_si256(low, high);
}

__attribute__((target("avx2"))) static inline uint32_t block_avx2(const void *tables, const char *p)
{
    const struct tables_avx2 *t = tables;
    __m256i all = take_avx2(p, t->low[0], t->high[0]);

    for (size_t k = 1; k < TEDDY_BYTES; k++)
        all = _mm256_and_si256(all, take_avx2(p + k, t->low[k], t->high[k]));
    return ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(all, _mm256_setzero_si256()));
}

__attribute__((target("avx2"))) static bool sweep_avx2(const struct teddy *t, struct slice in,
                                                       uint32_t *ret_places)
{
    // Not by a loop, behind which they would lie in memory.
    const struct tables_avx2 tables = {
        .low = {twice(t->low[0]), twice(t->low[1]), twice(t->low[2])},
        .high = {twice(t->high[0]), twice(t->high[1]), twice(t->high[2])},
    };

    return sweep(&tables, in, ret_places, block_avx2);
}

__attribute__((target("ssse3"))) static inline __m128i take_ssse3(const char *p, const uint8_t *low,
                                                                  const uint8_t *high)
{
    const __m128i half = _mm_set1_epi8(15);
    __m128i text = _mm_loadu_si128((const __m128i *)p);
    __m128i lows = _mm_loadu_si128((const __m128i *)low);
    __m128i highs = _mm_loadu_si128((const __m128i *)high);

    lows = _mm_shuffle_epi8(lows, _mm_and_si128(text, half));
    highs = _mm_shuffle_epi8(highs, _mm_and_si128(_mm_srli_epi16(text, 4), half));
    return _mm_and_si128(lows, highs);
}

__attribute__((target("ssse3"))) static inline uint32_t half_ssse3(const struct teddy *t,
                                                                   const char *p)
{
    __m128i all = take_ssse3(p, t->low[0], t->high[0]);

    for (size_t k = 1; k < TEDDY_BYTES; k++)
        all = _mm_and_si128(all, take_ssse3(p + k, t->low[k], t->high[k]));
    return ~(uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(all, _mm_setzero_si128())) & 0xffff;
}

__attribute__((target("ssse3"))) static inline uint32_t block_ssse3(const void *tables,
                                                                    const char *p)
{
    return half_ssse3(tables, p) | half_ssse3(tables, p + BLOCK / 2) << (BLOCK / 2);
}

__attribute__((target("ssse3"))) static bool sweep_ssse3(const struct teddy *t, struct slice in,
                                                         uint32_t *ret_places)
{
    return sweep(t, in, ret_places, block_ssse3);
}

teddy_sweep *teddy_avx2(void)
{
    return __builtin_cpu_supports("avx2") ? sweep_avx2 : NULL;
}

teddy_sweep *teddy_ssse3(void)
{
    return __builtin_cpu_supports("ssse3") ? sweep_ssse3 : NULL;
}
#else
teddy_sweep *teddy_avx2(void)
{
    return NULL;
}

teddy_sweep *teddy_ssse3(void)
{
    return NULL;
}
#endif
