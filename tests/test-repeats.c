// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/repeats.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define MINUTE   (60 * USEC_PER_SEC)
#define START    (1000000 * MINUTE)
#define SPAN     (30 * MINUTE)

enum { SEED = 5, STEPS_MAX = 8, GUESSES = 20000 };

static const struct siphash_key key = {{1, 2}}, other_key = {{1, 3}};

static struct addr net(const char *text)
{
    struct addr a;

    assert_int_equal(addr_parse(slice_of(text), &a), 0);
    return a;
}

static uint32_t mark(const struct siphash_key *k, const char *host, const char *user,
                     const char *password)
{
    struct addr a = net(host);

    return repeats_mark(k, &a, slice_of(user), slice_of(password));
}

static struct repeats *new_repeats(void)
{
    struct repeats *r = repeats_new(SPAN, SEED);

    assert_non_null(r);
    return r;
}

static void a_mark_is_of_all_that_it_is_made_of(void **state)
{
    static const struct {
        const struct siphash_key *key;
        const char *host, *user, *password;
        bool same;
    } rows[] = {
        {&key, "192.0.2.1", "hans", "old", true},  {&key, "192.0.2.1", "hans", " old\r", true},
        {&key, "192.0.2.1", "hans", "new", false}, {&key, "192.0.2.1", "hans", "olD", false},
        {&key, "192.0.2.1", "han", "sold", false}, {&key, "192.0.2.1", "Hans", "old", false},
        {&key, "192.0.2.2", "hans", "old", false}, {&other_key, "192.0.2.1", "hans", "old", false},
    };
    uint32_t first = mark(&key, "192.0.2.1", "hans", "old");

    (void)state;
    assert_int_not_equal(first, 0);
    for (size_t i = 0; i < COUNT(rows); i++)
        if ((mark(rows[i].key, rows[i].host, rows[i].user, rows[i].password) == first) !=
            rows[i].same)
            fail_msg("%zu", i);
}

static void what_is_no_password_leaves_no_mark(void **state)
{
    static const struct {
        const char *user, *text;
        bool marks;
    } rows[] = {
        {"hans", "old", true},
        {"hans", "{a}b", true},
        {"hans", "**a", true},
        {"", "old", false},
        {"hans", "", false},
        {"hans", " \r", false},
        {"hans", "***", false},
        {"hans", "xxxxxxxx", false},
        {"hans", "{8}", false},
        {"hans", "{8+}\r", false},
        {"hans", "<hidden>", false},
        {"hans", "(secret)", false},
        {"hans", "[***]", false},
        {"123456789012345678901234567890123456789012345678901234567890.2", "old", true},
        {"123456789012345678901234567890123456789012345678901234567890..3", "old", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++)
        if ((mark(&key, "192.0.2.1", rows[i].user, rows[i].text) != 0) != rows[i].marks)
            fail_msg("%s: '%s'", rows[i].user, rows[i].text);
}

// Of twelve bits, so that whoever has the key as well can tell but one password in 4096 from the
// right one; and so few that it is seldom taken for another.
static void a_mark_tells_twelve_bits_of_a_password(void **state)
{
    uint32_t first = mark(&key, "192.0.2.1", "hans", "old"), differ = 0;
    size_t same = 0;

    (void)state;
    for (size_t i = 0; i < GUESSES; i++) {
        char guess[16];
        uint32_t m;
        snprintf(guess, sizeof(guess), "guess%zu", i);
        m = mark(&key, "192.0.2.1", "hans", guess);
        differ |= m ^ first;
        same += m == first;
    }
    assert_int_equal(differ, 0xfff);
    assert_in_range(same, 1, 15); // 4.9 on average
}

static const struct {
    const char *name;
    struct {
        unsigned minute;
        const char *host, *user, *password;
        bool again;
    } step[STEPS_MAX];
} rows[] = {
    {"a phone",
     {{0, "192.0.2.1", "hans", "old", false},
      {15, "192.0.2.1", "hans", "old", true},
      {30, "192.0.2.1", "hans", "old", true},
      {45, "192.0.2.1", "hans", "old", true}}},
    {"after a pause it is new",
     {{0, "192.0.2.1", "hans", "old", false},
      {30, "192.0.2.1", "hans", "old", false},
      {59, "192.0.2.1", "hans", "old", true}}},
    {"a line that comes late",
     {{10, "192.0.2.1", "hans", "old", false},
      {5, "192.0.2.1", "hans", "old", true},
      {39, "192.0.2.1", "hans", "old", true}}},
    {"a guesser",
     {{0, "192.0.2.1", "hans", "a1", false},
      {1, "192.0.2.1", "hans", "b1", false},
      {2, "192.0.2.1", "hans", "c1", false},
      {3, "192.0.2.1", "hans", "a1", true}}},
    {"one password, many users",
     {{0, "192.0.2.1", "hans", "old", false},
      {1, "192.0.2.1", "anna", "old", false},
      {2, "192.0.2.1", "carol", "old", false}}},
    {"one password, many hosts",
     {{0, "192.0.2.1", "hans", "old", false},
      {1, "192.0.2.2", "hans", "old", false},
      {2, "2001:db8::1", "hans", "old", false}}},
};

static int note(struct repeats *r, const char *host, const char *user, const char *password,
                usec_t time)
{
    struct addr a = net(host);

    return repeats_note(r, &a, mark(&key, host, user, password), time);
}

static void the_same_again_is_no_failure(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct repeats *r = new_repeats();
        for (size_t k = 0; k < STEPS_MAX && rows[i].step[k].host; k++) {
            int e = note(r, rows[i].step[k].host, rows[i].step[k].user, rows[i].step[k].password,
                         START + rows[i].step[k].minute * MINUTE);
            if (e != (rows[i].step[k].again ? REPEATS_E_AGAIN : 0))
                fail_msg("%s, %zu: %d", rows[i].name, k, e);
        }
        repeats_free(r);
    }
}

