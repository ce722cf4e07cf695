// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/hooks.h"

#include "base/log.h"
#include "scan/facts.h"
#include "scan/program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIMEOUT (30 * USEC_PER_SEC)

// What has to be run, with copies of all it needs: jails may be gone when its turn comes.
struct task {
    struct task *next;
    bool is_ban;
    struct ban ban;
    char jail[64], user[FACTS_USER_MAX];
    char *argument[]; // NULL at the end, then the strings
};

struct slot {
    struct hooks *hooks;
    struct task *task; // NULL: free
    struct program *program;
};

struct hooks {
    struct sd_event *event;
    struct ledger *ledger;
    usec_t timeout;
    struct slot slot[HOOKS_AT_ONCE];
    struct task *first, **last;
    size_t waiting;
    uint64_t dropped_now; // since the queue was full
    struct hooks_counters counters;
};

static void start_waiting(struct hooks *h);

int hooks_new(struct sd_event *event, struct ledger *ledger, struct hooks **ret)
{
    struct hooks *h = calloc(1, sizeof(*h));

    if (!h)
        return -ENOMEM;
    h->event = event;
    h->ledger = ledger;
    h->timeout = TIMEOUT;
    h->last = &h->first;
    for (size_t i = 0; i < HOOKS_AT_ONCE; i++)
        h->slot[i].hooks = h;
    *ret = h;
    return 0;
}

static struct task *take_first(struct hooks *h)
{
    struct task *t = h->first;

    h->first = t->next;
    if (!h->first)
        h->last = &h->first;
    h->waiting--;
    return t;
}

struct hooks *hooks_free(struct hooks *h)
{
    if (!h)
        return NULL;
    for (size_t i = 0; i < HOOKS_AT_ONCE; i++) {
        program_free(h->slot[i].program);
        free(h->slot[i].task);
    }
    while (h->first)
        free(take_first(h));
    free(h);
    return NULL;
}

void hooks_set_timeout(struct hooks *h, usec_t timeout)
{
    h->timeout = timeout;
}

struct hooks_counters hooks_counters(const struct hooks *h)
{
    struct hooks_counters now = h->counters;

    now.waiting = h->waiting;
    for (size_t i = 0; i < HOOKS_AT_ONCE; i++)
        now.running += h->slot[i].task != NULL;
    return now;
}

static void fail(struct hooks *h, const struct task *t, const char *why)
{
    char net[ADDR_TEXT_MAX];

    addr_format(&t->ban.net, net);
    h->counters.failed++;
    log_line(LEVEL_WARNING, "%s: %s %s for %s in %s", t->argument[0],
             t->is_ban ? "onban" : "onunban", why, net, t->jail);
}

static void on_end(void *user, const struct program_end *end)
{
    struct slot *s = user;
    char text[PROGRAM_END_MAX];

    program_describe(end, text);
    if (end->how != PROGRAM_EXITED || end->code != 0)
        fail(s->hooks, s->task, text);
    s->program = program_free(s->program);
    free(s->task);
    s->task = NULL;
    start_waiting(s->hooks);
}

static int start(struct slot *s)
{
    struct task *t = s->task;
    struct facts facts = {0};
    struct program_setup setup = {.argument = t->argument, .timeout = s->hooks->timeout};
    int r = facts_gather(s->hooks->ledger, &t->ban, t->is_ban, t->user, &facts);

    if (r < 0)
        return r;
    setup.environment = facts.environment;
    setup.input = (struct slice){facts.evidence, facts.evidence_n};
    r = program_start(s->hooks->event, &setup, on_end, s, &s->program);
    facts_done(&facts);
    return r;
}

static void start_in(struct slot *s)
{
    struct hooks *h = s->hooks;

    while (!s->task && h->first) {
        int r;
        s->task = take_first(h);
        h->counters.run++;
        r = start(s);
        if (r < 0) {
            char text[PROGRAM_END_MAX];
            snprintf(text, sizeof(text), "cannot be run (%s)", strerror(-r));
            fail(h, s->task, text);
            free(s->task);
            s->task = NULL;
        }
    }
}

static void start_waiting(struct hooks *h)
{
    for (size_t i = 0; i < HOOKS_AT_ONCE; i++)
        start_in(&h->slot[i]);
    if (h->waiting == 0 && h->dropped_now > 0) {
        log_line(LEVEL_WARNING, "%llu hooks were not run: too many were waiting",
                 (unsigned long long)h->dropped_now);
        h->dropped_now = 0;
    }
}

static struct task *task_new(char *const *argv, const struct ban *ban, bool is_ban)
{
    size_t n = 0, size = 0;
    struct task *t;
    char *at;

    while (argv[n])
        size += strlen(argv[n++]) + 1;
    t = calloc(1, sizeof(*t) + (n + 1) * sizeof(*t->argument) + size);
    if (!t)
        return NULL;
    at = (char *)&t->argument[n + 1];
    for (size_t i = 0; i < n; i++) {
        t->argument[i] = at;
        at = stpcpy(at, argv[i]) + 1;
    }
    t->is_ban = is_ban;
    t->ban = *ban;
    facts_clean(slice_of(ban->jail), t->jail, sizeof(t->jail));
    t->ban.jail = t->jail;
    return t;
}

static void drop(struct hooks *h)
{
    if (h->dropped_now++ == 0)
        log_line(LEVEL_WARNING, "too many hooks are waiting: new ones are not run");
    h->counters.dropped++;
}

static void add(struct hooks *h, char *const *argv, const struct ban *ban, bool is_ban,
                const struct hit *last)
{
    struct task *t = h->waiting < HOOKS_WAITING_MAX ? task_new(argv, ban, is_ban) : NULL;

    if (!t) {
        drop(h);
        return;
    }
    facts_user(last, t->user);
    *h->last = t;
    h->last = &t->next;
    h->waiting++;
    start_waiting(h);
}

void hooks_ban(struct hooks *h, const struct cell *cell, const struct ban *ban,
               const struct hit *last)
{
    if (cell->conf->onban)
        add(h, cell->conf->onban, ban, true, last);
}

void hooks_unban(struct hooks *h, const struct cell *cell, const struct ban *ban)
{
    if (cell->conf->onunban)
        add(h, cell->conf->onunban, ban, false, NULL);
}
