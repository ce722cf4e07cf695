// SPDX-License-Identifier: GPL-2.0-or-later
// Configurations that are too much of something: each is refused with a word, soon, and the jail
// beside it runs.
#include "conf/config.h"

#include "conf-text.h"
#include "folder.h"

#include "base/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATH_SIZE = 128 };

static void repeat(FILE *out, const char *text, size_t n)
{
    while (n-- > 0)
        fputs(text, out);
}

static void write_large(FILE *out)
{
    repeat(out, "# and so on and so on and so on\n", 33 * 1024);
}

static void write_long_value(FILE *out)
{
    fputs("[long]\nx = ", out);
    repeat(out, "0123456789", 30000);
}

static void write_many_options(FILE *out)
{
    fputs("[many]\n", out);
    for (size_t i = 0; i < 16400; i++)
        fprintf(out, "o%zu=\n", i);
}

static void write_many_jails(FILE *out)
{
    for (size_t i = 0; i < 1000; i++)
        fprintf(out, "[j%zu]\n", i);
}

// Thirty times thirty times thirty references.
static void write_references(FILE *out)
{
    fputs("[refers]\nenabled = true\nfilter = %(a)s\n", out);
    for (const char *name = "abc"; *name; name++) {
        char reference[] = "%(_)s";
        reference[2] = (char)(*name + 1);
        fprintf(out, "%c = ", *name);
        repeat(out, reference, 30);
        fputc('\n', out);
    }
    fputs("d =\n", out);
}

// A thousand times a thousand bytes.
static void write_growth(FILE *out)
{
    fputs("[grows]\nenabled = true\nfilter = %(a)s\na = ", out);
    repeat(out, "%(b)s", 1000);
    fputs("\nb = ", out);
    repeat(out, "0123456789", 100);
}

static const struct {
    const char *file;
    void (*write)(FILE *out);
    const char *says;
} samples[] = {
    {"jails/a.conf", write_large,
     "jails/a.conf:0: error: is larger than 1 MiB: not a configuration file"},
    {"jails/a.conf", write_long_value, "jails/a.conf:2: error: a value longer than 262144 bytes"},
    {"jails/a.conf", write_many_options, ": error: more options than fit (16384)"},
    {"jails/z.conf", write_many_jails, "error: more jails than 1000: the rest is left out"},
    {"jails/a.conf", write_references, "error: %(d)s: more than 10000 references in one option"},
    {"jails/a.conf", write_growth, "jails/a.conf:4: error: grows beyond 262144 bytes"},
};

static void write_at(const char *dir, const char *name, void (*write)(FILE *out), const char *text)
{
    char path[PATH_SIZE];
    cleanup(fclosep) FILE *f = NULL;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    f = fopen(path, "we");
    assert_non_null(f);
    if (write)
        write(f);
    else
        fputs(text, f);
}

static char *load(const char *dir, bool *ret_good)
{
    struct config config;
    char *said = NULL;
    size_t size;
    FILE *f = open_memstream(&said, &size);

    assert_int_equal(config_load(dir, &config), 0);
    *ret_good = false;
    for (size_t i = 0; i < config.n_jail; i++)
        *ret_good |= strcmp(config.jail[i].name, "good") == 0 && config.jail[i].usable;
    print_problems(config.problem, config.n_problem, f);
    config_done(&config);
    fclose(f);
    return said;
}

static void test_samples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char dir[sizeof(FOLDER_NAME)], path[PATH_SIZE];
        cleanup(freep) char *said = NULL;
        bool good;

        assert_true(folder_make(dir));
        snprintf(path, sizeof(path), "%s/jails", dir);
        assert_int_equal(mkdir(path, 0700), 0);
        snprintf(path, sizeof(path), "%s/filters", dir);
        assert_int_equal(mkdir(path, 0700), 0);
        write_at(dir, "filters/good.conf", NULL, "[Definition]\nfailregex = ^<HOST>\n");
        write_at(dir, "jails/good.conf", NULL, "[good]\nenabled = true\nlogpath = /x\n");
        write_at(dir, samples[i].file, samples[i].write, NULL);
        said = load(dir, &good);
        assert_true(folder_remove(dir));
        if (!strstr(said, samples[i].says))
            fail_msg("there is\n%s\nwithout: %s", said, samples[i].says);
        if (!good)
            fail_msg("the jail beside it does not run: %s", samples[i].says);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