// Within ten minutes, and again in the next ten.
static void a_loop_that_hammers_counts(void **state)
{
    struct repeats *r = new_repeats();
    struct addr host = net("192.0.2.1");
    unsigned counted = 0, next = 0;

    (void)state;
    for (unsigned i = 0; i < 300; i++)
        counted += note(r, "192.0.2.1", "hans", "old", START + i * USEC_PER_SEC) == 0;
    assert_int_equal(counted, 1 + 299 - REPEATS_FREE);
    for (unsigned i = 0; i < 100; i++)
        next += note(r, "192.0.2.1", "hans", "old", START + 10 * MINUTE + i * USEC_PER_SEC) == 0;
    assert_int_equal(next, 0);
    assert_int_equal(repeats_look(r, &host, START + 12 * MINUTE), 2 * REPEATS_FREE);
    assert_int_equal(repeats_look(r, &host, START + 60 * MINUTE), 0);
    repeats_free(r);
}

static void what_was_tried_longest_ago_makes_room(void **state)
{
    struct repeats *r = new_repeats();
    char password[] = "a0";

    (void)state;
    for (unsigned i = 0; i <= REPEATS_MARKS_MAX; i++, password[1]++)
        assert_int_equal(note(r, "192.0.2.1", "hans", password, START + i * MINUTE), 0);
    assert_int_equal(note(r, "192.0.2.1", "hans", "a1", START + 10 * MINUTE), REPEATS_E_AGAIN);
    assert_int_equal(note(r, "192.0.2.1", "hans", "a0", START + 11 * MINUTE), 0);
    repeats_free(r);
}

struct kept {
    struct repeats *to;
    uint8_t taken[REPEATS_HOSTS_MAX]; // slots
    size_t n;
};

static int keep(void *user, const struct repeats_host *h)
{
    struct kept *k = user;

    assert_true(h->slot < REPEATS_HOSTS_MAX);
    assert_int_equal(k->taken[h->slot]++, 0);
    k->n++;
    return k->to ? repeats_restore(k->to, h) : 0;
}

static void hosts_make_room_and_are_kept(void **state)
{
    static struct kept first, again, whole;
    struct repeats *r = new_repeats(), *restored = new_repeats();
    const unsigned n = REPEATS_HOSTS_MAX + 100;

    (void)state;
    for (unsigned i = 0; i < n; i++) {
        struct addr host = net("10.0.0.0");
        host.b[14] = (uint8_t)(i >> 8);
        host.b[15] = (uint8_t)i;
        assert_int_equal(repeats_note(r, &host, 1 + i, START + i), 0);
    }
    first.to = restored;
    assert_int_equal(repeats_changed(r, keep, &first), 0);
    assert_int_equal(first.n, REPEATS_HOSTS_MAX);
    assert_int_equal(repeats_changed(r, keep, &again), 0);
    assert_int_equal(again.n, 0);
    assert_int_equal(repeats_changed(restored, keep, &whole), 0);
    assert_int_equal(whole.n, REPEATS_HOSTS_MAX);
    // The first host is gone, in both; the last is known.
    for (unsigned i = 0; i < 2; i++) {
        struct repeats *of = i == 0 ? r : restored;
        struct addr last = net("10.0.64.99"), gone = net("10.0.0.0");
        assert_int_equal(repeats_note(of, &last, n, START + MINUTE), REPEATS_E_AGAIN);
        assert_int_equal(repeats_note(of, &gone, 1, START + MINUTE), 0);
    }
    repeats_free(r);
    repeats_free(restored);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_mark_is_of_all_that_it_is_made_of),
        cmocka_unit_test(what_is_no_password_leaves_no_mark),
        cmocka_unit_test(a_mark_tells_twelve_bits_of_a_password),
        cmocka_unit_test(the_same_again_is_no_failure),
        cmocka_unit_test(a_loop_that_hammers_counts),
        cmocka_unit_test(what_was_tried_longest_ago_makes_room),
        cmocka_unit_test(hosts_make_room_and_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
