// SPDX-License-Identifier: GPL-2.0-or-later
// Which hits are whose evidence follows from what was counted and from the bans: a hit belongs to a
// ban of its jail that is around its host, when it is later than the ban's findtime before it and
// was counted no later. So nothing is written for it.
#include "ledger/evidence.h"

#include "engine/veil.h"
#include "ledger/hits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Pardons within one question; beyond, what was pardoned before is shown.
enum { PARDONS_MAX = 256 };

// Names have no index: so many segments are searched for one.
enum { SEGMENTS_OF_NAMES = 64 };

struct found {
    struct found *later, *earlier;
    struct record record; // its texts lie behind it
    char text[];
};

struct search {
    struct ledger *ledger;
    // What is asked for: a jail or (0) any, the net, how late, how far in the order of counting.
    uint32_t jail;
    struct addr net;
    usec_t since;
    uint64_t last;
    bool is_loose;      // what is evidence of no ban
    const char *family; // of whatever net: what came with this name; NULL: with any
    enum fingerprint_kind kind;
    size_t segments;               // searched in the file
    size_t left;                   // lines
    struct found *first, *end;     // found, in the order of counting
    struct found *here, *here_end; // of the segment being read
    struct {
        uint32_t jail;
        struct addr net;
    } pardon[PARDONS_MAX]; // later than what is read
    size_t n_pardon;
    bool is_over; // all that is earlier was pardoned
};

static bool is_claimed_by(const struct roll_ban *b, const struct record *hit)
{
    return b->jail == hit->jail && hit->seq <= b->last &&
           hit->time > usec_sub(b->since, b->findtime);
}

static bool claims(void *user, const struct roll_ban *b)
{
    return is_claimed_by(b, user);
}

bool evidence_is(const struct ledger *l, const struct record *hit)
{
    struct record copy = *hit;

    return roll_around(&l->roll, &hit->host, claims, &copy);
}

static void take_off(struct found **first, struct found **end, struct found *line)
{
    *(line->earlier ? &line->earlier->later : first) = line->later;
    *(line->later ? &line->later->earlier : end) = line->earlier;
    free(line);
}

static void keep(struct slice *s, char **to)
{
    if (s->n > 0)
        memcpy(*to, s->p, s->n);
    s->p = *to;
    *to += s->n;
}

static int put_on(struct search *w, const struct record *r)
{
    struct found *line = malloc(sizeof(*line) + r->text.n + r->user.n + r->helo.n);
    char *to;

    if (!line)
        return -ENOMEM;
    *line = (struct found){.earlier = w->here_end, .record = *r};
    to = line->text;
    keep(&line->record.text, &to);
    keep(&line->record.user, &to);
    keep(&line->record.helo, &to);
    *(w->here_end ? &w->here_end->later : &w->here) = line;
    w->here_end = line;
    return 0;
}

static bool is_pardoned(const struct search *w, const struct record *r)
{
    for (size_t i = 0; i < w->n_pardon; i++) {
        if (w->pardon[i].jail == r->jail && addr_within(&r->host, &w->pardon[i].net))
            return true;
    }
    return false;
}

static bool is_named(const struct search *w, const struct record *r)
{
    struct slice said = w->kind == FINGERPRINT_HELO ? r->helo : r->user;
    char family[FAMILY_MAX];
    size_t n = family_name(said, &r->addr, family);

    if (n > 0 && strcmp(family, w->family) == 0)
        return true;
    n = strcspn(family, "@");
    return w->kind == FINGERPRINT_USER && n > 0 && strlen(w->family) == n &&
           memcmp(family, w->family, n) == 0;
}

// What is evidence of no ban is asked for by an address, which may be one of a host's.
static bool is_about(const struct search *w, const struct record *r)
{
    return addr_within(&r->host, &w->net) ||
           (w->is_loose && !addr_is_block(&r->host) && addr_within(&w->net, &r->host));
}

static bool is_wanted(const struct search *w, const struct record *r)
{
    if (w->family ? !is_named(w, r) : !is_about(w, r))
        return false;
    if (w->is_loose ? evidence_is(w->ledger, r) : r->jail != w->jail || r->time <= w->since)
        return false;
    return !is_pardoned(w, r);
}

// What the segment has told so far leads to nothing.
static void pardon_here(struct search *w, const struct record *pardon)
{
    struct found *line = w->here, *later;

    for (; line; line = later) {
        later = line->later;
        if (line->record.jail == pardon->jail && addr_within(&line->record.host, &pardon->host))
            take_off(&w->here, &w->here_end, line);
    }
}

static int read_segment(struct search *w, struct segment_reader *reader)
{
    struct segment_reader pardons = *reader;
    struct record record;
    int r = 0;

    while (r == 0 && hits_next(w->ledger, reader, &record) == 1 && record.seq <= w->last) {
        if (record.is_pardon)
            pardon_here(w, &record);
        else if (is_wanted(w, &record))
            r = put_on(w, &record);
    }
    // For the segments before this one.
    while (segment_next(&pardons, &record) == 1 && record.seq <= w->last) {
        if (!record.is_pardon)
            continue;
        if (w->jail == record.jail && addr_within(&w->net, &record.host))
            w->is_over = true;
        if (w->n_pardon < PARDONS_MAX && (w->family || addr_within(&record.host, &w->net) ||
                                          addr_within(&w->net, &record.host))) {
            w->pardon[w->n_pardon].jail = record.jail;
            w->pardon[w->n_pardon++].net = record.host;
        }
    }
    return r;
}

