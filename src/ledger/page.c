// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger/page.h"

#include <string.h>

// The size of an entry and whether it has a check; then for each ban its place in the page, the
// length of its name or that it has the name of the one before, the entry, the check, and the name:
// a botnet's bans have it in common.
enum { SAME_NAME = 0xff, HAS_CHECKS = 0x80 };

_Static_assert((int)FINGERPRINT_TEXT_MAX <= (int)SAME_NAME, "a name's length is a byte");
_Static_assert((int)ENTRY_SIZE < (int)HAS_CHECKS, "an entry's size is a byte");

// FNV-1a: of whose ban it is and of what. What a name is, bans nobody.
static uint32_t check_of(int64_t id, const uint8_t *entry, size_t n)
{
    uint32_t hash = 2166136261;

    for (size_t i = 0; i < 8; i++)
        hash = (hash ^ (uint8_t)(id >> 8 * i)) * 16777619;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ entry[i]) * 16777619;
    return hash;
}

void page_begin(struct page *p)
{
    p->bytes[0] = ENTRY_SIZE | HAS_CHECKS;
    p->n = 1;
    p->name = "";
}

void page_put(struct page *p, const struct roll_ban *b)
{
    const char *name = b->name ? b->name : "";
    bool is_same = name[0] && strcmp(name, p->name) == 0;
    size_t n = is_same ? 0 : strlen(name);
    uint32_t check;

    p->bytes[p->n++] = (uint8_t)(b->id % PAGE_BANS);
    p->bytes[p->n++] = is_same ? SAME_NAME : (uint8_t)n;
    entry_pack(b, p->bytes + p->n);
    check = check_of(b->id, p->bytes + p->n, ENTRY_SIZE);
    p->n += ENTRY_SIZE;
    for (size_t i = 0; i < PAGE_CHECK; i++)
        p->bytes[p->n++] = (uint8_t)(check >> 8 * i);
    memcpy(p->bytes + p->n, name, n);
    p->n += n;
    p->name = name;
}

static bool take_name(struct page_reader *r, uint8_t n)
{
    if (n == SAME_NAME)
        return true;
    if (n >= sizeof(r->name) || r->rest.n < n || (n > 0 && memchr(r->rest.p, '\0', n)))
        return false;
    if (n > 0)
        memcpy(r->name, r->rest.p, n);
    r->name[n] = '\0';
    r->rest = slice_from(r->rest, n);
    return true;
}

static bool is_right(const struct page_reader *r, int64_t id)
{
    const uint8_t *entry = (const uint8_t *)r->rest.p + 2, *at = entry + r->size;
    uint32_t check = 0;

    for (size_t i = 0; i < PAGE_CHECK; i++)
        check |= (uint32_t)at[i] << 8 * i;
    return check == check_of(id, entry, r->size);
}

// The ban at the beginning of what is left, and takes it off.
static bool take_ban(struct page_reader *r, struct roll_ban *ret)
{
    size_t n = 2 + r->size + (r->has_checks ? PAGE_CHECK : 0);
    struct roll_ban b;
    uint8_t place, name;
    int64_t id;

    if (r->rest.n < n)
        return false;
    place = (uint8_t)r->rest.p[0];
    name = (uint8_t)r->rest.p[1];
    id = r->page * PAGE_BANS + place;
    if (place >= PAGE_BANS || (r->has_checks && !is_right(r, id)) ||
        entry_unpack((struct slice){r->rest.p + 2, r->size}, &b) < 0)
        return false;
    r->rest = slice_from(r->rest, n);
    // Without checks it is not known where the next one is.
    if (!take_name(r, name)) {
        r->is_damaged = true;
        r->name[0] = '\0';
        if (!r->has_checks)
            return false;
    }
    b.id = id;
    *ret = b;
    return true;
}

static bool is_whole(struct page_reader r)
{
    struct roll_ban b;

    while (r.rest.n > 0 && take_ban(&r, &b))
        ;
    return r.rest.n == 0 && !r.is_damaged;
}

void page_open(struct page_reader *r, int64_t page, struct slice bytes)
{
    uint8_t format = bytes.n > 0 ? (uint8_t)bytes.p[0] : 0;

    *r = (struct page_reader){.page = page,
                              .rest = slice_from(bytes, 1),
                              .size = format & (HAS_CHECKS - 1),
                              .has_checks = format & HAS_CHECKS};
    if (r->size > 0 && page >= 0 && page <= PAGE_ID_MAX / PAGE_BANS &&
        (r->has_checks || is_whole(*r)))
        return;
    r->is_damaged = true;
    r->rest = (struct slice){0};
}

int page_next(struct page_reader *r, struct roll_ban *ret)
{
    while (r->rest.n > 0) {
        if (take_ban(r, ret))
            return 1;
        r->is_damaged = true;
        r->name[0] = '\0';
        // The next one is where its check says so.
        r->rest = slice_from(r->rest, 1);
    }
    return 0;
}
