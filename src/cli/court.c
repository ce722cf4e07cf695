// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/court.h"

#include "conf/reputation.h"

#include <errno.h>
#include <stdlib.h>

// The tables' seed: nobody attacks tables that live for one command, and runs are to be alike.
enum { SEED = 1 };

enum { BAN_KEY_SIZE = sizeof(uint32_t) + sizeof(struct addr) };

static void pack(uint32_t seat, const struct addr *net, uint8_t ret[static BAN_KEY_SIZE])
{
    memcpy(ret, &seat, sizeof(seat));
    memcpy(ret + sizeof(seat), net->b, sizeof(net->b));
    ret[sizeof(seat) + sizeof(net->b)] = net->len;
}

// What became of a net: the ban that ends last, and how many ran out before that.
struct record {
    usec_t until;
    uint32_t over;
};

static uint32_t prior(struct court *c, uint32_t seat, const struct addr *net, usec_t time)
{
    uint8_t key[BAN_KEY_SIZE];
    const struct record *record;

    pack(seat, net, key);
    record = table_get(c->bans, key);
    return record ? record->over + (record->until <= time) : 0;
}

static struct past recall(void *user, const struct jail_spec *spec, const struct addr *net,
                          usec_t time)
{
    struct seat *s = user;
    struct court *c = s->court;
    struct past past = {0};

    c->dice = c->dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    past.chance = (double)(c->dice >> 11) * 0x1p-53;
    for (uint32_t i = 0; i < c->n; i++) {
        if (i == s->number || spec->sentence.growth->overalljails)
            past.bans += prior(c, i, net, time);
    }
    return past;
}

int court_init(struct court *c, struct config *config)
{
    memset(c, 0, sizeof(*c));
    c->bans = table_new(COURT_BANS_MAX, BAN_KEY_SIZE, sizeof(struct record), SEED);
    c->seat = calloc(config->n_jail + 1, sizeof(*c->seat));
    c->caps = caps_new(&config->settings.caps, SEED);
    if (!c->bans || !c->seat || !c->caps || config_reputation(config, SEED, &c->reputation) < 0)
        return -ENOMEM;
    jail_budget_init(&c->budget, config->settings.memory, config_usable(config));
    for (size_t i = 0; i < config->n_jail; i++) {
        struct seat *s = &c->seat[c->n];
        struct jail_spec spec = config->jail[i].spec;
        struct jail_filter filter[JAIL_FILTERS_MAX];
        size_t n_filters;
        int r;
        if (!config->jail[i].usable)
            continue;
        s->court = c;
        s->number = (uint32_t)c->n++;
        s->conf = &config->jail[i];
        n_filters = config_filters(s->conf, filter);
        spec.budget = &c->budget;
        r = jail_new(&spec, filter, n_filters, &s->conf->ignoreip, SEED, &s->jail);
        if (r < 0)
            return r;
        r = jail_recognize(s->jail, &(struct siphash_key){{SEED}});
        if (r < 0)
            return r;
        jail_ask(s->jail, recall, s);
        jail_consult(s->jail, &c->reputation, c->caps);
    }
    return 0;
}

void court_done(struct court *c)
{
    for (size_t i = 0; i < c->n; i++)
        jail_free(c->seat[i].jail);
    free(c->seat);
    for (size_t i = 0; i < c->n_benches; i++) {
        if (c->bench[i].owns)
            lineup_free(c->bench[i].lineup);
        free(c->bench[i].seat);
    }
    free(c->bench);
    table_free(c->bans);
    caps_free(c->caps);
    reputation_done(&c->reputation);
    memset(c, 0, sizeof(*c));
}

static int add_benches(struct court *c, size_t n)
{
    struct bench *bench = reallocarray(c->bench, n, sizeof(*bench));

    if (!bench)
        return -ENOMEM;
    memset(bench + c->n_benches, 0, (n - c->n_benches) * sizeof(*bench));
    c->bench = bench;
    c->n_benches = n;
    return 0;
}

