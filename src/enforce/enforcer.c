// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/enforcer.h"

#include "base/cleanup.h"
#include "base/log.h"
#include "enforce/own.h"
#include "enforce/peer.h"
#include "enforce/service.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <time.h>

// Two programs that each own the table would otherwise repair it against each other without pause.
#define FLUSHED_INTERVAL (USEC_PER_SEC / 2)

// The enforcer before us may be about to end.
enum { CLAIM_TRIES = 200, CLAIM_PAUSE_MS = 10 };

enum { ON_SIGNAL, ON_FIREWALL, ON_OWN, ON_PEER, N_POLL };

struct enforcer {
    int listen_fd; // -1: the peer was given to us, and there will be no other
    int signal_fd;
    struct firewall *firewall;
    struct own *own;
    struct peer *peer; // NULL: none is connected; the next one waits in the socket's queue
    bool own_due;
    bool ended;
    usec_t flushed_next; // not before then
    usec_t watchdog, watchdog_next;
};

static usec_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (usec_t)t.tv_sec * USEC_PER_SEC + (usec_t)t.tv_nsec / 1000;
}

static int welcome(struct enforcer *e, int fd)
{
    int r = peer_new(fd, e->firewall, &e->peer);

    if (r < 0) {
        close(fd);
        return r;
    }
    e->own_due = true;
    log_line(LEVEL_INFO, "tailband is connected");
    return 0;
}

static int socket_option(int fd, int option, int *ret)
{
    return getsockopt(fd, SOL_SOCKET, option, ret, &(socklen_t){sizeof(*ret)}) < 0 ? -errno : 0;
}

// Whether the socket we were given listens, or is the peer itself.
static int take_socket(struct enforcer *e)
{
    int fd = e->listen_fd, domain, type, listens;

    if (socket_option(fd, SO_DOMAIN, &domain) < 0 || socket_option(fd, SO_TYPE, &type) < 0 ||
        socket_option(fd, SO_ACCEPTCONN, &listens) < 0 || domain != AF_UNIX ||
        type != SOCK_SEQPACKET)
        return -EINVAL;
    if (listens)
        return 0;
    e->listen_fd = -1;
    return welcome(e, fd);
}

static int open_signals(int *ret)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    *ret = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return *ret < 0 ? -errno : 0;
}

static int claim(struct enforcer *e)
{
    int r = firewall_claim(e->firewall);

    for (int i = 0; i < CLAIM_TRIES && r == -EBUSY; i++) {
        poll(NULL, 0, CLAIM_PAUSE_MS);
        r = firewall_claim(e->firewall);
    }
    if (r == -EBUSY)
        log_line(LEVEL_ERROR, "another tailban-enforce works in this network namespace, as table "
                              "inet tailban-claim shows");
    return r;
}

int enforcer_new(int fd, struct enforcer **ret)
{
    struct enforcer *e = calloc(1, sizeof(*e));
    int r;

    if (!e) {
        close(fd);
        return -ENOMEM;
    }
    e->listen_fd = fd;
    e->signal_fd = -1;
    e->watchdog = service_watchdog();
    r = open_signals(&e->signal_fd);
    if (r == 0)
        r = firewall_new(&e->firewall);
    if (r == 0)
        r = claim(e);
    if (r == 0)
        r = own_new(&e->own);
    if (r == 0)
        r = take_socket(e);
    if (r < 0) {
        enforcer_free(e);
        return r;
    }
    *ret = e;
    return 0;
}

struct enforcer *enforcer_free(struct enforcer *e)
{
    if (e) {
        peer_free(e->peer);
        own_free(e->own);
        firewall_free(e->firewall);
        closep(&e->signal_fd);
        closep(&e->listen_fd);
    }
    free(e);
    return NULL;
}

static int on_signal(struct enforcer *e)
{
    e->ended = true;
    return 0;
}

static int on_firewall(struct enforcer *e)
{
    return firewall_hear(e->firewall);
}

