// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>

enum {
    BUFFER = 1024 * 1024,
    ANSWER_MAX = 16 * 1024,
};

struct netlink {
    struct mnl_socket *socket;
    uint32_t commits; // of ours
};

void netlink_enlarge(int fd, int which, int bytes)
{
    int force = which == SO_SNDBUF ? SO_SNDBUFFORCE : SO_RCVBUFFORCE;

    // Forcing needs CAP_NET_ADMIN of the initial user namespace.
    if (setsockopt(fd, SOL_SOCKET, force, &bytes, sizeof(bytes)) < 0)
        setsockopt(fd, SOL_SOCKET, which, &bytes, sizeof(bytes));
}

// Error answers echo the message that failed, and large ones would overrun the receive buffer.
static int cap_answers(struct netlink *n)
{
    int on = 1;

    return mnl_socket_setsockopt(n->socket, NETLINK_CAP_ACK, &on, sizeof(on)) < 0 ? -errno : 0;
}

static int open_socket(struct netlink *n)
{
    int fd;

    n->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
    if (!n->socket || mnl_socket_bind(n->socket, 0, MNL_SOCKET_AUTOPID) < 0)
        return -errno;
    fd = mnl_socket_get_fd(n->socket);
    netlink_enlarge(fd, SO_SNDBUF, BUFFER);
    netlink_enlarge(fd, SO_RCVBUF, BUFFER);
    return cap_answers(n);
}

int netlink_new(struct netlink **ret)
{
    struct netlink *n = calloc(1, sizeof(*n));
    int r;

    if (!n)
        return -ENOMEM;
    r = open_socket(n);
    if (r < 0) {
        netlink_free(n);
        return r;
    }
    *ret = n;
    return 0;
}

struct netlink *netlink_free(struct netlink *n)
{
    if (n && n->socket)
        mnl_socket_close(n->socket);
    free(n);
    return NULL;
}

uint32_t netlink_portid(const struct netlink *n)
{
    return mnl_socket_get_portid(n->socket);
}

// The first error among the answers of one datagram; *acked: the last message was acknowledged.
static int read_answers(const char *data, size_t size, bool *acked)
{
    int left = (int)size, r = 0;

    for (const struct nlmsghdr *h = (const struct nlmsghdr *)data; mnl_nlmsg_ok(h, left);
         h = mnl_nlmsg_next(h, &left)) {
        const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);
        if (h->nlmsg_type != NLMSG_ERROR || mnl_nlmsg_get_payload_len(h) < sizeof(*e))
            continue;
        if (e->error == 0)
            *acked = true;
        else if (r == 0)
            r = e->error;
    }
    return r;
}

// The kernel answers before send() returns, so what is there is all there is.
static int receive(struct netlink *n)
{
    char data[ANSWER_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
    bool acked = false, more = true;
    int r = 0;

    while (more) {
        ssize_t size = recv(mnl_socket_get_fd(n->socket), data, sizeof(data), MSG_DONTWAIT);
        int answer = size < 0 ? -errno : read_answers(data, (size_t)size, &acked);
        // -ENOBUFS: more errors than the buffer held. Success is one answer and always fits.
        more = size >= 0 || answer == -ENOBUFS || answer == -EINTR;
        if (r == 0 && answer != -EINTR && answer != -EAGAIN)
            r = answer;
    }
    return r == 0 && !acked ? -EIO : r;
}

int netlink_commit(struct netlink *n, struct batch *b)
{
    ssize_t sent;
    int r = batch_end(b);

    if (r < 0 || b->messages == 0)
        return r;
    do
        sent = mnl_socket_sendto(n->socket, b->data, b->n);
    while (sent < 0 && errno == EINTR);
    r = sent < 0 ? -errno : receive(n);
    if (r == 0)
        n->commits++;
    return r;
}

static int on_generation(const struct nlattr *attr, void *user)
{
    uint32_t *ret = user;

    if (mnl_attr_get_type(attr) == NFTA_GEN_ID && mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
        *ret = ntohl(mnl_attr_get_u32(attr));
    return MNL_CB_OK;
}

static int on_answer(const struct nlmsghdr *h, void *user)
{
    return mnl_attr_parse(h, sizeof(struct nfgenmsg), on_generation, user);
}

int netlink_others(struct netlink *n, uint32_t *ret)
{
    char data[ANSWER_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
    struct nlmsghdr *h = mnl_nlmsg_put_header(data);
    uint32_t generation = 0;
    ssize_t size;

    h->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN;
    h->nlmsg_flags = NLM_F_REQUEST;
    mnl_nlmsg_put_extra_header(h, sizeof(struct nfgenmsg));
    if (mnl_socket_sendto(n->socket, h, h->nlmsg_len) < 0)
        return -errno;
    size = recv(mnl_socket_get_fd(n->socket), data, sizeof(data), MSG_DONTWAIT);
    if (size < 0 || mnl_cb_run(data, (size_t)size, 0, 0, on_answer, &generation) < 0)
        return -errno;
    *ret = generation - n->commits;
    return 0;
}
