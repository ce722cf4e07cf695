// SPDX-License-Identifier: GPL-2.0-or-later
// What was counted, and which of it led to a ban.
#include "ledger/store.h"

#include <errno.h>
#include <string.h>

static const char mask[] = "***";

// The line, its secret masked before it is cut, so that no cut leaves half of one.
static size_t make_text(const struct hit *hit, char ret[static EVIDENCE_TEXT_MAX])
{
    struct slice text = hit->text, parts[3] = {text};
    size_t n = 0;

    if (hit->secret.n > 0 && hit->secret.p >= text.p &&
        hit->secret.p + hit->secret.n <= text.p + text.n) {
        parts[0].n = (size_t)(hit->secret.p - text.p);
        parts[1] = slice_of(mask);
        parts[2] = slice_from(text, parts[0].n + hit->secret.n);
    }
    for (size_t i = 0; i < 3; i++) {
        size_t part = parts[i].n < EVIDENCE_TEXT_MAX - n ? parts[i].n : EVIDENCE_TEXT_MAX - n;
        if (part > 0)
            memcpy(ret + n, parts[i].p, part);
        n += part;
    }
    return n;
}

int ledger_hit(struct ledger *l, const char *jail, const struct hit *hit, const char *source)
{
    char text[EVIDENCE_TEXT_MAX];
    size_t n = make_text(hit, text);
    int64_t jail_id, source_id;
    int r = store_name(l, jail, &jail_id);

    if (r == 0)
        r = store_name(l, source, &source_id);
    if (r == 0) {
        const struct value v[] = {
            value_of(jail_id),       value_blob(hit->host.b, sizeof(hit->host.b)),
            value_of(hit->host.len), value_time(hit->time),
            value_of(hit->count),    value_of(hit->banned),
            value_of(source_id),     value_blob(hit->addr.b, sizeof(hit->addr.b)),
            value_of(hit->addr.len), value_blob(text, n),
        };
        r = store_run(l, HIT_ADD, sizeof(v) / sizeof(v[0]), v);
    }
    if (r == 0)
        l->n_hit++;
    return r;
}

static int read_hit(struct ledger *l, sqlite3_stmt *s, struct hit *ret)
{
    int r = store_addr(l, s, 0, &ret->addr);

    if (r == 0)
        r = store_addr(l, s, 2, &ret->host);
    ret->time = store_time(s, 4);
    ret->count = (uint32_t)sqlite3_column_int64(s, 5);
    ret->banned = (uint8_t)sqlite3_column_int64(s, 6);
    return r;
}

int ledger_hits(struct ledger *l, const char *jail, usec_t since, hit_fn *fn, void *user)
{
    const struct value after = value_time(since);
    int64_t first = 0, jail_id;
    sqlite3_stmt *s;
    int r = store_name(l, jail, &jail_id);

    if (r == 0)
        r = store_number(l, HIT_FIRST, 1, &after, &first);
    if (r == 0)
        r = store_start(l, HIT_LIST, 3, (struct value[]){value_of(first), value_of(jail_id), after},
                        &s);
    while (r == 0 && (r = store_step(l, s)) == 1) {
        const char *source = (const char *)sqlite3_column_text(s, 7);
        struct hit hit = {0};
        r = read_hit(l, s, &hit);
        if (r == 0)
            r = fn(user, &hit, source ? source : "");
        if (r < 0)
            return store_stop(s, r);
        r = 0;
    }
    return r;
}

static int read_evidence(struct ledger *l, sqlite3_stmt *s, evidence_fn *fn, void *user)
{
    struct evidence e = {
        .jail = (const char *)sqlite3_column_text(s, 0),
        .time = store_time(s, 3),
        .count = (uint32_t)sqlite3_column_int64(s, 4),
        .source = (const char *)sqlite3_column_text(s, 5),
        .text = {sqlite3_column_blob(s, 6), (size_t)sqlite3_column_bytes(s, 6)},
    };
    int r = store_addr(l, s, 1, &e.addr);

    if (r == 0 && (!e.jail || !e.source))
        r = -EUCLEAN;
    return r == 0 ? fn(user, &e) : r;
}

int ledger_evidence(struct ledger *l, int64_t ban_id, const struct addr *net, size_t most,
                    evidence_fn *fn, void *user)
{
    const struct addr from = addr_host(net), to = store_last(&from);
    const struct value limit = value_of((int64_t)most);
    sqlite3_stmt *s;
    int r;

    if (ban_id)
        r = store_start(l, EVIDENCE_OF_BAN, 2, (struct value[]){limit, value_of(ban_id)}, &s);
    else
        r = store_start(l, EVIDENCE_LOOSE, 4,
                        (struct value[]){limit, value_blob(from.b, sizeof(from.b)),
                                         value_blob(to.b, sizeof(to.b)), value_of(from.len)},
                        &s);
    while (r == 0 && (r = store_step(l, s)) == 1) {
        r = read_evidence(l, s, fn, user);
        if (r < 0)
            return store_stop(s, r);
        r = 0;
    }
    return r;
}
