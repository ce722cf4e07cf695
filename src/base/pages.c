// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Sizes of slots: every second byte up to 32, then four steps for each doubling.
enum {
    SIZE_LEAST = 12,
    SIZE_FINE = 32,
    FINE_CLASSES = SIZE_FINE / 2 + 1,
    CLASSES = FINE_CLASSES + 11 * 4,
    GROUPS = PAGES_RANKS * CLASSES,
};

// A slot's number is its page's, and its place there. Records too large for two to a page have one
// of their own.
enum { PAGE = 4096, SLOT_BITS = 9, PAGES_MAX = 1 << (32 - SLOT_BITS), OVERHEAD = 64 };

_Static_assert(PAGE / SIZE_LEAST < 1 << SLOT_BITS, "every slot has its number");

// Numbered from 1; 0 is none.
struct page {
    unsigned char *mem;     // NULL: a free number
    uint32_t older, newer;  // of its rank, in the order of taking
    uint32_t before, after; // of its group, with room
    uint32_t size;          // of a slot
    uint16_t group;
    uint16_t used, touched; // slots in use, and in use ever
    uint16_t free;          // the first free one of those, from 1, each leads to the next
};

struct pages {
    struct share *share;
    struct page *page;
    uint32_t n, allocated;
    uint32_t numbers; // free ones, through `after`
    uint32_t oldest[PAGES_RANKS], newest[PAGES_RANKS];
    uint32_t open[PAGES_RANKS], all_open; // how many
    uint32_t room[GROUPS];
};

static unsigned class_of(size_t n)
{
    unsigned k;

    if (n <= SIZE_FINE)
        return (unsigned)((n > SIZE_LEAST ? n : SIZE_LEAST) + 1) / 2;
    k = 31 - (unsigned)__builtin_clz((unsigned)n - 1);
    return FINE_CLASSES + (k - 5) * 4 + (unsigned)((n - 1) >> (k - 2) & 3);
}

static size_t class_size(unsigned class)
{
    unsigned step = class - FINE_CLASSES, k = 5 + step / 4;

    if (class < FINE_CLASSES)
        return class * 2;
    return ((size_t)1 << k) + ((size_t)(step % 4 + 1) << (k - 2));
}

static unsigned slots_of(size_t size)
{
    return size > PAGE / 2 ? 1 : PAGE / (unsigned)size;
}

static size_t bytes_of(size_t size)
{
    return size > PAGE / 2 ? size : PAGE;
}

static unsigned char *slot_at(const struct page *page, unsigned slot)
{
    return page->mem + (size_t)slot * page->size;
}

struct pages *pages_new(struct share *share)
{
    struct pages *p = calloc(1, sizeof(*p));

    if (p)
        p->share = share;
    return p;
}

static void release(struct pages *p, struct page *page)
{
    free(page->mem);
    page->mem = NULL;
    share_give(p->share, bytes_of(page->size) + OVERHEAD);
}

struct pages *pages_free(struct pages *p)
{
    if (p) {
        for (uint32_t i = 1; i <= p->n; i++) {
            if (p->page[i - 1].mem)
                release(p, &p->page[i - 1]);
        }
        free(p->page);
        free(p);
    }
    return NULL;
}

static struct page *page_of(const struct pages *p, uint32_t number)
{
    return &p->page[number - 1];
}

static void join_rank(struct pages *p, uint32_t number)
{
    struct page *page = page_of(p, number);
    unsigned rank = page->group / CLASSES;

    page->older = p->newest[rank];
    page->newer = 0;
    *(page->older ? &page_of(p, page->older)->newer : &p->oldest[rank]) = number;
    p->newest[rank] = number;
    p->open[rank]++;
    p->all_open++;
}

static void leave_rank(struct pages *p, const struct page *page)
{
    unsigned rank = page->group / CLASSES;

    *(page->older ? &page_of(p, page->older)->newer : &p->oldest[rank]) = page->newer;
    *(page->newer ? &page_of(p, page->newer)->older : &p->newest[rank]) = page->older;
    p->open[rank]--;
    p->all_open--;
}

static void join_room(struct pages *p, uint32_t number)
{
    struct page *page = page_of(p, number);

    page->before = 0;
    page->after = p->room[page->group];
    if (page->after)
        page_of(p, page->after)->before = number;
    p->room[page->group] = number;
}

static void leave_room(struct pages *p, const struct page *page)
{
    *(page->before ? &page_of(p, page->before)->after : &p->room[page->group]) = page->after;
    if (page->after)
        page_of(p, page->after)->before = page->before;
}

