// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/keeper.h"

#include "base/cleanup.h"
#include "scan/enforcer.h"
#include "scan/privilege.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

// A message of one byte, with room for a descriptor.
struct parcel {
    char byte;
    struct iovec iov;
    struct msghdr head;
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
};

static void wrap(struct parcel *p)
{
    memset(p, 0, sizeof(*p));
    p->iov = (struct iovec){&p->byte, 1};
    p->head = (struct msghdr){.msg_iov = &p->iov, .msg_iovlen = 1};
    p->head.msg_control = p->control;
    p->head.msg_controllen = sizeof(p->control);
}

// Without a descriptor (-1) where there is none to give.
static int give(int fd, int enforcer)
{
    struct parcel p;
    struct cmsghdr *c;

    wrap(&p);
    c = CMSG_FIRSTHDR(&p.head);
    *c = (struct cmsghdr){CMSG_LEN(sizeof(enforcer)), SOL_SOCKET, SCM_RIGHTS};
    memcpy(CMSG_DATA(c), &enforcer, sizeof(enforcer));
    if (enforcer < 0)
        p.head.msg_controllen = 0;
    return sendmsg(fd, &p.head, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void end(pid_t pid)
{
    if (pid <= 0)
        return;
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void keep(int fd)
{
    pid_t pid = 0;
    char byte;
    int r = 0;

    while (r == 0 && recv(fd, &byte, 1, 0) == 1) {
        cleanup(closep) int enforcer = -1;
        end(pid);
        pid = 0;
        if (enforcer_start(&enforcer, &pid) < 0)
            enforcer = -1;
        r = give(fd, enforcer);
    }
    // It has lost its connection, too, and ends in order; if it does not, by force.
    if (pid > 0 && enforcer_wait(pid) < 0)
        end(pid);
}

int keeper_start(int *ret_fd, pid_t *ret_pid)
{
    int pair[2], r;
    pid_t pid;

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    pid = fork();
    r = -errno;
    if (pid == 0) {
        close(pair[0]);
        if (privilege_keep_net_admin() == 0)
            keep(pair[1]);
        _exit(EXIT_SUCCESS);
    }
    close(pair[1]);
    if (pid < 0) {
        close(pair[0]);
        return r;
    }
    *ret_fd = pair[0];
    *ret_pid = pid;
    return 0;
}

int keeper_ask(int fd)
{
    return send(fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int keeper_take(int fd, int *ret)
{
    struct parcel p;
    const struct cmsghdr *c;
    ssize_t n;

    wrap(&p);
    n = recvmsg(fd, &p.head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (n < 0)
        return errno == EINTR ? -EAGAIN : -errno;
    if (n == 0)
        return -ECONNRESET;
    c = CMSG_FIRSTHDR(&p.head);
    if (!c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(*ret)))
        return -EIO;
    memcpy(ret, CMSG_DATA(c), sizeof(*ret));
    return 0;
}
