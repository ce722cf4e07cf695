// SPDX-License-Identifier: GPL-2.0-or-later
#include "wire/order.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define V4(a, b_, c, d, len_)                                                                      \
    {                                                                                              \
        .b = {[10] = 0xff, [11] = 0xff, [12] = a, [13] = b_, [14] = c, [15] = d},                  \
        .len = 96 + (len_)                                                                         \
    }

static const struct order valid[] = {
    {.op = ORDER_HELLO},
    {.op = ORDER_RESET, .seq = 1},
    {.op = ORDER_JAIL, .seq = 2, .jail = 7, .name = "postfix-auth", .action = ORDER_DROP},
    {.op = ORDER_JAIL, .jail = ORDER_JAILS_MAX - 1, .name = "a_b.c-1", .action = ORDER_REJECT},
    {.op = ORDER_JAIL,
     .name = "a23456789012345678901234567890123456789012345678901234567890123",
     .action = ORDER_DROP},
    {.op = ORDER_PORT, .jail = 7, .proto = IPPROTO_TCP, .port_from = 25, .port_to = 25},
    {.op = ORDER_PORT, .jail = 7, .proto = IPPROTO_UDP, .port_from = 0, .port_to = 65535},
    {.op = ORDER_BAN, .jail = 7, .net = V4(192, 0, 2, 1, 32), .timeout_ms = 604800000},
    {.op = ORDER_BAN, .net = V4(192, 0, 2, 0, 24), .timeout_ms = UINT64_MAX},
    {.op = ORDER_BAN, .net = {.b = {0x20, 1, 0xd, 0xb8}, .len = 64}},
    {.op = ORDER_BAN, .net = {.len = 0}},
    {.op = ORDER_UNBAN,
     .seq = UINT32_MAX,
     .net = {.b = {0x20, 1, 0xd, 0xb8, [15] = 1}, .len = 128}},
    {.op = ORDER_SPARE, .net = V4(192, 0, 2, 1, 32), .timeout_ms = 604800000},
    {.op = ORDER_SPARE, .net = {.b = {0x20, 1, 0xd, 0xb8}, .len = 64}},
    {.op = ORDER_UNSPARE, .net = V4(192, 0, 2, 1, 32)},
    {.op = ORDER_COMMIT},
    {.op = ORDER_CLEAR},
    {.op = ORDER_ACK, .seq = 77},
    {.op = ORDER_REFUSED, .seq = 5, .jail = 3, .net = V4(127, 0, 0, 1, 32), .error = EPERM},
    {.op = ORDER_OWN, .net = V4(198, 51, 100, 7, 32)},
    {.op = ORDER_FLUSHED},
};

static void assert_same(const struct order *a, const struct order *b)
{
    assert_int_equal(a->op, b->op);
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->jail, b->jail);
    assert_int_equal(addr_compare(&a->net, &b->net), 0);
    assert_true(a->timeout_ms == b->timeout_ms);
    assert_int_equal(a->action, b->action);
    assert_int_equal(a->proto, b->proto);
    assert_int_equal(a->port_from, b->port_from);
    assert_int_equal(a->port_to, b->port_to);
    assert_int_equal(a->error, b->error);
    assert_string_equal(a->name, b->name);
}

static void test_round_trip(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
        uint8_t bytes[ORDER_SIZE];
        struct order back;
        order_encode(&valid[i], bytes);
        assert_int_equal(order_decode(bytes, &back), 0);
        assert_same(&back, &valid[i]);
    }
}

// What an operation does not use is not sent, whatever the struct holds.
static void test_unused_fields_stay_home(void **state)
{
    struct order o = valid[2], back;
    uint8_t bytes[ORDER_SIZE];

    (void)state;
    o.timeout_ms = 9;
    o.error = 9;
    o.port_to = 9;
    o.net.len = 9;
    memset(o.name + strlen(o.name) + 1, 'x', 5);
    order_encode(&o, bytes);
    assert_int_equal(order_decode(bytes, &back), 0);
    assert_same(&back, &valid[2]);
}

