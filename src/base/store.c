// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/store.h"

#include "base/hash.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#ifdef __SSE2__
#include <immintrin.h>
#endif

enum { SLOTS = 12, LINE = 64 };

// One cache line of the index. A key lies in its own bucket, or in the next ones while those are
// full; `passed` counts the keys that went on from here, so that a search ends where none did.
// A tag is some bits of the hash, so that few records are looked at in vain; 0: free.
struct bucket {
    uint8_t tag[SLOTS];
    uint32_t passed;
    uint32_t at[SLOTS];
};

_Static_assert(sizeof(struct bucket) == LINE, "a bucket is one cache line");

struct store {
    struct share *share;
    struct pages *pages;
    uint64_t seed;
    void *index;
    struct bucket *bucket; // in it, on whole cache lines
    uint32_t n_buckets;
    uint32_t count;
    store_lost_fn *lost;
    void *user;
    bool is_full;
};

uint64_t store_hash(const struct store *s, const unsigned char *key)
{
    return hash_bytes(key, store_key_size(key), s->seed);
}

static uint8_t tag_of(uint64_t hash)
{
    return (uint8_t)(1 + (hash & 0xff) % 255);
}

static struct bucket *home_of(const struct store *s, uint64_t hash)
{
    return &s->bucket[(hash >> 32) * s->n_buckets >> 32];
}

static struct bucket *after(const struct store *s, struct bucket *b)
{
    return ++b == s->bucket + s->n_buckets ? s->bucket : b;
}

struct store *store_new(struct share *share, uint64_t seed, store_lost_fn *lost, void *user)
{
    struct store *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    *s = (struct store){.share = share, .seed = seed, .lost = lost, .user = user};
    s->pages = pages_new(share);
    return s->pages ? s : store_free(s);
}

static size_t index_bytes(uint32_t n)
{
    return n > 0 ? n * sizeof(struct bucket) + LINE : 0;
}

struct store *store_free(struct store *s)
{
    if (s) {
        pages_free(s->pages);
        share_give(s->share, index_bytes(s->n_buckets));
        free(s->index);
        free(s);
    }
    return NULL;
}

static bool is_at(const struct store *s, uint32_t at, const unsigned char *key)
{
    return memcmp(pages_at(s->pages, at), key, store_key_size(key)) == 0;
}

// The slots with a tag, as bits.
#ifdef __SSE2__
static unsigned slots_with(const struct bucket *b, uint8_t tag)
{
    __m128i tags = _mm_loadu_si128((const __m128i *)(const void *)b);
    __m128i same = _mm_cmpeq_epi8(tags, _mm_set1_epi8((char)tag));

    return (unsigned)_mm_movemask_epi8(same) & ((1U << SLOTS) - 1);
}
#else
// Eight tags at a time: those that are zero after the exclusive or set the highest bit of their
// byte (and one that follows may, without need).
static unsigned slots_with(const struct bucket *b, uint8_t tag)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), gather = UINT64_C(0x0102040810204080);
    unsigned slots = 0;

    for (unsigned i = 0; i < SLOTS; i += 8) {
        uint64_t tags = 0;
        memcpy(&tags, b->tag + i, SLOTS - i < 8 ? SLOTS - i : 8);
        tags = le64toh(tags) ^ ones * tag;
        tags = (tags - ones) & ~tags & ones << 7;
        slots |= (unsigned)((tags >> 7) * gather >> 56) << i;
    }
    return slots & ((1U << SLOTS) - 1);
}
#endif

static int find_in(const struct store *s, const struct bucket *b, uint8_t tag,
                   const unsigned char *key, uint32_t at)
{
    for (unsigned slots = slots_with(b, tag); slots; slots &= slots - 1) {
        unsigned i = (unsigned)__builtin_ctz(slots);
        if (b->tag[i] == tag && (at ? b->at[i] == at : is_at(s, b->at[i], key)))
            return (int)i;
    }
    return -1;
}

// Where the key's record is (at: 0), or that slot of the pages.
static bool find(const struct store *s, const unsigned char *key, uint64_t hash, uint32_t at,
                 struct store_spot *ret)
{
    struct bucket *b = s->n_buckets ? home_of(s, hash) : NULL;
    uint32_t left = s->n_buckets;

