// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/link.h"
#include "wire/order.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define NOW (UINT64_C(1700000000) * USEC_PER_SEC)

enum { ORDERS_MAX = 40000, ROUNDS = 400 };

// The enforcer's end, and what has come to it.
struct fixture {
    struct link *link;
    struct ledger *ledger;
    struct roster roster;
    struct cell cell[2];
    struct jail_conf conf[2];
    struct port_range port[2];
    int fd;
    struct order *order;
    size_t n, packets, largest;
    uint32_t seq;
    bool enforced;
    int states;
    struct exempt own;
};

static void on_own(void *user, const struct exempt *own)
{
    struct fixture *f = user;

    exempt_done(&f->own);
    for (size_t i = 0; i < own->n; i++)
        exempt_add(&f->own, &own->net[i]);
}

static void on_state(void *user, bool enforced, const char *text)
{
    struct fixture *f = user;

    assert_non_null(text);
    f->enforced = enforced;
    f->states++;
}

static struct addr net_of(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

static void keep_ban(struct fixture *f, const char *jail, struct addr net, usec_t until)
{
    const struct ban ban = {.jail = jail, .net = net, .since = NOW - 1, .until = until};

    assert_true(ledger_ban(f->ledger, &ban, ban.since, NULL, NULL) >= 0);
}

static void attach(struct fixture *f)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
    if (f->fd >= 0)
        close(f->fd);
    f->fd = pair[1];
    link_attach(f->link, pair[0]);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    const struct link_hooks hooks = {f, on_own, on_state};

    f->port[0] = (struct port_range){IPPROTO_TCP, 25, 25};
    f->port[1] = (struct port_range){IPPROTO_TCP, 1000, 2000};
    f->conf[0] = (struct jail_conf){.name = (char *)"a", .port = f->port, .n_port = 2};
    f->conf[1] = (struct jail_conf){.name = (char *)"b", .reject = true};
    f->cell[0].conf = &f->conf[0];
    f->cell[1].conf = &f->conf[1];
    f->roster = (struct roster){.cell = f->cell, .n = 2};
    f->roster.reputation.peers = peers_new(USEC_FOREVER, 1);
    f->order = calloc(ORDERS_MAX, sizeof(*f->order));
    f->fd = -1;
    assert_int_equal(ledger_open(":memory:", &f->ledger), 0);
    assert_int_equal(link_new(f->ledger, &hooks, &f->link), 0);
    link_set_roster(f->link, &f->roster);
    attach(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    link_free(f->link);
    ledger_close(f->ledger);
    peers_free(f->roster.reputation.peers);
    exempt_done(&f->own);
    close(f->fd);
    free(f->order);
    free(f);
    return 0;
}

static void receive(struct fixture *f)
{
    static uint8_t bytes[ORDER_PACKET_MAX * ORDER_SIZE + 1];
    ssize_t size;

    while ((size = recv(f->fd, bytes, sizeof(bytes), 0)) > 0) {
        assert_int_equal(size % ORDER_SIZE, 0);
        f->packets++;
        if ((size_t)size / ORDER_SIZE > f->largest)
            f->largest = (size_t)size / ORDER_SIZE;
        for (ssize_t at = 0; at < size; at += ORDER_SIZE) {
            assert_true(f->n < ORDERS_MAX);
            assert_int_equal(order_decode(bytes + at, &f->order[f->n++]), 0);
        }
    }
}

// Lets the link write as much as it wants to.
static void run(struct fixture *f)
{
    for (int i = 0; i < ROUNDS && link_fd(f->link) >= 0; i++) {
        short events = link_events(f->link);
        if (!(events & POLLOUT))
            break;
        link_process(f->link, POLLOUT, NOW);
        receive(f);
    }
}

static void forget(struct fixture *f)
{
    f->n = f->packets = f->largest = 0;
}

static int say(struct fixture *f, struct order o)
{
    uint8_t bytes[ORDER_SIZE];

    o.seq = o.seq ? o.seq : ++f->seq;
    order_encode(&o, bytes);
    assert_int_equal(send(f->fd, bytes, sizeof(bytes), 0), sizeof(bytes));
    return link_process(f->link, POLLIN, NOW);
}

static int greet(struct fixture *f)
{
    run(f);
    return say(f, (struct order){.op = ORDER_HELLO});
}

static int acknowledge(struct fixture *f)
{
    return say(f, (struct order){.op = ORDER_ACK, .seq = f->order[f->n - 1].seq});
}

static size_t count(const struct fixture *f, enum order_op op)
{
    size_t n = 0;

    for (size_t i = 0; i < f->n; i++)
        n += f->order[i].op == op;
    return n;
}

static void test_state(void **state)
{
    struct fixture *f = *state;
    const enum order_op expected[] = {ORDER_HELLO, ORDER_RESET, ORDER_JAIL, ORDER_PORT,  ORDER_PORT,
                                      ORDER_JAIL,  ORDER_BAN,   ORDER_BAN,  ORDER_COMMIT};

    keep_ban(f, "a", net_of("203.0.113.7"), NOW + 60 * USEC_PER_SEC);
    keep_ban(f, "gone", net_of("203.0.113.8"), NOW + 60 * USEC_PER_SEC);
    keep_ban(f, "a", net_of("203.0.113.9"), NOW - 1);
    keep_ban(f, "b", net_of("2001:db8::/64"), USEC_FOREVER);
    run(f);
    assert_int_equal(f->n, sizeof(expected) / sizeof(expected[0]));
    for (size_t i = 0; i < f->n; i++) {
        assert_int_equal(f->order[i].op, expected[i]);
        assert_int_equal(f->order[i].seq, i + 1);
    }
    assert_string_equal(f->order[2].name, "a");
    assert_int_equal(f->order[2].action, ORDER_DROP);
    assert_int_equal(f->order[4].port_from, 1000);
    assert_int_equal(f->order[4].port_to, 2000);
    assert_string_equal(f->order[5].name, "b");
    assert_int_equal(f->order[5].action, ORDER_REJECT);
    assert_int_equal(f->order[6].jail, 0);
    assert_int_equal(f->order[6].timeout_ms, 60000);
    assert_int_equal(f->order[7].jail, 1);
    assert_int_equal(f->order[7].timeout_ms, 0);
}

static void keep_many(struct fixture *f, uint32_t n)
{
    struct addr a = net_of("10.0.0.0");

    assert_int_equal(ledger_begin(f->ledger), 0);
    for (uint32_t i = 0; i < n; i++) {
        a.b[13] = (uint8_t)(i >> 16), a.b[14] = (uint8_t)(i >> 8), a.b[15] = (uint8_t)i;
        keep_ban(f, "a", a, NOW + USEC_PER_DAY);
    }
    assert_int_equal(ledger_commit(f->ledger), 0);
}

static void test_large_state(void **state)
{
    struct fixture *f = *state;

    keep_many(f, 10000);
    run(f);
    assert_int_equal(count(f, ORDER_BAN), 10000);
    assert_int_equal(count(f, ORDER_COMMIT), 1);
    assert_int_equal(f->largest, ORDER_PACKET_MAX);
    assert_int_equal(f->order[f->n - 1].op, ORDER_COMMIT);
}

// An enforcer that reads late loses nothing.
static void test_slow_enforcer(void **state)
{
    struct fixture *f = *state;

    keep_many(f, 10000);
    for (int i = 0; i < ROUNDS; i++)
        link_process(f->link, POLLOUT, NOW);
    assert_true(link_events(f->link) & POLLOUT);
    run(f);
    receive(f);
    run(f);
    assert_int_equal(count(f, ORDER_BAN), 10000);
    assert_int_equal(f->order[f->n - 1].op, ORDER_COMMIT);
}

static void test_orders(void **state)
{
    struct fixture *f = *state;
    struct addr one = net_of("203.0.113.7"), two = net_of("203.0.113.0/24");

    assert_int_equal(greet(f), 0);
    assert_int_equal(acknowledge(f), 0);
    forget(f);
    link_ban(f->link, &f->cell[0], &one, NOW + 1500);
    link_ban(f->link, &f->cell[1], &two, USEC_FOREVER);
    link_unban(f->link, &f->cell[0], &one, NOW);
    run(f);
    assert_int_equal(f->packets, 1);
    assert_int_equal(f->n, 3);
    assert_int_equal(f->order[0].op, ORDER_BAN);
    assert_int_equal(f->order[0].timeout_ms, 1);
    assert_int_equal(f->order[1].jail, 1);
    assert_int_equal(addr_compare(&f->order[1].net, &two), 0);
    assert_int_equal(f->order[2].op, ORDER_UNBAN);
    assert_false(link_events(f->link) & POLLOUT);
}

// The bans of a jail that only watches are nobody's order, neither at first nor later.
static void test_watch_only(void **state)
{
    struct fixture *f = *state;
    struct addr one = net_of("203.0.113.7"), two = net_of("203.0.113.8");

    f->conf[0].watch_only = true;
    keep_ban(f, "a", one, USEC_FOREVER);
    keep_ban(f, "b", one, USEC_FOREVER);
    run(f);
    assert_int_equal(count(f, ORDER_BAN), 1);
    assert_int_equal(greet(f), 0);
    assert_int_equal(acknowledge(f), 0);
    forget(f);
    link_ban(f->link, &f->cell[0], &two, USEC_FOREVER);
    link_ban(f->link, &f->cell[1], &two, USEC_FOREVER);
    run(f);
    assert_int_equal(count(f, ORDER_BAN), 1);
    assert_int_equal(f->order[0].jail, 1);
}

// A live link, with nothing on its way.
static void go_live(struct fixture *f)
{
    assert_int_equal(greet(f), 0);
    run(f);
    assert_int_equal(acknowledge(f), 0);
    forget(f);
}

static size_t count_bans(const struct fixture *f, const char *net)
{
    struct addr a = net_of(net);
    size_t n = 0;

    for (size_t i = 0; i < f->n; i++)
        n += f->order[i].op == ORDER_BAN && addr_compare(&f->order[i].net, &a) == 0;
    return n;
}

static int ignore_ban(void *user, const struct ban *ban)
{
    (void)user, (void)ban;
    return 0;
}

static void lift(struct fixture *f, size_t cell, const char *net)
{
    struct addr a = net_of(net);

    assert_int_equal(ledger_unban(f->ledger, f->conf[cell].name, &a, NOW, ignore_ban, NULL), 0);
    link_unban(f->link, &f->cell[cell], &a, NOW);
    run(f);
}

// What a block covers is not ordered, neither at first nor later, until the block is lifted.
static void test_covered_by_a_block(void **state)
{
    static const char *const inside[] = {"203.0.113.7", "203.0.113.8"};
    struct fixture *f = *state;
    struct addr later = net_of("203.0.113.9");

    for (size_t i = 0; i < 2; i++)
        keep_ban(f, "a", net_of(inside[i]), NOW + (9 + i) * USEC_PER_SEC);
    keep_ban(f, "a", net_of("203.0.113.10"), NOW + 11 * USEC_PER_SEC);
    keep_ban(f, "b", net_of(inside[0]), NOW + 9 * USEC_PER_SEC);
    keep_ban(f, "a", net_of("203.0.112.0/20"), NOW + 9 * USEC_PER_SEC);
    keep_ban(f, "a", net_of("203.0.113.0/24"), NOW + 10 * USEC_PER_SEC);
    run(f);
    assert_int_equal(count(f, ORDER_BAN), 4);
    assert_int_equal(count_bans(f, inside[0]), 1); // b's
    go_live(f);
    link_ban(f->link, &f->cell[0], &later, NOW + 10 * USEC_PER_SEC);
    run(f);
    assert_int_equal(f->n, 0);
    link_ban(f->link, &f->cell[0], &later, NOW + 11 * USEC_PER_SEC);
    run(f);
    assert_int_equal(f->n, 1);
    forget(f);
    lift(f, 0, "203.0.113.0/24");
    assert_int_equal(f->order[0].op, ORDER_UNBAN);
    // The /20 covers the first one still; those that were in force all along are ordered again.
    assert_int_equal(count_bans(f, inside[1]), 1);
    assert_int_equal(f->order[1].timeout_ms, 10000);
    assert_int_equal(count_bans(f, inside[0]), 1);
    assert_int_equal(count(f, ORDER_BAN), 3);
    forget(f);
    lift(f, 0, "203.0.112.0/20");
    assert_int_equal(count_bans(f, inside[0]), 2);
}

static void note_spared(void *user, const struct addr *host, usec_t until)
{
    struct fixture *f = user;

    link_spare(f->link, host, until);
}

// live: it is told at once, and not left to the whole state.
static void spare(struct fixture *f, const char *net, const char *host, usec_t until, bool live)
{
    struct addr block = net_of(net), client = net_of(host);
    struct spared spared = {1, {addr_host(&client)}};

    assert_int_equal(peers_mail(f->roster.reputation.peers, &client, NOW), 0);
    peers_settle(f->roster.reputation.peers, &block, &spared, until, live ? note_spared : NULL, f);
}

static size_t count_spared(const struct fixture *f, enum order_op op, const char *net,
                           uint64_t timeout_ms)
{
    struct addr a = net_of(net);
    size_t n = 0;

    for (size_t i = 0; i < f->n; i++)
        n += f->order[i].op == op && addr_compare(&f->order[i].net, &a) == 0 &&
             f->order[i].timeout_ms == timeout_ms;
    return n;
}

// Who is spared is part of the whole state, and follows what becomes of him; of his own ban no
// block's is the cover.
static void test_spared(void **state)
{
    struct fixture *f = *state;
    struct addr host = net_of("203.0.113.7");

    keep_ban(f, "a", net_of("203.0.113.0/24"), NOW + 9 * USEC_PER_SEC);
    keep_ban(f, "a", net_of("203.0.113.9"), NOW + 8 * USEC_PER_SEC);
    keep_ban(f, "a", host, NOW + 8 * USEC_PER_SEC);
    spare(f, "203.0.113.0/24", "203.0.113.7", NOW + 9 * USEC_PER_SEC, false);
    spare(f, "2001:db8::/48", "2001:db8:0:7::", USEC_FOREVER, false);
    run(f);
    assert_int_equal(count(f, ORDER_BAN), 2);
    assert_int_equal(count_bans(f, "203.0.113.7"), 1);
    assert_int_equal(count(f, ORDER_SPARE), 2);
    assert_int_equal(count_spared(f, ORDER_SPARE, "203.0.113.7", 9000), 1);
    assert_int_equal(count_spared(f, ORDER_SPARE, "2001:db8:0:7::/64", 0), 1);
    assert_int_equal(f->order[f->n - 1].op, ORDER_COMMIT);
    go_live(f);
    peers_settle(f->roster.reputation.peers, &host, NULL, NOW + 8 * USEC_PER_SEC, note_spared, f);
    link_ban(f->link, &f->cell[0], &host, NOW + 8 * USEC_PER_SEC);
    run(f);
    assert_int_equal(count_spared(f, ORDER_UNSPARE, "203.0.113.7", 0), 1);
    assert_int_equal(f->n, 1);
    spare(f, "203.0.113.0/24", "203.0.113.8", NOW + 9 * USEC_PER_SEC, true);
    run(f);
    assert_int_equal(count_spared(f, ORDER_SPARE, "203.0.113.8", 9000), 1);
}

static void test_many_spared(void **state)
{
    struct fixture *f = *state;
    char host[ADDR_TEXT_MAX], block[ADDR_TEXT_MAX];

    for (unsigned i = 0; i < 1200; i++) {
        snprintf(host, sizeof(host), "10.%u.%u.1", i / 256, i % 256);
        snprintf(block, sizeof(block), "10.%u.%u.0/24", i / 256, i % 256);
        spare(f, block, host, USEC_FOREVER, false);
    }
    run(f);
    assert_int_equal(count(f, ORDER_SPARE), 1200);
    for (unsigned i = 0; i < 1200; i++) {
        snprintf(host, sizeof(host), "10.%u.%u.1", i / 256, i % 256);
        assert_int_equal(count_spared(f, ORDER_SPARE, host, 0), 1);
    }
}

static void test_covered_by_another_jail(void **state)
{
    struct fixture *f = *state;
    struct addr one = net_of("203.0.113.7");

    f->conf[1].reject = false;
    keep_ban(f, "a", one, NOW + 9 * USEC_PER_SEC);
    keep_ban(f, "b", one, NOW + 9 * USEC_PER_SEC);
    run(f);
    assert_int_equal(count(f, ORDER_BAN), 1);
    go_live(f);
    link_ban(f->link, &f->cell[0], &one, NOW + 9 * USEC_PER_SEC);
    lift(f, 1, "203.0.113.7");
    assert_int_equal(f->n, 2);
    assert_int_equal(f->order[0].op, ORDER_UNBAN);
    assert_int_equal(f->order[0].jail, 1);
    assert_int_equal(f->order[1].op, ORDER_BAN);
    assert_int_equal(f->order[1].jail, 0);
}

// More than are kept apart at a time.
static void test_many_lifted(void **state)
{
    struct fixture *f = *state;
    struct addr block = net_of("203.0.113.0/24");

    go_live(f);
    keep_ban(f, "a", net_of("203.0.113.7"), USEC_FOREVER);
    for (int i = 0; i < 100; i++)
        link_unban(f->link, &f->cell[0], &block, NOW);
    run(f);
    assert_int_equal(f->order[0].op, ORDER_RESET);
    assert_int_equal(count(f, ORDER_COMMIT), 1);
    assert_true(count_bans(f, "203.0.113.7") >= 1);
}

// Nobody goes free for a block that the enforcer does not take.
static void test_refused_block(void **state)
{
    struct fixture *f = *state;
    struct addr block = net_of("203.0.113.0/24");

    keep_ban(f, "a", net_of("203.0.113.7"), USEC_FOREVER);
    keep_ban(f, "a", block, USEC_FOREVER);
    run(f);
    assert_int_equal(count_bans(f, "203.0.113.7"), 0);
    go_live(f);
    assert_int_equal(say(f, (struct order){.op = ORDER_REFUSED, .net = block, .error = EPERM}), 0);
    run(f);
    assert_int_equal(count_bans(f, "203.0.113.7"), 1);
    assert_int_equal(count(f, ORDER_COMMIT), 1);
    forget(f);
    assert_int_equal(say(f, (struct order){.op = ORDER_REFUSED, .net = block, .error = EPERM}), 0);
    run(f);
    assert_int_equal(f->n, 0);
    link_set_roster(f->link, &f->roster);
    run(f);
    assert_int_equal(count(f, ORDER_BAN), 1);
}

// Bans that come while the state is under way follow it.
static void test_orders_behind_state(void **state)
{
    struct fixture *f = *state;
    struct addr one = net_of("203.0.113.7");

    keep_many(f, 2000);
    link_process(f->link, POLLOUT, NOW);
    link_process(f->link, POLLOUT, NOW);
    link_ban(f->link, &f->cell[0], &one, USEC_FOREVER);
    run(f);
    assert_int_equal(f->order[f->n - 2].op, ORDER_COMMIT);
    assert_int_equal(f->order[f->n - 1].op, ORDER_BAN);
}

static void test_overflow(void **state)
{
    struct fixture *f = *state;
    struct addr one = net_of("203.0.113.7");

    greet(f);
    acknowledge(f);
    forget(f);
    keep_ban(f, "a", one, USEC_FOREVER);
    for (int i = 0; i <= LINK_QUEUE_MAX; i++)
        link_ban(f->link, &f->cell[0], &one, USEC_FOREVER);
    run(f);
    assert_int_equal(f->order[0].op, ORDER_RESET);
    assert_int_equal(count(f, ORDER_BAN), 1);
    assert_int_equal(count(f, ORDER_COMMIT), 1);
}

// What overflows while the state is under way may be missing in it: it is sent twice.
static void test_overflow_in_state(void **state)
{
    struct fixture *f = *state;
    struct addr one = net_of("203.0.113.7");

    keep_many(f, 2000);
    link_process(f->link, POLLOUT, NOW);
    link_process(f->link, POLLOUT, NOW);
    for (int i = 0; i <= LINK_QUEUE_MAX; i++)
        link_unban(f->link, &f->cell[0], &one, NOW);
    run(f);
    assert_int_equal(count(f, ORDER_COMMIT), 2);
    assert_int_equal(count(f, ORDER_UNBAN), 0);
    assert_int_equal(count(f, ORDER_BAN), 4000);
}

static void test_answers(void **state)
{
    struct fixture *f = *state;

    greet(f);
    assert_false(link_is_enforced(f->link));
    assert_int_equal(acknowledge(f), 0);
    assert_true(f->enforced && link_is_enforced(f->link));
    assert_int_equal(f->states, 1);
    assert_int_equal(say(f, (struct order){.op = ORDER_REFUSED,
                                           .seq = 77,
                                           .net = net_of("203.0.113.7"),
                                           .error = ENOSPC}),
                     0);
    assert_int_equal(link_refused(f->link), 1);
    forget(f);
    assert_int_equal(say(f, (struct order){.op = ORDER_FLUSHED}), 0);
    run(f);
    assert_int_equal(f->order[0].op, ORDER_RESET);
    assert_int_equal(count(f, ORDER_COMMIT), 1);
}

// What is refused for want of room is tried again with the whole state, and counted until then.
static void test_want_of_room(void **state)
{
    static const struct {
        int error;
        bool is_short;
    } rows[] = {{ENFILE, true}, {ENOMEM, true},  {ENOBUFS, true}, {ENOSPC, true},
                {EPERM, false}, {ENOENT, false}, {ERANGE, false}};
    struct fixture *f = *state;

    greet(f);
    acknowledge(f);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct order o = {
            .op = ORDER_REFUSED, .seq = 77, .net = net_of("203.0.113.7"), .error = rows[i].error};
        assert_int_equal(say(f, o), 0);
        assert_int_equal(say(f, o), 0);
        assert_int_equal(link_is_short(f->link), rows[i].is_short);
        assert_int_equal(link_refused(f->link), 2);
        assert_int_equal(link_refusal(f->link), rows[i].error);
        forget(f);
        link_resend(f->link);
        run(f);
        assert_int_equal(f->order[0].op, ORDER_RESET);
        assert_false(link_is_short(f->link));
        assert_int_equal(link_refused(f->link), 0);
        assert_int_equal(acknowledge(f), 0);
    }
}

