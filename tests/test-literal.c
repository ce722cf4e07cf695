// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/literal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

enum { SAID_MAX = 8192 };

// What a regex needs: texts one of which, "or", and all of which, "&".
static const struct {
    const char *regex, *needs;
} cases[] = {
    // Sequences.
    {"abc", "abc"},
    {"abc.def", "abc & def"},
    {"ab", ""},
    {"ab.cd", ""},
    {"", ""},
    {"^abc$", "abc"},
    {"\\babc\\b", "abc"},
    {"abc\\bdef", "abcdef"},
    {"abc\\ddef", "abc & def"},
    {"abc\\sdef", "abc & def"},
    {".*abc.*", "abc"},
    {"^abc.+?defghi .+jkl mno pq$", "jkl mno pq & defghi "},
    {"aaa.bbb.ccc.ddd.eeeeee", "eeeeee & bbb & ccc & ddd"},
    {"abc.xabcx", "xabcx"},
    {"xabcx.abc", "xabcx"},

    // Escapes.
    {"a\\.b\\[c\\]", "a.b[c]"},
    {"\\x41\\x42\\x2E", "AB."},
    {"\\t\\n\\r\\f\\a", "\t\n\r\f\a"},
    {"ab\\c", ""},
    {"abc\\Q.*\\Edef", ""},
    {"abc\\Kdef", ""},
    {"abc\\", ""},
    {"abc\\x4", ""},
    {"(abc)\\1def", "abc & def"},
    {"abc\\012def", "abc & def"},
    {"\\", ""},

    // Alternation.
    {"a|", ""},
    {"abc|", ""},
    {"|abc", ""},
    {"abc|defg", "abc or defg"},
    {"abc|d", ""},
    {"(?:a|b)cd", "acd or bcd"},
    {"x(?:ab|cd|)y z", "xaby z or xcdy z or xy z"},
    {"(?:abc.*|def.*)ghi", "ghi & abc or def"},
    {"(?:abc.*d|e.*fgh)ijk", "dijk or fghijk & abc or fgh"},
    {"(?:.*abc|.*def)ghi", "abcghi or defghi"},
    {"(?:abc|abc)", "abc"},
    {"a(?:b|c)d(?:e|f)", "abde or abdf or acde or acdf"},
    {"(?:a|b)(?:a|b)(?:a|b)(?:a|b)xyz",
     "aaaaxyz or aaabxyz or aabaxyz or aabbxyz or abaaxyz or ababxyz or abbaxyz or abbbxyz or "
     "baaaxyz or baabxyz or babaxyz or babbxyz or bbaaxyz or bbabxyz or bbbaxyz or bbbbxyz"},

    {"(?:a|b)(?:a|b)(?:a|b)(?:a|b)(?:x|y)z",
     "aaaa or aaab or aaba or aabb or abaa or abab or abba or abbb or baaa or baab or baba or babb "
     "or bbaa or bbab or bbba or bbbb"},
    {"(?:aaa|bbb|ccc|ddd|eee|fff|ggg|hhh|iii|jjj|kkk|lll|mmm|nnn|ooo|ppp|qqq)rst", "rst"},

    // Quantifiers.
    {"(?:ab)?c", ""},
    {"(?:ab)?cde", "cde"},
    {"abc(?:def)?", "abc"},
    {"a{0}bcd", "bcd"},
    {"(?:abc){0}", ""},
    {"(?:abc){0,}def", "def"},
    {"(?:abc){0,1}def", "def"},
    {"(?:abc){0,2}def", "def"},
    {"(?:abc){1}def", "abcdef"},
    {"(?:abc){2}", "abc"},
    {"ab+cd", "bcd"},
    {"ab{2,}cde", "bcde"},
    {"abc+?def", "cdef & abc"},
    {"abc++def", "cdef & abc"},
    {"abc*def", "def"},
    {"abcd*+efg", "abc & efg"},
    {"abc??def", "abcdef or abdef"},
    {"abc+?", "abc"},
    {"(?:abc)+{0}def", "def"},
    {"(?:abc){2}{0}def", "def"},
    {"(?:(?:abc)+x)*def", "def"},
    {"(?:(?:abc)*x)+def", "xdef"},
    {"((a(bc)?)+d)?xyz", "xyz"},
    {"abc{", "abc{"},
    {"abc{d}", "abc{d}"},
    {"abc{,2}", ""},
    {"abc{ 1}", ""},
    {"abc{1", ""},
    {"*abc", ""},
    {"abc(*ACCEPT)", ""},
    {"(?:abc.def)?ghi", "ghi"},
    {"(?:abc.def)+ghi", "defghi & abc"},
    {"abc{99999999999999999999}", "abc"},

    // Sets.
    {"[^a]bcd", "bcd"},
    {"[ab]cd", "acd or bcd"},
    {"[a-c]de", "ade or bde or cde"},
    {"ab[]c]d", "ab]d or abcd"},
    {"ab[c\\]]d", "ab]d or abcd"},
    {"abc[^]def]ghi", "abc & ghi"},
    {"abc[a-z]def", "abc & def"},
    {"abc[\\d]def", "abc & def"},
    {"abc[\\w-.]def", "abc & def"},
    {"ab[-c]", "ab- or abc"},
    {"ab[c-]", "ab- or abc"},
    {"ab[\\x41]", "abA"},
    {"ab[\\b]", "ab\b"},
    {"ab[\\[:]", "ab: or ab["},
    {"abc[[:alpha:]]", ""},
    {"abc[", ""},
    {"abc[]", ""},
    {"abc[^\\x00-\\xff]", "abc"},

    // Groups.
    {"(abc)def", "abcdef"},
    {"(?P<g0>abc)def", "abcdef"},
    {"(?<g0>abc)def", "abcdef"},
    {"(?>abc)def", "abcdef"},
    {"(?P<g0>abc).(?P=g0)def", "abc & def"},
    {"(?P>g0)abc", ""},
    {"(?R)abc", ""},
    {"(?|abc|def)", ""},
    {"(?&g0)abc", ""},
    {"(a)?(?(1)bcd|efg)hij", "hij"},
    {"(?P<g0>a)?(?(<g0>)bcd|efg)hij", "hij"},
    {"(?(?=abc)def)ghi", ""},
    {"abc(?#..)def", "abcdef"},
    {"abcd(?#..)*efg", "abc & efg"},
    {"abc(def", ""},
    {"abc)def", ""},
    {"abc(?:", ""},

    // Lookarounds.
    {"(?!abc)def", "def"},
    {"(?<!abc)def", "def"},
    {"(?!abc.*ghi)def", "def"},
    {"(?=abcd)abc", "abcd"},
    {"(?=abc|xyz)[^:]*: uvw", ": uvw & abc or xyz"},
    {"(?<=abc)def", "abc & def"},
    {"ab(?=cde)?fg", "abfg"},
    {"abc(?=x)def", "abcdef"},
    {"(?!(?=abc))def", "def"},

    // Flags.
    {"(?i)abc", "abc or abC or aBc or aBC or Abc or AbC or ABc or ABC"},
    {"(?i:ab)cd", "abcd or aBcd or Abcd or ABcd"},
    {"(?i)1.2: 34", "2: 34"},
    {"(?:(?i)a|b)cd", "acd or Acd or bcd or Bcd"},
    {"(?i:a(?-i)b)cd", "abcd or Abcd"},
    {"(?i)ab(?-i:c)", "abc or aBc or Abc or ABc"},
    {"(?:(?i)x)abc", "xabc or Xabc"},
    {"(?i)[a]12", "A12 or a12"},
    {"(?ms)abc.^def", "abc & def"},
    {"(?-i)abc", "abc"},
    {"(?x)abc", ""},
    {"(?i-x:a) bcd", ""},
    {"(?i)*abc", ""},
    {"abc(?)", "abc"},

    // Several texts become few, where these say as much.
    {"(?:x|y|)(?:x|y|)abcd", "abcd"},
    {"(?:foo: |)(?:bar: |)(?:invalid|bad) commands from",
     "invalid commands from or bad commands from"},

    // What every line has is worth less than what few have.
    {"^postfix/smtpd\\[\\d+\\]: warning: [^:]*: SASL", ": SASL"},
};

