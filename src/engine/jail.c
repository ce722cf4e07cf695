// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/jail-own.h"

#include "base/hash.h"

#include <endian.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static bool filters_valid(const struct jail_filter *filter, size_t n)
{
    for (size_t i = 0; i < n && i < JAIL_FILTERS_MAX; i++) {
        if (filter[i].weight == 0 || filter[i].weight > JAIL_WEIGHT_MAX)
            return false;
    }
    return n > 0 && n <= JAIL_FILTERS_MAX;
}

// The ledger keeps sessions by what their filters are called: their order may change.
static void add_filters(struct jail *j, const struct jail_filter *filter, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *name = filter[i].name;
        j->filter[i] = filter[i];
        j->tag[i] = name ? htole64(hash_bytes(name, strlen(name), 0)) : i;
    }
    j->n_filters = n;
}

int jail_new(const struct jail_spec *spec, const struct jail_filter *filter, size_t n_filters,
             const struct exempt *exempt, uint64_t seed, struct jail **ret)
{
    struct jail *j;

    if (!jail_spec_valid(spec) || !filters_valid(filter, n_filters))
        return -EINVAL;
    j = calloc(1, sizeof(*j));
    if (!j)
        return -ENOMEM;
    j->name = strdup(spec->name);
    j->spec = *spec;
    j->spec.name = j->name;
    j->findtime = jail_spec_findtime(spec);
    add_filters(j, filter, n_filters);
    j->exempt = exempt;
    if (!spec->budget) {
        jail_budget_init(&j->own, JAIL_BYTES, 1);
        j->spec.budget = &j->own;
    }
    j->share.budget = &j->spec.budget->tracks;
    j->sessions = sessions_new(j->spec.budget->sessions, SESSION_AGE_S * USEC_PER_SEC, seed);
    j->ladder = ladder_new(&j->spec, &j->share, seed);
    j->branded = brands_new(seed);
    j->spared = brands_new(seed);
    if (!j->name || !j->sessions || !j->ladder || !j->branded || !j->spared) {
        jail_free(j);
        return -ENOMEM;
    }
    sessions_tag(j->sessions, n_filters > 1 ? sizeof(j->tag[0]) : 0);
    *ret = j;
    return 0;
}

struct jail *jail_free(struct jail *j)
{
    if (j) {
        ladder_free(j->ladder);
        sessions_free(j->sessions);
        brands_free(j->branded);
        repeats_free(j->repeats);
        brands_free(j->spared);
        free(j->name);
    }
    free(j);
    return NULL;
}

void jail_ask(struct jail *j, past_fn *fn, void *user)
{
    j->past = fn;
    j->past_user = user;
}

void jail_consult(struct jail *j, struct reputation *reputation, struct caps *caps)
{
    j->reputation = reputation;
    j->caps = caps;
}

int jail_recognize(struct jail *j, const struct siphash_key *key)
{
    uint64_t seed = siphash(key, j->name, strlen(j->name));

    if (j->spec.count_repeats)
        return 0;
    // As long as the first of them may count at any level.
    j->repeats = repeats_new(jail_memory(j) / 2, seed);
    if (!j->repeats)
        return -ENOMEM;
    sessions_recognize(j->sessions, key);
    return 0;
}

// No more than it takes, so that the number stays one to read.
static uint32_t weigh(const struct jail *j, const struct addr *host, usec_t time, uint64_t points)
{
    struct past past = jail_past(j, host, time);
    uint64_t weight = sentence_weight(&j->spec.sentence, &past), count;

    weight = weight < j->spec.maxretry ? weight : j->spec.maxretry;
    count = weight * points;
    return count < UINT32_MAX ? (uint32_t)count : UINT32_MAX;
}

// Of somebody who logs in here: his old password, and his computer's bad name.
static bool is_excused(struct jail *j, const struct hit *hit, const struct match *m)
{
    struct shield *shield = jail_shield(j);

    if (!shield)
        return false;
    if (m->is_claim && m->user.n == 0)
        return shield_knows(shield, &hit->host, hit->time);
    return shield_excuses(shield, &hit->host, m->user, hit->time, j);
}

