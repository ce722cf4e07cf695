// SPDX-License-Identifier: GPL-2.0-or-later
// Whatever the bytes are, a record that is taken for valid keeps every bound its header names, and
// encodes to the same bytes again; one that is not leaves the result alone.
#include "fuzz.h"

#include "wire/order.h"

#include <netinet/in.h>

static void check_valid(const struct order *o)
{
    struct slice name = {o->name, strnlen(o->name, ORDER_NAME_MAX)};

    must(o->op >= ORDER_HELLO && o->op < ORDER_OP_MAX);
    must(o->jail < ORDER_JAILS_MAX);
    must(o->net.len <= 128 && addr_within(&o->net, &o->net));
    must(o->port_from <= o->port_to);
    must(o->op == ORDER_JAIL ? order_name_valid(name) : name.n == 0);
    must(o->op == ORDER_JAIL ? o->action == ORDER_DROP || o->action == ORDER_REJECT
                             : o->action == 0);
    must(o->op == ORDER_PORT ? o->proto == IPPROTO_TCP || o->proto == IPPROTO_UDP : o->proto == 0);
    must(o->op == ORDER_REFUSED ? o->error > 0 : o->error == 0);
    must(o->timeout_ms == 0 || o->op == ORDER_BAN || o->op == ORDER_SPARE);
    must((o->op != ORDER_SPARE && o->op != ORDER_UNSPARE) || !addr_is_block(&o->net));
}

static void check_record(const uint8_t bytes[static ORDER_SIZE])
{
    struct order o = {.op = ORDER_OP_MAX, .seq = 4711};
    uint8_t again[ORDER_SIZE];

    if (order_decode(bytes, &o) < 0) {
        must(o.op == ORDER_OP_MAX && o.seq == 4711);
        return;
    }
    check_valid(&o);
    order_encode(&o, again);
    must(memcmp(again, bytes, ORDER_SIZE) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (; size >= ORDER_SIZE; data += ORDER_SIZE, size -= ORDER_SIZE)
        check_record(data);
    return 0;
}
