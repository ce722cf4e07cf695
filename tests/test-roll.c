// SPDX-License-Identifier: GPL-2.0-or-later
// The roll against a plain list, over many random steps.
#include "ledger/roll.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { STEPS = 20000, BANS_MAX = STEPS, NETS = 300, JAILS = 5, TIMES = 5000 };

struct model {
    struct roll_ban ban[BANS_MAX];
    size_t n;
};

static uint32_t random_below(uint64_t *state, uint32_t n)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(*state >> 33) % n;
}

// Hosts and the blocks around them.
static struct addr net_at(uint32_t i)
{
    struct addr a = {
        {[10] = 0xff, [11] = 0xff, [12] = 10, [14] = (uint8_t)(i / 16), [15] = (uint8_t)(i % 16)},
        128};

    return i % 16 == 0 ? addr_block(&a, 24) : a;
}

static struct roll_ban *newest(struct model *m, const struct addr *net, int64_t before)
{
    for (size_t i = m->n; i > 0; i--) {
        struct roll_ban *b = &m->ban[i - 1];
        if (!b->is_gone && b->id < before && addr_compare(&b->net, net) == 0)
            return b;
    }
    return NULL;
}

static usec_t first_end(const struct model *m, bool is_running)
{
    usec_t first = USEC_FOREVER;

    for (size_t i = 0; i < m->n; i++) {
        if (!m->ban[i].is_gone && m->ban[i].is_running == is_running &&
            roll_end(&m->ban[i]) < first)
            first = roll_end(&m->ban[i]);
    }
    return first;
}

static uint32_t place_of(const struct roll *r, int64_t id)
{
    size_t place = roll_after(r, id - 1);

    assert_true(place < r->n && r->ban[place].id == id && !r->ban[place].is_gone);
    return (uint32_t)place;
}

static bool count_one(void *user, const struct roll_ban *b)
{
    (void)b;
    ++*(size_t *)user;
    return false;
}

static void compare(const struct roll *r, struct model *m, uint64_t *random)
{
    struct addr net = net_at(random_below(random, NETS));
    const struct ends *ends[] = {&r->over, &r->running};
    uint64_t in_force[JAILS + 1] = {0};
    size_t around = 0, wanted = 0;
    uint32_t place = roll_of(r, &net);

    for (struct roll_ban *b = newest(m, &net, INT64_MAX); b; b = newest(m, &net, b->id)) {
        assert_int_not_equal(place, ROLL_NONE);
        assert_int_equal(r->ban[place].id, b->id);
        place = roll_before(r, place);
    }
    assert_int_equal(place, ROLL_NONE);
    for (int i = 0; i < 2; i++) {
        place = roll_first(ends[i]);
        assert_int_equal(place == ROLL_NONE ? USEC_FOREVER : roll_end(&r->ban[place]),
                         first_end(m, i));
    }
    for (size_t i = 0; i < m->n; i++) {
        const struct roll_ban *b = &m->ban[i];
        if (b->is_gone)
            continue;
        in_force[0] += b->is_running;
        in_force[b->jail] += b->is_running;
        wanted += addr_within(&net, &b->net);
    }
    for (uint32_t jail = 0; jail <= JAILS; jail++)
        assert_int_equal(roll_in_force(r, jail), in_force[jail]);
    roll_around(r, &net, count_one, &around);
    assert_int_equal(around, wanted);
}

static void step(struct roll *r, struct model *m, uint64_t *random)
{
    struct roll_ban b = {.id = (int64_t)m->n + 1,
                         .net = net_at(random_below(random, NETS)),
                         .jail = 1 + random_below(random, JAILS),
                         .until = 1 + random_below(random, TIMES),
                         .is_running = random_below(random, 4) > 0};
    uint32_t what = random_below(random, 10), place;
    struct roll_ban *old = m->n > 0 ? &m->ban[random_below(random, (uint32_t)m->n)] : NULL;

    if (what < 4 || !old || old->is_gone) {
        assert_int_equal(roll_add(r, &b, &place), 0);
        assert_int_equal(r->ban[place].id, b.id);
        m->ban[m->n++] = b;
        return;
    }
    place = place_of(r, old->id);
    if (what < 7) {
        roll_remove(r, place);
        old->is_gone = true;
        return;
    }
    if (what == 7)
        old->lifted = r->ban[place].lifted = 1 + random_below(random, TIMES);
    else
        old->until = r->ban[place].until = 1 + random_below(random, TIMES);
    old->is_running = what != 7;
    roll_settle(r, place, old->is_running);
}

static void test_against_a_list(void **state)
{
    struct model *m = calloc(1, sizeof(*m));
    struct roll r = {.seed = 7};
    uint64_t random = 1;

    (void)state;
    assert_non_null(m);
    for (int i = 0; i < STEPS; i++) {
        step(&r, m, &random);
        if (i % 100 == 0)
            compare(&r, m, &random);
    }
    compare(&r, m, &random);
    // Those that went have left no gaps for long.
    assert_true(r.n < m->n);
    roll_done(&r);
    free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_a_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
