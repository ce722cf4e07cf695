// SPDX-License-Identifier: GPL-2.0-or-later
// Marks of wrong passwords (engine/repeats.h).
#include "ledger/damage.h"

#include <errno.h>

int ledger_repeat(struct ledger *l, const char *jail, const struct repeats_host *h)
{
    uint32_t jail_id;
    int r = names_add(&l->names, jail, &jail_id);

    if (r < 0)
        return r;
    return store_run(l, REPEAT_PUT, 6,
                     (struct value[]){value_of(jail_id), value_of(h->slot),
                                      value_blob(h->host.b, sizeof(h->host.b)),
                                      value_of(h->host.len), value_time(h->last),
                                      value_blob(h->at, sizeof(h->at))});
}

static int read_repeat(struct ledger *l, sqlite3_stmt *s, struct repeats_host *ret)
{
    struct repeats_host h = {.last = store_time(s, 2)};
    int r = store_addr(l, s, 0, &h.host);

    if (r < 0)
        return r;
    if (sqlite3_column_bytes(s, 3) != sizeof(h.at))
        return -EUCLEAN;
    memcpy(h.at, sqlite3_column_blob(s, 3), sizeof(h.at));
    *ret = h;
    return 0;
}

int ledger_repeats(struct ledger *l, const char *jail, usec_t since, repeats_fn *fn, void *user)
{
    uint32_t jail_id;
    sqlite3_stmt *s;
    int r = names_add(&l->names, jail, &jail_id);
    const struct value v[] = {value_of(r < 0 ? 0 : jail_id), value_time(since)};

    if (r == 0)
        r = store_start(l, REPEAT_LIST, 2, v, &s);
    while (r == 0 && (r = store_step(l, s)) == 1) {
        struct repeats_host h;
        r = read_repeat(l, s, &h);
        // They are all dropped below.
        if (r == -EUCLEAN)
            damage_note(l, DAMAGE_REPEATS, s);
        else
            r = fn(user, &h);
        if (r < 0 && r != -EUCLEAN)
            return store_stop(s, r);
        r = 0;
    }
    // Where the disk is full, what stays is written over or met again.
    if (r == 0)
        store_run(l, REPEAT_DROP, 1, v);
    return r;
}
