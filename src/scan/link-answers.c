// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"
#include "scan/link-own.h"

#include <errno.h>
#include <string.h>

enum { OWN_MAX = 4096, REFUSALS_LOGGED = 20 };

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

int link_hear(struct link *l, const struct order *o)
{
    order_fn *handler = l->greeted || o->op == ORDER_HELLO ? handlers[o->op] : NULL;

    return handler ? handler(l, o) : -EPROTO;
}