// The latest lines of the segment before those that were found already.
static void gather(struct search *w)
{
    size_t n = 0;

    for (struct found *line = w->here; line; line = line->later)
        n++;
    for (; n > w->left; n--)
        take_off(&w->here, &w->here_end, w->here);
    w->left -= n;
    if (!w->here)
        return;
    w->here_end->later = w->first;
    *(w->first ? &w->first->earlier : &w->end) = w->here_end;
    w->first = w->here;
    w->here = w->here_end = NULL;
}

static int search_segment(struct search *w, struct segment_reader *reader)
{
    int r = read_segment(w, reader);

    gather(w);
    return r;
}

// Mostly not: then the lines, nearly all that there is of a segment, need not be read.
static bool has_wanted(const struct search *w, struct segment_reader reader)
{
    struct record record;

    while (segment_next(&reader, &record) == 1 && record.seq <= w->last) {
        if (!record.is_pardon && is_wanted(w, &record))
            return true;
    }
    return false;
}

static int search_in_file(struct search *w, uint64_t first, struct slice sieve)
{
    struct segment_reader reader;
    int r;

    if (!w->family && !segment_may_have(sieve, &w->net))
        return 0;
    r = hits_open(w->ledger, first, &reader);
    if (r == 1 && (w->family || has_wanted(w, reader)))
        r = hits_texts(w->ledger, first, &reader);
    return hits_close(w->ledger, r <= 0 ? r : search_segment(w, &reader));
}

static int search_file(struct search *w)
{
    struct ledger *l = w->ledger;
    const struct value v[] = {
        value_of(l->tail.n > 0 ? (int64_t)l->tail.first : INT64_MAX),
        value_of(w->last > INT64_MAX ? INT64_MAX : (int64_t)w->last),
        value_time(w->since),
        value_of(w->is_loose),
    };
    sqlite3_stmt *s;
    int r = store_start(l, SEGMENT_BACK, sizeof(v) / sizeof(v[0]), v, &s);

    while (r == 0 && (r = store_step(l, s)) == 1) {
        struct slice sieve = {sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1)};
        r = search_in_file(w, (uint64_t)sqlite3_column_int64(s, 0), sieve);
        w->segments++;
        if (r < 0 || w->left == 0 || w->is_over || (w->family && w->segments == SEGMENTS_OF_NAMES))
            return store_stop(s, r);
    }
    return r;
}

// What an older tailban kept is masked by what its filter said alone.
static int tell(const struct search *w, evidence_fn *fn, void *user)
{
    char text[EVIDENCE_TEXT_MAX];
    struct veil veil;
    int r = 0;

    for (const struct found *line = w->first; line && r >= 0; line = line->later) {
        struct evidence e = {
            .jail = names_text(&w->ledger->names, line->record.jail),
            .addr = line->record.addr,
            .time = line->record.time,
            .count = line->record.count,
            .source = names_text(&w->ledger->names, line->record.source),
            .rule = names_text(&w->ledger->names, line->record.rule),
            .helo = line->record.helo,
        };
        veil_find(&veil, line->record.text, (struct slice){0});
        e.user = veil_user(&veil, line->record.user);
        e.text = (struct slice){text, veil_copy(&veil, veil.line, text, sizeof(text))};
        r = fn(user, &e);
    }
    return r < 0 ? r : 0;
}

static int search(struct search *w, evidence_fn *fn, void *user)
{
    struct segment_reader tail = hits_tail(w->ledger);
    int r = w->left > 0 ? search_segment(w, &tail) : 0;

    if (r == 0 && w->left > 0 && !w->is_over)
        r = search_file(w);
    if (r == 0)
        r = tell(w, fn, user);
    while (w->first)
        take_off(&w->first, &w->end, w->first);
    return r;
}

static const struct roll_ban *find(const struct roll *r, int64_t id)
{
    size_t place = roll_after(r, id - 1);

    return place < r->n && r->ban[place].id == id && !r->ban[place].is_gone ? &r->ban[place] : NULL;
}

int ledger_evidence(struct ledger *l, int64_t ban_id, const struct addr *net, size_t most,
                    evidence_fn *fn, void *user)
{
    const struct roll_ban *ban = ban_id ? find(&l->roll, ban_id) : NULL;
    struct search w = {
        .ledger = l, .net = *net, .last = UINT64_MAX, .is_loose = true, .left = most};

    if (ban_id && !ban)
        return 0;
    if (ban) {
        w.jail = ban->jail;
        w.net = ban->net;
        w.since = usec_sub(ban->since, ban->findtime);
        w.last = ban->last;
        w.is_loose = false;
        w.left = most < l->evidence ? most : l->evidence;
    }
    return search(&w, fn, user);
}

int ledger_evidence_named(struct ledger *l, enum fingerprint_kind kind, const char *family,
                          size_t most, evidence_fn *fn, void *user)
{
    struct search w = {.ledger = l,
                       .family = family,
                       .kind = kind,
                       .last = UINT64_MAX,
                       .is_loose = true,
                       .left = most};

    return search(&w, fn, user);
}
