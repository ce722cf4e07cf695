// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/veil.h"
#include "ledger/damage.h"

#include <errno.h>
#include <stdlib.h>

// A row begins with its format. Of each session: what it has, the lengths of its three texts, a
// byte each, its numbers, its host, the texts.
enum { FORMAT = 1, HEAD = 25, HOST = 17, TEXTS = 3 * UINT8_MAX };

enum { HAS_HOST = 1, HAS_SEVERAL_USERS = 2, IS_CLAIM = 4, HAS_ALL = 7 };

_Static_assert(SESSION_KEY_MAX <= UINT8_MAX, "a text's length is a byte");
_Static_assert(sizeof(((struct session *)0)->user) <= UINT8_MAX, "a text's length is a byte");
_Static_assert(sizeof(((struct session *)0)->helo) <= UINT8_MAX, "a text's length is a byte");
_Static_assert(SESSION_BUCKETS <= 64, "a bit per bucket");

static int64_t row_of(uint32_t jail, unsigned bucket)
{
    return (int64_t)jail * SESSION_BUCKETS + bucket;
}

static void put_number(uint8_t *to, uint64_t value, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

static uint64_t get_number(const char *from, size_t n)
{
    uint64_t value = 0;

    for (size_t i = 0; i < n; i++)
        value |= (uint64_t)(uint8_t)from[i] << 8 * i;
    return value;
}

static uint8_t *put_text(uint8_t *to, const char *text, size_t n)
{
    if (n > 0)
        memcpy(to, text, n);
    return to + n;
}

static size_t pack(struct slice key, const struct session *s, uint8_t *ret)
{
    // What may be a password is not kept.
    size_t user = veil_is_name(slice_of(s->user)) ? strlen(s->user) : 0, helo = strlen(s->helo);
    uint8_t *to = ret + HEAD;

    ret[0] = (uint8_t)((s->has_host ? HAS_HOST : 0) | (s->several_users ? HAS_SEVERAL_USERS : 0) |
                       (s->is_claim ? IS_CLAIM : 0));
    ret[1] = (uint8_t)s->exchange;
    ret[2] = (uint8_t)key.n;
    ret[3] = (uint8_t)user;
    ret[4] = (uint8_t)helo;
    put_number(ret + 5, s->last, 8);
    put_number(ret + 13, s->pending, 4);
    put_number(ret + 17, s->counted, 4);
    put_number(ret + 21, s->mark, 4);
    if (s->has_host) {
        to = put_text(to, (const char *)s->host.b, sizeof(s->host.b));
        *to++ = s->host.len;
    }
    to = put_text(to, key.p, key.n);
    to = put_text(to, s->user, user);
    to = put_text(to, s->helo, helo);
    return (size_t)(to - ret);
}

int sessions_tell(struct ledger *l, uint32_t jail, struct slice key, const struct session *s,
                  bool forgotten)
{
    struct told *t = &l->told;
    unsigned number = sessionid_bucket(key);
    struct bytes *bucket = &t->bucket[number];
    int r = t->jail == jail ? 0 : sessions_write(l);

    if (r < 0)
        return r;
    t->jail = jail;
    t->touched |= UINT64_C(1) << number;
    if (forgotten)
        return 0;
    if (bytes_room(bucket, 1 + HEAD + HOST + TEXTS) < 0)
        return -ENOMEM;
    if (bucket->n == 0)
        bucket->p[bucket->n++] = FORMAT;
    bucket->n += pack(key, s, bucket->p + bucket->n);
    return 0;
}

int sessions_write(struct ledger *l)
{
    struct told *t = &l->told;
    int r = 0;

    for (unsigned i = 0; i < SESSION_BUCKETS && r == 0; i++) {
        const struct value row = value_of(row_of(t->jail, i));
        if (!(t->touched >> i & 1))
            continue;
        r = t->bucket[i].n == 0
                ? store_run(l, SESSIONS_DROP, 1, &row)
                : store_run(l, SESSIONS_PUT, 2,
                            (struct value[]){row, value_blob(t->bucket[i].p, t->bucket[i].n)});
    }
    sessions_lost(t);
    return r;
}

void sessions_lost(struct told *t)
{
    for (unsigned i = 0; i < SESSION_BUCKETS; i++)
        t->bucket[i].n = 0;
    t->touched = 0;
}

void sessions_done(struct told *t)
{
    for (unsigned i = 0; i < SESSION_BUCKETS; i++)
        free(t->bucket[i].p);
    *t = (struct told){0};
}

int ledger_session(struct ledger *l, const char *jail, struct slice key, const struct session *s,
                   bool forgotten)
{
    uint32_t number;
    int r = names_add(&l->names, jail, &number);

    return r < 0 ? r : sessions_tell(l, number, key, s, forgotten);
}

// All of a jail's, to be put into the order in which they were active.
struct kept {
    struct one {
        struct session session;
        uint8_t key_n;
        char key[SESSION_KEY_MAX];
    } * one;
    size_t n, allocated;
};

static struct one *add(struct kept *k)
{
    size_t n = k->allocated ? 2 * k->allocated : SESSIONS_LEAST;
    struct one *grown;

    if (k->n == k->allocated) {
        grown = reallocarray(k->one, n, sizeof(*grown));
        if (!grown)
            return NULL;
        k->one = grown;
        k->allocated = n;
    }
    k->one[k->n] = (struct one){0};
    return &k->one[k->n++];
}

static bool take(struct slice *from, void *to, size_t n)
{
    if (from->n < n)
        return false;
    if (n > 0)
        memcpy(to, from->p, n);
    *from = slice_from(*from, n);
    return true;
}

static bool is_text(const char *text, size_t n)
{
    return memchr(text, '\0', n) == NULL;
}

static bool unpack(struct slice *from, struct one *ret)
{
    struct session *s = &ret->session;
    const char *head = from->p;
    uint8_t flags, user, helo;

    if (from->n < HEAD)
        return false;
    flags = (uint8_t)head[0];
    user = (uint8_t)head[3];
    helo = (uint8_t)head[4];
    ret->key_n = (uint8_t)head[2];
    if (flags > HAS_ALL || (uint8_t)head[1] > EXCHANGE_REPLY || ret->key_n > sizeof(ret->key) ||
        user >= sizeof(s->user) || helo >= sizeof(s->helo))
        return false;
    s->has_host = flags & HAS_HOST;
    s->several_users = flags & HAS_SEVERAL_USERS;
    s->is_claim = flags & IS_CLAIM;
    s->exchange = (enum exchange)head[1];
    s->last = get_number(head + 5, 8);
    s->pending = (uint32_t)get_number(head + 13, 4);
    s->counted = (uint32_t)get_number(head + 17, 4);
    s->mark = (uint32_t)get_number(head + 21, 4);
    *from = slice_from(*from, HEAD);
    if (s->has_host && (!take(from, s->host.b, sizeof(s->host.b)) || !take(from, &s->host.len, 1) ||
                        s->host.len > 128 || !addr_within(&s->host, &s->host)))
        return false;
    return take(from, ret->key, ret->key_n) && take(from, s->user, user) &&
           take(from, s->helo, helo) && is_text(s->user, user) && is_text(s->helo, helo);
}

// -EUCLEAN: what comes before it is taken.
static int read_row(struct slice facts, struct kept *k)
{
    uint8_t format = 0;

    if (!take(&facts, &format, 1) || format != FORMAT)
        return -EUCLEAN;
    while (facts.n > 0) {
        struct one *one = add(k);
        if (!one)
            return -ENOMEM;
        if (!unpack(&facts, one)) {
            k->n--;
            return -EUCLEAN;
        }
    }
    return 0;
}

static int compare(const void *x, const void *y)
{
    usec_t a = ((const struct one *)x)->session.last, b = ((const struct one *)y)->session.last;

    return (a > b) - (a < b);
}

static int read_all(struct ledger *l, uint32_t jail, struct kept *k)
{
    const struct value v[] = {value_of(row_of(jail, 0)), value_of(row_of(jail, SESSION_BUCKETS))};
    sqlite3_stmt *s;
    int r = store_start(l, SESSIONS_OF, 2, v, &s);

    while (r == 0 && (r = store_step(l, s)) == 1) {
        r = read_row((struct slice){sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1)},
                     k);
        if (r == -EUCLEAN) {
            damage_set_aside(l, DAMAGE_SESSIONS, s, SESSIONS_DROP);
            r = 0;
        }
        if (r < 0)
            return store_stop(s, r);
    }
    return r;
}

int ledger_sessions(struct ledger *l, const char *jail, session_fn *fn, void *user)
{
    struct kept k = {0};
    uint32_t number;
    int r = names_add(&l->names, jail, &number);

    if (r == 0)
        r = sessions_write(l);
    if (r == 0)
        r = read_all(l, number, &k);
    if (k.n > 0)
        qsort(k.one, k.n, sizeof(*k.one), compare);
    for (size_t i = 0; i < k.n && r >= 0; i++)
        r = fn(user, (struct slice){k.one[i].key, k.one[i].key_n}, &k.one[i].session, false);
    free(k.one);
    return r < 0 ? r : 0;
}
