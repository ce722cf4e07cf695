// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/session.h"

#include "base/hash.h"
#include "base/table.h"
#include "engine/heads.h"
#include "engine/repeats.h"

#include <errno.h>
#include <stdlib.h>

enum { EXPIRE_AT_ONCE = 2 };

_Static_assert(SESSIONS_MAX <= UINT16_MAX, "heads are counted in 16 bits");

// A session is found by two seeded digests of its id: most lines have an id that is not known, and
// that is to be told at once.
struct key {
    uint64_t digest[2];
};

// What is asked of the one that makes room comes first, and on its way from the memory with the
// key.
struct entry {
    bool changed;  // since the last walk
    bool kept;     // a walk has told of it
    uint16_t head; // that it is counted under
    struct session session;
    struct sessionid id;
};

struct sessions {
    struct table *table; // key -> entry
    struct table *gone;  // key -> id of those that were kept. Never full: only what was alive at
                         // the last walk can be in it
    uint64_t seed;
    usec_t age;
    struct siphash_key key; // of marks
    bool has_key;
    struct heads heads; // of those in the table, behind their tags
    size_t tag;
    struct slice expected; // the next match's id, and its key
    struct key expected_key;
    // Of the match that was completed last
    char user[sizeof(((struct session *)0)->user)];
    char users[SESSION_USERS_MAX];
    char helo[sizeof(((struct session *)0)->helo)];
    char told[SASL_USER_MAX]; // the user whom an answer told
};

size_t sessions_fitting(size_t bytes)
{
    size_t fit = bytes / (table_entry_size(sizeof(struct key), sizeof(struct entry)) +
                          table_entry_size(sizeof(struct key), sizeof(struct sessionid)));

    fit = fit < SESSIONS_MAX ? fit : SESSIONS_MAX;
    return fit > SESSIONS_LEAST ? fit : SESSIONS_LEAST;
}

struct sessions *sessions_new(size_t capacity, usec_t age, uint64_t seed)
{
    struct sessions *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->age = age;
    s->seed = seed;
    s->table = table_new(capacity, sizeof(struct key), sizeof(struct entry), seed);
    s->gone = table_new(capacity, sizeof(struct key), sizeof(struct sessionid), seed);
    return s->table && s->gone ? s : sessions_free(s);
}

void sessions_tag(struct sessions *s, size_t n)
{
    s->tag = n;
}

struct sessions *sessions_free(struct sessions *s)
{
    if (s) {
        table_free(s->table);
        table_free(s->gone);
        free(s);
    }
    return NULL;
}

void sessions_recognize(struct sessions *s, const struct siphash_key *key)
{
    s->key = *key;
    s->has_key = true;
}

static struct key key_for(const struct sessions *s, struct slice id)
{
    return (struct key){{hash_bytes(id.p, id.n, s->seed), hash_bytes(id.p, id.n, ~s->seed)}};
}

// The key under which an id is found, also after it was kept and taken back.
static struct key key_of(const struct sessions *s, struct slice text)
{
    struct sessionid id;

    if (text.n <= SESSION_KEY_MAX)
        return key_for(s, text);
    sessionid_set(&id, text);
    return key_for(s, sessionid_text(&id));
}

static uint16_t head_of(const struct sessions *s, const struct sessionid *id)
{
    size_t n = id->n < s->tag ? id->n : s->tag;

    return heads_of(s->seed, (struct slice){id->text, n}, slice_from(sessionid_text(id), n));
}

// Removes a session. Without memory to remember that it is gone, it stays.
static int drop(struct sessions *s, const struct key *at, const struct entry *e)
{
    struct key key = *at;
    struct sessionid *gone = e->kept ? table_put(s->gone, &key, NULL) : NULL;

    if (e->kept && !gone)
        return -ENOMEM;
    if (gone)
        *gone = e->id;
    s->heads.count[e->head]--;
    table_remove(s->table, &key);
    return 0;
}

static bool is_over(const struct sessions *s, const struct entry *e, usec_t time)
{
    usec_t last = e->session.last;

    return (time > last ? time - last : last - time) > s->age;
}

// Sessions begin one at a time, so taking two at a time keeps up with those that are over.
static int expire(struct sessions *s, usec_t time)
{
    for (size_t i = 0; i < EXPIRE_AT_ONCE; i++) {
        const void *key;
        struct entry *e = table_oldest(s->table, &key);
        int r;
        if (!e || time <= usec_add(e->session.last, s->age))
            return 0;
        r = drop(s, key, e);
        if (r < 0)
            return r;
    }
    return 0;
}

static int make_room(struct sessions *s)
{
    const void *key;
    const struct entry *e;

    if (table_count(s->table) < table_capacity(s->table))
        return 0;
    e = table_oldest(s->table, &key);
    return drop(s, key, e);
}

// The session under key, a new one where there is none that still goes on.
static int begin(struct sessions *s, const struct key *key, struct slice text, usec_t time,
                 struct entry **ret)
{
    bool is_known = table_get(s->table, key);
    struct entry *e;
    int r = is_known ? 0 : make_room(s);

