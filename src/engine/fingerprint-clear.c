// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/fingerprint-own.h"

#include "base/hash.h"

#include <errno.h>

#define LATELY_SPAN (3600 * USEC_PER_SEC)

static int clear(struct fingerprints *f, const struct key *key, usec_t time)
{
    struct good *good = table_put(f->good, key, NULL);
    struct entry *e = fingerprints_find(f, key);

    if (!good)
        return -ENOMEM;
    // Once a day is often enough to write it down.
    good->changed = good->changed || usec_sub(time, good->last) >= USEC_PER_DAY;
    good->last = good->last < time ? time : good->last;
    if (e && e->listed && e->own == FINGERPRINT_LEARNED) {
        e->own = FINGERPRINT_SUSPECT;
        e->changed = true;
    }
    if (!e || e->f.state == FINGERPRINT_ADDED || e->f.state == FINGERPRINT_KEPT)
        return 0;
    return fingerprints_drop(f, fingerprints_home(f, e), key);
}

static int clear_helo(struct fingerprints *f, const struct key *key, struct slice user, usec_t time)
{
    struct good *good = table_put(f->good, key, NULL);
    uint32_t who = sighting_text(user) | 1;

    if (!good)
        return -ENOMEM;
    if (good->user == 0)
        good->user = who;
    good->once = true;
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

static int clear_user(struct fingerprints *f, const struct key *key, usec_t time)
{
    struct key local = fingerprints_local(key);
    int r = clear(f, key, time);

    return r == 0 && local.name[0] != '\0' ? clear(f, &local, time) : r;
}

int fingerprints_clear(struct fingerprints *f, const struct name *name, struct slice user,
                       usec_t time)
{
    struct key key = {.kind = (char)name->kind};

    if (name->text.n == 0 || (name->kind == FINGERPRINT_USER && was_lately(f, name->text, time)))
        return 0;
    if (family_name(name->text, name->client, key.name) == 0)
        return 0;
    fingerprints_hear(f, time);
    if (name->kind == FINGERPRINT_HELO)
        return clear_helo(f, &key, user, time);
    return clear_user(f, &key, time);
}
