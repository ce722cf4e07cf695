// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/filterref.h"

#include "conf-text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text, *name, *params; // name NULL: an error
} samples[] = {
    {"a", "a", ""},
    {" a.b-c_d ", "a.b-c_d", ""},
    {"a[]", "a", ""},
    {"a[x=1]", "a", "x=1;"},
    {"a[ x=1 , y= 2 ]", "a", "x=1;y=2;"},
    {"a[x=1][y=2]", "a", "x=1;y=2;"},
    {"a[x=1] [y=2]", "a", "x=1;y=2;"},
    {"a[x=1,\n  y=2]\n", "a", "x=1;y=2;"},
    {"a[x=\"1, ]2\", y='3\"', z=]", "a", "x=1, ]2;y=3\";z=;"},
    {"a[x=1,]", "a", "x=1;"},
    {"a[x=1, x=2]", "a", "x=2;"},
    {"a[X=1]", "a", "X=1;x=1;"},
    {"a[x=50%]", "a", "x=50%%;"},
    {"a[x.y-z_=1]", "a", "x.y-z_=1;"},
    {"", NULL, NULL},
    {"[x=1]", NULL, NULL},
    {"a[x=1", NULL, NULL},
    {"a[x=1]b", NULL, NULL},
    {"a[x]", NULL, NULL},
    {"a[=1]", NULL, NULL},
    {"a[x=\"1]", NULL, NULL},
    {"a[x=\"1\"2]", NULL, NULL},
    {"a[x=1][", NULL, NULL},
};

static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct pool *pool = pool_new();
        struct problems problems;
        struct text value = {0};
        struct ini *params = ini_new();
        char *name = NULL, *said;
        const char *option;
        size_t n, c = 0;
        FILE *f = open_memstream(&said, &n);
        int r;

        assert_int_equal(problems_init(&problems, pool), 0);
        assert_int_equal(text_set(&value, slice_of(samples[i].text), (struct origin){"f", 1}), 0);
        r = filterref_parse(&value, &problems, &name, params);
        while ((option = ini_next(params, FILTERREF_PARAMS, &c)))
            fprintf(f, "%s=%s;", option, ini_value(params, FILTERREF_PARAMS, option));
        fclose(f);
        assert_int_equal(r, samples[i].name ? 0 : -22);
        assert_int_equal(problems.n, samples[i].name ? 0 : 1);
        if (samples[i].name) {
            assert_string_equal(name, samples[i].name);
            assert_string_equal(said, samples[i].params);
        }
        free(said);
        free(name);
        ini_free(params);
        text_done(&value);
        pool_free(pool);
    }
}

// Several in one value; each as NAME(PARAMS).
static const struct {
    const char *text, *said;
} lists[] = {
    {"", ""},
    {" \n ", ""},
    {"a", "a()"},
    {"a b\n c", "a()b()c()"},
    {"a[x=1] b[y=2]\n [z=3]", "a(x=1;)b(y=2;z=3;)"},
    {"a [x=1][y=\"] b\"] b", "a(x=1;y=] b;)b()"},
    {"a[x=1]b", "a(x=1;)b()"},
    {"a, b[x=1],c ,\n d,", "a()b(x=1;)c()d()"},
    {"a,[x=1]", "a()!"},
    {"a [x", "!"},
    {"a [x=1", "!"},
    {"a [x=1] [=2]", "!"},
    {"[x=1]", "!"},
};

static void test_lists(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        const char *rest = lists[i].text, *option;
        char *said, *name = NULL;
        size_t size;
        FILE *f = open_memstream(&said, &size);
        int r = 0;

        while (r == 0) {
            struct ini *params = ini_new();
            r = filterref_next(&rest, (struct origin){0}, &name, params);
            fputs(r < 0 ? "!" : r == 0 ? name : "", f);
            fputs(r == 0 ? "(" : "", f);
            for (size_t c = 0; r == 0 && (option = ini_next(params, FILTERREF_PARAMS, &c));)
                fprintf(f, "%s=%s;", option, ini_value(params, FILTERREF_PARAMS, option));
            fputs(r == 0 ? ")" : "", f);
            free(name);
            name = NULL;
            ini_free(params);
        }
        fclose(f);
        assert_string_equal(said, lists[i].said);
        free(said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
