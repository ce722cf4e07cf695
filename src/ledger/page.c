// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger/page.h"

#include <errno.h>
#include <string.h>

// The size of an entry; then for each ban its place in the page, the length of its name or that it
// has the name of the one before, the entry, and the name: a botnet's bans have it in common.
enum { SAME_NAME = 0xff };

_Static_assert((int)FINGERPRINT_TEXT_MAX <= (int)SAME_NAME, "a name's length is a byte");
_Static_assert(ENTRY_SIZE <= UINT8_MAX, "an entry's size is a byte");

void page_begin(struct page *p)
{
    p->bytes[0] = ENTRY_SIZE;
    p->n = 1;
    p->name = "";
}

void page_put(struct page *p, const struct roll_ban *b)
{
    const char *name = b->name ? b->name : "";
    bool is_same = name[0] && strcmp(name, p->name) == 0;
    size_t n = is_same ? 0 : strlen(name);

    p->bytes[p->n++] = (uint8_t)(b->id % PAGE_BANS);
    p->bytes[p->n++] = is_same ? SAME_NAME : (uint8_t)n;
    entry_pack(b, p->bytes + p->n);
    p->n += ENTRY_SIZE;
    memcpy(p->bytes + p->n, name, n);
    p->n += n;
    p->name = name;
}

void page_open(struct page_reader *r, int64_t page, struct slice bytes)
{
    *r = (struct page_reader){.page = page, .rest = slice_from(bytes, 1)};
    // What has no size is cut off where its first ban would be.
    r->size = bytes.n > 0 ? (uint8_t)bytes.p[0] : 0;
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

int page_next(struct page_reader *r, struct roll_ban *ret)
{
    struct roll_ban b;
    uint8_t place, name;

    if (r->rest.n == 0)
        return r->size > 0 ? 0 : -EUCLEAN;
    if (r->rest.n < 2 + r->size)
        return -EUCLEAN;
    place = (uint8_t)r->rest.p[0];
    name = (uint8_t)r->rest.p[1];
    if (r->page < 0 || r->page > PAGE_ID_MAX / PAGE_BANS)
        return -EUCLEAN;
    if (place >= PAGE_BANS || entry_unpack((struct slice){r->rest.p + 2, r->size}, &b) < 0)
        return -EUCLEAN;
    r->rest = slice_from(r->rest, 2 + r->size);
    if (!take_name(r, name))
        return -EUCLEAN;
    b.id = r->page * PAGE_BANS + place;
    *ret = b;
    return 1;
}
