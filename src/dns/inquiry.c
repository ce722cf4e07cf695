// SPDX-License-Identifier: GPL-2.0-or-later
#include "dns/inquiry.h"

#include "base/hash.h"
#include "base/table.h"
#include "dns/finding.h"
#include "dns/reverse.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { CLAIMS_MAX = 4 };

static_assert(DNS_LISTS_MAX <= 8, "a gist has a bit for each list");
static_assert((int)INQUIRY_TEXT_MAX == (int)ANSWER_NAME_MAX, "a name has the room of a text");

struct suspect {
    struct addr addr, host;
    size_t n;
    struct claim claim[CLAIMS_MAX];
};

struct asked {
    struct inquiry *inquiry;
    bool is_used;
    unsigned waits; // answers to come
    struct suspect suspect;
    struct finding finding;
    struct question_of_list {
        struct asked *asked;
    } list[DNS_LISTS_MAX]; // an answer's user tells which list's it is
};

struct known {
    usec_t since, until;
    uint32_t weight;
    struct gist gist;
    char text[INQUIRY_TEXT_MAX]; // what speaks against it, or else its name
    struct told {
        uint64_t jail; // digest of its name
        usec_t until;
    } told[CLAIMS_MAX];
};

struct inquiry {
    struct dns_conf conf;
    struct resolver *resolver;
    struct lists lists;
    finding_fn *fn;
    void *user;
    uint64_t seed;
    struct table *known;
    size_t first, n_waiting; // a ring, oldest first
    struct suspect waiting[INQUIRY_WAITING];
    struct asked asked[INQUIRY_AT_ONCE];
    usec_t now;
    usec_t paid; // until when the questions asked take up the rate
    struct inquiry_counters counters;
};

int inquiry_new(const struct dns_conf *conf, uint64_t seed, finding_fn *fn, list_fn *listed,
                void *user, struct inquiry **ret)
{
    struct inquiry *i = calloc(1, sizeof(*i));
    int r;

    if (!i)
        return -ENOMEM;
    i->conf = *conf;
    i->fn = fn;
    i->user = user;
    i->seed = seed;
    for (size_t a = 0; a < INQUIRY_AT_ONCE; a++) {
        i->asked[a].inquiry = i;
        for (size_t l = 0; l < DNS_LISTS_MAX; l++)
            i->asked[a].list[l].asked = &i->asked[a];
    }
    i->known = table_new(INQUIRY_KNOWN, sizeof(struct addr), sizeof(struct known), seed);
    r = i->known ? resolver_new(conf->servers, &i->resolver) : -ENOMEM;
    if (r < 0) {
        inquiry_free(i);
        return r;
    }
    lists_init(&i->lists, i->resolver, &i->conf, listed, user);
    *ret = i;
    return 0;
}

struct inquiry *inquiry_free(struct inquiry *i)
{
    if (i) {
        resolver_free(i->resolver);
        table_free(i->known);
    }
    free(i);
    return NULL;
}

const struct dns_conf *inquiry_conf(const struct inquiry *i)
{
    return &i->conf;
}

// Once in its findtime, so that what DNS says never adds up by itself.
static void tell(struct inquiry *i, struct known *k, const struct addr *addr,
                 const struct claim *claim)
{
    uint64_t jail = hash_bytes(claim->jail, strlen(claim->jail), i->seed);
    struct told *at = &k->told[0];

    if (k->weight == 0)
        return;
    for (struct told *t = k->told; t < k->told + CLAIMS_MAX; t++) {
        if (t->jail == jail && i->now < t->until)
            return;
        if (t->until < at->until)
            at = t;
    }
    *at = (struct told){jail, usec_add(i->now, claim->findtime)};
    i->fn(i->user, claim, addr, k->weight, k->text);
}

