// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/caps.h"

#include "base/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define MINUTE (60 * USEC_PER_SEC)

enum { MILLION = 1000000 };

struct caps {
    struct caps_spec spec;
    usec_t minute; // when it began
    uint32_t bans, blocks;
    struct table *held;    // struct addr -> usec_t until, in the order of their bans
    double v4, v6;         // the share that they are
    struct table *refused; // struct addr -> struct caps_refusal, until not as yet for CAP_SHARE
    struct caps_alarm alarm[CAP_N];
};

struct caps *caps_new(const struct caps_spec *spec, uint64_t seed)
{
    struct caps *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->spec = *spec;
    c->held = table_new(CAPS_BLOCKS_MAX, sizeof(struct addr), sizeof(usec_t), seed);
    c->refused =
        table_new(CAPS_REFUSED_MAX, sizeof(struct addr), sizeof(struct caps_refusal), seed);
    return c->held && c->refused ? c : caps_free(c);
}

struct caps *caps_free(struct caps *c)
{
    if (c) {
        table_free(c->held);
        table_free(c->refused);
    }
    free(c);
    return NULL;
}

static double share_of(const struct addr *net)
{
    double share = 1;

    for (unsigned i = 0; i < addr_prefix(net); i++)
        share /= 2;
    return share;
}

static void add(struct caps *c, const struct addr *net, double sign)
{
    *(addr_is_v4(net) ? &c->v4 : &c->v6) += sign * share_of(net);
}

static void drop(struct caps *c, const struct addr *at)
{
    struct addr net = *at;

    add(c, &net, -1);
    table_remove(c->held, &net);
    // Small errors do not add up.
    if (table_count(c->held) == 0)
        c->v4 = c->v6 = 0;
}

// All are looked through: one that never ends would hide those that were banned after it.
static void expire(struct caps *c, usec_t time)
{
    uint32_t cursor = 0;
    const void *net;
    const usec_t *until;

    while ((until = table_next(c->held, &cursor, &net))) {
        if (*until <= time)
            drop(c, net);
    }
}

// A line of a clock that was ahead does not stretch its minute until that day.
static void turn_minute(struct caps *c, usec_t time)
{
    if (time < usec_add(c->minute, MINUTE) && usec_add(time, MINUTE) >= c->minute)
        return;
    c->minute = time;
    c->bans = c->blocks = 0;
    expire(c, time);
}

static bool is_within(const struct caps *c, const struct addr *net)
{
    double whole = (addr_is_v4(net) ? c->v4 : c->v6) + share_of(net);

    return whole * MILLION <= (addr_is_v4(net) ? c->spec.share_v4 : c->spec.share_v6);
}

static bool is_above_floor(const struct caps *c, const struct addr *net)
{
    return addr_prefix(net) >= (addr_is_v4(net) ? c->spec.floor_v4 : c->spec.floor_v6);
}

static bool is_fresh(const struct caps *c, const struct addr *net)
{
    return addr_is_block(net) && !table_get(c->held, net);
}

// Of several the one that lasts longest.
static bool find_cap(const struct caps *c, const struct addr *net, enum cap *ret)
{
    bool fresh = is_fresh(c, net);
    bool reached[CAP_N] = {
        [CAP_BANS] = c->bans >= c->spec.bans,
        [CAP_BLOCKS] = fresh && c->blocks >= c->spec.blocks,
        [CAP_SHARE] = fresh && !is_within(c, net),
        [CAP_FLOOR] = !is_above_floor(c, net),
    };

    for (int cap = CAP_N - 1; cap >= 0; cap--) {
        if (!reached[cap])
            continue;
        *ret = (enum cap)cap;
        return true;
    }
    return false;
}

static int hold_back(struct caps *c, enum cap cap, const struct addr *net, usec_t time)
{
    struct caps_alarm *a = &c->alarm[cap];
    bool is_new = a->since == 0 || usec_sub(time, a->last) > CAPS_QUIET_S * USEC_PER_SEC;
    struct caps_refusal *refusal = table_put(c->refused, net, NULL);

    if (!refusal)
        return -ENOMEM;
    *refusal = (struct caps_refusal){
        .cap = cap,
        .time = time,
        .until = cap == CAP_FLOOR ? USEC_FOREVER : usec_add(c->minute, MINUTE),
    };
    if (is_new)
        *a = (struct caps_alarm){.since = time};
    a->last = a->last < time ? time : a->last;
    a->held++;
    return is_new ? CAPS_E_ALARM : CAPS_E_HELD;
}

