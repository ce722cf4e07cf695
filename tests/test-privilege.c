// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/privilege.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { RIGHT, NOT_DROPPED, DUMPABLE, PRIVILEGED };

static int drop(void)
{
    const struct privilege self = {getuid(), getgid()};

    if (privilege_drop(&self) != 0)
        return NOT_DROPPED;
    if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
        return DUMPABLE;
    return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? RIGHT : PRIVILEGED;
}

// In a child, which alone loses them.
static void test_drop(void **state)
{
    int status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0)
        _exit(drop());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), RIGHT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_drop)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
