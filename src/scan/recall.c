// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/recall.h"

static int restore_hit(void *user, const struct hit *hit, const char *source)
{
    struct cell *c = user;

    roster_hear(c, source[0] == '/' ? SOURCE_FILE : SOURCE_JOURNAL, hit->time);
    return jail_restore(c->jail, hit);
}

static int restore_session(void *user, struct slice key, const struct session *s, bool forgotten)
{
    (void)forgotten;
    return sessions_restore(jail_sessions(user), key, s);
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

static int restore_reputation(struct ledger *ledger, struct roster *roster, usec_t now)
{
    const struct settings *s = &roster->config.settings;
    int r = ledger_prune_reputation(ledger, usec_sub(now, s->fingerprint.span),
                                    usec_sub(now, s->shield_span));

    if (r == 0)
        r = ledger_fingerprints(ledger, restore_fingerprint, roster->reputation.fingerprints);
    return r < 0 ? r : ledger_shields(ledger, restore_shield, roster->reputation.shield);
}

int recall_restore(struct ledger *ledger, struct roster *roster, usec_t now)
{
    int r = restore_reputation(ledger, roster, now);

    for (size_t i = 0; i < roster->n && r >= 0; i++) {
        struct cell *c = &roster->cell[i];
        if (!c->jail)
            continue;
        r = ledger_sessions(ledger, c->conf->name, restore_session, c->jail);
        if (r >= 0)
            r = ledger_hits(ledger, c->conf->name,
                            usec_sub(now, usec_add(jail_memory(c->jail), RECALL_LATE)), restore_hit,
                            c);
    }
    return r < 0 ? r : 0;
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

static int keep_fingerprint(void *user, const struct fingerprint_change *c)
{
    return ledger_fingerprint(user, c);
}

static int keep_shield(void *user, const struct shield_host *h)
{
    return ledger_shield(user, h);
}

static int keep_reputation(struct ledger *ledger, struct reputation *reputation)
{
    int r = fingerprints_changed(reputation->fingerprints, keep_fingerprint, ledger);

    return r < 0 ? r : shield_changed(reputation->shield, keep_shield, ledger);
}

int recall_keep(struct ledger *ledger, struct roster *roster)
{
    int r = 0;

    for (size_t i = 0; i < roster->n && r >= 0; i++) {
        struct cell *c = &roster->cell[i];
        struct keep k = {ledger, c->conf->name};
        if (c->jail)
            r = sessions_changed(jail_sessions(c->jail), keep_session, &k);
    }
    return r < 0 ? r : keep_reputation(ledger, &roster->reputation);
}
