// SPDX-License-Identifier: GPL-2.0-or-later
// The shipped jails over real logs, and filters that date lines themselves or look at several at a
// time: read whole, in chunks cut anywhere, with memory expiring at random, or stopped and restored
// in the middle, the same log gives the same bans.
#include "base/cleanup.h"
#include "base/zone.h"
#include "conf/config.h"
#include "engine/lines.h"
#include "engine/lineup.h"
#include "engine/stamp.h"

#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
    HEAD = 4096,
    JAILS_MAX = 32,
    FILTERS_MAX = 64,
    HITS_MAX = 16384,
    SEED = 5,
    PATH_TEXT_MAX = 1024
};

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
    struct jail_filter filter[JAIL_FILTERS_MAX];
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
    struct own_filter { // each run has its own: they remember where dates stand
        const struct filter *of;
        struct filter *filter;
    } filter[FILTERS_MAX];
    size_t n_filters;
    struct lineup *lineup; // NULL: every filter is shown every line
    FILE *out;             // the bans, one a line
};

static void jail_make(struct cell *c)
{
    assert_int_equal(
        jail_new(&c->conf->spec, c->filter, c->conf->n_filter, &c->conf->ignoreip, SEED, &c->jail),
        0);
}

// Jails that share a filter share their run's.
static struct filter *filter_make(struct run *r, const struct jail_filter_conf *conf)
{
    struct filter_error error;
    size_t i = 0;

    while (i < r->n_filters && r->filter[i].of != conf->compiled)
        i++;
    if (i == r->n_filters) {
        assert_true(r->n_filters++ < FILTERS_MAX);
        r->filter[i].of = conf->compiled;
        assert_int_equal(filter_new(&conf->spec, &r->filter[i].filter, &error), 0);
    }
    return r->filter[i].filter;
}

static void cells_make(struct run *r, const struct config *config)
{
    for (size_t i = 0; i < config->n_jail; i++) {
        struct cell *c = &r->cell[r->n];
        if (!config->jail[i].usable)
            continue;
        assert_true(r->n++ < JAILS_MAX);
        c->conf = &config->jail[i];
        c->kept = calloc(1, sizeof(*c->kept));
        config_filters(c->conf, c->filter);
        for (size_t k = 0; k < c->conf->n_filter; k++)
            c->filter[k].filter = filter_make(r, &c->conf->filter[k]);
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

static void run_done(struct run *r)
{
    lineup_free(r->lineup);
    for (size_t i = 0; i < r->n; i++) {
        jail_free(r->cell[i].jail);
        free(r->cell[i].kept);
    }
    for (size_t i = 0; i < r->n_filters; i++)
        filter_free(r->filter[i].filter);
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

static int take(void *user, size_t jail, unsigned filter, const struct sign *sign)
{
    struct run *r = user;
    struct cell *c = &r->cell[jail];
    struct hit hit;
    struct verdict v;
    int e = jail_take(c->jail, filter, sign, now, &hit, &v);

    assert_true(e >= 0);
    if (e == JAIL_E_HIT || e == JAIL_E_VERDICT)
        keep(c->kept, &hit);
    if (e == JAIL_E_VERDICT)
        print(r->out, c->conf->name, &v);
    return 0;
}

static void show(struct run *r, struct filter *filter, const struct line *line)
{
    struct sign sign;

    sign_read(filter, line, NULL, now, &sign);
    for (size_t i = 0; i < r->n; i++) {
        for (unsigned k = 0; k < r->cell[i].conf->n_filter; k++) {
            if (r->cell[i].filter[k].filter == filter)
                take(r, i, k, &sign);
        }
    }
}

static void give(struct run *r, struct slice text)
{
    struct line line;

    stamp_line(&r->stamp, text, now, &line);
    for (size_t i = 0; i < r->n_filters && !r->lineup; i++)
        show(r, r->filter[i].filter, &line);
    if (!r->lineup)
        return;
    line_take_body(&line);
    assert_int_equal(lineup_line(r->lineup, &line, now, take, r), 0);
}

static int restore_session(void *user, struct slice key, const struct session *s, bool forgotten)
{
    return forgotten ? 0 : sessions_restore(user, key, s);
}

static void put_sieve(struct run *r)
{
    struct jail *jail[JAILS_MAX];

    for (size_t i = 0; i < r->n; i++)
        jail[i] = r->cell[i].jail;
    lineup_free(r->lineup);
    assert_int_equal(lineup_new(jail, r->n, &r->lineup), 0);
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
    if (r->lineup)
        put_sieve(r);
    r->at -= lines_pending(&r->lines);
    lines_done(&r->lines);
    begin_reading(r);
}

static void expire(struct run *r, uint64_t *seed)
{
    // A daemon behind its log is as good as one ahead of it.
    usec_t then = now - random_below(seed, 1000) * USEC_PER_SEC;

    if (r->lineup)
        lineup_pass(r->lineup);
    for (size_t i = 0; i < r->n; i++)
        jail_expire(r->cell[i].jail, then);
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
