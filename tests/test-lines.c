// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define BYTES(text)                                                                                \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

enum { LIMIT = 8 };

static const struct {
    struct slice bytes;
    struct slice line[4]; // without newline; the rest of the table's row is empty
    size_t n;
    struct slice last; // p NULL: none
    uint64_t overlong;
} rows[] = {
    {BYTES(""), {{0}}, 0, {0}, 0},
    {BYTES("a\n"), {BYTES("a")}, 1, {0}, 0},
    {BYTES("a\nb\n"), {BYTES("a"), BYTES("b")}, 2, {0}, 0},
    {BYTES("a\nb"), {BYTES("a")}, 1, BYTES("b"), 0},
    {BYTES("\n\n"), {BYTES(""), BYTES("")}, 2, {0}, 0},
    {BYTES("a\r\n\r\nb\r"), {BYTES("a"), BYTES("")}, 2, BYTES("b"), 0},
    {BYTES("a\r\r\n"), {BYTES("a\r")}, 1, {0}, 0},
    {BYTES("a\rb\n"), {BYTES("a\rb")}, 1, {0}, 0},
    // Other bytes that some programs take for the end of a line: VT, FF, NEL, U+2028, NUL.
    {BYTES("\v\f\xc2\x85\n"), {BYTES("\v\f\xc2\x85")}, 1, {0}, 0},
    {BYTES("\xe2\x80\xa8\0\xff\n"), {BYTES("\xe2\x80\xa8\0\xff")}, 1, {0}, 0},
    // At the limit, and one beyond it: dropped to the newline, whatever its tail says.
    {BYTES("12345678\nb\n"), {BYTES("12345678"), BYTES("b")}, 2, {0}, 0},
    {BYTES("123456789\nb\n"), {BYTES("b")}, 1, {0}, 1},
    {BYTES("1234567890123456789012345\nb\n"), {BYTES("b")}, 1, {0}, 1},
    {BYTES("123456789\n123456789\n"), {{0}}, 0, {0}, 2},
    {BYTES("a\n123456789"), {BYTES("a")}, 1, {0}, 1},
};

static void check_cut(const struct slice bytes, size_t piece, size_t row)
{
    struct lines l;
    struct slice line;
    size_t n = 0;

    assert_int_equal(lines_init(&l, LIMIT), 0);
    for (size_t at = 0; at < bytes.n; at += piece) {
        struct slice chunk = {bytes.p + at, piece < bytes.n - at ? piece : bytes.n - at};
        while (lines_next(&l, &chunk, &line)) {
            assert_true(n < rows[row].n);
            assert_true(slice_equal(line, rows[row].line[n++]));
        }
        assert_int_equal(chunk.n, 0);
    }
    assert_int_equal(n, rows[row].n);
    assert_int_equal(lines_last(&l, &line), rows[row].last.p != NULL);
    if (rows[row].last.p)
        assert_true(slice_equal(line, rows[row].last));
    assert_false(lines_last(&l, &line));
    assert_int_equal(l.overlong, rows[row].overlong);
    lines_done(&l);
}

static void splits_however_cut(void **state)
{
    (void)state;
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++)
        for (size_t piece = 1; piece <= rows[row].bytes.n + 1; piece++)
            check_cut(rows[row].bytes, piece, row);
}

static void does_not_copy_whole_lines(void **state)
{
    struct slice bytes = BYTES("first\nsecond\nthird"), chunk = bytes, line;
    struct lines l;

    (void)state;
    assert_int_equal(lines_init(&l, LIMIT), 0);
    assert_true(lines_next(&l, &chunk, &line));
    assert_ptr_equal(line.p, bytes.p);
    assert_true(lines_next(&l, &chunk, &line));
    assert_ptr_equal(line.p, bytes.p + 6);
    assert_false(lines_next(&l, &chunk, &line));
    lines_done(&l);
}

static void says_how_far_to_go_back(void **state)
{
    static const struct {
        const char *chunk;
        uint64_t pending;
    } steps[] = {{"abc", 3},   {"de", 5},     {"\n", 0},     {"x\ny", 1},  {"123456789", 10},
                 {"0123", 14}, {"\nzz\n", 0}, {"tail\r", 5}, {"\nlast", 4}};
    struct lines l;
    struct slice line;

    (void)state;
    assert_int_equal(lines_init(&l, LIMIT), 0);
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct slice chunk = slice_of(steps[i].chunk);
        while (lines_next(&l, &chunk, &line))
            ;
        assert_int_equal(lines_pending(&l), steps[i].pending);
    }
    lines_done(&l);
}

static void forgets_a_partial_line(void **state)
{
    static const char *const partial[] = {"abc", "123456789"};
    struct lines l;
    struct slice line, chunk;

    (void)state;
    assert_int_equal(lines_init(&l, LIMIT), 0);
    for (size_t i = 0; i < 2; i++) {
        chunk = slice_of(partial[i]);
        assert_false(lines_next(&l, &chunk, &line));
        lines_reset(&l);
        assert_int_equal(lines_pending(&l), 0);
        chunk = slice_of("new\n");
        assert_true(lines_next(&l, &chunk, &line));
        assert_true(slice_is(line, "new"));
    }
    lines_done(&l);
}

// A line of a MiB between two good ones, in pieces of a page.
static void drops_what_is_longer_than_the_limit(void **state)
{
    enum { LONG = 1 << 20, PIECE = 4096 };
    char *piece = malloc(PIECE);
    struct lines l;
    struct slice line, chunk = slice_of("good\n");

    (void)state;
    assert_non_null(piece);
    memset(piece, 'x', PIECE);
    assert_int_equal(lines_init(&l, LINES_MAX), 0);
    assert_true(lines_next(&l, &chunk, &line));
    for (size_t n = 0; n < LONG; n += PIECE) {
        chunk = (struct slice){piece, PIECE};
        assert_false(lines_next(&l, &chunk, &line));
    }
    assert_int_equal(lines_pending(&l), LONG);
    chunk = slice_of(" a tail that looks like a line\nnext\n");
    assert_true(lines_next(&l, &chunk, &line));
    assert_true(slice_is(line, "next"));
    assert_int_equal(l.overlong, 1);
    lines_done(&l);
    free(piece);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_however_cut),
        cmocka_unit_test(does_not_copy_whole_lines),
        cmocka_unit_test(says_how_far_to_go_back),
        cmocka_unit_test(forgets_a_partial_line),
        cmocka_unit_test(drops_what_is_longer_than_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
