// SPDX-License-Identifier: GPL-2.0-or-later
#include "folder.h"
#include "scan/judge.h"

#include "base/cleanup.h"
#include "ledger/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW (UINT64_C(1792000000) * USEC_PER_SEC) // what the clock says

enum { PATH_SIZE = 256, ROUNDS = 1000 };

struct fixture {
    char dir[sizeof(FOLDER_NAME)];
    struct ledger *ledger;
    struct zone zone;
    struct judge *judge;
    size_t hits, bans, in_force, extended, by_hand, unbans, ended;
    struct addr ordered; // before the ban is told, and until when
    usec_t ordered_until;
    struct ban last; // its jail is not kept
    enum judge_appeal appeal;
    size_t appeals;
    struct ban waiting;
    struct hit waiting_for;
    char spared[256]; // who is, in the order in which it was said, and who is not
};

static void on_hit(void *user, const struct cell *cell, const struct hit *hit)
{
    struct fixture *f = user;

    (void)cell;
    f->hits += hit->count;
}

static void on_order(void *user, const struct cell *cell, const struct addr *net, usec_t until)
{
    struct fixture *f = user;

    (void)cell;
    f->ordered = *net;
    f->ordered_until = until;
}

static void on_spare(void *user, const struct addr *host, usec_t until)
{
    struct fixture *f = user;
    size_t n = strlen(f->spared);
    char text[ADDR_TEXT_MAX];

    addr_format(host, text);
    snprintf(f->spared + n, sizeof(f->spared) - n, "%s%s ", until > 0 ? "+" : "-", text);
}

static void on_ban(void *user, const struct cell *cell, const struct ban *ban,
                   const struct hit *last, enum judge_news news)
{
    struct fixture *f = user;

    if (news != JUDGE_OVER) {
        assert_int_equal(addr_compare(&f->ordered, &ban->net), 0);
        assert_int_equal(f->ordered_until, ban->until);
    }
    f->ordered = (struct addr){0};

    assert_string_equal(cell->conf->name, ban->jail);
    f->bans++;
    f->in_force += news != JUDGE_OVER;
    f->extended += news == JUDGE_EXTENDED;
    f->by_hand += !last;
    f->last = *ban;
    f->last.jail = NULL;
}

static void on_unban(void *user, const struct cell *cell, const struct ban *ban)
{
    struct fixture *f = user;

    (void)cell;
    (void)ban;
    f->unbans++;
}

static void on_ended(void *user, const struct cell *cell, const struct ban *ban)
{
    struct fixture *f = user;

    assert_string_equal(cell->conf->name, ban->jail);
    f->ended++;
}

static enum judge_appeal on_appeal(void *user, const struct cell *cell, const struct ban *ban,
                                   const struct hit *last)
{
    struct fixture *f = user;

    assert_non_null(cell->conf->ignorecommand);
    f->appeals++;
    f->waiting = *ban;
    f->waiting_for = *last;
    return f->appeal;
}

static const char *path_in(const struct fixture *f, const char *name, char ret[static PATH_SIZE])
{
    snprintf(ret, PATH_SIZE, "%s/%s", f->dir, name);
    return ret;
}

static void append(const struct fixture *f, const char *name, const char *text)
{
    char path[PATH_SIZE];
    cleanup(fclosep) FILE *file = fopen(path_in(f, name, path), "a");

    assert_non_null(file);
    fputs(text, file);
}

static void write_jail(const struct fixture *f, const char *name, const char *options)
{
    char path[PATH_SIZE], file[64];

    snprintf(file, sizeof(file), "etc/jails/%s.conf", name);
    remove(path_in(f, file, path));
    append(f, file, "[");
    append(f, file, name);
    append(f, file, "]\nenabled = true\nfilter = evil\nlogpath = ");
    append(f, file, f->dir);
    append(f, file, "/*.log\n");
    append(f, file, strstr(options, "maxretry") ? "" : "maxretry = 3\n");
    append(f, file, options);
}

// Lines of so many hits by addr, `ago` before the clock's time.
static void append_hits(const struct fixture *f, const char *log, const char *addr, usec_t ago,
                        int n)
{
    char line[256], time[TIME_TEXT_MAX];

    time_format(NOW - ago, time);
    snprintf(line, sizeof(line), "%s mail evil: from %s\n", time, addr);
    while (n-- > 0)
        append(f, log, line);
}

static int load(struct fixture *f)
{
    struct config config = {0};
    char path[PATH_SIZE];

    assert_int_equal(config_load(path_in(f, "etc", path), &config), 0);
    return judge_load(f->judge, &config, NOW);
}

