// SPDX-License-Identifier: GPL-2.0-or-later
// tailban-enforce: keeps tailband's bans in the kernel. It has CAP_NET_ADMIN, and reads nothing but
// fixed-size records from one socket.
#include "base/log.h"
#include "base/turn.h"
#include "enforce/enforcer.h"
#include "enforce/firewall.h"
#include "enforce/privilege.h"
#include "enforce/service.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

struct options {
    const char *socket;
    int fd; // -1: none
    bool clear;
};

static const char help[] =
    "Usage: tailban-enforce [--fd N | --socket PATH]\n"
    "       tailban-enforce --clear\n"
    "\n"
    "Keeps tailband's bans in nftables sets, in table inet tailban. tailband starts it, or "
    "systemd\n"
    "does when tailband connects (tailban-enforce.socket). It needs CAP_NET_ADMIN and gives up\n"
    "every other capability. When it ends, the bans stay in force until they expire.\n"
    "\n"
    "  --fd N         tailband is, or connects to, this inherited SOCK_SEQPACKET socket\n"
    "  --socket PATH  wait for tailband on a socket here, for its folder's owner only\n"
    "  --clear        remove the table with all bans and exit\n"
    "  --help         show this text\n"
    "  --version      show the version\n";

static int parse_fd(const char *text, int *ret)
{
    char *end;
    long fd;

    errno = 0;
    fd = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || fd < 0 || fd > 1 << 20)
        return -EINVAL;
    *ret = (int)fd;
    return 0;
}

static int usage(const char *what)
{
    fprintf(stderr, "tailban-enforce: %s (--help shows how)\n", what);
    return EXIT_USAGE;
}

// -1: go on; else the exit status.
static int parse_options(int argc, char **argv, struct options *ret)
{
    static const struct option names[] = {
        {"fd", required_argument, NULL, 'f'}, {"socket", required_argument, NULL, 's'},
        {"clear", no_argument, NULL, 'c'},    {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},  {NULL, 0, NULL, 0},
    };
    int c;

    *ret = (struct options){.fd = -1};
    while ((c = getopt_long(argc, argv, "h", names, NULL)) != -1) {
        if (c == 'h')
            return fputs(help, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        if (c == 'V')
            return puts("tailban-enforce " TAILBAN_VERSION) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        if (c == 'c')
            ret->clear = true;
        else if (c == 's')
            ret->socket = optarg;
        else if (c != 'f')
            return EXIT_USAGE; // getopt has said what is wrong
        else if (parse_fd(optarg, &ret->fd) < 0)
            return usage("--fd wants the number of a descriptor");
    }
    if (optind < argc)
        return usage("there are no arguments besides options");
    if ((ret->fd >= 0) + (ret->socket != NULL) + ret->clear > 1)
        return usage("--fd, --socket and --clear exclude each other");
    return -1;
}

// A socket that nobody listens on is left over from a process that died.
static void remove_stale(int fd, const struct sockaddr_un *at)
{
    struct stat st;

    if (lstat(at->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
        connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 && errno == ECONNREFUSED)
        unlink(at->sun_path);
}

// The folder's owner, where root asks: tailband is not root, and has made the folder its own.
static uid_t owner_of(const char *path)
{
    char folder[sizeof(((struct sockaddr_un *)0)->sun_path)] = ".";
    const char *slash = strrchr(path, '/');
    struct stat st;

    if (slash)
        snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path + 1), path);
    return geteuid() == 0 && stat(folder, &st) == 0 ? st.st_uid : geteuid();
}

// Made as its owner, so that nothing can be slipped under a chown(2).
static int bind_as(uid_t owner, int fd, const struct sockaddr_un *at)
{
    uid_t self = geteuid();
    int r = 0;

    if (owner != self && seteuid(owner) < 0)
        return -errno;
    remove_stale(fd, at);
    umask(0177);
    if (bind(fd, (const struct sockaddr *)at, sizeof(*at)) < 0 || listen(fd, 4) < 0)
        r = -errno;
    return owner != self && seteuid(self) < 0 ? -errno : r;
}

static int listen_at(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fd, r;

    if (strlen(path) >= sizeof(at.sun_path))
        return -ENAMETOOLONG;
    strcpy(at.sun_path, path);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    r = bind_as(owner_of(path), fd, &at);
    if (r < 0) {
        close(fd);
        return r;
    }
    return fd;
}

static int clear(void)
{
    struct firewall *f = NULL;
    int r = firewall_new(&f);

    if (r == 0)
        r = firewall_clear(f);
    firewall_free(f);
    return r;
}

static int serve(int fd)
{
    struct enforcer *e = NULL;
    int r = enforcer_new(fd, &e);

    // An order is carried out before tailband goes on on the same processor.
    turn_shorten();
    if (r == 0)
        r = enforcer_run(e);
    enforcer_free(e);
    return r;
}

static int fail(const char *what, int r)
{
    log_line(LEVEL_ERROR, "%s: %s", what, strerror(-r));
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct options o;
    int r = parse_options(argc, argv, &o), fd = -1;

    if (r >= 0)
        return r;
    log_open("tailban-enforce", LEVEL_INFO);
    if (!o.clear) {
        fd = o.fd >= 0 ? o.fd : o.socket ? listen_at(o.socket) : service_listen_fd();
        if (fd == -ENOENT && !o.socket)
            return usage("no socket: neither --fd, nor --socket, nor systemd's LISTEN_FDS");
        if (fd < 0)
            return fail(o.socket ? o.socket : "LISTEN_FDS", fd);
    }
    r = privilege_drop();
    if (r < 0)
        return fail("cannot keep CAP_NET_ADMIN and nothing else", r);
    r = o.clear ? clear() : serve(fd);
    return r < 0 ? fail(o.clear ? "cannot remove the table" : "cannot go on", r) : EXIT_SUCCESS;
}
