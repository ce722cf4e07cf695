// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/appeals.h"

#include "base/log.h"
#include "base/table.h"
#include "scan/facts.h"
#include "scan/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <systemd/sd-event.h>

#define TIMEOUT (30 * USEC_PER_SEC)

enum { JAIL_SIZE = 64 };

// A ban that waits, with copies of all it needs: jails may be gone when its turn comes.
struct appeal {
    struct appeal *next;
    struct appeals *all;
    struct program *program; // NULL: it is not its turn yet
    struct ban ban;
    struct hit last;
    usec_t keep; // its answer; 0: not at all
    char jail[JAIL_SIZE], user[FACTS_USER_MAX];
    char *argument[]; // NULL at the end, then the strings
};

// The answers of one jail's command, by address.
struct cache {
    struct cache *next;
    char jail[JAIL_SIZE];
    struct table *answers;
};

struct answer {
    usec_t until; // on the loop's clock
    bool is_spared;
};

struct appeals {
    struct sd_event *event;
    struct ledger *ledger;
    appeals_fn *fn;
    void *user;
    usec_t timeout;
    struct appeal *first; // in the order of coming
    size_t n, running;
    bool is_full; // and that has been said
    struct cache *caches;
};

int appeals_new(struct sd_event *event, struct ledger *ledger, appeals_fn *fn, void *user,
                struct appeals **ret)
{
    struct appeals *a = calloc(1, sizeof(*a));

    if (!a)
        return -ENOMEM;
    *a = (struct appeals){
        .event = event, .ledger = ledger, .fn = fn, .user = user, .timeout = TIMEOUT};
    *ret = a;
    return 0;
}

void appeals_set_timeout(struct appeals *a, usec_t timeout)
{
    a->timeout = timeout;
}

void appeals_forget(struct appeals *a)
{
    while (a->caches) {
        struct cache *c = a->caches;
        a->caches = c->next;
        table_free(c->answers);
        free(c);
    }
}

static usec_t now(const struct appeals *a)
{
    uint64_t t = 0;

    sd_event_now(a->event, CLOCK_MONOTONIC, &t);
    return t;
}

static struct cache *find_cache(const struct appeals *a, const char *jail)
{
    struct cache *c = a->caches;

    while (c && strcmp(c->jail, jail) != 0)
        c = c->next;
    return c;
}

// NULL where there is no memory: an answer that is not kept is asked for again.
static struct cache *make_cache(struct appeals *a, const char *jail, size_t count)
{
    struct cache *c = find_cache(a, jail);
    uint64_t seed = 0;

    if (c)
        return c;
    c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
        seed = now(a);
    c->answers = table_new(count, sizeof(struct addr), sizeof(struct answer), seed);
    if (!c->answers) {
        free(c);
        return NULL;
    }
    facts_clean(slice_of(jail), c->jail, sizeof(c->jail));
    c->next = a->caches;
    a->caches = c;
    return c;
}

static void keep(struct appeals *a, const struct appeal *p, bool is_spared)
{
    struct cache *c = p->keep ? find_cache(a, p->jail) : NULL;
    struct answer *answer = c ? table_put(c->answers, &p->last.addr, NULL) : NULL;

    if (answer)
        *answer = (struct answer){usec_add(now(a), p->keep), is_spared};
}

static const struct answer *find_answer(const struct appeals *a, const char *jail,
                                        const struct addr *addr)
{
    struct cache *c = find_cache(a, jail);
    const struct answer *answer = c ? table_get(c->answers, addr) : NULL;

    return answer && answer->until > now(a) ? answer : NULL;
}

static void unlink_appeal(struct appeals *a, struct appeal *p)
{
    struct appeal **at = &a->first;

    while (*at != p)
        at = &(*at)->next;
    *at = p->next;
    a->n--;
    a->running -= p->program != NULL;
    a->is_full = a->is_full && a->n > 0;
}

// It is decided: out of the list before anybody is told.
static void decide(struct appeal *p, bool is_spared)
{
    struct appeals *a = p->all;

    unlink_appeal(a, p);
    a->fn(a->user, &p->ban, &p->last, is_spared);
    program_free(p->program);
    free(p);
}

struct appeals *appeals_free(struct appeals *a)
{
    if (!a)
        return NULL;
    while (a->first)
        decide(a->first, false);
    appeals_forget(a);
    free(a);
    return NULL;
}

static void start_waiting(struct appeals *a);

static void fail(const struct appeal *p, const char *why)
{
    char addr[ADDR_TEXT_MAX];

    addr_format(&p->last.addr, addr);
    log_line(LEVEL_WARNING, "[%s] %s: %s %s: it is not spared", p->jail, addr, p->argument[0], why);
}

// As fail2ban has it: 0 is yes, 1 is no, anything else no answer.
static void on_end(void *user, const struct program_end *end)
{
    struct appeal *p = user;
    struct appeals *a = p->all;
    bool is_answer = end->how == PROGRAM_EXITED && end->code <= 1;
    char text[PROGRAM_END_MAX];

    program_describe(end, text);
    if (is_answer)
        keep(a, p, end->code == 0);
    else
        fail(p, text);
    decide(p, is_answer && end->code == 0);
    start_waiting(a);
}