static void open_judge(struct fixture *f)
{
    const struct judge_hooks hooks = {f,        on_hit,   on_order,  on_ban,
                                      on_unban, on_ended, on_appeal, .spare = on_spare};

    assert_int_equal(judge_new(f->ledger, &f->zone, &hooks, &f->judge), 0);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    static const char *const folders[] = {"etc", "etc/jails", "etc/filters"};
    char path[PATH_SIZE];

    assert_true(folder_make(f->dir));
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        assert_int_equal(mkdir(path_in(f, folders[i], path), 0700), 0);
    append(f, "etc/filters/evil.conf",
           "[Definition]\nfailregex = ^ mail evil: from <HOST>$\n"
           "  ^ mail good: <F-DELIVERED>mail</F-DELIVERED> from <ADDR>$\n");
    assert_int_equal(ledger_open(":memory:", &f->ledger), 0);
    assert_int_equal(zone_fixed(0, &f->zone), 0);
    open_judge(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    judge_free(f->judge);
    ledger_close(f->ledger);
    zone_done(&f->zone);
    assert_true(folder_remove(f->dir));
    free(f);
    return 0;
}

static void read_all(struct fixture *f)
{
    assert_int_equal(judge_dispatch(f->judge), 0);
    for (int i = 0; i < ROUNDS && judge_ready(f->judge); i++)
        judge_read(f->judge, NOW);
    assert_false(judge_ready(f->judge));
}

static int count_ban(void *user, const struct ban *ban)
{
    size_t *n = user;

    (void)ban;
    ++*n;
    return 0;
}

static size_t in_ledger(const struct fixture *f)
{
    size_t n = 0;

    assert_true(ledger_bans(f->ledger, NULL, NOW, 0, count_ban, &n) >= 0);
    return n;
}

// A flood does not wait for the hour at which the ledger is tidied up.
static void test_flood(void **state)
{
    enum { ROOM = 6000, HITS = 900 };
    static const char *const from[] = {"203.0.113.7", "203.0.113.8", "203.0.113.9"};
    struct fixture *f = *state;
    usec_t now = NOW;

    f->ledger->bytes_max = ROOM;
    write_jail(f, "j", "maxretry = 1000\n");
    assert_int_equal(load(f), 0);
    for (int i = 0; i < 3; i++) {
        append_hits(f, "mail.log", from[i], 0, HITS);
        read_all(f);
        assert_true(f->ledger->bytes + segment_size(&f->ledger->tail) > ROOM);
        now += 2 * USEC_PER_SEC;
        judge_tick(f->judge, now);
        assert_false(ledger_is_over(f->ledger));
        assert_int_equal(f->ledger->tail.n, 0);
    }
}

// What is in a log when it is first seen, and what comes of it.
static void test_first_sight(void **state)
{
    static const struct {
        const char *options;
        usec_t ago; // seconds
        size_t hits, bans, in_force;
    } rows[] = {
        {"findtime = 10m\nbantime = 1h\n", 60, 3, 1, 1},
        {"findtime = 10m\nbantime = 1h\n", 599, 3, 1, 1},
        {"findtime = 10m\nbantime = 1h\n", 601, 0, 0, 0},
        {"findtime = 2h\nbantime = 1h\n", 3700, 3, 1, 0}, // over before it began
        {"findtime = 2h\nbantime = -1\n", 3700, 3, 1, 1},
        {"findtime = 10m\nnetblock.v4 = 24:2:6\nnetblock.findtime = 2h\n", 3700, 3, 1, 1},
        {"findtime = 10m\nignoreip = 203.0.113.0/24\n", 60, 0, 0, 0},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char path[PATH_SIZE];
        write_jail(f, "j", rows[i].options);
        append_hits(f, "mail.log", "203.0.113.7", rows[i].ago * USEC_PER_SEC, 3);
        assert_int_equal(load(f), 0);
        read_all(f);
        assert_int_equal(f->hits, rows[i].hits);
        assert_int_equal(f->bans, rows[i].bans);
        assert_int_equal(f->in_force, rows[i].in_force);
        assert_int_equal(f->by_hand, 0);
        assert_int_equal(in_ledger(f), rows[i].in_force);
        // Another ledger for the next row, and another log.
        f->judge = judge_free(f->judge);
        ledger_close(f->ledger);
        assert_int_equal(ledger_open(":memory:", &f->ledger), 0);
        open_judge(f);
        remove(path_in(f, "mail.log", path));
        f->hits = f->bans = f->in_force = 0;
    }
}

// A live log whose clock is off bans from now on; one that is late by little does so on its own
// time.
static void test_clock_of_log(void **state)
{
    static const struct {
        usec_t ago, since_ago; // seconds
    } rows[] = {{7200, 0}, {61, 0}, {59, 59}, {0, 0}};
    struct fixture *f = *state;

    write_jail(f, "j", "bantime = 1h\n");
    append(f, "mail.log", "");
    assert_int_equal(load(f), 0);
    read_all(f);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char addr[32];
        snprintf(addr, sizeof(addr), "203.0.113.%zu", i + 1);
        append_hits(f, "mail.log", addr, rows[i].ago * USEC_PER_SEC, 3);
        read_all(f);
        assert_int_equal(f->bans, i + 1);
        assert_int_equal(f->last.since, NOW - rows[i].since_ago * USEC_PER_SEC);
        assert_int_equal(f->last.until - f->last.since, 3600 * USEC_PER_SEC);
    }
}

