// SPDX-License-Identifier: GPL-2.0-or-later
#include "ledger/roll.h"

#include "ledger/sieve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BANS_FIRST = 64, SLOTS_FIRST = 128, GONE_MAX = 1024 };

void roll_done(struct roll *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(r->ban[i].name);
    free(r->ban);
    free(r->slot);
    free(r->running.place);
    free(r->over.place);
    free(r->in_force);
    *r = (struct roll){.seed = r->seed};
}

usec_t roll_end(const struct roll_ban *b)
{
    return b->lifted && b->lifted < b->until ? b->lifted : b->until;
}

// The heaps

static void heap_put(struct roll *r, struct ends *e, size_t i, uint32_t place)
{
    e->place[i] = place;
    r->ban[place].heap = (uint32_t)i;
}

static bool ends_before(const struct roll *r, uint32_t a, uint32_t b)
{
    usec_t x = roll_end(&r->ban[a]), y = roll_end(&r->ban[b]);

    return x < y || (x == y && a < b);
}

static void heap_up(struct roll *r, struct ends *e, size_t i)
{
    uint32_t place = e->place[i];

    while (i > 0 && ends_before(r, place, e->place[(i - 1) / 2])) {
        heap_put(r, e, i, e->place[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    heap_put(r, e, i, place);
}

static void heap_down(struct roll *r, struct ends *e, size_t i)
{
    uint32_t place = e->place[i];
    size_t child;

    while ((child = 2 * i + 1) < e->n) {
        if (child + 1 < e->n && ends_before(r, e->place[child + 1], e->place[child]))
            child++;
        if (!ends_before(r, e->place[child], place))
            break;
        heap_put(r, e, i, e->place[child]);
        i = child;
    }
    heap_put(r, e, i, place);
}

static struct ends *heap_of(struct roll *r, bool is_running)
{
    return is_running ? &r->running : &r->over;
}

// There is room: each heap has it for all bans.
static void heap_add(struct roll *r, uint32_t place)
{
    struct ends *e = heap_of(r, r->ban[place].is_running);

    e->place[e->n++] = place;
    heap_up(r, e, e->n - 1);
}

static void heap_remove(struct roll *r, uint32_t place)
{
    struct ends *e = heap_of(r, r->ban[place].is_running);
    size_t i = r->ban[place].heap;
    uint32_t last = e->place[--e->n];

    if (last == place)
        return;
    heap_put(r, e, i, last);
    heap_up(r, e, i);
    heap_down(r, e, r->ban[last].heap);
}

uint32_t roll_first(const struct ends *e)
{
    return e->n > 0 ? e->place[0] : ROLL_NONE;
}

// The nets

static uint64_t hash_of(const struct roll *r, const struct addr *net)
{
    return (sieve_key(net) ^ r->seed) * UINT64_C(0x9e3779b97f4a7c15);
}

static struct slot *first_slot(const struct roll *r, uint64_t hash)
{
    return &r->slot[hash >> 32 & (r->n_slot - 1)];
}

void roll_expect(const struct roll *r, const struct addr *net)
{
    if (r->n_slot > 0)
        __builtin_prefetch(first_slot(r, hash_of(r, net)));
}

// The slot of a net, or the free one that is to be its.
static struct slot *slot_of(const struct roll *r, const struct addr *net, uint64_t hash)
{
    struct slot *s = first_slot(r, hash), *end = r->slot + r->n_slot;

    while (s->place != ROLL_NONE &&
           (s->tag != (uint32_t)hash || addr_compare(&r->ban[s->place].net, net) != 0))
        s = s + 1 == end ? r->slot : s + 1;
    return s;
}

static uint32_t skip_gone(const struct roll *r, uint32_t place)
{
    while (place != ROLL_NONE && r->ban[place].is_gone)
        place = r->ban[place].next;
    return place;
}

uint32_t roll_of(const struct roll *r, const struct addr *net)
{
    return r->n_slot > 0 ? skip_gone(r, slot_of(r, net, hash_of(r, net))->place) : ROLL_NONE;
}

uint32_t roll_before(const struct roll *r, uint32_t place)
{
    return skip_gone(r, r->ban[place].next);
}

static void link_ban(struct roll *r, uint32_t place)
{
    uint64_t hash = hash_of(r, &r->ban[place].net);
    struct slot *s = slot_of(r, &r->ban[place].net, hash);

    r->ban[place].next = s->place;
    *s = (struct slot){(uint32_t)hash, place};
}

static void count(struct roll *r, const struct roll_ban *b, int64_t n)
{
    if (b->is_running) {
        r->in_force[b->jail] += (uint64_t)n;
        r->in_force[0] += (uint64_t)n;
    }
}

// Memory

static int grow_bans(struct roll *r)
{
    size_t n = r->allocated ? 2 * r->allocated : BANS_FIRST;
    struct roll_ban *ban;
    uint32_t *running, *over;

    if (r->n < r->allocated)
        return 0;
    ban = reallocarray(r->ban, n, sizeof(*ban));
    r->ban = ban ? ban : r->ban;
    running = reallocarray(r->running.place, n, sizeof(*running));
    r->running.place = running ? running : r->running.place;
    over = reallocarray(r->over.place, n, sizeof(*over));
    r->over.place = over ? over : r->over.place;
    if (!ban || !running || !over)
        return -ENOMEM;
    r->allocated = n;
    return 0;
}

static int grow_jails(struct roll *r, size_t jail)
{
    size_t n = r->n_in_force;
    uint64_t *in_force;

    if (jail < n)
        return 0;
    in_force = reallocarray(r->in_force, jail + 1, sizeof(*in_force));
    if (!in_force)
        return -ENOMEM;
    memset(in_force + n, 0, (jail + 1 - n) * sizeof(*in_force));
    r->in_force = in_force;
    r->n_in_force = jail + 1;
    return 0;
}

static void relink(struct roll *r)
{
    memset(r->slot, 0xff, r->n_slot * sizeof(*r->slot));
    for (uint32_t i = 0; i < r->n; i++) {
        if (!r->ban[i].is_gone)
            link_ban(r, i);
    }
}

// Half of the slots stay free.
static int grow_slots(struct roll *r)
{
    size_t n = r->n_slot ? 2 * r->n_slot : SLOTS_FIRST;
    struct slot *slot;

    if (2 * (r->n + 1) <= r->n_slot)
        return 0;
    slot = malloc(n * sizeof(*slot));
    if (!slot)
        return -ENOMEM;
    free(r->slot);
    r->slot = slot;
    r->n_slot = n;
    relink(r);
    return 0;
}

// Closes the gaps that bans have left.
static void tidy(struct roll *r)
{
    size_t n = 0;

    if (r->n_gone < GONE_MAX || r->n_gone < r->n / 4)
        return;
    for (size_t i = 0; i < r->n; i++) {
        if (r->ban[i].is_gone)
            continue;
        if (n < i)
            r->ban[n] = r->ban[i];
        heap_of(r, r->ban[n].is_running)->place[r->ban[n].heap] = (uint32_t)n;
        n++;
    }
    r->n = n;
    r->n_gone = 0;
    relink(r);
}

static int make_room(struct roll *r, size_t jail)
{
    tidy(r);
    if (grow_bans(r) < 0 || grow_jails(r, jail) < 0)
        return -ENOMEM;
    return grow_slots(r);
}

int roll_add(struct roll *r, const struct roll_ban *ban, uint32_t *ret)
{
    uint32_t place;

    if (make_room(r, ban->jail) < 0)
        return -ENOMEM;
    place = (uint32_t)r->n++;
    r->ban[place] = *ban;
    link_ban(r, place);
    heap_add(r, place);
    count(r, ban, 1);
    r->in_length[ban->net.len]++;
    *ret = place;
    return 0;
}

void roll_settle(struct roll *r, uint32_t place, bool is_running)
{
    struct roll_ban *b = &r->ban[place];

    heap_remove(r, place);
    count(r, b, -1);
    b->is_running = is_running;
    count(r, b, 1);
    heap_add(r, place);
}

void roll_remove(struct roll *r, uint32_t place)
{
    struct roll_ban *b = &r->ban[place];

    heap_remove(r, place);
    count(r, b, -1);
    r->in_length[b->net.len]--;
    b->is_gone = true;
    free(b->name);
    b->name = NULL;
    r->n_gone++;
}

size_t roll_after(const struct roll *r, int64_t id)
{
    size_t low = 0, high = r->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (r->ban[middle].id > id)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

uint64_t roll_in_force(const struct roll *r, uint32_t jail)
{
    return jail < r->n_in_force ? r->in_force[jail] : 0;
}

bool roll_around(const struct roll *r, const struct addr *net, around_fn *fn, void *user)
{
    unsigned host = addr_prefix(net), base = net->len - host;

    for (unsigned prefix = 0; prefix <= host; prefix++) {
        struct addr block;
        uint32_t place;
        if (r->in_length[base + prefix] == 0)
            continue;
        block = addr_block(net, prefix);
        for (place = roll_of(r, &block); place != ROLL_NONE; place = roll_before(r, place)) {
            if (fn(user, &r->ban[place]))
                return true;
        }
    }
    return false;
}
