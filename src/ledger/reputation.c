// SPDX-License-Identifier: GPL-2.0-or-later
// What the jails know together: fingerprints, names that logged in, and from where.
#include "ledger/damage.h"

#include <errno.h>
#include <stdio.h>

enum { PAIR_BYTES = 2 * sizeof(struct sighting) };

// How many of the two lists are in use: most names have been seen once.
static size_t count_seen(const struct fingerprint *f)
{
    size_t n = FINGERPRINT_SEEN_MAX;

    while (n > 0 && f->host[n - 1].second == 0 && f->block[n - 1].second == 0)
        n--;
    return n;
}

static int put_fingerprint(struct ledger *l, const struct fingerprint *f)
{
    char seen[PAIR_BYTES * FINGERPRINT_SEEN_MAX];
    size_t n = count_seen(f), bytes = n * PAIR_BYTES / 2;

    memcpy(seen, f->host, bytes);
    memcpy(seen + bytes, f->block, bytes);
    return store_run(l, FINGERPRINT_PUT, 7,
                     (struct value[]){value_of(f->kind), value_text(f->name), value_of(f->state),
                                      value_time(f->first), value_time(f->last),
                                      value_of((int64_t)f->hits), value_blob(seen, 2 * bytes)});
}

int ledger_fingerprint(struct ledger *l, const struct fingerprint_change *c)
{
    const struct value v[] = {value_of(c->kind), value_text(c->name), value_time(c->cleared)};

    if (c->gone)
        return store_run(l, FINGERPRINT_DROP, 2, v);
    return c->fingerprint ? put_fingerprint(l, c->fingerprint) : store_run(l, GOOD_NAME_PUT, 3, v);
}

static int read_kind(sqlite3_stmt *s, enum fingerprint_kind *ret)
{
    int64_t kind = sqlite3_column_int64(s, 0);

    if (kind < 0 || kind >= FINGERPRINT_KINDS || !sqlite3_column_text(s, 1))
        return -EUCLEAN;
    *ret = (enum fingerprint_kind)kind;
    return 0;
}

static int read_fingerprint(sqlite3_stmt *s, struct fingerprint *ret)
{
    const char *seen = sqlite3_column_blob(s, 6);
    size_t n = (size_t)sqlite3_column_bytes(s, 6), bytes = n / 2;
    int64_t state = sqlite3_column_int64(s, 2);
    enum fingerprint_kind kind = FINGERPRINT_KINDS;
    int r = read_kind(s, &kind);

    if (r < 0)
        return r;
    if (state < 0 || state > FINGERPRINT_KEPT || n % PAIR_BYTES != 0 || bytes > sizeof(ret->host))
        return -EUCLEAN;
    *ret = (struct fingerprint){
        .kind = (uint8_t)kind,
        .state = (uint8_t)state,
        .first = store_time(s, 3),
        .last = store_time(s, 4),
        .hits = (uint64_t)sqlite3_column_int64(s, 5),
    };
    snprintf(ret->name, sizeof(ret->name), "%s", (const char *)sqlite3_column_text(s, 1));
    if (n > 0) {
        memcpy(ret->host, seen, bytes);
        memcpy(ret->block, seen + bytes, bytes);
    }
    return 0;
}

// Whom what is read is given to: one of the three.
struct taker {
    fingerprint_change_fn *name;
    shield_fn *login;
    peers_host_fn *peer;
    void *user;
};

static int give_fingerprint(struct ledger *l, sqlite3_stmt *s, const struct taker *to)
{
    struct fingerprint f;

    if (read_fingerprint(s, &f) < 0) {
        damage_set_aside(l, DAMAGE_FINGERPRINTS, s, FINGERPRINT_DROP);
        return 0;
    }
    return to->name(to->user, &(struct fingerprint_change){.fingerprint = &f,
                                                           .kind = (enum fingerprint_kind)f.kind,
                                                           .name = f.name});
}

static int give_good_name(struct ledger *l, sqlite3_stmt *s, const struct taker *to)
{
    struct fingerprint_change c = {.cleared = store_time(s, 2)};

    if (read_kind(s, &c.kind) < 0) {
        damage_set_aside(l, DAMAGE_GOOD_NAMES, s, GOOD_NAME_DROP);
        return 0;
    }
    c.name = (const char *)sqlite3_column_text(s, 1);
    return to->name(to->user, &c);
}