static int new_number(struct pages *p, uint32_t *ret)
{
    if (p->numbers) {
        *ret = p->numbers;
        p->numbers = page_of(p, *ret)->after;
        return 0;
    }
    if (p->n == p->allocated) {
        uint32_t n = p->allocated ? p->allocated + p->allocated / 2 : 16;
        struct page *grown = reallocarray(p->page, n, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        p->page = grown;
        p->allocated = n;
    }
    *ret = ++p->n;
    return 0;
}

static void free_number(struct pages *p, uint32_t number)
{
    page_of(p, number)->after = p->numbers;
    p->numbers = number;
}

static int open_page(struct pages *p, unsigned group)
{
    size_t size = class_size(group % CLASSES), bytes = bytes_of(size);
    unsigned char *mem;
    uint32_t number;
    int r;

    if ((!p->numbers && p->n == PAGES_MAX - 1) || !share_take(p->share, bytes + OVERHEAD))
        return PAGES_E_FULL;
    mem = malloc(bytes);
    r = mem ? new_number(p, &number) : -ENOMEM;
    if (r < 0) {
        free(mem);
        share_give(p->share, bytes + OVERHEAD);
        return r;
    }
    *page_of(p, number) =
        (struct page){.mem = mem, .size = (uint32_t)size, .group = (uint16_t)group};
    join_rank(p, number);
    join_room(p, number);
    return 0;
}

// A free slot holds a zero, and the place of the next free one.
static unsigned pop(struct page *page)
{
    unsigned slot = page->free;

    if (slot == 0)
        return page->touched++;
    memcpy(&page->free, slot_at(page, slot - 1) + 1, sizeof(page->free));
    return slot - 1;
}

static void push(struct page *page, unsigned slot)
{
    unsigned char *at = slot_at(page, slot);

    at[0] = 0;
    memcpy(at + 1, &page->free, sizeof(page->free));
    page->free = (uint16_t)(slot + 1);
}

int pages_take(struct pages *p, unsigned rank, size_t n, uint32_t *ret_slot)
{
    unsigned group = rank * CLASSES + class_of(n);
    struct page *page;

    if (!p->room[group]) {
        int r = open_page(p, group);
        if (r != 0)
            return r;
    }
    *ret_slot = p->room[group] << SLOT_BITS;
    page = page_of(p, p->room[group]);
    *ret_slot |= pop(page);
    if (++page->used == slots_of(page->size))
        leave_room(p, page);
    return 0;
}

void pages_give(struct pages *p, uint32_t slot)
{
    uint32_t number = slot >> SLOT_BITS;
    struct page *page = page_of(p, number);

    if (page->used-- == slots_of(page->size))
        join_room(p, number);
    push(page, slot & ((1 << SLOT_BITS) - 1));
    if (page->used > 0)
        return;
    leave_room(p, page);
    leave_rank(p, page);
    release(p, page);
    free_number(p, number);
}

unsigned char *pages_at(const struct pages *p, uint32_t slot)
{
    return slot_at(page_of(p, slot >> SLOT_BITS), slot & ((1 << SLOT_BITS) - 1));
}

bool pages_suits(const struct pages *p, uint32_t slot, unsigned rank, size_t n)
{
    return page_of(p, slot >> SLOT_BITS)->group == rank * CLASSES + class_of(n);
}

// The first slot in use of a page, from this one on; 0: there is none.
static uint32_t next_in(const struct pages *p, uint32_t number, unsigned from)
{
    const struct page *page = page_of(p, number);

    for (unsigned i = from; page->mem && i < page->touched; i++) {
        if (slot_at(page, i)[0] != 0)
            return number << SLOT_BITS | i;
    }
    return 0;
}

uint32_t pages_next(const struct pages *p, uint32_t *cursor)
{
    uint32_t number = *cursor >> SLOT_BITS, slot = 0;
    unsigned from = *cursor & ((1 << SLOT_BITS) - 1);

    if (number == 0)
        number = 1;
    else
        from++;
    for (; number <= p->n && !slot; number++, from = 0)
        slot = next_in(p, number, from);
    *cursor = slot;
    return slot;
}

// Who is new keeps a little room even where all the others are worth more: nobody would ever come
// to be worth more.
static uint32_t victim(const struct pages *p)
{
    unsigned rank = 0;

    while (rank < PAGES_RANKS - 1 && p->open[rank] <= p->all_open / PAGES_KEPT)
        rank++;
    return p->oldest[rank];
}

uint32_t pages_next_victim(const struct pages *p, uint32_t *cursor)
{
    uint32_t number = *cursor >> SLOT_BITS;

    if (number > 0) {
        *cursor = next_in(p, number, (*cursor & ((1 << SLOT_BITS) - 1)) + 1);
        return *cursor;
    }
    number = victim(p);
    *cursor = number ? next_in(p, number, 0) : 0;
    return *cursor;
}
