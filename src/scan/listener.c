// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/listener.h"

#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

enum { BACKLOG = 64 };

static int path_of(const char *run, struct sockaddr_un *ret)
{
    int n;

    ret->sun_family = AF_UNIX;
    n = snprintf(ret->sun_path, sizeof(ret->sun_path), "%s/control.sock", run);
    return n < 0 || (size_t)n >= sizeof(ret->sun_path) ? -ENAMETOOLONG : 0;
}

static int inherit(int *ret_fd)
{
    int n = sd_listen_fds(1);

    for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + n; fd++) {
        if (sd_is_socket(fd, AF_UNIX, SOCK_SEQPACKET, 1) > 0) {
            *ret_fd = fd;
            return 1;
        }
    }
    return n < 0 ? n : 0;
}

// Nobody answers at a socket that was left behind.
static int remove_stale(int fd, const struct sockaddr_un *at)
{
    if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) == 0 || errno == EAGAIN)
        return -EADDRINUSE;
    if (errno == ENOENT)
        return 0;
    if (errno != ECONNREFUSED)
        return -errno;
    return unlink(at->sun_path) < 0 ? -errno : 0;
}

static int bind_own(const struct sockaddr_un *at, int *ret_fd)
{
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), r;

    if (fd < 0)
        return -errno;
    r = remove_stale(fd, at);
    if (r == 0 && bind(fd, (const struct sockaddr *)at, sizeof(*at)) < 0)
        r = -errno;
    if (r == 0 && (chmod(at->sun_path, 0660) < 0 || listen(fd, BACKLOG) < 0))
        r = -errno;
    if (r < 0) {
        close(fd);
        return r;
    }
    *ret_fd = fd;
    return 0;
}

int listener_open(const char *run, int *ret_fd, bool *ret_bound)
{
    struct sockaddr_un at = {0};
    int r = inherit(ret_fd);

    if (r > 0)
        return 0;
    if (r == 0)
        r = path_of(run, &at);
    if (r == 0)
        r = bind_own(&at, ret_fd);
    if (r == -EADDRINUSE)
        log_line(LEVEL_ERROR, "%s is in use: another tailband runs on %s", at.sun_path, run);
    else if (r < 0)
        log_line(LEVEL_ERROR, "%s/control.sock cannot be opened: %s", run, strerror(-r));
    *ret_bound = r == 0;
    return r;
}

void listener_remove(const char *run)
{
    struct sockaddr_un at = {0};

    if (path_of(run, &at) == 0)
        unlink(at.sun_path);
}