// It teaches nothing either: what there was to learn of it was learned the first time. Of several
// filters that match a line, each knows its own tries.
static int note_try(struct jail *j, unsigned filter, const struct addr *host, const struct match *m,
                    uint64_t failures, usec_t time)
{
    struct addr key;

    if (!j->repeats || m->mark == 0 || failures > 1)
        return 0;
    key = addr_host(host);
    return repeats_note(j->repeats, &key, m->mark ^ filter << REPEATS_BITS, time);
}

static struct hit hit_of(const struct jail *j, const struct line *line, const struct match *m)
{
    return (struct hit){
        .addr = m->host,
        .host = jail_spec_host(&j->spec, &m->host),
        .time = line->time,
        .rule = m->rule,
        .place = m->place,
        .user = m->user,
        .helo = m->helo,
        .text = line->text,
        .secret = m->secret,
    };
}

// For all jails: who fails is no peer, and what he failed a login may make good.
static int note_failure(struct jail *j, const struct hit *hit)
{
    struct shield *shield = jail_shield(j);

    if (j->reputation)
        peers_failure(j->reputation->peers, &hit->host, hit->time);
    return shield ? shield_failure(shield, &hit->host, hit->user, hit->time, j) : 0;
}

static int hit(struct jail *j, unsigned filter, const struct line *line, const struct match *m,
               uint64_t failures, struct hit *ret_hit, struct verdict *ret_verdict)
{
    struct hit hit = hit_of(j, line, m);
    struct known known;
    int r;

    if (exempt_covers(j->exempt, &m->host)) {
        j->counters.exempt++;
        return 0;
    }
    ladder_expect_soon(j->ladder);
    if (jail_shield(j))
        shield_expect_soon(jail_shield(j));
    r = note_try(j, filter, &hit.host, m, failures, line->time);
    if (r == REPEATS_E_AGAIN)
        j->counters.repeats++;
    if (r != 0)
        return r < 0 ? r : 0;
    if (is_excused(j, &hit, m)) {
        j->counters.shielded++;
        return 0;
    }
    r = note_failure(j, &hit);
    if (r < 0)
        return r;
    hit.count = weigh(j, &hit.host, hit.time, failures * j->filter[filter].weight);
    if (j->spec.fingerprints && j->reputation)
        r = reputation_failure(j->reputation, m, line->time, j, &known.name);
    if (r < 0)
        return r;
    known.is_doubtful = r == REPUTATION_E_DOUBTFUL;
    return jail_count(j, &hit, r > 0 ? &known : NULL, ret_hit, ret_verdict);
}

// Whether somebody logs in from the narrowest block around a host.
static bool has_customers(struct jail *j, const struct addr *host, usec_t time)
{
    size_t n;
    const struct level *level = jail_spec_levels(&j->spec, host, &n);
    struct shield *shield = jail_shield(j);
    struct addr block;

    if (!shield || n == 0 || level->prefix >= addr_prefix(host))
        return false;
    block = addr_block(host, level->prefix);
    return shield_covers(shield, &block, time, NULL);
}

// A client says its name, and has not failed yet.
static int greeting(struct jail *j, unsigned filter, const struct line *line, const struct match *m,
                    struct hit *ret_hit, struct verdict *ret_verdict)
{
    struct hit hit = hit_of(j, line, m);
    struct known known = {.is_doubtful = false};
    int r;

    if (!j->spec.fingerprints || !j->reputation || exempt_covers(j->exempt, &m->host) ||
        brands_has(j->branded, &hit.host, line->time) || has_customers(j, &hit.host, line->time))
        return 0;
    r = reputation_greeting(j->reputation, m, line->time, &known.name);
    if (r <= 0)
        return r;
    // Whom its session named has been counted where he failed.
    hit.user = (struct slice){0};
    hit.count = weigh(j, &hit.host, hit.time, j->filter[filter].weight);
    return jail_count(j, &hit, &known, ret_hit, ret_verdict);
}

