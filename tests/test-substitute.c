// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/substitute.h"

#include "conf-text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

// Options, one of them x, and what becomes of x.
static const struct {
    const char *options, *value, *problem;
} samples[] = {
    {"x = a<b>c\nb = 1\n", "o:2: a1c\n", NULL},
    {"x = ^<HOST> <F-USER>\\S+</F-USER> (?P<n>a) <>< b> <b\n", NULL, NULL},
    {"x = <b> <b>\nb = <c>\nc = 1\n", "o:2: 1 1\n", NULL},
    {"x = <b-<c>>\nc = d\nb-d = 1\n", "o:4: 1\n", NULL},
    {"x = <b-<c-<d>>>\nd = e\nc-e = f\nb-f = 1\n", "o:5: 1\n", NULL},
    {"x = <b-<c>>\nc = <d>\nd = e\nb-e = <d>\n", "o:4: e\n", NULL},
    {"x = <<b>>\nb = c\nc = 1\n", "o:4: 1\n", NULL},
    {"x = <B>\nb = 1\n", "o:2: <B>\n", NULL},
    {"x = 1\n  <b>\n  4\nb = 2\n  3\n", "o:2: 1\no:5: 2\no:6: 3\no:4: 4\n", NULL},
    {"x = 1\n  <b>\n  2\nb =\n", "o:2: 1\no:3: \no:4: 2\n", NULL},
    {"x = <b\n  c>\nb c = 1\n", "o:2: <b\no:3: c>\n", NULL},
    // What is wrong.
    {"x = 1\n  a<x>\n", NULL, "o:3: error: <x> in 'x' leads back to itself\n"},
    {"x = <b>\nb = <x>\n", NULL, "o:3: error: <x> in 'x' leads back to itself\n"},
    {"x = <b>\nb = <c>\nc = <b>\n", NULL,
     "error: <b> in 'x' comes back more than 25 times: it leads back to itself?\n"},
    {"x = <b>\nb = 1<b>\n", NULL, "error: <b> in 'x' comes back more than 25 times"},
    {"x = <b>\nb = <c><c><c><c><c><c><c><c>\nc = <d><d><d><d><d><d><d><d>\n"
     "d = <e><e><e><e><e><e><e><e>\ne = <f><f><f><f><f><f><f><f>\nf = <g><g><g><g><g><g><g><g>\n"
     "g = <h><h><h><h><h><h><h><h>\nh = 123\n",
     NULL, "'x' grows beyond 262144 bytes\n"},
};

static int get(void *user, const char *tag, struct text *ret)
{
    return ini_get(user, "o", tag, ret);
}

static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct pool *pool = pool_new();
        struct problems problems;
        struct text value = {0}, before = {0};
        struct ini *ini = NULL;
        char *text, *said, *unchanged;
        size_t n;
        FILE *f;
        int r;

        assert_true(asprintf(&text, "[o]\n%s", samples[i].options) > 0);
        assert_int_equal(problems_init(&problems, pool), 0);
        assert_int_equal(dialect_read(slice_of(text), "o", &problems, &ini), 0);
        assert_int_equal(ini_get(ini, "o", "x", &value), 0);
        assert_int_equal(ini_get(ini, "o", "x", &before), 0);
        r = substitute(&value, "x", get, ini, &problems);
        f = open_memstream(&said, &n);
        if (r == 0)
            print_text(&value, f);
        print_problems(problems.at, problems.n, f);
        fclose(f);
        f = open_memstream(&unchanged, &n);
        print_text(&before, f);
        fclose(f);
        assert_int_equal(r, samples[i].problem ? -22 : 0);
        if (!samples[i].problem)
            assert_string_equal(said, samples[i].value ? samples[i].value : unchanged);
        else if (!strstr(said, samples[i].problem))
            fail_msg("%s\nnot: %s", said, samples[i].problem);
        free(text);
        free(said);
        free(unchanged);
        text_done(&value);
        text_done(&before);
        ini_free(ini);
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
