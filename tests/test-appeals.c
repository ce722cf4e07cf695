// SPDX-License-Identifier: GPL-2.0-or-later
// Shells are the commands; the test waits for their ends, not for a time.
#include "folder.h"
#include "scan/appeals.h"

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

enum { TOLD_MAX = 8192 };

struct fixture {
    char dir[sizeof(FOLDER_NAME)];
    sd_event *event;
    struct ledger *ledger;
    struct appeals *appeals;
    struct jail_conf conf;
    struct cell cell;
    char *argv[8];
    size_t banned, spared;
    usec_t until; // the latest
    char last[ADDR_TEXT_MAX], user[64];
};

static void on_decided(void *user, const struct ban *ban, const struct hit *last, bool is_spared)
{
    struct fixture *f = user;

    assert_string_equal(ban->jail, "web");
    f->banned += !is_spared;
    f->spared += is_spared;
    f->until = ban->until > f->until ? ban->until : f->until;
    addr_format(&last->addr, f->last);
    snprintf(f->user, sizeof(f->user), "%.*s", (int)last->user.n, last->user.p);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    assert_true(folder_make(f->dir));
    assert_int_equal(setenv("DIR", f->dir, 1), 0);
    assert_true(sd_event_new(&f->event) >= 0);
    assert_int_equal(ledger_open(":memory:", &f->ledger), 0);
    assert_int_equal(appeals_new(f->event, f->ledger, on_decided, f, &f->appeals), 0);
    f->conf = (struct jail_conf){.name = (char *)"web", .ignorecommand = f->argv};
    f->cell.conf = &f->conf;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    assert_null(appeals_free(f->appeals));
    ledger_close(f->ledger);
    sd_event_unref(f->event);
    assert_true(folder_remove(f->dir));
    free(f);
    return 0;
}

static void set_command(struct fixture *f, const char *script)
{
    char *const argv[] = {
        (char *)"/bin/sh",        (char *)"-c", (char *)script, (char *)"sh", (char *)"<ip>",
        (char *)"<family>:<fid>", NULL};

    memcpy(f->argv, argv, sizeof(argv));
}

static int file_at(struct fixture *f, const char *net, const char *addr, usec_t until)
{
    struct ban ban = {.jail = "web", .since = AT, .until = until, .hits = 5, .hosts = 1};
    struct hit last = {.time = AT, .user = slice_of("ro\not")};

    assert_int_equal(addr_parse(slice_of(net), &ban.net), 0);
    assert_int_equal(addr_parse(slice_of(addr), &last.addr), 0);
    return appeals_file(f->appeals, &f->cell, &ban, &last);
}

static int file(struct fixture *f, const char *net, const char *addr)
{
    return file_at(f, net, addr, AT + USEC_PER_DAY);
}

static void wait_for(const struct fixture *f, size_t decisions)
{
    while (f->banned + f->spared < decisions)
        assert_true(sd_event_run(f->event, UINT64_MAX) >= 0);
}

static void read_file(const struct fixture *f, const char *name, char ret[static TOLD_MAX])
{
    char path[128];
    cleanup(fclosep) FILE *from = NULL;

    snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    from = fopen(path, "re");
    ret[from ? fread(ret, 1, TOLD_MAX - 1, from) : 0] = '\0';
}

static void test_answers(void **state)
{
    static const struct {
        const char *script;
        bool is_spared;
    } rows[] = {
        {"exit 0", true},
        {"exit 1", false},
        {"exit 2", false},
        {"kill -SEGV $$", false},
        {"sleep 60", false},
        {"test $1 = 203.0.113.7", true},
        {"test $1 = 7", false},
        {"test $2 = inet4:203.0.113.7", true},
        {"test $TAILBAN_JAIL = web && test \"$TAILBAN_USER\" = 'ro?ot'", true},
    };
    struct fixture *f = *state;

    appeals_set_timeout(f->appeals, USEC_PER_SEC / 5);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        f->banned = f->spared = 0;
        set_command(f, rows[i].script);
        assert_int_equal(file(f, "203.0.113.7", "203.0.113.7"), APPEALS_E_WAITING);
        wait_for(f, 1);
        if (f->spared != rows[i].is_spared)
            fail_msg("%s: %s", rows[i].script, f->spared ? "spared" : "banned");
        assert_string_equal(f->last, "203.0.113.7");
        assert_string_equal(f->user, "ro?ot");
    }
}

static void test_cannot_run(void **state)
{
    struct fixture *f = *state;

    f->argv[0] = (char *)"/nonexistent";
    assert_int_equal(file(f, "203.0.113.7", "203.0.113.7"), APPEALS_E_WAITING);
    assert_int_equal(f->banned, 1);
}

