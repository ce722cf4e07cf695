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
enum { FIRST = 1, SECOND = 3 + ENTRY_SIZE + PAGE_CHECK + 4 };

static const struct {
    size_t at;
    int byte; // -1: it ends there
    const char *read;
    bool is_damaged;
} damages[] = {
    {0, ENTRY_SIZE | 0x80, "1:name 2:", false}, // none
    {0, 0, "", true},                           // entries of no size
    {0, 0x80, "", true},                        // likewise
    {0, -1, "", true},                          // not even that
    {0, ENTRY_SIZE, "", true},                  // without checks it would be another page
    {0, (ENTRY_SIZE - 1) | 0x80, "", true},
    {FIRST, -1, "", false},           // a page of nothing
    {FIRST, 39, "2:", true},          // another id
    {FIRST, 40, "2:", true},          // of another page
    {FIRST + 1, 0xff, "1: 2:", true}, // the name of none before, and bytes that are nobody's
    {FIRST + 1, 0xfe, "1: 2:", true}, // longer than a name may be
    {FIRST + 1, 5, "1:name\2", true}, // longer than it is
    {FIRST + 1, -1, "", true},        // cut off
    {40, -1, "", true},
    {10, 1, "2:", true},    // another address
    {19, 0xff, "2:", true}, // no prefix is as long
    {FIRST + 2 + ENTRY_SIZE, 1, "2:", true},
    {SECOND - 4, 0, "1: 2:", true}, // a NUL in the name
    {SECOND - 3, -1, "1:", true},
    {SECOND, -1, "1:name", false},
    {SECOND + 1, -1, "1:name", true},
    {SECOND + 1, 5, "1:name 2:", true},
};

static void read_all(struct slice bytes, char *ret, size_t n, bool *ret_damaged)
{
    struct page_reader reader;
    struct roll_ban got;

    ret[0] = '\0';
    page_open(&reader, 0, bytes);
    while (page_next(&reader, &got) == 1)
        snprintf(ret + strlen(ret), n - strlen(ret), "%s%d:%s", ret[0] ? " " : "", (int)got.id,
                 reader.name);
    *ret_damaged = reader.is_damaged;
}

static void finds_damage(void **state)
{
    const struct roll_ban bans[] = {ban(1, "name"), ban(2, NULL)};

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(damages); i++) {
        struct page page;
        char read[64];
        bool is_damaged;
        page_begin(&page);
        page_put(&page, &bans[0]);
        page_put(&page, &bans[1]);
        if (damages[i].byte < 0)
            page.n = damages[i].at;
        else
            page.bytes[damages[i].at] = (uint8_t)damages[i].byte;
        read_all(slice_of_page(&page), read, sizeof(read), &is_damaged);
        assert_string_equal(read, damages[i].read);
        assert_int_equal(is_damaged, damages[i].is_damaged);
    }
}

// As pages were before they had checks: of these all is read, or nothing. What another version adds
// to an entry is passed over.
static void reads_pages_without_checks(void **state)
{
    const struct roll_ban bans[] = {ban(1, "name"), ban(2, NULL)};

    (void)state;
    for (size_t more = 0; more < 3; more++) {
        uint8_t bytes[PAGE_SIZE_MAX] = {(uint8_t)(ENTRY_SIZE + more)};
        size_t n = 1;
        char read[64];
        bool is_damaged;
        for (size_t i = 0; i < LENGTH_OF(bans); i++) {
            bytes[n++] = (uint8_t)bans[i].id;
            bytes[n++] = i == 0 ? 4 : 0;
            entry_pack(&bans[i], bytes + n);
            n += ENTRY_SIZE + more;
            memcpy(bytes + n, "name", i == 0 ? 4 : 0);
            n += i == 0 ? 4 : 0;
        }
        read_all((struct slice){(char *)bytes, n}, read, sizeof(read), &is_damaged);
        assert_string_equal(read, "1:name 2:");
        assert_false(is_damaged);
        read_all((struct slice){(char *)bytes, n - 1}, read, sizeof(read), &is_damaged);
        assert_string_equal(read, "");
        assert_true(is_damaged);
    }
}

// Ids that none of ours has, and that would not be numbers.
static void refuses_other_pages(void **state)
{
    static const struct {
        int64_t page;
        int expected;
    } rows[] = {
        {0, 1}, {PAGE_ID_MAX / PAGE_BANS, 1}, {PAGE_ID_MAX / PAGE_BANS + 1, 0}, {INT64_MAX, 0},
        {1, 0}, // where the check is of another id
        {-1, 0}};
    struct roll_ban b = ban(1, NULL);
    struct page page;
    struct page_reader reader;
    struct roll_ban got;

    (void)state;
    for (size_t i = 0; i < LENGTH_OF(rows); i++) {
        b.id = rows[i].expected ? rows[i].page * PAGE_BANS + 1 : 1;
        page_begin(&page);
        page_put(&page, &b);
        page_open(&reader, rows[i].page, slice_of_page(&page));
        assert_int_equal(page_next(&reader, &got), rows[i].expected);
        assert_int_equal(reader.is_damaged, !rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_back_as_it_was), cmocka_unit_test(has_room_for_all),
        cmocka_unit_test(finds_damage),         cmocka_unit_test(reads_pages_without_checks),
        cmocka_unit_test(refuses_other_pages),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
