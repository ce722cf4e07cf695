// SPDX-License-Identifier: GPL-2.0-or-later
// The shipped jails over real logs, and filters that date lines themselves or look at several at a
// time: read whole, in chunks cut anywhere, with memory expiring at random, or stopped and restored
// in the middle, the same log gives the same bans.
#include "base/cleanup.h"
#include "base/zone.h"
#include "conf/config.h"
#include "engine/lines.h"
#include "engine/sieve.h"
#include "engine/stamp.h"

#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { HEAD = 4096, JAILS_MAX = 32, HITS_MAX = 16384, SEED = 5, PATH_TEXT_MAX = 1024 };

static const usec_t now = UINT64_C(1796083200) * USEC_PER_SEC; // 2026-12-01

static const struct {
    const char *folder, *name;
    unsigned bans; // at least so many, or the test says nothing
    const char *conf;
} logs[] = {
    {"corpus-logs/trixie-syslog", "mail.log", 40, "."},
    {"corpus-logs/bookworm-files", "postfix.log", 20, "."},
    {"corpus-logs/bookworm-files", "dovecot.log", 5, "."},
    {"corpus-logs/icewarp", "s20150213-00.log", 10, "."},
    {"replay/dates", "web.log", 2, "tests/replay/conf-dates"},
    {"replay/dates", "chat.log", 1, "tests/replay/conf-dates"},
};

static const struct way {
    const char *name;
    uint32_t chunk;  // at most so many bytes at a time; 0: all
    uint32_t expire; // one chunk in so many is followed by jail_expire(); 0: never
    bool restart;
    bool sieved;
} ways[] = {
    {"in large chunks", 100000, 0, false, true},
    {"in small chunks", 300, 0, false, false},
    {"byte by byte", 1, 0, false, true},
    {"expiring", 4096, 3, false, true},
    {"restarted", 4096, 0, true, false},
    {"restarted and expiring", 700, 5, true, true},
    {"sieved", 0, 0, false, true},
};

struct kept {
    size_t n;
    struct hit hit[HITS_MAX];
};

struct cell {
    const struct jail_conf *conf;
    struct filter *filter;
    struct jail *jail;
    struct kept *kept;
};

struct run {
    const struct zone *zone;
    const char *name;
    struct slice text;
    size_t at; // how far it is read
    struct lines lines;
    struct stamp stamp;
    struct cell cell[JAILS_MAX];
    size_t n;
    struct sieve *sieve; // NULL: every line is fed to all
    FILE *out;           // the bans, one a line
};

static void jail_make(struct cell *c)
{
    assert_int_equal(jail_new(&c->conf->spec, c->filter, &c->conf->ignoreip, SEED, &c->jail), 0);
}

static void cells_make(struct run *r, const struct config *config)
{
    struct filter_error error;

    for (size_t i = 0; i < config->n_jail; i++) {
        struct cell *c = &r->cell[r->n];
        if (!config->jail[i].usable)
            continue;
        assert_true(r->n++ < JAILS_MAX);
        c->conf = &config->jail[i];
        c->kept = calloc(1, sizeof(*c->kept));
        assert_int_equal(filter_new(&c->conf->filter, &c->filter, &error), 0);
        jail_make(c);
    }
}

static void begin_reading(struct run *r)
{
    assert_int_equal(lines_init(&r->lines, LINES_MAX), 0);
    stamp_init(&r->stamp, r->zone);
    stamp_hint_name(&r->stamp, slice_of(r->name));
    stamp_hint_head(&r->stamp, (struct slice){r->text.p, r->text.n < HEAD ? r->text.n : HEAD});
}

static void run_init(struct run *r, const struct config *config, const struct zone *zone,
                     const char *name, struct slice text, FILE *out)
{
    *r = (struct run){.zone = zone, .name = name, .text = text, .out = out};
    cells_make(r, config);
    begin_reading(r);
}

static void put_sieve(struct run *r)
{
    struct filter *filter[JAILS_MAX];

    for (size_t i = 0; i < r->n; i++)
        filter[i] = r->cell[i].filter;
    assert_int_equal(sieve_new(filter, r->n, &r->sieve), 0);
}

static void run_done(struct run *r)
{
    sieve_free(r->sieve);
    for (size_t i = 0; i < r->n; i++) {
        jail_free(r->cell[i].jail);
        filter_free(r->cell[i].filter);
        free(r->cell[i].kept);
    }
    lines_done(&r->lines);
    fclose(r->out);
}

static void keep(struct kept *k, const struct hit *hit)
{
    assert_true(k->n < HITS_MAX);
    k->hit[k->n++] = *hit;
}

static void print(FILE *out, const char *jail, const struct verdict *v)
{
    char net[ADDR_TEXT_MAX], time[TIME_TEXT_MAX], until[TIME_TEXT_MAX];

    addr_format_net(&v->net, net);
    time_format(v->time, time);
    time_format(v->until, until);
    fprintf(out, "%s %s %s..%s %u hits, %u hosts\n", jail, net, time, until, v->hits, v->hosts);
}

