// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/ladder.h"

#include "engine/pack.h"
#include "engine/tracks.h"

#include <stdlib.h>
#include <string.h>

struct ladder {
    const struct jail_spec *spec;
    struct tracks tracks;
    uint32_t wipes; // the latest mark
    usec_t oldest;  // no track's last hit is before this
    // The host expected last, and its key and those of the blocks around it
    struct addr expected;
    struct track_key key[1 + NETBLOCK_LEVELS_MAX];
    size_t n_keys;
};

struct ladder *ladder_new(const struct jail_spec *spec, struct share *share, uint64_t seed)
{
    struct ladder *l = calloc(1, sizeof(*l));

    if (!l)
        return NULL;
    l->spec = spec;
    l->oldest = USEC_FOREVER;
    return tracks_init(&l->tracks, spec, share, seed) == 0 ? l : ladder_free(l);
}

struct ladder *ladder_free(struct ladder *l)
{
    if (l)
        tracks_done(&l->tracks);
    free(l);
    return NULL;
}

// The level of the first block of less than this prefix; a <SUBNET> may be as wide as a block.
static size_t first_around(const struct track_family *f, unsigned prefix)
{
    size_t first = 0;

    while (first < f->n && f->level[first].prefix >= prefix)
        first++;
    return first;
}

static struct jail_standing of_host(const struct ladder *l, const struct addr *host)
{
    return (struct jail_standing){
        .net = *host,
        .need_hits = l->spec->maxretry,
        .need_hosts = 1,
        .findtime = l->spec->findtime,
        .bantime = l->spec->sentence.bantime,
    };
}

static struct jail_standing of_block(const struct level *level, const struct addr *host)
{
    return (struct jail_standing){
        .net = addr_block(host, level->prefix),
        .need_hits = level->hits,
        .need_hosts = level->hosts,
        .findtime = level->findtime,
        .bantime = level->bantime,
    };
}

void rungs_lower(struct rungs *r, size_t i)
{
    r->at[i].need_hits = level_least_hits(r->level[i]);
    r->at[i].need_hosts = level_least_hosts(r->level[i]);
    r->reached[i] = r->strange[i];
}

static void clear(struct rungs *r)
{
    memset(r->level, 0, r->n * sizeof(r->level[0]));
    memset(r->reached, 0, r->n * sizeof(r->reached[0]));
    memset(r->strange, 0, r->n * sizeof(r->strange[0]));
}

// The rungs for an address, as yet empty: itself, and the blocks of less than this prefix. Returns
// the level of the first block.
static size_t set_up(const struct ladder *l, const struct track_family *f, const struct addr *host,
                     unsigned prefix, struct rungs *ret)
{
    size_t first = first_around(f, prefix);

    ret->n = 1 + f->n - first;
    clear(ret);
    ret->at[0] = of_host(l, host);
    for (size_t i = 1; i < ret->n; i++) {
        ret->level[i] = &f->level[first + i - 1];
        ret->at[i] = of_block(ret->level[i], host);
    }
    return first;
}

// The block around a net of which a cell may know: none from now on, whose hosts are to be found.
static int open_around(struct ladder *l, const struct addr *net)
{
    const struct track_family *f = tracks_family(&l->tracks, !addr_is_v4(net));
    struct track_key key;
    struct addr block;

    if (f->n == 0 || addr_prefix(net) < f->level[0].prefix)
        return 0;
    block = addr_block(net, f->level[0].prefix);
    key = track_key_of(&block, 1);
    return tracks_open(&l->tracks, &key);
}

// What a block, by its place among the host's keys, came to.
static void tell(const struct ladder *l, size_t i, const struct netblock_told *told,
                 struct rungs *ret)
{
    const struct track_family *f = tracks_family(&l->tracks, l->key[i].v6);

    ret->reached[i] = told->full;
    ret->strange[i] = told->strange;
    if (!told->strange)
        return;
    ret->level[i] = &f->level[l->key[i].rung - 1];
    ret->at[i] = of_block(ret->level[i], &l->expected);
    ret->at[i].hits = told->hits;
    ret->at[i].hosts = told->hosts;
}

static int hit_block(struct ladder *l, size_t i, struct tally *t, struct rungs *ret)
{
    struct netblock_told told;
    int r;

    t->host = track_host_id(&l->key[0], l->key[i].prefix, i > 1 ? l->key[i - 1].prefix : 0,
                            l->tracks.seed);
    r = tracks_hit_block(&l->tracks, &l->key[i], t, &told);
    if (r == 0)
        tell(l, i, &told, ret);
    return r;
}