    for (; left > 0; left = b->passed ? left - 1 : 0, b = after(s, b)) {
        int slot = find_in(s, b, tag_of(hash), key, at);
        if (slot < 0)
            continue;
        *ret = (struct store_spot){hash, b, (unsigned)slot};
        return true;
    }
    return false;
}

static void insert(struct store *s, uint64_t hash, uint32_t at)
{
    struct bucket *b = home_of(s, hash);
    const uint8_t *free;

    while (!(free = memchr(b->tag, 0, SLOTS))) {
        b->passed++;
        b = after(s, b);
    }
    b->at[free - b->tag] = at;
    b->tag[free - b->tag] = tag_of(hash);
}

static void erase(struct store *s, const struct store_spot *spot)
{
    spot->bucket->tag[spot->slot] = 0;
    for (struct bucket *b = home_of(s, spot->hash); b != spot->bucket; b = after(s, b))
        b->passed--;
    s->count--;
}

static void drop(struct store *s, const struct store_spot *spot)
{
    uint32_t at = spot->bucket->at[spot->slot];

    erase(s, spot);
    pages_give(s->pages, at);
}

// A page's worth of records makes room. False: there is none.
static bool evict(struct store *s)
{
    uint32_t cursor = 0, at;
    bool found = false;

    while ((at = pages_next_victim(s->pages, &cursor))) {
        const unsigned char *record = pages_at(s->pages, at);
        uint64_t hash = store_hash(s, record);
        struct store_spot spot;
        s->lost(s->user, record);
        if (find(s, record, hash, at, &spot))
            drop(s, &spot);
        s->is_full = found = true;
    }
    return found;
}

// All records of the pages, a few at a time, so that their buckets are on the way from memory
// before the first is needed.
static void insert_all(struct store *s)
{
    enum { AHEAD = 16 };
    struct {
        uint64_t hash;
        uint32_t at;
    } next[AHEAD];
    uint32_t cursor = 0, at;
    size_t n;

    do {
        for (n = 0; n < AHEAD && (at = pages_next(s->pages, &cursor)); n++) {
            next[n].hash = store_hash(s, pages_at(s->pages, at));
            next[n].at = at;
            __builtin_prefetch(home_of(s, next[n].hash), 1);
        }
        for (size_t i = 0; i < n; i++)
            insert(s, next[i].hash, next[i].at);
    } while (n == AHEAD);
}

// The pages know all records, so the index is not copied but made anew in its place.
static int resize(struct store *s, uint32_t n)
{
    size_t old = index_bytes(s->n_buckets), new = index_bytes(n);
    void *index;

    if (new > old && !share_take(s->share, new - old))
        return PAGES_E_FULL;
    index = realloc(s->index, new);
    if (!index) {
        share_give(s->share, new > old ? new - old : 0);
        return -ENOMEM;
    }
    share_give(s->share, new < old ? old - new : 0);
    s->index = index;
    s->bucket = (struct bucket *)(((uintptr_t)index + LINE - 1) & ~(uintptr_t)(LINE - 1));
    s->n_buckets = n;
    memset(s->bucket, 0, n * sizeof(*s->bucket));
    insert_all(s);
    return 0;
}

// At most seven eighths of the index are in use.
static bool has_place(const struct store *s)
{
    return s->count < (uint64_t)s->n_buckets * SLOTS / 8 * 7;
}

// Half as large again, or a little where there is no room for that.
static int grow(struct store *s)
{
    uint32_t n = s->n_buckets;
    int r;

    if (n >= UINT32_MAX / 2)
        return PAGES_E_FULL;
    r = resize(s, n + n / 2 + 1);
    return r == PAGES_E_FULL && n > 0 ? resize(s, n + n / 16 + 1) : r;
}

// Room for one key more in the index.
static int reserve(struct store *s)
{
    int r = has_place(s) ? 0 : grow(s);

    if (r == PAGES_E_FULL && evict(s))
        return 0;
    return r == PAGES_E_FULL ? -ENOMEM : r;
}

static int take(struct store *s, size_t n, unsigned rank, uint32_t *ret_at)
{
    int r;

    do
        r = pages_take(s->pages, rank, n, ret_at);
    while (r == PAGES_E_FULL && evict(s));
    return r == PAGES_E_FULL ? -ENOMEM : r;
}

