// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/heard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define T (UINT64_C(1796083200) * USEC_PER_SEC)
#define LONG                                                                                       \
    "client=a-name-that-is-longer-than-any-word-that-is-kept-for-it-says-all-there-is-to-say-of-"  \
    "its-own-host.example[192.0.2.1]"

// A delivery is told from where "client=" begins.
static const struct {
    const char *noted, *asked;
    usec_t later;
    bool heard;
} rows[] = {
    {"mx smtpd[1]: A1: client=a[192.0.2.1]\n", "mx smtpd[2]: B2: client=a[192.0.2.1]\n", 0, true},
    {"mx smtpd[1]: A1: client=a[192.0.2.1]", "mx smtpd[2]: B2: client=a[192.0.2.1]\n", 0, true},
    {"smtpd: client=a[192.0.2.1]\n", "smtpd: client=a[192.0.2.1]\n", PEERS_FRESH - 1, true},
    {"smtpd: client=a[192.0.2.1]\n", "smtpd: client=a[192.0.2.1]\n", PEERS_FRESH, false},
    {"smtpd: client=a[192.0.2.1]\n", "smtpd: client=a[192.0.2.2]\n", 0, false},
    {"smtpd: client=a[192.0.2.1]\n", "smtpd: client=a[192.0.2.11]\n", 0, false},
    {"smtpd: client=a[192.0.2.1]\n", "client=a[192.0.2.1]\n", 0, false},
    {"smtpd: client=a[192.0.2.1] ok\n", "smtpd: client=b[192.0.2.2] ok\n", 0, false},
    {"smtpd: from client=a[192.0.2.1]\n", "smtpd: from client=a[192.0.2.1]\n", 0, true},
    {"smtpd: x=client=a[192.0.2.1]\n", "smtpd: x=client=a[192.0.2.1]\n", 0, false},
    {"smtpd: " LONG "\n", "smtpd: " LONG "\n", 0, false},
    {"smtpd: client=\n", "smtpd: \n", 0, false},
};

static void note(struct heard *h, const char *line, usec_t time)
{
    const struct match m = {.delivery = {strstr(line, "client="), 7}};

    heard_note(h, slice_of(line), &m, time);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct heard *h = heard_new();
        assert_non_null(h);
        note(h, rows[i].noted, T);
        if (heard_has(h, slice_of(rows[i].asked), T + rows[i].later) != rows[i].heard)
            fail_msg("row %zu: %s", i, rows[i].asked);
        heard_free(h);
    }
}

// A delivery whose client is told elsewhere in the line says nothing of the next one.
static void test_told_elsewhere(void **state)
{
    struct heard *h = heard_new();

    (void)state;
    assert_non_null(h);
    heard_note(h, slice_of("192.0.2.1 accepted\n"), &(struct match){.delivered = true}, T);
    assert_false(heard_has(h, slice_of("192.0.2.2 accepted\n"), T));
    heard_free(h);
}

static void test_capacity(void **state)
{
    struct heard *h = heard_new();
    char line[64];
    unsigned found = 0;

    (void)state;
    assert_non_null(h);
    for (unsigned i = 0; i < 4 * HEARD_MAX; i++) {
        snprintf(line, sizeof(line), "smtpd: client=a[10.0.%u.%u]\n", i / 256, i % 256);
        note(h, line, T + i);
        assert_true(heard_has(h, slice_of(line), T + i));
    }
    for (unsigned i = 0; i < 4 * HEARD_MAX; i++) {
        snprintf(line, sizeof(line), "smtpd: client=a[10.0.%u.%u]\n", i / 256, i % 256);
        found += heard_has(h, slice_of(line), T + 4 * HEARD_MAX);
    }
    assert_in_range(found, HEARD_MAX / 2, HEARD_MAX);
    heard_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_told_elsewhere),
        cmocka_unit_test(test_capacity),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
