// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/rule.h"

#include <errno.h>
#include <stdio.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

enum { EXPR_MAX = 16, NUMBERS_MAX = 5 };

// One expression as data. Attributes left out are those of number 0, the expression's name, which
// is never set this way.
struct expr {
    const char *name;
    struct {
        uint16_t attr;
        uint32_t value;
    } number[NUMBERS_MAX];
    struct {
        uint16_t attr;
        uint8_t n, byte[16];
    } bytes[2];
    const char *set; // that it looks up
};

// Both halves of a key of (protocol, port) stand in 32-bit registers side by side.
enum { REG = NFT_REG_1, REG_NEXT = NFT_REG32_01 };

static struct expr load_meta(enum nft_meta_keys key)
{
    return (struct expr){.name = "meta",
                         .number = {{NFTNL_EXPR_META_KEY, key}, {NFTNL_EXPR_META_DREG, REG}}};
}

static struct expr load_payload(enum nft_payload_bases base, uint32_t offset, uint32_t size,
                                uint32_t reg)
{
    return (struct expr){.name = "payload",
                         .number = {{NFTNL_EXPR_PAYLOAD_BASE, base},
                                    {NFTNL_EXPR_PAYLOAD_OFFSET, offset},
                                    {NFTNL_EXPR_PAYLOAD_LEN, size},
                                    {NFTNL_EXPR_PAYLOAD_DREG, reg}}};
}

static struct expr compare(enum nft_cmp_ops how, uint8_t value)
{
    return (struct expr){
        .name = "cmp",
        .number = {{NFTNL_EXPR_CMP_SREG, REG}, {NFTNL_EXPR_CMP_OP, how}},
        .bytes = {{NFTNL_EXPR_CMP_DATA, 1, {value}}},
    };
}

static struct expr mask(uint8_t size, unsigned prefix)
{
    struct expr e = {
        .name = "bitwise",
        .number = {{NFTNL_EXPR_BITWISE_SREG, REG},
                   {NFTNL_EXPR_BITWISE_DREG, REG},
                   {NFTNL_EXPR_BITWISE_LEN, size}},
        .bytes = {{NFTNL_EXPR_BITWISE_MASK, size, {0}}, {NFTNL_EXPR_BITWISE_XOR, size, {0}}},
    };

    for (unsigned i = 0; i < prefix; i++)
        e.bytes[0].byte[i / 8] |= (uint8_t)(0x80 >> (i % 8));
    return e;
}

static struct expr look_up(const char *set, uint32_t flags)
{
    return (struct expr){
        .name = "lookup",
        .number = {{NFTNL_EXPR_LOOKUP_SREG, REG}, {NFTNL_EXPR_LOOKUP_FLAGS, flags}},
        .set = set};
}

static struct expr verdict(uint32_t what)
{
    return (struct expr){
        .name = "immediate",
        .number = {{NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT}, {NFTNL_EXPR_IMM_VERDICT, what}}};
}

static struct expr reject(uint32_t type, uint8_t code)
{
    return (struct expr){.name = "reject",
                         .number = {{NFTNL_EXPR_REJECT_TYPE, type}},
                         .bytes = {{NFTNL_EXPR_REJECT_CODE, 1, {code}}}};
}

static int add(struct nftnl_rule *rule, const struct expr *x)
{
    struct nftnl_expr *e = nftnl_expr_alloc(x->name);

    if (!e)
        return -ENOMEM;
    nftnl_rule_add_expr(rule, e);
    for (size_t i = 0; i < NUMBERS_MAX && x->number[i].attr; i++)
        nftnl_expr_set_u32(e, x->number[i].attr, x->number[i].value);
    for (size_t i = 0; i < 2 && x->bytes[i].attr; i++) {
        if (nftnl_expr_set(e, x->bytes[i].attr, x->bytes[i].byte, x->bytes[i].n) < 0)
            return -ENOMEM;
    }
    return x->set && nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, x->set) < 0 ? -ENOMEM : 0;
}

static int fill(struct nftnl_rule *rule, const char *table, const char *chain, const struct expr *x,
                size_t n)
{
    int r = 0;

    if (nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, table) < 0 ||
        nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, chain) < 0)
        return -ENOMEM;
    nftnl_rule_set_u32(rule, NFTNL_RULE_FAMILY, NFPROTO_INET);
    for (size_t i = 0; i < n && r == 0; i++)
        r = add(rule, &x[i]);
    return r;
}

