// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/caller.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

struct packet {
    struct packet *next;
    size_t n;
    uint8_t bytes[];
};

struct caller {
    int fd;
    answer_fn *answer;
    void *user;
    struct packet *first, **last; // to be sent
    size_t waiting;               // their bytes
    uint8_t *request;             // the packet being answered, or NULL
    struct slice rest;            // of it
    struct control current;       // the request of it that is being answered
    bool has_current, hang_up, wants_events, watching;
    uint64_t cursor;
    uint32_t index, count, again, lost;
    struct control_packet draft; // the reply, before it is sent
};

int caller_new(int fd, answer_fn *answer, void *user, struct caller **ret)
{
    struct caller *c = calloc(1, sizeof(*c));

    if (!c) {
        close(fd);
        return -ENOMEM;
    }
    c->fd = fd;
    c->answer = answer;
    c->user = user;
    c->last = &c->first;
    control_start(&c->draft);
    *ret = c;
    return 0;
}

static void drop_first(struct caller *c)
{
    struct packet *p = c->first;

    c->first = p->next;
    if (!c->first)
        c->last = &c->first;
    c->waiting -= p->n;
    free(p);
}

struct caller *caller_free(struct caller *c)
{
    if (c) {
        while (c->first)
            drop_first(c);
        close(c->fd);
        free(c->request);
        free(c);
    }
    return NULL;
}

int caller_fd(const struct caller *c)
{
    return c->fd;
}

// Nothing is read while something is still to be answered: who does not listen is not heard.
short caller_events(const struct caller *c)
{
    if (c->first || c->request || c->hang_up)
        return POLLOUT;
    return POLLIN;
}

static int enqueue(struct caller *c, const struct control_packet *p)
{
    struct packet *copy = malloc(sizeof(*copy) + p->n);

    if (!copy)
        return -ENOMEM;
    copy->next = NULL;
    copy->n = p->n;
    memcpy(copy->bytes, p->bytes, p->n);
    *c->last = copy;
    c->last = &copy->next;
    c->waiting += p->n;
    return 0;
}

static int flush_draft(struct caller *c)
{
    int r = control_is_empty(&c->draft) ? 0 : enqueue(c, &c->draft);

    control_start(&c->draft);
    return r;
}

int caller_put(struct caller *c, const struct control *record)
{
    int r = control_put(&c->draft, record);

    if (r != CONTROL_E_FULL)
        return r;
    r = flush_draft(c);
    return r < 0 ? r : control_put(&c->draft, record);
}

bool caller_has_room(const struct caller *c)
{
    return c->waiting < CALLER_OUT_MAX;
}

void caller_count(struct caller *c, uint32_t n, uint32_t again)
{
    c->again += again;
    c->count += n;
}

int caller_refuse(struct caller *c, int error, const char *format, ...)
{
    char text[CONTROL_TEXT_MAX];
    struct control record = {.type = CONTROL_IS_REFUSED};
    va_list args;
    int r;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    record.refused = (struct control_refused){c->index, (uint32_t)error, slice_of(text)};
    r = caller_put(c, &record);
    return r < 0 ? r : -error;
}

void caller_watch(struct caller *c)
{
    c->wants_events = true;
}

bool caller_is_watching(const struct caller *c)
{
    return c->watching;
}

static int tell_lost(struct caller *c, usec_t now)
{
    struct control record = {.type = CONTROL_IS_EVENT};
    int r;

    record.event =
        (struct control_occurrence){.kind = CONTROL_EVENT_LOST, .time = now, .count = c->lost};
    c->lost = 0;
    r = caller_put(c, &record);
    return r < 0 ? r : flush_draft(c);
}

int caller_tell(struct caller *c, const struct control_packet *events, uint32_t n, usec_t now)
{
    int r = 0;

    if (c->waiting + events->n > CALLER_EVENTS_MAX) {
        c->lost += n;
        return 0;
    }
    if (c->lost > 0)
        r = tell_lost(c, now);
    return r < 0 ? r : enqueue(c, events);
}

static int finish(struct caller *c, uint32_t error, const char *text)
{
    struct control record = {.type = CONTROL_IS_DONE};
    int r;

    record.done = (struct control_done){error, c->count, c->again, slice_of(text)};
    r = caller_put(c, &record);
    free(c->request);
    c->request = NULL;
    c->has_current = false;
    c->watching = c->wants_events;
    return r;
}

static int reject(struct caller *c, const char *text)
{
    c->hang_up = true;
    return finish(c, EPROTO, text);
}

// The next request of the packet. 0: there is none left, and DONE has been said.
static int advance(struct caller *c)
{
    int r = control_get(&c->rest, &c->current);

    if (r == 0)
        return finish(c, 0, "");
    if (r < 0 || c->current.type > CONTROL_WATCH)
        return reject(c, "this is no request");
    c->has_current = true;
    c->cursor = 0;
    return 1;
}

static int answer(struct caller *c)
{
    int r = 0;

    while (c->request && caller_has_room(c)) {
        if (!c->has_current) {
            r = advance(c);
            if (r <= 0)
                break;
        }
        r = c->answer(c->user, &c->current, &c->cursor, c);
        if (r == -ENOMEM)
            return r;
        if (r != CALLER_E_MORE) {
            c->has_current = false;
            c->index++;
        }
    }
    return r == -ENOMEM ? r : flush_draft(c);
}

static int read_request(struct caller *c)
{
    uint8_t buffer[1];
    ssize_t size = recv(c->fd, buffer, 1, MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC), n;
    int r;

    if (size < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    if (size == 0)
        return -ECONNRESET;
    if (size > CONTROL_PACKET_MAX)
        return -EMSGSIZE;
    c->request = malloc((size_t)size);
    if (!c->request)
        return -ENOMEM;
    n = recv(c->fd, c->request, (size_t)size, MSG_DONTWAIT);
    if (n != size)
        return -EIO;
    c->rest = (struct slice){(const char *)c->request, (size_t)size};
    c->index = c->count = c->again = 0;
    r = control_open(&c->rest);
    if (r == -EPROTONOSUPPORT)
        return reject(c, "tailband speaks another version of the protocol: restart it");
    return r < 0 ? reject(c, "this is no request") : 0;
}

static int write_out(struct caller *c)
{
    while (c->first) {
        if (send(c->fd, c->first->bytes, c->first->n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        drop_first(c);
    }
    return c->hang_up && !c->request ? -ECONNABORTED : 0;
}

int caller_process(struct caller *c, short events)
{
    int r = 0;

    if ((events & (POLLHUP | POLLERR)) && !(events & POLLIN))
        return -ECONNRESET;
    if (events & POLLIN)
        r = read_request(c);
    if (r == 0)
        r = answer(c);
    if (r == 0)
        r = write_out(c);
    return r;
}
