// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/fingerprint.h"

#include "base/hash.h"
#include "base/table.h"

#include <errno.h>
#include <stdlib.h>

enum { BLOCK_V4 = 24, BLOCK_V6 = 48, LATELY = 256 };

#define LATELY_SPAN (3600 * USEC_PER_SEC)

struct key {
    char kind;
    char name[FAMILY_MAX]; // zeros behind
};

struct entry {
    struct fingerprint f;
    bool changed; // since the last walk
    bool kept;    // a walk has told of it
    bool listed;  // by the configuration: no walk tells of it
};

struct good {
    usec_t last;
    uint32_t user; // a HELO name's first, a digest; last is set with the second
    bool changed;
};

struct fingerprints {
    struct fingerprint_spec spec;
    uint64_t seed;
    struct table *fresh;   // suspects that one host used
    struct table *suspect; // and those that several did
    struct table *marked;
    struct table *good;
    struct table *gone; // keys of what a walk has told of
    // Users who were cleared last, by a digest of what they were called: most logins are theirs.
    struct {
        uint64_t digest;
        usec_t time;
    } lately[LATELY];
};

struct fingerprints *fingerprints_new(const struct fingerprint_spec *spec, uint64_t seed)
{
    struct fingerprints *f = calloc(1, sizeof(*f));
    size_t key = sizeof(struct key), entry = sizeof(struct entry);

    if (!f)
        return NULL;
    f->spec = *spec;
    f->seed = seed;
    f->fresh = table_new(FINGERPRINTS_MAX / 2, key, entry, seed);
    f->suspect = table_new(FINGERPRINTS_MAX / 2, key, entry, seed);
    f->marked = table_new(FINGERPRINTS_MARKED_MAX, key, entry, seed);
    f->good = table_new(FINGERPRINTS_GOOD_MAX, key, sizeof(struct good), seed);
    f->gone = table_new(FINGERPRINTS_MAX + FINGERPRINTS_MARKED_MAX, key, 1, seed);
    return f->fresh && f->suspect && f->marked && f->good && f->gone ? f : fingerprints_free(f);
}

struct fingerprints *fingerprints_free(struct fingerprints *f)
{
    if (f) {
        table_free(f->fresh);
        table_free(f->suspect);
        table_free(f->marked);
        table_free(f->good);
        table_free(f->gone);
    }
    free(f);
    return NULL;
}

static struct key key_of(enum fingerprint_kind kind, struct slice family)
{
    struct key key = {.kind = (char)kind};
    size_t n = family.n < sizeof(key.name) ? family.n : sizeof(key.name) - 1;

    if (n > 0)
        memcpy(key.name, family.p, n);
    return key;
}

static struct key key_for(const struct name *name)
{
    struct key key = {.kind = (char)name->kind};

    family_name(name->text, name->client, key.name);
    return key;
}

static struct entry *find(struct fingerprints *f, const struct key *key)
{
    struct entry *e = table_get(f->marked, key);

    if (!e)
        e = table_get(f->suspect, key);
    return e ? e : table_get(f->fresh, key);
}

static uint32_t seconds(usec_t time)
{
    return (uint32_t)(time / USEC_PER_SEC);
}

static bool is_recent(const struct fingerprints *f, usec_t last, usec_t time)
{
    return last > 0 && usec_sub(time, last) < f->spec.span;
}

static bool is_cleared(struct fingerprints *f, const struct key *key, usec_t time)
{
    const struct good *good = table_get(f->good, key);

    return good && is_recent(f, good->last, time);
}

// A name with a domain may be an honest server's; the domains of users are our own.
static uint32_t factor(const struct key *key)
{
    return key->kind == FINGERPRINT_HELO && strchr(key->name, '.') ? FINGERPRINT_PUBLIC_FACTOR : 1;
}

// Not seeded, as it outlives the process; whoever finds two hosts with the same one counts as one.
static uint32_t digest(const struct addr *net)
{
    return (uint32_t)hash_bytes(net, sizeof(*net), 0);
}

