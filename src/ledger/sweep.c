// SPDX-License-Identifier: GPL-2.0-or-later
// What nobody needs any more goes, a few segments at a time: of a segment whose hits count no
// longer only the evidence stays, and small ones that are left are joined.
#include "ledger/bans.h"
#include "ledger/evidence.h"
#include "ledger/hits.h"

#include <errno.h>
#include <string.h>

enum { RUN_MAX = 16 };

struct limits {
    usec_t now, hits_before, bans_before;
    uint64_t forced; // a segment that is swept early, for want of room
};

struct piece {
    uint64_t first, bytes;
    usec_t time_max, swept;
};

static struct value tail_first(const struct ledger *l)
{
    return value_of(l->tail.n > 0 ? (int64_t)l->tail.first : INT64_MAX);
}

static bool is_due(const struct piece *p, const struct limits *m)
{
    return p->first == m->forced ||
           (p->swept ? p->swept < m->bans_before : p->time_max < m->hits_before);
}

// The pieces from `first` on that are due, and the one before where there is room in it.
static int find_run(struct ledger *l, uint64_t first, const struct limits *m,
                    struct piece ret[static RUN_MAX], size_t *ret_n)
{
    const struct value v[] = {tail_first(l), value_of((int64_t)first), value_of(RUN_MAX)};
    size_t n = 0;
    sqlite3_stmt *s;
    int r = store_start(l, SEGMENT_RUN, 3, v, &s);

    while (r == 0 && (r = store_step(l, s)) == 1) {
        struct piece p = {.first = (uint64_t)sqlite3_column_int64(s, 0),
                          .time_max = store_time(s, 1),
                          .swept = store_time(s, 2),
                          .bytes = (uint64_t)sqlite3_column_int64(s, 3)};
        bool joins = p.first < first && p.swept && p.bytes < SEGMENT_BYTES / 2;
        r = 0;
        if (p.first < first && !joins)
            continue;
        if ((!joins && !is_due(&p, m)) || n == RUN_MAX) {
            store_stop(s, 0);
            break;
        }
        ret[n++] = p;
    }
    *ret_n = n;
    return r;
}

static bool stays(const struct ledger *l, const struct record *r, const struct limits *m)
{
    return r->is_pardon ? r->time >= m->bans_before : evidence_is(l, r);
}

static int put_full(struct ledger *l, struct segment *to, usec_t now)
{
    int r = to->n > 0 ? hits_put(l, to, now) : 0;

    segment_clear(to);
    return r;
}

static int sweep_piece(struct ledger *l, const struct piece *p, const struct limits *m,
                       struct segment *to)
{
    struct segment_reader reader;
    struct record record;
    int r = hits_open(l, p->first, &reader);

    if (r == 1)
        r = hits_texts(l, p->first, &reader);
    if (r <= 0)
        return hits_close(l, r);
    r = 0;
    while (r == 0 && hits_next(l, &reader, &record) == 1) {
        if (stays(l, &record, m))
            r = segment_add(to, &record);
    }
    return hits_close(l, r);
}

// The new segments have first records of the old ones, so these go before.
static int sweep_run(struct ledger *l, const struct piece *p, size_t n, const struct limits *m)
{
    struct segment to = {0};
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++) {
        r = sweep_piece(l, &p[i], m, &to);
        if (r == 0)
            r = hits_drop(l, p[i].first, p[i].bytes);
        if (r == 0 && segment_size(&to) >= SEGMENT_BYTES)
            r = put_full(l, &to, m->now);
    }
    if (r == 0)
        r = put_full(l, &to, m->now);
    segment_done(&to);
    return r;
}

// 1: so much was done; 0: nothing is due.
static int sweep_from(struct ledger *l, uint64_t first, const struct limits *m)
{
    struct piece piece[RUN_MAX];
    size_t n;
    int r = find_run(l, first, m, piece, &n);

    if (r == 0)
        r = sweep_run(l, piece, n, m);
    return r < 0 ? r : 1;
}

static int sweep(struct ledger *l, const struct limits *m)
{
    int64_t first;
    int r = store_number(
        l, SEGMENT_DUE, 3,
        (struct value[]){tail_first(l), value_time(m->hits_before), value_time(m->bans_before)},
        &first);

    return r == 0 ? sweep_from(l, (uint64_t)first, m) : r == -ENOENT ? 0 : r;
}

// What counts no longer first; then the oldest evidence.
static int make_space(struct ledger *l, struct limits *m)
{
    const struct value before = tail_first(l);
    sqlite3_stmt *s;
    uint64_t first, bytes;
    bool is_swept;
    int r = store_start(l, SEGMENT_OLDEST, 1, &before, &s);

    if (r == 0)
        r = store_step(l, s);
    if (r <= 0)
        return r;
    first = (uint64_t)sqlite3_column_int64(s, 0);
    is_swept = store_time(s, 1) > 0;
    bytes = (uint64_t)sqlite3_column_int64(s, 2);
    store_stop(s, 0);
    m->forced = first;
    r = is_swept ? hits_drop(l, first, bytes) : sweep_from(l, first, m);
    return r < 0 ? r : 1;
}

bool ledger_is_over(const struct ledger *l)
{
    return l->bytes > l->bytes_max;
}

int ledger_prune(struct ledger *l, usec_t now, usec_t hits_before, usec_t bans_before)
{
    struct limits m = {now, hits_before, bans_before, UINT64_MAX};
    bool more = bans_prune(l, bans_before);
    int r = sweep(l, &m);

    more = more || r > 0;
    for (int i = 0; i < RUN_MAX && r >= 0 && ledger_is_over(l); i++) {
        r = make_space(l, &m);
        if (r == 0)
            break;
    }
    return r < 0 ? r : more || (ledger_is_over(l) && r > 0);
}
