// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/peers.h"

#include "base/table.h"

#include <errno.h>
#include <stdlib.h>

struct entry {
    usec_t mail, failed, spared;
    usec_t banned; // itself, until then
    bool changed;
};

// Hosts in the order of their addresses, so that those of a block lie together. New ones stand
// behind, and are sorted in when somebody asks. What is left of those that made room is passed
// over, and goes when there are many of it: else, with the table full, each ban would look up all
// of them.
enum { UNSORTED_MAX = 1024, GONE_MAX = 1024 };

struct peers {
    usec_t span;
    struct table *hosts; // struct addr -> struct entry
    struct addr *at;
    size_t n, n_sorted, room;
};

struct peers *peers_new(usec_t span, uint64_t seed)
{
    struct peers *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    p->span = span;
    p->hosts = table_new(PEERS_MAX, sizeof(struct addr), sizeof(struct entry), seed);
    return p->hosts ? p : peers_free(p);
}

struct peers *peers_free(struct peers *p)
{
    if (p) {
        table_free(p->hosts);
        free(p->at);
    }
    free(p);
    return NULL;
}

static int compare(const void *a, const void *b)
{
    return addr_compare(a, b);
}

// From behind, where the room is: a new one goes to its place past those that are greater.
static void merge(struct peers *p)
{
    struct addr new[UNSORTED_MAX];
    size_t n = p->n - p->n_sorted, old = p->n_sorted, to = p->n;

    memcpy(new, p->at + old, n * sizeof(*new));
    qsort(new, n, sizeof(*new), compare);
    while (n > 0) {
        if (old > 0 && addr_compare(&p->at[old - 1], &new[n - 1]) > 0)
            p->at[--to] = p->at[--old];
        else
            p->at[--to] = new[--n];
    }
}

// What is known of the host in that place; NULL: it made room, or has come back since, and stands
// before.
static struct entry *entry_at(struct peers *p, size_t i)
{
    bool again = i > 0 && addr_compare(&p->at[i - 1], &p->at[i]) == 0;

    return again ? NULL : table_get(p->hosts, &p->at[i]);
}

// From behind, so that each still has its neighbour in front of it.
static void drop_gone(struct peers *p)
{
    size_t to = p->n;

    for (size_t i = p->n; i-- > 0;) {
        if (entry_at(p, i))
            p->at[--to] = p->at[i];
    }
    p->n -= to;
    memmove(p->at, p->at + to, p->n * sizeof(*p->at));
}

static void sort(struct peers *p)
{
    if (p->n == p->n_sorted)
        return;
    merge(p);
    if (p->n > table_count(p->hosts) + GONE_MAX)
        drop_gone(p);
    p->n_sorted = p->n;
}

static int enlist(struct peers *p, const struct addr *host)
{
    if (p->n - p->n_sorted == UNSORTED_MAX)
        sort(p);
    if (p->n == p->room) {
        size_t room = p->room + p->room / 2 + UNSORTED_MAX;
        struct addr *at = reallocarray(p->at, room, sizeof(*at));
        if (!at)
            return -ENOMEM;
        p->at = at;
        p->room = room;
    }
    p->at[p->n++] = *host;
    return 0;
}

static int put(struct peers *p, const struct addr *host, struct entry **ret)
{
    bool is_new;
    struct entry *e = table_put(p->hosts, host, &is_new);
    int r = e && is_new ? enlist(p, host) : 0;

    if (!e || r < 0) {
        table_remove(p->hosts, host);
        return -ENOMEM;
    }
    *ret = e;
    return 0;
}

int peers_mail(struct peers *p, const struct addr *client, usec_t time)
{
    struct addr host = addr_host(client);
    struct entry *e = table_get(p->hosts, &host);
    int r;

    if (e && e->failed == 0 && time < usec_add(e->mail, PEERS_FRESH))
        return 0;
    r = put(p, &host, &e);
    if (r < 0)
        return r;
    e->mail = e->mail < time ? time : e->mail;
    if (e->failed < time)
        e->failed = 0;
    e->changed = true;
    return 0;
}

void peers_failure(struct peers *p, const struct addr *host, usec_t time)
{
    struct addr key = addr_host(host);
    struct entry *e = table_get(p->hosts, &key);

    if (!e || time < e->mail || time <= e->failed)
        return;
    e->failed = time;
    e->changed = true;
}