// Each host and block once; a new one takes the place of the one seen longest ago.
static void note(struct sighting seen[static FINGERPRINT_SEEN_MAX], uint32_t key, uint32_t second)
{
    struct sighting *at = seen;

    for (struct sighting *s = seen; s < seen + FINGERPRINT_SEEN_MAX; s++) {
        if (s->second > 0 && s->key == key) {
            s->second = s->second < second ? second : s->second;
            return;
        }
        if (s->second < at->second)
            at = s;
    }
    if (at->second <= second)
        *at = (struct sighting){key, second};
}

static uint32_t count(const struct fingerprints *f,
                      const struct sighting seen[static FINGERPRINT_SEEN_MAX], usec_t time)
{
    uint32_t n = 0;

    for (size_t i = 0; i < FINGERPRINT_SEEN_MAX; i++)
        n += is_recent(f, seen[i].second * USEC_PER_SEC, time);
    return n;
}

// Without memory to remember that it is gone, it stays.
static int drop(struct fingerprints *f, struct table *from, const struct key *at)
{
    struct key key = *at;
    struct entry *e = table_get(from, &key);

    if (e->kept && !table_put(f->gone, &key, NULL))
        return -ENOMEM;
    table_remove(from, &key);
    return 0;
}

// Puts it where it belongs now, and takes it from where it was.
static int place(struct fingerprints *f, struct table *to, const struct key *key,
                 const struct entry *entry, struct entry **ret)
{
    struct entry copy = *entry;
    const void *oldest;
    struct entry *e;
    int r = 0;

    if (!table_get(to, key) && table_count(to) == table_capacity(to)) {
        table_oldest(to, &oldest);
        r = drop(f, to, oldest);
    }
    e = r == 0 ? table_put(to, key, NULL) : NULL;
    if (!e)
        return -ENOMEM;
    *e = copy;
    *ret = e;
    for (size_t i = 0; i < 3; i++) {
        struct table *t = (struct table *[]){f->fresh, f->suspect, f->marked}[i];
        if (t != to)
            table_remove(t, key);
    }
    return 0;
}

static struct table *home(const struct fingerprints *f, const struct entry *e)
{
    if (e->f.state != FINGERPRINT_SUSPECT)
        return f->marked;
    return e->f.host[1].second > 0 ? f->suspect : f->fresh;
}

static void learn(const struct fingerprints *f, struct entry *e, const struct key *key,
                  const struct addr *client, usec_t time)
{
    struct addr host = addr_host(client);
    struct addr block = addr_block(client, addr_is_v4(client) ? BLOCK_V4 : BLOCK_V6);
    uint32_t many = factor(key);

    // It is a fingerprint as long as it goes on.
    if (e->f.state == FINGERPRINT_LEARNED && !is_recent(f, e->f.last, time))
        e->f.state = FINGERPRINT_SUSPECT;
    note(e->f.host, digest(&host), seconds(time));
    note(e->f.block, digest(&block), seconds(time));
    e->f.hits++;
    e->f.first = e->f.first ? e->f.first : time;
    e->f.last = e->f.last < time ? time : e->f.last;
    e->changed = true;
    if (e->f.state == FINGERPRINT_SUSPECT && count(f, e->f.host, time) >= f->spec.hosts * many &&
        count(f, e->f.block, time) >= f->spec.blocks * many)
        e->f.state = FINGERPRINT_LEARNED;
}

static struct entry entry_new(const struct key *key)
{
    struct entry e = {.f.kind = (uint8_t)key->kind};

    memcpy(e.f.name, key->name, sizeof(e.f.name));
    return e;
}

int fingerprints_fail(struct fingerprints *f, const struct name *name, usec_t time)
{
    struct key key = key_for(name);
    struct entry fresh = entry_new(&key), *e = find(f, &key);
    enum fingerprint_state before;
    int r;

    if (key.name[0] == '\0' || (e && e->f.state == FINGERPRINT_KEPT))
        return 0;
    if (is_cleared(f, &key, time) && (!e || e->f.state != FINGERPRINT_ADDED))
        return 0;
    if (!e)
        e = &fresh;
    before = e->f.state;
    learn(f, e, &key, name->client, time);
    r = place(f, home(f, e), &key, e, &e);
    if (r < 0 || e->f.state == FINGERPRINT_SUSPECT)
        return r;
    return before == FINGERPRINT_SUSPECT ? FINGERPRINT_E_NEW : FINGERPRINT_E_KNOWN;
}

