// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/turn.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct sched_attr attributes(void)
{
    struct sched_attr attr = {0};

    assert_int_equal(syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0), 0);
    return attr;
}

// In a child, so that a test does not change the next one: its exit status.
static int in_child(int (*fn)(void))
{
    int status;
    pid_t pid = fork();

    if (pid == 0)
        _exit(fn());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

enum { SHORT = 100000 };

enum { RIGHT, FAILED, LONGER, ANOTHER_SHARE, INHERITED };

static int inherit(void)
{
    struct sched_attr attr = {0};

    return syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) == 0 &&
                   !(attr.sched_flags & SCHED_FLAG_RESET_ON_FORK)
               ? (int)(attr.sched_runtime / SHORT)
               : -1;
}

static int shorten(void)
{
    struct sched_attr before = attributes(), after;

    if (turn_shorten() != 0)
        return FAILED;
    after = attributes();
    // Before Linux 6.12 nobody tells how long they are.
    if (before.sched_runtime > 0 && after.sched_runtime != SHORT)
        return LONGER;
    if (after.sched_nice != before.sched_nice || after.sched_policy != before.sched_policy)
        return ANOTHER_SHARE;
    return in_child(inherit) == (int)(before.sched_runtime / SHORT) ? RIGHT : INHERITED;
}

static void test_shorten(void **state)
{
    (void)state;
    assert_int_equal(in_child(shorten), RIGHT);
}

static int shorten_batch(void)
{
    struct sched_attr attr = {.size = sizeof(attr), .sched_policy = SCHED_BATCH};

    return syscall(SYS_sched_setattr, 0, &attr, 0) == 0 && turn_shorten() == -EINVAL ? RIGHT
                                                                                     : FAILED;
}

// What somebody has chosen for it stays.
static void test_another_policy(void **state)
{
    (void)state;
    assert_int_equal(in_child(shorten_batch), RIGHT);
}

// What an old kernel, or a service manager, says instead.
static bool refuse(unsigned number, unsigned error)
{
    struct sock_filter steps[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof(steps) / sizeof(*steps), steps};

    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

enum { NO_FILTER = INHERITED + 1, ANOTHER_ERROR };

static int shorten_refused(unsigned number, int error)
{
    if (!refuse(number, (unsigned)error))
        return NO_FILTER;
    return turn_shorten() == -error ? RIGHT : ANOTHER_ERROR;
}

static int without_getattr(void)
{
    return shorten_refused(SYS_sched_getattr, ENOSYS);
}

static int without_setattr(void)
{
    return shorten_refused(SYS_sched_setattr, ENOSYS);
}

static int with_other_attributes(void)
{
    return shorten_refused(SYS_sched_setattr, E2BIG);
}

static int without_leave(void)
{
    struct sched_attr before = attributes(), after;
    int r = shorten_refused(SYS_sched_setattr, EPERM);

    after = attributes();
    return r == RIGHT && after.sched_runtime != before.sched_runtime ? LONGER : r;
}

static void test_refused(void **state)
{
    static int (*const rows[])(void) = {without_getattr, without_setattr, with_other_attributes,
                                        without_leave};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        int r = in_child(rows[i]);
        if (r == NO_FILTER)
            skip();
        assert_int_equal(r, RIGHT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shorten),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_another_policy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
