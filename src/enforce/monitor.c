// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/monitor.h"

#include "enforce/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

enum { RECEIVE_BUFFER = 4 * 1024 * 1024, DATAGRAM_MAX = 64 * 1024 };

struct monitor {
    struct mnl_socket *socket;
    const char *table;
    char data[DATAGRAM_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
};

// The kernel tells us of our own changes as well. A hundred thousand new elements would overrun
// the buffer, and that counts as a change by somebody else; so they are dropped before they are
// queued. All messages of a datagram are of one transaction.
static int drop_own(struct monitor *m, uint32_t portid)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_pid)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(portid), 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    struct sock_fprog program = {sizeof(code) / sizeof(code[0]), code};

    return setsockopt(monitor_fd(m), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) < 0
               ? -errno
               : 0;
}

int monitor_listen(struct monitor *m, bool on)
{
    int group = NFNLGRP_NFTABLES;
    int option = on ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP;

    return mnl_socket_setsockopt(m->socket, option, &group, sizeof(group)) < 0 ? -errno : 0;
}

static int open_socket(struct monitor *m, uint32_t portid)
{
    int r;

    m->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (!m->socket || mnl_socket_bind(m->socket, 0, MNL_SOCKET_AUTOPID) < 0)
        return -errno;
    netlink_enlarge(monitor_fd(m), SO_RCVBUF, RECEIVE_BUFFER);
    r = drop_own(m, portid);
    return r < 0 ? r : monitor_listen(m, true);
}

int monitor_new(const char *table, uint32_t portid, struct monitor **ret)
{
    struct monitor *m = calloc(1, sizeof(*m));
    int r;

    if (!m)
        return -ENOMEM;
    m->table = table;
    r = open_socket(m, portid);
    if (r < 0) {
        monitor_free(m);
        return r;
    }
    *ret = m;
    return 0;
}

struct monitor *monitor_free(struct monitor *m)
{
    if (m && m->socket)
        mnl_socket_close(m->socket);
    free(m);
    return NULL;
}

int monitor_fd(const struct monitor *m)
{
    return mnl_socket_get_fd(m->socket);
}

static bool concerns(const struct monitor *m, const struct nlmsghdr *h)
{
    const struct nfgenmsg *g = mnl_nlmsg_get_payload(h);
    const struct nlattr *attr;

    if (NFNL_SUBSYS_ID(h->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
        mnl_nlmsg_get_payload_len(h) < sizeof(*g) || g->nfgen_family != NFPROTO_INET)
        return false;
    // Tables, chains, rules, sets, elements: the first attribute of each is the table's name.
    mnl_attr_for_each(attr, h, sizeof(*g))
    {
        if (mnl_attr_get_type(attr) == NFTA_TABLE_NAME &&
            mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
            return strcmp(mnl_attr_get_str(attr), m->table) == 0;
    }
    return false;
}

static bool any_concerns(const struct monitor *m, size_t size)
{
    int left = (int)size;

    for (const struct nlmsghdr *h = (const struct nlmsghdr *)m->data; mnl_nlmsg_ok(h, left);
         h = mnl_nlmsg_next(h, &left)) {
        if (concerns(m, h))
            return true;
    }
    return false;
}

int monitor_hear(struct monitor *m)
{
    bool changed = false;

    for (;;) {
        ssize_t size = recv(monitor_fd(m), m->data, sizeof(m->data), MSG_TRUNC);
        if (size < 0 && errno == EAGAIN)
            return changed ? MONITOR_E_CHANGED : 0;
        if (size < 0 && errno != ENOBUFS && errno != EINTR)
            return -errno;
        if (size < 0)
            changed |= errno == ENOBUFS;
        else
            changed |= (size_t)size > sizeof(m->data) || any_concerns(m, (size_t)size);
    }
}