// Who owes an answer is waited for, and can be given up.
static void test_waiting(void **state)
{
    struct fixture *f = *state;
    struct addr one = net_of("203.0.113.7");
    uint32_t answered;

    assert_true(link_is_waiting(f->link));
    greet(f);
    assert_true(link_is_waiting(f->link));
    acknowledge(f);
    assert_false(link_is_waiting(f->link));
    answered = link_answered(f->link);
    link_ban(f->link, &f->cell[0], &one, USEC_FOREVER);
    assert_true(link_is_waiting(f->link));
    link_flush(f->link, NOW);
    assert_true(link_is_waiting(f->link));
    receive(f);
    acknowledge(f);
    assert_false(link_is_waiting(f->link));
    assert_int_not_equal(link_answered(f->link), answered);
    link_drop(f->link, -ETIMEDOUT);
    assert_int_equal(link_fd(f->link), -1);
    assert_false(f->enforced || link_is_waiting(f->link));
    link_drop(f->link, -ETIMEDOUT);
    assert_int_equal(f->states, 2);
}

// The first order goes out at once; those that come before its answer gather.
static void test_hurry(void **state)
{
    struct fixture *f = *state;
    struct addr one = net_of("203.0.113.7");

    greet(f);
    acknowledge(f);
    forget(f);
    for (int i = 0; i < 10; i++) {
        link_ban(f->link, &f->cell[0], &one, USEC_FOREVER);
        link_hurry(f->link, NOW);
    }
    receive(f);
    assert_int_equal(f->n, 1);
    link_flush(f->link, NOW);
    receive(f);
    assert_int_equal(f->n, 10);
    assert_int_equal(f->packets, 2);
    assert_true(link_has_room(f->link));
    for (int i = 0; i <= LINK_QUEUE_MAX / 2; i++)
        link_ban(f->link, &f->cell[0], &one, USEC_FOREVER);
    assert_false(link_has_room(f->link));
    link_set_late(f->link, true);
    assert_true(link_has_room(f->link));
    assert_true(link_is_late(f->link));
    link_set_late(f->link, false);
    assert_false(link_has_room(f->link));
    run(f);
    assert_true(link_has_room(f->link));
}

