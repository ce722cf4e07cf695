// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/dialect.h"

#include "conf-text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

// What a text is read as: options with the line of each of their lines, or the problems.
static const struct {
    const char *text, *read, *problems;
} samples[] = {
    {"[a]\nx = 1\n", "[a]\nx\nf:2: 1\n", ""},
    {"[a]\nx: 1\ny:2=3\nz = 4:5\n", "[a]\nx\nf:2: 1\ny\nf:3: 2=3\nz\nf:4: 4:5\n", ""},
    {"[a]\nLogPath = X\n", "[a]\nlogpath\nf:2: X\n", ""},
    {"[a]\n[A]\n", "[a]\n[A]\n", ""},
    {"[a]\nx =\n", "[a]\nx\nf:2: \n", ""},
    {"[a]\nx = 1\n  2\n\t3  \n", "[a]\nx\nf:2: 1\nf:3: 2\nf:4: 3\n", ""},
    {"[a]\nx =\n  1\n", "[a]\nx\nf:2: \nf:3: 1\n", ""},
    // Comments: dropped inside a value, and only " ;" behind one.
    {"[a]\nx = 1\n# no\n  ; no\n  2\n", "[a]\nx\nf:2: 1\nf:5: 2\n", ""},
    {"[a]\nx = 1 ; no\ny = 1;2\nz = 1 # 2\n", "[a]\nx\nf:2: 1\ny\nf:3: 1;2\nz\nf:4: 1 # 2\n", ""},
    {"[a]\nx = 1\n  2 ; no ; no\n", "[a]\nx\nf:2: 1\nf:3: 2\n", ""},
    {"[a] ; no\nx = ; no\n", "[a]\nx\nf:2: \n", ""},
    // Empty lines inside a value stay, those at its end go.
    {"[a]\nx = 1\n\n  2\n\n\ny = 3\n", "[a]\nx\nf:2: 1\nf:3: \nf:4: 2\ny\nf:7: 3\n", ""},
    // Deeper than its option, not deeper than nothing.
    {"[a]\n  x = 1\n  y = 2\n    3\n", "[a]\nx\nf:2: 1\ny\nf:3: 2\nf:4: 3\n", ""},
    {"[a]\nx = 1\n  [b]\n", "[a]\nx\nf:2: 1\nf:3: [b]\n", ""},
    {"[a]\n  y = 1\n", "[a]\ny\nf:2: 1\n", ""},
    {"[a]\nx = 1\n  y = 2\n", "[a]\nx\nf:2: 1\nf:3: y = 2\n", ""},
    // Web pages' spaces, other systems' line ends, an editor's mark.
    {"[a]\nx = 1\n\xc2\xa0\xe2\x80\x82 2\xc2\xa0\n", "[a]\nx\nf:2: 1\nf:3: 2\n", ""},
    {"[a]\r\nx = 1\r\n  2\r\n", "[a]\nx\nf:2: 1\nf:3: 2\n", ""},
    {"[a]\rx = 1\r", "[a]\nx\nf:2: 1\n", ""},
    {"\xef\xbb\xbf[a]\nx = 1", "[a]\nx\nf:2: 1\n", ""},
    {"[a]\nx = \xff\xfe\n", "[a]\nx\nf:2: \xff\xfe\n", ""},
    // Sections.
    {"[a]]\nx = 1\n", "[a]]\nx\nf:2: 1\n", ""},
    {"[DEFAULT]\nx = 1\n[a]\n[DEFAULT]\ny = 2\n", "[DEFAULT]\nx\nf:2: 1\ny\nf:5: 2\n[a]\n", ""},
    {"[Init?family=inet6]\nx = 1\n", "[Init?family=inet6]\nx\nf:2: 1\n", ""},
    {"", "", ""},
    // What is wrong.
    {"x = 1\n", "", "f:1: error: 'x = 1' stands before the first [section]\n"},
    {"[a]\nx\n", "", "f:2: error: 'x' is neither an option ('name = value') nor a [section]\n"},
    {"[a]\n= 1\n", "", "f:2: error: '= 1' is neither an option ('name = value') nor a [section]\n"},
    {"[]\n", "", "f:1: error: '[]' stands before the first [section]\n"},
    {"[a]\nx = 1\nX = 2\n", "",
     "f:3: error: 'X = 2' is an option that stands in this section already\n"},
    {"[DEFAULT]\nx = 1\n[DEFAULT]\nx = 2\n", "",
     "f:4: error: 'x = 2' is an option that stands in this section already\n"},
    {"[a]\n[b]\n[a]\n", "",
     "f:3: error: 'a' is a section that stands in this file already: put its options together\n"},
    {"[a:b]\n", "", "f:1: error: 'a:b' is no section's name: it must not hold a ':'\n"},
    {"[a]\nx\ny\n", "",
     "f:2: error: 'x' is neither an option ('name = value') nor a [section]\n"
     "f:3: error: 'y' is neither an option ('name = value') nor a [section]\n"},
    // Lines that lost their indent.
    {"[a]\nfailregex = b\nfrom <HOST>\n", "",
     "f:3: error: 'from <HOST>' is neither an option ('name = value') nor a [section]; if it is a "
     "continuation line, it must be indented\n"},
    {"[a]\nlogpath = /b\n/c\n", "",
     "f:3: error: '/c' is neither an option ('name = value') nor a [section]; if it is a "
     "continuation line, it must be indented\n"},
    {"[a]\nfailregex = r: 1\nr: 2 <HOST>\nr: 3 <HOST>\n", "",
     "f:4: error: 'r: 3 <HOST>' is an option that stands in this section already; if it is a "
     "continuation line, it must be indented\n"},
};

