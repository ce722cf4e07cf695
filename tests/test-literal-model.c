// SPDX-License-Identifier: GPL-2.0-or-later
// Random regexes over few letters, each written together with a text that it is likely to match:
// wherever one of them, the text or something near it, does match in plain PCRE2, all holds that
// was told of the regex.
#include "proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

enum { REGEXES = 6000, NEAR = 8, SIZE = 256, DEPTH_MAX = 2 };

struct buffer {
    size_t n;
    char text[SIZE];
};

// A regex and its text, as they grow.
struct writer {
    uint64_t random;
    unsigned names;
    struct buffer regex, text;
};

static uint64_t pick(struct writer *w, uint64_t n)
{
    w->random = w->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (w->random >> 33) % n;
}

// What does not fit is left out: the regex may then be wrong, and is passed over.
static void put(struct buffer *b, const char *text, size_t n)
{
    if (b->n + n > SIZE - 1)
        return;
    memcpy(b->text + b->n, text, n);
    b->n += n;
    b->text[b->n] = '\0';
}

static void say(struct buffer *b, const char *text)
{
    put(b, text, strlen(text));
}

// Items without a part of their own; text: what they match, `?` one letter or another.
static const struct {
    const char *regex, *text;
    bool bare; // takes no quantifier
} atoms[] = {
    {"a", "a"},       {"b", "b"},          {"c", "c"},         {"ab", "ab"},      {"abc", "abc"},
    {"bca", "bca"},   {"cabb", "cabb"},    {".", "?"},         {"[ab]", "b"},     {"[^a]", "c"},
    {"[^bc-z]", "a"}, {"[a-c]", "?"},      {"\\x61", "a"},     {"\\d", "1"},      {"\\.", "."},
    {"[]a]", "]"},    {"[a\\]]", "]"},     {"\\w", "?"},       {"[\\wa]", "b"},   {"(?=[abc])", ""},
    {"(?!abc)", ""},  {"(?<=a)", ""},      {"\\S", "a"},       {"(?<!b)", ""},    {"(?=.*c)", ""},
    {"(?:)", ""},     {"(?i:aB)", "Ab"},   {"[\\x61b]", "a"},  {"\\b", "", true}, {"^", "", true},
    {"$", "", true},  {"(?#a)", "", true}, {"(?i)", "", true},
};

// Whether it may be repeated.
static bool write_atom(struct writer *w)
{
    size_t i = pick(w, sizeof(atoms) / sizeof(*atoms));

    say(&w->regex, atoms[i].regex);
    if (strcmp(atoms[i].text, "?") == 0)
        put(&w->text, &"abc"[pick(w, 3)], 1);
    else
        say(&w->text, atoms[i].text);
    return !atoms[i].bare;
}

static void write_branches(struct writer *w, unsigned depth);

static void write_group(struct writer *w, unsigned depth)
{
    static const char *const starts[] = {"(?:", "(?:",  "(",   "(?P<n%u>",
                                         "(?>", "(?i:", "(?=", "(?!"};
    const char *kind = starts[pick(w, sizeof(starts) / sizeof(*starts))];
    bool named = strchr(kind, '%');
    size_t before = w->text.n;
    char start[24];

    snprintf(start, sizeof(start), "(?P<n%u>", w->names);
    w->names += named;
    say(&w->regex, named ? start : kind);
    write_branches(w, depth);
    say(&w->regex, ")");
    // A lookaround takes nothing.
    if (strcmp(kind, "(?=") == 0 || strcmp(kind, "(?!") == 0)
        w->text.n = before;
}

static void write_item(struct writer *w, unsigned depth)
{
    static const struct {
        const char *text;
        size_t times;
    } quantifiers[] = {
        {"?", 0},    {"?", 1},   {"*", 0},     {"*", 3},     {"+", 1},    {"+", 2},
        {"{0}", 0},  {"{2}", 2}, {"{1,3}", 3}, {"{0,1}", 0}, {"{,2}", 1}, {"+?", 2},
        {"{2,}", 3}, {"??", 0},  {"*?", 1},    {"?+", 1},
    };
    size_t i = pick(w, sizeof(quantifiers) / sizeof(*quantifiers)), start = w->text.n, n;
    bool group = depth > 0 && pick(w, 3) == 0;

    if (group)
        write_group(w, depth - 1);
    else if (!write_atom(w))
        return;
    if (pick(w, 4) > 0)
        return;
    say(&w->regex, quantifiers[i].text);
    n = w->text.n - start;
    if (quantifiers[i].times == 0)
        w->text.n = start;
    for (size_t k = 1; k < quantifiers[i].times && w->text.n + n < SIZE; k++)
        put(&w->text, w->text.text + start, n);
}

static void write_sequence(struct writer *w, unsigned depth)
{
    for (size_t n = 1 + pick(w, 5); n > 0; n--)
        write_item(w, depth);
}

// The text is that of one of the branches.
static void write_branches(struct writer *w, unsigned depth)
{
    write_sequence(w, depth);
    while (pick(w, 4) == 0) {
        struct buffer kept = w->text;
        say(&w->regex, "|");
        write_sequence(w, depth);
        if (pick(w, 2))
            w->text = kept;
    }
}

// The text with a byte of it gone, another, or one more; several times.
static void disturb(struct writer *w, struct buffer *b)
{
    for (size_t k = pick(w, 4); k > 0 && b->n > 1 && b->n < SIZE - 1; k--) {
        size_t at = pick(w, b->n), cut = pick(w, 2), more = pick(w, 2);
        memmove(b->text + at + more, b->text + at + cut, b->n - at - cut);
        b->n += more - cut;
        if (more)
            b->text[at] = "abcB1.]"[pick(w, 7)];
    }
}

static size_t try_one(struct writer *w)
{
    struct pattern pattern = {.text = w->regex.text};
    struct filter_spec spec = {.failregex = &pattern, .n_failregex = 1, .maxlines = 1};
    struct proof *p = proof_new(&spec);
    struct proof_count count = {0};

    for (size_t i = 0; p && i < NEAR; i++) {
        struct buffer near = w->text;
        disturb(w, &near);
        if (proof_text(p, (struct slice){near.text, near.n}))
            fail_msg("%s matches %.*s", w->regex.text, (int)near.n, near.text);
    }
    if (p)
        proof_count(p, &count);
    proof_free(p);
    return count.untold == 0 ? count.matches : 0;
}

static void test_random(void **state)
{
    struct writer *w = calloc(1, sizeof(*w));
    size_t matches = 0;

    (void)state;
    assert_non_null(w);
    w->random = 1;
    for (size_t i = 0; i < REGEXES; i++) {
        w->regex.n = w->text.n = w->names = 0;
        write_branches(w, DEPTH_MAX);
        write_sequence(w, DEPTH_MAX);
        matches += try_one(w);
    }
    free(w);
    print_message("%zu matches of regexes that need something\n", matches);
    assert_in_range(matches, REGEXES / 3, SIZE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
