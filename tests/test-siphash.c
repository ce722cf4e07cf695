// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/siphash.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

enum { TEXT_MAX = 64 };

// The authors' test vectors: the first n bytes of 0, 1, 2, ... under the key of 0, 1, ... 15.
static const struct {
    size_t n;
    uint64_t hash;
} rows[] = {
    {0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd},  {7, 0xab0200f58b01d137},
    {8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5}, {63, 0x958a324ceb064572},
};

static void hashes(void **state)
{
    const struct siphash_key key = {{0x0706050403020100, 0x0f0e0d0c0b0a0908}};
    unsigned char text[TEXT_MAX];

    (void)state;
    for (size_t i = 0; i < TEXT_MAX; i++)
        text[i] = (unsigned char)i;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(siphash(&key, text, rows[i].n), rows[i].hash);
}

static void needs_both_halves_of_the_key(void **state)
{
    static const struct siphash_key keys[] = {{{1, 2}}, {{3, 2}}, {{1, 3}}, {{2, 1}}};

    (void)state;
    for (size_t i = 0; i < COUNT(keys); i++)
        for (size_t k = 0; k < i; k++)
            assert_int_not_equal(siphash(&keys[i], "secret", 6), siphash(&keys[k], "secret", 6));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(hashes),
                                       cmocka_unit_test(needs_both_halves_of_the_key)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