const unsigned char *store_get(const struct store *s, const unsigned char *key, uint64_t hash)
{
    struct store_spot spot;

    return store_find(s, key, hash, &spot);
}

unsigned char *store_find(const struct store *s, const unsigned char *key, uint64_t hash,
                          struct store_spot *ret)
{
    return find(s, key, hash, 0, ret) ? pages_at(s->pages, ret->bucket->at[ret->slot]) : NULL;
}

// Where others must make room, the record is kept elsewhere meanwhile, and is none of them. They do
// not move others within the index.
static int move_into_full(struct store *s, const struct store_spot *spot, size_t before,
                          size_t after, unsigned rank)
{
    uint32_t *at = &spot->bucket->at[spot->slot];
    size_t n = before < after ? before : after;
    unsigned char *kept = malloc(n);
    int r = -ENOMEM;

    if (kept)
        memcpy(kept, pages_at(s->pages, *at), n);
    pages_give(s->pages, *at);
    *at = 0;
    if (kept)
        r = take(s, after, rank, at);
    if (r == 0)
        memcpy(pages_at(s->pages, *at), kept, n);
    else
        erase(s, spot);
    free(kept);
    return r;
}

static int move(struct store *s, const struct store_spot *spot, size_t before, size_t after,
                unsigned rank)
{
    uint32_t *at = &spot->bucket->at[spot->slot], to;
    int r = pages_take(s->pages, rank, after, &to);

    if (r != 0)
        return move_into_full(s, spot, before, after, rank);
    memcpy(pages_at(s->pages, to), pages_at(s->pages, *at), before < after ? before : after);
    pages_give(s->pages, *at);
    *at = to;
    return 0;
}

int store_fit(struct store *s, const struct store_spot *spot, size_t before, size_t after,
              unsigned rank, unsigned char **ret_record)
{
    uint32_t *at = &spot->bucket->at[spot->slot];
    int r = pages_suits(s->pages, *at, rank, after) ? 0 : move(s, spot, before, after, rank);

    if (r == 0)
        *ret_record = pages_at(s->pages, *at);
    return r;
}

static int add(struct store *s, uint64_t hash, size_t n, unsigned rank, uint32_t *ret_at)
{
    int r = reserve(s);

    if (r == 0)
        r = take(s, n, rank, ret_at);
    if (r < 0)
        return r;
    insert(s, hash, *ret_at);
    s->count++;
    return 0;
}

int store_put(struct store *s, const unsigned char *record, uint64_t hash, size_t n, unsigned rank)
{
    struct store_spot spot;
    unsigned char *to;
    uint32_t at;
    int r;

    if (find(s, record, hash, 0, &spot)) {
        r = store_fit(s, &spot, 1, n, rank, &to);
    } else {
        r = add(s, hash, n, rank, &at);
        to = r == 0 ? pages_at(s->pages, at) : NULL;
    }
    if (r == 0)
        memcpy(to, record, n);
    return r;
}

bool store_remove(struct store *s, const unsigned char *key)
{
    uint64_t hash = store_hash(s, key);
    struct store_spot spot;
    bool found = find(s, key, hash, 0, &spot);

    if (found)
        drop(s, &spot);
    return found;
}

void store_expect(const struct store *s, uint64_t hash)
{
    if (s->n_buckets)
        __builtin_prefetch(home_of(s, hash));
}

void store_expect_record(const struct store *s, uint64_t hash)
{
    const struct bucket *b = s->n_buckets ? home_of(s, hash) : NULL;
    unsigned slots = b ? slots_with(b, tag_of(hash)) : 0;

    if (slots && b->tag[__builtin_ctz(slots)])
        __builtin_prefetch(pages_at(s->pages, b->at[__builtin_ctz(slots)]));
}

const unsigned char *store_next(const struct store *s, uint32_t *cursor)
{
    uint32_t at = pages_next(s->pages, cursor);

    return at ? pages_at(s->pages, at) : NULL;
}

void store_trim(struct store *s)
{
    uint32_t wanted = s->count / (SLOTS / 2) + 1;

    s->is_full = false;
    // Where there is no memory to shrink, it stays as large as it is.
    if (s->n_buckets / 3 > wanted)
        resize(s, wanted);
}

size_t store_count(const struct store *s)
{
    return s->count;
}

bool store_is_full(const struct store *s)
{
    return s->is_full;
}