static int succeeded(struct jail *j, const struct line *line, const struct match *m)
{
    j->counters.successes++;
    return m->has_host && j->reputation ? reputation_success(j->reputation, m, line->time) : 0;
}

static int delivered(struct jail *j, const struct line *line, const struct match *m)
{
    j->counters.matched++;
    j->counters.informed++;
    return m->has_host && j->reputation ? peers_mail(j->reputation->peers, &m->host, line->time)
                                        : 0;
}

// A filter follows its own sessions: postfix-auth's three attempts in a connection are not
// postfix-syntax's three commands, though both go by the same process.
static void set_apart(struct jail *j, unsigned filter, struct match *m)
{
    size_t tag = sizeof(j->tag[0]), most = sizeof(j->id) - tag;
    size_t n = m->mlfid.n < most ? m->mlfid.n : most;

    memcpy(j->id, &j->tag[filter], tag);
    memcpy(j->id + tag, m->mlfid.p, n);
    m->mlfid = (struct slice){j->id, tag + n};
}

bool jail_follows(const struct jail *j, unsigned filter, struct slice body)
{
    struct slice tag = {(const char *)&j->tag[filter], sizeof(j->tag[filter])};

    tag.n = j->n_filters > 1 ? tag.n : 0;
    return sessions_may_have(j->sessions, tag, body);
}

// Each wait for the memory is long: what will be looked at is on its way before.
static void expect(struct jail *j, const struct match *m)
{
    struct addr host;

    sessions_expect(j->sessions, m->mlfid);
    if (m->has_host && !m->success && !m->nofail) {
        host = jail_spec_host(&j->spec, &m->host);
        if (jail_shield(j))
            shield_expect(jail_shield(j), &host);
        ladder_expect(j->ladder, &host);
        brands_expect(j->branded, &host);
    }
    sessions_expect_soon(j->sessions);
}

static int matched(struct jail *j, unsigned filter, const struct line *line, struct match *m,
                   struct hit *ret_hit, struct verdict *ret_verdict)
{
    bool greets = m->nofail && m->helo.n > 0;
    int64_t failures;

    if (m->delivered)
        return delivered(j, line, m);
    if (m->mlfid.n > 0 && j->n_filters > 1)
        set_apart(j, filter, m);
    expect(j, m);
    failures = sessions_merge(j->sessions, m, line->time);
    j->counters.matched++;
    if (failures < 0)
        return (int)failures;
    if (m->success)
        return succeeded(j, line, m);
    if (failures == 0) {
        j->counters.informed++;
        return greets && m->has_host ? greeting(j, filter, line, m, ret_hit, ret_verdict) : 0;
    }
    if (!m->has_host) {
        j->counters.no_address++;
        return 0;
    }
    return hit(j, filter, line, m, (uint64_t)failures, ret_hit, ret_verdict);
}

// What is too old goes before anybody who counts. Looked for a few times per memory's span at most,
// so that a flood does not buy a walk through all with each line.
static void make_room(struct jail *j, usec_t now)
{
    usec_t then = now < j->newest ? now : j->newest;

    if (!ladder_is_full(j->ladder) || then < usec_add(j->swept, jail_memory(j) / 8))
        return;
    j->swept = then;
    jail_expire(j, now);
}

int jail_take(struct jail *j, unsigned filter, const struct sign *sign, usec_t now,
              struct hit *ret_hit, struct verdict *ret_verdict)
{
    struct match m;

