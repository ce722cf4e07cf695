// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/shield.h"

#include "base/table.h"
#include "engine/attempts.h"

#include <errno.h>
#include <stdlib.h>

#define FRESH (3600 * USEC_PER_SEC)
#define YOUNG (SHIELD_YOUNG_S * USEC_PER_SEC)

struct host {
    struct shield_host h;
    bool changed;
};

// The blocks that a user logged in from; the one more shows that they are too many.
enum { USER_BLOCKS = SHIELD_BLOCKS_MAX + 1 };
struct user {
    struct sighting block[USER_BLOCKS];
    uint32_t failures; // where he has logged in
    uint32_t host;     // of the last of them, a digest
    usec_t time;
    const void *teller;
};

// The land around blocks: when somebody last logged in from it, from which part, and when from any
// other.
struct land {
    usec_t last, others;
    uint32_t part; // a digest
};

struct family {
    uint8_t prefix[SHIELD_PREFIXES_MAX];
    size_t n;
};

struct shield {
    usec_t span;
    usec_t since, last; // the first login and the last one; 0: none
    struct family v4, v6;
    struct table *hosts;  // struct addr -> struct host
    struct table *blocks; // struct addr -> usec_t: the last success in it
    struct table *lands;  // struct addr -> struct land
    struct table *users;  // digest -> struct user
    struct attempts *attempts;
};

static bool family_init(struct family *f, const uint8_t *prefix, size_t n)
{
    if (n > SHIELD_PREFIXES_MAX)
        return false;
    if (n > 0)
        memcpy(f->prefix, prefix, n);
    f->n = n;
    return true;
}

struct shield *shield_new(usec_t span, const uint8_t *v4, size_t n_v4, const uint8_t *v6,
                          size_t n_v6, uint64_t seed)
{
    struct shield *s = calloc(1, sizeof(*s));
    size_t widths = n_v4 > n_v6 ? n_v4 : n_v6;

    if (!s)
        return NULL;
    s->span = span;
    s->hosts = table_new(SHIELD_HOSTS_MAX, sizeof(struct addr), sizeof(struct host), seed);
    s->blocks = table_new(SHIELD_HOSTS_MAX * (widths > 0 ? widths : 1), sizeof(struct addr),
                          sizeof(usec_t), seed);
    s->lands = table_new(SHIELD_LANDS_MAX, sizeof(struct addr), sizeof(struct land), seed);
    s->users = table_new(SHIELD_USERS_MAX, sizeof(uint32_t), sizeof(struct user), seed);
    s->attempts = attempts_new(seed);
    if (!s->hosts || !s->blocks || !s->lands || !s->users || !s->attempts ||
        !family_init(&s->v4, v4, n_v4) || !family_init(&s->v6, v6, n_v6))
        return shield_free(s);
    return s;
}

struct shield *shield_free(struct shield *s)
{
    if (s) {
        table_free(s->hosts);
        table_free(s->blocks);
        table_free(s->lands);
        table_free(s->users);
        attempts_free(s->attempts);
    }
    free(s);
    return NULL;
}

// Under what a host, or a block within one, is known. Mostly that is itself: nothing is copied.
static const struct addr *key_of(const struct addr *net, struct addr *store)
{
    if (net->len <= 64 || addr_is_v4(net))
        return net;
    *store = addr_block(net, 64);
    return store;
}

static bool is_recent(const struct shield *s, usec_t last, usec_t time)
{
    return last > 0 && usec_sub(time, last) < s->span;
}

// Whether a user's success may shield: he is where few others of his are. (Whoever makes up a name
// with the digest of another has an account, and shares its blocks with him.)
static int allow(struct shield *s, const struct addr *host, uint32_t user, usec_t time,
                 bool *ret_allowed)
{
    struct user *u = table_put(s->users, &user, NULL);

    if (!u)
        return -ENOMEM;
    sightings_note(u->block, USER_BLOCKS, sighting_block(host), time);
    *ret_allowed = sightings_count(u->block, USER_BLOCKS, time, s->span) <= SHIELD_BLOCKS_MAX;
    return 0;
}

static struct addr land_around(const struct addr *net)
{
    return addr_block(net, addr_is_v4(net) ? SHIELD_LAND_V4 : SHIELD_LAND_V6);
}

static uint32_t part_of(const struct addr *host)
{
    struct addr part = addr_block(host, addr_is_v4(host) ? SHIELD_PART_V4 : SHIELD_PART_V6);

    return sighting_net(&part);
}

