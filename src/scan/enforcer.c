// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/enforcer.h"

#include "base/cleanup.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#define PROGRAM "tailban-enforce"

enum { CHILD_FD = 3, WAIT_MS = 2000 };

// What is meant for the parent alone.
static const char *const foreign[] = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID",
                                      "LISTEN_FDS",    "LISTEN_PID",    "LISTEN_FDNAMES"};

static void run_child(int fd, const char *path)
{
    char *const argv[] = {(char *)PROGRAM, (char *)"--fd", (char *)"3", NULL};
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        unsetenv(foreign[i]);
    if (fd == CHILD_FD ? fcntl(fd, F_SETFD, 0) < 0 : dup2(fd, CHILD_FD) < 0)
        _exit(127);
    execv(path, argv);
    if (errno == ENOENT)
        execvp(PROGRAM, argv);
    log_line(LEVEL_ERROR, "%s cannot be started: %s", PROGRAM, strerror(errno));
    _exit(127);
}

int enforcer_connect(const char *path, int *ret_fd)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd, r;

    if (strlen(path) >= sizeof(at.sun_path))
        return -ENAMETOOLONG;
    strcpy(at.sun_path, path);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)&at, sizeof(at)) < 0) {
        r = errno == ECONNREFUSED ? -ENOENT : -errno; // a socket that was left behind
        close(fd);
        return r;
    }
    *ret_fd = fd;
    return 0;
}

// PROGRAM in the folder of this one; "" where that cannot be told: what lies in the working folder
// may be anybody's.
static void own_folder(char ret[static PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", ret, PATH_MAX - sizeof(PROGRAM));
    char *slash;

    ret[n < 0 ? 0 : n] = '\0';
    slash = strrchr(ret, '/');
    if (slash)
        strcpy(slash + 1, PROGRAM);
    else
        ret[0] = '\0';
}

int enforcer_start(int *ret_fd, pid_t *ret_pid)
{
    char path[PATH_MAX];
    int pair[2], r;
    pid_t pid;

    own_folder(path);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    fcntl(pair[0], F_SETFL, O_NONBLOCK);
    pid = fork();
    r = -errno;
    if (pid == 0)
        run_child(pair[1], path);
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return r;
    }
    *ret_fd = pair[0];
    *ret_pid = pid;
    return 0;
}

int enforcer_wait(pid_t pid)
{
    cleanup(closep) int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd p = {.fd = fd, .events = POLLIN};

    if (fd < 0 || poll(&p, 1, WAIT_MS) != 1)
        return -ETIMEDOUT;
    waitpid(pid, NULL, WNOHANG);
    return 0;
}
