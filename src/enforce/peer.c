// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/peer.h"

#include "enforce/outbox.h"
#include "wire/guard.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

// What a peer may say next.
enum {
    FIRST = 1 << 0,   // HELLO
    LIVE = 1 << 1,    // RESET, BAN, UNBAN, SPARE, UNSPARE, CLEAR
    STAGING = 1 << 2, // between RESET and COMMIT; another RESET starts anew
};

struct peer {
    int fd;
    unsigned state;
    struct firewall *firewall;
    struct plan *stage;                      // while STAGING
    struct element change[ORDER_PACKET_MAX]; // of this packet, not yet carried out
    size_t n_change;
    struct order order[ORDER_PACKET_MAX];
    uint8_t packet[ORDER_PACKET_MAX * ORDER_SIZE];
    struct outbox outbox;
};

int peer_new(int fd, struct firewall *f, struct peer **ret)
{
    struct peer *p = calloc(1, sizeof(*p));

    if (!p)
        return -ENOMEM;
    p->fd = fd;
    p->state = FIRST;
    p->firewall = f;
    outbox_say(&p->outbox, (struct order){.op = ORDER_HELLO});
    *ret = p;
    return 0;
}

struct peer *peer_free(struct peer *p)
{
    if (p) {
        close(p->fd);
        plan_free(p->stage);
    }
    free(p);
    return NULL;
}

int peer_fd(const struct peer *p)
{
    return p->fd;
}

short peer_events(const struct peer *p)
{
    return p->outbox.n > 0 ? POLLOUT : POLLIN;
}

// Of those who are spared there is no jail to tell: it is the first one then.
static void refused(void *user, const struct element *e, int error)
{
    struct peer *p = user;

    outbox_answer(&p->outbox, (struct order){.op = ORDER_REFUSED,
                                             .seq = e->seq,
                                             .jail = e->jail < ORDER_JAILS_MAX ? e->jail : 0,
                                             .net = e->net,
                                             .error = -error});
}

static void carry_out(struct peer *p)
{
    // A message for each set, not for each ban: attackers are banned in several jails at once.
    plan_sort(p->change, p->n_change);
    firewall_apply(p->firewall, p->change, p->n_change, refused, p);
    p->n_change = 0;
}

static int on_hello(struct peer *p, const struct order *o)
{
    (void)o;
    p->state = LIVE;
    return 0;
}

static int on_reset(struct peer *p, const struct order *o)
{
    int r;

    (void)o;
    p->stage = plan_free(p->stage);
    p->state = LIVE;
    r = plan_new(&p->stage);
    if (r == 0)
        p->state = STAGING;
    return r;
}

static int on_jail(struct peer *p, const struct order *o)
{
    return plan_jail(p->stage, o);
}

static int on_port(struct peer *p, const struct order *o)
{
    return plan_port(p->stage, o);
}

static void note(struct peer *p, const struct order *o, enum element_change what)
{
    p->change[p->n_change++] = element_of(o, what);
}

static int change(struct peer *p, const struct order *o, enum element_change what)
{
    if (!firewall_has_jail(p->firewall, o->jail))
        return -ENOENT;
    note(p, o, what);
    return 0;
}

static int on_ban(struct peer *p, const struct order *o)
{
    if (guard_objection(&o->net))
        return -EPERM;
    return p->state == STAGING ? plan_ban(p->stage, o)
                               : change(p, o, firewall_renewal(p->firewall));
}

static int on_unban(struct peer *p, const struct order *o)
{
    return change(p, o, ELEMENT_REMOVE);
}

static int on_spare(struct peer *p, const struct order *o)
{
    if (p->state == STAGING)
        return plan_ban(p->stage, o);
    if (!firewall_is_up(p->firewall))
        return -ENOENT;
    note(p, o, firewall_renewal(p->firewall));
    return 0;
}

static int on_unspare(struct peer *p, const struct order *o)
{
    if (!firewall_is_up(p->firewall))
        return -ENOENT;
    note(p, o, ELEMENT_REMOVE);
    return 0;
}

