// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/take.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static void reads_fractions(void **state)
{
    static const struct {
        const char *text;
        bool is_one;
        uint32_t micro;
        size_t left;
    } table[] = {
        {"701766", true, 701766, 0},
        {"000000 mx", true, 0, 3},
        {"999999Z", true, 999999, 1},
        {"123456789+01:00", true, 123456, 6},
        {"5", true, 500000, 0},
        {"05 Z", true, 50000, 2},
        {"70176", true, 701760, 0},
        {"70176a", true, 701760, 1},
        {"70176:3", true, 701760, 2},
        {"70176/3", true, 701760, 2},
        {"70176\xb0", true, 701760, 1},
        {"7\xff\xff\xff\xff\xff", true, 700000, 5},
        {"", false, 0, 0},
        {":00000", false, 0, 6},
        {"/00000", false, 0, 6},
        {"\x80"
         "00000",
         false, 0, 6},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(table); i++) {
        struct slice s = slice_of(table[i].text);
        uint32_t micro = 0;
        if (take_fraction(&s, &micro) != table[i].is_one || micro != table[i].micro ||
            s.n != table[i].left)
            fail_msg("%s: %u, %zu left", table[i].text, micro, s.n);
    }
}

// Each byte in each place of six digits, beside reading one after the other.
static void reads_six_as_one(void **state)
{
    (void)state;
    for (unsigned at = 0; at < 6; at++) {
        for (unsigned c = 0; c < 256; c++) {
            char text[] = "908172";
            struct slice s = {text, 6};
            uint32_t micro = 0, want = 0, place = 100000;
            text[at] = (char)c;
            size_t n = 0;
            for (; n < 6 && is_digit(text[n]); n++, place /= 10)
                want += (uint32_t)(text[n] - '0') * place;
            assert_int_equal(take_fraction(&s, &micro), n > 0);
            assert_int_equal(micro, want);
            assert_int_equal(s.n, 6 - n);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_fractions),
        cmocka_unit_test(reads_six_as_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