    if (r < 0)
        return r;
    e = table_put(s->table, key, NULL);
    if (!e)
        return -ENOMEM;
    if (!is_known) {
        sessionid_set(&e->id, text);
        e->head = head_of(s, &e->id);
        s->heads.count[e->head]++;
    }
    if (is_over(s, e, time))
        e->session = (struct session){.last = time};
    *ret = e;
    return 0;
}

void sessions_expect(struct sessions *s, struct slice id)
{
    s->expected = id;
    if (id.n == 0)
        return;
    s->expected_key = key_of(s, id);
    table_expect(s->table, table_hash(s->table, &s->expected_key));
}

void sessions_expect_soon(const struct sessions *s)
{
    if (s->expected.n > 0)
        table_expect_entry(s->table, table_hash(s->table, &s->expected_key));
}

static struct key take_key(struct sessions *s, struct slice id)
{
    bool is_expected = s->expected.p == id.p && s->expected.n == id.n;

    s->expected = (struct slice){0};
    return is_expected ? s->expected_key : key_of(s, id);
}

static uint32_t own_failures(const struct match *m, uint32_t counted)
{
    uint64_t known = (uint64_t)m->ok + counted;

    if (!m->has_total)
        return m->count;
    return m->total > known ? (uint32_t)(m->total - known) : 0;
}

static size_t users_length(const struct session *at)
{
    size_t n = 0;

    while (n < sizeof(at->users) && at->users[n])
        n += strlen(at->users + n) + 1;
    return n;
}

static void add_user(struct session *at, const char *user)
{
    size_t end = users_length(at), length = strlen(user) + 1;

    for (size_t i = 0; i < end; i += strlen(at->users + i) + 1)
        if (strcmp(at->users + i, user) == 0)
            return;
    if (length > 1 && end + length <= sizeof(at->users))
        memcpy(at->users + end, user, length);
}

// A line brings its user to the session, or gets the session's.
static void merge_user(struct sessions *s, struct session *at, struct match *m)
{
    char user[sizeof(at->user)] = {0};
    size_t most = m->user.n < sizeof(user) ? m->user.n : sizeof(user) - 1;

    if (m->user.n > 0) {
        memcpy(user, m->user.p, strnlen(m->user.p, most));
        at->several_users |=
            !exchange_tells(m) && at->user[0] && memcmp(at->user, user, sizeof(user)) != 0;
        memcpy(at->user, user, sizeof(user));
        add_user(at, user);
    } else {
        memcpy(s->user, at->user, sizeof(s->user));
        m->user = slice_of(s->user);
    }
}

// With a new exchange the user of the last one is history.
static enum exchange_password merge_exchange(struct sessions *s, struct session *at,
                                             struct match *m)
{
    if (m->mechanism.n > 0)
        memset(at->user, 0, sizeof(at->user));
    return exchange_feed(&at->exchange, m, s->told);
}

static uint32_t mark_text(const struct sessions *s, const struct match *m, struct slice text)
{
    struct addr host = addr_host(&m->host);

    return s->has_key && m->has_host ? repeats_mark(&s->key, &host, m->user, text) : 0;
}

static uint32_t mark_answer(const struct sessions *s, const struct match *m, enum sasl_form form)
{
    char room[SASL_BYTES_MAX];
    struct slice password;
    uint32_t mark = 0;

    if (sasl_password(form, m->answer, room, &password) == 0)
        mark = mark_text(s, m, password);
    explicit_bzero(room, sizeof(room));
    return mark;
}

// What the client tries leaves its mark in the session, and the reply takes it away.
static void merge_mark(const struct sessions *s, struct session *at, enum exchange_password has,
                       struct match *m)
{
    if (m->tried.n == 0)
        m->mark = exchange_tells(m) ? 0 : at->mark;
    at->mark = has == EXCHANGE_HAS_TEXT    ? mark_text(s, m, m->password)
               : has == EXCHANGE_HAS_LOGIN ? mark_answer(s, m, SASL_NAME)
               : has == EXCHANGE_HAS_PLAIN ? mark_answer(s, m, SASL_PLAIN)
                                           : 0;
}

static void merge_helo(struct sessions *s, struct session *at, struct match *m)
{
    size_t most = m->helo.n < sizeof(at->helo) ? m->helo.n : sizeof(at->helo) - 1;

    if (m->helo.n > 0) {
        memset(at->helo, 0, sizeof(at->helo));
        memcpy(at->helo, m->helo.p, strnlen(m->helo.p, most));
        at->is_claim = m->is_claim;
    } else {
        memcpy(s->helo, at->helo, sizeof(s->helo));
        m->helo = slice_of(s->helo);
        m->is_claim = at->is_claim;
    }
}

// How many lines tell of the failure: those that informed before belong to it. What was given out
// already does not.
static void merge_lines(struct session *at, struct match *m, bool informs)
{
    if (!at->informed && at->pending == 0)
        at->lines = 0;
    if (informs)
        at->informing += !m->forget;
    else
        at->lines += at->informing + 1;
    if (!informs)
        at->informing = 0;
    at->informed = informs;
    m->lines = at->lines;
}