static void give_one(struct run *r, struct cell *c, const struct line *line, const uint64_t *may)
{
    struct hit hit;
    struct verdict v;
    int e = jail_feed_some(c->jail, line, may, now, &hit, &v);

    assert_true(e >= 0);
    if (e == JAIL_E_HIT || e == JAIL_E_VERDICT)
        keep(c->kept, &hit);
    if (e == JAIL_E_VERDICT)
        print(r->out, c->conf->name, &v);
}

static void give(struct run *r, struct slice text)
{
    const struct chosen *chosen;
    struct line line;
    size_t n;

    stamp_line(&r->stamp, text, now, &line);
    for (size_t i = 0; i < r->n && !r->sieve; i++)
        give_one(r, &r->cell[i], &line, NULL);
    if (!r->sieve)
        return;
    line_take_body(&line);
    n = sieve_line(r->sieve, &line, &chosen);
    for (size_t i = 0; i < n; i++)
        give_one(r, &r->cell[chosen[i].filter], &line, chosen[i].may);
}

static int restore_session(void *user, struct slice key, const struct session *s, bool forgotten)
{
    return forgotten ? 0 : sessions_restore(user, key, s);
}

static void restart(struct run *r)
{
    for (size_t i = 0; i < r->n; i++) {
        struct cell *c = &r->cell[i];
        struct jail *old = c->jail;
        jail_make(c);
        assert_int_equal(
            sessions_changed(jail_sessions(old), restore_session, jail_sessions(c->jail)), 0);
        jail_free(old);
        for (size_t k = 0; k < c->kept->n; k++)
            assert_int_equal(jail_restore(c->jail, &c->kept->hit[k]), 0);
    }
    r->at -= lines_pending(&r->lines);
    lines_done(&r->lines);
    begin_reading(r);
}

static void expire(struct run *r, uint64_t *seed)
{
    // A daemon behind its log is as good as one ahead of it.
    usec_t then = now - random_below(seed, 1000) * USEC_PER_SEC;

    for (size_t i = 0; i < r->n; i++) {
        usec_t newest;
        uint64_t passed = r->sieve ? sieve_passed(r->sieve, i, &newest) : 0;
        if (passed > 0)
            jail_pass(r->cell[i].jail, passed, newest);
        jail_expire(r->cell[i].jail, then);
    }
}

static void run_through(struct run *r, const struct way *w)
{
    uint64_t seed = SEED;
    size_t stop = w->restart ? r->text.n / 3 : r->text.n;
    struct slice text;

    while (r->at < r->text.n) {
        size_t n = w->chunk ? 1 + random_below(&seed, w->chunk) : r->text.n;
        struct slice chunk = slice_from(r->text, r->at);
        chunk.n = n < chunk.n ? n : chunk.n;
        r->at += chunk.n;
        while (lines_next(&r->lines, &chunk, &text))
            give(r, text);
        if (w->expire && random_below(&seed, w->expire) == 0)
            expire(r, &seed);
        if (r->at >= stop) {
            stop = r->text.n;
            if (w->restart && r->at < stop)
                restart(r);
        }
    }
    if (lines_last(&r->lines, &text))
        give(r, text);
}

static char *bans_of(const struct config *config, const struct zone *zone, const char *name,
                     struct slice text, const struct way *w)
{
    char *bans = NULL;
    size_t n;
    struct run r;

    run_init(&r, config, zone, name, text, open_memstream(&bans, &n));
    if (w->sieved)
        put_sieve(&r);
    run_through(&r, w);
    run_done(&r);
    return bans;
}

static struct slice read_all(const char *root, size_t i)
{
    char path[PATH_TEXT_MAX], *text = NULL;
    size_t size = 0;
    ssize_t n;

    snprintf(path, sizeof(path), "%s/tests/%s/%s", root, logs[i].folder, logs[i].name);
    cleanup(fclosep) FILE *f = fopen(path, "r");
    assert_non_null(f);
    n = getdelim(&text, &size, EOF, f);
    assert_true(n > 0);
    return (struct slice){text, (size_t)n};
}

static unsigned count_lines(const char *text)
{
    unsigned n = 0;

    while ((text = strchr(text, '\n')))
        text++, n++;
    return n;
}

static void test_any_way_of_reading(void **state)
{
    const char *root = *state;
    struct config config;
    struct zone zone;

    assert_int_equal(zone_fixed(0, &zone), 0);
    for (size_t i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
        char conf[PATH_TEXT_MAX];
        snprintf(conf, sizeof(conf), "%s/%s", root, logs[i].conf);
        assert_int_equal(config_load(conf, &config), 0);
        struct slice text = read_all(root, i);
        char *whole = bans_of(&config, &zone, logs[i].name, text, &(struct way){.name = "whole"});
        if (count_lines(whole) < logs[i].bans)
            fail_msg("%s: %u bans", logs[i].name, count_lines(whole));
        for (size_t k = 0; k < sizeof(ways) / sizeof(ways[0]); k++) {
            char *bans = bans_of(&config, &zone, logs[i].name, text, &ways[k]);
            if (strcmp(bans, whole) != 0)
                fail_msg("%s, %s:\n%swhole:\n%s", logs[i].name, ways[k].name, bans, whole);
            free(bans);
        }
        free(whole);
        free((char *)text.p);
        config_done(&config);
    }
    zone_done(&zone);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_any_way_of_reading, argv[1]),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
