// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/fingerprint-own.h"

#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>

static const size_t capacity[HOMES] = {[SET] = FINGERPRINTS_SET_MAX,
                                       [LEARNED] = FINGERPRINTS_LEARNED_MAX,
                                       [SUSPECT] = FINGERPRINTS_MAX / 2,
                                       [FRESH] = FINGERPRINTS_MAX / 2};

struct fingerprints *fingerprints_new(const struct fingerprint_spec *spec, uint64_t seed)
{
    struct fingerprints *f = calloc(1, sizeof(*f));
    size_t key = sizeof(struct key), all = 0;
    bool made = f != NULL;

    for (enum home h = 0; h < HOMES && made; h++) {
        f->at[h] = table_new(capacity[h], key, sizeof(struct entry), seed);
        made = f->at[h] != NULL;
        all += capacity[h];
    }
    if (!made)
        return fingerprints_free(f);
    f->spec = *spec;
    f->seed = seed;
    f->good = table_new(FINGERPRINTS_GOOD_MAX, key, sizeof(struct good), seed);
    f->gone = table_new(all, key, 1, seed);
    f->known = table_new(FINGERPRINTS_KNOWN_MAX, sizeof(uint32_t), sizeof(usec_t), seed);
    return f->good && f->gone && f->known ? f : fingerprints_free(f);
}

struct fingerprints *fingerprints_free(struct fingerprints *f)
{
    for (enum home h = 0; f && h < HOMES; h++)
        table_free(f->at[h]);
    if (f) {
        table_free(f->good);
        table_free(f->gone);
        table_free(f->known);
    }
    free(f);
    return NULL;
}

struct key fingerprint_key(enum fingerprint_kind kind, struct slice family)
{
    struct key key = {.kind = (char)kind};
    size_t n = family.n < sizeof(key.name) ? family.n : sizeof(key.name) - 1;

    if (n > 0)
        memcpy(key.name, family.p, n);
    return key;
}

struct entry *fingerprints_find(struct fingerprints *f, const struct key *key)
{
    uint32_t hash = table_hash(f->at[0], key);
    struct entry *e = NULL;

    for (enum home h = 0; h < HOMES && !e; h++)
        e = table_find(f->at[h], key, hash);
    return e;
}

void fingerprints_note_time(struct fingerprints *f, usec_t time)
{
    if (time > 0 && (f->since == 0 || time < f->since))
        f->since = time;
}

void fingerprints_hear(struct fingerprints *f, usec_t time)
{
    fingerprints_note_time(f, time);
    f->heard = f->heard > 0 && f->heard < time ? f->heard : time;
}

bool fingerprints_are_young(const struct fingerprints *f, usec_t time)
{
    return usec_sub(time, f->since) < FINGERPRINT_YOUNG_S * USEC_PER_SEC;
}

