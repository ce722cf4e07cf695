// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/link.h"

#include "base/log.h"
#include "scan/cover.h"
#include "wire/order.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// LIFTED_MAX: of more at a time, the whole state is sent.
enum { LIFTED_MAX = 16, PACKETS_PER_CALL = 64, OWN_MAX = 4096, REFUSALS_LOGGED = 20 };

struct queued {
    enum order_op op;
    uint16_t jail;
    struct addr net;
    usec_t until;
};

struct link {
    struct ledger *ledger;
    const struct roster *roster;
    struct link_hooks hooks;
    int fd;
    enum phase { HELLO, RESET, JAILS, BANS, COMMIT, LIVE } phase; // what is to be sent next
    size_t cell, port;                                            // JAILS: the next one
    int64_t after;                                                // BANS: the last one
    bool again;                                                   // the state, after this one
    bool greeted, committed, enforced;                            // what the enforcer has said
    uint32_t seq, acked, commit_seq;                              // seq: the last one put
    struct exempt own;
    uint64_t refused, refusals_logged; // since the whole state
    int refusal;                       // the last one's errno
    bool is_short;                     // one was for want of room
    bool is_plain;                     // what would cover others may have been refused
    struct addr lifted[LIFTED_MAX];    // blocks; what they covered is to be ordered
    size_t n_lifted;
    size_t first, n;
    struct queued queue[LINK_QUEUE_MAX];
    size_t out_n; // records in out that are to be sent
    uint8_t out[ORDER_PACKET_MAX * ORDER_SIZE], in[ORDER_PACKET_MAX * ORDER_SIZE];
};

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

static void enqueue(struct link *l, const struct queued *q)
{
    if (l->fd < 0)
        return;
    if (l->n == LINK_QUEUE_MAX) {
        link_resend(l);
        return;
    }
    l->queue[(l->first + l->n++) % LINK_QUEUE_MAX] = *q;
}

static bool is_ordered(const struct link *l, const struct cell *cell, const struct addr *net,
                       usec_t until, int64_t id)
{
    return !cell->conf->watch_only &&
           (l->is_plain || !cover_find(l->ledger, l->roster, cell, net, until, id, NULL));
}

void link_ban(struct link *l, const struct cell *cell, const struct addr *net, usec_t until)
{
    if (l->fd >= 0 && is_ordered(l, cell, net, until, COVER_NEW))
        enqueue(l, &(struct queued){ORDER_BAN, (uint16_t)(cell - l->roster->cell), *net, until});
}

struct walk {
    struct link *link;
    usec_t now;
    const struct addr *net;
};

// A ban that was covered by one of the same net, perhaps.
static bool order_again(void *user, const char *jail, const struct addr *net, usec_t until,
                        int64_t id)
{
    struct walk *w = user;
    struct link *l = w->link;
    const struct cell *c = roster_find(l->roster, slice_of(jail));

    if (c && until > w->now && addr_compare(net, w->net) == 0 && is_ordered(l, c, net, until, id))
        enqueue(l, &(struct queued){ORDER_BAN, (uint16_t)(c - l->roster->cell), *net, until});
    return false;
}

