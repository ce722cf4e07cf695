// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger/bans.h"

#include "ledger/ledger.h"
#include "ledger/page.h"

#include <errno.h>
#include <stdlib.h>

// GONE_MAX: beyond, what was dropped comes back after a restart, and is dropped again.
// AHEAD: whoever walks the bans may ask what else is known of their nets.
enum { PRUNE_BANS = 2000, GONE_MAX = 1 << 16, IDS_FIRST = 64, AHEAD = 32 };

static int ids_add(struct ids *s, int64_t id)
{
    size_t n = s->allocated ? 2 * s->allocated : IDS_FIRST;
    int64_t *grown;

    if (s->n == s->allocated) {
        grown = reallocarray(s->id, n, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        s->id = grown;
        s->allocated = n;
    }
    s->id[s->n++] = id;
    return 0;
}

// The ban in force, or nobody's place.
static uint32_t find_in_force(const struct ledger *l, uint32_t jail, const struct addr *net,
                              usec_t now)
{
    uint32_t place = roll_of(&l->roll, net);

    while (place != ROLL_NONE &&
           (l->roll.ban[place].jail != jail || roll_end(&l->roll.ban[place]) <= now))
        place = roll_before(&l->roll, place);
    return place;
}

// The ban began when a hit of an older clock was read: it ends as long after the hit, by that
// clock.
static usec_t until_after(const struct roll_ban *b, usec_t time)
{
    usec_t until = usec_add(time, b->until - b->since);

    return until < b->until ? until : b->until;
}

usec_t bans_until(const struct ledger *l, uint32_t jail, const struct addr *net, usec_t time)
{
    uint32_t place = roll_of(&l->roll, net);
    usec_t later = 0;

    for (; place != ROLL_NONE; place = roll_before(&l->roll, place)) {
        const struct roll_ban *b = &l->roll.ban[place];
        if (b->jail != jail)
            continue;
        if (b->since <= time && b->until > time)
            return b->until;
        if (b->since > time)
            later = until_after(b, time);
    }
    return later;
}

static int note_change(struct ledger *l, struct roll_ban *b)
{
    if (b->is_changed || b->id > l->ban_saved)
        return 0;
    if (ids_add(&l->changed, b->id) < 0)
        return -ENOMEM;
    b->is_changed = true;
    return 0;
}

static void drop(struct ledger *l, uint32_t place)
{
    int64_t id = l->roll.ban[place].id;

    if (id <= l->ban_saved && l->gone.n < GONE_MAX)
        ids_add(&l->gone, id);
    roll_remove(&l->roll, place);
}

// A ban that is over makes room before one that is in force.
static void make_room(struct ledger *l)
{
    uint32_t place;

    if (l->roll.n - l->roll.n_gone < l->bans_max)
        return;
    place = roll_first(&l->roll.over);
    drop(l, place != ROLL_NONE ? place : roll_first(&l->roll.running));
}

static int append(struct ledger *l, struct roll_ban *b, const char *name)
{
    uint32_t place;
    int r;

    b->name = name[0] ? strdup(name) : NULL;
    if (name[0] && !b->name)
        return -ENOMEM;
    r = roll_add(&l->roll, b, &place);
    if (r < 0)
        free(b->name);
    else
        l->ban_id = b->id;
    return r;
}

static int add_ban(struct ledger *l, const struct ban *ban, uint32_t jail, usec_t now)
{
    struct roll_ban b = {
        .net = ban->net,
        .reason = (uint8_t)ban->reason,
        .is_running = ban->until > now,
        .jail = jail,
        .hits = ban->hits,
        .hosts = ban->hosts,
        .need_hits = ban->need_hits,
        .need_hosts = ban->need_hosts,
        .lines = ban->hits,
        .last = l->evidence > 0 ? l->seq : 0,
        .id = l->ban_id + 1,
        .since = ban->since,
        .until = ban->until,
        .findtime = ban->findtime,
    };
    make_room(l);
    return append(l, &b, ban->name);
}

// One who goes on attacking fills no more than a ban's share of evidence.
static int extend_ban(struct ledger *l, uint32_t place, const struct ban *ban, usec_t now)
{
    struct roll_ban *b = &l->roll.ban[place];
    int r = note_change(l, b);

    if (r < 0)
        return r;
    if (b->lines < l->evidence) {
        b->lines += ban->hits;
        b->last = l->seq;
    }
    if (ban->until > b->until)
        b->until = ban->until;
    roll_settle(&l->roll, place, b->until > now);
    return LEDGER_E_EXTENDED;
}

int ledger_ban(struct ledger *l, const struct ban *ban, usec_t now, int64_t *ret_id,
               usec_t *ret_until)
{
    uint32_t jail, place;
    int r = names_add(&l->names, ban->jail, &jail);

    if (r < 0)
        return r;
    place = find_in_force(l, jail, &ban->net, ban->since);
    r = place == ROLL_NONE ? add_ban(l, ban, jail, now) : extend_ban(l, place, ban, now);
    if (r >= 0 && ret_id)
        *ret_id = place == ROLL_NONE ? l->ban_id : l->roll.ban[place].id;
    if (r >= 0 && ret_until)
        *ret_until = place == ROLL_NONE ? ban->until : l->roll.ban[place].until;
    return r;
}

static struct ban view(const struct ledger *l, const struct roll_ban *b)
{
    struct ban ban = {
        .id = b->id,
        .jail = names_text(&l->names, b->jail),
        .net = b->net,
        .since = b->since,
        .until = b->until,
        .hits = b->hits,
        .hosts = b->hosts,
        .need_hits = b->need_hits,
        .need_hosts = b->need_hosts,
        .findtime = b->findtime,
        .reason = b->reason,
        .lifted = b->lifted,
    };

    if (b->name)
        memcpy(ban.name, b->name, strnlen(b->name, sizeof(ban.name) - 1));
    return ban;
}

static int lift(struct ledger *l, uint32_t place, usec_t now, ban_fn *fn, void *user)
{
    struct roll_ban *b = &l->roll.ban[place];
    int r = note_change(l, b);
    struct ban ban;

    if (r == 0)
        r = ledger_forgive(l, names_text(&l->names, b->jail), &b->net, now);
    if (r < 0)
        return r;
    b->lifted = now;
    roll_settle(&l->roll, place, false);
    ban = view(l, b);
    return fn(user, &ban);
}

int ledger_unban(struct ledger *l, const char *jail, const struct addr *net, usec_t now, ban_fn *fn,
                 void *user)
{
    uint32_t only = jail ? names_find(&l->names, jail) : 0, place;
    int r = 0;

    if (jail && !only)
        return 0;
    for (place = roll_of(&l->roll, net); place != ROLL_NONE && r >= 0;
         place = roll_before(&l->roll, place)) {
        const struct roll_ban *b = &l->roll.ban[place];
        if (roll_end(b) > now && (!only || b->jail == only))
            r = lift(l, place, now, fn, user);
    }
    return r < 0 ? r : 0;
}

int ledger_bans(struct ledger *l, const char *jail, usec_t now, int64_t after, ban_fn *fn,
                void *user)
{
    uint32_t only = jail ? names_find(&l->names, jail) : 0;
    int r = 0;

    if (jail && !only)
        return 0;
    for (size_t i = roll_after(&l->roll, after); i < l->roll.n && r >= 0; i++) {
        const struct roll_ban *b = &l->roll.ban[i];
        if (i + AHEAD < l->roll.n)
            roll_expect(&l->roll, &b[AHEAD].net);
        struct ban ban;
        if (b->is_gone || roll_end(b) <= now || (only && b->jail != only))
            continue;
        ban = view(l, b);
        r = fn(user, &ban);
    }
    return r < 0 ? r : 0;
}

uint64_t ledger_in_force(const struct ledger *l, const char *jail)
{
    uint32_t only = jail ? names_find(&l->names, jail) : 0;

    return jail && !only ? 0 : roll_in_force(&l->roll, only);
}

// The newest bans, in the order of their ids.
struct newest {
    const struct roll_ban **ban;
    size_t n, most;
};

static bool add_newest(void *user, const struct roll_ban *b)
{
    struct newest *w = user;
    size_t i = w->n;

    if (w->n == w->most && (w->n == 0 || w->ban[0]->id > b->id))
        return false;
    while (i > 0 && w->ban[i - 1]->id > b->id)
        i--;
    if (w->n < w->most) {
        memmove(w->ban + i + 1, w->ban + i, (w->n++ - i) * sizeof(*w->ban));
        w->ban[i] = b;
    } else {
        memmove(w->ban, w->ban + 1, (i - 1) * sizeof(*w->ban));
        w->ban[i - 1] = b;
    }
    return false;
}

// Those within a block are found by looking at all, the newest first.
static void add_within(const struct roll *r, const struct addr *net, struct newest *w)
{
    size_t n = 0;

    for (size_t i = r->n; i > 0 && n < w->most; i--) {
        const struct roll_ban *b = &r->ban[i - 1];
        if (!b->is_gone && b->net.len > net->len && addr_within(&b->net, net)) {
            add_newest(w, b);
            n++;
        }
    }
}

int ledger_bans_about(struct ledger *l, const struct addr *net, size_t most, ban_fn *fn, void *user)
{
    struct newest w = {.ban = calloc(most + 1, sizeof(*w.ban)), .most = most};
    int r = 0;

    if (!w.ban)
        return -ENOMEM;
    roll_around(&l->roll, net, add_newest, &w);
    if (net->len < 128)
        add_within(&l->roll, net, &w);
    for (size_t i = w.n; i > 0 && r >= 0; i--) {
        struct ban ban = view(l, w.ban[i - 1]);
        r = fn(user, &ban);
    }
    free(w.ban);
    return r < 0 ? r : 0;
}

struct asking {
    const struct names *names;
    around_ban_fn *fn;
    void *user;
};

static bool ask(void *user, const struct roll_ban *b)
{
    const struct asking *a = user;

    return b->lifted == 0 &&
           a->fn(a->user, names_text(a->names, b->jail), &b->net, b->until, b->id);
}

void ledger_expect(const struct ledger *l, const struct addr *net)
{
    roll_expect(&l->roll, net);
}

bool ledger_around(const struct ledger *l, const struct addr *net, around_ban_fn *fn, void *user)
{
    struct asking a = {&l->names, fn, user};

    return roll_around(&l->roll, net, ask, &a);
}

int ledger_bans_named(struct ledger *l, const char *name, size_t most, ban_fn *fn, void *user)
{
    size_t n = 0;
    int r = 0;

    for (size_t i = l->roll.n; i > 0 && n < most && r >= 0; i--) {
        const struct roll_ban *b = &l->roll.ban[i - 1];
        struct ban ban;
        if (b->is_gone || !b->name || strcmp(b->name, name) != 0)
            continue;
        ban = view(l, b);
        r = fn(user, &ban);
        n++;
    }
    return r < 0 ? r : 0;
}

int ledger_ended(struct ledger *l, usec_t now, size_t most, ban_fn *fn, void *user)
{
    uint32_t place;
    int r = 0;

    while (most-- > 0 && r >= 0 && (place = roll_first(&l->roll.running)) != ROLL_NONE &&
           roll_end(&l->roll.ban[place]) <= now) {
        struct ban ban = view(l, &l->roll.ban[place]);
        roll_settle(&l->roll, place, false);
        r = fn(user, &ban);
    }
    return r < 0 ? r : 0;
}

usec_t ledger_next_end(const struct ledger *l)
{
    uint32_t place = roll_first(&l->roll.running);

    return place == ROLL_NONE ? USEC_FOREVER : roll_end(&l->roll.ban[place]);
}

uint32_t ledger_prior(const struct ledger *l, const char *jail, const struct addr *net, usec_t now)
{
    uint32_t only = jail ? names_find(&l->names, jail) : 0, n = 0, place;

    if (jail && !only)
        return 0;
    for (place = roll_of(&l->roll, net); place != ROLL_NONE; place = roll_before(&l->roll, place)) {
        const struct roll_ban *b = &l->roll.ban[place];
        n += b->until <= now && b->lifted == 0 && (!only || b->jail == only);
    }
    return n;
}

bool bans_prune(struct ledger *l, usec_t before)
{
    const struct ends *ends[] = {&l->roll.over, &l->roll.running};
    size_t left = PRUNE_BANS;

    for (size_t i = 0; i < 2; i++) {
        uint32_t place;
        for (; (place = roll_first(ends[i])) != ROLL_NONE; left--) {
            if (roll_end(&l->roll.ban[place]) >= before)
                break;
            if (left == 0)
                return true;
            drop(l, place);
        }
    }
    return false;
}

void bans_done(struct ledger *l)
{
    roll_done(&l->roll);
    free(l->changed.id);
    free(l->gone.id);
    l->changed = l->gone = (struct ids){0};
    l->ban_id = l->ban_saved = 0;
}

int bans_take(struct ledger *l, struct roll_ban *b, const char *name)
{
    int r;

    if (b->id <= l->ban_id || b->id > PAGE_ID_MAX)
        return -EUCLEAN;
    b->is_running = b->lifted == 0;
    r = append(l, b, name);
    if (r == 0 && b->last > l->seq)
        l->seq = b->last;
    return r;
}
