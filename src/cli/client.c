// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/client.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

// Why a connection fails, and what to do about it.
static const struct {
    int error;
    const char *what, *advice;
} troubles[] = {
    {ENOENT, "tailband is not running here",
     "'systemctl start tailband' starts it; --run DIR names another run directory"},
    {ECONNREFUSED, "tailband is not running any more",
     "'journalctl -u tailband' says why; 'systemctl start tailband' starts it"},
    {EACCES, "this is for root and the group tailban",
     "'sudo tailban ...', or 'adduser NAME tailban' and log in again"},
    {ENAMETOOLONG, "the path of a socket has at most 107 bytes", "choose a shorter --run DIR"},
};

static int fail_connect(const char *path, int error)
{
    for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
        if (troubles[i].error == error) {
            command_fail("%s (%s: %s)", troubles[i].what, path, strerror(error));
            command_fail("%s", troubles[i].advice);
            return -error;
        }
    }
    command_fail("%s: %s", path, strerror(error));
    return -error;
}

int client_open(const struct arguments *a, struct client *c)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int n = snprintf(address.sun_path, sizeof(address.sun_path), "%s/control.sock", a->run);
    int fd, error;

    if (n < 0 || (size_t)n >= sizeof(address.sun_path))
        return fail_connect(a->run, ENAMETOOLONG);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
        error = errno;
        if (fd >= 0)
            close(fd);
        return fail_connect(address.sun_path, error);
    }
    c->fd = fd;
    c->rest = (struct slice){0};
    control_start(&c->request);
    return 0;
}

void client_done(struct client *c)
{
    close(c->fd);
}

int client_send(struct client *c)
{
    ssize_t n;

    do
        n = send(c->fd, c->request.bytes, c->request.n, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    control_start(&c->request);
    if (n >= 0)
        return 0;
    n = -errno;
    command_fail("tailband cannot be reached: %s", strerror(errno));
    return (int)n;
}

static int fail_receive(ssize_t n)
{
    int error = n < 0 ? errno : ECONNRESET;

    if (n == 0)
        command_fail("tailband closed the connection");
    else
        command_fail("tailband cannot be heard: %s", strerror(error));
    return -error;
}

// After an upgrade the daemon of before still runs; or another tailban is called than it is of.
static void fail_version(uint32_t theirs)
{
    bool is_older = theirs < CONTROL_VERSION;

    command_fail("tailband is %s than this tailban (it speaks version %u, this one %u)",
                 is_older ? "older" : "newer", theirs, CONTROL_VERSION);
    command_fail("%s", is_older ? "'systemctl restart tailband' starts the one that belongs to it"
                                : "'type -a tailban' shows which ones there are");
}

static int receive(struct client *c)
{
    ssize_t n;
    int r;

    do
        n = recv(c->fd, c->reply.bytes, sizeof(c->reply.bytes), 0);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return fail_receive(n);
    c->rest = (struct slice){(const char *)c->reply.bytes, (size_t)n};
    r = control_open(&c->rest);
    if (r == -EPROTONOSUPPORT)
        fail_version(control_version(c->rest));
    else if (r < 0)
        command_fail("tailband sent what is no reply");
    return r;
}

// The next record of the reply; it is valid until the next call.
static int next(struct client *c, struct control *ret)
{
    int r = control_get(&c->rest, ret);

    while (r == 0) {
        r = receive(c);
        if (r < 0)
            return r;
        r = control_get(&c->rest, ret);
    }
    if (r == CONTROL_E_RECORD)
        return 0;
    command_fail("tailband sent what is no reply");
    return r;
}

static int finish(const struct control_done *done, bool refused)
{
    if (done->error == 0)
        return refused ? COMMAND_NOT : COMMAND_DONE;
    if (done->text.n > 0)
        return command_fail("%.*s", (int)done->text.n, done->text.p);
    return command_fail("%s", strerror((int)done->error));
}

int client_replies(struct client *c, record_fn *fn, void *user, struct control_done *ret_done)
{
    struct control record;
    bool refused = false;

    for (;;) {
        if (next(c, &record) < 0)
            return COMMAND_NOT;
        if (record.type == CONTROL_IS_DONE)
            break;
        refused = refused || record.type == CONTROL_IS_REFUSED;
        if (fn(user, &record) < 0)
            return COMMAND_NOT;
    }
    if (ret_done)
        *ret_done = record.done;
    return finish(&record.done, refused);
}

int client_call(const struct arguments *a, const struct control *request, record_fn *fn, void *user,
                struct control_done *ret_done)
{
    struct client c;
    int code = COMMAND_NOT;

    if (client_open(a, &c) < 0)
        return code;
    if (control_put(&c.request, request) == 0 && client_send(&c) == 0)
        code = client_replies(&c, fn, user, ret_done);
    client_done(&c);
    return code;
}

int client_net(const char *text, struct addr *ret)
{
    if (addr_parse(slice_of(text), ret) == 0)
        return 0;
    command_misused("'%s' is no address: write 203.0.113.7, 203.0.113.0/24, 2001:db8::1 or "
                    "2001:db8::/56",
                    text);
    return -EINVAL;
}

int client_jail(const char *name, struct slice *ret)
{
    *ret = name ? slice_of(name) : (struct slice){0};
    if (control_name_valid(*ret))
        return 0;
    command_misused("'%s' is no jail's name ('tailban status' lists the jails)", name);
    return -EINVAL;
}
