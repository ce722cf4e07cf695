// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/order.h"

#include "base/take.h"

#include <errno.h>
#include <netinet/in.h>

// Where each field lies in a record. What lies between them, and fields that an operation does not
// use, are zero.
enum {
    AT_VERSION = 0,
    AT_OP = 1,
    AT_JAIL = 2,
    AT_SEQ = 4,
    AT_TIMEOUT = 8,
    AT_NET = 16,
    AT_NET_LEN = 32,
    AT_ACTION = 33,
    AT_PROTO = 34,
    AT_PORT_FROM = 36,
    AT_PORT_TO = 38,
    AT_ERROR = 40,
    AT_NAME = 48,
};

_Static_assert(AT_NAME + ORDER_NAME_MAX == ORDER_SIZE, "the name ends the record");

enum {
    HAS_JAIL = 1 << 0,
    HAS_NAME = 1 << 1,
    HAS_ACTION = 1 << 2,
    HAS_PORTS = 1 << 3,
    HAS_NET = 1 << 4,
    HAS_TIMEOUT = 1 << 5,
    HAS_ERROR = 1 << 6,
    HAS_HOST = 1 << 7,
};

enum { ERRNO_MAX = 4095 }; // the kernel's MAX_ERRNO

// Operations that are not here have a seq and nothing else.
static const unsigned fields[ORDER_OP_MAX] = {
    [ORDER_JAIL] = HAS_JAIL | HAS_NAME | HAS_ACTION,  [ORDER_PORT] = HAS_JAIL | HAS_PORTS,
    [ORDER_BAN] = HAS_JAIL | HAS_NET | HAS_TIMEOUT,   [ORDER_UNBAN] = HAS_JAIL | HAS_NET,
    [ORDER_REFUSED] = HAS_JAIL | HAS_NET | HAS_ERROR, [ORDER_OWN] = HAS_NET,
    [ORDER_SPARE] = HAS_NET | HAS_HOST | HAS_TIMEOUT, [ORDER_UNSPARE] = HAS_NET | HAS_HOST,
};

static void put(uint8_t *p, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++)
        p[i] = (uint8_t)(value >> (8 * i));
}

static uint64_t get(const uint8_t *p, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)p[i] << (8 * i);
    return value;
}

void order_encode(const struct order *o, uint8_t ret[static ORDER_SIZE])
{
    unsigned has = fields[o->op];

    memset(ret, 0, ORDER_SIZE);
    ret[AT_VERSION] = ORDER_VERSION;
    ret[AT_OP] = (uint8_t)o->op;
    put(ret + AT_SEQ, 4, o->seq);
    if (has & HAS_JAIL)
        put(ret + AT_JAIL, 2, o->jail);
    if (has & HAS_NAME)
        memcpy(ret + AT_NAME, o->name, strnlen(o->name, ORDER_NAME_MAX - 1));
    if (has & HAS_ACTION)
        ret[AT_ACTION] = (uint8_t)o->action;
    if (has & HAS_PORTS) {
        ret[AT_PROTO] = o->proto;
        put(ret + AT_PORT_FROM, 2, o->port_from);
        put(ret + AT_PORT_TO, 2, o->port_to);
    }
    if (has & HAS_NET) {
        memcpy(ret + AT_NET, o->net.b, sizeof(o->net.b));
        ret[AT_NET_LEN] = o->net.len;
    }
    if (has & HAS_TIMEOUT)
        put(ret + AT_TIMEOUT, 8, o->timeout_ms);
    if (has & HAS_ERROR)
        put(ret + AT_ERROR, 4, (uint32_t)o->error);
}

static void read_fields(const uint8_t *bytes, struct order *o)
{
    o->op = (enum order_op)bytes[AT_OP];
    o->seq = (uint32_t)get(bytes + AT_SEQ, 4);
    o->jail = (uint16_t)get(bytes + AT_JAIL, 2);
    o->timeout_ms = get(bytes + AT_TIMEOUT, 8);
    memcpy(o->net.b, bytes + AT_NET, sizeof(o->net.b));
    o->net.len = bytes[AT_NET_LEN];
    o->action = (enum order_action)bytes[AT_ACTION];
    o->proto = bytes[AT_PROTO];
    o->port_from = (uint16_t)get(bytes + AT_PORT_FROM, 2);
    o->port_to = (uint16_t)get(bytes + AT_PORT_TO, 2);
    o->error = (int32_t)get(bytes + AT_ERROR, 4);
    memcpy(o->name, bytes + AT_NAME, ORDER_NAME_MAX);
}

static bool net_valid(const struct addr *net)
{
    return net->len <= 128 && addr_within(net, net);
}

static bool is_host(const struct addr *net)
{
    struct addr host = addr_host(net);

    return !addr_is_block(net) && addr_compare(net, &host) == 0;
}

static bool values_valid(const struct order *o, unsigned has)
{
    if (has & HAS_JAIL && o->jail >= ORDER_JAILS_MAX)
        return false;
    if (has & HAS_NAME &&
        !order_name_valid((struct slice){o->name, strnlen(o->name, ORDER_NAME_MAX)}))
        return false;
    if (has & HAS_ACTION && o->action != ORDER_DROP && o->action != ORDER_REJECT)
        return false;
    if (has & HAS_PORTS &&
        ((o->proto != IPPROTO_TCP && o->proto != IPPROTO_UDP) || o->port_from > o->port_to))
        return false;
    if (has & HAS_NET && !net_valid(&o->net))
        return false;
    if (has & HAS_HOST && !is_host(&o->net))
        return false;
    return !(has & HAS_ERROR) || (o->error > 0 && o->error <= ERRNO_MAX);
}

int order_decode(const uint8_t bytes[static ORDER_SIZE], struct order *ret)
{
    struct order o;
    uint8_t again[ORDER_SIZE];

    if (bytes[AT_VERSION] != ORDER_VERSION || bytes[AT_OP] == 0 || bytes[AT_OP] >= ORDER_OP_MAX)
        return -EPROTO;
    read_fields(bytes, &o);
    if (!values_valid(&o, fields[o.op]))
        return -EPROTO;
    // Encoding writes what the operation uses and zeroes the rest, so a record with anything else
    // in it does not come back the same.
    order_encode(&o, again);
    if (memcmp(again, bytes, ORDER_SIZE) != 0)
        return -EPROTO;
    *ret = o;
    return 0;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool order_name_valid(struct slice name)
{
    if (name.n == 0 || name.n >= ORDER_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        if (!is_letter(c) && !is_digit(c) && (i == 0 || (c != '_' && c != '-' && c != '.')))
            return false;
    }
    return true;
}