// One byte of a valid record, changed.
static const struct {
    const char *what;
    enum order_op op;
    unsigned at;
    uint8_t byte;
} broken[] = {
    {"version 0", ORDER_HELLO, 0, 0},
    {"the next version", ORDER_HELLO, 0, ORDER_VERSION + 1},
    {"no operation", ORDER_HELLO, 1, 0},
    {"an unknown operation", ORDER_HELLO, 1, ORDER_OP_MAX},
    {"operation 255", ORDER_HELLO, 1, 255},
    {"a jail where none belongs", ORDER_COMMIT, 2, 1},
    {"a jail beyond the last", ORDER_BAN, 3, ORDER_JAILS_MAX >> 8},
    {"a timeout on an unban", ORDER_UNBAN, 8, 1},
    {"host bits beyond the prefix", ORDER_BAN, 16 + 15, 1},
    {"a prefix that uncovers host bits", ORDER_BAN, 32, 100},
    {"a prefix of 129", ORDER_BAN, 32, 129},
    {"a net where none belongs", ORDER_CLEAR, 16, 1},
    {"a jail's spared", ORDER_SPARE, 2, 1},
    {"a spared block", ORDER_SPARE, 32, 96 + 24},
    {"a spared IPv6 block", ORDER_UNSPARE, 32, 48},
    {"an IPv6 address, which is less than a host", ORDER_UNSPARE, 32, 128},
    {"a timeout on an unspare", ORDER_UNSPARE, 8, 1},
    {"no action", ORDER_JAIL, 33, 0},
    {"an unknown action", ORDER_JAIL, 33, ORDER_REJECT + 1},
    {"ICMP has no ports", ORDER_PORT, 34, IPPROTO_ICMP},
    {"a range from above to below", ORDER_PORT, 37, 255},
    {"padding behind the protocol", ORDER_PORT, 35, 1},
    {"padding behind the error", ORDER_REFUSED, 44, 1},
    {"no error", ORDER_REFUSED, 40, 0},
    {"a negative error", ORDER_REFUSED, 43, 0x80},
    {"an error where none belongs", ORDER_ACK, 40, 1},
    {"an empty name", ORDER_JAIL, 48, 0},
    {"a dash first", ORDER_JAIL, 48, '-'},
    {"a space", ORDER_JAIL, 49, ' '},
    {"a quote", ORDER_JAIL, 49, '"'},
    {"a newline", ORDER_JAIL, 49, '\n'},
    {"beyond ASCII", ORDER_JAIL, 49, 0xe4},
    {"bytes behind the name's NUL", ORDER_JAIL, 48 + 20, 'x'},
    {"a name where none belongs", ORDER_BAN, 48, 'x'},
    {"the last byte", ORDER_FLUSHED, ORDER_SIZE - 1, 1},
};

static const struct order *sample(enum order_op op)
{
    static const struct order nets[] = {
        {.op = ORDER_BAN, .net = V4(192, 0, 2, 0, 24)},
        {.op = ORDER_SPARE, .net = V4(192, 0, 2, 0, 32)},
        {.op = ORDER_UNSPARE, .net = {.b = {0x20, 1, 0xd, 0xb8}, .len = 64}},
    };

    for (size_t i = 0; i < sizeof(nets) / sizeof(nets[0]); i++) {
        if (nets[i].op == op)
            return &nets[i];
    }
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++) {
        if (valid[i].op == op)
            return &valid[i];
    }
    return NULL;
}

static void test_broken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        uint8_t bytes[ORDER_SIZE];
        struct order o = {.seq = 4711};
        order_encode(sample(broken[i].op), bytes);
        assert_int_equal(order_decode(bytes, &(struct order){0}), 0);
        bytes[broken[i].at] = broken[i].byte;
        if (order_decode(bytes, &o) != -EPROTO)
            fail_msg("taken for valid: %s", broken[i].what);
        assert_int_equal(o.seq, 4711);
    }
}

static void test_name_fills_its_field(void **state)
{
    uint8_t bytes[ORDER_SIZE];

    (void)state;
    order_encode(&valid[4], bytes);
    bytes[ORDER_SIZE - 1] = 'x';
    assert_int_equal(order_decode(bytes, &(struct order){0}), -EPROTO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_unused_fields_stay_home),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_name_fills_its_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