// Of a block, the address that led to it is asked for.
static void test_block(void **state)
{
    struct fixture *f = *state;

    set_command(f, "test $2 = inet6:2001:db8::7");
    assert_int_equal(file(f, "2001:db8::/56", "2001:db8::7"), APPEALS_E_WAITING);
    wait_for(f, 1);
    assert_int_equal(f->spared, 1);
}

// A net that waits is asked for once, and banned for as long as the longer of its bans.
static void test_twice(void **state)
{
    struct fixture *f = *state;
    char told[TOLD_MAX];

    set_command(f, "echo $1 >>$DIR/told; exit 1");
    assert_int_equal(file(f, "203.0.113.7", "203.0.113.7"), APPEALS_E_WAITING);
    assert_int_equal(file_at(f, "203.0.113.7", "203.0.113.7", AT + 2 * USEC_PER_DAY),
                     APPEALS_E_WAITING);
    assert_int_equal(file(f, "203.0.113.0/24", "203.0.113.7"), APPEALS_E_WAITING);
    wait_for(f, 2);
    assert_int_equal(f->banned, 2);
    read_file(f, "told", told);
    assert_string_equal(told, "203.0.113.7\n203.0.113.7\n");
    assert_true(f->until == AT + 2 * USEC_PER_DAY);
}

static void test_cache(void **state)
{
    struct fixture *f = *state;
    char told[TOLD_MAX];

    f->conf.ignorecache_count = 2;
    f->conf.ignorecache_time = 3600 * USEC_PER_SEC;
    set_command(f, "echo $1 >>$DIR/told; test $1 = 203.0.113.7");
    file(f, "203.0.113.7", "203.0.113.7");
    wait_for(f, 1);
    file(f, "203.0.113.8", "203.0.113.8");
    wait_for(f, 2);
    assert_int_equal(file(f, "203.0.113.7", "203.0.113.7"), APPEALS_E_SPARED);
    assert_int_equal(file(f, "203.0.113.8", "203.0.113.8"), 0);
    // One more than is kept, and then another configuration.
    file(f, "203.0.113.9", "203.0.113.9");
    wait_for(f, 3);
    assert_int_equal(file(f, "203.0.113.9", "203.0.113.9"), 0);
    assert_int_equal(file(f, "203.0.113.8", "203.0.113.8"), 0);
    assert_int_equal(file(f, "203.0.113.7", "203.0.113.7"), APPEALS_E_WAITING);
    wait_for(f, 4);
    appeals_forget(f->appeals);
    assert_int_equal(file(f, "203.0.113.9", "203.0.113.9"), APPEALS_E_WAITING);
    wait_for(f, 5);
    read_file(f, "told", told);
    assert_int_equal(strlen(told), 5 * strlen("203.0.113.7\n"));
}

// What fails is no answer to keep, and without a time none is kept at all.
static void test_not_cached(void **state)
{
    struct fixture *f = *state;

    f->conf.ignorecache_count = 10;
    f->conf.ignorecache_time = 3600 * USEC_PER_SEC;
    set_command(f, "exit 2");
    file(f, "203.0.113.7", "203.0.113.7");
    wait_for(f, 1);
    assert_int_equal(file(f, "203.0.113.7", "203.0.113.7"), APPEALS_E_WAITING);
    wait_for(f, 2);
    f->conf.ignorecache_time = 0;
    set_command(f, "exit 0");
    file(f, "203.0.113.7", "203.0.113.7");
    wait_for(f, 3);
    assert_int_equal(file(f, "203.0.113.7", "203.0.113.7"), APPEALS_E_WAITING);
}

// So many at once, so many waiting; the rest is banned at once, and in the end all are.
static void test_bounds(void **state)
{
    struct fixture *f = *state;
    char addr[32], path[128];
    int gate;

    snprintf(path, sizeof(path), "%s/gate", f->dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    gate = open(path, O_RDWR | O_CLOEXEC);
    set_command(f, "read x <$DIR/gate");
    for (unsigned i = 0; i < APPEALS_MAX + 3; i++) {
        snprintf(addr, sizeof(addr), "10.0.%u.%u", i / 256, i % 256);
        assert_int_equal(file(f, addr, addr), i < APPEALS_MAX ? APPEALS_E_WAITING : 0);
    }
    assert_int_equal(f->banned + f->spared, 0);
    assert_int_equal(write(gate, "\n", 1), 1);
    wait_for(f, 1);
    assert_int_equal(file(f, "10.1.1.1", "10.1.1.1"), APPEALS_E_WAITING);
    appeals_free(f->appeals);
    assert_int_equal(f->spared, 1);
    assert_int_equal(f->banned, APPEALS_MAX);
    assert_int_equal(appeals_new(f->event, f->ledger, on_decided, f, &f->appeals), 0);
    close(gate);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cannot_run, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_block, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_twice, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cache, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_cached, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bounds, set_up, tear_down),
    };

    log_open("test-appeals", LEVEL_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
