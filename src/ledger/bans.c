// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger/store.h"

#include <errno.h>
#include <stdbool.h>

enum { PRUNE_ROWS = 2000 }; // some milliseconds

static int claim_evidence(struct ledger *l, const struct ban *ban, int64_t id, int64_t jail)
{
    const struct addr last = store_last(&ban->net);
    const struct value v[] = {
        value_of(id),
        value_of(jail),
        value_blob(ban->net.b, sizeof(ban->net.b)),
        value_blob(last.b, sizeof(last.b)),
        value_of(ban->net.len),
        value_time(usec_sub(ban->since, ban->findtime)),
        value_time(usec_add(ban->since, ban->findtime)),
        value_of((int64_t)l->evidence),
    };

    return store_run(l, BAN_CLAIM, sizeof(v) / sizeof(v[0]), v);
}

static int add_ban(struct ledger *l, const struct ban *ban, int64_t jail, int64_t *ret_id)
{
    const struct value v[] = {
        value_of(jail),
        value_blob(ban->net.b, sizeof(ban->net.b)),
        value_of(ban->net.len),
        value_time(ban->since),
        value_time(ban->until),
        value_of(ban->hits),
        value_of(ban->hosts),
        value_of(ban->need_hits),
        value_of(ban->need_hosts),
        value_time(ban->findtime),
        value_of(ban->reason),
    };
    int r = store_run(l, BAN_ADD, sizeof(v) / sizeof(v[0]), v);

    if (r == 0) {
        l->n_ban++;
        *ret_id = sqlite3_last_insert_rowid(l->db);
    }
    return r;
}

static int extend_ban(struct ledger *l, int64_t id, usec_t *until)
{
    sqlite3_stmt *s;
    int r = store_start(l, BAN_EXTEND, 2, (struct value[]){value_of(id), value_time(*until)}, &s);

    while (r == 0 && (r = store_step(l, s)) == 1) {
        *until = store_time(s, 0);
        r = 0;
    }
    return r;
}

int ledger_ban(struct ledger *l, const struct ban *ban, int64_t *ret_id, usec_t *ret_until)
{
    int64_t jail, id = 0;
    usec_t until = ban->until;
    bool extended = false;
    int r = store_name(l, ban->jail, &jail);

    if (r == 0)
        r = store_number(l, BAN_FIND, 4,
                         (struct value[]){value_blob(ban->net.b, sizeof(ban->net.b)),
                                          value_of(ban->net.len), value_of(jail),
                                          value_time(ban->since)},
                         &id);
    extended = r == 0;
    if (r == 0)
        r = extend_ban(l, id, &until);
    else if (r == -ENOENT)
        r = add_ban(l, ban, jail, &id);
    if (r == 0)
        r = claim_evidence(l, ban, id, jail);
    if (r == 0 && ret_id)
        *ret_id = id;
    if (r == 0 && ret_until)
        *ret_until = until;
    return r == 0 && extended ? LEDGER_E_EXTENDED : r;
}

static int read_ban(struct ledger *l, sqlite3_stmt *s, struct ban *ret)
{
    usec_t lifted = store_time(s, 12);

    *ret = (struct ban){
        .id = sqlite3_column_int64(s, 0),
        .jail = (const char *)sqlite3_column_text(s, 1),
        .since = store_time(s, 4),
        .until = store_time(s, 5),
        .hits = (uint32_t)sqlite3_column_int64(s, 6),
        .hosts = (uint32_t)sqlite3_column_int64(s, 7),
        .need_hits = (uint32_t)sqlite3_column_int64(s, 8),
        .need_hosts = (uint32_t)sqlite3_column_int64(s, 9),
        .findtime = store_time(s, 10),
        .reason = (unsigned)sqlite3_column_int(s, 11),
        .lifted = lifted == USEC_FOREVER ? 0 : lifted,
    };
    if (!ret->jail || ret->reason > BAN_FINGERPRINT)
        return -EUCLEAN;
    return store_addr(l, s, 2, &ret->net);
}

static int walk_bans(struct ledger *l, sqlite3_stmt *s, ban_fn *fn, void *user)
{
    int r;

    while ((r = store_step(l, s)) == 1) {
        struct ban ban;
        r = read_ban(l, s, &ban);
        if (r == 0)
            r = fn(user, &ban);
        if (r < 0)
            return store_stop(s, r);
    }
    return r;
}

static int forgive(struct ledger *l, int64_t jail, const struct addr *net)
{
    const struct addr last = store_last(net);

    return store_run(l, HIT_FORGIVE, 4,
                     (struct value[]){value_of(jail), value_blob(net->b, sizeof(net->b)),
                                      value_blob(last.b, sizeof(last.b)), value_of(net->len)});
}

// A jail by its name; none is SQL's NULL.
static int name_or_null(struct ledger *l, const char *jail, struct value *ret)
{
    int64_t id;
    int r;

    *ret = value_text(NULL);
    if (!jail)
        return 0;
    r = store_name(l, jail, &id);
    if (r == 0)
        *ret = value_of(id);
    return r;
}

int ledger_forgive(struct ledger *l, const char *jail, const struct addr *net)
{
    int64_t id;
    int r = store_name(l, jail, &id);

    return r < 0 ? r : forgive(l, id, net);
}