static int on_own(struct enforcer *e)
{
    int r = own_update(e->own);

    if (r == OWN_E_CHANGED)
        e->own_due = true;
    return r < 0 ? r : 0;
}

static void part(struct enforcer *e)
{
    e->peer = peer_free(e->peer);
    if (e->listen_fd < 0)
        e->ended = true;
}

static int on_peer(struct enforcer *e)
{
    static const char *const outcomes[] = {
        [PEER_E_GONE] = "tailband has closed the connection; the bans stay",
        [PEER_E_INSTALLED] = "tailband's whole state is in force",
        [PEER_E_CLEARED] = "the table is removed",
    };
    int r;

    if (!e->peer) {
        int fd = accept4(e->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        return fd < 0 ? (errno == EAGAIN || errno == ECONNABORTED ? 0 : -errno) : welcome(e, fd);
    }
    r = peer_dispatch(e->peer);
    if (r > 0)
        log_line(LEVEL_INFO, "%s", outcomes[r]);
    else if (r < 0)
        log_line(LEVEL_ERROR, "tailband is disconnected: %s",
                 r == -EPROTO ? "it broke the protocol" : strerror(-r));
    if (r < 0 || r == PEER_E_GONE)
        part(e);
    return 0;
}

static void tell(struct enforcer *e, usec_t time)
{
    const struct addr *own;
    size_t n;

    if (time >= e->flushed_next && firewall_take_change(e->firewall)) {
        log_line(LEVEL_WARNING, "somebody else has changed table inet tailban%s",
                 e->peer ? ": asking tailband for the whole state" : "");
        e->flushed_next = time + FLUSHED_INTERVAL;
        if (e->peer)
            peer_tell_flushed(e->peer);
    }
    if (e->peer && e->own_due) {
        n = own_list(e->own, &own);
        e->own_due = peer_tell_own(e->peer, own, n) < 0;
    }
    if (time >= e->watchdog_next && e->watchdog != USEC_FOREVER) {
        service_notify("WATCHDOG=1");
        e->watchdog_next = time + e->watchdog;
    }
}

// poll(2)'s milliseconds until the next thing that is due by the clock.
static int patience(const struct enforcer *e, usec_t time)
{
    usec_t next = e->watchdog == USEC_FOREVER ? USEC_FOREVER : e->watchdog_next;

    if (e->flushed_next > time && e->flushed_next < next)
        next = e->flushed_next;
    if (next == USEC_FOREVER)
        return -1;
    return next > time ? (int)((next - time + 999) / 1000) : 0;
}

static int serve(struct enforcer *e)
{
    static int (*const handlers[N_POLL])(struct enforcer *) = {
        [ON_SIGNAL] = on_signal,
        [ON_FIREWALL] = on_firewall,
        [ON_OWN] = on_own,
        [ON_PEER] = on_peer,
    };
    struct pollfd fds[N_POLL] = {
        [ON_SIGNAL] = {e->signal_fd, POLLIN, 0},
        [ON_FIREWALL] = {firewall_fd(e->firewall), POLLIN, 0},
        [ON_OWN] = {own_fd(e->own), POLLIN, 0},
        [ON_PEER] = {e->peer ? peer_fd(e->peer) : e->listen_fd,
                     e->peer ? peer_events(e->peer) : POLLIN, 0},
    };
    int r = 0;

    if (poll(fds, N_POLL, patience(e, now())) < 0)
        return errno == EINTR ? 0 : -errno;
    for (size_t i = 0; i < N_POLL && r == 0; i++) {
        if (fds[i].revents)
            r = handlers[i](e);
    }
    return r;
}

int enforcer_run(struct enforcer *e)
{
    int r = 0;

    service_notify("READY=1");
    while (r == 0 && !e->ended) {
        tell(e, now());
        r = serve(e);
    }
    service_notify("STOPPING=1");
    return r;
}
