// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/own.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

enum { DATAGRAM_MAX = 32 * 1024, DUMP_TRIES = 5, KERNEL_MAX = 8 * OWN_MAX };

struct own {
    struct mnl_socket *socket; // for notifications
    struct addr *addr, *before;
    size_t n;
    char data[DATAGRAM_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
};

static int open_socket(unsigned groups, struct mnl_socket **ret)
{
    struct mnl_socket *s = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);

    if (!s)
        return -errno;
    if (mnl_socket_bind(s, groups, MNL_SOCKET_AUTOPID) < 0) {
        int r = -errno;
        mnl_socket_close(s);
        return r;
    }
    *ret = s;
    return 0;
}

// IFA_LOCAL is ours and IFA_ADDRESS the peer's on a point-to-point link; IPv6 often has no
// IFA_LOCAL, and IFA_ADDRESS is ours then.
static const struct nlattr *address_of(const struct nlmsghdr *h)
{
    const struct nlattr *attr, *found = NULL;

    mnl_attr_for_each(attr, h, sizeof(struct ifaddrmsg))
    {
        if (mnl_attr_get_type(attr) == IFA_LOCAL)
            return attr;
        if (mnl_attr_get_type(attr) == IFA_ADDRESS)
            found = attr;
    }
    return found;
}

static int take(const struct nlmsghdr *h, void *user)
{
    struct own *o = user;
    const struct nlattr *attr;
    struct addr a = {.len = 128};

    if (h->nlmsg_flags & NLM_F_DUMP_INTR) {
        errno = EINTR;
        return MNL_CB_ERROR;
    }
    if (h->nlmsg_type != RTM_NEWADDR || o->n == KERNEL_MAX)
        return MNL_CB_OK;
    attr = address_of(h);
    if (!attr || (mnl_attr_get_payload_len(attr) != 4 && mnl_attr_get_payload_len(attr) != 16))
        return MNL_CB_OK;
    if (mnl_attr_get_payload_len(attr) == 4)
        a.b[10] = a.b[11] = 0xff;
    memcpy(a.b + 16 - mnl_attr_get_payload_len(attr), mnl_attr_get_payload(attr),
           mnl_attr_get_payload_len(attr));
    o->addr[o->n++] = a;
    return MNL_CB_OK;
}

static int dump_on(struct own *o, struct mnl_socket *s)
{
    char request[MNL_ALIGN(sizeof(struct nlmsghdr)) + MNL_ALIGN(sizeof(struct ifaddrmsg))]
        __attribute__((aligned(NLMSG_ALIGNTO)));
    struct nlmsghdr *h = mnl_nlmsg_put_header(request);
    int r;

    h->nlmsg_type = RTM_GETADDR;
    h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    mnl_nlmsg_put_extra_header(h, sizeof(struct ifaddrmsg));
    if (mnl_socket_sendto(s, h, h->nlmsg_len) < 0)
        return -errno;
    o->n = 0;
    do {
        ssize_t size = mnl_socket_recvfrom(s, o->data, sizeof(o->data));
        if (size < 0)
            return -errno;
        r = mnl_cb_run(o->data, (size_t)size, 0, mnl_socket_get_portid(s), take, o);
    } while (r > MNL_CB_STOP);
    return r < 0 ? -errno : 0;
}

// A dump during which addresses changed says so, and is made again.
static int dump(struct own *o)
{
    int r = -EINTR;

    for (int i = 0; i < DUMP_TRIES && r == -EINTR; i++) {
        struct mnl_socket *s;
        r = open_socket(0, &s);
        if (r < 0)
            return r;
        r = dump_on(o, s);
        mnl_socket_close(s);
    }
    return r;
}

static int compare(const void *a, const void *b)
{
    return addr_compare(a, b);
}

static bool same(const struct own *o, size_t n_before)
{
    return o->n == n_before && memcmp(o->addr, o->before, o->n * sizeof(*o->addr)) == 0;
}

static int refresh(struct own *o)
{
    size_t n_before = o->n;
    struct addr *swap = o->before;
    int r;

    o->before = o->addr;
    o->addr = swap;
    r = dump(o);
    if (r < 0) {
        o->addr = o->before;
        o->before = swap;
        o->n = n_before;
        // What interrupted it has sent a notification, which will be read next.
        return r == -EINTR ? 0 : r;
    }
    qsort(o->addr, o->n, sizeof(*o->addr), compare);
    return same(o, n_before) ? 0 : OWN_E_CHANGED;
}

int own_new(struct own **ret)
{
    struct own *o = calloc(1, sizeof(*o));
    int r = -ENOMEM;

    if (!o)
        return r;
    o->addr = calloc(KERNEL_MAX, sizeof(*o->addr));
    o->before = calloc(KERNEL_MAX, sizeof(*o->before));
    if (o->addr && o->before)
        r = open_socket(RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR, &o->socket);
    if (r >= 0)
        r = refresh(o);
    if (r < 0) {
        own_free(o);
        return r;
    }
    *ret = o;
    return 0;
}

struct own *own_free(struct own *o)
{
    if (o) {
        if (o->socket)
            mnl_socket_close(o->socket);
        free(o->addr);
        free(o->before);
    }
    free(o);
    return NULL;
}

int own_fd(const struct own *o)
{
    return mnl_socket_get_fd(o->socket);
}

int own_update(struct own *o)
{
    bool heard = false;

    for (;;) {
        ssize_t size = recv(own_fd(o), o->data, sizeof(o->data), MSG_DONTWAIT);
        if (size < 0 && errno == EAGAIN)
            return heard ? refresh(o) : 0;
        if (size < 0 && errno != ENOBUFS && errno != EINTR)
            return -errno;
        heard |= size >= 0 || errno == ENOBUFS;
    }
}

size_t own_list(const struct own *o, const struct addr **ret)
{
    *ret = o->addr;
    return o->n < OWN_MAX ? o->n : OWN_MAX;
}
