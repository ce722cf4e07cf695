// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/ruleset.h"

#include "base/cleanup.h"
#include "base/take.h"
#include "enforce/rule.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

enum {
    SET_NAME_MAX = ORDER_NAME_MAX + 16,
    PRIORITY = -300, // before connection tracking: open connections are cut, too
    // An expired element matches no more; this is only how soon its memory comes back. The kernel
    // walks the whole set for it.
    COLLECT_MS = 60 * 1000,
};

// How nft prints keys: its datatype numbers, 6 bits each in a concatenation.
enum {
    TYPE_IPV4 = 7,
    TYPE_IPV6 = 8,
    TYPE_PROTO = 12,
    TYPE_PORT = 13,
    TYPE_PROTO_PORT = TYPE_PROTO << 6 | TYPE_PORT,
};

static const char CHAIN[] = "prerouting";
static const char PORTS[] = "ports";

struct set_spec {
    char name[SET_NAME_MAX];
    uint32_t flags, type, size;
};

static void put_table(struct batch *b, const char *name, uint16_t message, uint16_t flags,
                      uint32_t table_flags)
{
    struct nftnl_table *t = nftnl_table_alloc();

    if (!t || nftnl_table_set_str(t, NFTNL_TABLE_NAME, name) < 0) {
        batch_fail(b, -ENOMEM);
    } else {
        nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS, table_flags);
        nftnl_table_nlmsg_build_payload(batch_message(b, message, flags), t);
        batch_push(b);
    }
    if (t)
        nftnl_table_free(t);
}

void ruleset_remove(struct batch *b, const char *table)
{
    // Deleting what is not there fails, adding what is there does not.
    put_table(b, table, NFT_MSG_NEWTABLE, NLM_F_CREATE, 0);
    put_table(b, table, NFT_MSG_DELTABLE, 0, 0);
}

void ruleset_create(struct batch *b, const char *table)
{
    put_table(b, table, NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL, 0);
}

void ruleset_own(struct batch *b, const char *table)
{
    put_table(b, table, NFT_MSG_NEWTABLE, NLM_F_CREATE, NFT_TABLE_F_OWNER);
}

static void put_chain(struct batch *b, const char *table)
{
    struct nftnl_chain *c = nftnl_chain_alloc();

    if (!c || nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, table) < 0 ||
        nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, CHAIN) < 0 ||
        nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter") < 0) {
        batch_fail(b, -ENOMEM);
    } else {
        nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, NF_INET_PRE_ROUTING);
        nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, PRIORITY);
        nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
        nftnl_chain_nlmsg_build_payload(batch_message(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE), c);
        batch_push(b);
    }
    if (c)
        nftnl_chain_free(c);
}

static void put_set(struct batch *b, const char *table, const struct set_spec *spec)
{
    static const uint8_t field_sizes[] = {1, 2};
    struct nftnl_set *s = nftnl_set_alloc();

    if (!s || nftnl_set_set_str(s, NFTNL_SET_TABLE, table) < 0 ||
        nftnl_set_set_str(s, NFTNL_SET_NAME, spec->name) < 0) {
        batch_fail(b, -ENOMEM);
    } else {
        nftnl_set_set_u32(s, NFTNL_SET_ID, b->seq);
        nftnl_set_set_u32(s, NFTNL_SET_FLAGS, spec->flags);
        nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, spec->type);
        nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, spec->size);
        if (spec->flags & NFT_SET_TIMEOUT)
            nftnl_set_set_u32(s, NFTNL_SET_GC_INTERVAL, COLLECT_MS);
        if (spec->flags & NFT_SET_CONCAT)
            nftnl_set_set_data(s, NFTNL_SET_DESC_CONCAT, field_sizes, sizeof(field_sizes));
        nftnl_set_nlmsg_build_payload(batch_message(b, NFT_MSG_NEWSET, NLM_F_CREATE), s);
        batch_push(b);
    }
    if (s)
        nftnl_set_free(s);
}

static struct nlmsghdr *elements_begin(struct batch *b, uint16_t message, const char *table,
                                       const char *set, struct nlattr **ret_list)
{
    uint16_t flags = message == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0;
    struct nlmsghdr *h = batch_message(b, message, flags);

    mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, table);
    mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, set);
    *ret_list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
    return h;
}

static void elements_end(struct batch *b, struct nlmsghdr *h, struct nlattr *list)
{
    mnl_attr_nest_end(h, list);
    batch_push(b);
}

static void put_key(struct nlmsghdr *h, uint16_t attr, const void *key, size_t size)
{
    struct nlattr *nest = mnl_attr_nest_start(h, attr);

    mnl_attr_put(h, NFTA_DATA_VALUE, size, key);
    mnl_attr_nest_end(h, nest);
}

static void put_port_key(struct nlmsghdr *h, uint16_t attr, uint8_t proto, uint16_t port)
{
    // A register of 32 bits for each: the value, then zeroes.
    uint8_t key[8] = {proto, 0, 0, 0, (uint8_t)(port >> 8), (uint8_t)port, 0, 0};

    put_key(h, attr, key, sizeof(key));
}

static void put_ports(struct batch *b, const char *table, const char *set, const struct ports *p,
                      size_t n)
{
    struct nlattr *list;
    struct nlmsghdr *h = elements_begin(b, NFT_MSG_NEWSETELEM, table, set, &list);

    for (size_t i = 0; i < n; i++) {
        struct nlattr *nest = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
        put_port_key(h, NFTA_SET_ELEM_KEY, p[i].proto, p[i].from);
        put_port_key(h, NFTA_SET_ELEM_KEY_END, p[i].proto, p[i].to);
        mnl_attr_nest_end(h, nest);
    }
    elements_end(b, h, list);
}

