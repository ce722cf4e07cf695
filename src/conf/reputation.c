// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/reputation.h"

#include "conf/names.h"

#include <errno.h>

// The lengths of the blocks that any jail may ban, each once. Within a /64 one login is as good as
// another.
struct lengths {
    uint8_t prefix[SHIELD_PREFIXES_MAX];
    size_t n;
};

static void add_lengths(struct lengths *l, const struct level *level, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t prefix = level[i].prefix < 64 ? level[i].prefix : 64;
        if (l->n < SHIELD_PREFIXES_MAX && !memchr(l->prefix, prefix, l->n))
            l->prefix[l->n++] = prefix;
    }
}

static int list(struct fingerprints *f, const char *names, enum fingerprint_state state)
{
    struct slice rest = slice_of(names), name;
    enum fingerprint_kind kind;
    char family[FAMILY_MAX];
    int r = 0;

    // As failures bear it, whose case does not matter.
    while (r == 0 && names_next(&rest, &kind, &name) > 0) {
        family_name(name, NULL, family);
        r = fingerprints_set(f, kind, slice_of(family), state, 0);
    }
    return r == -ENOSPC ? 0 : r;
}

static int list_all(const struct config *c, struct fingerprints *f)
{
    int r = list(f, c->settings.known, FINGERPRINT_ADDED);

    return r < 0 ? r : list(f, c->settings.kept, FINGERPRINT_KEPT);
}

int config_reputation(const struct config *c, uint64_t seed, struct reputation *ret)
{
    struct lengths v4 = {0}, v6 = {0};
    struct reputation made;
    int r;

    for (size_t i = 0; i < c->n_jail; i++) {
        add_lengths(&v4, c->jail[i].spec.v4, c->jail[i].spec.n_v4);
        add_lengths(&v6, c->jail[i].spec.v6, c->jail[i].spec.n_v6);
    }
    r = reputation_init(&made,
                        shield_new(c->settings.shield_span, v4.prefix, v4.n, v6.prefix, v6.n, seed),
                        fingerprints_new(&c->settings.fingerprint, seed),
                        peers_new(c->settings.shield_span, seed));
    if (r < 0)
        return r;
    r = list_all(c, made.fingerprints);
    if (r < 0) {
        reputation_done(&made);
        return r;
    }
    *ret = made;
    return 0;
}
