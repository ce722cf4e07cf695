// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/tracks.h"

#include "engine/addition.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct track_family *tracks_family(const struct tracks *t, bool v6)
{
    return v6 ? &t->v6 : &t->v4;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

// Hosts of less than an IPv6 /64 have no cells: their numbers do not say which they are.
static struct track_family new_family(const struct level *level, size_t n, uint32_t maxretry,
                                      bool has_cells)
{
    struct track_family f = {.level = level, .n = n};

    if (n > 0 && has_cells)
        f.cell_most = smaller(smaller(TRACK_CELL_MAX, maxretry - 1),
                              smaller(level[0].hosts, level_least_hits(&level[0]) - 1));
    return f;
}

// Of a cell the hosts are counted with the prefix of its block.
static size_t hosts_in(struct tracks *t, const unsigned char *record)
{
    const struct track_family *f = tracks_family(t, track_is_v6(record));

    return track_hosts(record, f->n > 0 ? f->level[0].prefix : 0);
}

static void on_lost(void *user, const unsigned char *record)
{
    struct tracks *t = user;

    t->hosts -= hosts_in(t, record);
    t->evicted++;
}

static void most_of(const struct track_family *f, uint32_t *hits, uint32_t *hosts)
{
    for (size_t i = 0; i < f->n; i++) {
        *hits = larger(*hits, f->level[i].hits);
        *hosts = larger(*hosts, f->level[i].hosts);
    }
}

int tracks_init(struct tracks *t, const struct jail_spec *spec, struct share *share, uint64_t seed)
{
    uint32_t hits = 1, hosts = 1;

    *t = (struct tracks){
        .spec = spec,
        .seed = seed,
        .v4 = new_family(spec->v4, spec->n_v4, spec->maxretry, true),
        .v6 = new_family(spec->v6, spec->n_v6, spec->maxretry, spec->host_v6 <= 64),
    };
    most_of(&t->v4, &hits, &hosts);
    most_of(&t->v6, &hits, &hosts);
    t->store = store_new(share, seed, on_lost, t);
    t->window = calloc(1, window_size(spec->maxretry));
    t->block = netblock_new(hits, hosts);
    t->record = malloc(track_size(larger(hits, spec->maxretry), hosts));
    return t->store && t->window && t->block && t->record ? 0 : -ENOMEM;
}

void tracks_done(struct tracks *t)
{
    store_free(t->store);
    netblock_free(t->block);
    free(t->window);
    free(t->record);
    memset(t, 0, sizeof(*t));
}

// How near to its threshold: by this it is decided who makes room first. One hit is what everybody
// has.
static unsigned rank_of(uint32_t n, uint32_t need)
{
    if (n <= 1)
        return 0;
    return 4 * n >= 3 * need ? 3 : 2 * n >= need ? 2 : 1;
}

static unsigned rank_of_block(uint32_t hits, uint32_t hosts, uint32_t wiped,
                              const struct level *level)
{
    unsigned of_hosts = rank_of(hosts, level_least_hosts(level));

    // What its mark has wiped would count again.
    if (wiped)
        return PAGES_RANKS - 1;
    return smaller(rank_of(hits, level_least_hits(level)), of_hosts > 0 ? of_hosts : 1);
}

static unsigned rank_of_cell(const struct tracks *t, const struct level *level,
                             const struct track_cell *c)
{
    unsigned rank = rank_of(c->n, level_least_hits(level));

    for (uint32_t i = 0; i < c->n; i++) {
        uint32_t n = 0;
        for (uint32_t k = 0; k < c->n; k++)
            n += c->host[k] == c->host[i];
        rank = larger(rank, rank_of(n, t->spec->maxretry));
    }
    return rank;
}

static uint64_t hash_of(const struct tracks *t, const struct track_key *key)
{
    return key->hash ? key->hash : store_hash(t->store, key->bytes);
}

static const unsigned char *find(const struct tracks *t, const struct track_key *key)
{
    return store_get(t->store, key->bytes, hash_of(t, key));
}

static unsigned char *find_spot(const struct tracks *t, const struct track_key *key,
                                struct store_spot *ret)
{
    return store_find(t->store, key->bytes, hash_of(t, key), ret);
}

// The record to work on, with its key.
static unsigned char *begin(struct tracks *t, const struct track_key *key)
{
    memcpy(t->record, key->bytes, key->n);
    return t->record;
}

// Keeps the record being worked on. hosts: how many there are in it, and in the one it replaces.
static int keep(struct tracks *t, const struct track_key *key, size_t n, unsigned rank,
                size_t hosts, size_t hosts_before)
{
    int r;

    t->hosts += hosts;
    r = store_put(t->store, t->record, hash_of(t, key), n, rank);
    if (r < 0)
        t->hosts -= hosts;
    t->hosts -= hosts_before;
    return r;
}

void tracks_drop(struct tracks *t, const unsigned char *record)
{
    unsigned char key[TRACK_KEY_MAX];

    memcpy(key, record, store_key_size(record));
    t->hosts -= hosts_in(t, record);
    store_remove(t->store, key);
}

const struct window *tracks_host(struct tracks *t, const struct track_key *key, uint32_t *ret_mark)
{
    struct track_host h = {.window = t->window};
    const unsigned char *known = find(t, key);

    if (!known)
        return NULL;
    track_host_unpack(known, &h);
    *ret_mark = h.mark;
    return t->window;
}

// Unpacked, where no short way leads. known: the record, or NULL.
static int hit_host(struct tracks *t, const struct track_key *key, const unsigned char *known,
                    const struct tally *tally, uint32_t *ret_hits)
{
    struct track_host h = {.window = t->window};
    struct window *w = t->window;
    usec_t end = tally->time;
    bool is_full;
    int r;

    w->n = 0;
    if (known)
        track_host_unpack(known, &h);
    if (h.mark < tally->wiped)
        w->n = 0;
    h.mark = tally->wiped;
    h.fine = w->n > 0 && (h.fine || !window_apart(w->time[0], tally->time));
    is_full = window_hit(w, t->spec->maxretry, t->spec->findtime, tally->time, tally->count, &end);
    r = keep(t, key, track_host_pack(begin(t, key), &h), rank_of(w->n, t->spec->maxretry), 1,
             known != NULL);
    if (r < 0)
        return r;
    // One line may stand for more than a window keeps, and may be too late to be kept.
    *ret_hits = larger(window_count(w, t->spec->findtime, end), tally->count);
    return is_full;
}

int tracks_hit_host(struct tracks *t, const struct track_key *key, const struct tally *tally,
                    uint32_t *ret_hits)
{
    uint32_t most = t->spec->maxretry;
    struct addition a;
    struct store_spot spot;
    unsigned char *record = find_spot(t, key, &spot);
    int r;

    if (!record || !addition_to_host(&a, record, most, tally))
        return hit_host(t, key, record, tally, ret_hits);
    r = store_fit(t->store, &spot, a.before, a.after, rank_of(a.head.hits, most), &record);
    t->hosts -= r < 0;
    return r < 0 ? r : addition_make_host(&a, record, most, t->spec->findtime, ret_hits);
}

static const struct level *level_of(const struct tracks *t, const struct track_key *key)
{
    return &tracks_family(t, key->v6)->level[key->rung - 1];
}

static struct netblock *unpack_block(struct tracks *t, const struct track_key *key,
                                     const unsigned char *known)
{
    netblock_reset(t->block);
    if (!known || track_is_cell(known))
        return NULL;
    track_block_unpack(known, key->prefix, t->block);
    return t->block;
}

struct netblock *tracks_block(struct tracks *t, const struct track_key *key)
{
    return unpack_block(t, key, find(t, key));
}

static int keep_block(struct tracks *t, const struct track_key *key, size_t hosts)
{
    const struct netblock *b = t->block;
    unsigned rank = rank_of_block(b->window->n, b->n_hosts, b->wiped, level_of(t, key));

    return keep(t, key, track_block_pack(begin(t, key), key->prefix, b), rank, 0, hosts);
}

int tracks_keep_block(struct tracks *t, const struct track_key *key)
{
    return keep_block(t, key, 0);
}

// record: as it was found, or NULL; no cell.
static int hit_block(struct tracks *t, const struct track_key *key, unsigned char *record,
                     const struct store_spot *spot, struct tally *tally, struct netblock_told *ret)
{
    const struct level *level = level_of(t, key), *narrower = key->rung > 1 ? level - 1 : NULL;
    struct netblock_told told;
    struct addition a;
    int r;

    if (record && addition_to_block(&a, record, level, narrower, tally)) {
        unsigned rank = rank_of_block(a.head.hits, a.head.hosts, a.head.wiped, level);
        r = store_fit(t->store, spot, a.before, a.after, rank, &record);
        if (r == 0)
            *ret = addition_make_block(&a, record, level, narrower, tally);
        return r;
    }
    unpack_block(t, key, record);
    told = netblock_hit(t->block, level, narrower, tally);
    r = keep_block(t, key, 0);
    if (r == 0)
        *ret = told;
    return r;
}

int tracks_hit_block(struct tracks *t, const struct track_key *key, struct tally *tally,
                     struct netblock_told *ret)
{
    struct store_spot spot;
    unsigned char *record = find_spot(t, key, &spot);

    return hit_block(t, key, record, &spot, tally, ret);
}

void tracks_pass_block(const struct tracks *t, const struct track_key *key, struct tally *tally)
{
    const unsigned char *known = find(t, key);
    struct track_head h;

    if (!known || track_is_cell(known))
        return;
    track_head(known, &h);
    tally->wiped = larger(tally->wiped, h.wiped);
}

// One of a cell's hosts, on its own; at: its first hit.
static int open_host(struct tracks *t, const struct track_key *block, const struct track_cell *c,
                     uint32_t at)
{
    struct track_host h = {.mark = c->mark, .window = t->window};
    struct track_key key = track_host_of(block, c->host[at]);
    struct window *w = t->window;

    w->n = 0;
    for (uint32_t i = at; i < c->n; i++) {
        if (c->host[i] != c->host[at])
            continue;
        h.fine |= !window_apart(c->time[i], c->time[at]);
        w->time[w->n++] = c->time[i];
    }
    return keep(t, &key, track_host_pack(begin(t, &key), &h), rank_of(w->n, t->spec->maxretry), 1,
                0);
}

static uint32_t first_of(const struct track_cell *c, uint64_t host)
{
    uint32_t i = 0;

    while (i < c->n && c->host[i] != host)
        i++;
    return i;
}

// The block and the hosts of a cell, on their own, but for one that is dropped (0: none). There are
// too few hits for any to be reached.
static int open_cell(struct tracks *t, const struct track_key *key, const struct track_cell *c,
                     size_t hosts, uint64_t dropped)
{
    int r;

    netblock_reset(t->block);
    for (uint32_t i = 0; i < c->n; i++) {
        struct tally tally = {c->host[i], c->time[i], 1, c->mark};
        netblock_hit(t->block, level_of(t, key), NULL, &tally);
    }
    r = keep_block(t, key, hosts);
    for (uint32_t i = 0; i < c->n && r >= 0; i++) {
        if (c->host[i] != dropped && first_of(c, c->host[i]) == i)
            r = open_host(t, key, c, i);
    }
    return r < 0 ? r : 0;
}

static int open_around(struct tracks *t, const struct track_key *block, uint64_t dropped)
{
    const unsigned char *known = find(t, block);
    struct track_cell c;

    if (!known || !track_is_cell(known))
        return 0;
    track_cell_unpack(known, block->prefix, &c);
    return open_cell(t, block, &c, track_cell_hosts(&c), dropped);
}

int tracks_open(struct tracks *t, const struct track_key *block)
{
    return block->rung == 1 ? open_around(t, block, 0) : 0;
}

void tracks_drop_host(struct tracks *t, const struct track_key *host, const struct track_key *block)
{
    const unsigned char *known;

    if (block)
        open_around(t, block, track_host_id(host, block->prefix, 0, t->seed));
    known = find(t, host);
    if (known)
        tracks_drop(t, known);
}

static void add_to_cell(struct track_cell *c, const struct tally *tally)
{
    for (uint32_t added = 0; added < tally->count; added++) {
        uint32_t at = c->n++;
        for (; at > 0 && c->time[at - 1] > tally->time; at--) {
            c->time[at] = c->time[at - 1];
            c->host[at] = c->host[at - 1];
        }
        c->time[at] = tally->time;
        c->host[at] = tally->host;
    }
}

static uint32_t count_in_cell(const struct track_cell *c, const struct tally *tally,
                              usec_t findtime)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < c->n; i++)
        n += c->host[i] == tally->host && c->time[i] <= tally->time &&
             tally->time - c->time[i] < findtime;
    return n;
}

