// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/fingerprint-own.h"

#include <errno.h>

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

// The configuration will say again what is only its word.
static bool is_due(const struct entry *e)
{
    return e->changed && (!e->listed || e->f.hits > 0);
}

// Without that word, so that nothing of it is left when it is withdrawn.
static int give(const struct entry *e, fingerprint_change_fn *fn, void *user)
{
    struct fingerprint f = e->f;

    if (e->listed)
        f.state = e->own;
    return fn(user, &(struct fingerprint_change){
                        .fingerprint = &f, .kind = (enum fingerprint_kind)f.kind, .name = f.name});
}

static int walk_entries(struct table *t, fingerprint_change_fn *fn, void *user)
{
    uint32_t cursor = 0;
    const struct entry *e;
    int r = 0;

    while (r >= 0 && (e = table_next(t, &cursor, NULL))) {
        if (is_due(e))
            r = give(e, fn, user);
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
        e->kept |= is_due(e);
        e->changed = false;
    }
}

int fingerprints_changed(struct fingerprints *f, fingerprint_change_fn *fn, void *user)
{
    uint32_t cursor = 0;
    struct good *good;
    int r = walk_gone(f, fn, user);

    for (enum home h = 0; h < HOMES && r >= 0; h++)
        r = walk_entries(f->at[h], fn, user);
    if (r >= 0)
        r = walk_good(f, fn, user);
    if (r < 0)
        return r;
    table_clear(f->gone);
    for (enum home h = 0; h < HOMES; h++)
        settle(f->at[h]);
    while ((good = table_next(f->good, &cursor, NULL)))
        good->changed = false;
    return 0;
}

int fingerprints_restore(struct fingerprints *f, const struct fingerprint *fingerprint)
{
    enum fingerprint_kind kind = (enum fingerprint_kind)fingerprint->kind;
    struct entry kept = {.f = *fingerprint, .kept = true}, *e;
    struct key key = fingerprint_key(kind, slice_of(fingerprint->name));
    int r;

    fingerprints_note_time(f, fingerprint->first);
    e = table_get(f->at[SET], &key);
    if (e && e->listed) {
        kept.own = fingerprint->state;
        kept.f.state = e->f.state;
        kept.listed = true;
    }
    r = fingerprints_place(f, fingerprints_home(f, &kept), &key, &kept, &e);
    return r < 0 ? r : fingerprints_know(f, &key, &e->f);
}

int fingerprints_restore_good(struct fingerprints *f, enum fingerprint_kind kind,
                              struct slice family, usec_t cleared)
{
    struct key key = fingerprint_key(kind, family);
    struct good *good = table_put(f->good, &key, NULL);

    if (!good)
        return -ENOMEM;
    fingerprints_note_time(f, cleared);
    good->last = cleared;
    good->once = true;
    return 0;
}