// Takes over p, which it sorts.
static void put_port_set(struct batch *b, const char *table, const char *name, struct ports *p,
                         size_t n)
{
    struct set_spec spec = {
        .flags = NFT_SET_INTERVAL | NFT_SET_CONCAT, .type = TYPE_PROTO_PORT, .size = 8};

    n = ports_merge(p, n);
    snprintf(spec.name, sizeof(spec.name), "%s", name);
    put_set(b, table, &spec);
    for (size_t i = 0; i < n; i += RULESET_ELEMENTS_MAX) {
        size_t some = n - i < RULESET_ELEMENTS_MAX ? n - i : RULESET_ELEMENTS_MAX;
        put_ports(b, table, spec.name, p + i, some);
    }
}

// nft's names begin with a letter or, as no jail's does, with '_'.
static const char *prefix_of(const struct jail *j)
{
    return is_digit(j->name[0]) ? "_" : "";
}

static void port_set_name(const struct jail *j, char ret[static SET_NAME_MAX])
{
    snprintf(ret, SET_NAME_MAX, "%s%s-ports", prefix_of(j), j->name);
}

static void put_jail_ports(struct batch *b, const char *table, const struct jail *j)
{
    struct ports p[ORDER_PORTS_MAX];
    char name[SET_NAME_MAX];

    memcpy(p, j->port, sizeof(p));
    port_set_name(j, name);
    put_port_set(b, table, name, p, j->n_port);
}

void ruleset_put(struct batch *b, const char *table, const struct jail *jails)
{
    size_t n = 0;
    cleanup(freep) struct ports *all =
        reallocarray(NULL, ORDER_JAILS_MAX * ORDER_PORTS_MAX, sizeof(*all));

    if (!all) {
        batch_fail(b, -ENOMEM);
        return;
    }
    put_table(b, table, NFT_MSG_NEWTABLE, NLM_F_CREATE, 0);
    put_chain(b, table);
    for (const struct jail *j = jails; j < jails + ORDER_JAILS_MAX; j++) {
        if (j->n_port == 0)
            continue;
        memcpy(all + n, j->port, j->n_port * sizeof(*all));
        n += j->n_port;
        put_jail_ports(b, table, j);
    }
    if (n > 0) {
        put_port_set(b, table, PORTS, all, n);
        rule_put_gate(b, table, CHAIN, PORTS);
    }
}

// No jail's set is called so: theirs have a dash.
static void spared_name(const struct addr *net, char ret[static SET_NAME_MAX])
{
    snprintf(ret, SET_NAME_MAX, "spared%d", addr_is_v4(net) ? 4 : 6);
}

static void set_name(const struct jail *j, const struct addr *net, char ret[static SET_NAME_MAX])
{
    if (j->name[0] == '\0') {
        spared_name(net, ret);
        return;
    }
    snprintf(ret, SET_NAME_MAX, "%s%s-v%d-%u", prefix_of(j), j->name, addr_is_v4(net) ? 4 : 6,
             addr_prefix(net));
}

void ruleset_put_set(struct batch *b, const char *table, const struct jail *j,
                     const struct addr *net)
{
    bool v4 = addr_is_v4(net);
    struct set_spec spec = {
        .flags = NFT_SET_TIMEOUT, .type = v4 ? TYPE_IPV4 : TYPE_IPV6, .size = v4 ? 4 : 16};
    struct set_spec spared = spec;
    char ports[SET_NAME_MAX];

    set_name(j, net, spec.name);
    spared_name(net, spared.name);
    put_set(b, table, &spec);
    if (j->name[0] == '\0')
        return;
    // Each block's rule asks for those it spares, so that it is there before.
    if (addr_is_block(net))
        put_set(b, table, &spared);
    port_set_name(j, ports);
    rule_put_jail(b, table, CHAIN,
                  &(struct rule_spec){.v4 = v4,
                                      .prefix = addr_prefix(net),
                                      .set = spec.name,
                                      .spared = addr_is_block(net) ? spared.name : NULL,
                                      .ports = j->n_port > 0 ? ports : NULL,
                                      .reject = j->action == ORDER_REJECT});
}

static void put_element(struct nlmsghdr *h, const struct element *e)
{
    struct nlattr *nest = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
    bool v4 = addr_is_v4(&e->net);

    put_key(h, NFTA_SET_ELEM_KEY, v4 ? e->net.b + 12 : e->net.b, v4 ? 4 : 16);
    if (e->timeout_ms > 0)
        mnl_attr_put_u64(h, NFTA_SET_ELEM_TIMEOUT, htobe64(e->timeout_ms));
    mnl_attr_nest_end(h, nest);
}

void ruleset_put_elements(struct batch *b, const char *table, const struct jail *j,
                          const struct element *e, size_t n)
{
    // Adding what is there does no harm, but before Linux 6.12 it keeps the old timeout; deleting
    // what is not there fails the transaction. Adding before deleting needs no knowledge of what is
    // there, and an element that has just expired makes no difference.
    static const uint16_t steps[][3] = {
        [ELEMENT_ADD] = {NFT_MSG_NEWSETELEM},
        [ELEMENT_RENEW] = {NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM, NFT_MSG_NEWSETELEM},
        [ELEMENT_REMOVE] = {NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM},
    };
    char name[SET_NAME_MAX];

    set_name(j, &e->net, name);
    for (size_t step = 0; step < 3 && steps[e->change][step]; step++) {
        struct nlattr *list;
        struct nlmsghdr *h = elements_begin(b, steps[e->change][step], table, name, &list);
        for (size_t i = 0; i < n; i++)
            put_element(h, &e[i]);
        elements_end(b, h, list);
    }
}