// An enforcer that cannot put the state into the kernel is none.
static void test_refused_state(void **state)
{
    struct fixture *f = *state;

    greet(f);
    assert_int_equal(
        say(f, (struct order){.op = ORDER_REFUSED, .seq = f->order[f->n - 1].seq, .error = EPERM}),
        -EPERM);
    assert_int_equal(link_fd(f->link), -1);
    assert_int_equal(f->states, 1);
    assert_false(f->enforced);
}

static void test_own(void **state)
{
    struct fixture *f = *state;

    greet(f);
    for (int round = 0; round < 2; round++) {
        say(f, (struct order){.op = ORDER_RESET});
        say(f, (struct order){.op = ORDER_OWN, .net = net_of("192.0.2.1")});
        say(f, (struct order){.op = ORDER_OWN, .net = net_of("2001:db8::1")});
        assert_int_equal(f->own.n, round * 2);
        say(f, (struct order){.op = ORDER_COMMIT});
        assert_int_equal(f->own.n, 2);
    }
}

static void test_malformed(void **state)
{
    static const struct {
        enum order_op op; // 0: bytes that are no record
        size_t size;
        bool greeted;
    } rows[] = {
        {0, 1, true},
        {0, ORDER_SIZE, true},
        {0, ORDER_SIZE + 1, true},
        {ORDER_ACK, ORDER_SIZE, false}, // before HELLO
        {ORDER_BAN, ORDER_SIZE, true},  // not for us
        {ORDER_JAIL, ORDER_SIZE, true},
    };
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t bytes[ORDER_SIZE + 1] = {0};
        struct order o = {.op = rows[i].op,
                          .seq = 1,
                          .net = net_of("203.0.113.7"),
                          .name = "x",
                          .action = rows[i].op == ORDER_JAIL ? ORDER_DROP : 0};
        attach(f);
        if (rows[i].greeted)
            assert_int_equal(greet(f), 0);
        if (rows[i].op == ORDER_ACK || rows[i].op == ORDER_JAIL)
            o.net = (struct addr){.len = 0};
        if (rows[i].op != ORDER_JAIL)
            o.name[0] = '\0';
        if (rows[i].op)
            order_encode(&o, bytes);
        assert_int_equal(send(f->fd, bytes, rows[i].size, 0), rows[i].size);
        assert_int_equal(link_process(f->link, POLLIN, NOW), -EPROTO);
        assert_int_equal(link_fd(f->link), -1);
    }
}