int court_reads(struct court *c, size_t seat, unsigned file)
{
    int r = file < c->n_benches ? 0 : add_benches(c, (size_t)file + 1);
    struct bench *b = r == 0 ? &c->bench[file] : NULL;
    uint32_t *grown;

    if (r < 0)
        return r;
    if (b->n > 0 && b->seat[b->n - 1] == seat)
        return 0;
    grown = reallocarray(b->seat, b->n + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    b->seat = grown;
    b->seat[b->n++] = (uint32_t)seat;
    return 0;
}

// Not inlined: it is done once, and most lines need none of its registers.
static __attribute__((noinline)) int make_lineup(struct court *c, struct bench *b)
{
    struct jail **jail;
    int r;

    for (size_t i = 0; i < c->n_benches && !b->lineup; i++) {
        const struct bench *other = &c->bench[i];
        if (other->n == b->n && memcmp(other->seat, b->seat, b->n * sizeof(*b->seat)) == 0)
            b->lineup = other->lineup;
    }
    if (b->lineup)
        return 0;
    jail = calloc(b->n, sizeof(struct jail *));
    if (!jail)
        return -ENOMEM;
    for (size_t i = 0; i < b->n; i++)
        jail[i] = c->seat[b->seat[i]].jail;
    r = lineup_new(jail, b->n, &b->lineup);
    b->owns = r == 0;
    free(jail);
    return r;
}

static bool in_force(struct court *c, uint32_t seat, const struct addr *net, usec_t time)
{
    uint8_t key[BAN_KEY_SIZE];
    const struct record *record;

    pack(seat, net, key);
    record = table_get(c->bans, key);
    return record && record->until > time;
}

// Whether the net, or a block of the jail's that holds it, is banned at that time.
static bool covered(struct court *c, uint32_t seat, const struct addr *net, usec_t time)
{
    const struct jail_spec *spec = &c->seat[seat].conf->spec;
    size_t n;
    const struct level *level = jail_spec_levels(spec, net, &n);

    if (in_force(c, seat, net, time))
        return true;
    if (peers_is_spared(c->reputation.peers, net, time))
        return false;
    for (size_t i = 0; i < n && c->seat[seat].bans_blocks; i++) {
        struct addr block = addr_block(net, level[i].prefix);
        if (in_force(c, seat, &block, time))
            return true;
    }
    return false;
}

static int rule(struct court *c, uint32_t seat, struct ruling *r, ruling_fn *fn, void *user)
{
    const struct verdict *v = &r->verdict;
    bool known = covered(c, seat, &v->net, v->time);
    size_t gone = peers_settle(c->reputation.peers, &v->net, v->spared, v->until, NULL, NULL);
    uint8_t key[BAN_KEY_SIZE];
    struct record *record;
    bool is_new;

    pack(seat, &v->net, key);
    record = table_put(c->bans, key, &is_new);
    if (!record)
        return -ENOMEM;
    c->seat[seat].bans_blocks |= jail_spec_is_block(&c->seat[seat].conf->spec, &v->net);
    record->over += !is_new && record->until <= v->time;
    if (v->until > record->until)
        record->until = v->until;
    // Who is not spared any more is banned now.
    return known && gone == 0 ? 0 : fn(user, r);
}

// A line that is being judged.
struct hearing {
    struct court *court;
    const struct bench *bench;
    usec_t now;
    ruling_fn *fn;
    void *user;
};

static int hear(void *user, size_t jail, unsigned filter, const struct sign *sign)
{
    const struct hearing *h = user;
    uint32_t seat = h->bench->seat[jail];
    struct ruling ruling = {.jail = h->court->seat[seat].conf};
    int r =
        jail_take(h->court->seat[seat].jail, filter, sign, h->now, &ruling.hit, &ruling.verdict);

    return r == JAIL_E_VERDICT ? rule(h->court, seat, &ruling, h->fn, h->user) : r;
}

int court_feed(struct court *c, unsigned file, struct line *line, usec_t now, ruling_fn *fn,
               void *user)
{
    struct bench *b = file < c->n_benches ? &c->bench[file] : NULL;
    struct hearing hearing = {c, b, now, fn, user};
    int r = 0;

    if (!b || b->n == 0)
        return 0;
    if (!b->lineup)
        r = make_lineup(c, b);
    return r == 0 ? lineup_line(b->lineup, line, now, hear, &hearing) : r;
}