// The host and the narrowest block, which may be in one cell.
static int hit_narrowest(struct ladder *l, struct tally *t, struct rungs *ret)
{
    struct netblock_told block = {0};
    int r;

    t->host = track_host_id(&l->key[0], l->key[1].prefix, 0, l->tracks.seed);
    r = tracks_hit_narrowest(&l->tracks, &l->key[1], &l->key[0], t, &block, &ret->at[0].hits);
    tell(l, 1, &block, ret);
    ret->reached[0] = r > 0 ? NETBLOCK_E_REACHED : 0;
    return r < 0 ? r : 0;
}

static int hit_host(struct ladder *l, const struct tally *t, struct rungs *ret)
{
    int r = tracks_hit_host(&l->tracks, &l->key[0], t, &ret->at[0].hits);

    ret->reached[0] = r > 0 ? NETBLOCK_E_REACHED : 0;
    return r < 0 ? r : 0;
}

void ladder_expect(struct ladder *l, const struct addr *host)
{
    struct track_key key = track_key_of(host, 0);
    const struct track_family *f = tracks_family(&l->tracks, key.v6);
    size_t first = first_around(f, key.prefix);

    l->expected = *host;
    l->key[0] = key;
    l->n_keys = 1 + f->n - first;
    for (size_t i = 1; i < l->n_keys; i++)
        l->key[i] = track_key_around(&key, f->level[first + i - 1].prefix, (unsigned)(first + i));
    tracks_expect(&l->tracks, l->key, l->n_keys);
}

void ladder_expect_soon(struct ladder *l)
{
    tracks_expect_records(&l->tracks, l->key, l->n_keys);
}

static void expect(struct ladder *l, const struct addr *host)
{
    if (l->n_keys > 0 && addr_compare(&l->expected, host) == 0)
        return;
    ladder_expect(l, host);
    ladder_expect_soon(l);
}

// Whether the host expected may be in one cell with the block around it.
static bool may_be_in_cell(const struct ladder *l)
{
    return l->n_keys > 1 && l->key[1].rung == 1 && !jail_spec_is_block(l->spec, &l->expected);
}

// open_around() the host expected, whose keys are known.
static int open_expected(struct ladder *l)
{
    bool is_known = l->n_keys > 1 && l->key[1].rung == 1;

    return is_known ? tracks_open(&l->tracks, &l->key[1]) : open_around(l, &l->expected);
}

// A block as it stands, and the mark for what lies below.
static void look_block(struct ladder *l, const struct track_key *key, struct tally *t,
                       struct jail_standing *s)
{
    struct netblock *b = tracks_block(&l->tracks, key);

    if (b)
        netblock_look(b, s->findtime, t, &s->hits, &s->hosts);
}

// From the widest block down, so that a mark is met before what it wiped.
int ladder_hit(struct ladder *l, const struct addr *host, usec_t time, uint32_t count,
               unsigned widest, struct rungs *ret)
{
    struct tally t = {.time = time < PACK_TIME_MOST ? time : PACK_TIME_MOST, .count = count};
    bool in_cell;
    int r;

    expect(l, host);
    in_cell = may_be_in_cell(l) && widest <= l->key[1].prefix;
    ret->n = l->n_keys;
    clear(ret);
    ret->at[0] = of_host(l, host);
    l->oldest = t.time < l->oldest ? t.time : l->oldest;
    ret->at[0].hosts = 1;
    r = in_cell ? 0 : open_expected(l);
    for (size_t i = ret->n; --i > in_cell && r == 0;) {
        if (l->key[i].prefix < widest)
            tracks_pass_block(&l->tracks, &l->key[i], &t);
        else
            r = hit_block(l, i, &t, ret);
    }
    if (r < 0)
        return r;
    return in_cell ? hit_narrowest(l, &t, ret) : hit_host(l, &t, ret);
}

