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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
