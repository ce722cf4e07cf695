// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/liaison.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "scan/clock.h"
#include "scan/enforcer.h"
#include "scan/keeper.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <systemd/sd-event.h>

#define RETRY_PAUSE  USEC_PER_SEC
#define START_PAUSE  (60 * USEC_PER_SEC) // at most, between one start and the next
#define LATE_WAIT    (5 * USEC_PER_SEC)  // of one that works, answers come in fractions of a second
#define ANSWER_WAIT  (30 * USEC_PER_SEC) // in all; a million bans take an enforcer some seconds
#define RESEND_FIRST USEC_PER_SEC
#define RESEND_PAUSE (3600 * USEC_PER_SEC)

struct liaison {
    struct liaison_setup setup;
    sd_event_source *link_io, *keeper_io;
    sd_event_source *retry;  // to connect or start
    sd_event_source *answer; // is overdue
    sd_event_source *resend; // the whole state
    bool is_waiting;         // for the answer
    uint32_t answered;       // link_answered() since then
    usec_t start_pause, resend_pause;
};

static void arm(sd_event_source *s, usec_t in)
{
    sd_event_source_set_time_relative(s, in);
    sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
}

static bool is_armed(sd_event_source *s)
{
    int enabled = SD_EVENT_OFF;

    return sd_event_source_get_enabled(s, &enabled) >= 0 && enabled != SD_EVENT_OFF;
}

static usec_t twice(usec_t pause, usec_t most)
{
    return 2 * pause < most ? 2 * pause : most;
}

static int on_link(sd_event_source *s, int fd, uint32_t events, void *user)
{
    struct liaison *l = user;

    (void)s;
    (void)fd;
    link_process(l->setup.link, (short)events, clock_now());
    return 0;
}

// The keeper has ended, which leaves those who are started by hand.
static void lose_keeper(struct liaison *l)
{
    log_line(LEVEL_ERROR,
             "no tailban-enforce can be started any more but by hand: "
             "tailban-enforce --socket %s",
             l->setup.path);
    l->keeper_io = sd_event_source_disable_unref(l->keeper_io);
    closep(&l->setup.keeper);
    l->setup.keeper = -1;
}

static void take_enforcer(struct liaison *l)
{
    int enforcer = -1, r = keeper_take(l->setup.keeper, &enforcer);

    if (r == -EAGAIN)
        return;
    if (r == -ECONNRESET)
        lose_keeper(l);
    if (r < 0)
        l->setup.missing(l->setup.user, r);
    else if (link_fd(l->setup.link) >= 0)
        close(enforcer);
    else
        link_attach(l->setup.link, enforcer);
}

static int on_keeper(sd_event_source *s, int fd, uint32_t events, void *user)
{
    (void)s;
    (void)fd;
    (void)events;
    take_enforcer(user);
    return 0;
}

// Somebody who listens comes before one that would have to be started.
static int on_retry(sd_event_source *s, uint64_t usec, void *user)
{
    struct liaison *l = user;
    int fd, r;

    (void)s;
    (void)usec;
    // One that came while we were busy is not to be ended for another one.
    if (l->setup.keeper >= 0)
        take_enforcer(l);
    if (link_fd(l->setup.link) >= 0)
        return 0;
    r = enforcer_connect(l->setup.path, &fd);
    if (r == 0)
        link_attach(l->setup.link, fd);
    else if (l->setup.keeper >= 0) {
        r = keeper_ask(l->setup.keeper);
        arm(l->retry, l->start_pause);
        l->start_pause = twice(l->start_pause, START_PAUSE);
    }
    if (r < 0)
        l->setup.missing(l->setup.user, r);
    return 0;
}

static int on_overdue(sd_event_source *s, uint64_t usec, void *user)
{
    struct liaison *l = user;

    (void)s;
    (void)usec;
    if (!link_is_late(l->setup.link)) {
        link_set_late(l->setup.link, true);
        arm(l->answer, ANSWER_WAIT - LATE_WAIT);
        return 0;
    }
    log_line(LEVEL_ERROR, "tailban-enforce has not answered for %llu s and is given up",
             (unsigned long long)(ANSWER_WAIT / USEC_PER_SEC));
    link_drop(l->setup.link, -ETIMEDOUT);
    return 0;
}

