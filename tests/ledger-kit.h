// SPDX-License-Identifier: GPL-2.0-or-later
// What the tests of ledgers have in common: a ledger in a folder of its own, what goes into it, and
// what comes back, as one text.
#pragma once

#include "ledger/hits.h"

#include "ledger/page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define SECONDS(n)     (UINT64_C(1700000000) * USEC_PER_SEC + (n)*USEC_PER_SEC)
#define LENGTH_OF(a)   (sizeof(a) / sizeof((a)[0]))
#define FINDTIME       (600 * USEC_PER_SEC)
#define LINE_OF(where) "warning: unknown[" where "]: SASL LOGIN authentication failed"

struct place {
    char folder[64], path[96];
};

static inline void place_make(struct place *p)
{
    snprintf(p->folder, sizeof(p->folder), "/tmp/test-ledger.XXXXXX");
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->path, sizeof(p->path), "%s/ledger.db", p->folder);
}

static inline void place_remove(const struct place *p)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    char path[128];

    for (size_t i = 0; i < LENGTH_OF(suffixes); i++) {
        snprintf(path, sizeof(path), "%s%s", p->path, suffixes[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(p->folder), 0);
}

static inline struct addr net_of(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

static inline struct ledger *open_at(const char *path)
{
    struct ledger *l = NULL;

    assert_int_equal(ledger_open(path, &l), 0);
    return l;
}

static inline int add_hit(struct ledger *l, const char *jail, const char *addr, usec_t time,
                          const char *text)
{
    struct hit hit = {
        .addr = net_of(addr), .time = time, .count = 1, .text = slice_of(text), .banned = 0};

    hit.host = addr_host(&hit.addr);
    return ledger_hit(l, jail, &hit, "/var/log/mail.log");
}

static inline int add_ban(struct ledger *l, const char *jail, const char *net, usec_t since,
                          usec_t until, int64_t *ret_id)
{
    struct ban ban = {.jail = jail,
                      .net = net_of(net),
                      .since = since,
                      .until = until,
                      .hits = 5,
                      .hosts = 1,
                      .need_hits = 5,
                      .findtime = FINDTIME};

    return ledger_ban(l, &ban, since, ret_id, NULL);
}

// One transaction each, and no segment grows.
static inline void add_apart(struct ledger *l, const char *addr, usec_t time, const char *text)
{
    assert_int_equal(ledger_begin(l), 0);
    assert_int_equal(add_hit(l, "auth", addr, time, text), 0);
    assert_int_equal(ledger_commit(l), 0);
    hits_lost(l);
}

// Hits whose lines have nothing in common with each other.
static inline int add_many(struct ledger *l, const char *jail, const char *addr, unsigned n)
{
    char text[100];
    int r = 0;

    for (unsigned i = 0; i < n && r == 0; i++) {
        snprintf(text, sizeof(text), "mail[%u]: " LINE_OF("%s"), i, addr);
        r = add_hit(l, jail, addr, SECONDS(i + 2), text);
    }
    return r;
}

// What callbacks saw: one word for each, in their order.
struct seen {
    size_t n;
    char text[4096];
};

static inline void see(struct seen *seen, const char *word, size_t n)
{
    size_t at = strlen(seen->text);

    snprintf(seen->text + at, sizeof(seen->text) - at, "%s%.*s", seen->n++ ? " " : "", (int)n,
             word);
}

static inline int see_ban(void *user, const struct ban *ban)
{
    char net[ADDR_TEXT_MAX];

    see(user, net, addr_format(&ban->net, net));
    return 0;
}

static inline int see_evidence(void *user, const struct evidence *e)
{
    see(user, e->text.p, e->text.n);
    return 0;
}

// Of one jail.
struct hits {
    struct seen seen;
    const char *jail;
    usec_t since;
};

static inline int see_hit(void *user, const char *jail, const struct hit *hit, const char *source)
{
    struct hits *hits = user;
    char net[ADDR_TEXT_MAX];

    assert_int_equal(source[0], '/');
    assert_true(hit->time > hits->since);
    if (strcmp(jail, hits->jail) == 0)
        see(&hits->seen, net, addr_format(&hit->host, net));
    return 0;
}

static inline int see_pardon(void *user, const char *jail, const struct addr *net)
{
    struct hits *hits = user;
    char text[ADDR_TEXT_MAX + 1] = "!";

    if (strcmp(jail, hits->jail) == 0)
        see(&hits->seen, text, addr_format(net, text + 1) + 1);
    return 0;
}

static inline int see_session(void *user, struct slice key, const struct session *s, bool forgotten)
{
    assert_false(forgotten);
    assert_true(s->last > 0);
    see(user, key.p, key.n);
    return 0;
}

static inline void assert_bans(struct ledger *l, const char *jail, usec_t now, const char *expected)
{
    struct seen seen = {0};

    assert_int_equal(ledger_bans(l, jail, now, 0, see_ban, &seen), 0);
    assert_string_equal(seen.text, expected);
}

static inline void assert_hits(struct ledger *l, const char *jail, usec_t since,
                               const char *expected)
{
    struct hits hits = {.jail = jail, .since = since};

    assert_int_equal(ledger_hits(l, since, USEC_FOREVER, see_hit, see_pardon, &hits), 0);
    assert_string_equal(hits.seen.text, expected);
}

static inline void assert_evidence(struct ledger *l, int64_t ban, const char *net,
                                   const char *expected)
{
    struct seen seen = {0};
    struct addr addr = net_of(net);

    assert_int_equal(ledger_evidence(l, ban, &addr, 100, see_evidence, &seen), 0);
    assert_string_equal(seen.text, expected);
}

static inline int64_t count_rows(struct ledger *l, const char *table)
{
    char sql[64];
    sqlite3_stmt *s;
    int64_t n;

    snprintf(sql, sizeof(sql), "SELECT count(*) FROM %s", table);
    assert_int_equal(sqlite3_prepare_v2(l->db, sql, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

// Bans as the file has them.
static inline size_t count_bans(struct ledger *l)
{
    sqlite3_stmt *s = NULL;
    size_t n = 0;

    assert_int_equal(sqlite3_prepare_v2(l->db, "SELECT page, facts FROM bans", -1, &s, NULL), 0);
    while (sqlite3_step(s) == SQLITE_ROW) {
        const struct slice bytes = {sqlite3_column_blob(s, 1), (size_t)sqlite3_column_bytes(s, 1)};
        struct page_reader reader;
        struct roll_ban b;
        page_open(&reader, sqlite3_column_int64(s, 0), bytes);
        while (page_next(&reader, &b) == 1)
            n++;
    }
    sqlite3_finalize(s);
    return n;
}