static int clear(struct fingerprints *f, const struct key *key, usec_t time)
{
    struct good *good = table_put(f->good, key, NULL);
    struct entry *e = find(f, key);

    if (!good)
        return -ENOMEM;
    // Once a day is often enough to write it down.
    good->changed = good->changed || usec_sub(time, good->last) >= USEC_PER_DAY;
    good->last = good->last < time ? time : good->last;
    if (!e || e->f.state == FINGERPRINT_ADDED || e->f.state == FINGERPRINT_KEPT)
        return 0;
    return drop(f, home(f, e), key);
}

static int clear_helo(struct fingerprints *f, const struct key *key, struct slice user, usec_t time)
{
    struct good *good = table_put(f->good, key, NULL);
    uint32_t who = (uint32_t)hash_bytes(user.p, user.n, 0) | 1;

    if (!good)
        return -ENOMEM;
    if (good->user == 0)
        good->user = who;
    return good->user == who && good->last == 0 ? 0 : clear(f, key, time);
}

// As long as a name is cleared nothing is learned of it, so that there is nothing to do again.
static bool was_lately(struct fingerprints *f, struct slice user, usec_t time)
{
    uint64_t digest = hash_bytes(user.p, user.n, f->seed);
    size_t at = digest % LATELY;
    bool was = f->lately[at].digest == digest && time >= f->lately[at].time &&
               time - f->lately[at].time < LATELY_SPAN;

    if (!was) {
        f->lately[at].digest = digest;
        f->lately[at].time = time;
    }
    return was;
}

static int clear_user(struct fingerprints *f, struct key *key, usec_t time)
{
    char *domain = strchr(key->name, '@');
    int r = clear(f, key, time);

    if (r < 0 || !domain || domain == key->name)
        return r;
    memset(domain, 0, (size_t)(key->name + sizeof(key->name) - domain));
    return clear(f, key, time);
}

int fingerprints_clear(struct fingerprints *f, const struct name *name, struct slice user,
                       usec_t time)
{
    struct key key;

    if (name->text.n == 0 || (name->kind == FINGERPRINT_USER && was_lately(f, name->text, time)))
        return 0;
    key = key_for(name);
    if (key.name[0] == '\0')
        return 0;
    if (name->kind == FINGERPRINT_HELO)
        return clear_helo(f, &key, user, time);
    return clear_user(f, &key, time);
}

int fingerprints_set(struct fingerprints *f, enum fingerprint_kind kind, struct slice family,
                     enum fingerprint_state state, usec_t time)
{
    struct key key = key_of(kind, family);
    struct entry fresh = entry_new(&key), *e = find(f, &key);

    if (key.name[0] == '\0')
        return -EINVAL;
    if (table_count(f->marked) == table_capacity(f->marked) && !table_get(f->marked, &key))
        return -ENOSPC;
    if (!e)
        e = &fresh;
    e->f.state = (uint8_t)state;
    e->f.first = e->f.first ? e->f.first : time;
    e->listed = time == 0;
    e->changed = true;
    return place(f, f->marked, &key, e, &e);
}

bool fingerprints_remove(struct fingerprints *f, enum fingerprint_kind kind, struct slice family)
{
    struct key key = key_of(kind, family);
    struct entry *e = find(f, &key);

    return e && drop(f, home(f, e), &key) == 0;
}

static void stand(struct fingerprints *f, const struct key *key, const struct entry *e, usec_t now,
                  struct fingerprint_standing *ret)
{
    const struct good *good = table_get(f->good, key);

    *ret = (struct fingerprint_standing){
        .need_hosts = f->spec.hosts * factor(key),
        .need_blocks = f->spec.blocks * factor(key),
        .cleared = good && is_recent(f, good->last, now) ? good->last : 0,
    };
    memcpy(ret->family, key->name, sizeof(ret->family));
    if (!e)
        return;
    ret->state = (enum fingerprint_state)e->f.state;
    ret->is_listed = e->listed;
    ret->hosts = count(f, e->f.host, now);
    ret->blocks = count(f, e->f.block, now);
    ret->hits = e->f.hits;
    ret->first = e->f.hits > 0 ? e->f.first : 0;
    ret->last = e->f.last;
    if (ret->state == FINGERPRINT_LEARNED && !is_recent(f, e->f.last, now))
        ret->state = FINGERPRINT_SUSPECT;
    ret->is_fingerprint = ret->state == FINGERPRINT_LEARNED || ret->state == FINGERPRINT_ADDED;
}