static void say(const struct literals *l, char ret[static SAID_MAX])
{
    size_t at = 0;

    ret[0] = '\0';
    for (size_t i = 0; i < l->n; i++)
        for (size_t k = 0; k < l->clause[i].n; k++)
            at += (size_t)snprintf(ret + at, SAID_MAX - at, "%s%.*s",
                                   k > 0   ? " or "
                                   : i > 0 ? " & "
                                           : "",
                                   (int)l->clause[i].text[k].n, l->clause[i].text[k].p);
}

static bool check(const char *regex, const char *needs)
{
    struct literals l;
    char said[SAID_MAX];

    assert_int_equal(literal_find(slice_of(regex), &l), 0);
    say(&l, said);
    literal_done(&l);
    if (strcmp(said, needs) == 0)
        return true;
    print_error("%s\n  needs %s\n  not   %s\n", regex, needs, said);
    return false;
}

static void test_cases(void **state)
{
    size_t wrong = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
        wrong += !check(cases[i].regex, cases[i].needs);
    assert_int_equal(wrong, 0);
}

// A hostile nesting ends in nothing known, and a long text in its first and last bytes.
static void test_bounds(void **state)
{
    enum { DEEP = 60000 };
    char *regex = malloc(DEEP);
    struct literals l;

    (void)state;
    assert_non_null(regex);
    memset(regex, '(', DEEP);
    assert_int_equal(literal_find((struct slice){regex, DEEP}, &l), 0);
    assert_int_equal(l.n, 0);
    memset(regex, 'a', DEEP);
    assert_int_equal(literal_find((struct slice){regex, DEEP}, &l), 0);
    assert_int_equal(l.n, 1);
    assert_in_range(l.clause[0].text[0].n, 32, 64);
    literal_done(&l);
    free(regex);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_bounds)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