// Who was banned before is banned sooner and for longer, also by the next judge on the same ledger.
static void test_growth(void **state)
{
    struct fixture *f = *state;

    write_jail(f, "j", "findtime = 1d\nbantime = 1h\nbantime.increment = true\n");
    append_hits(f, "mail.log", "203.0.113.7", 10000 * USEC_PER_SEC, 3);
    assert_int_equal(load(f), 0);
    read_all(f);
    assert_int_equal(f->bans, 1);
    assert_int_equal(f->last.until - f->last.since, 3600 * USEC_PER_SEC);
    f->judge = judge_free(f->judge);
    open_judge(f);
    assert_int_equal(load(f), 0);
    append_hits(f, "mail.log", "203.0.113.7", 0, 2);
    append_hits(f, "mail.log", "203.0.113.8", 0, 2);
    read_all(f);
    assert_int_equal(f->bans, 2);
    assert_int_equal(f->last.until - f->last.since, 2 * 3600 * USEC_PER_SEC);
}

// Nor does a ban last from then on that lines from the future led to, read late or not.
static void test_future(void **state)
{
    static const usec_t ahead[] = {61, 7200, UINT64_C(50000) * 86400};
    struct fixture *f = *state;

    write_jail(f, "j", "bantime = 1h\n");
    for (size_t i = 0; i < sizeof(ahead) / sizeof(ahead[0]); i++) {
        char addr[32];
        snprintf(addr, sizeof(addr), "203.0.113.%zu", i + 1);
        append_hits(f, "mail.log", addr, -ahead[i] * USEC_PER_SEC, 3);
    }
    assert_int_equal(load(f), 0);
    read_all(f);
    assert_int_equal(f->bans, 3);
    assert_int_equal(f->last.since, NOW);
    assert_int_equal(f->last.until, NOW + 3600 * USEC_PER_SEC);
}

// Hits from a day that has not come, while the clock was wrong, do not stand in the way of later
// ones.
static void test_clock_was_ahead(void **state)
{
    struct fixture *f = *state;

    write_jail(f, "j", "maxretry = 5\n");
    append(f, "mail.log", "");
    assert_int_equal(load(f), 0);
    read_all(f);
    append_hits(f, "mail.log", "203.0.113.7", -365 * USEC_PER_DAY, 4);
    read_all(f);
    assert_int_equal(f->bans, 0);
    append_hits(f, "mail.log", "203.0.113.7", 0, 1);
    read_all(f);
    assert_int_equal(f->bans, 1);
}

// Who crashes before the first checkpoint finds the log again, whatever it is called by then.
static void test_rotated_early(void **state)
{
    struct fixture *f = *state;
    char from[PATH_SIZE], to[PATH_SIZE];

    write_jail(f, "j", "");
    append_hits(f, "mail.log", "203.0.113.7", 0, 3);
    assert_int_equal(load(f), 0);
    path_in(f, "mail.log", from);
    assert_int_equal(rename(from, path_in(f, "mail.log.1", to)), 0);
    append_hits(f, "mail.log", "203.0.113.8", 0, 3);
    assert_int_equal(load(f), 0);
    read_all(f);
    assert_int_equal(f->bans, 2);
}

