// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger/page.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define LENGTH_OF(a) (sizeof(a) / sizeof((a)[0]))

static struct roll_ban ban(int64_t id, const char *name)
{
    return (struct roll_ban){
        .id = id,
        .net = {.b = {[10] = 0xff, [11] = 0xff, [12] = 192, [14] = 2, [15] = (uint8_t)id},
                .len = 128},
        .jail = 7,
        .since = 1000 + (usec_t)id,
        .until = USEC_FOREVER - (usec_t)id,
        .hits = (uint32_t)id,
        .reason = BAN_FINGERPRINT,
        .name = (char *)name,
    };
}

static struct slice slice_of_page(const struct page *p)
{
    return (struct slice){(const char *)p->bytes, p->n};
}

static void assert_same(const struct roll_ban *a, const struct roll_ban *b)
{
    uint8_t one[ENTRY_SIZE], other[ENTRY_SIZE];

    entry_pack(a, one);
    entry_pack(b, other);
    assert_memory_equal(one, other, sizeof(one));
    assert_int_equal(a->id, b->id);
}

// Which bans of a page there are, and what they are named.
static const struct {
    int64_t page;
    const char *name[PAGE_BANS]; // NULL: none is there
} pages[] = {
    {0, {NULL, "", "helo:ylmf-pc", "helo:ylmf-pc", "", "", "user:admin"}},
    {0, {[39] = ""}},
    {1, {"helo:ylmf-pc"}},
    {25000, {"a", "b", "a", "", "a", "a", NULL, "a"}},
};

static void comes_back_as_it_was(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH_OF(pages); i++) {
        struct page page;
        struct page_reader reader;
        struct roll_ban got;
        page_begin(&page);
        for (int k = 0; k < PAGE_BANS; k++) {
            struct roll_ban b = ban(pages[i].page * PAGE_BANS + k, pages[i].name[k]);
            assert_int_equal(page_of(b.id), pages[i].page);
            if (b.name && !b.name[0])
                b.name = NULL;
            if (pages[i].name[k])
                page_put(&page, &b);
        }
        page_open(&reader, pages[i].page, slice_of_page(&page));
        for (int k = 0; k < PAGE_BANS; k++) {
            const struct roll_ban b = ban(pages[i].page * PAGE_BANS + k, NULL);
            if (!pages[i].name[k])
                continue;
            assert_int_equal(page_next(&reader, &got), 1);
            assert_same(&got, &b);
            assert_string_equal(reader.name, pages[i].name[k]);
        }
        assert_int_equal(page_next(&reader, &got), 0);
    }
}

// The fullest there can be.
static void has_room_for_all(void **state)
{
    char name[2][FINGERPRINT_TEXT_MAX];
    struct page *page = malloc(sizeof(*page));

    (void)state;
    assert_non_null(page);
    memset(name, 'x', sizeof(name));
    name[1][0] = 'y';
    name[0][FINGERPRINT_TEXT_MAX - 1] = name[1][FINGERPRINT_TEXT_MAX - 1] = '\0';
    page_begin(page);
    for (int k = 0; k < PAGE_BANS; k++) {
        struct roll_ban b = ban(k, name[k % 2]);
        page_put(page, &b);
    }
    assert_in_range(page->n, PAGE_SIZE_MAX - PAGE_BANS, PAGE_SIZE_MAX);
    free(page);
}

// A page of two bans, the first one with a name of four bytes, changed at a place.
static const struct {
    size_t at;
    int byte; // -1: it ends there
    int first, second;
} damages[] = {
    {0, ENTRY_SIZE, 1, 1},  // none
    {0, 0, -EUCLEAN, 0},    // entries of no size
    {0, -1, -EUCLEAN, 0},   // not even that
    {1, -1, 0, 0},          // a page of nothing
    {1, 39, 1, 1},          // another id
    {1, 40, -EUCLEAN, 0},   // of another page
    {2, 0xff, 1, -EUCLEAN}, // the name of none before: what follows is none
    {2, 0xfe, -EUCLEAN, 0}, // longer than a name may be
    {2, 5, 1, -EUCLEAN},    // longer than it is
    {2, -1, -EUCLEAN, 0},   // cut off
    {40, -1, -EUCLEAN, 0},
    {19, 0xff, -EUCLEAN, 0},          // no prefix is as long
    {3 + ENTRY_SIZE, 0, -EUCLEAN, 0}, // a NUL in the name
    {3 + ENTRY_SIZE + 1, -1, -EUCLEAN, 0},
    {3 + ENTRY_SIZE + 4, -1, 1, 0},
    {3 + ENTRY_SIZE + 5, -1, 1, -EUCLEAN},
};

static void finds_damage(void **state)
{
    const struct roll_ban bans[] = {ban(1, "name"), ban(2, NULL)};

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(damages); i++) {
        struct page page;
        struct page_reader reader;
        struct roll_ban got;
        page_begin(&page);
        page_put(&page, &bans[0]);
        page_put(&page, &bans[1]);
        if (damages[i].byte < 0)
            page.n = damages[i].at;
        else
            page.bytes[damages[i].at] = (uint8_t)damages[i].byte;
        page_open(&reader, 0, slice_of_page(&page));
        assert_int_equal(page_next(&reader, &got), damages[i].first);
        if (damages[i].first == 1)
            assert_int_equal(page_next(&reader, &got), damages[i].second);
    }
}

// Ids that none of ours has, and that would not be numbers.
static void refuses_other_pages(void **state)
{
    static const struct {
        int64_t page;
        int expected;
    } rows[] = {{0, 1},
                {PAGE_ID_MAX / PAGE_BANS, 1},
                {PAGE_ID_MAX / PAGE_BANS + 1, -EUCLEAN},
                {INT64_MAX, -EUCLEAN},
                {-1, -EUCLEAN}};
    const struct roll_ban b = ban(1, NULL);
    struct page page;
    struct page_reader reader;
    struct roll_ban got;

    (void)state;
    page_begin(&page);
    page_put(&page, &b);
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        page_open(&reader, rows[i].page, slice_of_page(&page));
        assert_int_equal(page_next(&reader, &got), rows[i].expected);
    }
}

// What a later version adds to an entry is passed over.
static void reads_larger_entries(void **state)
{
    const struct roll_ban b = ban(1, "name");
    struct page page;
    struct page_reader reader;
    struct roll_ban got;

    (void)state;
    page_begin(&page);
    page_put(&page, &b);
    memmove(page.bytes + 3 + ENTRY_SIZE + 2, page.bytes + 3 + ENTRY_SIZE, 4);
    page.bytes[0] += 2;
    page.n += 2;
    page_open(&reader, 0, slice_of_page(&page));
    assert_int_equal(page_next(&reader, &got), 1);
    assert_same(&got, &b);
    assert_string_equal(reader.name, "name");
    assert_int_equal(page_next(&reader, &got), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_as_it_was), cmocka_unit_test(has_room_for_all),
        cmocka_unit_test(finds_damage),         cmocka_unit_test(reads_larger_entries),
        cmocka_unit_test(refuses_other_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
