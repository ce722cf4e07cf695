// SPDX-License-Identifier: GPL-2.0-or-later
// Hooks write what they are told into files of a folder, and the test waits for the files' hooks to
// end, not for a time.
#include "folder.h"
#include "scan/hooks.h"

#include "base/cleanup.h"
#include "base/log.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include <cmocka.h>

#define AT (UINT64_C(1772258883) * USEC_PER_SEC) // 2026-02-28T06:08:03Z

enum { TEXT_MAX_ = 8192 };

struct fixture {
    char dir[sizeof(FOLDER_NAME)];
    sd_event *event;
    struct ledger *ledger;
    struct hooks *hooks;
    struct jail_conf conf;
    struct cell cell;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    sigset_t set;

    assert_non_null(f);
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    assert_true(folder_make(f->dir));
    assert_int_equal(setenv("DIR", f->dir, 1), 0);
    assert_int_equal(setenv("TAILBAN_JAIL", "of-our-own-environment", 1), 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "1", 1), 0);
    assert_true(sd_event_new(&f->event) >= 0);
    assert_int_equal(ledger_open(":memory:", &f->ledger), 0);
    assert_int_equal(hooks_new(f->event, f->ledger, &f->hooks), 0);
    f->conf.name = (char *)"postfix-auth";
    f->cell.conf = &f->conf;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    assert_null(hooks_free(f->hooks));
    ledger_close(f->ledger);
    sd_event_unref(f->event);
    assert_true(folder_remove(f->dir));
    free(f);
    return 0;
}

static void read_file(const struct fixture *f, const char *name, char ret[static TEXT_MAX_])
{
    char path[128];
    cleanup(fclosep) FILE *file = NULL;

    snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    file = fopen(path, "re");
    if (!file)
        fail_msg("there is no %s", path);
    ret[fread(ret, 1, TEXT_MAX_ - 1, file)] = '\0';
}

static void wait_for_all(const struct fixture *f)
{
    while (hooks_counters(f->hooks).running > 0)
        assert_true(sd_event_run(f->event, UINT64_MAX) >= 0);
    assert_int_equal(hooks_counters(f->hooks).waiting, 0);
}

static struct ban ban_of(const char *net)
{
    struct ban ban = {.jail = "postfix-auth",
                      .since = AT,
                      .until = AT + 7 * USEC_PER_DAY,
                      .hits = 5,
                      .hosts = 1,
                      .findtime = 600 * USEC_PER_SEC};

    assert_int_equal(addr_parse(slice_of(net), &ban.net), 0);
    return ban;
}

// Lets a shell be the hook.
static void set_hook(struct fixture *f, const char *script, char *ret[static 4])
{
    ret[0] = (char *)"/bin/sh";
    ret[1] = (char *)"-c";
    ret[2] = (char *)script;
    ret[3] = NULL;
    f->conf.onban = f->conf.onunban = ret;
}

