// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/server.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

struct server {
    int listener, epoll;
    answer_fn *answer;
    void *user;
    struct caller *caller[SERVER_CALLERS_MAX];
    size_t n_callers;
    struct control_packet events;
    uint32_t n_events;
    usec_t last;
};

static_assert(EPOLLIN == POLLIN && EPOLLOUT == POLLOUT && EPOLLHUP == POLLHUP &&
                  EPOLLERR == POLLERR,
              "epoll(7) and poll(2) name events alike");

// The slot of a caller, SERVER_CALLERS_MAX for the listener.
static int control(struct server *s, int op, int fd, short events, uint32_t slot)
{
    struct epoll_event e = {.events = (uint32_t)events, .data.u32 = slot};

    return epoll_ctl(s->epoll, op, fd, &e) < 0 ? -errno : 0;
}

int server_new(int fd, answer_fn *answer, void *user, struct server **ret)
{
    struct server *s = calloc(1, sizeof(*s));
    int r;

    if (!s) {
        close(fd);
        return -ENOMEM;
    }
    s->listener = fd;
    s->answer = answer;
    s->user = user;
    control_start(&s->events);
    s->epoll = epoll_create1(EPOLL_CLOEXEC);
    r = s->epoll < 0 ? -errno : control(s, EPOLL_CTL_ADD, fd, POLLIN, SERVER_CALLERS_MAX);
    if (r < 0) {
        server_free(s);
        return r;
    }
    *ret = s;
    return 0;
}

struct server *server_free(struct server *s)
{
    if (s) {
        for (size_t i = 0; i < SERVER_CALLERS_MAX; i++)
            caller_free(s->caller[i]);
        close(s->listener);
        if (s->epoll >= 0)
            close(s->epoll);
        free(s);
    }
    return NULL;
}

int server_fd(const struct server *s)
{
    return s->epoll;
}

static void hang_up(struct server *s, uint32_t slot)
{
    s->caller[slot] = caller_free(s->caller[slot]);
    s->n_callers--;
}

static void accept_one(struct server *s)
{
    int fd = accept4(s->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    uint32_t slot = 0;

    if (fd < 0)
        return;
    while (slot < SERVER_CALLERS_MAX && s->caller[slot])
        slot++;
    if (slot == SERVER_CALLERS_MAX) {
        close(fd);
        return;
    }
    if (caller_new(fd, s->answer, s->user, &s->caller[slot]) < 0)
        return;
    s->n_callers++;
    if (control(s, EPOLL_CTL_ADD, fd, POLLIN, slot) < 0)
        hang_up(s, slot);
}

static void settle(struct server *s, uint32_t slot, int r)
{
    struct caller *c = s->caller[slot];

    if (r == 0)
        r = control(s, EPOLL_CTL_MOD, caller_fd(c), caller_events(c), slot);
    if (r < 0)
        hang_up(s, slot);
}

void server_dispatch(struct server *s)
{
    struct epoll_event e[SERVER_CALLERS_MAX + 1];
    int n = epoll_wait(s->epoll, e, SERVER_CALLERS_MAX + 1, 0);
    bool has_call = false;

    for (int i = 0; i < n; i++) {
        uint32_t slot = e[i].data.u32;
        if (slot == SERVER_CALLERS_MAX)
            has_call = true;
        else if (s->caller[slot])
            settle(s, slot, caller_process(s->caller[slot], (short)e[i].events));
    }
    // Last, so that what is left to do for a slot is not done to its next caller.
    if (has_call)
        accept_one(s);
}

// Asked with every hit, and mostly there is nobody.
bool server_is_watched(const struct server *s)
{
    for (size_t i = 0, left = s->n_callers; left > 0; i++) {
        if (!s->caller[i])
            continue;
        if (caller_is_watching(s->caller[i]))
            return true;
        left--;
    }
    return false;
}

void server_tell(struct server *s, usec_t now)
{
    if (s->n_events == 0)
        return;
    for (uint32_t i = 0; i < SERVER_CALLERS_MAX; i++) {
        if (s->caller[i] && caller_is_watching(s->caller[i]))
            settle(s, i, caller_tell(s->caller[i], &s->events, s->n_events, now));
    }
    control_start(&s->events);
    s->n_events = 0;
}

void server_event(struct server *s, const struct control_occurrence *event)
{
    struct control record = {.type = CONTROL_IS_EVENT, .event = *event};

    if (!server_is_watched(s))
        return;
    if (control_put(&s->events, &record) == CONTROL_E_FULL) {
        server_tell(s, event->time);
        control_put(&s->events, &record);
    }
    s->n_events++;
}