static bool is_doubtful(const struct fingerprints *f, const struct key *key, unsigned state,
                        usec_t time)
{
    return key->kind == FINGERPRINT_USER && state == FINGERPRINT_LEARNED &&
           fingerprints_are_young(f, time);
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

struct key fingerprints_local(const struct key *key)
{
    const char *domain = strchr(key->name, '@');
    size_t n = domain ? (size_t)(domain - key->name) : strlen(key->name);

    return fingerprint_key((enum fingerprint_kind)key->kind, (struct slice){key->name, n});
}

// What a name is known as: a user without his domain, as bots try him with and without, unless
// somebody of that name logs in.
static struct key key_for(struct fingerprints *f, const struct name *name, usec_t time)
{
    struct key key = {.kind = (char)name->kind}, local;

    family_name(name->text, name->client, key.name);
    if (name->kind != FINGERPRINT_USER || !strchr(key.name, '@') || table_get(f->at[SET], &key))
        return key;
    local = fingerprints_local(&key);
    return local.name[0] == '\0' || is_cleared(f, &local, time) ? key : local;
}

// A name with a domain may be an honest server's; the domains of users are our own.
static uint32_t factor(const struct key *key)
{
    return key->kind == FINGERPRINT_HELO && strchr(key->name, '.') ? FINGERPRINT_PUBLIC_FACTOR : 1;
}

static uint32_t count(const struct fingerprints *f,
                      const struct sighting seen[static FINGERPRINT_SEEN_MAX], usec_t time)
{
    return sightings_count(seen, FINGERPRINT_SEEN_MAX, time, f->spec.span);
}

static int know(struct fingerprints *f, uint32_t digest, usec_t time)
{
    usec_t *last = table_put(f->known, &digest, NULL);

    if (!last)
        return -ENOMEM;
    *last = *last < time ? time : *last;
    return 0;
}

static bool is_telling(const struct fingerprints *f, const struct key *key,
                       const struct fingerprint *seen)
{
    return (seen->state == FINGERPRINT_LEARNED || seen->state == FINGERPRINT_ADDED) &&
           !is_doubtful(f, key, seen->state, seen->last);
}

int fingerprints_know(struct fingerprints *f, const struct key *key, const struct fingerprint *seen)
{
    size_t n = is_telling(f, key, seen) ? FINGERPRINT_SEEN_MAX : 0;
    int r = 0;

    for (size_t i = 0; i < n && r == 0 && seen->host[i].second > 0; i++)
        r = know(f, seen->host[i].key, seen->host[i].second * USEC_PER_SEC);
    return r;
}

// Whether one of those who failed with a name has failed with a fingerprint as well.
static bool is_attackers(struct fingerprints *f, const struct fingerprint *seen, usec_t time)
{
    for (size_t i = 0; i < FINGERPRINT_SEEN_MAX && seen->host[i].second > 0; i++) {
        const usec_t *last = table_get(f->known, &seen->host[i].key);
        if (last && is_recent(f, *last, time))
            return true;
    }
    return false;
}

// From how many hosts or blocks a name must have failed where `most` is what is configured.
static uint32_t need(struct fingerprints *f, const struct key *key, const struct entry *e,
                     uint32_t most, usec_t time)
{
    uint32_t many = factor(key);

    return many == 1 && e && is_attackers(f, &e->f, time) ? FINGERPRINT_ATTACKERS : most * many;
}

// Without memory to remember that it is gone, it stays.
int fingerprints_drop(struct fingerprints *f, struct table *from, const struct key *at)
{
    struct key key = *at;
    struct entry *e = table_get(from, &key);

    if (e->kept && !table_put(f->gone, &key, NULL))
        return -ENOMEM;
    table_remove(from, &key);
    return 0;
}

// Puts it where it belongs now, and takes it from where it was.
int fingerprints_place(struct fingerprints *f, struct table *to, const struct key *key,
                       const struct entry *entry, struct entry **ret)
{
    struct entry copy = *entry;
    const void *oldest;
    struct entry *e;
    int r = 0;

    if (!table_get(to, key) && table_count(to) == table_capacity(to)) {
        table_oldest(to, &oldest);
        r = fingerprints_drop(f, to, oldest);
    }
    e = r == 0 ? table_put(to, key, NULL) : NULL;
    if (!e)
        return -ENOMEM;
    *e = copy;
    *ret = e;
    for (enum home h = 0; h < HOMES; h++) {
        if (f->at[h] != to)
            table_remove(f->at[h], key);
    }
    return 0;
}

struct table *fingerprints_home(const struct fingerprints *f, const struct entry *e)
{
    if (e->f.state != FINGERPRINT_SUSPECT)
        return f->at[e->f.state == FINGERPRINT_LEARNED ? LEARNED : SET];
    return f->at[e->f.host[1].second > 0 ? SUSPECT : FRESH];
}

static void see(struct entry *e, const struct addr *client, usec_t time)
{
    struct addr host = addr_host(client);

    sightings_note(e->f.host, FINGERPRINT_SEEN_MAX, sighting_net(&host), time);
    sightings_note(e->f.block, FINGERPRINT_SEEN_MAX, sighting_block(client), time);
    e->f.last = e->f.last < time ? time : e->f.last;
    e->changed = true;
}

static int learn(struct fingerprints *f, struct entry *e, const struct key *key,
                 const struct addr *client, usec_t time)
{
    struct addr host = addr_host(client);

    // It is a fingerprint as long as it goes on.
    if (e->f.state == FINGERPRINT_LEARNED && !is_recent(f, e->f.last, time))
        e->f.state = FINGERPRINT_SUSPECT;
    see(e, client, time);
    e->f.hits++;
    e->f.first = e->f.first ? e->f.first : time;
    if (e->f.state != FINGERPRINT_SUSPECT)
        return is_telling(f, key, &e->f) ? know(f, sighting_net(&host), time) : 0;
    if (count(f, e->f.host, time) < need(f, key, e, f->spec.hosts, time) ||
        count(f, e->f.block, time) < need(f, key, e, f->spec.blocks, time))
        return 0;
    e->f.state = FINGERPRINT_LEARNED;
    return fingerprints_know(f, key, &e->f);
}

static struct entry entry_new(const struct key *key)
{
    struct entry e = {.f.kind = (uint8_t)key->kind};

    memcpy(e.f.name, key->name, sizeof(e.f.name));
    return e;
}

static bool is_fingerprint(const struct fingerprints *f, const struct entry *e, usec_t time)
{
    return e && (e->f.state == FINGERPRINT_ADDED ||
                 (e->f.state == FINGERPRINT_LEARNED && is_recent(f, e->f.last, time)));
}

// An honest server may have a bad name, but not one that it makes up anew each time.
static bool is_mere_claim(const struct name *name, const struct key *key)
{
    return name->is_claim && !strchr(key->name, '<');
}

static void note_news(struct fingerprints *f, const struct key *key)
{
    if (f->n_news < FINGERPRINTS_NEWS_MAX)
        f->news[f->n_news++] = *key;
}

int fingerprints_fail(struct fingerprints *f, const struct name *name, usec_t time)
{
    enum fingerprint_state before;
    struct table *was_at;
    struct entry fresh, *e;
    struct key key;
    int r = 0;

    if (name->text.n == 0)
        return 0;
    fingerprints_hear(f, time);
    key = key_for(f, name, time);
    e = fingerprints_find(f, &key);
    if (key.name[0] == '\0' || (e && e->f.state == FINGERPRINT_KEPT))
        return 0;
    if (is_mere_claim(name, &key))
        return is_fingerprint(f, e, time) ? FINGERPRINT_E_KNOWN : 0;
    if (is_cleared(f, &key, time) && (!e || e->f.state != FINGERPRINT_ADDED))
        return 0;
    was_at = e ? fingerprints_home(f, e) : NULL;
    if (!e) {
        fresh = entry_new(&key);
        e = &fresh;
    }
    before = e->f.state;
    r = learn(f, e, &key, name->client, time);
    if (r < 0)
        return r;
    if (fingerprints_home(f, e) == was_at)
        table_touch(was_at, e);
    else
        r = fingerprints_place(f, fingerprints_home(f, e), &key, e, &e);
    if (r < 0 || e->f.state == FINGERPRINT_SUSPECT)
        return r;
    if (before == FINGERPRINT_SUSPECT)
        note_news(f, &key);
    if (is_doubtful(f, &key, e->f.state, time))
        return FINGERPRINT_E_DOUBTFUL;
    return before == FINGERPRINT_SUSPECT ? FINGERPRINT_E_NEW : FINGERPRINT_E_KNOWN;
}

// A shape that no machine's owner chooses, and no honest program says of its address. Names of
// machines as they come (WIN-7QKD93JX01T) are somebody's as well, so very many must have failed.
static bool is_sure(const struct fingerprints *f, const struct key *key, const struct entry *e,
                    usec_t time)
{
    bool is_drawn = strstr(key->name, "<mixed:") || strstr(key->name, "<letters:");

    return e->f.state == FINGERPRINT_ADDED ||
           (is_drawn && !strchr(key->name, '.') && !strstr(key->name, "<ip>") &&
            usec_sub(time, f->heard) >= FINGERPRINT_YOUNG_S * USEC_PER_SEC &&
            count(f, e->f.host, time) >= f->spec.hosts * FINGERPRINT_PUBLIC_FACTOR &&
            count(f, e->f.block, time) >= f->spec.blocks * FINGERPRINT_PUBLIC_FACTOR);
}

int fingerprints_greet(struct fingerprints *f, const struct name *name, usec_t time)
{
    struct key key = key_for(f, name, time);
    const struct good *good = table_get(f->good, &key);
    struct entry *e = fingerprints_find(f, &key);
    struct addr host = addr_host(name->client);
    int r;

    fingerprints_hear(f, time);
    if (!is_fingerprint(f, e, time) || (good && good->once) || !is_sure(f, &key, e, time))
        return 0;
    // Else it would be forgotten while it keeps bots out.
    see(e, name->client, time);
    table_touch(fingerprints_home(f, e), e);
    r = know(f, sighting_net(&host), time);
    return r < 0 ? r : FINGERPRINT_E_KNOWN;
}

int fingerprints_set(struct fingerprints *f, enum fingerprint_kind kind, struct slice family,
                     enum fingerprint_state state, usec_t time)
{
    struct key key = fingerprint_key(kind, family);
    struct entry fresh = entry_new(&key), *e = fingerprints_find(f, &key);

    if (key.name[0] == '\0')
        return -EINVAL;
    if (table_count(f->at[SET]) == table_capacity(f->at[SET]) && !table_get(f->at[SET], &key))
        return -ENOSPC;
    if (!e)
        e = &fresh;
    if (time == 0 && !e->listed)
        e->own = e->f.state;
    e->f.state = (uint8_t)state;
    e->f.first = e->f.first ? e->f.first : time;
    e->listed = time == 0;
    e->changed = true;
    return fingerprints_place(f, f->at[SET], &key, e, &e);
}

bool fingerprints_remove(struct fingerprints *f, enum fingerprint_kind kind, struct slice family)
{
    struct key key = fingerprint_key(kind, family);
    struct entry *e = fingerprints_find(f, &key);

    return e && fingerprints_drop(f, fingerprints_home(f, e), &key) == 0;
}

static void stand(struct fingerprints *f, const struct key *key, const struct entry *e, usec_t now,
                  struct fingerprint_standing *ret)
{
    const struct good *good = table_get(f->good, key);

    *ret = (struct fingerprint_standing){
        .need_hosts = need(f, key, e, f->spec.hosts, now),
        .need_blocks = need(f, key, e, f->spec.blocks, now),
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
    ret->is_doubtful = is_doubtful(f, key, ret->state, now);
}

void fingerprints_look(struct fingerprints *f, const struct name *name, usec_t now,
                       struct fingerprint_standing *ret)
{
    struct key key = key_for(f, name, now), as_is = fingerprint_key(name->kind, name->text);
    struct entry *e = fingerprints_find(f, &as_is);

    if (e)
        key = as_is;
    else
        e = fingerprints_find(f, &key);
    stand(f, &key, e, now, ret);
}

static int list(struct fingerprints *f, struct table *t, usec_t now, fingerprint_fn *fn, void *user)
{
    uint32_t cursor = 0;
    const void *key;
    struct entry *e;
    int r = 0;

    while (r >= 0 && (e = table_next(t, &cursor, &key))) {
        struct fingerprint_standing s;
        stand(f, key, e, now, &s);
        if (s.state != FINGERPRINT_SUSPECT)
            r = fn(user, &s, (enum fingerprint_kind)e->f.kind);
    }
    return r;
}

int fingerprints_list(struct fingerprints *f, usec_t now, fingerprint_fn *fn, void *user)
{
    int r = list(f, f->at[SET], now, fn, user);

    if (r >= 0)
        r = list(f, f->at[LEARNED], now, fn, user);
    return r < 0 ? r : 0;
}

void fingerprints_news(struct fingerprints *f, fingerprint_fn *fn, void *user)
{
    for (size_t i = 0; i < f->n_news; i++) {
        const struct entry *e = fingerprints_find(f, &f->news[i]);
        struct fingerprint_standing s;
        // It may have been cleared meanwhile, or forgotten.
        if (!e)
            continue;
        stand(f, &f->news[i], e, e->f.last, &s);
        if (s.is_fingerprint)
            fn(user, &s, (enum fingerprint_kind)f->news[i].kind);
    }
    f->n_news = 0;
}