// What a hook is told, sorted by name.
static void test_facts(void **state)
{
    static const struct {
        const char *net, *user, *told;
        bool is_ban;
        usec_t until;
        int reason;
        const char *name;
    } rows[] = {
        {"203.0.113.7", "root\r\nBcc: x",
         "TAILBAN_ADDRESS=203.0.113.7\n"
         "TAILBAN_EVENT=ban\n"
         "TAILBAN_HITS=5\n"
         "TAILBAN_HOSTS=1\n"
         "TAILBAN_JAIL=postfix-auth\n"
         "TAILBAN_NAME=\n"
         "TAILBAN_NET=203.0.113.7/32\n"
         "TAILBAN_REASON=host\n"
         "TAILBAN_SINCE=2026-02-28T06:08:03Z\n"
         "TAILBAN_UNTIL=2026-03-07T06:08:03Z\n"
         "TAILBAN_USER=root??Bcc: x\n",
         true, AT + 7 * USEC_PER_DAY, BAN_HOST, ""},
        {"2001:db8::/56", "",
         "TAILBAN_ADDRESS=2001:db8::\n"
         "TAILBAN_EVENT=unban\n"
         "TAILBAN_HITS=5\n"
         "TAILBAN_HOSTS=1\n"
         "TAILBAN_JAIL=postfix-auth\n"
         "TAILBAN_NAME=\n"
         "TAILBAN_NET=2001:db8::/56\n"
         "TAILBAN_REASON=block\n"
         "TAILBAN_SINCE=2026-02-28T06:08:03Z\n"
         "TAILBAN_UNTIL=never\n"
         "TAILBAN_USER=\n",
         false, USEC_FOREVER, BAN_BLOCK, ""},
        {"203.0.113.8", "",
         "TAILBAN_ADDRESS=203.0.113.8\n"
         "TAILBAN_EVENT=ban\n"
         "TAILBAN_HITS=5\n"
         "TAILBAN_HOSTS=1\n"
         "TAILBAN_JAIL=postfix-auth\n"
         "TAILBAN_NAME=helo:ylmf-pc\n"
         "TAILBAN_NET=203.0.113.8/32\n"
         "TAILBAN_REASON=fingerprint\n"
         "TAILBAN_SINCE=2026-02-28T06:08:03Z\n"
         "TAILBAN_UNTIL=never\n"
         "TAILBAN_USER=\n",
         true, USEC_FOREVER, BAN_FINGERPRINT, "helo:ylmf-pc"},
    };
    struct fixture *f = *state;
    char *argv[4], told[TEXT_MAX_];

    set_hook(f, "env | grep -E '^(TAILBAN|WATCHDOG)_' | LC_ALL=C sort >$DIR/told", argv);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ban ban = ban_of(rows[i].net);
        struct hit last = {.user = slice_of(rows[i].user)};
        ban.until = rows[i].until;
        ban.reason = (unsigned)rows[i].reason;
        strcpy(ban.name, rows[i].name);
        if (rows[i].is_ban)
            hooks_ban(f->hooks, &f->cell, &ban, &last);
        else
            hooks_unban(f->hooks, &f->cell, &ban);
        wait_for_all(f);
        read_file(f, "told", told);
        assert_string_equal(told, rows[i].told);
    }
    assert_int_equal(hooks_counters(f->hooks).run, sizeof(rows) / sizeof(rows[0]));
    assert_int_equal(hooks_counters(f->hooks).failed, 0);
}

// The lines behind the ban come in on standard input, one a line whatever they hold.
static void test_evidence(void **state)
{
    static const char *const lines[] = {"one", "t\x1b[2Jwo\x00!", "three\n"};
    struct fixture *f = *state;
    struct ban ban = ban_of("203.0.113.7");
    char *argv[4], told[TEXT_MAX_];

    for (size_t i = 0; i < 3; i++) {
        struct hit hit = {.addr = ban.net,
                          .host = ban.net,
                          .time = AT - i * USEC_PER_SEC,
                          .count = 1,
                          .text = {lines[i], i == 1 ? 9 : strlen(lines[i])}};
        assert_int_equal(ledger_hit(f->ledger, "postfix-auth", &hit, "mail.log"), 0);
    }
    assert_int_equal(ledger_ban(f->ledger, &ban, ban.since, &ban.id, NULL), 0);
    set_hook(f, "cat >$DIR/told", argv);
    hooks_ban(f->hooks, &f->cell, &ban, NULL);
    wait_for_all(f);
    read_file(f, "told", told);
    assert_string_equal(told, "one\nt?[2Jwo?!\nthree?\n");
}

