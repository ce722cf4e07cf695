// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { SAID_MAX = 64 * 1024 };

struct fixture {
    int file, before; // what standard error is meanwhile, and was
    char said[SAID_MAX];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    if (!f)
        return -1;
    f->file = memfd_create("said", MFD_CLOEXEC);
    f->before = dup(STDERR_FILENO);
    *state = f;
    return f->file < 0 || f->before < 0 || dup2(f->file, STDERR_FILENO) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    dup2(f->before, STDERR_FILENO);
    close(f->before);
    close(f->file);
    free(f);
    return 0;
}

static const char *said(struct fixture *f)
{
    ssize_t n = pread(f->file, f->said, sizeof(f->said) - 1, 0);

    assert_true(n >= 0);
    f->said[n] = '\0';
    return f->said;
}

static const struct {
    const char *journal, *text[4], *line;
    enum log_level level;
} rows[] = {
    {NULL, {"one"}, "me: one\n", LEVEL_NOTICE},
    {NULL, {"[jail] ", "192.0.2.1", " banned"}, "me: [jail] 192.0.2.1 banned\n", LEVEL_ERROR},
    {NULL, {"not said"}, "", LEVEL_DEBUG},
    {NULL, {"a\nforged: line", "\x1b[2J\x7f"}, "me: a?forged: line?[2J?\n", LEVEL_INFO},
    {NULL, {NULL}, "me: \n", LEVEL_INFO},
    {"8:1", {"one", " two"}, "<5>one two\n", LEVEL_NOTICE},
    {"8:1", {"one"}, "<3>one\n", LEVEL_ERROR},
};

static void open_log(const char *journal)
{
    if (journal)
        setenv("JOURNAL_STREAM", journal, 1);
    else
        unsetenv("JOURNAL_STREAM");
    log_open("me", LEVEL_INFO);
}

// Put together or printed, a line is the same.
static void says_a_line(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        const char *const *text = rows[i / 2].text;
        assert_int_equal(ftruncate(f->file, 0), 0);
        assert_int_equal(lseek(f->file, 0, SEEK_SET), 0);
        open_log(rows[i / 2].journal);
        if (i % 2 == 0)
            log_texts(rows[i / 2].level, text);
        else
            log_line(rows[i / 2].level, "%s%s%s", text[0] ? text[0] : "",
                     text[0] && text[1] ? text[1] : "",
                     text[0] && text[1] && text[2] ? text[2] : "");
        assert_string_equal(said(f), rows[i / 2].line);
    }
}

static void cuts_what_is_too_long(void **state)
{
    struct fixture *f = *state;
    char text[5000];
    size_t printed;

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    open_log(NULL);
    log_line(LEVEL_INFO, "%s", text);
    printed = strlen(said(f));
    assert_in_range(printed, 1000, sizeof(text) - 1);
    assert_int_equal(f->said[printed - 1], '\n');
    log_texts(LEVEL_INFO, (const char *[]){"x", text, text, NULL});
    assert_in_range(strlen(said(f)), 2 * printed, 2 * printed + 1);
    assert_int_equal(f->said[strlen(f->said) - 1], '\n');
}

// More than is held at a time goes out before the release, in whole lines and in order.
static void holds_lines_back(void **state)
{
    struct fixture *f = *state;
    char text[16];
    const char *at;

    open_log(NULL);
    log_hold();
    log_line(LEVEL_INFO, "first");
    assert_string_equal(said(f), "");
    for (int i = 0; i < 1000; i++) {
        snprintf(text, sizeof(text), "%d", i);
        log_texts(LEVEL_INFO, (const char *[]){"line ", text, NULL});
    }
    log_release();
    at = said(f);
    assert_int_equal(strncmp(at, "me: first\n", 10), 0);
    at += 10;
    for (int i = 0; i < 1000; i++) {
        int n = snprintf(text, sizeof(text), "me: line %d\n", i);
        assert_int_equal(strncmp(at, text, (size_t)n), 0);
        at += n;
    }
    assert_string_equal(at, "");
    log_line(LEVEL_INFO, "last");
    assert_string_equal(said(f) + (at - f->said), "me: last\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(says_a_line, setup, teardown),
        cmocka_unit_test_setup_teardown(cuts_what_is_too_long, setup, teardown),
        cmocka_unit_test_setup_teardown(holds_lines_back, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
