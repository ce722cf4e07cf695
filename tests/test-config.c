// SPDX-License-Identifier: GPL-2.0-or-later
// Whole configurations: each folder of tests/conf is one, and its file `expected` has its problems
// and its dump. `test-config tests/conf --write` writes these files, for a look at what changed.
#include "conf/config.h"

#include "conf-text.h"

#include "base/cleanup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const folders[] = {
    "broken",         "drop-ins", "drop-ins-unindented", "fail2ban",        "layers", "settings",
    "settings-lines", "several",  "settings-mark",       "settings-quotes",
};

enum { FOLDERS = sizeof(folders) / sizeof(folders[0]) };

static char *path_of(const char *root, const char *folder)
{
    char *path = NULL;

    if (asprintf(&path, "%s/%s", root, folder) < 0)
        abort();
    return path;
}

// File names as a user in that folder would see them.
static char *load_in(const char *root, const char *folder)
{
    cleanup(freep) char *path = path_of(root, folder);
    struct config config;
    char *said = NULL;
    size_t n;
    FILE *f = open_memstream(&said, &n);

    if (!f || chdir(path) < 0)
        abort();
    if (config_load(".", &config) == 0) {
        print_problems(config.problem, config.n_problem, f);
        config_dump(&config, f);
    }
    config_done(&config);
    fclose(f);
    return said;
}

static char *read_expected(void)
{
    cleanup(fclosep) FILE *f = fopen("expected", "re");
    char *text = NULL;
    size_t size = 0;

    if (!f || getdelim(&text, &size, '\0', f) < 0)
        fail_msg("expected: %s", strerror(errno));
    return text;
}

static void test_folders(void **state)
{
    for (size_t i = 0; i < FOLDERS; i++) {
        cleanup(freep) char *said = load_in(*state, folders[i]);
        cleanup(freep) char *expected = read_expected();

        if (strcmp(said, expected) != 0)
            fail_msg("%s: there is\n%sinstead of\n%s", folders[i], said, expected);
    }
}

static void test_no_folder(void **state)
{
    struct config config;

    (void)state;
    assert_int_equal(config_load("/nonexistent", &config), -ENOENT);
    assert_int_equal(config.n_problem, 1);
    assert_string_equal(config.problem[0].file, "/nonexistent");
    assert_int_equal(config.problem[0].severity, PROBLEM_ERROR);
    config_done(&config);
}

// Filters for `tailban match`: by name, with options, by path; what is wrong is added to what is
// known.
static void test_filter(void **state)
{
    static const struct {
        const char *filter, *failregex, *problem;
    } samples[] = {
        {"layered[kind='b,c',Who=<IP4>]", "^one <IP4>", NULL},
        {"./filters/two.conf[mode=m,maxretry=9,bantime=8]", "^9 8 m <HOST>", NULL},
        {"missing", NULL, "filter 'missing': there is no file ./filters/missing.conf"},
        {"./missing.conf", NULL, "there is no such file"},
        {"layered[", NULL, "filter 'layered[': write NAME or"},
    };
    cleanup(freep) char *path = path_of(*state, "layers");
    struct config config = {0};
    size_t problems = 0;

    assert_int_equal(chdir(path), 0);
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct filter_spec spec = {0};
        int r = config_filter(".", samples[i].filter, &config, &spec);

        assert_int_equal(r, samples[i].problem ? -EINVAL : 0);
        problems += samples[i].problem != NULL;
        assert_int_equal(config.n_problem, problems);
        if (samples[i].problem)
            assert_non_null(strstr(config.problem[problems - 1].text, samples[i].problem));
        else
            assert_string_equal(spec.failregex[0].text, samples[i].failregex);
    }
    config_done(&config);
}

// Jails that say the same of a filter share what is compiled; of one that keeps something of a line
// for the next, each has its own.
static void test_filters_are_shared(void **state)
{
    static const struct {
        const char *jail;
        size_t filter;
        const char *like; // those with the same are one
    } uses[] = {{"a", 0, "1"}, {"b", 0, "2"}, {"b", 1, "1"}, {"c", 0, "3"}, {"c", 1, "2"},
                {"d", 0, "4"}, {"d", 1, "5"}, {"e", 0, "6"}, {"f", 0, "7"}};
    enum { USES = sizeof(uses) / sizeof(uses[0]) };
    cleanup(freep) char *path = path_of(*state, "several");
    const struct filter *compiled[USES];
    struct config config;

    assert_int_equal(config_load(path, &config), 0);
    assert_int_equal(config.n_jail, 6);
    for (size_t i = 0; i < USES; i++) {
        const struct jail_conf *jail = &config.jail[uses[i].jail[0] - 'a'];
        assert_true(jail->usable);
        assert_string_equal(jail->name, uses[i].jail);
        compiled[i] = jail->filter[uses[i].filter].compiled;
        for (size_t k = 0; k < i; k++)
            assert_int_equal(compiled[k] == compiled[i], *uses[k].like == *uses[i].like);
    }
    config_done(&config);
}

static int write_expected(const char *root)
{
    for (size_t i = 0; i < FOLDERS; i++) {
        cleanup(freep) char *said = load_in(root, folders[i]);
        cleanup(fclosep) FILE *f = fopen("expected", "we");

        if (!f || fputs(said, f) < 0)
            return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    char *root = argc > 1 ? realpath(argv[1], NULL) : NULL;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_folders, root),
        cmocka_unit_test_prestate(test_filter, root),
        cmocka_unit_test_prestate(test_filters_are_shared, root),
        cmocka_unit_test(test_no_folder),
    };
    int r = 2;

    if (root)
        r = argc > 2 && strcmp(argv[2], "--write") == 0 ? write_expected(root)
                                                        : cmocka_run_group_tests(tests, NULL, NULL);
    free(root);
    return r;
}
