// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/repeats.h"

#include "base/table.h"

#include <errno.h>
#include <stdlib.h>

enum { USER_MAX = 63, WHO_BITS = 19 };

#define MARKED (UINT32_C(1) << (REPEATS_BITS + WHO_BITS)) // so that no mark is 0

struct entry {
    struct repeats_host h;
    bool changed;
};

struct repeats {
    usec_t span;
    struct table *hosts; // struct addr -> struct entry
    bool changed;
};

struct repeats *repeats_new(usec_t span, uint64_t seed)
{
    struct repeats *r = calloc(1, sizeof(*r));

    if (!r)
        return NULL;
    r->span = span;
    r->hosts = table_new(REPEATS_HOSTS_MAX, sizeof(struct addr), sizeof(struct entry), seed);
    return r->hosts ? r : repeats_free(r);
}

struct repeats *repeats_free(struct repeats *r)
{
    if (r)
        table_free(r->hosts);
    free(r);
    return NULL;
}

// Asterisks or the like, IMAP's promise of a literal, or a word in brackets.
static bool stands_in(struct slice text)
{
    static const char *const brackets[] = {"{}", "<>", "()", "[]"};
    char first = text.p[0], last = text.p[text.n - 1];
    size_t same = 1;

    while (same < text.n && text.p[same] == first)
        same++;
    for (size_t i = 0; i < sizeof(brackets) / sizeof(*brackets); i++) {
        if (first == brackets[i][0] && last == brackets[i][1])
            return true;
    }
    return same == text.n;
}

// One of the keys that are made of the key, of a host's user.
static uint64_t derive(const struct siphash_key *key, const struct addr *host, struct slice user,
                       char use)
{
    struct {
        char use;
        uint8_t host[sizeof(host->b)], user[USER_MAX];
    } of = {.use = use};

    memcpy(of.host, host->b, sizeof(of.host));
    memcpy(of.user, user.p, user.n);
    return siphash(key, &of, sizeof(of));
}

uint32_t repeats_mark(const struct siphash_key *key, const struct addr *host, struct slice user,
                      struct slice text)
{
    struct siphash_key own;
    uint32_t who, what;

    text = slice_trim(text);
    // A name that long may have been cut, and another one be cut to the same.
    if (user.n == 0 || user.n >= USER_MAX || text.n == 0 || stands_in(text))
        return 0;
    own.half[0] = derive(key, host, user, 0);
    own.half[1] = derive(key, host, user, 1);
    who = (uint32_t)(derive(key, host, user, 2) >> (64 - WHO_BITS));
    what = (uint32_t)(siphash(&own, text.p, text.n) >> (64 - REPEATS_BITS));
    return MARKED | who << REPEATS_BITS | what;
}

static usec_t time_of(const struct repeats_mark *m)
{
    return m->second * USEC_PER_SEC;
}

static bool is_remembered(const struct repeats *r, const struct repeats_mark *m, usec_t time)
{
    return m->mark != 0 && usec_sub(time, time_of(m)) < r->span;
}

// Where the mark is, or the place of the one tried longest ago.
static struct repeats_mark *place_of(struct repeats_host *h, uint32_t mark)
{
    struct repeats_mark *oldest = h->at;

    for (struct repeats_mark *m = h->at; m < h->at + REPEATS_MARKS_MAX; m++) {
        if (m->mark == mark)
            return m;
        if (m->second < oldest->second)
            oldest = m;
    }
    return oldest;
}

// Whether one more is within what a phone does.
static bool is_paced(struct repeats_mark *m, usec_t time)
{
    if (usec_sub(time, m->since * USEC_PER_SEC) >= REPEATS_PACE) {
        m->since = (uint32_t)(time / USEC_PER_SEC);
        m->paced = 0;
    }
    m->paced += m->paced <= REPEATS_FREE;
    return m->paced <= REPEATS_FREE;
}

// The host's own, or a new one, if need be in the place of the one touched longest ago.
static struct entry *entry_of(struct repeats *r, const struct addr *host)
{
    const struct entry *oldest = table_oldest(r->hosts, NULL);
    bool is_full = table_count(r->hosts) == REPEATS_HOSTS_MAX, is_new;
    uint32_t slot = is_full ? oldest->h.slot : (uint32_t)table_count(r->hosts);
    struct entry *e = table_put(r->hosts, host, &is_new);

    if (!e)
        return NULL;
    if (is_new)
        e->h.slot = slot;
    e->h.host = *host;
    e->changed = r->changed = true;
    return e;
}

int repeats_note(struct repeats *r, const struct addr *host, uint32_t mark, usec_t time)
{
    struct entry *e = entry_of(r, host);
    uint32_t second = (uint32_t)(time / USEC_PER_SEC);
    struct repeats_mark *m;
    bool is_free;

    if (!e)
        return -ENOMEM;
    e->h.last = e->h.last < time ? time : e->h.last;
    m = place_of(&e->h, mark);
    if (m->mark != mark || !is_remembered(r, m, time)) {
        *m = (struct repeats_mark){.mark = mark, .second = second, .since = second};
        return 0;
    }
    m->second = m->second < second ? second : m->second;
    is_free = is_paced(m, time);
    m->free += is_free && m->free < UINT32_MAX;
    return is_free ? REPEATS_E_AGAIN : 0;
}

uint32_t repeats_look(struct repeats *r, const struct addr *host, usec_t now)
{
    struct addr key = addr_host(host);
    const struct entry *e = table_get(r->hosts, &key);
    uint32_t n = 0;

    for (size_t i = 0; e && i < REPEATS_MARKS_MAX; i++)
        n += is_remembered(r, &e->h.at[i], now) ? e->h.at[i].free : 0;
    return n;
}

int repeats_changed(struct repeats *r, repeats_fn *fn, void *user)
{
    uint32_t cursor = 0;
    struct entry *e;
    int error = 0;

    while (r->changed && error >= 0 && (e = table_next(r->hosts, &cursor, NULL)))
        error = e->changed ? fn(user, &e->h) : 0;
    if (error < 0)
        return error;
    for (cursor = 0; r->changed && (e = table_next(r->hosts, &cursor, NULL));)
        e->changed = false;
    r->changed = false;
    return 0;
}

int repeats_restore(struct repeats *r, const struct repeats_host *h)
{
    struct entry *e = entry_of(r, &h->host);
    uint32_t slot;

    if (!e)
        return -ENOMEM;
    slot = e->h.slot;
    e->h = *h;
    e->h.slot = slot;
    return 0;
}
