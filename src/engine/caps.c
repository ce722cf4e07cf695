// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/caps.h"

#include "base/table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define MINUTE (60 * USEC_PER_SEC)

enum { MILLION = 1000000, HOST_V4 = 32, HOST_V6 = 64 };

struct caps {
    struct caps_spec spec;
    usec_t minute; // when it began
    uint32_t bans, blocks;
    struct table *held; // struct addr -> usec_t until, in the order of their bans
    double v4, v6;      // the share that they are
    struct caps_alarm alarm[CAP_N];
};

struct caps *caps_new(const struct caps_spec *spec, uint64_t seed)
{
    struct caps *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    c->spec = *spec;
    c->held = table_new(CAPS_BLOCKS_MAX, sizeof(struct addr), sizeof(usec_t), seed);
    return c->held ? c : caps_free(c);
}

struct caps *caps_free(struct caps *c)
{
    if (c)
        table_free(c->held);
    free(c);
    return NULL;
}

static bool is_block(const struct addr *net)
{
    return addr_prefix(net) < (addr_is_v4(net) ? HOST_V4 : HOST_V6);
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
    return is_block(net) && !table_get(c->held, net);
}

static bool find_cap(const struct caps *c, const struct addr *net, enum cap *ret)
{
    bool fresh = is_fresh(c, net);
    bool reached[CAP_N] = {
        [CAP_BANS] = c->bans >= c->spec.bans,
        [CAP_BLOCKS] = fresh && c->blocks >= c->spec.blocks,
        [CAP_SHARE] = fresh && !is_within(c, net),
        [CAP_FLOOR] = !is_above_floor(c, net),
    };

    for (enum cap cap = 0; cap < CAP_N; cap++) {
        if (!reached[cap])
            continue;
        *ret = cap;
        return true;
    }
    return false;
}

static int hold_back(struct caps *c, enum cap cap, usec_t time)
{
    struct caps_alarm *a = &c->alarm[cap];
    bool is_new = a->since == 0 || usec_sub(time, a->last) > CAPS_QUIET_S * USEC_PER_SEC;

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
        return hold_back(c, cap, time);
    c->bans++;
    c->blocks += is_fresh(c, net);
    return caps_hold(c, net, until);
}

int caps_hold(struct caps *c, const struct addr *net, usec_t until)
{
    usec_t *held;
    const void *oldest;
    bool is_new;

    if (!is_block(net))
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

struct caps_alarm caps_alarm(const struct caps *c, enum cap cap)
{
    return c->alarm[cap];
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
