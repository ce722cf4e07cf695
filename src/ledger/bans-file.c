// SPDX-License-Identifier: GPL-2.0-or-later
// How bans get into the file, and out of it.
#include "ledger/bans.h"
#include "ledger/damage.h"
#include "ledger/page.h"

#include <errno.h>
#include <stdlib.h>

static int write_page(struct ledger *l, int64_t number)
{
    const struct value v = value_of(number);
    struct page page;
    bool is_empty = true;

    page_begin(&page);
    for (size_t i = roll_after(&l->roll, number * PAGE_BANS - 1);
         i < l->roll.n && page_of(l->roll.ban[i].id) == number; i++) {
        if (l->roll.ban[i].is_gone)
            continue;
        page_put(&page, &l->roll.ban[i]);
        is_empty = false;
    }
    if (is_empty)
        return store_run(l, BANS_DROP, 1, &v);
    return store_run(l, BANS_PUT, 2, (struct value[]){v, value_blob(page.bytes, page.n)});
}

static int compare_ids(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

    return (a > b) - (a < b);
}

// The pages of these, each once, up to the last one that has nothing new.
static int write_pages_of(struct ledger *l, struct ids *ids)
{
    int64_t done = -1, end = l->ban_id > l->ban_saved ? page_of(l->ban_saved + 1) : INT64_MAX;
    int r = 0;

    if (ids->n > 0)
        qsort(ids->id, ids->n, sizeof(*ids->id), compare_ids);
    for (size_t i = 0; i < ids->n && r == 0 && page_of(ids->id[i]) < end; i++) {
        if (page_of(ids->id[i]) == done)
            continue;
        done = page_of(ids->id[i]);
        r = write_page(l, done);
    }
    return r;
}

// From the page that the first of the new ones shares with older ones. Between two that are there
// may be any number of ids.
static int write_new(struct ledger *l)
{
    int64_t number = page_of(l->ban_saved + 1);
    int r = write_page(l, number);

    for (size_t i; r == 0; r = write_page(l, number)) {
        i = roll_after(&l->roll, number * PAGE_BANS + PAGE_BANS - 1);
        if (i == l->roll.n)
            break;
        number = page_of(l->roll.ban[i].id);
    }
    return r;
}

int bans_write(struct ledger *l)
{
    int r = write_pages_of(l, &l->changed);

    if (r == 0)
        r = write_pages_of(l, &l->gone);
    return r < 0 || l->ban_id == l->ban_saved ? r : write_new(l);
}

void bans_written(struct ledger *l)
{
    for (size_t i = 0; i < l->changed.n; i++) {
        size_t place = roll_after(&l->roll, l->changed.id[i] - 1);
        if (place < l->roll.n && l->roll.ban[place].id == l->changed.id[i])
            l->roll.ban[place].is_changed = false;
    }
    l->changed.n = l->gone.n = 0;
    l->ban_saved = l->ban_id;
}

// Where its jail's name is lost, a ban still keeps out whom it is of.
static int take(struct ledger *l, struct roll_ban *b, struct page_reader *reader)
{
    int r = 0;

    if (!names_text(&l->names, b->jail))
        r = names_add(&l->names, LEDGER_LOST_JAIL, &b->jail);
    if (r == 0)
        r = bans_take(l, b, reader->name);
    if (r == -EUCLEAN)
        reader->is_damaged = true;
    return r == -EUCLEAN ? 0 : r;
}

// What can be read of a damaged page takes its place.
static int read_page(struct ledger *l, sqlite3_stmt *s)
{
    const struct slice bytes = {sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1)};
    int64_t number = sqlite3_column_int64(s, 0);
    struct page_reader reader;
    struct roll_ban b;
    int r = 0;

    page_open(&reader, number, bytes);
    while (r == 0 && page_next(&reader, &b) == 1)
        r = take(l, &b, &reader);
    if (r < 0 || !reader.is_damaged)
        return r;
    if (number < 0 || number > PAGE_ID_MAX / PAGE_BANS) {
        damage_set_aside(l, DAMAGE_BANS, s, BANS_DROP);
    } else {
        damage_note(l, DAMAGE_BANS, s);
        write_page(l, number);
    }
    return 0;
}

int bans_read(struct ledger *l)
{
    sqlite3_stmt *s;
    int r = store_start(l, BANS_ALL, 0, NULL, &s);

    while (r == 0 && (r = store_step(l, s)) == 1) {
        r = read_page(l, s);
        if (r < 0)
            return store_stop(s, r);
    }
    l->ban_saved = l->ban_id;
    return r;
}
