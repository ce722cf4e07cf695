// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/link-own.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PACKETS_PER_CALL = 64, GIVE_WAY_NS = 100000 };

int link_new(struct ledger *ledger, const struct link_hooks *hooks, struct link **ret)
{
    struct link *l = calloc(1, sizeof(*l));

    if (!l)
        return -ENOMEM;
    l->ledger = ledger;
    l->hooks = *hooks;
    l->fd = -1;
    *ret = l;
    return 0;
}

struct link *link_free(struct link *l)
{
    if (l) {
        if (l->fd >= 0)
            close(l->fd);
        exempt_done(&l->own);
        free(l);
    }
    return NULL;
}

static void lose(struct link *l, int error)
{
    close(l->fd);
    l->fd = -1;
    l->enforced = false;
    l->hooks.state(l->hooks.user, false, strerror(-error));
}

void link_attach(struct link *l, int fd)
{
    l->fd = fd;
    l->phase = HELLO;
    l->n = l->n_lifted = l->out_n = 0;
    l->acked = l->seq;
    l->is_plain = l->greeted = l->again = l->enforced = l->committed = false;
    exempt_done(&l->own);
}

// Or again if the one under way may have missed something.
void link_resend(struct link *l)
{
    l->n = l->n_lifted = 0;
    if (l->phase == LIVE)
        l->phase = RESET;
    else
        l->again = l->phase > RESET;
}

void link_set_roster(struct link *l, const struct roster *roster)
{
    l->roster = roster;
    l->n = l->n_lifted = 0;
    l->again = l->is_plain = false;
    if (l->phase != HELLO)
        l->phase = RESET;
}

int link_fd(const struct link *l)
{
    return l->fd;
}

short link_events(const struct link *l)
{
    bool has_more = l->out_n > 0 || l->n > 0 || l->n_lifted > 0 || (l->phase != LIVE && l->roster);

    return has_more ? POLLIN | POLLOUT : POLLIN;
}

bool link_is_enforced(const struct link *l)
{
    return l->enforced;
}

bool link_is_waiting(const struct link *l)
{
    return l->fd >= 0 && (l->acked != l->seq || link_events(l) & POLLOUT);
}

uint32_t link_answered(const struct link *l)
{
    return l->acked;
}

bool link_has_room(const struct link *l)
{
    return l->fd < 0 || l->is_late || l->n <= LINK_QUEUE_MAX / 2;
}

void link_set_late(struct link *l, bool is_late)
{
    l->is_late = is_late;
}

bool link_is_late(const struct link *l)
{
    return l->fd >= 0 && l->is_late;
}

uint64_t link_refused(const struct link *l)
{
    return l->refused;
}

int link_refusal(const struct link *l)
{
    return l->refusal;
}

bool link_is_short(const struct link *l)
{
    return l->is_short;
}

void link_drop(struct link *l, int error)
{
    if (l->fd >= 0)
        lose(l, error);
}

static int write_packet(struct link *l, usec_t now)
{
    size_t size;
    int r = l->out_n > 0 ? 0 : link_fill(l, now);

    if (r < 0 || l->out_n == 0)
        return r;
    size = l->out_n * ORDER_SIZE;
    if (send(l->fd, l->out, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    l->out_n = 0;
    return 0;
}

// 1 where a packet was read, 0 where there is none.
static int read_packet(struct link *l)
{
    ssize_t size = recv(l->fd, l->in, sizeof(l->in), MSG_DONTWAIT | MSG_TRUNC);
    struct order o;
    int r;

    if (size < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    if (size == 0)
        return -ECONNRESET;
    if ((size_t)size > sizeof(l->in) || size % ORDER_SIZE != 0)
        return -EPROTO;
    for (ssize_t at = 0; at < size; at += ORDER_SIZE) {
        r = order_decode(l->in + at, &o);
        if (r == 0)
            r = link_hear(l, &o);
        if (r < 0)
            return r;
    }
    return 1;
}

int link_process(struct link *l, short events, usec_t now)
{
    int r = 0;

    if (events & (POLLIN | POLLHUP | POLLERR)) {
        r = 1;
        for (int i = 0; i < PACKETS_PER_CALL && r > 0; i++)
            r = read_packet(l);
    }
    if (r >= 0 && (events & POLLOUT))
        r = write_packet(l, now);
    if (r < 0)
        lose(l, r);
    return r < 0 ? r : 0;
}

void link_flush(struct link *l, usec_t now)
{
    int r = 0;

    while (r == 0 && l->fd >= 0 && l->phase == LIVE && l->n > 0) {
        size_t before = l->n;
        r = write_packet(l, now);
        if (r < 0)
            lose(l, r);
        else if (l->n == before)
            break;
    }
}

// Where both are on one processor, it would begin only when we have nothing left to do.
static void give_way(const struct link *l)
{
    struct pollfd answer = {.fd = l->fd, .events = POLLIN};

    ppoll(&answer, 1, &(struct timespec){.tv_nsec = GIVE_WAY_NS}, NULL);
}

void link_hurry(struct link *l, usec_t now)
{
    if (l->acked != l->seq)
        return;
    link_flush(l, now);
    if (l->fd >= 0 && l->acked != l->seq)
        give_way(l);
}