    if (sign->line->time > j->newest)
        j->newest = sign->line->time;
    if (sign->r == FILTER_E_MATCH) {
        // All but its fields, which tools show and no jail looks at.
        memcpy(&m, &sign->match, offsetof(struct match, field));
        m.n_fields = 0;
        make_room(j, now);
        return matched(j, filter, sign->line, &m, ret_hit, ret_verdict);
    }
    j->counters.ignored += sign->r == FILTER_E_IGNORED;
    j->counters.limits += sign->r == FILTER_E_LIMIT;
    return sign->r < 0 ? sign->r : 0;
}

int jail_feed(struct jail *j, const struct line *line, usec_t now, struct hit *ret_hit,
              struct verdict *ret_verdict)
{
    struct sign sign;

    sign_read(j->filter[0].filter, line, NULL, now, &sign);
    j->counters.lines++;
    return jail_take(j, 0, &sign, now, ret_hit, ret_verdict);
}

void jail_pass(struct jail *j, uint64_t n, usec_t newest)
{
    j->counters.lines += n;
    if (newest > j->newest)
        j->newest = newest;
}

int jail_testify(struct jail *j, const struct addr *addr, usec_t time, uint32_t weight,
                 struct slice text, struct hit *ret_hit, struct verdict *ret_verdict)
{
    uint32_t most = j->spec.maxretry - 1;
    struct hit hit = {
        .addr = *addr,
        .host = jail_spec_host(&j->spec, addr),
        .time = time,
        .count = weight < most ? weight : most,
        .text = text,
    };
    struct shield *shield = jail_shield(j);
    struct rungs rungs;

    if (hit.count == 0 || exempt_covers(j->exempt, addr) ||
        (shield && shield_trusts(shield, &hit.host, time)))
        return 0;
    ladder_look(j->ladder, &hit.host, time, &rungs);
    return rungs.at[0].hits > 0 ? jail_count(j, &hit, NULL, ret_hit, ret_verdict) : 0;
}

usec_t jail_memory(const struct jail *j)
{
    return usec_add(j->findtime, j->findtime);
}

void jail_forget(struct jail *j, const struct addr *net)
{
    struct addr host = jail_spec_host(&j->spec, net);

    ladder_forget(j->ladder, net);
    // After the unban of a block its hosts stay branded: their own bans are others. Its strangers
    // are nobody to be wary of any more.
    brands_remove(j->branded, &host);
    brands_remove(j->spared, &host);
}

usec_t jail_next(const struct jail *j)
{
    usec_t due = usec_add(ladder_oldest(j->ladder), jail_memory(j));

    return due <= j->newest ? due : USEC_FOREVER;
}

void jail_expire(struct jail *j, usec_t now)
{
    // A daemon that catches up on an old log is ahead of it; a line from a clock that is wrong is
    // ahead of the daemon.
    usec_t then = now < j->newest ? now : j->newest;

    if (then >= jail_memory(j))
        ladder_expire(j->ladder, then - jail_memory(j));
}

size_t jail_look(struct jail *j, const struct addr *addr, usec_t now,
                 struct jail_standing ret[static 1 + NETBLOCK_LEVELS_MAX])
{
    struct rungs rungs;

    ladder_look(j->ladder, addr, now, &rungs);
    jail_settle(j, &rungs, now);
    memcpy(ret, rungs.at, rungs.n * sizeof(*ret));
    return rungs.n;
}

const struct jail_filter *jail_filters(const struct jail *j, size_t *ret_n)
{
    *ret_n = j->n_filters;
    return j->filter;
}

const struct jail_spec *jail_spec(const struct jail *j)
{
    return &j->spec;
}

const struct jail_counters *jail_counters(const struct jail *j)
{
    return &j->counters;
}

struct sessions *jail_sessions(struct jail *j)
{
    return j->sessions;
}

struct repeats *jail_repeats(struct jail *j)
{
    return j->repeats;
}

size_t jail_tracked(const struct jail *j)
{
    return ladder_hosts(j->ladder);
}

uint64_t jail_evicted(const struct jail *j)
{
    return ladder_evicted(j->ladder);
}

size_t jail_bytes(const struct jail *j)
{
    return j->share.used;
}
