// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/interpolate.h"

#include "conf-text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

// Two files, the second read over the first; what option x of section s is then.
static const struct {
    const char *first, *second, *value, *problem;
} samples[] = {
    {"[s]\nx = %(y)s-%(Y)s\ny = 1\n", "", "a:2: 1-1\n", NULL},
    {"[s]\nx = %(y)s\n[DEFAULT]\ny = 1\n", "", "a:4: 1\n", NULL},
    {"[s]\nx = <%(y)s>\ny = 1\n[DEFAULT]\ny = 2\n", "", "a:2: <1>\n", NULL},
    {"[s]\nx = 100%%\n", "", "a:2: 100%\n", NULL},
    {"[s]\nx = %(y)s\ny = %%(z)s\n", "", "a:3: %(z)s\n", NULL},
    {"[s]\nx = %(__name__)s\n", "", "0: s\n", NULL},
    {"[s]\nx = %(y)s\n[DEFAULT]\ny = in %(__name__)s\n", "", "a:4: in s\n", NULL},
    // Late: the second file's value is put into the first file's.
    {"[s]\nx = -%(y)s\ny = 1\n", "[s]\ny = 2\n", "a:2: -2\n", NULL},
    {"[s]\nx = 1\n", "[DEFAULT]\nx = 2\n", "a:2: 1\n", NULL},
    // What was before; with nothing before, [DEFAULT]'s.
    {"[s]\nx = 1\n", "[s]\nx = %(known/x)s\n  2\n", "a:2: 1\nb:3: 2\n", NULL},
    {"[DEFAULT]\nx = 1\n", "[s]\nx = %(known/x)s+2\n", "b:2: 1+2\n", NULL},
    {"[s]\nx = 1\n", "[s]\nx = %(KNOWN/X)s\n", "a:2: 1\n", NULL},
    {"[s]\ny = 1\n", "[s]\nx = %(known/y)s\n", NULL, "b:2: error: %(known/y)s: there is no option"},
    // Another section's, as it stands there.
    {"[s]\nx = %(t/y)s\n[t]\ny = %(z)s\nz = no\n", "[s]\nz = 1\n", "b:2: 1\n", NULL},
    {"[s]\nx = %(t/y)s\n[t]\n[DEFAULT]\ny = 1\n", "", "a:5: 1\n", NULL},
    {"[s]\nx = %(default/y)s\ny = no\n[DEFAULT]\ny = 1\n", "", "a:5: 1\n", NULL},
    {"[s]\nx = %(t/y)s\n[DEFAULT]\ny = 1\n", "", NULL,
     "a:2: error: %(t/y)s: there is no option 't/y' in [s] or [DEFAULT]\n"},
    // Each line keeps its place.
    {"[s]\nx = 1\n  %(y)s\n  4\ny = 2\n  3\n", "", "a:2: 1\na:5: 2\na:6: 3\na:4: 4\n", NULL},
    {"[s]\nx = 1%(y)s4\ny = 2\n  3\n", "", "a:2: 12\na:4: 34\n", NULL},
    {"[s]\nx = %(y)s\n  2\ny =\n", "", "a:2: \na:3: 2\n", NULL},
    // What is wrong.
    {"[s]\nx = 1\n  50%\n", "", NULL,
     "a:3: error: '%': a '%' must be written '%%', or begin a '%(name)s'\n"},
    {"[s]\nx = %(y)\n", "", NULL, "a:2: error: '%(y)': a '%' must be written"},
    {"[s]\nx = %()s\n", "", NULL, "a:2: error: '%()s': a '%' must be written"},
    {"[s]\nx = %(y)s\n", "", NULL,
     "a:2: error: %(y)s: there is no option 'y' in [s] or [DEFAULT]\n"},
    {"[s]\nx = %(y)s\ny = %(z)s\n", "", NULL, "a:3: error: %(z)s: there is no option"},
    {"[s]\nx = %(x)s\n", "", NULL, "a:2: error: %(x)s: references go deeper than 10 levels"},
    {"[s]\nx = %(y)s\ny = %(x)s\n", "", NULL, "deeper than 10 levels"},
    {"[s]\nx = %(b)s\nb = %(c)s\nc = %(d)s\nd = %(e)s\ne = %(f)s\nf = %(g)s\ng = %(h)s\n"
     "h = %(i)s\ni = %(j)s\nj = %(k)s\nk = end\n",
     "", "a:12: end\n", NULL},
    {"[s]\nx = %(b)s\nb = %(c)s\nc = %(d)s\nd = %(e)s\ne = %(f)s\nf = %(g)s\ng = %(h)s\n"
     "h = %(i)s\ni = %(j)s\nj = %(k)s\nk = %%\n",
     "", NULL, "deeper than 10 levels"},
};

static int merge(const char *text, const char *file, struct problems *problems, struct ini *to)
{
    struct ini *ini = NULL;
    int r = dialect_read(slice_of(text), file, problems, &ini);

    if (r == 0)
        r = ini_merge(to, ini);
    ini_free(ini);
    return r;
}

static struct scope scope_of(const struct ini *ini)
{
    return (struct scope){
        .place = {{ini, "s"}, {ini, INI_DEFAULT}}, .n_places = 2, .ini = ini, .section = "s"};
}

static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct pool *pool = pool_new();
        struct ini *ini = ini_new();
        struct scope scope = scope_of(ini);
        struct text value = {0};
        struct problems problems;
        char *said;
        size_t n;
        FILE *f = open_memstream(&said, &n);
        int r;

        assert_int_equal(problems_init(&problems, pool), 0);
        assert_int_equal(merge(samples[i].first, "a", &problems, ini), 0);
        assert_int_equal(merge(samples[i].second, "b", &problems, ini), 0);
        r = scope_get(&scope, "x", &problems, &value);
        if (r == 0)
            print_text(&value, f);
        print_problems(problems.at, problems.n, f);
        fclose(f);
        assert_int_equal(r, samples[i].value ? 0 : -22);
        if (samples[i].value)
            assert_string_equal(said, samples[i].value);
        else if (!strstr(said, samples[i].problem))
            fail_msg("%s\nnot: %s", said, samples[i].problem);
        free(said);
        text_done(&value);
        ini_free(ini);
        pool_free(pool);
    }
}

#define K16 "0123456789abcdef"

// Eight levels of eight references each would be 16 million, be they to nothing or to something.
static void test_bounds(void **state)
{
    static const char *const starts[] = {"k = \n", "k = " K16 K16 K16 K16 "\n"};
    static const char *const says[] = {"more than 10000 references", "grows beyond"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct pool *pool = pool_new();
        struct ini *ini = ini_new();
        struct scope scope = scope_of(ini);
        struct problems problems;
        struct text value = {0};
        char *text;
        size_t n;
        FILE *f = open_memstream(&text, &n);

        fprintf(f, "[s]\n%s", starts[i]);
        for (const char *c = "abcdefgh"; *c; c++) {
            fprintf(f, "%c = ", *c == 'a' ? 'x' : *c);
            for (size_t k = 0; k < 8; k++)
                fprintf(f, "%%(%c)s", *c == 'h' ? 'k' : *c + 1);
            fputc('\n', f);
        }
        fclose(f);
        assert_int_equal(problems_init(&problems, pool), 0);
        assert_int_equal(merge(text, "a", &problems, ini), 0);
        assert_int_equal(scope_get(&scope, "x", &problems, &value), -22);
        assert_int_equal(problems.n, 1);
        assert_non_null(strstr(problems.at[0].text, says[i]));
        free(text);
        text_done(&value);
        ini_free(ini);
        pool_free(pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
