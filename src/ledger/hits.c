// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger/hits.h"

#include "base/cleanup.h"
#include "engine/veil.h"
#include "ledger/bans.h"

#include <errno.h>
#include <stdlib.h>

// Smaller than that the latest segment grows from one checkpoint to the next, which writes it anew:
// a page of the file is written anyway.
enum { SMALL_SEGMENT = 4096 };

enum { SAID_MAX = 255 };

// What a name is in the line as it is kept, where it is a part of it.
static struct slice find_said(const struct veil *v, struct slice said, struct slice kept)
{
    struct slice front = {v->line.p, 0}, piece;
    size_t at = 0;

    said.n = said.n < SAID_MAX ? said.n : SAID_MAX;
    if (said.n == 0 || said.p < v->line.p || said.p + said.n > v->line.p + v->line.n)
        return said;
    front.n = (size_t)(said.p - v->line.p);
    while (veil_next(v, &front, &piece))
        at += piece.n;
    return at + said.n <= kept.n ? (struct slice){kept.p + at, said.n} : said;
}

// The line, masked before it is cut, so that no cut leaves half of a secret.
static struct slice make_text(const struct veil *v, char buffer[static EVIDENCE_TEXT_MAX])
{
    struct slice text = v->line;

    if (v->n > 0)
        return (struct slice){buffer, veil_copy(v, text, buffer, EVIDENCE_TEXT_MAX)};
    text.n = text.n < EVIDENCE_TEXT_MAX ? text.n : EVIDENCE_TEXT_MAX;
    return text;
}

int hits_put(struct ledger *l, const struct segment *s, usec_t swept)
{
    size_t n = segment_sieve_size(s);
    cleanup(freep) uint8_t *sieve = calloc(1, n);
    const struct value first = value_of((int64_t)s->first);
    int r;

    if (!sieve)
        return -ENOMEM;
    segment_sieve(s, sieve);
    r = store_run(l, SEGMENT_PUT, 6,
                  (struct value[]){first, value_of((int64_t)s->last.seq), value_time(s->time_max),
                                   value_time(swept), value_of((int64_t)segment_size(s)),
                                   value_blob(sieve, n)});
    if (r == 0)
        r = store_run(
            l, CONTENT_PUT, 3,
            (struct value[]){first, value_blob(s->heads.p, s->heads.n),
                             value_blob(s->texts.p ? s->texts.p : (uint8_t *)"", s->texts.n)});
    if (r == 0)
        l->bytes += segment_size(s);
    return r;
}

int hits_drop(struct ledger *l, uint64_t first, uint64_t bytes)
{
    const struct value v = value_of((int64_t)first);
    int r = store_run(l, SEGMENT_DROP, 1, &v);

    if (r == 0)
        r = store_run(l, CONTENT_DROP, 1, &v);
    if (r == 0)
        l->bytes -= bytes < l->bytes ? bytes : l->bytes;
    return r;
}

int hits_write(struct ledger *l)
{
    int r;

    if (l->tail.n == l->tail_written)
        return 0;
    r = hits_put(l, &l->tail, 0);
    if (r < 0)
        return r;
    l->bytes -= l->tail_bytes;
    l->tail_bytes = segment_size(&l->tail);
    l->tail_written = l->tail.n;
    return 0;
}

static void begin_segment(struct ledger *l)
{
    segment_clear(&l->tail);
    l->tail_written = l->tail_bytes = 0;
}

void hits_written(struct ledger *l)
{
    if (l->tail_bytes >= SMALL_SEGMENT)
        begin_segment(l);
}

void hits_lost(struct ledger *l)
{
    begin_segment(l);
    hits_count(l);
}

int hits_count(struct ledger *l)
{
    sqlite3_stmt *s;
    int r = store_start(l, SEGMENT_TOTAL, 0, NULL, &s);

    if (r == 0)
        r = store_step(l, s);
    if (r <= 0)
        return r;
    if ((uint64_t)sqlite3_column_int64(s, 0) > l->seq)
        l->seq = (uint64_t)sqlite3_column_int64(s, 0);
    l->bytes = (uint64_t)sqlite3_column_int64(s, 1);
    return store_stop(s, 0);
}

// In the order of counting.
static int add(struct ledger *l, struct record *r)
{
    int error;

    if (l->in_transaction && l->spoiled)
        return -EIO;
    r->seq = l->seq + 1;
    error = segment_add(&l->tail, r);
    if (error < 0)
        return error;
    l->seq++;
    if (segment_size(&l->tail) < SEGMENT_BYTES)
        return 0;
    error = hits_write(l);
    if (error == 0)
        begin_segment(l);
    return error;
}

// Mostly several jails count a line: where it had nothing to hide, it has nothing now.
static void find_veil(const struct ledger *l, const struct hit *hit, struct veil *ret)
{
    if (l->tail_is_plain && hit->secret.n == 0 && slice_equal(hit->text, l->tail.last.text))
        *ret = (struct veil){.line = hit->text};
    else
        veil_find(ret, hit->text, hit->secret);
}

int ledger_hit(struct ledger *l, const char *jail, const struct hit *hit, const char *source)
{
    char buffer[EVIDENCE_TEXT_MAX];
    struct slice user, helo;
    struct veil veil;
    struct record record = {
        .host = hit->host,
        .addr = hit->addr,
        .time = hit->time,
        .count = hit->count,
        .banned = hit->banned,
    };
    int r = names_add(&l->names, jail, &record.jail);

    if (r == 0)
        r = names_add(&l->names, source, &record.source);
    if (r == 0 && hit->place && *hit->place)
        r = names_add(&l->names, hit->place, &record.rule);
    find_veil(l, hit, &veil);
    user = veil_user(&veil, hit->user);
    helo = veil_shows(&veil, hit->helo) ? hit->helo : (struct slice){0};
    record.text = make_text(&veil, buffer);
    record.user = find_said(&veil, user, record.text);
    record.helo = find_said(&veil, helo, record.text);
    if (r == 0)
        r = add(l, &record);
    l->tail_is_plain = r == 0 && veil.n == 0 && record.text.n == hit->text.n;
    return r;
}