void fingerprints_look(struct fingerprints *f, const struct name *name, usec_t now,
                       struct fingerprint_standing *ret)
{
    struct key key = key_for(name), as_is = key_of(name->kind, name->text);
    struct entry *e = find(f, &as_is);

    if (e)
        key = as_is;
    else
        e = find(f, &key);
    stand(f, &key, e, now, ret);
}

int fingerprints_list(struct fingerprints *f, usec_t now, fingerprint_fn *fn, void *user)
{
    uint32_t cursor = 0;
    const void *key;
    struct entry *e;
    int r = 0;

    while (r >= 0 && (e = table_next(f->marked, &cursor, &key))) {
        struct fingerprint_standing s;
        stand(f, key, e, now, &s);
        if (s.state != FINGERPRINT_SUSPECT)
            r = fn(user, &s, (enum fingerprint_kind)e->f.kind);
    }
    return r < 0 ? r : 0;
}

static int walk_gone(struct fingerprints *f, fingerprint_change_fn *fn, void *user)
{
    uint32_t cursor = 0;
    const void *at;
    int r = 0;

    while (r >= 0 && table_next(f->gone, &cursor, &at)) {
        const struct key *key = at;
        struct fingerprint_change c = {
            .kind = (enum fingerprint_kind)key->kind, .name = key->name, .gone = true};
        r = fn(user, &c);
    }
    return r;
}

static int walk_entries(struct table *t, fingerprint_change_fn *fn, void *user)
{
    uint32_t cursor = 0;
    struct entry *e;
    int r = 0;

    while (r >= 0 && (e = table_next(t, &cursor, NULL))) {
        struct fingerprint_change c = {
            .fingerprint = &e->f, .kind = (enum fingerprint_kind)e->f.kind, .name = e->f.name};
        if (e->changed && !e->listed)
            r = fn(user, &c);
    }
    return r;
}

static int walk_good(struct fingerprints *f, fingerprint_change_fn *fn, void *user)
{
    uint32_t cursor = 0;
    const void *at;
    struct good *good;
    int r = 0;

    while (r >= 0 && (good = table_next(f->good, &cursor, &at))) {
        const struct key *key = at;
        struct fingerprint_change c = {
            .kind = (enum fingerprint_kind)key->kind, .name = key->name, .cleared = good->last};
        if (good->changed)
            r = fn(user, &c);
    }
    return r;
}

static void settle(struct table *t)
{
    uint32_t cursor = 0;
    struct entry *e;

    while ((e = table_next(t, &cursor, NULL))) {
        e->kept |= e->changed && !e->listed;
        e->changed = false;
    }
}

int fingerprints_changed(struct fingerprints *f, fingerprint_change_fn *fn, void *user)
{
    uint32_t cursor = 0;
    struct good *good;
    int r = walk_gone(f, fn, user);

    if (r >= 0)
        r = walk_entries(f->suspect, fn, user);
    if (r >= 0)
        r = walk_entries(f->marked, fn, user);
    if (r >= 0)
        r = walk_good(f, fn, user);
    if (r < 0)
        return r;
    table_clear(f->gone);
    settle(f->suspect);
    settle(f->marked);
    while ((good = table_next(f->good, &cursor, NULL)))
        good->changed = false;
    return 0;
}

int fingerprints_restore(struct fingerprints *f, const struct fingerprint *fingerprint)
{
    enum fingerprint_kind kind = (enum fingerprint_kind)fingerprint->kind;
    struct entry kept = {.f = *fingerprint, .kept = true}, *e;
    struct key key = key_of(kind, slice_of(fingerprint->name));
    const struct entry *here = table_get(f->marked, &key);

    return here && here->listed ? 0 : place(f, home(f, &kept), &key, &kept, &e);
}

int fingerprints_restore_good(struct fingerprints *f, enum fingerprint_kind kind,
                              struct slice family, usec_t cleared)
{
    struct key key = key_of(kind, family);
    struct good *good = table_put(f->good, &key, NULL);

    if (!good)
        return -ENOMEM;
    good->last = cleared;
    return 0;
}
