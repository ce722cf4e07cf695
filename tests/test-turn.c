// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/turn.h"

#include <errno.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shorten),
        cmocka_unit_test(test_another_policy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