int ledger_forgive(struct ledger *l, const char *jail, const struct addr *net, usec_t now)
{
    struct record record = {.is_pardon = true, .host = *net, .time = now};
    int r = names_add(&l->names, jail, &record.jail);

    return r < 0 ? r : add(l, &record);
}

static int get_content(struct ledger *l, enum statement which, uint64_t first, sqlite3_stmt **ret)
{
    int r = store_start(l, which, 1, (struct value[]){value_of((int64_t)first)}, ret);

    if (r == 0)
        r = store_step(l, *ret);
    if (r != 0 && r != -EUCLEAN)
        return r;
    l->damaged[DAMAGE_HITS]++;
    return 0;
}

int hits_open(struct ledger *l, uint64_t first, struct segment_reader *ret)
{
    sqlite3_stmt *s;
    int r = get_content(l, CONTENT_HEADS, first, &s);

    if (r == 1)
        *ret = (struct segment_reader){
            .heads = {sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0)},
            .texts = {NULL, (size_t)sqlite3_column_int64(s, 1)},
        };
    return r;
}

int hits_texts(struct ledger *l, uint64_t first, struct segment_reader *reader)
{
    sqlite3_stmt *s;
    int r = get_content(l, CONTENT_TEXTS, first, &s);

    if (r == 1)
        reader->texts =
            (struct slice){sqlite3_column_blob(s, 0), (size_t)sqlite3_column_bytes(s, 0)};
    return r;
}

int hits_close(struct ledger *l, int r)
{
    sqlite3_reset(l->statement[CONTENT_HEADS]);
    sqlite3_reset(l->statement[CONTENT_TEXTS]);
    return r;
}

static bool has_names(const struct names *s, const struct record *r)
{
    return names_text(s, r->jail) && (r->is_pardon || names_text(s, r->source)) &&
           (r->rule == 0 || names_text(s, r->rule));
}

// Of a name that was lost only the hits are that have it; after a number that none ever had nothing
// is to be believed.
static bool may_be(const struct names *s, const struct record *r)
{
    return r->jail <= s->n && (r->is_pardon || (r->source <= s->n && r->rule <= s->n));
}

int hits_next(struct ledger *l, struct segment_reader *r, struct record *ret)
{
    struct record record;
    int more;

    while ((more = segment_next(r, &record)) == 1 && may_be(&l->names, &record)) {
        if (has_names(&l->names, &record)) {
            *ret = record;
            return 1;
        }
        l->damaged[DAMAGE_HITS]++;
    }
    l->damaged[DAMAGE_HITS] += more != 0;
    return 0;
}

struct segment_reader hits_tail(const struct ledger *l)
{
    return (struct segment_reader){
        .heads = {(const char *)l->tail.heads.p, l->tail.heads.n},
        .texts = {(const char *)l->tail.texts.p, l->tail.texts.n},
    };
}

struct restoring {
    struct ledger *ledger;
    usec_t since, said_since;
    hit_fn *hit;
    pardon_fn *pardon;
    void *user;
};

static int restore_one(const struct restoring *w, const struct record *r)
{
    const struct names *names = &w->ledger->names;
    struct hit hit = {
        .addr = r->addr, .host = r->host, .time = r->time, .count = r->count, .banned = r->banned};
    struct addr net;

    if (r->is_pardon)
        return w->pardon(w->user, names_text(names, r->jail), &r->host);
    if (r->time <= w->since)
        return 0;
    if (r->time > w->said_since)
        hit.user = r->user;
    net = addr_block(&r->host, r->banned);
    hit.until = r->banned ? bans_until(w->ledger, r->jail, &net, r->time) : 0;
    return w->hit(w->user, names_text(names, r->jail), &hit, names_text(names, r->source));
}

static int restore_segment(const struct restoring *w, struct segment_reader *reader)
{
    struct record record;
    int r = 0;

    while (r == 0 && hits_next(w->ledger, reader, &record) == 1)
        r = restore_one(w, &record);
    return r;
}

static int restore_from_file(const struct restoring *w, uint64_t first, usec_t last)
{
    struct segment_reader reader;
    int r = hits_open(w->ledger, first, &reader);

    // Hits whose lines are damaged count nonetheless.
    if (r == 1 && last > w->said_since) {
        int error = hits_texts(w->ledger, first, &reader);
        r = error < 0 ? error : 1;
    }
    return r <= 0 ? r : hits_close(w->ledger, restore_segment(w, &reader));
}

// Where the segment begins that is in memory: what the file has of it is older.
static struct value tail_first(const struct ledger *l)
{
    return value_of(l->tail.n > 0 ? (int64_t)l->tail.first : INT64_MAX);
}

int ledger_hits(struct ledger *l, usec_t since, usec_t said_since, hit_fn *hit, pardon_fn *pardon,
                void *user)
{
    const struct restoring w = {l, since, said_since, hit, pardon, user};
    struct segment_reader reader = hits_tail(l);
    sqlite3_stmt *s;
    int r =
        store_start(l, SEGMENT_SINCE, 2, (struct value[]){tail_first(l), value_time(since)}, &s);

    while (r == 0 && (r = store_step(l, s)) == 1) {
        r = restore_from_file(&w, (uint64_t)sqlite3_column_int64(s, 0), store_time(s, 1));
        if (r < 0)
            return store_stop(s, r);
    }
    return r < 0 ? r : restore_segment(&w, &reader);
}