static int on_commit(struct peer *p, const struct order *o)
{
    int r = firewall_install(p->firewall, p->stage, refused, p);

    (void)o;
    if (r < 0)
        plan_free(p->stage);
    p->stage = NULL;
    p->state = LIVE;
    return r < 0 ? r : PEER_E_INSTALLED;
}

static int on_clear(struct peer *p, const struct order *o)
{
    int r = firewall_clear(p->firewall);

    (void)o;
    return r < 0 ? r : PEER_E_CLEARED;
}

static const struct {
    unsigned in; // the states it may come in; none: it is not for us
    int (*take)(struct peer *p, const struct order *o);
    bool gathers; // with others of its packet
} operations[ORDER_OP_MAX] = {
    [ORDER_HELLO] = {FIRST, on_hello},
    [ORDER_RESET] = {LIVE | STAGING, on_reset},
    [ORDER_JAIL] = {STAGING, on_jail},
    [ORDER_PORT] = {STAGING, on_port},
    [ORDER_BAN] = {LIVE | STAGING, on_ban, true},
    [ORDER_UNBAN] = {LIVE, on_unban, true},
    [ORDER_SPARE] = {LIVE | STAGING, on_spare, true},
    [ORDER_UNSPARE] = {LIVE, on_unspare, true},
    [ORDER_COMMIT] = {STAGING, on_commit},
    [ORDER_CLEAR] = {LIVE, on_clear},
};

// All of a packet or nothing: no order of a packet that is broken further on is carried out.
static int decode(struct peer *p, size_t size, size_t *ret_n)
{
    size_t n = size / ORDER_SIZE;

    if (n == 0 || n > ORDER_PACKET_MAX || size % ORDER_SIZE != 0)
        return -EPROTO;
    for (size_t i = 0; i < n; i++) {
        int r = order_decode(p->packet + i * ORDER_SIZE, &p->order[i]);
        if (r < 0)
            return r;
    }
    *ret_n = n;
    return 0;
}

static int take_order(struct peer *p, const struct order *o)
{
    int r;

    if (!(operations[o->op].in & p->state))
        return -EPROTO;
    if (!operations[o->op].gathers)
        carry_out(p);
    r = operations[o->op].take(p, o);
    if (r >= 0)
        return r;
    refused(p, &(struct element){.net = o->net, .jail = o->jail, .seq = o->seq}, r);
    return 0;
}

static int take_packet(struct peer *p, size_t size)
{
    size_t n;
    int r = decode(p, size, &n), outcome = 0;

    for (size_t i = 0; r >= 0 && i < n; i++) {
        r = take_order(p, &p->order[i]);
        if (r > 0)
            outcome = r;
    }
    if (r < 0)
        return r;
    carry_out(p);
    outbox_answer(&p->outbox, (struct order){.op = ORDER_ACK, .seq = p->order[n - 1].seq});
    return outcome;
}

static int read_packet(struct peer *p)
{
    ssize_t size = recv(p->fd, p->packet, sizeof(p->packet), MSG_DONTWAIT | MSG_TRUNC);

    if (size < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    return size == 0 ? PEER_E_GONE : take_packet(p, (size_t)size);
}

int peer_dispatch(struct peer *p)
{
    int outcome = 0, r = outbox_send(&p->outbox, p->fd);

    if (r < 0)
        return r;
    if (p->outbox.n == 0) {
        outcome = read_packet(p);
        if (outcome < 0 || outcome == PEER_E_GONE)
            return outcome;
        r = outbox_send(&p->outbox, p->fd);
    }
    return r < 0 ? r : outcome;
}

int peer_tell_own(struct peer *p, const struct addr *own, size_t n)
{
    if (outbox_room(&p->outbox) < n + OUTBOX_RESERVE)
        return -EAGAIN;
    outbox_say(&p->outbox, (struct order){.op = ORDER_RESET});
    for (size_t i = 0; i < n; i++)
        outbox_say(&p->outbox, (struct order){.op = ORDER_OWN, .net = own[i]});
    outbox_say(&p->outbox, (struct order){.op = ORDER_COMMIT});
    return 0;
}

void peer_tell_flushed(struct peer *p)
{
    outbox_say(&p->outbox, (struct order){.op = ORDER_FLUSHED});
}