static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct pool *pool = pool_new();
        struct problems problems;
        struct ini *ini = NULL;
        char *read, *said;
        size_t n;
        FILE *f;
        int r;

        assert_int_equal(problems_init(&problems, pool), 0);
        r = dialect_read(slice_of(samples[i].text), "f", &problems, &ini);
        f = open_memstream(&read, &n);
        if (r == 0)
            print_ini(ini, f);
        fclose(f);
        f = open_memstream(&said, &n);
        print_problems(problems.at, problems.n, f);
        fclose(f);
        assert_string_equal(said, samples[i].problems);
        assert_string_equal(read, samples[i].read);
        assert_int_equal(r == 0, samples[i].problems[0] == '\0');
        free(read);
        free(said);
        ini_free(ini);
        pool_free(pool);
    }
}

static int read_many(const char *format, size_t count, struct problems *problems)
{
    struct ini *ini = NULL;
    char *text;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    int r;

    fputs("[a]\n", f);
    for (size_t i = 0; i < count; i++) {
        fputs(format, f);
        fprintf(f, "%zu = 1\n", i);
    }
    fclose(f);
    r = dialect_read((struct slice){text, n}, "f", problems, &ini);
    free(text);
    ini_free(ini);
    return r;
}

static void test_bounds(void **state)
{
    struct pool *pool = pool_new();
    struct problems problems;

    (void)state;
    assert_int_equal(problems_init(&problems, pool), 0);
    assert_int_equal(read_many("x", 4000, &problems), 0);
    assert_int_equal(read_many("x", INI_OPTIONS_MAX + 1, &problems), -22);
    assert_int_equal(problems.n, 1);
    assert_non_null(strstr(problems.at[0].text, "more options than fit"));
    // One value, its lines indented.
    assert_int_equal(read_many("x = 1\n y", 100, &problems), -22);
    assert_int_equal(problems.n, 21);
    pool_free(pool);
}

static void test_long_value(void **state)
{
    struct pool *pool = pool_new();
    struct problems problems;
    struct ini *ini = NULL;
    char *text = malloc(2 * TEXT_MAX);

    (void)state;
    assert_int_equal(problems_init(&problems, pool), 0);
    memset(text, 'v', 2 * TEXT_MAX);
    memcpy(text, "[a]\nx = ", 8);
    assert_int_equal(dialect_read((struct slice){text, TEXT_MAX}, "f", &problems, &ini), 0);
    assert_int_equal(strlen(ini_value(ini, "a", "x")), TEXT_MAX - 8);
    ini_free(ini);
    assert_int_equal(dialect_read((struct slice){text, 2 * TEXT_MAX}, "f", &problems, &ini), -22);
    assert_int_equal(problems.n, 1);
    free(text);
    pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_long_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
