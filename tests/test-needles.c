// SPDX-License-Identifier: GPL-2.0-or-later
// Every way to search that this CPU has gives what memmem gives.
#include "engine/needles.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { TEXTS_MAX = 4096, WORDS_MAX = TEXTS_MAX / 64, INPUT_MAX = 200, BYTES_MAX = 1 << 18 };

// Texts of one test, kept in one block.
struct texts {
    size_t n, used;
    struct slice text[TEXTS_MAX];
    char bytes[BYTES_MAX];
};

static uint64_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *state >> 33;
}

static void add_text(struct texts *t, const char *p, size_t n)
{
    assert_true(t->n < TEXTS_MAX && t->used + n <= BYTES_MAX);
    memcpy(t->bytes + t->used, p, n);
    t->text[t->n++] = (struct slice){t->bytes + t->used, n};
    t->used += n;
}

enum { WAYS = NEEDLES_PORTABLE + 1 };

// The same texts in each way; NULL: this CPU cannot.
struct searches {
    struct needles *way[WAYS];
};

static struct searches make(const struct texts *t)
{
    struct searches s = {0};

    for (int way = 0; way < WAYS; way++) {
        int r = needles_new_by((enum needles_way)way, t->text, t->n, &s.way[way]);
        assert_true(r == 0 || (r == -ENOTSUP && way != NEEDLES_BEST && way != NEEDLES_PORTABLE));
    }
    return s;
}

static void done(struct searches *s)
{
    for (size_t i = 0; i < WAYS; i++)
        needles_free(s->way[i]);
}

// The input ends where its memory ends, so that a sanitizer sees the first byte read beyond it, and
// starts at every alignment.
static void check(const struct searches *s, const struct texts *t, const char *p, size_t n)
{
    size_t skew = n * 7 % 32;
    char *memory = malloc(skew + n + 1), *copy = memory + skew + 1;
    uint64_t found[WORDS_MAX], expected[WORDS_MAX] = {0};
    bool any = false;

    assert_non_null(memory);
    memset(memory, t->text[0].p[0], skew + 1);
    memcpy(copy, p, n);
    for (size_t i = 0; i < t->n; i++) {
        if (!memmem(copy, n, t->text[i].p, t->text[i].n))
            continue;
        expected[i / 64] |= UINT64_C(1) << i % 64;
        any = true;
    }
    for (size_t i = 0; i < WAYS; i++) {
        if (!s->way[i])
            continue;
        memset(found, 0, sizeof(found));
        assert_int_equal(needles_find(s->way[i], (struct slice){copy, n}, found), any);
        assert_memory_equal(found, expected, sizeof(found));
    }
    free(memory);
}

// Sets as adversaries would choose them: equal, prefixes, suffixes, one byte repeated, all bytes.
static const char *const sets[][8] = {
    {"abc"},
    {"abc", "abc", "abc"},
    {"abc", "abcd", "abcde", "abcdef", "bcd", "cdef", "def"},
    {"aaa", "aaaa", "aaaaa", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"},
    {"\xff\xff\xff", "\x80\x80\x80\x80", "\x7f\x80\xff"},
    {"SASL LOGIN", "authentication failed", ", rip=", "auth=0/", "user=<", "lost connection"},
};

static void test_sets(void **state)
{
    struct texts *t = calloc(1, sizeof(*t));
    char input[INPUT_MAX + 1];
    uint64_t random = 1;

    (void)state;
    assert_non_null(t);
    for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
        t->n = t->used = 0;
        for (size_t k = 0; k < 8 && sets[i][k]; k++)
            add_text(t, sets[i][k], strlen(sets[i][k]));
        struct searches s = make(t);
        // Each text at each place of a background of its own bytes, of each length.
        for (size_t n = 0; n <= INPUT_MAX; n++) {
            struct slice text = t->text[n % t->n];
            for (size_t k = 0; k < n; k++)
                input[k] = text.p[next_random(&random) % text.n];
            check(&s, t, input, n);
            for (size_t at = 0; at + text.n <= n; at += 1 + n / 50) {
                memset(input, '.', n);
                memcpy(input + at, text.p, text.n);
                check(&s, t, input, n);
            }
        }
        done(&s);
    }
    free(t);
}

// How many texts, of which bytes, and how long at most.
static const struct {
    size_t n, first, letters, longest;
} random_sets[] = {
    {1, ' ', 2, 4},    {3, 0, 2, 4},     {5, ' ', 3, 8},     {30, ' ', 26, 12},   {64, 0, 4, 5},
    {128, 120, 16, 9}, {129, 0, 256, 9}, {300, ' ', 26, 20}, {1000, ' ', 90, 30}, {4000, ' ', 8, 9},
};

static void test_random(void **state)
{
    struct texts *t = calloc(1, sizeof(*t));
    char text[INPUT_MAX];
    uint64_t random = 7;

    (void)state;
    assert_non_null(t);
    for (size_t i = 0; i < sizeof(random_sets) / sizeof(*random_sets); i++) {
        size_t first = random_sets[i].first, letters = random_sets[i].letters;
        t->n = t->used = 0;
        while (t->n < random_sets[i].n) {
            size_t n = NEEDLES_SHORTEST + next_random(&random) % (random_sets[i].longest - 2);
            for (size_t k = 0; k < n; k++)
                text[k] = (char)(first + next_random(&random) % letters);
            add_text(t, text, n);
        }
        struct searches s = make(t);
        for (size_t round = 0; round < 300; round++) {
            size_t n = next_random(&random) % INPUT_MAX;
            struct slice some = t->text[next_random(&random) % t->n];
            for (size_t k = 0; k < n; k++)
                text[k] = (char)(first + next_random(&random) % letters);
            if (some.n <= n && round % 2)
                memcpy(text + (round % 4 == 1 ? 0 : n - some.n), some.p, some.n);
            check(&s, t, text, n);
        }
        done(&s);
    }
    free(t);
}

// A text longer than what is searched at a time, and one of the needles at each place of it.
static void test_long(void **state)
{
    enum { LONG = 2600 };
    struct texts *t = calloc(1, sizeof(*t));
    char *input = malloc(LONG);

    (void)state;
    assert_true(t && input);
    add_text(t, "abc", 3);
    add_text(t, "authentication failed", 21);
    struct searches s = make(t);
    for (size_t at = 0; at + 21 <= LONG; at += 1 + (at < 950 || at > 1030) * 3) {
        memset(input, 'a', LONG);
        memcpy(input + at, t->text[at % 2].p, t->text[at % 2].n);
        check(&s, t, input, LONG);
    }
    done(&s);
    free(input);
    free(t);
}

static void test_bounds(void **state)
{
    struct slice brief = {"ab", 2};
    struct needles *s;
    uint64_t found = 0;

    (void)state;
    assert_int_equal(needles_new(&brief, 1, &s), -EINVAL);
    assert_int_equal(needles_new(NULL, 0, &s), 0);
    assert_false(needles_find(s, slice_of("abcdef"), &found));
    assert_false(needles_find(s, (struct slice){NULL, 0}, &found));
    needles_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_long),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