int caps_ask(struct caps *c, const struct addr *net, usec_t time, usec_t until)
{
    enum cap cap;

    turn_minute(c, time);
    if (find_cap(c, net, &cap))
        return hold_back(c, cap, net, time);
    c->bans++;
    c->blocks += is_fresh(c, net);
    table_remove(c->refused, net);
    return caps_hold(c, net, until);
}

int caps_hold(struct caps *c, const struct addr *net, usec_t until)
{
    usec_t *held;
    const void *oldest;
    bool is_new;

    if (!addr_is_block(net))
        return 0;
    if (!table_get(c->held, net) && table_count(c->held) == CAPS_BLOCKS_MAX) {
        table_oldest(c->held, &oldest);
        drop(c, oldest);
    }
    held = table_put(c->held, net, &is_new);
    if (!held)
        return -ENOMEM;
    if (is_new)
        add(c, net, 1);
    *held = *held < until ? until : *held;
    return 0;
}

void caps_lift(struct caps *c, const struct addr *net)
{
    if (table_get(c->held, net))
        drop(c, net);
}

static bool is_same(const struct caps_spec *a, const struct caps_spec *b, enum cap cap)
{
    const bool same[CAP_N] = {
        [CAP_BANS] = a->bans == b->bans,
        [CAP_BLOCKS] = a->blocks == b->blocks,
        [CAP_SHARE] = a->share_v4 == b->share_v4 && a->share_v6 == b->share_v6,
        [CAP_FLOOR] = a->floor_v4 == b->floor_v4 && a->floor_v6 == b->floor_v6,
    };

    return same[cap];
}

int caps_resume(struct caps *c, const struct caps *from)
{
    const struct caps_refusal *refusal;
    struct caps_refusal *to;
    const void *net;
    uint32_t cursor = 0;

    c->minute = from->minute;
    c->bans = from->bans;
    c->blocks = from->blocks;
    for (enum cap cap = 0; cap < CAP_N; cap++) {
        if (is_same(&c->spec, &from->spec, cap))
            c->alarm[cap] = from->alarm[cap];
    }
    while ((refusal = table_next(from->refused, &cursor, &net))) {
        to = table_put(c->refused, net, NULL);
        if (!to)
            return -ENOMEM;
        *to = *refusal;
        if (!is_same(&c->spec, &from->spec, to->cap))
            to->until = 0;
    }
    return 0;
}

struct caps_alarm caps_alarm(const struct caps *c, enum cap cap)
{
    return c->alarm[cap];
}

// When the next block of a family ends: not before that there is room.
static usec_t next_end(const struct caps *c, bool v4)
{
    usec_t next = USEC_FOREVER;
    const usec_t *until;
    const void *at;
    uint32_t cursor = 0;

    while ((until = table_next(c->held, &cursor, &at))) {
        struct addr net = *(const struct addr *)at;
        if (addr_is_v4(&net) == v4 && *until < next)
            next = *until;
    }
    return next;
}

bool caps_refused(const struct caps *c, const struct addr *net, struct caps_refusal *ret)
{
    const struct caps_refusal *refusal = table_get(c->refused, net);

    if (!refusal)
        return false;
    *ret = *refusal;
    if (ret->cap == CAP_SHARE && ret->until > 0)
        ret->until = next_end(c, addr_is_v4(net));
    return true;
}

void caps_text(const struct caps *c, enum cap cap, char ret[static CAPS_TEXT_MAX])
{
    const struct caps_spec *s = &c->spec;

    switch (cap) {
    case CAP_BANS:
        snprintf(ret, CAPS_TEXT_MAX, "cap.bans = %u a minute", s->bans);
        break;
    case CAP_BLOCKS:
        snprintf(ret, CAPS_TEXT_MAX, "cap.blocks = %u a minute", s->blocks);
        break;
    case CAP_SHARE:
        snprintf(ret, CAPS_TEXT_MAX, "cap.share.v4 = %g%%, .v6 = %g%%", s->share_v4 / 1e4,
                 s->share_v6 / 1e4);
        break;
    default:
        snprintf(ret, CAPS_TEXT_MAX, "floor.v4 = %u, floor.v6 = %u", s->floor_v4, s->floor_v6);
    }
}