// A process serves one client after another: what another address did says nothing about this one.
static void merge_host(struct session *at, struct match *m)
{
    if (m->has_host && at->has_host && addr_compare(&at->host, &m->host) != 0)
        *at = (struct session){.last = at->last};
    if (m->has_host)
        at->host = m->host;
    else
        m->host = at->host;
    at->has_host = m->has_host = m->has_host || at->has_host;
}

// Whatever else the session did, these are no failure.
static bool only_tells(const struct match *m)
{
    return m->success || m->granted || exchange_tells(m);
}

static uint32_t count(struct session *at, struct match *m)
{
    uint32_t own = own_failures(m, at->counted);
    bool informs =
        only_tells(m) || ((m->nofail || m->gained) && at->pending == 0 && !at->several_users);

    merge_lines(at, m, informs);
    if (informs)
        return 0;
    if (own < at->pending)
        own = at->pending;
    at->pending = m->has_host ? 0 : own;
    if (!m->has_host)
        return 0;
    at->counted = own > UINT32_MAX - at->counted ? UINT32_MAX : at->counted + own;
    return own;
}

static uint32_t merge(struct sessions *s, struct session *at, struct match *m, usec_t time)
{
    enum exchange_password has;

    if (m->gained)
        at->pending = 0;
    merge_host(at, m);
    has = merge_exchange(s, at, m);
    merge_user(s, at, m);
    merge_mark(s, at, has, m);
    merge_helo(s, at, m);
    memcpy(s->users, at->users, sizeof(s->users));
    m->users = (struct slice){s->users, users_length(at)};
    m->count = count(at, m);
    if (time > at->last)
        at->last = time;
    return m->count;
}

// A line that ends its session, or tells of a login, and finds nothing to add to.
static int64_t merge_alone(struct sessions *s, struct match *m, usec_t time)
{
    struct session alone = {.last = time};

    // Most lines at the end of an honest client's session.
    if ((m->nofail && m->user.n == 0) || m->success) {
        m->users = (struct slice){0};
        m->lines = 0;
        return m->count = 0;
    }
    return merge(s, &alone, m, time);
}

int64_t sessions_merge(struct sessions *s, struct match *m, usec_t time)
{
    struct key key;
    struct entry *e;
    int64_t failures;
    int r;

    if (m->delivered)
        return m->count = 0;
    if (m->tried.n > 0)
        m->mark = mark_text(s, m, m->tried);
    if (m->mlfid.n == 0)
        return m->count = m->nofail || m->gained || only_tells(m) ? 0 : own_failures(m, 0);
    r = expire(s, time);
    if (r < 0)
        return r;
    key = take_key(s, m->mlfid);
    e = table_get(s->table, &key);
    if ((m->forget || m->success) && (!e || is_over(s, e, time)))
        return merge_alone(s, m, time);
    r = begin(s, &key, m->mlfid, time, &e);
    if (r < 0)
        return r;
    failures = merge(s, &e->session, m, time);
    e->changed = true;
    if (m->forget)
        r = drop(s, &key, e);
    return r < 0 ? r : failures;
}

bool sessions_may_have(const struct sessions *s, struct slice tag, struct slice line)
{
    return table_count(s->table) > 0 && (!line.p || heads_may_have(&s->heads, s->seed, tag, line));
}

static uint64_t bucket_bit(const struct sessionid *id)
{
    return UINT64_C(1) << sessionid_bucket(sessionid_text(id));
}

static int walk(struct sessions *s, session_fn *fn, void *user)
{
    const struct session nothing = {0};
    uint64_t touched = 0;
    uint32_t cursor = 0;
    const struct entry *e;
    const struct sessionid *id;
    int r = 0;

    while (r >= 0 && (id = table_next(s->gone, &cursor, NULL))) {
        touched |= bucket_bit(id);
        r = fn(user, sessionid_text(id), &nothing, true);
    }
    cursor = 0;
    while ((e = table_next(s->table, &cursor, NULL)))
        touched |= e->changed ? bucket_bit(&e->id) : 0;
    cursor = 0;
    while (touched && r >= 0 && (e = table_next(s->table, &cursor, NULL)))
        if (touched & bucket_bit(&e->id))
            r = fn(user, sessionid_text(&e->id), &e->session, false);
    return r;
}

int sessions_changed(struct sessions *s, session_fn *fn, void *user)
{
    uint32_t cursor = 0;
    struct entry *e;
    int r;

    r = walk(s, fn, user);
    if (r < 0)
        return r;
    table_clear(s->gone);
    while ((e = table_next(s->table, &cursor, NULL))) {
        e->kept |= e->changed;
        e->changed = false;
    }
    return 0;
}

int sessions_restore(struct sessions *s, struct slice key, const struct session *state)
{
    struct key k;
    struct entry *e;
    int r;

    if (key.n == 0 || key.n > SESSION_KEY_MAX)
        return -EINVAL;
    k = key_of(s, key);
    r = begin(s, &k, key, state->last, &e);
    if (r < 0)
        return r;
    e->session = *state;
    e->changed = false;
    e->kept = true;
    return 0;
}
