// SPDX-License-Identifier: GPL-2.0-or-later
// What no fixture can hold: files too large, fifos, includes without end, layouts.
#include "conf/layers.h"
#include "folder.h"

#include "conf/conffile.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char dir[sizeof(FOLDER_NAME)];
    struct pool *pool;
    struct problems problems;
};

static int setup(void **state)
{
    struct fixture *x = calloc(1, sizeof(*x));

    assert_true(folder_make(x->dir));
    assert_int_equal(chdir(x->dir), 0);
    x->pool = pool_new();
    assert_int_equal(problems_init(&x->problems, x->pool), 0);
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *x = *state;

    assert_int_equal(chdir("/"), 0);
    assert_true(folder_remove(x->dir));
    pool_free(x->pool);
    free(x);
    return 0;
}

static void write_bytes(const char *name, const char *bytes, size_t n, size_t total)
{
    FILE *f = fopen(name, "we");

    assert_non_null(f);
    fwrite(bytes, 1, n, f);
    for (; n < total; n++)
        fputc('#', f);
    assert_int_equal(fclose(f), 0);
}

static void test_files(void **state)
{
    static const struct {
        const char *name;
        int result;
        const char *problem;
    } samples[] = {
        {"fits", 0, NULL},
        {"large", -EINVAL, "is larger than 1 MiB"},
        {"nul", -EINVAL, "holds a NUL byte"},
        {"fifo", -EINVAL, "is not a file"},
        {"folder", -EINVAL, "is a directory"},
        {"missing", -ENOENT, NULL},
        {"fits/below", -ENOENT, NULL},
        {"loop", -EINVAL, "symbolic links"},
    };
    struct fixture *x = *state;
    size_t problems = 0, n = 0;

    write_bytes("fits", "", 0, CONFFILE_MAX);
    write_bytes("large", "", 0, CONFFILE_MAX + 1);
    write_bytes("nul", "[a]\n\0", 5, 5);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(mkdir("folder", 0700), 0);
    assert_int_equal(symlink("loop", "loop"), 0);
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char *text = NULL;
        int r = conffile_read(samples[i].name, &x->problems, &text, &n);

        assert_int_equal(r, samples[i].result);
        problems += samples[i].problem != NULL;
        assert_int_equal(x->problems.n, problems);
        if (samples[i].problem)
            assert_non_null(strstr(x->problems.at[problems - 1].text, samples[i].problem));
        assert_true((r == 0) == (text != NULL));
        free(text);
    }
}

// Each of these files names the next twice: two to the fifteenth, if nothing stopped it.
static void test_includes_without_end(void **state)
{
    struct fixture *x = *state;
    struct ini *ini = NULL;

    for (unsigned i = 0; i < 15; i++) {
        char name[16], text[64];
        snprintf(name, sizeof(name), "%u.conf", i);
        snprintf(text, sizeof(text), "[INCLUDES]\nbefore = %u.conf\n  %u.conf\n", i + 1, i + 1);
        write_bytes(name, text, strlen(text), 0);
    }
    write_bytes("15.conf", "[a]\n", 4, 0);
    assert_int_equal(layers_file("0.conf", &x->problems, &ini), -EINVAL);
    assert_null(ini);
    assert_int_equal(x->problems.n, 1);
    assert_non_null(strstr(x->problems.at[0].text, "includes more than 1024 files"));
    assert_string_equal(x->problems.at[0].file, "0.conf");
}

static void test_layouts(void **state)
{
    static const struct {
        const char *name;
        enum layout layout;
    } steps[] = {
        {"filters", LAYOUT_TAILBAN},
        {"filter.d", LAYOUT_TAILBAN},
        {"jail.d", LAYOUT_FAIL2BAN},
        {"jails", LAYOUT_TAILBAN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        assert_int_equal(mkdir(steps[i].name, 0700), 0);
        assert_int_equal(layers_layout("."), steps[i].layout);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_includes_without_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_layouts, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