// A jail's ignorecommand has its say before a ban, at once or later. Who is spared starts anew,
// also for the next judge.
static void test_appeal(void **state)
{
    struct fixture *f = *state;

    write_jail(f, "j", "ignorecommand = /bin/true\nfindtime = 1h\nbantime = 1h\n");
    append(f, "mail.log", "");
    assert_int_equal(load(f), 0);
    f->appeal = JUDGE_GOES_ON;
    append_hits(f, "mail.log", "203.0.113.1", 0, 3);
    read_all(f);
    assert_int_equal(f->appeals, 1);
    assert_int_equal(f->bans, 1);
    f->appeal = JUDGE_SPARES;
    append_hits(f, "mail.log", "203.0.113.2", 0, 3);
    read_all(f);
    assert_int_equal(f->appeals, 2);
    assert_int_equal(f->bans, 1);
    f->appeal = JUDGE_WAITS;
    append_hits(f, "mail.log", "203.0.113.3", 0, 3);
    read_all(f);
    assert_int_equal(f->appeals, 3);
    assert_int_equal(f->bans, 1);
    f->waiting.jail = "j";
    judge_decide(f->judge, &f->waiting, &f->waiting_for, false, NOW);
    assert_int_equal(f->bans, 2);
    assert_int_equal(in_ledger(f), 2);
    judge_decide(f->judge, &f->waiting, &f->waiting_for, true, NOW);
    assert_int_equal(f->bans, 2);
    f->waiting.jail = "gone";
    judge_decide(f->judge, &f->waiting, &f->waiting_for, false, NOW);
    assert_int_equal(f->bans, 2);
}

// What was counted of somebody spared counts for no block either.
static void test_spared_hits(void **state)
{
    struct fixture *f = *state;

    write_jail(f, "j",
               "ignorecommand = /bin/true\nfindtime = 1h\nbantime = 1h\nnetblock.v4 = 24:2:4\n");
    append(f, "mail.log", "");
    assert_int_equal(load(f), 0);
    f->appeal = JUDGE_SPARES;
    append_hits(f, "mail.log", "203.0.113.2", 0, 3);
    read_all(f);
    assert_int_equal(f->appeals, 1);
    f->judge = judge_free(f->judge);
    open_judge(f);
    assert_int_equal(load(f), 0);
    append_hits(f, "mail.log", "203.0.113.3", 0, 2);
    read_all(f);
    assert_int_equal(f->appeals, 1);
    append_hits(f, "mail.log", "203.0.113.4", 0, 2);
    read_all(f);
    assert_int_equal(f->appeals, 2);
    assert_int_equal(f->waiting.reason, BAN_BLOCK);
}

// Everything stands at a checkpoint, which is due a while after the first write and not before.
static void test_checkpoint(void **state)
{
    struct fixture *f = *state;
    struct position at;
    char path[PATH_SIZE];

    append(f, "etc/tailban.conf", "[tailban]\ncheckpoint = 5s\n");
    write_jail(f, "j", "");
    append_hits(f, "mail.log", "203.0.113.7", 0, 2);
    assert_int_equal(load(f), 0);
    assert_int_equal(judge_due(f->judge), USEC_FOREVER);
    read_all(f);
    assert_int_equal(judge_due(f->judge), NOW + 5 * USEC_PER_SEC);
    judge_tick(f->judge, NOW + 5 * USEC_PER_SEC - 1);
    assert_int_equal(judge_due(f->judge), NOW + 5 * USEC_PER_SEC);
    judge_tick(f->judge, NOW + 5 * USEC_PER_SEC);
    assert_true(judge_due(f->judge) > NOW + 30 * USEC_PER_SEC);
    assert_int_equal(ledger_position_of(f->ledger, path_in(f, "mail.log", path), &at), 0);
    assert_true(at.offset > 0);
}

// The windows of one judge are those of the next on the same ledger, and no line counts again.
static void test_goes_on(void **state)
{
    struct fixture *f = *state;

    write_jail(f, "j", "");
    for (int i = 1; i <= 3; i++) {
        append_hits(f, "mail.log", "203.0.113.7", 0, 1);
        assert_int_equal(load(f), 0);
        read_all(f);
        assert_int_equal(f->hits, i);
        assert_int_equal(f->bans, i / 3);
        f->judge = judge_free(f->judge);
        open_judge(f);
    }
    assert_int_equal(f->last.hits, 3);
}

