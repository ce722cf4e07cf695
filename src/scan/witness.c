// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/witness.h"

#include "base/log.h"
#include "scan/clock.h"
#include "scan/link.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <systemd/sd-event.h>

struct witness {
    sd_event *event;
    struct judge *judge;
    struct link *link;
    struct inquiry *inquiry; // NULL: nothing is asked
    sd_event_source *answers, *due;
};

int witness_new(struct sd_event *event, struct judge *judge, struct link *link,
                struct witness **ret)
{
    struct witness *w = calloc(1, sizeof(*w));

    if (!w)
        return -ENOMEM;
    *w = (struct witness){.event = event, .judge = judge, .link = link};
    *ret = w;
    return 0;
}

static void stop(struct witness *w)
{
    w->answers = sd_event_source_disable_unref(w->answers);
    w->due = sd_event_source_disable_unref(w->due);
    w->inquiry = inquiry_free(w->inquiry);
}

struct witness *witness_free(struct witness *w)
{
    if (w)
        stop(w);
    free(w);
    return NULL;
}

static void on_finding(void *user, const struct claim *claim, const struct addr *addr,
                       uint32_t weight, const char *text)
{
    struct witness *w = user;

    judge_testify(w->judge, claim->jail, addr, claim->time, weight, text, clock_now());
}

static const struct {
    enum log_level level;
    const char *text;
} states[] = {
    [LIST_UNTRIED] = {LEVEL_DEBUG, "has not been tried"},
    [LIST_GOOD] = {LEVEL_NOTICE, "answers again"},
    [LIST_UNKNOWN] = {LEVEL_WARNING, "does not answer and is left out for five minutes"},
    [LIST_REFUSED] = {LEVEL_WARNING, "refuses us (127.255.255.x: a public resolver, too many "
                                     "questions, or a wrong key) and is left out for an hour"},
    [LIST_EMPTY] = {LEVEL_WARNING,
                    "does not list 127.0.0.2, as every list does, and is left out for an hour"},
    [LIST_DEAD] = {LEVEL_WARNING,
                   "lists 127.0.0.1, so perhaps everybody, and is left out for an hour"},
};

static void describe(const struct dns_list *list, enum list_state state,
                     char ret[static WITNESS_TEXT_MAX])
{
    char zone[DNS_ZONE_MAX];

    dnsconf_show(list->zone, zone);
    snprintf(ret, WITNESS_TEXT_MAX, "DNS list %s %s", zone, states[state].text);
}

static void on_list(void *user, const struct dns_list *list, enum list_state state)
{
    char text[WITNESS_TEXT_MAX];

    (void)user;
    describe(list, state, text);
    log_line(states[state].level, "%s", text);
}

// Armed only while something is under way.
static void arm(struct witness *w)
{
    usec_t now = clock_monotonic(), wait = inquiry_wait(w->inquiry, now);

    if (wait != USEC_FOREVER)
        sd_event_source_set_time(w->due, usec_add(now, wait));
    sd_event_source_set_enabled(w->due, wait == USEC_FOREVER ? SD_EVENT_OFF : SD_EVENT_ONESHOT);
}

static void work(struct witness *w)
{
    log_hold();
    inquiry_work(w->inquiry, clock_monotonic());
    link_flush(w->link, clock_now());
    log_release();
    arm(w);
}

static int on_answers(sd_event_source *s, int fd, uint32_t events, void *user)
{
    (void)s;
    (void)fd;
    (void)events;
    work(user);
    return 0;
}

static int on_due(sd_event_source *s, uint64_t usec, void *user)
{
    (void)s;
    (void)usec;
    work(user);
    return 0;
}

static int start(struct witness *w, const struct dns_conf *conf)
{
    uint64_t seed;
    int r;

    if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
        return -errno;
    r = inquiry_new(conf, seed, on_finding, on_list, w, &w->inquiry);
    if (r >= 0)
        r = sd_event_add_io(w->event, &w->answers, inquiry_fd(w->inquiry), EPOLLIN, on_answers, w);
    if (r >= 0)
        r = sd_event_add_time(w->event, &w->due, CLOCK_MONOTONIC, 0, 0, on_due, w);
    if (r >= 0)
        r = sd_event_source_set_enabled(w->due, SD_EVENT_OFF);
    return r;
}

void witness_load(struct witness *w, const struct dns_conf *conf)
{
    int r;

    if (w->inquiry && memcmp(inquiry_conf(w->inquiry), conf, sizeof(*conf)) == 0)
        return;
    stop(w);
    if (!conf->on)
        return;
    r = start(w, conf);
    if (r < 0) {
        log_line(LEVEL_ERROR, "DNS cannot be asked: %s", strerror(-r));
        stop(w);
    }
}

bool witness_counters(const struct witness *w, struct inquiry_counters *ret)
{
    if (!w->inquiry)
        return false;
    *ret = inquiry_counters(w->inquiry);
    return true;
}

bool witness_trouble(const struct witness *w, size_t n, char ret[static WITNESS_TEXT_MAX])
{
    const struct dns_conf *conf = w->inquiry ? inquiry_conf(w->inquiry) : NULL;
    enum list_state state;

    if (!conf || n >= conf->n_lists)
        return false;
    state = inquiry_list(w->inquiry, n);
    if (states[state].level != LEVEL_WARNING)
        return false;
    describe(&conf->list[n], state, ret);
    return true;
}

static void name_lists(const struct dns_conf *conf, uint8_t bits,
                       char ret[static WITNESS_LISTS_MAX])
{
    char zone[DNS_ZONE_MAX];
    size_t n = 0;

    ret[0] = '\0';
    for (size_t i = 0; i < conf->n_lists; i++) {
        if (!(bits & 1U << i))
            continue;
        dnsconf_show(conf->list[i].zone, zone);
        n += (size_t)snprintf(ret + n, WITNESS_LISTS_MAX - n, "%s%s", n > 0 ? ", " : "", zone);
    }
}

bool witness_look(const struct witness *w, const struct addr *addr, struct witness_view *ret)
{
    const struct dns_conf *conf = w->inquiry ? inquiry_conf(w->inquiry) : NULL;

    if (!conf)
        return false;
    inquiry_look(w->inquiry, addr, clock_monotonic(), &ret->of);
    name_lists(conf, ret->of.gist.clean, ret->clean);
    name_lists(conf, ret->of.gist.silent, ret->silent);
    return true;
}

void witness_suspect(struct witness *w, const struct cell *cell, const struct hit *hit)
{
    struct claim claim = {.time = hit->time, .findtime = cell->conf->spec.findtime};

    if (!w->inquiry || strlen(cell->conf->name) >= sizeof(claim.jail))
        return;
    strcpy(claim.jail, cell->conf->name);
    inquiry_suspect(w->inquiry, &hit->addr, &claim, clock_monotonic());
    arm(w);
}
