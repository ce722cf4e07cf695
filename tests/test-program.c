// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cleanup.h"
#include "scan/program.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <systemd/sd-event.h>

#include <cmocka.h>

#define LONG  (60 * USEC_PER_SEC)
#define SHORT (USEC_PER_SEC / 20)

// What a shell finds: it ends with 0 where that is as it should be.
static const struct {
    const char *about, *script;
    usec_t timeout;
    struct program_end end;
} rows[] = {
    {"its status is told", "exit 3", LONG, {PROGRAM_EXITED, 3}},
    {"its input is all there", "test \"$(cat)\" = \"one\ntwo\"", LONG, {PROGRAM_EXITED, 0}},
    {"it need not read it", "exit 0", LONG, {PROGRAM_EXITED, 0}},
    {"its environment is what it was given",
     "test \"$(env | grep -c ^NAME=a.value$)\" = 1",
     LONG,
     {PROGRAM_EXITED, 0}},
    {"no descriptor but the three (and the one ls reads with)",
     "test \"$(ls /proc/self/fd | wc -l)\" = 4",
     LONG,
     {PROGRAM_EXITED, 0}},
    // glibc has two of its own, which are not among the first 28.
    {"no signal is blocked or ignored",
     "! grep -Eq '^Sig(Blk|Ign):.*[1-9a-f].{0,6}$' /proc/self/status",
     LONG,
     {PROGRAM_EXITED, 0}},
    {"it starts at the root", "test \"$(pwd)\" = /", LONG, {PROGRAM_EXITED, 0}},
    {"a signal ends it", "kill -TERM $$", LONG, {PROGRAM_DIED, SIGTERM}},
    {"time ends it", "sleep 60", SHORT, {PROGRAM_LATE, SIGKILL}},
    {"and its children", "sleep 60 & sleep 60; exit 0", SHORT, {PROGRAM_LATE, SIGKILL}},
};

static void on_end(void *user, const struct program_end *end)
{
    *(struct program_end *)user = *end;
}

static struct program_end run(sd_event *event, const char *script, usec_t timeout)
{
    char *const argument[] = {(char *)"/bin/sh", (char *)"-c", (char *)script, NULL};
    char *const environment[] = {(char *)"NAME=a value", (char *)"PATH=/usr/bin:/bin", NULL};
    struct program_setup setup = {argument, environment, slice_of("one\ntwo\n"), timeout};
    struct program_end end = {.code = -1};
    struct program *p;

    assert_int_equal(program_start(event, &setup, on_end, &end, &p), 0);
    while (end.code < 0)
        assert_true(sd_event_run(event, UINT64_MAX) >= 0);
    assert_null(program_free(p));
    return end;
}

static sd_event *open_event(void)
{
    sigset_t set;
    sd_event *event;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    assert_int_equal(sigprocmask(SIG_BLOCK, &set, NULL), 0);
    signal(SIGPIPE, SIG_IGN);
    assert_true(sd_event_new(&event) >= 0);
    return event;
}

static void test_rows(void **state)
{
    sd_event *event = open_event();
    int inherited = open("/dev/null", O_RDONLY); // not close-on-exec: the worst case

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct program_end end = run(event, rows[i].script, rows[i].timeout);
        if (end.how != rows[i].end.how || end.code != rows[i].end.code)
            fail_msg("%s: %d, %d", rows[i].about, end.how, end.code);
    }
    close(inherited);
    sd_event_unref(event);
}

// The group's id is written to a file; once the program has ended, nobody is left in the group but
// perhaps the dead.
static void test_leaves_nobody(void **state)
{
    char path[] = "/tmp/test-program.XXXXXX", script[128], line[256];
    int fd = mkstemp(path);
    cleanup(fclosep) FILE *f = fdopen(fd, "r");
    sd_event *event = open_event();
    long pid;

    (void)state;
    snprintf(script, sizeof(script), "sleep 60 & echo $! >%s", path);
    assert_int_equal(run(event, script, LONG).how, PROGRAM_EXITED);
    assert_int_equal(fscanf(f, "%ld", &pid), 1);
    snprintf(line, sizeof(line), "/proc/%ld/stat", pid);
    // A kill is on its way; its taking effect is not ours to wait for in the daemon.
    for (char sign = 'S'; sign == 'S' || sign == 'R';) {
        cleanup(fclosep) FILE *stat = fopen(line, "re");
        if (!stat || fscanf(stat, "%*d %*s %c", &sign) != 1)
            sign = 0;
    }
    unlink(path);
    sd_event_unref(event);
}

static void test_cannot_start(void **state)
{
    char *const argument[] = {(char *)"/nonexistent", NULL}, *const environment[] = {NULL};
    struct program_setup setup = {argument, environment, {NULL, 0}, LONG};
    sd_event *event = open_event();
    struct program *p = NULL;

    (void)state;
    assert_int_equal(program_start(event, &setup, on_end, NULL, &p), -ENOENT);
    assert_null(p);
    sd_event_unref(event);
}

static void test_free_kills(void **state)
{
    char *const argument[] = {(char *)"/bin/sleep", (char *)"60", NULL};
    char *const environment[] = {NULL};
    struct program_setup setup = {argument, environment, {NULL, 0}, LONG};
    sd_event *event = open_event();
    struct program *p;

    (void)state;
    assert_int_equal(program_start(event, &setup, on_end, NULL, &p), 0);
    assert_null(program_free(p)); // it waits for the end that it brings about
    assert_null(program_free(NULL));
    sd_event_unref(event);
}

static void test_describe(void **state)
{
    static const struct {
        struct program_end end;
        const char *text;
    } ends[] = {{{PROGRAM_EXITED, 1}, "ended with exit status 1"},
                {{PROGRAM_DIED, SIGSEGV}, "was killed by signal 11"},
                {{PROGRAM_LATE, SIGKILL}, "was killed: its time was up"}};
    char text[PROGRAM_END_MAX];

    (void)state;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        program_describe(&ends[i].end, text);
        assert_string_equal(text, ends[i].text);
    }
}

static void test_inherits(void **state)
{
    (void)state;
    assert_true(program_inherits("PATH=/bin"));
    assert_true(program_inherits("WEBHOOK_SECRET=x"));
    assert_false(program_inherits("NOTIFY_SOCKET=/run/x"));
    assert_false(program_inherits("LISTEN_FDS=2"));
    assert_false(program_inherits("WATCHDOG_USEC=1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),         cmocka_unit_test(test_leaves_nobody),
        cmocka_unit_test(test_cannot_start), cmocka_unit_test(test_free_kills),
        cmocka_unit_test(test_describe),     cmocka_unit_test(test_inherits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