// A reload does as well, with what has changed.
static void test_reload(void **state)
{
    struct fixture *f = *state;

    write_jail(f, "j", "");
    append_hits(f, "mail.log", "203.0.113.7", 0, 2);
    assert_int_equal(load(f), 0);
    read_all(f);
    write_jail(f, "other", "maxretry = 1\n");
    assert_int_equal(load(f), 0);
    append_hits(f, "mail.log", "203.0.113.7", 0, 1);
    read_all(f);
    assert_int_equal(f->bans, 2);
    write_jail(f, "j", "maxretry = nonsense\n");
    assert_int_equal(load(f), 0);
    assert_null(roster_find(judge_roster(f->judge), slice_of("j"))->jail);
    assert_non_null(roster_find(judge_roster(f->judge), slice_of("other"))->jail);
    assert_int_equal(in_ledger(f), 2);
}

// A busy log does not starve another.
static void test_in_turn(void **state)
{
    struct fixture *f = *state;
    char path[PATH_SIZE];

    write_jail(f, "j", "");
    append_hits(f, "quiet.log", "203.0.113.7", 0, 3);
    for (int i = 0; i < 4; i++)
        append_hits(f, "busy.log", "203.0.113.8", 0, 1);
    assert_int_equal(truncate(path_in(f, "busy.log", path), 8 << 20), 0);
    assert_int_equal(load(f), 0);
    // A file takes a round to be opened, and one to be read.
    for (int i = 0; i < 4; i++)
        judge_read(f->judge, NOW);
    assert_int_equal(f->bans, 2);
    assert_true(judge_ready(f->judge));
}

// A jail counts the lines of its logs, shown to its filter or not.
static void test_lines(void **state)
{
    static const char noise[] = "2026-10-14T17:46:40Z mail good: all is well\n";
    struct fixture *f = *state;
    const struct roster *r;

    write_jail(f, "j", "");
    append_hits(f, "a.log", "203.0.113.7", 0, 2);
    append(f, "a.log", noise);
    assert_int_equal(load(f), 0);
    read_all(f);
    r = judge_roster(f->judge);
    assert_int_equal(jail_counters(r->cell[0].jail)->lines, 3);
    assert_int_equal(jail_counters(r->cell[0].jail)->matched, 2);
    append(f, "a.log", noise);
    append(f, "b.log", noise);
    append_hits(f, "b.log", "203.0.113.7", 0, 1);
    read_all(f);
    assert_int_equal(jail_counters(r->cell[0].jail)->lines, 6);
    assert_int_equal(f->bans, 1);
}

static void test_spared(void **state)
{
    struct fixture *f = *state;
    struct exempt own = {0};
    struct addr self;

    addr_parse(slice_of("203.0.113.7"), &self);
    assert_int_equal(exempt_add(&own, &self), 0);
    write_jail(f, "j", "");
    append_hits(f, "mail.log", "203.0.113.7", 0, 3);
    append_hits(f, "mail.log", "203.0.113.8", 0, 3);
    assert_int_equal(load(f), 0);
    read_all(f);
    assert_int_equal(in_ledger(f), 2);
    assert_int_equal(judge_spare(f->judge, &own, NOW), 0);
    assert_int_equal(f->unbans, 1);
    append_hits(f, "mail.log", "203.0.113.7", 0, 3);
    read_all(f);
    assert_int_equal(in_ledger(f), 1);
    // Also after a reload, and whom ignoreip has as well.
    write_jail(f, "j", "ignoreip = 203.0.113.8\n");
    assert_int_equal(load(f), 0);
    assert_int_equal(judge_pardon(f->judge, NOW), 0);
    append_hits(f, "mail.log", "203.0.113.7", 0, 3);
    read_all(f);
    assert_int_equal(in_ledger(f), 0);
    exempt_done(&own);
}

static void test_by_hand(void **state)
{
    enum { MANY = 1000 };
    struct fixture *f = *state;
    struct addr net;
    struct cell *manual;
    size_t n;

    write_jail(f, "j", "");
    assert_int_equal(load(f), 0);
    manual = roster_find(judge_roster(f->judge), slice_of(ROSTER_MANUAL));
    assert_non_null(manual);
    addr_parse(slice_of("10.0.0.0"), &net);
    for (unsigned i = 0; i < MANY; i++) {
        net.b[14] = (uint8_t)(i >> 8), net.b[15] = (uint8_t)i;
        assert_int_equal(judge_ban(f->judge, manual, &net, 0, NOW), 0);
    }
    assert_int_equal(f->last.until, NOW + UINT64_C(7) * USEC_PER_DAY);
    assert_int_equal(f->by_hand, MANY);
    assert_int_equal(f->extended, 0);
    assert_int_equal(judge_ban(f->judge, manual, &net, USEC_FOREVER, NOW), JUDGE_E_EXTENDED);
    assert_int_equal(manual->banned, MANY);
    assert_int_equal(f->extended, 1);
    assert_int_equal(judge_unban(f->judge, manual, &net, NOW, &n), 0);
    assert_int_equal(n, 1);
    assert_int_equal(judge_unban(f->judge, NULL, &net, NOW, &n), 0);
    assert_int_equal(n, 0);
    assert_int_equal(judge_unban(f->judge, NULL, NULL, NOW, &n), 0);
    assert_int_equal(n, MANY - 1);
    assert_int_equal(f->unbans, MANY);
    assert_int_equal(in_ledger(f), 0);
}

