// SPDX-License-Identifier: GPL-2.0-or-later
// Regexes that can be turned on somebody or stall, each beside one of the same meaning that cannot.
#include "base/zone.h"
#include "engine/lint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>

enum {
    INJECTION = 1 << LINT_INJECTION,
    FIELD = 1 << LINT_FIELD,
    SHAPE = 1 << LINT_SHAPE,
    STALL = 1 << LINT_STALL,
    UNTRIED = 1 << LINT_UNTRIED
};

struct found {
    const struct filter_spec *spec;
    struct filter *filter;
    unsigned kinds;
};

static const struct row {
    const char *prefregex, *failregex;
    unsigned kinds;
} rows[] = {
    // "EHLO [8.8.8.8]" bans 8.8.8.8.
    {NULL, "NOQUEUE: reject: RCPT from .*\\[<HOST>\\]", INJECTION | SHAPE},
    {NULL, "^ \\S+ smtpd\\[\\d+\\]: NOQUEUE: reject: RCPT from .*\\[<HOST>\\]", INJECTION},
    {NULL, "^ \\S+ smtpd\\[\\d+\\]: NOQUEUE: reject: RCPT from [^\\s\\[\\]]*\\[<HOST>\\]", 0},
    {NULL, "^ \\S+ smtpd\\[\\d+\\]: NOQUEUE: reject: RCPT from [^[]*\\[<HOST>\\]: 504", 0},

    // A user's name in front of the address: the first or the last one found is his.
    {NULL, "^login: user=<.*?>, rip=<HOST>", INJECTION},
    {NULL, "^login: user=<.*>, rip=<HOST>", INJECTION},
    {NULL, "^login: user=<<F-USER>.*</F-USER>>, rip=<ADDR>, lip=[\\d.]+$", 0},
    {NULL, "^login: user=<[^>]*>, rip=<HOST>,", FIELD},
    {NULL, "^login of \\S+ from <HOST>$", 0},
    {NULL, "^login of <F-USER>\\S+</F-USER> from <HOST>(?: |$)", FIELD},
    {NULL, "^login of <F-USER>[a-z]+</F-USER> from <HOST>(?: |$)", 0},
    {NULL, "^from <HOST>: user .*$", 0},
    {NULL, "^user .* at <F-ID>\\S+</F-ID>", INJECTION},

    // Text behind the match, where the regex does not say how the line goes on.
    {NULL, "^failed (?:.* )?from <IP4>", INJECTION},
    {NULL, "^failed from <IP4>", 0},
    {NULL, "^failed from <IP6>", 0},
    {NULL, "^failed from <SUBNET>$", 0},

    // No anchor: a line that quotes it will do. The prefregex may have it.
    {NULL, "failed from <HOST>$", SHAPE},
    {NULL, "(?:^a|b) failed from <HOST>$", SHAPE},
    {NULL, "(?:^a|^b) failed from <HOST>$", 0},
    {NULL, "(?i)^Failed from <HOST>$", 0},
    {"^door: <F-CONTENT>.+</F-CONTENT>$", "failed from <HOST>$", 0},
    {"door: <F-CONTENT>.+</F-CONTENT>$", "failed from <HOST>$", SHAPE},
    {"door: <F-CONTENT>.+</F-CONTENT>$", "^failed from <HOST>$", SHAPE},
    {"door", "^door failed from <HOST>$", 0},
    {"^from <HOST> <F-CONTENT>.+</F-CONTENT>$", "^failed", 0},
    {"^.* from <HOST> <F-CONTENT>.+</F-CONTENT>$", "^failed", INJECTION},

    // Repetitions that share a text out in ever more ways.
    {NULL, "^closed(?:: (?:\\w+\\([^\\):]*\\) \\w+|[^\\(]+))* \\(failed\\): rip=<HOST>$", STALL},
    {NULL, "^closed(?:: [^:\\(]+)* \\(failed\\): rip=<HOST>$", 0},
    {NULL, "^(?:\\w+\\s*)+ failed from <HOST>$", STALL},
    {NULL, "^(?:\\w+\\s+)+failed from <HOST>$", 0},
    {NULL, "^(?:x*)*y from <HOST>$", STALL},
    {NULL, "^(?:a|a)*b from <HOST>$", STALL},
    {NULL, "^(?:a|b)*c from <HOST>$", 0},
    {NULL, "^\\w*\\d*\\w*\\d*: from <HOST>$", STALL},
    {NULL, "^a .* b .* c <HOST>$", 0},
    {"^(?:\\w+ ?)*: <F-CONTENT>.+</F-CONTENT>$", "^failed from <HOST>$", STALL},

    // What is only made out from other parts: references, conditions, look-arounds, flags.
    {NULL, "^(?P<q>['\"])door(?P=q) shut to <HOST>$", 0},
    {NULL, "^(?P<a>a)?(?(a)x|y) shut to <HOST>$", 0},
    {NULL, "^(?=door)door (?!open)\\S+ to <HOST>$", 0},
    {NULL, "^([\"'])door\\1 shut to <HOST>$", UNTRIED},
    {NULL, "(?x)^ door [ ] shut [ ] to [ ] <HOST>$", UNTRIED},
    {"(?x)^ door [ ] <F-CONTENT> .+ </F-CONTENT> $", "^shut to <HOST>$", UNTRIED},
    {NULL, "^(?=never)ever shut to <HOST>$", UNTRIED},
};

