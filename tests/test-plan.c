// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/plan.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct addr net(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

static struct order jail(uint16_t number, const char *name)
{
    struct order o = {.op = ORDER_JAIL, .jail = number, .action = ORDER_REJECT};

    strncpy(o.name, name, sizeof(o.name) - 1);
    return o;
}

static struct order ban(uint16_t number, const char *text)
{
    return (struct order){.op = ORDER_BAN, .jail = number, .net = net(text)};
}

static int setup(void **state)
{
    return plan_new((struct plan **)state);
}

static int teardown(void **state)
{
    return plan_free(*state) != NULL;
}

static void test_jails(void **state)
{
    static const struct {
        uint16_t number;
        const char *name;
        int r;
    } rows[] = {
        {3, "a", 0},
        {3, "b", -EEXIST},
        {4, "a", -EEXIST},
        {4, "b", 0},
        {ORDER_JAILS_MAX - 1, "c", 0},
        {0, "aa", 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct order o = jail(rows[i].number, rows[i].name);
        assert_int_equal(plan_jail(*state, &o), rows[i].r);
    }
    assert_true(plan_has_jail(*state, 3));
    assert_true(plan_has_jail(*state, ORDER_JAILS_MAX - 1));
    assert_false(plan_has_jail(*state, 5));
    assert_false(plan_has_jail(*state, UINT16_MAX));
}

static void test_ports(void **state)
{
    struct plan *p = *state;
    struct order o = jail(0, "a");
    struct order port = {.op = ORDER_PORT, .proto = IPPROTO_TCP, .port_from = 25, .port_to = 26};

    assert_int_equal(plan_port(p, &port), -ENOENT);
    assert_int_equal(plan_jail(p, &o), 0);
    for (int i = 0; i < ORDER_PORTS_MAX; i++)
        assert_int_equal(plan_port(p, &port), 0);
    assert_int_equal(plan_port(p, &port), -ENOSPC);
    assert_int_equal(p->jail[0].n_port, ORDER_PORTS_MAX);
    assert_int_equal(p->jail[0].port[ORDER_PORTS_MAX - 1].to, 26);
}

static void test_bans_up_to_the_capacity(void **state)
{
    struct plan *p = *state;
    struct order j = jail(0, "a"), b = ban(0, "192.0.2.1/32");

    assert_int_equal(plan_ban(p, &b), -ENOENT);
    assert_int_equal(plan_jail(p, &j), 0);
    for (b.seq = 0; b.seq < PLAN_BANS_MAX; b.seq++)
        assert_int_equal(plan_ban(p, &b), 0);
    assert_int_equal(plan_ban(p, &b), -ENOSPC);
    assert_int_equal(p->n, PLAN_BANS_MAX);
    assert_int_equal(p->element[p->n - 1].seq, PLAN_BANS_MAX - 1);
    plan_forget_bans(p);
    assert_int_equal(p->n, 0);
    assert_true(plan_has_jail(p, 0));
    assert_int_equal(plan_ban(p, &b), 0);
}

// Elements of one set lie next to each other, in the order in which they came, also where their
// numbers wrap around.
static void test_sort(void **state)
{
    static const char *const nets[] = {"192.0.2.1/32", "2001:db8::/64", "198.51.100.0/24",
                                       "192.0.2.2/32", "2001:db8::/32", "2001:db8:1::/64"};
    enum { N = 4 * 6 };
    struct plan *p = *state;
    struct order a = jail(0, "a"), b = jail(1, "b");
    unsigned changes = 0;

    assert_int_equal(plan_jail(p, &a), 0);
    assert_int_equal(plan_jail(p, &b), 0);
    for (unsigned i = 0; i < N; i++) {
        struct order o = ban((uint16_t)(i % 2), nets[i / 2 % 6]);
        o.seq = UINT32_MAX - N / 2 + i;
        assert_int_equal(plan_ban(p, &o), 0);
    }
    plan_sort(p->element, p->n);
    for (size_t i = 1; i < p->n; i++) {
        const struct element *x = &p->element[i - 1], *y = &p->element[i];
        bool is_apart = x->jail != y->jail || slot_of(&x->net) != slot_of(&y->net);
        changes += is_apart;
        assert_true(is_apart || (int32_t)(y->seq - x->seq) > 0);
    }
    assert_int_equal(changes, 2 * 4 - 1);
}

static void test_slots_are_apart(void **state)
{
    static const char *const nets[] = {"10.0.0.0/8",    "192.0.2.0/32",   "2001:db8::/32",
                                       "2001:db8::/33", "2001:db8::/128", "192.0.2.0/31"};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct addr one = net(nets[i]);
        assert_true(slot_of(&one) < SLOT_MAX);
        for (size_t k = 0; k < i; k++) {
            struct addr other = net(nets[k]);
            assert_int_not_equal(slot_of(&one), slot_of(&other));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_jails, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ports, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bans_up_to_the_capacity, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sort, setup, teardown),
        cmocka_unit_test(test_slots_are_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