// Whoever enforces a ban is told when it ends, which is not when a shorter one on top of it would.
static void test_later_end_counts(void **state)
{
    static const struct {
        usec_t span, left;
    } rows[] = {{3600 * USEC_PER_SEC, 3600 * USEC_PER_SEC},
                {60 * USEC_PER_SEC, 3600 * USEC_PER_SEC},
                {7200 * USEC_PER_SEC, 7200 * USEC_PER_SEC},
                {USEC_FOREVER, USEC_FOREVER},
                {60 * USEC_PER_SEC, USEC_FOREVER}};
    enum { ROWS = sizeof(rows) / sizeof(rows[0]) };
    struct fixture *f = *state;
    struct cell *j;
    struct addr net;

    write_jail(f, "j", "bantime = 1m\n");
    assert_int_equal(load(f), 0);
    j = roster_find(judge_roster(f->judge), slice_of("j"));
    addr_parse(slice_of("203.0.113.7"), &net);
    for (size_t i = 0; i < ROWS; i++) {
        assert_int_equal(judge_ban(f->judge, j, &net, rows[i].span, NOW),
                         i > 0 ? JUDGE_E_EXTENDED : 0);
        assert_true(f->last.until == usec_add(NOW, rows[i].left));
    }
    append_hits(f, "mail.log", "203.0.113.7", 0, 3);
    read_all(f);
    assert_int_equal(f->bans, ROWS + 1);
    assert_true(f->last.until == USEC_FOREVER);
    assert_int_equal(in_ledger(f), 1);
}

// Ticks as the daemon does, until nothing is due by then.
static void tick_until(struct fixture *f, usec_t now)
{
    for (unsigned i = 0; judge_due(f->judge) <= now; i++) {
        assert_true(i < ROUNDS);
        judge_tick(f->judge, now);
    }
}

// Who is let in by time is told, once, when it is time.
static void test_endings(void **state)
{
    enum { MANY = 2500 };
    struct fixture *f = *state;
    const struct cell *manual;
    struct addr net;
    size_t n;

    write_jail(f, "j", "");
    assert_int_equal(load(f), 0);
    manual = roster_find(judge_roster(f->judge), slice_of(ROSTER_MANUAL));
    addr_parse(slice_of("10.0.0.0"), &net);
    for (unsigned i = 0; i < MANY + 4; i++) {
        static const usec_t others[] = {1, 1, 2, USEC_FOREVER / USEC_PER_SEC};
        usec_t span = i < MANY ? 60 : others[i - MANY];
        net.b[14] = (uint8_t)(i >> 8), net.b[15] = (uint8_t)i;
        assert_int_equal(judge_ban(f->judge, manual, &net, span * USEC_PER_SEC, NOW), 0);
        if (i == MANY)
            assert_int_equal(judge_ban(f->judge, manual, &net, 3 * USEC_PER_SEC, NOW),
                             JUDGE_E_EXTENDED);
        if (i == MANY + 1)
            assert_int_equal(judge_unban(f->judge, manual, &net, NOW, &n), 0);
    }
    tick_until(f, NOW + USEC_PER_SEC);
    assert_int_equal(f->ended, 0); // one was made longer, the other lifted
    tick_until(f, NOW + 2 * USEC_PER_SEC - 1);
    assert_int_equal(f->ended, 0);
    tick_until(f, NOW + 2 * USEC_PER_SEC);
    assert_int_equal(f->ended, 1);
    tick_until(f, NOW + 4 * USEC_PER_SEC);
    assert_int_equal(f->ended, 2);
    judge_tick(f->judge, NOW + 60 * USEC_PER_SEC);
    assert_true(f->ended < MANY && judge_due(f->judge) <= NOW + 60 * USEC_PER_SEC);
    tick_until(f, NOW + 60 * USEC_PER_SEC);
    assert_int_equal(f->ended, MANY + 2);
    tick_until(f, NOW + USEC_PER_DAY);
    assert_int_equal(f->ended, MANY + 2);
    assert_int_equal(f->unbans, 1);
}