static int start(struct appeals *a, struct appeal *p)
{
    struct program_setup setup = {.argument = p->argument, .timeout = a->timeout};
    struct facts facts = {0};
    int r = facts_gather(a->ledger, &p->ban, true, p->user, &facts);

    if (r < 0)
        return r;
    setup.environment = facts.environment;
    r = program_start(a->event, &setup, on_end, p, &p->program);
    facts_done(&facts);
    a->running += r == 0;
    return r;
}

static void start_waiting(struct appeals *a)
{
    struct appeal *p = a->first, *next;

    for (; p && a->running < APPEALS_AT_ONCE; p = next) {
        int r = p->program ? 0 : start(a, p);
        next = p->next;
        if (r < 0) {
            char text[PROGRAM_END_MAX];
            snprintf(text, sizeof(text), "cannot be run (%s)", strerror(-r));
            fail(p, text);
            decide(p, false);
        }
    }
}

// Where a tag stands at the beginning of what is left: what it becomes, and its length.
static size_t expand(const char *text, const char *addr, bool is_v4, const char **ret)
{
    const struct {
        const char *tag, *value;
    } tags[] = {{"<ip>", addr}, {"<fid>", addr}, {"<family>", is_v4 ? "inet4" : "inet6"}};

    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        if (strncmp(text, tags[i].tag, strlen(tags[i].tag)) == 0) {
            *ret = tags[i].value;
            return strlen(tags[i].tag);
        }
    }
    return 0;
}

// Writes the word with its tags replaced, its NUL included; with to NULL only counts.
static size_t put_word(const char *word, const char *addr, bool is_v4, char *to)
{
    size_t n = 0;

    while (*word) {
        const char *value = NULL;
        size_t skip = expand(word, addr, is_v4, &value), length = skip ? strlen(value) : 1;
        if (to)
            memcpy(to + n, skip ? value : word, length);
        n += length;
        word += skip ? skip : 1;
    }
    if (to)
        to[n] = '\0';
    return n + 1;
}

static struct appeal *appeal_new(struct appeals *a, const struct cell *cell, const struct ban *ban,
                                 const struct hit *last)
{
    char *const *argv = cell->conf->ignorecommand, *at, addr[ADDR_TEXT_MAX];
    bool is_v4 = addr_is_v4(&last->addr);
    size_t n = 0, size = 0;
    struct appeal *p;

    addr_format(&last->addr, addr);
    while (argv[n])
        size += put_word(argv[n++], addr, is_v4, NULL);
    p = calloc(1, sizeof(*p) + (n + 1) * sizeof(*p->argument) + size);
    if (!p)
        return NULL;
    at = (char *)&p->argument[n + 1];
    for (size_t i = 0; i < n; i++) {
        p->argument[i] = at;
        at += put_word(argv[i], addr, is_v4, at);
    }
    p->all = a;
    p->ban = *ban;
    facts_clean(slice_of(ban->jail), p->jail, sizeof(p->jail));
    facts_user(last, p->user);
    p->ban.jail = p->jail;
    p->last = (struct hit){.addr = last->addr,
                           .host = last->host,
                           .time = last->time,
                           .count = last->count,
                           .user = slice_of(p->user)};
    return p;
}

static struct appeal *find(const struct appeals *a, const struct ban *ban)
{
    struct appeal *p = a->first;

    while (p && (strcmp(p->jail, ban->jail) != 0 || addr_compare(&p->ban.net, &ban->net) != 0))
        p = p->next;
    return p;
}

static void append(struct appeals *a, struct appeal *p)
{
    struct appeal **at = &a->first;

    while (*at)
        at = &(*at)->next;
    *at = p;
    a->n++;
}

static int overflow(struct appeals *a)
{
    if (!a->is_full)
        log_line(LEVEL_WARNING, "too many bans wait for their ignorecommand: new ones do not");
    a->is_full = true;
    return 0;
}

int appeals_file(struct appeals *a, const struct cell *cell, const struct ban *ban,
                 const struct hit *last)
{
    const struct jail_conf *conf = cell->conf;
    const struct answer *answer = find_answer(a, conf->name, &last->addr);
    struct appeal *p;

    if (answer)
        return answer->is_spared ? APPEALS_E_SPARED : 0;
    p = find(a, ban);
    if (p) {
        p->ban.until = p->ban.until > ban->until ? p->ban.until : ban->until;
        return APPEALS_E_WAITING;
    }
    p = a->n < APPEALS_MAX ? appeal_new(a, cell, ban, last) : NULL;
    if (!p)
        return overflow(a);
    if (conf->ignorecache_count > 0 && make_cache(a, conf->name, conf->ignorecache_count))
        p->keep = conf->ignorecache_time;
    append(a, p);
    start_waiting(a);
    return APPEALS_E_WAITING;
}