// The first in the order that is not before a net.
static size_t first_of(const struct peers *p, const struct addr *net)
{
    size_t low = 0, high = p->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (addr_compare(&p->at[middle], net) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

// The next in a net from *i on, NULL: none.
static struct entry *next_of(struct peers *p, const struct addr *net, size_t *i)
{
    while (*i < p->n && addr_within(&p->at[*i], net)) {
        struct entry *e = entry_at(p, (*i)++);
        if (e)
            return e;
    }
    return NULL;
}

static bool is_peer(const struct peers *p, const struct entry *e, usec_t time, usec_t findtime)
{
    bool fails = e->failed > 0 && usec_sub(time, e->failed) < findtime;

    return usec_sub(time, e->mail) < p->span && !fails && e->banned <= time;
}

bool peers_within(struct peers *p, const struct addr *block, usec_t time, usec_t findtime,
                  struct spared *ret)
{
    const struct entry *e;
    size_t i;

    ret->n = 0;
    if (!addr_is_block(block))
        return true;
    sort(p);
    i = first_of(p, block);
    while ((e = next_of(p, block, &i))) {
        if (!is_peer(p, e, time, findtime))
            continue;
        if (ret->n == PEERS_SPARED_MAX)
            return false;
        ret->host[ret->n++] = p->at[i - 1];
    }
    return true;
}

static bool has(const struct spared *spared, const struct addr *host)
{
    for (size_t i = 0; spared && i < spared->n; i++) {
        if (addr_compare(&spared->host[i], host) == 0)
            return true;
    }
    return false;
}

size_t peers_settle(struct peers *p, const struct addr *net, const struct spared *spared,
                    usec_t until, peers_fn *fn, void *user)
{
    bool is_block = addr_is_block(net);
    struct addr around = addr_host(net);
    struct entry *e;
    size_t gone = 0, i;

    sort(p);
    i = first_of(p, &around);
    while ((e = next_of(p, &around, &i))) {
        const struct addr *host = &p->at[i - 1];
        usec_t before = e->spared;
        if (!spared || !is_block)
            e->banned = e->banned < until ? until : e->banned;
        if (!has(spared, host))
            e->spared = 0;
        else if (e->spared < until)
            e->spared = until;
        if (e->spared == before)
            continue;
        gone += e->spared == 0;
        e->changed = true;
        if (fn)
            fn(user, host, e->spared);
    }
    return gone;
}

bool peers_pardon(struct peers *p, const struct addr *net)
{
    struct addr around = addr_host(net);
    bool has_mail = false;
    struct entry *e;
    size_t i;

    sort(p);
    i = first_of(p, &around);
    while ((e = next_of(p, &around, &i))) {
        e->banned = 0;
        has_mail = true;
    }
    return has_mail;
}

static struct peers_host describe(const struct addr *host, const struct entry *e)
{
    return (struct peers_host){*host, e->mail, e->failed, e->spared};
}

bool peers_look(struct peers *p, const struct addr *host, struct peers_host *ret)
{
    struct addr key = addr_host(host);
    const struct entry *e = table_get(p->hosts, &key);

    if (e)
        *ret = describe(&key, e);
    return e;
}

bool peers_is_spared(struct peers *p, const struct addr *net, usec_t time)
{
    struct peers_host peer;

    return !addr_is_block(net) && peers_look(p, net, &peer) && peer.spared > time;
}

bool peers_next_spared(struct peers *p, const struct addr *net, usec_t time,
                       const struct addr *after, struct peers_host *ret)
{
    size_t i = 0;

    sort(p);
    if (after || net)
        i = first_of(p, after ? after : net);
    while (after && i < p->n && addr_compare(&p->at[i], after) == 0)
        i++;
    for (; i < p->n && (!net || addr_within(&p->at[i], net)); i++) {
        const struct entry *e = entry_at(p, i);
        if (e && e->spared > time) {
            *ret = describe(&p->at[i], e);
            return true;
        }
    }
    return false;
}

struct slice peers_text(const struct spared *spared, char ret[static PEERS_TEXT_MAX])
{
    size_t at = 0;

    for (size_t i = 0; i < spared->n; i++) {
        if (i > 0)
            ret[at++] = ' ';
        at += addr_format(&spared->host[i], ret + at);
    }
    return (struct slice){ret, at};
}

int peers_changed(struct peers *p, peers_host_fn *fn, void *user)
{
    uint32_t cursor = 0;
    const void *host;
    struct entry *e;
    int r = 0;

    while (r >= 0 && (e = table_next(p->hosts, &cursor, &host))) {
        struct peers_host peer = describe(host, e);
        r = e->changed ? fn(user, &peer) : 0;
    }
    if (r < 0)
        return r;
    for (cursor = 0; (e = table_next(p->hosts, &cursor, NULL));)
        e->changed = false;
    return 0;
}

int peers_restore(struct peers *p, const struct peers_host *peer)
{
    struct entry *e;
    int r = put(p, &peer->host, &e);

    if (r < 0)
        return r;
    *e = (struct entry){.mail = peer->mail, .failed = peer->failed, .spared = peer->spared};
    return 0;
}