// After an unban the slate is clean, over a restart as well.
static void test_unban_forgets(void **state)
{
    struct fixture *f = *state;
    struct addr net;
    size_t n;

    addr_parse(slice_of("203.0.113.7"), &net);
    write_jail(f, "j", "");
    append_hits(f, "mail.log", "203.0.113.7", 0, 5);
    assert_int_equal(load(f), 0);
    read_all(f);
    assert_int_equal(judge_unban(f->judge, NULL, &net, NOW, &n), 0);
    assert_int_equal(n, 1);
    for (int i = 0; i < 2; i++) {
        append_hits(f, "mail.log", "203.0.113.7", 0, 1);
        read_all(f);
        assert_int_equal(f->bans, 1);
        assert_int_equal(load(f), 0);
    }
    append_hits(f, "mail.log", "203.0.113.7", 0, 1);
    read_all(f);
    assert_int_equal(f->bans, 2);
}

static void append_mail(const struct fixture *f, const char *addr, usec_t ago)
{
    char line[256], time[TIME_TEXT_MAX];

    time_format(NOW - ago, time);
    snprintf(line, sizeof(line), "%s mail good: mail from %s\n", time, addr);
    append(f, "mail.log", line);
}

static void restart(struct fixture *f)
{
    f->judge = judge_free(f->judge);
    open_judge(f);
    assert_int_equal(load(f), 0);
    f->spared[0] = 0;
}

static void attack(struct fixture *f, unsigned block)
{
    char addr[32];

    for (unsigned i = 0; i < 4; i++) {
        snprintf(addr, sizeof(addr), "203.0.%u.%u", block, i % 2 + 1);
        append_hits(f, "mail.log", addr, 0, 1);
    }
    read_all(f);
}

static bool is_spared(const struct fixture *f, const char *addr)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(addr), &a), 0);
    return peers_is_spared(judge_roster(f->judge)->reputation.peers, &a, NOW);
}

// Who has delivered is spared when his block is banned, after a restart as well; his own ban ends
// that, and so does one by hand.
static void test_peers(void **state)
{
    struct fixture *f = *state;
    struct addr block;

    write_jail(f, "j", "shield = true\nnetblock.v4 = 24:2:4\nfindtime = 1h\n");
    append_mail(f, "203.0.113.25", 30 * USEC_PER_SEC);
    append_mail(f, "203.0.114.25", 30 * USEC_PER_SEC);
    append_mail(f, "203.0.114.26", 30 * USEC_PER_SEC);
    assert_int_equal(load(f), 0);
    read_all(f);
    restart(f);
    attack(f, 113);
    assert_string_equal(f->spared, "+203.0.113.25 ");
    assert_int_equal(f->bans, 1);
    restart(f);
    assert_true(is_spared(f, "203.0.113.25"));
    append_hits(f, "mail.log", "203.0.113.25", 0, 3);
    read_all(f);
    assert_string_equal(f->spared, "-203.0.113.25 ");
    assert_int_equal(f->bans, 2);
    restart(f);
    assert_false(is_spared(f, "203.0.113.25"));

    attack(f, 114);
    assert_string_equal(f->spared, "+203.0.114.25 +203.0.114.26 ");
    f->spared[0] = 0;
    assert_int_equal(addr_parse(slice_of("203.0.114.0/25"), &block), 0);
    assert_int_equal(judge_ban(f->judge, roster_find(judge_roster(f->judge), slice_of("manual")),
                               &block, 0, NOW),
                     0);
    assert_string_equal(f->spared, "-203.0.114.25 -203.0.114.26 ");
}

enum end { UNBAN, TICK };

// A ban by hand is over, in one way or another, and told is who is spared again.
static void end_by_hand(struct fixture *f, const char *text, enum end end, usec_t now)
{
    const struct cell *manual = roster_find(judge_roster(f->judge), slice_of("manual"));
    struct addr net;
    size_t n = 0;

    assert_int_equal(addr_parse(slice_of(text), &net), 0);
    assert_int_equal(judge_ban(f->judge, manual, &net, USEC_PER_SEC, now), 0);
    f->spared[0] = 0;
    if (end == UNBAN)
        assert_int_equal(judge_unban(f->judge, manual, &net, now, &n), 0);
    else
        judge_tick(f->judge, now + USEC_PER_SEC);
    assert_int_equal(n, end == UNBAN);
}