// What a block covered is found by one walk for all that are lifted together.
void link_unban(struct link *l, const struct cell *cell, const struct addr *net, usec_t now)
{
    struct walk w = {l, now, net};

    if (l->fd < 0)
        return;
    enqueue(l, &(struct queued){ORDER_UNBAN, (uint16_t)(cell - l->roster->cell), *net, 0});
    ledger_around(l->ledger, net, order_again, &w);
    if (net->len == 128)
        return;
    if (l->n_lifted == LIFTED_MAX)
        link_resend(l);
    else
        l->lifted[l->n_lifted++] = *net;
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
    return l->fd < 0 || l->n <= LINK_QUEUE_MAX / 2;
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

// What is put

static bool is_full(const struct link *l)
{
    return l->out_n == ORDER_PACKET_MAX;
}

static void put(struct link *l, struct order *o)
{
    o->seq = ++l->seq;
    order_encode(o, l->out + l->out_n++ * ORDER_SIZE);
}

static uint64_t timeout_ms(usec_t until, usec_t now)
{
    if (until == USEC_FOREVER)
        return 0;
    return until < now + 1000 ? 1 : (until - now) / 1000;
}

static void put_ban(struct link *l, size_t jail, const struct addr *net, usec_t until, usec_t now)
{
    put(l, &(struct order){.op = ORDER_BAN,
                           .jail = (uint16_t)jail,
                           .net = *net,
                           .timeout_ms = timeout_ms(until, now)});
}

static void put_jail(struct link *l)
{
    const struct jail_conf *c = l->roster->cell[l->cell].conf;
    struct order o = {.op = ORDER_JAIL,
                      .jail = (uint16_t)l->cell,
                      .action = c->reject ? ORDER_REJECT : ORDER_DROP};

    strncpy(o.name, c->name, sizeof(o.name) - 1);
    put(l, &o);
}

static void put_port(struct link *l, const struct port_range *p)
{
    put(l, &(struct order){.op = ORDER_PORT,
                           .jail = (uint16_t)l->cell,
                           .proto = p->proto,
                           .port_from = p->from,
                           .port_to = p->to});
}

// l->port counts the jail's own record too.
static void put_jails(struct link *l)
{
    for (; l->cell < l->roster->n; l->cell++, l->port = 0) {
        const struct jail_conf *c = l->roster->cell[l->cell].conf;
        for (; l->port <= c->n_port && l->port <= ORDER_PORTS_MAX; l->port++) {
            if (is_full(l))
                return;
            if (l->port == 0)
                put_jail(l);
            else
                put_port(l, &c->port[l->port - 1]);
        }
    }
    l->phase = BANS;
    l->after = 0;
}

static int on_ban(void *user, const struct ban *ban)
{
    struct walk *w = user;
    const struct cell *c = roster_find(w->link->roster, slice_of(ban->jail));

    if (c && is_full(w->link))
        return -ENOBUFS;
    if (c && is_ordered(w->link, c, &ban->net, ban->until, ban->id))
        put_ban(w->link, (size_t)(c - w->link->roster->cell), &ban->net, ban->until, w->now);
    w->link->after = ban->id;
    return 0;
}

static int put_bans(struct link *l, usec_t now)
{
    struct walk w = {.link = l, .now = now};
    int r = ledger_bans(l->ledger, NULL, now, l->after, on_ban, &w);

    if (r == -ENOBUFS)
        return 0;
    // Half a state would lift bans: better none.
    if (r < 0)
        return r;
    l->phase = COMMIT;
    return 0;
}

static void put_queue(struct link *l, usec_t now)
{
    for (; l->n > 0 && !is_full(l); l->n--) {
        const struct queued *q = &l->queue[l->first];
        if (q->op == ORDER_BAN)
            put_ban(l, q->jail, &q->net, q->until, now);
        else
            put(l, &(struct order){.op = q->op, .jail = q->jail, .net = q->net});
        l->first = (l->first + 1) % LINK_QUEUE_MAX;
    }
}

static int uncover(void *user, const struct ban *ban)
{
    struct link *l = user;
    const struct cell *c = roster_find(l->roster, slice_of(ban->jail));

    for (size_t i = 0; i < l->n_lifted; i++) {
        if (ban->net.len <= l->lifted[i].len || !addr_within(&ban->net, &l->lifted[i]))
            continue;
        if (c && is_ordered(l, c, &ban->net, ban->until, ban->id))
            enqueue(l, &(struct queued){ORDER_BAN, (uint16_t)(c - l->roster->cell), ban->net,
                                        ban->until});
        break;
    }
    return 0;
}

// What lifted blocks covered.
static int uncover_all(struct link *l, usec_t now)
{
    int r = l->n_lifted > 0 ? ledger_bans(l->ledger, NULL, now, 0, uncover, l) : 0;

    l->n_lifted = 0;
    return r;
}

// One packet: the greeting, a piece of the state, or a batch of orders.
static int fill(struct link *l, usec_t now)
{
    int r = 0;

    if (l->phase == HELLO) {
        put(l, &(struct order){.op = ORDER_HELLO});
        l->phase = RESET;
        return 0;
    }
    if (!l->roster)
        return 0;
    if (l->phase == LIVE) {
        r = uncover_all(l, now);
        put_queue(l, now);
        return r;
    }
    if (l->phase == RESET) {
        put(l, &(struct order){.op = ORDER_RESET});
        l->refused = l->refusals_logged = 0;
        l->refusal = 0;
        l->is_short = false;
        l->phase = JAILS;
        l->cell = l->port = 0;
    }
    if (l->phase == JAILS)
        put_jails(l);
    if (l->phase == BANS)
        r = put_bans(l, now);
    if (l->phase == COMMIT && !is_full(l)) {
        put(l, &(struct order){.op = ORDER_COMMIT});
        l->commit_seq = l->seq;
        l->committed = true;
        l->phase = l->again ? RESET : LIVE;
        l->again = false;
    }
    return r;
}

static int write_packet(struct link *l, usec_t now)
{
    size_t size;
    int r = l->out_n > 0 ? 0 : fill(l, now);

    if (r < 0 || l->out_n == 0)
        return r;
    size = l->out_n * ORDER_SIZE;
    if (send(l->fd, l->out, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -errno;
    l->out_n = 0;
    return 0;
}

// What is heard

static int on_hello(struct link *l, const struct order *o)
{
    (void)o;
    l->greeted = true;
    return 0;
}

static int on_reset(struct link *l, const struct order *o)
{
    (void)o;
    exempt_done(&l->own);
    return 0;
}

static int on_own(struct link *l, const struct order *o)
{
    return l->own.n < OWN_MAX ? exempt_add(&l->own, &o->net) : -EPROTO;
}

static int on_commit(struct link *l, const struct order *o)
{
    (void)o;
    l->hooks.own(l->hooks.user, &l->own);
    return 0;
}

static int on_ack(struct link *l, const struct order *o)
{
    l->acked = o->seq;
    if (!l->committed || o->seq != l->commit_seq || l->phase != LIVE)
        return 0;
    l->committed = false;
    if (!l->enforced)
        l->hooks.state(l->hooks.user, true, "connected");
    l->enforced = true;
    return 0;
}

// What may go away by itself: a full set, a kernel out of memory, more bans than the enforcer
// takes.
static bool is_want_of_room(int error)
{
    return error == ENFILE || error == ENOMEM || error == ENOBUFS || error == ENOSPC;
}

static int on_refused(struct link *l, const struct order *o)
{
    char net[ADDR_TEXT_MAX];

    l->refused++;
    l->refusal = o->error;
    l->is_short |= is_want_of_room(o->error);
    if (!l->is_plain && !is_want_of_room(o->error) && o->net.len < 128)
        link_resend(l);
    l->is_plain |= l->is_short || o->net.len < 128;
    if (l->committed && o->seq == l->commit_seq)
        return o->error > 0 ? -o->error : -EPROTO;
    addr_format(&o->net, net);
    if (l->refusals_logged++ < REFUSALS_LOGGED)
        log_line(LEVEL_WARNING, "%s: the enforcer refused an order for %s: %s", net,
                 o->jail < l->roster->n ? l->roster->cell[o->jail].conf->name : "a jail",
                 strerror(o->error));
    return 0;
}

static int on_flushed(struct link *l, const struct order *o)
{
    (void)o;
    log_line(LEVEL_WARNING, "somebody else changed table inet tailban: all bans are put back");
    // A state that is under way replaces everything, what was flushed included.
    if (l->phase == LIVE)
        link_resend(l);
    return 0;
}

typedef int order_fn(struct link *l, const struct order *o);
static order_fn *const handlers[ORDER_OP_MAX] = {
    [ORDER_HELLO] = on_hello,     [ORDER_RESET] = on_reset, [ORDER_OWN] = on_own,
    [ORDER_COMMIT] = on_commit,   [ORDER_ACK] = on_ack,     [ORDER_REFUSED] = on_refused,
    [ORDER_FLUSHED] = on_flushed,
};

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
            r = handlers[o.op] && (l->greeted || o.op == ORDER_HELLO) ? handlers[o.op](l, &o)
                                                                      : -EPROTO;
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

void link_hurry(struct link *l, usec_t now)
{
    if (l->acked == l->seq)
        link_flush(l, now);
}