// Every witness is what it is said to be, by the engine.
static int check_finding(void *user, const struct lint_finding *f)
{
    struct found *found = user;
    const struct line line = {.text = f->witness, .dated = true};
    struct match m = {0};

    found->kinds |= 1U << f->kind;
    if (f->kind == LINT_UNTRIED)
        return 0;
    assert_in_range(f->witness.n, 1, 2048);
    if (f->kind == LINT_STALL) {
        assert_int_equal(f->times[1], 2 * f->times[0]);
        assert_true(f->steps[1] / f->steps[0] >= 5);
        return 0;
    }
    assert_int_equal(filter_match(found->filter, &line, &m), FILTER_E_MATCH);
    assert_int_equal(m.has_host, f->has_found);
    assert_true(!m.has_host || addr_compare(&m.host, &f->found) == 0);
    assert_true(!m.has_host || addr_compare(&m.host, &f->address) != 0);
    return 0;
}

static unsigned kinds_of(const struct filter_spec *spec, const struct line *sample, size_t n,
                         const struct lint_budget *budget)
{
    struct found found = {.spec = spec};
    struct filter_error error;

    if (filter_new(spec, &found.filter, &error) != 0)
        fail_msg("%s: %s", spec->failregex->text, error.text);
    assert_int_equal(lint_filter(spec, sample, n, budget, check_finding, &found), 0);
    filter_free(found.filter);
    return found.kinds;
}

static void test_each(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct pattern failregex = {.text = rows[i].failregex};
        const struct filter_spec spec = {.name = "row",
                                         .prefregex = {.text = rows[i].prefregex},
                                         .failregex = &failregex,
                                         .n_failregex = 1};
        unsigned kinds = kinds_of(&spec, NULL, 0, &lint_thorough);
        unsigned brief = kinds_of(&spec, NULL, 0, &lint_brief);
        if (kinds != rows[i].kinds || brief != rows[i].kinds)
            fail_msg("%s: %#x and %#x in brief, not %#x", rows[i].failregex, kinds, brief,
                     rows[i].kinds);
    }
}

// What no line made from the regex shows may show in a sample.
static void test_samples(void **state)
{
    static const char text[] = "2026-11-22T03:12:35Z \"door\" shut to bob at 192.0.2.99 by bob";
    const struct pattern failregex = {.text = "^ (?=\"door\").* shut to .* at <HOST>"};
    const struct filter_spec spec = {.name = "s", .failregex = &failregex, .n_failregex = 1};
    struct stamp stamp;
    struct line line;
    struct zone zone;

    (void)state;
    assert_int_equal(zone_fixed(0, &zone), 0);
    stamp_init(&stamp, &zone);
    stamp_line(&stamp, slice_of(text), 0, &line);
    assert_true(line.dated);
    assert_int_equal(kinds_of(&spec, NULL, 0, &lint_thorough), UNTRIED);
    assert_int_equal(kinds_of(&spec, &line, 1, &lint_thorough), INJECTION);
    zone_done(&zone);
}

// Lines that are looked at together are no way to write into one of them.
static void test_several_lines(void **state)
{
    const struct pattern safe = {.text = "^start (\\d+) <SKIPLINES>^end <HOST>$"};
    struct filter_spec spec = {
        .name = "lines", .failregex = &safe, .n_failregex = 1, .maxlines = 3};

    (void)state;
    assert_int_equal(kinds_of(&spec, NULL, 0, &lint_thorough), 0);
}

static int stop(void *user, const struct lint_finding *f)
{
    (void)f;
    ++*(unsigned *)user;
    return -7;
}

static void test_stops(void **state)
{
    const struct pattern failregex = {.text = ".*\\[<HOST>\\]"};
    const struct filter_spec spec = {.name = "s", .failregex = &failregex, .n_failregex = 1};
    unsigned calls = 0;

    (void)state;
    assert_int_equal(lint_filter(&spec, NULL, 0, &lint_brief, stop, &calls), -7);
    assert_int_equal(calls, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each),
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_several_lines),
        cmocka_unit_test(test_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