static void note_time(struct shield *s, usec_t time)
{
    s->since = s->since == 0 || time < s->since ? time : s->since;
    s->last = s->last < time ? time : s->last;
}

static int settle(struct shield *s, const struct addr *host, usec_t time)
{
    struct addr around = land_around(host);
    struct land *land = table_put(s->lands, &around, NULL);
    uint32_t part = part_of(host);

    if (!land)
        return -ENOMEM;
    if (part != land->part)
        land->others = land->last;
    land->part = part;
    land->last = land->last < time ? time : land->last;
    note_time(s, time);
    return 0;
}

static int cover(struct shield *s, const struct addr *host, usec_t time)
{
    const struct family *f = addr_is_v4(host) ? &s->v4 : &s->v6;

    for (size_t i = 0; i < f->n; i++) {
        struct addr block = addr_block(host, f->prefix[i]);
        usec_t *last = table_put(s->blocks, &block, NULL);
        if (!last)
            return -ENOMEM;
        *last = *last < time ? time : *last;
    }
    return settle(s, host, time);
}

static void count_day(const struct shield *s, struct shield_host *h, usec_t time)
{
    bool is_first = !is_recent(s, h->last, time);

    if (is_first)
        h->days = 1;
    else if (time / USEC_PER_DAY > h->last / USEC_PER_DAY)
        h->days++;
}

static bool is_fresh(const struct shield *s, const struct host *h, uint32_t user, usec_t time)
{
    usec_t last = h ? sightings_last(h->h.login, SHIELD_FAMILIAR_MAX, user) : 0;

    return last > 0 && time < usec_add(last, FRESH) && is_recent(s, h->h.last, time);
}

void shield_expect(struct shield *s, const struct addr *host)
{
    struct addr store;

    attempts_expect(s->attempts, key_of(host, &store));
}

void shield_expect_soon(const struct shield *s)
{
    attempts_expect_soon(s->attempts);
}

int shield_failure(struct shield *s, const struct addr *host, struct slice user, usec_t time,
                   const void *teller)
{
    struct addr store;
    uint32_t who = user.n > 0 ? sighting_text(user) : 0;

    return attempts_fail(s->attempts, key_of(host, &store), who, time, teller);
}

int shield_restore_failure(struct shield *s, const struct addr *host, struct slice user,
                           usec_t time, const void *teller)
{
    struct addr store;
    const struct host *h = table_get(s->hosts, key_of(host, &store));
    uint32_t who = sighting_text(user);
    usec_t login = h && user.n > 0 ? sightings_last(h->h.login, SHIELD_FAMILIAR_MAX, who) : 0;
    int r = shield_failure(s, host, user, time, teller);

    if (r == 0 && login > 0 && usec_add(login, FRESH) > time)
        attempts_make_good(s->attempts, key_of(host, &store), who);
    return r;
}

bool shield_absolves(struct shield *s, const struct addr *host, usec_t time, usec_t findtime,
                     uint32_t need)
{
    struct addr store;

    return attempts_absolve(s->attempts, key_of(host, &store), time, findtime, need);
}

int shield_success(struct shield *s, const struct addr *addr, struct slice user, usec_t time)
{
    struct addr key = addr_host(addr);
    uint32_t who = sighting_text(user);
    struct host *h = table_get(s->hosts, &key);
    bool allowed = false;
    int r;

    attempts_make_good(s->attempts, &key, who);
    if (is_fresh(s, h, who, time))
        return SHIELD_E_FRESH;
    r = allow(s, &key, who, time, &allowed);
    if (r < 0 || !allowed)
        return r;
    h = table_put(s->hosts, &key, NULL);
    if (!h)
        return -ENOMEM;
    count_day(s, &h->h, time);
    sightings_note(h->h.login, SHIELD_FAMILIAR_MAX, who, time);
    h->h.host = key;
    h->h.last = h->h.last < time ? time : h->h.last;
    h->changed = true;
    return cover(s, &key, time);
}

// Several jails may be shown one line: it is the first one's that counts, for all of them.
static void count_failure(struct user *u, uint32_t host, usec_t time, const void *teller)
{
    if (u->host == host && u->time == time && u->teller != teller)
        return;
    u->failures++;
    u->host = host;
    u->time = time;
    u->teller = teller;
}

bool shield_excuses(struct shield *s, const struct addr *host, struct slice user, usec_t time,
                    const void *teller)
{
    struct addr store;
    uint32_t who = sighting_text(user);
    struct user *u = user.n > 0 ? table_get(s->users, &who) : NULL;
    usec_t last = u ? sightings_last(u->block, USER_BLOCKS, sighting_block(host)) : 0;

    if (!is_recent(s, last, time))
        return false;
    count_failure(u, sighting_net(key_of(host, &store)), time, teller);
    return u->failures % SHIELD_FAMILIAR != 0;
}