static void put(struct batch *b, const char *table, const char *chain, uint16_t where,
                const struct expr *x, size_t n)
{
    struct nftnl_rule *rule = nftnl_rule_alloc();
    int r = rule ? fill(rule, table, chain, x, n) : -ENOMEM;

    if (r < 0) {
        batch_fail(b, r);
    } else {
        nftnl_rule_nlmsg_build_payload(batch_message(b, NFT_MSG_NEWRULE, NLM_F_CREATE | where),
                                       rule);
        batch_push(b);
    }
    if (rule)
        nftnl_rule_free(rule);
}

// The transport header is found behind IPv6 extension headers as well; in a fragment that has none
// the rule does not match, and without its first fragment a datagram stays incomplete.
static size_t look_up_ports(struct expr *x, const char *set, uint32_t flags)
{
    x[0] = load_meta(NFT_META_L4PROTO);
    x[1] = load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2, REG_NEXT);
    x[2] = look_up(set, flags);
    return 3;
}

void rule_put_gate(struct batch *b, const char *table, const char *chain, const char *ports)
{
    struct expr x[EXPR_MAX];
    size_t n = look_up_ports(x, ports, NFT_LOOKUP_F_INV);

    x[n++] = verdict(NF_ACCEPT);
    put(b, table, chain, NLM_F_APPEND, x, n);
}

static size_t look_up_source(struct expr *x, bool v4, unsigned prefix, const char *set,
                             uint32_t flags)
{
    uint8_t size = v4 ? 4 : 16;
    size_t n = 0;

    x[n++] = load_payload(NFT_PAYLOAD_NETWORK_HEADER, v4 ? 12 : 8, size, REG);
    if (prefix < 8U * size)
        x[n++] = mask(size, prefix);
    x[n++] = look_up(set, flags);
    return n;
}

static size_t match_address(struct expr *x, const struct rule_spec *spec)
{
    size_t n = 0;

    x[n++] = load_meta(NFT_META_NFPROTO);
    x[n++] = compare(NFT_CMP_EQ, spec->v4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
    n += look_up_source(x + n, spec->v4, spec->prefix, spec->set, 0);
    if (spec->spared)
        n += look_up_source(x + n, spec->v4, spec->v4 ? 32 : 64, spec->spared, NFT_LOOKUP_F_INV);
    return n;
}

static size_t match_protocol(struct expr *x, enum nft_cmp_ops how, uint8_t proto)
{
    x[0] = load_meta(NFT_META_L4PROTO);
    x[1] = compare(how, proto);
    return 2;
}

// The address first: few packets come from a banned one, so most cost one lookup per set.
static void put_action(struct batch *b, const char *table, const char *chain,
                       const struct rule_spec *spec, bool tcp_only, struct expr action)
{
    struct expr x[EXPR_MAX];
    size_t n = match_address(x, spec);

    if (spec->ports)
        n += look_up_ports(x + n, spec->ports, 0);
    if (tcp_only)
        n += match_protocol(x + n, NFT_CMP_EQ, IPPROTO_TCP);
    // Neighbour discovery is ICMPv6: a ban must not take IPv6's link away from those on it.
    else if (!spec->ports && !spec->v4)
        n += match_protocol(x + n, NFT_CMP_NEQ, IPPROTO_ICMPV6);
    x[n++] = (struct expr){.name = "counter"};
    x[n++] = action;
    put(b, table, chain, spec->ports ? NLM_F_APPEND : 0, x, n);
}

void rule_put_jail(struct batch *b, const char *table, const char *chain,
                   const struct rule_spec *spec)
{
    struct expr reset = reject(NFT_REJECT_TCP_RST, 0);
    struct expr prohibited = reject(NFT_REJECT_ICMPX_UNREACH, NFT_REJECT_ICMPX_ADMIN_PROHIBITED);

    if (!spec->reject) {
        put_action(b, table, chain, spec, false, verdict(NF_DROP));
    } else if (spec->ports) {
        put_action(b, table, chain, spec, true, reset);
        put_action(b, table, chain, spec, false, prohibited);
    } else {
        // Each goes to the head of the chain, so the last one comes first.
        put_action(b, table, chain, spec, false, prohibited);
        put_action(b, table, chain, spec, true, reset);
    }
}