// Numbers of jails that are no more must not be taken for those of others.
static void test_other_roster(void **state)
{
    struct fixture *f = *state;
    struct cell cell = {.conf = &f->conf[1]};
    struct roster other = {.cell = &cell, .n = 1, .reputation = f->roster.reputation};

    keep_many(f, 2000);
    keep_ban(f, "b", net_of("203.0.113.7"), USEC_FOREVER);
    link_process(f->link, POLLOUT, NOW);
    link_process(f->link, POLLOUT, NOW);
    link_ban(f->link, &f->cell[1], &(struct addr){.len = 128}, USEC_FOREVER);
    receive(f);
    forget(f);
    link_set_roster(f->link, &other);
    run(f);
    assert_int_equal(f->order[0].op, ORDER_RESET);
    assert_int_equal(count(f, ORDER_JAIL), 1);
    assert_int_equal(count(f, ORDER_BAN), 1);
    assert_int_equal(f->order[f->n - 1].op, ORDER_COMMIT);
}

static void test_lost(void **state)
{
    struct fixture *f = *state;
    struct addr one = net_of("203.0.113.7");

    greet(f);
    acknowledge(f);
    close(f->fd);
    f->fd = -1;
    assert_int_equal(link_process(f->link, POLLIN | POLLHUP, NOW), -ECONNRESET);
    assert_false(link_is_enforced(f->link) || f->enforced);
    link_ban(f->link, &f->cell[0], &one, USEC_FOREVER);
    keep_ban(f, "a", one, USEC_FOREVER);
    forget(f);
    attach(f);
    run(f);
    assert_int_equal(f->order[0].op, ORDER_HELLO);
    assert_int_equal(count(f, ORDER_BAN), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_state, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_large_state, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_slow_enforcer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_orders, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_watch_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_covered_by_a_block, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_covered_by_another_jail, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_lifted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_block, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_orders_behind_state, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_overflow, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_overflow_in_state, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_answers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_want_of_room, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_waiting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_hurry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_state, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_malformed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_other_roster, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_spared, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_spared, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lost, set_up, tear_down),
    };

    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