static void finish(struct asked *a)
{
    struct inquiry *i = a->inquiry;
    struct known *k = table_put(i->known, &a->suspect.host, NULL);

    finding_close(&a->finding, &i->conf);
    a->is_used = false;
    i->counters.listed += a->finding.weight > 0;
    if (!k)
        return;
    k->since = i->now;
    k->until = usec_add(i->now, finding_life(&a->finding));
    k->weight = a->finding.weight;
    k->gist = a->finding.gist;
    memcpy(k->text, k->weight > 0 ? a->finding.text : a->finding.name, sizeof(k->text));
    for (size_t c = 0; c < a->suspect.n; c++)
        tell(i, k, &a->suspect.addr, &a->suspect.claim[c]);
}

static void take(struct asked *a)
{
    if (--a->waits == 0)
        finish(a);
}

static void put(struct inquiry *i, const char *name, enum question question, reply_fn *fn,
                void *user)
{
    if (i->paid < i->now)
        i->paid = i->now;
    i->paid += USEC_PER_SEC / INQUIRY_RATE;
    resolver_ask(i->resolver, name, question, fn, user);
}

static void on_list(void *user, const struct answer *answer)
{
    const struct question_of_list *q = user;
    struct asked *a = q->asked;
    struct inquiry *i = a->inquiry;
    size_t l = (size_t)(q - a->list);
    enum listing listing = finding_list(&a->finding, &i->conf.list[l], answer);

    if (listing == LISTING_ERROR)
        lists_refused(&i->lists, l, i->now);
    if (listing == LISTING_ERROR || answer->kind == ANSWER_FAILED)
        a->finding.gist.silent |= (uint8_t)(1U << l);
    else if (listing == LISTING_NONE)
        a->finding.gist.clean |= (uint8_t)(1U << l);
    take(a);
}

static void on_addresses(void *user, const struct answer *answer)
{
    struct asked *a = user;

    finding_addresses(&a->finding, &a->suspect.addr, answer);
    take(a);
}

static void on_names(void *user, const struct answer *answer)
{
    struct asked *a = user;
    struct inquiry *i = a->inquiry;
    bool is_v4 = addr_is_v4(&a->suspect.addr);

    finding_names(&a->finding, &i->conf, &a->suspect.addr, answer);
    for (size_t n = 0; n < answer->n_names && i->conf.unconfirmed > 0; n++) {
        a->waits++;
        put(i, answer->name[n], is_v4 ? QUESTION_V4 : QUESTION_V6, on_addresses, a);
    }
    take(a);
}

static void start(struct inquiry *i, struct asked *a, const struct suspect *s)
{
    char name[REVERSE_MAX];

    a->is_used = true;
    a->suspect = *s;
    i->counters.hosts++;
    // One more than there are, so that no answer is the last before all are asked.
    a->waits = 1;
    finding_init(&a->finding);
    for (size_t l = 0; l < i->conf.n_lists; l++) {
        if (lists_state(&i->lists, l) != LIST_GOOD)
            continue;
        a->waits++;
        reverse_name(&s->addr, i->conf.list[l].zone, name);
        put(i, name, QUESTION_V4, on_list, &a->list[l]);
    }
    if (i->conf.noptr + i->conf.unconfirmed + i->conf.generic > 0) {
        a->waits++;
        reverse_pointer(&s->addr, name);
        put(i, name, QUESTION_POINTER, on_names, a);
    }
    take(a);
}

static struct asked *find_free(struct inquiry *i)
{
    for (size_t a = 0; a < INQUIRY_AT_ONCE; a++) {
        if (!i->asked[a].is_used)
            return &i->asked[a];
    }
    return NULL;
}

// A second's worth may be asked at once.
static usec_t rate_pause(const struct inquiry *i, usec_t now)
{
    return i->paid > usec_add(now, USEC_PER_SEC) ? i->paid - now - USEC_PER_SEC : 0;
}

static struct suspect *waiting_at(struct inquiry *i, size_t n)
{
    return &i->waiting[(i->first + n) % INQUIRY_WAITING];
}

