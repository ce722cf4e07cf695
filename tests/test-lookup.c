// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/lookup.h"

#include "conf-text.h"

#include "base/cleanup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
    char path[64];
    struct lookup *lookup;
    struct pool *pool;
    struct problems problems;
    struct exempt to;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    strcpy(f->path, "/tmp/test-lookup-XXXXXX");
    close(mkstemp(f->path));
    f->lookup = lookup_new();
    f->pool = pool_new();
    assert_true(f->lookup && f->pool && problems_init(&f->problems, f->pool) == 0);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    unlink(f->path);
    lookup_free(f->lookup);
    exempt_done(&f->to);
    pool_free(f->pool);
    free(f);
    return 0;
}

static void write_file(const struct fixture *f, const char *text)
{
    cleanup(fclosep) FILE *file = fopen(f->path, "we");

    assert_non_null(file);
    fputs(text, file);
}

static int add(struct fixture *f, const char *word)
{
    return lookup_add(f->lookup, slice_of(word), (struct origin){"j", 7}, &f->problems, &f->to);
}

static int add_file(struct fixture *f)
{
    char word[80];

    snprintf(word, sizeof(word), "file:%s", f->path);
    return add(f, word);
}

// Nets and problems, a space behind each; the file is called F.
static char *said(struct fixture *f)
{
    char *text = NULL, *at, net[ADDR_TEXT_MAX];
    size_t n;
    FILE *out = open_memstream(&text, &n);

    for (size_t i = 0; i < f->to.n; i++) {
        addr_format(&f->to.net[i], net);
        fprintf(out, "%s ", net);
    }
    print_problems(f->problems.at, f->problems.n, out);
    fclose(out);
    while ((at = strstr(text, f->path))) {
        *at = 'F';
        memmove(at + 1, at + strlen(f->path), strlen(at + strlen(f->path)) + 1);
    }
    return text;
}

static void test_files(void **state)
{
    static const struct {
        const char *text, *says;
    } samples[] = {
        {"192.0.2.1\n198.51.100.0/24 # the office\n\n# 203.0.113.1\n 2001:db8::/32,192.0.2.2",
         "192.0.2.1 192.0.2.2 198.51.100.0/24 2001:db8::/32 "},
        {"192.0.2.1\r\n192.0.2.2\r\n", "192.0.2.1 192.0.2.2 "},
        {"", ""},
        {"#", ""},
        {"192.0.2.1\n192.0.2.1.5\n192.0.2.2\n",
         "192.0.2.1 192.0.2.2 F:2: warning: '192.0.2.1.5' is no address and no name, and is passed "
         "over\n"},
        {"file:/etc/passwd\n",
         "F:1: warning: 'file:/etc/passwd' is no address and no name, and is passed over\n"},
    };

    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct fixture *f;
        cleanup(freep) char *text = NULL;
        set_up((void **)&f);
        write_file(f, samples[i].text);
        assert_int_equal(add_file(f), 0);
        text = said(f);
        assert_string_equal(text, samples[i].says);
        tear_down((void **)&f);
    }
    (void)state;
}

// A file is read once, whoever asks.
static void test_once(void **state)
{
    struct fixture *f = *state;
    cleanup(freep) char *text = NULL;

    write_file(f, "192.0.2.1");
    assert_int_equal(add_file(f), 0);
    write_file(f, "192.0.2.2");
    exempt_done(&f->to);
    assert_int_equal(add_file(f), 0);
    text = said(f);
    assert_string_equal(text, "192.0.2.1 ");
}

static void test_missing(void **state)
{
    struct fixture *f = *state;
    cleanup(freep) char *text = NULL;

    unlink(f->path);
    assert_int_equal(add(f, "192.0.2.9"), 0);
    assert_int_equal(add_file(f), 0);
    text = said(f);
    assert_string_equal(text,
                        "192.0.2.9 j:7: warning: ignoreip: F cannot be read: nobody is spared "
                        "for it\n");
}

static void test_names(void **state)
{
    struct fixture *f = *state;
    struct addr host;

    assert_int_equal(addr_parse(slice_of("127.0.0.1"), &host), 0);
    write_file(f, "LocalHost # by name\n");
    assert_int_equal(add_file(f), 0);
    assert_true(exempt_covers(&f->to, &host));
    assert_int_equal(f->problems.n, 0);
}

// Of a name that nobody can have, so that no network is asked.
static void test_unknown_name(void **state)
{
    struct fixture *f = *state;
    char word[80];

    memset(word, 'a', 64);
    strcpy(word + 64, ".example");
    assert_int_equal(add(f, word), 0);
    assert_int_equal(f->to.n, 0);
    assert_int_equal(f->problems.n, 1);
    assert_int_equal(f->problems.at[0].severity, PROBLEM_WARNING);
    assert_non_null(strstr(f->problems.at[0].text, "whom it stands for is not spared"));
    // Another jail's is the same answer.
    assert_int_equal(add(f, word), 0);
    assert_int_equal(f->problems.n, 1);
}

static void test_refused(void **state)
{
    static const char *const words[] = {"192.0.2.256", "1.2.3", "a..b",   ".a",    "a/b",
                                        "file:a",      "file:", "::1::2", "12345", "-1"};
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        assert_int_equal(add(f, words[i]), -EINVAL);
        assert_int_equal(f->problems.at[i].severity, PROBLEM_ERROR);
        assert_non_null(strstr(f->problems.at[i].text, words[i]));
    }
    assert_int_equal(f->to.n, 0);
}

static void test_capacity(void **state)
{
    struct fixture *f = *state;
    char word[64];

    for (size_t i = 0; i < LOOKUP_MAX; i++) {
        snprintf(word, sizeof(word), "file:/nonexistent/%zu", i);
        assert_int_equal(add(f, word), 0);
    }
    assert_int_equal(add(f, word), 0);
    assert_int_equal(add(f, "file:/nonexistent/more"), -EINVAL);
    assert_int_equal(add(f, "192.0.2.1"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test_setup_teardown(test_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_missing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unknown_name, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_capacity, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