enum { APART = 1 }; // the block and its hosts are on their own

// record: the cell as it was found, or NULL. Its host may be known without it, where it had to make
// room.
static int hit_cell(struct tracks *t, const struct track_key *block, const struct track_key *host,
                    const unsigned char *record, const struct tally *tally, uint32_t *ret_hits)
{
    const struct track_family *f = tracks_family(t, block->v6);
    struct track_cell c = {.n = 0};
    size_t hosts = 0;
    int r;

    if (record) {
        track_cell_unpack(record, block->prefix, &c);
        hosts = track_cell_hosts(&c);
    }
    if (c.mark < tally->wiped)
        c.n = 0;
    if (tally->count > f->cell_most - c.n || (first_of(&c, tally->host) == c.n && find(t, host))) {
        r = record ? open_cell(t, block, &c, hosts, 0) : 0;
        return r < 0 ? r : APART;
    }
    c.mark = tally->wiped;
    c.fine = c.n > 0 && (c.fine || !window_apart(c.time[0], tally->time));
    add_to_cell(&c, tally);
    *ret_hits = larger(count_in_cell(&c, tally, t->spec->findtime), tally->count);
    return keep(t, block, track_cell_pack(begin(t, block), block->prefix, &c),
                rank_of_cell(t, &f->level[0], &c), track_cell_hosts(&c), hosts);
}

int tracks_hit_narrowest(struct tracks *t, const struct track_key *block,
                         const struct track_key *host, struct tally *tally,
                         struct netblock_told *ret_block, uint32_t *ret_hits)
{
    struct store_spot spot;
    unsigned char *record = find_spot(t, block, &spot);
    int r;

    if (!record || track_is_cell(record)) {
        r = hit_cell(t, block, host, record, tally, ret_hits);
        if (r != APART)
            return r;
        record = find_spot(t, block, &spot);
    }
    r = hit_block(t, block, record, &spot, tally, ret_block);
    return r < 0 ? r : tracks_hit_host(t, host, tally, ret_hits);
}

void tracks_expect(const struct tracks *t, struct track_key *key, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        key[i].hash = store_hash(t->store, key[i].bytes);
        store_expect(t->store, key[i].hash);
    }
}

void tracks_expect_records(const struct tracks *t, const struct track_key *key, size_t n)
{
    for (size_t i = 0; i < n; i++)
        store_expect_record(t->store, key[i].hash);
}
