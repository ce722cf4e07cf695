// SPDX-License-Identifier: GPL-2.0-or-later
// Bans with neighbouring ids as one value of the file, about as large as what the disk is given at
// a time: a storm of bans is a few values, and one that changes costs no more than by itself. Each
// ban has a check, so that of a damaged page all others are read and no other address is banned for
// one. Only for this folder.
#pragma once

#include "base/slice.h"
#include "ledger/entry.h"
#include "ledger/ledger.h"

enum {
    PAGE_BANS = 40,
    PAGE_CHECK = 4,
    PAGE_SIZE_MAX = 1 + PAGE_BANS * (2 + ENTRY_SIZE + PAGE_CHECK + FINGERPRINT_TEXT_MAX),
};

// Ids are greater than 0, and no ban of ours comes near this one.
#define PAGE_ID_MAX (INT64_C(1) << 53)
static inline int64_t page_of(int64_t id)
{
    return id / PAGE_BANS;
}

struct page {
    size_t n;
    const char *name; // of the ban before; "" or borrowed
    uint8_t bytes[PAGE_SIZE_MAX];
};

// All the bans of one page, in the order of their ids.
void page_begin(struct page *p);
void page_put(struct page *p, const struct roll_ban *b);

struct page_reader {
    int64_t page;
    struct slice rest;
    size_t size;                     // of an entry: a later version may have larger ones
    bool has_checks;                 // those of older versions have none
    bool is_damaged;                 // something was passed over
    char name[FINGERPRINT_TEXT_MAX]; // of the latest ban, "" where it has none
};

// 1: *ret is the next ban that can be read, without its name; 0: the end. Of a page without checks
// all can be read or none.
void page_open(struct page_reader *r, int64_t page, struct slice bytes);
int page_next(struct page_reader *r, struct roll_ban *ret);
