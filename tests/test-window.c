// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/window.h"

#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HITS_MAX = 12, NEVER = 0 };

struct step {
    usec_t time;
    uint32_t count;
    usec_t end; // where the full findtime ends; NEVER: not full
};

static const struct scenario {
    const char *name;
    uint32_t k;
    usec_t findtime;
    struct step step[HITS_MAX]; // up to count 0
} scenarios[] = {
    {"fills with the third", 3, 10, {{1, 1, NEVER}, {2, 1, NEVER}, {3, 1, 3}}},
    {"one is enough", 1, 10, {{7, 1, 7}, {8, 1, 8}}},
    {"findtime is open at its start", 2, 10, {{1, 1, NEVER}, {11, 1, NEVER}, {20, 1, 20}}},
    {"slides", 3, 10, {{1, 1, NEVER}, {5, 1, NEVER}, {12, 1, NEVER}, {14, 1, 14}, {15, 1, 15}}},
    {"one line of several", 3, 10, {{1, 3, 1}, {50, 2, NEVER}, {55, 1, 55}}},
    {"one line of more than is kept", 3, 10, {{1, UINT32_MAX, 1}, {100, 1, NEVER}}},
    {"late, in the middle", 3, 10, {{1, 1, NEVER}, {5, 1, NEVER}, {3, 1, 5}}},
    {"late, before all", 3, 10, {{5, 1, NEVER}, {6, 1, NEVER}, {1, 1, 6}}},
    {"late, too far from the newer", 3, 10, {{15, 1, NEVER}, {16, 1, NEVER}, {5, 1, NEVER}}},
    {"a future stamp hides nothing",
     3,
     10,
     {{900, 1, NEVER}, {1, 1, NEVER}, {2, 1, NEVER}, {3, 1, 3}}},
    {"a late one is dropped first",
     2,
     10,
     {{50, 1, NEVER}, {90, 1, NEVER}, {1, 1, NEVER}, {45, 1, 50}}},
    {"several late ones", 3, 5, {{1, 1, NEVER}, {10, 1, NEVER}, {20, 1, NEVER}, {2, 2, 2}}},
    {"the latest end wins", 2, 10, {{1, 1, NEVER}, {12, 1, NEVER}, {5, 1, 12}}},
    {"for ever", 2, USEC_FOREVER, {{1, 1, NEVER}, {UINT64_MAX - 1, 1, UINT64_MAX - 1}}},
};

static struct window *window_new(uint32_t k)
{
    return calloc(1, window_size(k));
}

static void test_scenarios(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        const struct scenario *c = &scenarios[i];
        struct window *w = window_new(c->k);
        for (const struct step *s = c->step; s->count > 0; s++) {
            usec_t end = NEVER;
            bool full = window_hit(w, c->k, c->findtime, s->time, s->count, &end);
            if (full != (s->end != NEVER) || end != s->end)
                fail_msg("%s: step %td: end %llu", c->name, s - c->step, (unsigned long long)end);
        }
        free(w);
    }
}

static void test_count(void **state)
{
    static const struct {
        usec_t findtime, now;
        uint32_t count;
    } cases[] = {{10, 5, 2}, {10, 4, 1}, {10, 14, 1}, {10, 15, 0},
                 {10, 3, 1}, {10, 2, 0}, {1, 5, 1}};
    struct window *w = window_new(2);

    (void)state;
    window_hit(w, 2, 10, 3, 1, NULL);
    window_hit(w, 2, 10, 5, 1, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(window_count(w, cases[i].findtime, cases[i].now), cases[i].count);
    free(w);
}

// Every hit ever, or the k newest of them.
struct naive {
    size_t n;
    usec_t time[8192];
};

static int by_time(const void *a, const void *b)
{
    usec_t x = *(const usec_t *)a, y = *(const usec_t *)b;

    return x < y ? -1 : x > y;
}

static void naive_add(struct naive *v, usec_t time, uint32_t count)
{
    while (count-- > 0)
        v->time[v->n++] = time;
    qsort(v->time, v->n, sizeof(usec_t), by_time);
}

static void naive_keep(struct naive *v, uint32_t k)
{
    if (v->n <= k)
        return;
    memmove(v->time, v->time + v->n - k, k * sizeof(usec_t));
    v->n = k;
}

// The latest end of a findtime that holds k hits and this one; NEVER: there is none.
static usec_t naive_end(const struct naive *v, uint32_t k, usec_t findtime, usec_t time)
{
    usec_t end = NEVER;

    for (size_t i = 0; i < v->n; i++) {
        uint32_t hits = 0;
        if (v->time[i] < time || v->time[i] - time >= findtime)
            continue;
        for (size_t j = 0; j < v->n; j++)
            hits += v->time[j] <= v->time[i] && v->time[i] - v->time[j] < findtime;
        if (hits >= k)
            end = v->time[i];
    }
    return end;
}

static void run(uint64_t seed, usec_t late, bool all)
{
    uint32_t k = 1 + random_below(&seed, 8);
    usec_t findtime = 5 + random_below(&seed, 40), clock = 1000;
    struct window *w = window_new(k);
    struct naive *v = calloc(1, sizeof(*v));

    for (int i = 0; i < 300; i++) {
        uint32_t count = random_below(&seed, 5) ? 1 : 1 + random_below(&seed, 2 * k);
        usec_t end = NEVER, time;
        clock += random_below(&seed, 8);
        time = clock - (late ? random_below(&seed, (uint32_t)late) : 0);
        window_hit(w, k, findtime, time, count, &end);
        naive_add(v, time, count < k ? count : k);
        assert_int_equal(end, naive_end(v, k, findtime, time));
        if (!all)
            naive_keep(v, k);
        assert_true(w->n <= k);
    }
    free(v);
    free(w);
}

static void test_in_order_keeping_k_is_keeping_all(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 40; seed++)
        run(seed, 0, true);
}

static void test_late_is_judged_with_what_is_kept(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++)
        run(seed, 1 + seed, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_count),
        cmocka_unit_test(test_in_order_keeping_k_is_keeping_all),
        cmocka_unit_test(test_late_is_judged_with_what_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