bool shield_covers(struct shield *s, const struct addr *block, usec_t time, usec_t *ret_last)
{
    struct addr store;
    const usec_t *last = table_get(s->blocks, key_of(block, &store));

    if (!last || !is_recent(s, *last, time))
        return false;
    if (ret_last)
        *ret_last = *last;
    return true;
}

bool shield_is_strange(struct shield *s, const struct addr *block, usec_t time)
{
    struct addr around = land_around(block);
    const struct land *land = table_get(s->lands, &around);
    bool is_own = land && !is_recent(s, land->others, time);

    if (!is_recent(s, s->last, time) || usec_sub(time, s->since) < YOUNG)
        return false;
    // Of a block as wide as the land, or wider, nothing lies around.
    if (addr_compare(&around, block) == 0)
        return !shield_covers(s, block, time, NULL);
    return !land || !is_recent(s, land->last, time) ||
           (is_own && shield_covers(s, block, time, NULL));
}

// Known by logins on so many days, or of so many users; NULL: it is not.
static struct host *known(struct shield *s, const struct addr *host, usec_t time, uint32_t days,
                          uint32_t users)
{
    struct addr store;
    struct host *h = table_get(s->hosts, key_of(host, &store));

    if (!h || !is_recent(s, h->h.last, time))
        return NULL;
    return h->h.days >= days ||
                   sightings_count(h->h.login, SHIELD_FAMILIAR_MAX, time, s->span) >= users
               ? h
               : NULL;
}

bool shield_knows(struct shield *s, const struct addr *host, usec_t time)
{
    return known(s, host, time, 1, 1) != NULL;
}

bool shield_is_home(struct shield *s, const struct addr *host, usec_t time)
{
    return known(s, host, time, SHIELD_HOME, SHIELD_HOME) != NULL;
}

static struct host *trusted(struct shield *s, const struct addr *host, usec_t time)
{
    return known(s, host, time, SHIELD_DAYS, SHIELD_SHARED);
}

bool shield_trusts(struct shield *s, const struct addr *host, usec_t time)
{
    return trusted(s, host, time) != NULL;
}

bool shield_forgives(struct shield *s, const struct addr *host, usec_t time, usec_t findtime)
{
    struct host *h = trusted(s, host, time);

    // What several jails count in one line is one ban.
    if (!h ||
        (h->h.forgiven > 0 && h->h.forgiven != time && usec_sub(time, h->h.forgiven) < findtime))
        return false;
    h->h.forgiven = time;
    h->changed = true;
    return true;
}

bool shield_look(struct shield *s, const struct addr *host, usec_t now, struct shield_host *ret)
{
    struct addr key = addr_host(host);
    const struct host *h = table_get(s->hosts, &key);

    if (!h || !is_recent(s, h->h.last, now))
        return false;
    *ret = h->h;
    return true;
}

void shield_count(const struct shield *s, size_t *ret_hosts, size_t *ret_blocks)
{
    *ret_hosts = table_count(s->hosts);
    *ret_blocks = table_count(s->blocks);
}

int shield_changed(struct shield *s, shield_fn *fn, void *user)
{
    uint32_t cursor = 0;
    struct host *h;
    int r = 0;

    while (r >= 0 && (h = table_next(s->hosts, &cursor, NULL)))
        r = h->changed ? fn(user, &h->h) : 0;
    if (r < 0)
        return r;
    for (cursor = 0; (h = table_next(s->hosts, &cursor, NULL));)
        h->changed = false;
    return 0;
}

int shield_restore(struct shield *s, const struct shield_host *kept)
{
    bool allowed = false, any = false;
    struct host *h;
    int r = 0;

    for (size_t i = 0; i < SHIELD_FAMILIAR_MAX && r == 0; i++) {
        const struct sighting *login = &kept->login[i];
        if (login->second > 0)
            r = allow(s, &kept->host, login->key, login->second * USEC_PER_SEC, &any);
        allowed |= any;
    }
    if (r < 0 || !allowed)
        return r;
    h = table_put(s->hosts, &kept->host, NULL);
    if (!h)
        return -ENOMEM;
    h->h = *kept;
    // So many days lie at least between its first login and its last.
    note_time(s, usec_sub(kept->last, kept->days > 2 ? (kept->days - 2) * USEC_PER_DAY : 0));
    return cover(s, &kept->host, kept->last);
}