static void ask(struct inquiry *i)
{
    struct asked *a;

    while (i->n_waiting > 0 && rate_pause(i, i->now) == 0 && lists_try(&i->lists, i->now) &&
           (a = find_free(i))) {
        i->n_waiting--;
        start(i, a, waiting_at(i, i->n_waiting));
    }
}

static void join(struct suspect *s, const struct claim *claim)
{
    for (size_t c = 0; c < s->n; c++) {
        if (strcmp(s->claim[c].jail, claim->jail) == 0) {
            s->claim[c] = *claim;
            return;
        }
    }
    // More jails than that will ask again.
    if (s->n < CLAIMS_MAX)
        s->claim[s->n++] = *claim;
}

// The one that is asked about, or waits for it.
static struct suspect *find(struct inquiry *i, const struct addr *host)
{
    for (size_t a = 0; a < INQUIRY_AT_ONCE; a++) {
        if (i->asked[a].is_used && addr_compare(&i->asked[a].suspect.host, host) == 0)
            return &i->asked[a].suspect;
    }
    for (size_t w = 0; w < i->n_waiting; w++) {
        if (addr_compare(&waiting_at(i, w)->host, host) == 0)
            return waiting_at(i, w);
    }
    return NULL;
}

static struct suspect *enqueue(struct inquiry *i, const struct addr *addr, const struct addr *host)
{
    struct suspect *s;

    if (i->n_waiting == INQUIRY_WAITING) {
        i->first = (i->first + 1) % INQUIRY_WAITING;
        i->n_waiting--;
        i->counters.dropped++;
    }
    s = waiting_at(i, i->n_waiting++);
    *s = (struct suspect){.addr = *addr, .host = *host};
    return s;
}

void inquiry_suspect(struct inquiry *i, const struct addr *addr, const struct claim *claim,
                     usec_t now)
{
    struct addr host = addr_host(addr);
    struct suspect *s = find(i, &host);
    struct known *k = table_get(i->known, &host);

    if (addr->len != 128 || !reverse_is_public(addr))
        return;
    i->now = now;
    if (!s && k && now < k->until) {
        i->counters.cached++;
        tell(i, k, addr, claim);
        return;
    }
    join(s ? s : enqueue(i, addr, &host), claim);
    ask(i);
}

void inquiry_look(struct inquiry *i, const struct addr *addr, usec_t now, struct inquiry_view *ret)
{
    struct addr host = addr_host(addr);
    const struct known *k = table_get(i->known, &host);

    *ret = (struct inquiry_view){.state = INQUIRY_NOT_ASKED};
    if (!reverse_is_public(addr)) {
        ret->state = INQUIRY_PRIVATE;
    } else if (find(i, &host)) {
        ret->state = INQUIRY_ASKING;
    } else if (k) {
        ret->state = INQUIRY_ASKED;
        ret->age = usec_sub(now, k->since);
        ret->weight = k->weight;
        ret->gist = k->gist;
        memcpy(ret->text, k->text, sizeof(ret->text));
    }
}

struct inquiry_counters inquiry_counters(const struct inquiry *i)
{
    struct inquiry_counters c = i->counters;

    c.questions = resolver_counters(i->resolver);
    return c;
}

enum list_state inquiry_list(const struct inquiry *i, size_t n)
{
    return lists_state(&i->lists, n);
}

int inquiry_fd(const struct inquiry *i)
{
    return resolver_fd(i->resolver);
}

usec_t inquiry_wait(const struct inquiry *i, usec_t now)
{
    usec_t wait = resolver_wait(i->resolver), pause = rate_pause(i, now);

    // Whoever waits for an answer wakes up by it.
    return i->n_waiting > 0 && pause > 0 && pause < wait ? pause : wait;
}

void inquiry_work(struct inquiry *i, usec_t now)
{
    i->now = now;
    i->lists.now = now;
    resolver_work(i->resolver);
    ask(i);
}