static int walk(struct ledger *l, enum statement list,
                int (*give)(struct ledger *l, sqlite3_stmt *s, const struct taker *to),
                const struct taker *to)
{
    sqlite3_stmt *s;
    int r = store_start(l, list, 0, NULL, &s);

    while (r == 0 && (r = store_step(l, s)) == 1) {
        r = give(l, s, to);
        if (r < 0)
            return store_stop(s, r);
        r = 0;
    }
    return r;
}

int ledger_fingerprints(struct ledger *l, fingerprint_change_fn *fn, void *user)
{
    const struct taker to = {.name = fn, .user = user};
    int r = walk(l, GOOD_NAME_LIST, give_good_name, &to);

    return r < 0 ? r : walk(l, FINGERPRINT_LIST, give_fingerprint, &to);
}

int ledger_shield(struct ledger *l, const struct shield_host *h)
{
    return store_run(l, SHIELD_PUT, 6,
                     (struct value[]){value_blob(h->host.b, sizeof(h->host.b)),
                                      value_of(h->host.len), value_time(h->last),
                                      value_time(h->forgiven), value_of(h->days),
                                      value_blob(h->login, sizeof(h->login))});
}

static int read_shield(struct ledger *l, sqlite3_stmt *s, struct shield_host *ret)
{
    struct shield_host h = {
        .last = store_time(s, 2),
        .forgiven = store_time(s, 3),
        .days = (uint32_t)sqlite3_column_int64(s, 4),
    };
    int r = store_addr(l, s, 0, &h.host);

    if (r < 0)
        return r;
    if (sqlite3_column_bytes(s, 5) != sizeof(h.login))
        return -EUCLEAN;
    memcpy(h.login, sqlite3_column_blob(s, 5), sizeof(h.login));
    *ret = h;
    return 0;
}

static int give_shield(struct ledger *l, sqlite3_stmt *s, const struct taker *to)
{
    struct shield_host h;

    if (read_shield(l, s, &h) < 0) {
        damage_set_aside(l, DAMAGE_LOGINS, s, SHIELD_DROP);
        return 0;
    }
    return to->login(to->user, &h);
}

int ledger_shields(struct ledger *l, shield_fn *fn, void *user)
{
    return walk(l, SHIELD_LIST, give_shield, &(struct taker){.login = fn, .user = user});
}

int ledger_peer(struct ledger *l, const struct peers_host *h)
{
    return store_run(l, PEER_PUT, 5,
                     (struct value[]){value_blob(h->host.b, sizeof(h->host.b)),
                                      value_of(h->host.len), value_time(h->mail),
                                      value_time(h->failed), value_time(h->spared)});
}

static int read_peer(struct ledger *l, sqlite3_stmt *s, struct peers_host *ret)
{
    struct peers_host h = {
        .mail = store_time(s, 2), .failed = store_time(s, 3), .spared = store_time(s, 4)};
    int r = store_addr(l, s, 0, &h.host);
    struct addr host;

    if (r < 0)
        return r;
    host = addr_host(&h.host);
    if (addr_is_block(&host) || addr_compare(&host, &h.host) != 0)
        return -EUCLEAN;
    *ret = h;
    return 0;
}

static int give_peer(struct ledger *l, sqlite3_stmt *s, const struct taker *to)
{
    struct peers_host h;

    if (read_peer(l, s, &h) < 0) {
        damage_set_aside(l, DAMAGE_PEERS, s, PEER_DROP);
        return 0;
    }
    return to->peer(to->user, &h);
}

int ledger_peers(struct ledger *l, peers_host_fn *fn, void *user)
{
    return walk(l, PEER_LIST, give_peer, &(struct taker){.peer = fn, .user = user});
}

int ledger_prune_reputation(struct ledger *l, usec_t fingerprints_before, usec_t shields_before)
{
    const struct value before[] = {value_time(fingerprints_before), value_of(FINGERPRINT_ADDED)};
    const struct value shields = value_time(shields_before);
    int r = store_run(l, FINGERPRINT_PRUNE, 2, before);

    if (r == 0)
        r = store_run(l, GOOD_NAME_PRUNE, 1, before);
    if (r == 0)
        r = store_run(l, SHIELD_PRUNE, 1, &shields);
    return r < 0 ? r : store_run(l, PEER_PRUNE, 1, &shields);
}