// With the end of a ban by hand, those whom it took out are spared again by what else is in force;
// but who has failed is not, nor who is banned by hand still.
static void test_spared_again(void **state)
{
    static const struct {
        const char *held, *net, *again;
        enum end end;
    } rows[] = {
        {NULL, "203.0.113.25", "+203.0.113.25 ", UNBAN},
        {NULL, "203.0.113.25", "+203.0.113.25 ", TICK},
        {NULL, "203.0.113.0/25", "+203.0.113.25 +203.0.113.26 ", UNBAN},
        {NULL, "203.0.113.0/25", "+203.0.113.25 +203.0.113.26 ", TICK},
        {NULL, "203.0.112.0/20", "+203.0.113.25 +203.0.113.26 ", TICK},
        {NULL, "203.0.113.27", "", UNBAN},
        {NULL, "203.0.114.25", "", UNBAN},
        {"203.0.113.25", "203.0.113.0/25", "+203.0.113.26 ", UNBAN},
        {"203.0.113.24/30", "203.0.113.25", "", TICK},
        {"203.0.113.25", "203.0.113.24/30", "+203.0.113.26 ", TICK},
    };
    struct fixture *f = *state;
    struct addr held;
    size_t n;

    write_jail(f, "j", "shield = true\nnetblock.v4 = 24:2:4\nfindtime = 1h\n");
    append_mail(f, "203.0.113.25", 30 * USEC_PER_SEC);
    append_mail(f, "203.0.113.26", 30 * USEC_PER_SEC);
    append_mail(f, "203.0.114.25", 30 * USEC_PER_SEC);
    append_mail(f, "203.0.113.27", 30 * USEC_PER_SEC);
    append_hits(f, "mail.log", "203.0.113.27", 0, 1);
    assert_int_equal(load(f), 0);
    read_all(f);
    attack(f, 113);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct cell *manual = roster_find(judge_roster(f->judge), slice_of("manual"));
        usec_t now = NOW + i * 10 * USEC_PER_SEC;
        if (rows[i].held) {
            assert_int_equal(addr_parse(slice_of(rows[i].held), &held), 0);
            assert_int_equal(judge_ban(f->judge, manual, &held, 0, now), 0);
        }
        end_by_hand(f, rows[i].net, rows[i].end, now);
        if (strcmp(f->spared, rows[i].again) != 0)
            fail_msg("%s: '%s' again, not '%s'", rows[i].net, f->spared, rows[i].again);
        if (rows[i].held)
            assert_int_equal(judge_unban(f->judge, manual, &held, now + USEC_PER_SEC, &n), 0);
        assert_true(is_spared(f, "203.0.113.25") && is_spared(f, "203.0.113.26"));
        assert_false(is_spared(f, "203.0.113.27"));
    }
}

// More bans end at once than there is room for: then everybody is reckoned anew.
static void test_many_spared_again(void **state)
{
    struct fixture *f = *state;
    struct addr net;
    char addr[32];

    write_jail(f, "j", "shield = true\nnetblock.v4 = 24:2:4\nfindtime = 1h\n");
    for (unsigned i = 0; i < 40; i++) {
        snprintf(addr, sizeof(addr), "203.0.113.%u", 25 + i);
        append_mail(f, addr, 30 * USEC_PER_SEC);
    }
    assert_int_equal(load(f), 0);
    read_all(f);
    attack(f, 113);
    for (unsigned i = 0; i < 40; i++) {
        snprintf(addr, sizeof(addr), "203.0.113.%u", 25 + i);
        assert_int_equal(addr_parse(slice_of(addr), &net), 0);
        assert_int_equal(judge_ban(f->judge,
                                   roster_find(judge_roster(f->judge), slice_of("manual")), &net,
                                   USEC_PER_SEC, NOW),
                         0);
        assert_false(is_spared(f, addr));
    }
    judge_tick(f->judge, NOW + USEC_PER_SEC);
    for (unsigned i = 0; i < 40; i++) {
        snprintf(addr, sizeof(addr), "203.0.113.%u", 25 + i);
        assert_true(is_spared(f, addr));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_first_sight, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_clock_of_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_growth, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_appeal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_peers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_spared_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_spared_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_spared_hits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_future, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_clock_was_ahead, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rotated_early, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_checkpoint, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reload, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_in_turn, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_spared, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_by_hand, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_later_end_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_flood, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_endings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unban_forgets, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
