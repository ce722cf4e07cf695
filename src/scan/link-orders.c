// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/cover.h"
#include "scan/link-own.h"

#include <errno.h>
#include <string.h>

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

static void order_ban(struct link *l, const struct cell *cell, const struct addr *net, usec_t until,
                      int64_t id)
{
    if (is_ordered(l, cell, net, until, id))
        enqueue(l, &(struct queued){ORDER_BAN, (uint16_t)(cell - l->roster->cell), *net, until});
}

void link_ban(struct link *l, const struct cell *cell, const struct addr *net, usec_t until)
{
    if (l->fd >= 0)
        order_ban(l, cell, net, until, COVER_NEW);
}

void link_spare(struct link *l, const struct addr *host, usec_t until)
{
    enqueue(l, &(struct queued){until > 0 ? ORDER_SPARE : ORDER_UNSPARE, 0, *host, until});
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

    if (c && until > w->now && addr_compare(net, w->net) == 0)
        order_ban(l, c, net, until, id);
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
    if (l->n_lifted == LINK_LIFTED_MAX)
        link_resend(l);
    else
        l->lifted[l->n_lifted++] = *net;
}

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
    l->phase = SPARED;
    l->has_spared = false;
    return 0;
}

static void put_spare(struct link *l, const struct addr *host, usec_t until, usec_t now)
{
    put(l, &(struct order){.op = ORDER_SPARE, .net = *host, .timeout_ms = timeout_ms(until, now)});
}

static void put_spared(struct link *l, usec_t now)
{
    struct peers *peers = l->roster->reputation.peers;
    struct peers_host h;

    while (!is_full(l)) {
        if (!peers_next_spared(peers, NULL, now, l->has_spared ? &l->spared : NULL, &h)) {
            l->phase = COMMIT;
            return;
        }
        put_spare(l, &h.host, h.spared, now);
        l->spared = h.host;
        l->has_spared = true;
    }
}

static void put_queue(struct link *l, usec_t now)
{
    for (; l->n > 0 && !is_full(l); l->n--) {
        const struct queued *q = &l->queue[l->first];
        if (q->op == ORDER_BAN)
            put_ban(l, q->jail, &q->net, q->until, now);
        else if (q->op == ORDER_SPARE)
            put_spare(l, &q->net, q->until, now);
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
        if (c)
            order_ban(l, c, &ban->net, ban->until, ban->id);
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

int link_fill(struct link *l, usec_t now)
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
    if (l->phase == SPARED)
        put_spared(l, now);
    if (l->phase == COMMIT && !is_full(l)) {
        put(l, &(struct order){.op = ORDER_COMMIT});
        l->commit_seq = l->seq;
        l->committed = true;
        l->phase = l->again ? RESET : LIVE;
        l->again = false;
    }
    return r;
}
