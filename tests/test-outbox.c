// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/outbox.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

struct pair {
    struct outbox *box;
    int ours, theirs;
    uint8_t packet[ORDER_PACKET_MAX * ORDER_SIZE];
};

static int setup(void **state)
{
    struct pair *p = calloc(1, sizeof(*p));
    int fds[2];

    if (!p || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds) < 0)
        return -1;
    p->box = calloc(1, sizeof(*p->box));
    p->ours = fds[0];
    p->theirs = fds[1];
    *state = p;
    return p->box ? 0 : -1;
}

static int teardown(void **state)
{
    struct pair *p = *state;

    close(p->ours);
    close(p->theirs);
    free(p->box);
    free(p);
    return 0;
}

// The records of the next packet that has come: how many.
static size_t receive(struct pair *p)
{
    ssize_t size = recv(p->theirs, p->packet, sizeof(p->packet), MSG_DONTWAIT);

    return size < 0 ? 0 : (size_t)size / ORDER_SIZE;
}

static struct order record(const struct pair *p, size_t i)
{
    struct order o;

    assert_int_equal(order_decode(p->packet + i * ORDER_SIZE, &o), 0);
    return o;
}

static void answer(struct pair *p, enum order_op op, uint32_t seq)
{
    outbox_answer(p->box, (struct order){.op = op, .seq = seq, .error = EPERM});
}

static void test_one_packet_in_order(void **state)
{
    struct pair *p = *state;

    outbox_say(p->box, (struct order){.op = ORDER_HELLO});
    answer(p, ORDER_REFUSED, 70);
    answer(p, ORDER_ACK, 71);
    outbox_say(p->box, (struct order){.op = ORDER_FLUSHED});
    assert_int_equal(outbox_send(p->box, p->ours), 0);
    assert_int_equal(receive(p), 4);
    assert_int_equal(record(p, 0).seq, 0);
    assert_int_equal(record(p, 1).seq, 70);
    assert_int_equal(record(p, 2).seq, 71);
    assert_int_equal(record(p, 3).op, ORDER_FLUSHED);
    assert_int_equal(record(p, 3).seq, 1);
    assert_int_equal(outbox_room(p->box), OUTBOX_MAX);
}

static void test_the_first_refusals_and_the_acknowledgement_fit(void **state)
{
    struct pair *p = *state;
    uint32_t got = 0;

    for (uint32_t i = 0; i < 2 * OUTBOX_MAX; i++)
        answer(p, ORDER_REFUSED, i);
    answer(p, ORDER_ACK, 4711);
    while (p->box->n > 0 || got == 0) {
        assert_int_equal(outbox_send(p->box, p->ours), 0);
        for (size_t n; (n = receive(p)) > 0; got += (uint32_t)n) {
            assert_true(n <= ORDER_PACKET_MAX);
            if (record(p, n - 1).op == ORDER_REFUSED)
                assert_int_equal(record(p, n - 1).seq, got + n - 1);
        }
    }
    assert_int_equal(got, OUTBOX_MAX - OUTBOX_RESERVE + 1);
}

// A peer that reads slowly gets everything, in order, however often the socket is full.
static void test_a_full_socket_keeps_the_rest(void **state)
{
    struct pair *p = *state;
    uint32_t put = 0, got = 0;
    bool full = false;

    while (got < 5 * OUTBOX_MAX) {
        for (; put < 5 * OUTBOX_MAX && outbox_room(p->box) > 100; put++)
            answer(p, ORDER_ACK, put);
        assert_int_equal(outbox_send(p->box, p->ours), 0);
        full |= p->box->n > 0;
        for (size_t n = receive(p), i = 0; i < n; i++, got++)
            assert_int_equal(record(p, i).seq, got);
    }
    assert_true(full);
    assert_int_equal(receive(p), 0);
}

static void test_nobody_there(void **state)
{
    struct pair *p = *state;

    shutdown(p->theirs, SHUT_RDWR);
    answer(p, ORDER_ACK, 1);
    assert_int_equal(outbox_send(p->box, p->ours), -EPIPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_one_packet_in_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_first_refusals_and_the_acknowledgement_fit, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_full_socket_keeps_the_rest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_there, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