static int on_resend(sd_event_source *s, uint64_t usec, void *user)
{
    struct liaison *l = user;

    (void)s;
    (void)usec;
    l->resend_pause = twice(l->resend_pause, RESEND_PAUSE);
    link_resend(l->setup.link);
    return 0;
}

int liaison_new(const struct liaison_setup *setup, struct liaison **ret)
{
    struct liaison *l = calloc(1, sizeof(*l));
    sd_event *event = setup->event;
    int r;

    if (!l) {
        close(setup->keeper);
        return -ENOMEM;
    }
    l->setup = *setup;
    l->start_pause = RETRY_PAUSE;
    l->resend_pause = RESEND_FIRST;
    r = sd_event_add_time_relative(event, &l->retry, CLOCK_MONOTONIC,
                                   setup->keeper >= 0 ? RETRY_PAUSE : 0, 0, on_retry, l);
    if (r >= 0)
        r = sd_event_add_time(event, &l->answer, CLOCK_MONOTONIC, 0, 0, on_overdue, l);
    if (r >= 0)
        r = sd_event_source_set_enabled(l->answer, SD_EVENT_OFF);
    if (r >= 0)
        r = sd_event_add_time(event, &l->resend, CLOCK_MONOTONIC, 0, 0, on_resend, l);
    if (r >= 0)
        r = sd_event_source_set_enabled(l->resend, SD_EVENT_OFF);
    if (r >= 0 && setup->keeper >= 0)
        r = sd_event_add_io(event, &l->keeper_io, setup->keeper, EPOLLIN, on_keeper, l);
    if (r < 0) {
        liaison_free(l);
        return r;
    }
    *ret = l;
    return 0;
}

struct liaison *liaison_free(struct liaison *l)
{
    if (l) {
        sd_event_source_disable_unref(l->link_io);
        sd_event_source_disable_unref(l->keeper_io);
        sd_event_source_disable_unref(l->retry);
        sd_event_source_disable_unref(l->answer);
        sd_event_source_disable_unref(l->resend);
        closep(&l->setup.keeper);
        free(l);
    }
    return NULL;
}

static void settle_io(struct liaison *l)
{
    int fd = link_fd(l->setup.link);

    if (fd < 0 || (l->link_io && sd_event_source_get_io_fd(l->link_io) != fd))
        l->link_io = sd_event_source_disable_unref(l->link_io);
    if (fd >= 0 && !l->link_io)
        sd_event_add_io(l->setup.event, &l->link_io, fd, 0, on_link, l);
    if (fd >= 0)
        sd_event_source_set_io_events(l->link_io, (uint32_t)link_events(l->setup.link));
}

// Each answer gives it time for the next one.
static void settle_answer(struct liaison *l)
{
    bool is_waiting = link_is_waiting(l->setup.link);
    uint32_t answered = link_answered(l->setup.link);

    if (is_waiting && (!l->is_waiting || answered != l->answered))
        arm(l->answer, LATE_WAIT);
    else if (!is_waiting && l->is_waiting)
        sd_event_source_set_enabled(l->answer, SD_EVENT_OFF);
    if (!is_waiting || answered != l->answered)
        link_set_late(l->setup.link, false);
    l->is_waiting = is_waiting;
    l->answered = answered;
}

static void settle_pauses(struct liaison *l)
{
    if (link_fd(l->setup.link) < 0 && !is_armed(l->retry))
        arm(l->retry, RETRY_PAUSE);
    if (!link_is_enforced(l->setup.link))
        return;
    l->start_pause = RETRY_PAUSE;
    if (link_is_short(l->setup.link) && !is_armed(l->resend))
        arm(l->resend, l->resend_pause);
    else if (!link_is_short(l->setup.link) && !link_is_waiting(l->setup.link))
        l->resend_pause = RESEND_FIRST;
}

void liaison_settle(struct liaison *l)
{
    settle_io(l);
    settle_answer(l);
    settle_pauses(l);
}