// What is wrong with a program is counted, and the next one runs all the same.
static void test_failures(void **state)
{
    struct fixture *f = *state;
    struct ban ban = ban_of("203.0.113.7");
    char *missing[] = {(char *)"/nonexistent", NULL}, *argv[4], told[TEXT_MAX_];

    hooks_set_timeout(f->hooks, USEC_PER_SEC / 20);
    f->conf.onban = missing;
    hooks_ban(f->hooks, &f->cell, &ban, NULL);
    set_hook(f, "exit 1", argv);
    hooks_ban(f->hooks, &f->cell, &ban, NULL);
    set_hook(f, "kill -SEGV $$", argv);
    hooks_ban(f->hooks, &f->cell, &ban, NULL);
    set_hook(f, "sleep 60", argv);
    hooks_ban(f->hooks, &f->cell, &ban, NULL);
    wait_for_all(f);
    assert_int_equal(hooks_counters(f->hooks).run, 4);
    assert_int_equal(hooks_counters(f->hooks).failed, 4);
    hooks_set_timeout(f->hooks, 60 * USEC_PER_SEC);
    set_hook(f, "echo well >$DIR/told", argv);
    hooks_ban(f->hooks, &f->cell, &ban, NULL);
    wait_for_all(f);
    assert_int_equal(hooks_counters(f->hooks).failed, 4);
    read_file(f, "told", told);
    assert_string_equal(told, "well\n");
}

// So many at once, so many waiting, in their order; the rest is dropped.
static void test_bounds(void **state)
{
    enum { MORE = 10 };
    struct fixture *f = *state;
    struct ban ban = ban_of("203.0.113.7");
    char *argv[4], path[128], told[TEXT_MAX_];
    struct hooks_counters c;
    size_t n = 0;
    int gate;

    // The first ones wait for a line each, and everybody behind them with them.
    snprintf(path, sizeof(path), "%s/gate", f->dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    gate = open(path, O_RDWR | O_CLOEXEC);
    assert_true(gate >= 0);
    set_hook(f, "read x <$DIR/gate", argv);
    for (size_t i = 0; i < HOOKS_AT_ONCE; i++)
        hooks_ban(f->hooks, &f->cell, &ban, NULL);
    set_hook(f, "echo >>$DIR/told", argv);
    for (size_t i = 0; i < HOOKS_WAITING_MAX + MORE; i++)
        hooks_ban(f->hooks, &f->cell, &ban, NULL);
    c = hooks_counters(f->hooks);
    assert_int_equal(c.running, HOOKS_AT_ONCE);
    assert_int_equal(c.waiting, HOOKS_WAITING_MAX);
    assert_int_equal(c.dropped, MORE);
    assert_int_equal(c.run, HOOKS_AT_ONCE);
    assert_int_equal(write(gate, "\n\n\n\n", HOOKS_AT_ONCE), HOOKS_AT_ONCE);
    while (hooks_counters(f->hooks).running > 0) {
        assert_true(sd_event_run(f->event, UINT64_MAX) >= 0);
        assert_true(hooks_counters(f->hooks).running <= HOOKS_AT_ONCE);
    }
    c = hooks_counters(f->hooks);
    assert_int_equal(c.run, HOOKS_AT_ONCE + HOOKS_WAITING_MAX);
    assert_int_equal(c.dropped, MORE);
    read_file(f, "told", told);
    while (told[n] == '\n')
        n++;
    assert_int_equal(n, HOOKS_WAITING_MAX);
    close(gate);
}

// A jail without hooks runs none; the jail and its arguments may be gone when a turn comes.
static void test_copies(void **state)
{
    struct fixture *f = *state;
    struct ban ban = ban_of("203.0.113.7");
    char *argv[4], script[] = "echo right >$DIR/told", told[TEXT_MAX_];

    hooks_ban(f->hooks, &f->cell, &ban, NULL);
    hooks_unban(f->hooks, &f->cell, &ban);
    assert_int_equal(hooks_counters(f->hooks).run, 0);
    set_hook(f, "true", argv);
    for (size_t i = 0; i < HOOKS_AT_ONCE; i++)
        hooks_ban(f->hooks, &f->cell, &ban, NULL);
    set_hook(f, script, argv);
    hooks_ban(f->hooks, &f->cell, &ban, NULL);
    memset(script, 'x', sizeof(script) - 1);
    argv[0] = NULL;
    wait_for_all(f);
    read_file(f, "told", told);
    assert_string_equal(told, "right\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_facts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_evidence, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failures, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bounds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_copies, setup, teardown),
    };

    log_open("test-hooks", LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
