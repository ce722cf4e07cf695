// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/reputation.h"

#include "base/hash.h"

#include <errno.h>
#include <string.h>

int reputation_init(struct reputation *r, struct shield *shield, struct fingerprints *fingerprints,
                    struct peers *peers)
{
    *r = (struct reputation){.shield = shield, .fingerprints = fingerprints, .peers = peers};
    if (shield && fingerprints && peers)
        return 0;
    reputation_done(r);
    return -ENOMEM;
}

void reputation_done(struct reputation *r)
{
    r->shield = shield_free(r->shield);
    r->fingerprints = fingerprints_free(r->fingerprints);
    r->peers = peers_free(r->peers);
}

static struct name name_of(const struct match *m, enum fingerprint_kind kind)
{
    bool is_helo = kind == FINGERPRINT_HELO;

    return (struct name){kind, is_helo ? m->helo : m->user, &m->host, is_helo && m->is_claim};
}

int reputation_success(struct reputation *r, const struct match *m, usec_t time)
{
    int e = shield_success(r->shield, &m->host, m->user, time);

    r->told.teller = NULL;
    // The name has been cleared by a success of this hour.
    if (e != 0)
        return e < 0 ? e : 0;
    for (enum fingerprint_kind kind = 0; kind < FINGERPRINT_KINDS && e == 0; kind++) {
        struct name name = name_of(m, kind);
        e = fingerprints_clear(r->fingerprints, &name, m->user, time);
    }
    return e;
}

static bool is_own_name(const struct match *m)
{
    return m->client.n > 0 && m->client.n == m->helo.n &&
           strncasecmp(m->client.p, m->helo.p, m->helo.n) == 0;
}

static int fail(struct reputation *r, const struct match *m, const struct name *name, usec_t time)
{
    if (name->kind == FINGERPRINT_HELO && is_own_name(m))
        return 0;
    if (name->kind == FINGERPRINT_USER && m->exists)
        return fingerprints_clear(r->fingerprints, name, m->user, time);
    return fingerprints_fail(r->fingerprints, name, time);
}

bool reputation_is_stranger(struct reputation *r, struct slice user, usec_t time)
{
    const char *domain = user.n > 0 ? memchr(user.p, '@', user.n) : NULL;
    struct fingerprint_standing s;

    // Who logs in under one of a user's names clears the one without a domain as well.
    user.n = domain ? (size_t)(domain - user.p) : user.n;
    if (user.n == 0 || fingerprints_are_young(r->fingerprints, time))
        return false;
    fingerprints_look(r->fingerprints, &(struct name){FINGERPRINT_USER, user, NULL}, time, &s);
    return s.cleared == 0 && s.state != FINGERPRINT_KEPT;
}

static int note(struct reputation *r, const struct match *m, usec_t time,
                enum fingerprint_kind *ret_kind)
{
    int known = 0;

    for (enum fingerprint_kind kind = 0; kind < FINGERPRINT_KINDS; kind++) {
        struct name name = name_of(m, kind);
        int e = fail(r, m, &name, time);
        if (e < 0)
            return e;
        if (e > 0 && known == 0) {
            known = e == FINGERPRINT_E_DOUBTFUL ? REPUTATION_E_DOUBTFUL : REPUTATION_E_KNOWN;
            *ret_kind = kind;
        }
    }
    return known;
}

// Not seeded: nobody gains by two of the same, as each line's first teller is heard.
static uint64_t digest_of(const struct match *m)
{
    uint64_t digest = (uint64_t)m->exists << 1 | m->is_claim;

    digest = hash_bytes(m->helo.p, m->helo.n, digest);
    digest = hash_bytes(m->user.p, m->user.n, digest);
    return hash_bytes(m->client.p, m->client.n, digest);
}

// What one jail tells twice are two: a botnet guesses more than once a second.
static bool is_told(const struct reputation_told *told, const struct reputation_told *next)
{
    return told->teller && told->teller != next->teller && told->time == next->time &&
           told->digest == next->digest && addr_compare(&told->host, &next->host) == 0;
}

int reputation_failure(struct reputation *r, const struct match *m, usec_t time, const void *teller,
                       struct name *ret)
{
    struct reputation_told next = {teller, time, m->host, digest_of(m), 0, 0};

    if (!is_told(&r->told, &next)) {
        next.r = note(r, m, time, &next.kind);
        if (next.r < 0)
            return next.r;
        r->told = next;
    }
    if (r->told.r > 0)
        *ret = name_of(m, r->told.kind);
    return r->told.r;
}

int reputation_greeting(struct reputation *r, const struct match *m, usec_t time, struct name *ret)
{
    struct name name = name_of(m, FINGERPRINT_HELO);
    struct addr host = addr_host(&m->host);
    struct peers_host peer;
    int e;

    if (is_own_name(m) || shield_knows(r->shield, &host, time) ||
        (peers_look(r->peers, &host, &peer) && peer.failed == 0))
        return 0;
    e = fingerprints_greet(r->fingerprints, &name, time);
    if (e <= 0)
        return e;
    *ret = name;
    return REPUTATION_E_KNOWN;
}
