// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/service.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { FIRST_FD = 3 };

static bool number_of(const char *name, unsigned long long *ret)
{
    const char *text = getenv(name);
    char *end;

    if (!text || *text < '0' || *text > '9')
        return false;
    errno = 0;
    *ret = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

int service_listen_fd(void)
{
    unsigned long long pid, n;

    if (!number_of("LISTEN_PID", &pid) || pid != (unsigned long long)getpid() ||
        !number_of("LISTEN_FDS", &n) || n == 0)
        return -ENOENT;
    return n == 1 ? FIRST_FD : -EINVAL;
}

usec_t service_watchdog(void)
{
    unsigned long long pid, usec;

    if (!number_of("WATCHDOG_USEC", &usec) || usec == 0)
        return USEC_FOREVER;
    if (number_of("WATCHDOG_PID", &pid) && pid != (unsigned long long)getpid())
        return USEC_FOREVER;
    return usec / 2; // sd_watchdog_enabled(3): half the time
}

void service_notify(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    cleanup(closep) int fd = -1;
    size_t n = path ? strlen(path) : 0;

    if (n == 0 || n >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(to.sun_path, path, n);
    if (path[0] == '@')
        to.sun_path[0] = '\0'; // an abstract socket
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    sendto(fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT, (struct sockaddr *)&to,
           (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
}
