// SPDX-License-Identifier: GPL-2.0-or-later
#include "enforce/ports.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 6, T = IPPROTO_TCP, U = IPPROTO_UDP };

static const struct {
    const char *what;
    size_t n, merged;
    struct ports in[MOST], out[MOST];
} rows[] = {
    {"none", 0, 0, {{0}}, {{0}}},
    {"one", 1, 1, {{T, 25, 25}}, {{T, 25, 25}}},
    {"the same twice", 2, 1, {{T, 25, 25}, {T, 25, 25}}, {{T, 25, 25}}},
    {"sorted",
     3,
     3,
     {{T, 587, 587}, {T, 25, 25}, {T, 465, 465}},
     {{T, 25, 25}, {T, 465, 465}, {T, 587, 587}}},
    {"neighbours stay apart", 2, 2, {{T, 25, 26}, {T, 27, 28}}, {{T, 25, 26}, {T, 27, 28}}},
    {"overlap", 2, 1, {{T, 25, 30}, {T, 28, 40}}, {{T, 25, 40}}},
    {"one within the other",
     3,
     2,
     {{T, 1, 100}, {T, 50, 60}, {T, 101, 101}},
     {{T, 1, 100}, {T, 101, 101}}},
    {"a chain", 4, 1, {{T, 30, 40}, {T, 1, 10}, {T, 20, 30}, {T, 10, 20}}, {{T, 1, 40}}},
    {"protocols stay apart",
     3,
     2,
     {{U, 53, 53}, {T, 53, 53}, {U, 50, 60}},
     {{T, 53, 53}, {U, 50, 60}}},
    {"the ends", 3, 1, {{T, 65535, 65535}, {T, 0, 65535}, {T, 0, 0}}, {{T, 0, 65535}}},
};

static void test_merge(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct ports p[MOST];
        memcpy(p, rows[i].in, sizeof(p));
        size_t n = ports_merge(p, rows[i].n);
        if (n != rows[i].merged)
            fail_msg("%s: %zu ranges are left", rows[i].what, n);
        for (size_t k = 0; k < n; k++) {
            if (p[k].proto != rows[i].out[k].proto || p[k].from != rows[i].out[k].from ||
                p[k].to != rows[i].out[k].to)
                fail_msg("%s: range %zu is %u-%u", rows[i].what, k, p[k].from, p[k].to);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_merge)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