void ladder_look(struct ladder *l, const struct addr *addr, usec_t now, struct rungs *ret)
{
    struct addr host = jail_spec_host(l->spec, addr);
    const struct track_family *f = tracks_family(&l->tracks, !addr_is_v4(addr));
    size_t first = set_up(l, f, &host, addr_prefix(&host) + 1, ret);
    struct track_key key = track_key_of(&host, 0);
    const struct window *w;
    struct tally t = {.time = now};
    uint32_t mark;

    // Without memory to open it, a cell's few hits are not seen.
    open_around(l, &host);
    for (size_t i = ret->n; --i > 0;) {
        struct track_key block = track_key_of(&ret->at[i].net, (unsigned)(first + i));
        look_block(l, &block, &t, &ret->at[i]);
    }
    w = tracks_host(&l->tracks, &key, &mark);
    if (w && mark >= t.wiped)
        ret->at[0].hits = window_count(w, l->spec->findtime, now);
    ret->at[0].hosts = ret->at[0].hits > 0;
}

static void wipe_block(struct ladder *l, const struct track_key *key)
{
    struct netblock *b;

    tracks_open(&l->tracks, key);
    b = tracks_block(&l->tracks, key);
    if (!b)
        return;
    netblock_clear(b);
    l->wipes += l->wipes < UINT32_MAX;
    b->wiped = l->wipes;
    // Without memory for the mark, what is counted below it goes on to count.
    tracks_keep_block(&l->tracks, key);
}

void ladder_wipe(struct ladder *l, const struct addr *host, const struct addr *net)
{
    const struct track_family *f = tracks_family(&l->tracks, !addr_is_v4(host));

    if (addr_compare(host, net) == 0) {
        expect(l, host);
        if (!may_be_in_cell(l))
            open_expected(l);
        tracks_drop_host(&l->tracks, &l->key[0], may_be_in_cell(l) ? &l->key[1] : NULL);
        return;
    }
    for (size_t i = 0; i < f->n; i++) {
        struct track_key key = track_key_of(net, (unsigned)i + 1);
        if (f->level[i].prefix == key.prefix)
            wipe_block(l, &key);
    }
}

// The blocks around a net count anew. Their marks stay: other hosts below rely on them.
static void forget_around(struct ladder *l, const struct addr *net)
{
    const struct track_family *f = tracks_family(&l->tracks, !addr_is_v4(net));

    for (size_t i = 0; i < f->n; i++) {
        struct addr block = addr_block(net, f->level[i].prefix);
        struct track_key key = track_key_of(&block, (unsigned)i + 1);
        struct netblock *b =
            addr_prefix(net) >= f->level[i].prefix ? tracks_block(&l->tracks, &key) : NULL;
        if (!b)
            continue;
        netblock_clear(b);
        tracks_keep_block(&l->tracks, &key);
    }
}

static void forget_within(struct tracks *t, const struct addr *net)
{
    const unsigned char *record;
    uint32_t cursor = 0;

    while ((record = store_next(t->store, &cursor))) {
        struct track_key key = track_key_unpack(record, t->v4.level, t->v6.level);
        struct addr a = track_addr(&key);
        if (addr_within(&a, net))
            tracks_drop(t, record);
    }
}

void ladder_forget(struct ladder *l, const struct addr *net)
{
    struct addr host = jail_spec_host(l->spec, net);
    struct track_key key = track_key_of(&host, 0);

    open_around(l, &host);
    forget_around(l, &host);
    // Thousands of single addresses may be unbanned at a time: no walk for each.
    if (!jail_spec_is_block(l->spec, &host))
        tracks_drop_host(&l->tracks, &key, NULL);
    else
        forget_within(&l->tracks, &host);
}

usec_t ladder_oldest(const struct ladder *l)
{
    return store_count(l->tracks.store) > 0 ? l->oldest : USEC_FOREVER;
}

void ladder_expire(struct ladder *l, usec_t before)
{
    const unsigned char *record;
    uint32_t cursor = 0;

    if (l->oldest > before)
        return;
    l->oldest = USEC_FOREVER;
    while ((record = store_next(l->tracks.store, &cursor))) {
        usec_t last = track_last(record);
        if (last <= before)
            tracks_drop(&l->tracks, record);
        else if (last < l->oldest)
            l->oldest = last;
    }
    store_trim(l->tracks.store);
}

bool ladder_is_full(const struct ladder *l)
{
    return store_is_full(l->tracks.store);
}

size_t ladder_hosts(const struct ladder *l)
{
    return l->tracks.hosts;
}

uint64_t ladder_evicted(const struct ladder *l)
{
    return l->tracks.evicted;
}
