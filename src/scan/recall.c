// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/recall.h"

#include <string.h>

struct recall {
    struct roster *roster;
    usec_t now;
    const char *name;  // of the jail that was looked for last
    struct cell *cell; // NULL: nobody restores it
    usec_t since;      // what is older does not matter to it
};

static usec_t restore_since(const struct cell *c, usec_t now)
{
    return usec_sub(now, usec_add(jail_memory(c->jail), RECALL_LATE));
}

static struct cell *find(struct recall *r, const char *jail)
{
    if (r->name == jail)
        return r->cell;
    r->name = jail;
    r->cell = roster_find(r->roster, slice_of(jail));
    if (r->cell && !r->cell->jail)
        r->cell = NULL;
    r->since = r->cell ? restore_since(r->cell, r->now) : 0;
    return r->cell;
}

// What a login that comes now makes good (engine/shield.h).
static int restore_failure(const struct recall *r, const struct cell *c, const struct hit *hit)
{
    struct shield *shield = r->roster->reputation.shield;

    if (!c->conf->spec.shield || hit->time <= usec_sub(r->now, c->conf->spec.findtime))
        return 0;
    return shield_restore_failure(shield, &hit->host, hit->user, hit->time, c->jail);
}

static int restore_hit(void *user, const char *jail, const struct hit *hit, const char *source)
{
    struct recall *r = user;
    struct cell *c = find(r, jail);
    int error = 0;

    if (!c || hit->time <= r->since)
        return 0;
    if (strcmp(source, SOURCE_DNS) != 0) {
        roster_hear(c, source[0] == '/' ? SOURCE_FILE : SOURCE_JOURNAL, hit->time);
        error = restore_failure(r, c, hit);
    }
    return error < 0 ? error : jail_restore(c->jail, hit);
}

static int restore_pardon(void *user, const char *jail, const struct addr *net)
{
    struct cell *c = find(user, jail);

    if (c)
        jail_forget(c->jail, net);
    return 0;
}

static int restore_session(void *user, struct slice key, const struct session *s, bool forgotten)
{
    (void)forgotten;
    return sessions_restore(jail_sessions(user), key, s);
}

static int restore_repeat(void *user, const struct repeats_host *h)
{
    return repeats_restore(jail_repeats(user), h);
}

// What is gone from memory by now is gone for good.
static int restore_repeats(struct ledger *ledger, struct cell *c, usec_t now)
{
    if (!jail_repeats(c->jail))
        return 0;
    return ledger_repeats(ledger, c->conf->name, usec_sub(now, jail_memory(c->jail)),
                          restore_repeat, c->jail);
}

static int restore_fingerprint(void *user, const struct fingerprint_change *c)
{
    if (c->fingerprint)
        return fingerprints_restore(user, c->fingerprint);
    return fingerprints_restore_good(user, c->kind, slice_of(c->name), c->cleared);
}

static int restore_shield(void *user, const struct shield_host *h)
{
    return shield_restore(user, h);
}

static int restore_peer(void *user, const struct peers_host *h)
{
    return peers_restore(user, h);
}

static int restore_reputation(struct ledger *ledger, struct roster *roster, usec_t now)
{
    const struct settings *s = &roster->config.settings;
    int r;

    // Where the disk is full, what is too old goes later.
    ledger_prune_reputation(ledger, usec_sub(now, s->fingerprint.span),
                            usec_sub(now, s->shield_span));
    r = ledger_fingerprints(ledger, restore_fingerprint, roster->reputation.fingerprints);
    if (r == 0)
        r = ledger_shields(ledger, restore_shield, roster->reputation.shield);
    return r < 0 ? r : ledger_peers(ledger, restore_peer, roster->reputation.peers);
}

// What an operator has banned is no part of what the jails may. A ban that is no older than the
// hits comes back with the one that led to it.
static int restore_ban(void *user, const struct ban *ban)
{
    struct recall *r = user;
    struct cell *c = find(r, ban->jail);
    int e;

    if (ban->reason != BAN_BLOCK && !(c && c->conf->watch_only))
        peers_settle(r->roster->reputation.peers, &ban->net, NULL, ban->until, NULL, NULL);
    if (ban->reason == BAN_MANUAL)
        return 0;
    e = caps_hold(r->roster->caps, &ban->net, ban->until);
    return e == 0 && c && ban->since <= r->since ? jail_restore_ban(c->jail, &ban->net, ban->until)
                                                 : e;
}

int recall_restore(struct ledger *ledger, struct roster *roster, usec_t now)
{
    struct recall recall = {.roster = roster, .now = now};
    usec_t since = USEC_FOREVER, findtime = 0;
    int r = restore_reputation(ledger, roster, now);

    if (r == 0)
        r = ledger_bans(ledger, NULL, now, 0, restore_ban, &recall);

    for (size_t i = 0; i < roster->n && r >= 0; i++) {
        struct cell *c = &roster->cell[i];
        if (!c->jail)
            continue;
        if (restore_since(c, now) < since)
            since = restore_since(c, now);
        if (c->conf->spec.shield && c->conf->spec.findtime > findtime)
            findtime = c->conf->spec.findtime;
        r = ledger_sessions(ledger, c->conf->name, restore_session, c->jail);
        if (r >= 0)
            r = restore_repeats(ledger, c, now);
    }
    return r < 0 ? r
                 : ledger_hits(ledger, since, usec_sub(now, findtime), restore_hit, restore_pardon,
                               &recall);
}

struct keep {
    struct ledger *ledger;
    const char *jail;
};

static int keep_session(void *user, struct slice key, const struct session *s, bool forgotten)
{
    const struct keep *k = user;

    return ledger_session(k->ledger, k->jail, key, s, forgotten);
}

static int keep_repeat(void *user, const struct repeats_host *h)
{
    const struct keep *k = user;

    return ledger_repeat(k->ledger, k->jail, h);
}

static int keep_fingerprint(void *user, const struct fingerprint_change *c)
{
    return ledger_fingerprint(user, c);
}

static int keep_shield(void *user, const struct shield_host *h)
{
    return ledger_shield(user, h);
}

static int keep_peer(void *user, const struct peers_host *h)
{
    return ledger_peer(user, h);
}

static int keep_reputation(struct ledger *ledger, struct reputation *reputation)
{
    int r = fingerprints_changed(reputation->fingerprints, keep_fingerprint, ledger);

    if (r >= 0)
        r = shield_changed(reputation->shield, keep_shield, ledger);
    return r < 0 ? r : peers_changed(reputation->peers, keep_peer, ledger);
}

int recall_keep(struct ledger *ledger, struct roster *roster)
{
    int r = 0;

    for (size_t i = 0; i < roster->n && r >= 0; i++) {
        struct cell *c = &roster->cell[i];
        struct keep k = {ledger, c->conf->name};
        if (c->jail)
            r = sessions_changed(jail_sessions(c->jail), keep_session, &k);
        if (r >= 0 && c->jail && jail_repeats(c->jail))
            r = repeats_changed(jail_repeats(c->jail), keep_repeat, &k);
    }
    return r < 0 ? r : keep_reputation(ledger, &roster->reputation);
}