int ledger_unban(struct ledger *l, const char *jail, const struct addr *net, usec_t now, ban_fn *fn,
                 void *user)
{
    struct value jail_id;
    sqlite3_stmt *s;
    int r = name_or_null(l, jail, &jail_id);

    if (r == 0)
        r = store_start(l, BAN_LIFT, 4,
                        (struct value[]){value_time(now), value_blob(net->b, sizeof(net->b)),
                                         value_of(net->len), jail_id},
                        &s);
    while (r == 0 && (r = store_step(l, s)) == 1) {
        struct ban ban;
        r = read_ban(l, s, &ban);
        if (r == 0)
            r = forgive(l, sqlite3_column_int64(s, 13), net);
        if (r == 0)
            r = fn(user, &ban);
        if (r < 0)
            return store_stop(s, r);
        r = 0;
    }
    return r;
}

int ledger_bans(struct ledger *l, const char *jail, usec_t now, int64_t after, ban_fn *fn,
                void *user)
{
    struct value jail_id;
    sqlite3_stmt *s;
    int r = name_or_null(l, jail, &jail_id);

    if (r == 0)
        r = store_start(l, BAN_LIST, 3, (struct value[]){value_of(after), value_time(now), jail_id},
                        &s);
    return r < 0 ? r : walk_bans(l, s, fn, user);
}

int ledger_bans_about(struct ledger *l, const struct addr *net, size_t most, ban_fn *fn, void *user)
{
    const struct addr last = store_last(net);
    sqlite3_stmt *s;
    int r = store_start(l, BAN_ABOUT, 4,
                        (struct value[]){value_blob(net->b, sizeof(net->b)),
                                         value_blob(last.b, sizeof(last.b)), value_of(net->len),
                                         value_of((int64_t)most)},
                        &s);

    return r < 0 ? r : walk_bans(l, s, fn, user);
}

int ledger_ended(struct ledger *l, usec_t after, int64_t after_id, usec_t now, ban_fn *fn,
                 void *user)
{
    sqlite3_stmt *s;
    int r =
        store_start(l, BAN_ENDED, 3,
                    (struct value[]){value_time(after), value_of(after_id), value_time(now)}, &s);

    return r < 0 ? r : walk_bans(l, s, fn, user);
}

int ledger_next_end(struct ledger *l, usec_t now, usec_t *ret)
{
    int64_t end;
    int r = store_number(l, BAN_NEXT_END, 1, (struct value[]){value_time(now)}, &end);

    if (r < 0 && r != -ENOENT)
        return r;
    *ret = r == -ENOENT || end == INT64_MAX ? USEC_FOREVER : (usec_t)end;
    return 0;
}

int ledger_prior(struct ledger *l, const char *jail, const struct addr *net, usec_t now,
                 uint32_t *ret)
{
    int64_t jail_id = 0, n;
    int r = jail ? store_name(l, jail, &jail_id) : 0;

    if (r == 0)
        r = store_number(l, BAN_PRIOR, 4,
                         (struct value[]){value_blob(net->b, sizeof(net->b)), value_of(net->len),
                                          jail ? value_of(jail_id) : value_text(NULL),
                                          value_time(now)},
                         &n);
    if (r == 0)
        *ret = (uint32_t)n;
    return r;
}

static int delete_rows(struct ledger *l, enum statement which, size_t n, const struct value *v,
                       uint64_t *rows, uint64_t *total)
{
    int r = store_run(l, which, n, v);

    *rows = r == 0 ? (uint64_t)sqlite3_changes64(l->db) : 0;
    *total -= *rows < *total ? *rows : *total;
    return r;
}

static uint64_t excess(uint64_t n, uint64_t most)
{
    n = n > most ? n - most : 0;
    return n < PRUNE_ROWS ? n : PRUNE_ROWS;
}

// Evidence only where there are not enough others. *ret_more: there are still too many.
static int drop_excess_hits(struct ledger *l, bool *ret_more)
{
    uint64_t left = excess(l->n_hit, l->hits_max), rows = 0, dropped = 0;
    int r = 0;

    for (int evidence = 0; evidence <= 1 && left > 0 && r == 0; evidence++) {
        r = delete_rows(l, HIT_OVERFLOW, 2,
                        (struct value[]){value_of(evidence), value_of((int64_t)left)}, &rows,
                        &l->n_hit);
        left -= rows;
        dropped += rows;
    }
    *ret_more = dropped > 0 && l->n_hit > l->hits_max;
    return r;
}

static int drop_excess_bans(struct ledger *l, bool *ret_more)
{
    uint64_t n = excess(l->n_ban, l->bans_max), rows = 0;
    int r = 0;

    if (n > 0)
        r = delete_rows(l, BAN_OVERFLOW, 1, (struct value[]){value_of((int64_t)n)}, &rows,
                        &l->n_ban);
    *ret_more = rows > 0 && l->n_ban > l->bans_max;
    return r;
}

bool ledger_is_over(const struct ledger *l)
{
    return l->n_hit > l->hits_max || l->n_ban > l->bans_max;
}

int ledger_prune(struct ledger *l, usec_t hits_before, usec_t bans_before)
{
    const struct value batch = value_of(PRUNE_ROWS);
    uint64_t bans = 0, hits = 0;
    bool more_bans = false, more_hits = false;
    int r = delete_rows(l, BAN_PRUNE, 2, (struct value[]){value_time(bans_before), batch}, &bans,
                        &l->n_ban);

    if (r == 0)
        r = drop_excess_bans(l, &more_bans);
    if (r == 0)
        r = delete_rows(l, HIT_PRUNE, 2, (struct value[]){value_time(hits_before), batch}, &hits,
                        &l->n_hit);
    if (r == 0)
        r = drop_excess_hits(l, &more_hits);
    return r < 0 ? r : bans == PRUNE_ROWS || hits == PRUNE_ROWS || more_bans || more_hits;
}
