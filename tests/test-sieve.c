// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/sieve.h"

#include "random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { PATTERNS = 4, TEXT_MAX = 4096 };

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

static const usec_t now = UINT64_C(1796083200) * USEC_PER_SEC; // 2026-12-01

static struct filter *make(const char *prefix, const char *const *fail, uint32_t maxlines,
                           const char *date)
{
    struct pattern pattern[PATTERNS] = {{0}}, datepattern = {.text = date};
    struct filter_spec spec = {.name = "test",
                               .prefregex = {.text = prefix},
                               .failregex = pattern,
                               .datepattern = &datepattern,
                               .n_datepattern = date != NULL,
                               .maxlines = maxlines};
    struct filter_error error;
    struct filter *f;

    for (; spec.n_failregex < PATTERNS && fail[spec.n_failregex]; spec.n_failregex++)
        pattern[spec.n_failregex].text = fail[spec.n_failregex];
    if (filter_new(&spec, &f, &error) != 0)
        fail_msg("%s: %s", fail[0], error.text);
    return f;
}

// How many filters are chosen for a line, and (may not be NULL) the failregexes of the first.
static size_t ask(struct sieve *s, const char *text, uint64_t *ret_may)
{
    const struct chosen *chosen;
    char line_text[TEXT_MAX];
    int n = snprintf(line_text, sizeof(line_text), "%s\n", text);
    struct stamp stamp;
    struct line line;
    size_t found;

    stamp_init(&stamp, NULL);
    stamp_line(&stamp, (struct slice){line_text, (size_t)n - 1}, now, &line);
    line_take_body(&line);
    found = sieve_line(s, &line, &chosen);
    if (found > 0 && ret_may)
        *ret_may = chosen[0].may ? chosen[0].may[0] : UINT64_MAX;
    return found;
}

#define AT   "Nov 22 03:12:34 mx smtpd[1]: "
#define ICE  "198.18.7.30     [01E9] 14:00:43 "
#define FILL "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234"

#define FILL_X                                                                                     \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" \
    "xxxxxx"                                                                                       \
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

// Each line is shown to a filter of these regexes, or not; may: by which failregexes it could
// match.
static const struct {
    const char *fail[PATTERNS];
    const char *prefix;
    const char *line;
    uint64_t may; // 0: not shown
    uint32_t maxlines;
    const char *date;
} cases[] = {
    // What the line begins with
    {.fail = {"^ mx smtpd\\[\\d+\\]: <ADDR>"}, .line = AT "198.18.0.1", .may = 1},
    {.fail = {"^ mx other\\[\\d+\\]: <ADDR>"}, .line = AT "198.18.0.1"},
    {.fail = {"^ mx smtpd\\[\\d+\\]: <ADDR>", "^ mx imapd\\S+ <ADDR>", "mtpd\\S+ <ADDR>"},
     .line = AT "198.18.0.1",
     .may = 5},
    {.fail = {"<ADDR>"}, .prefix = "^ mx imapd", .line = AT "198.18.0.1"},
    {.fail = {"<ADDR>"}, .prefix = "^ mx smtpd", .line = AT "198.18.0.1", .may = 1},
    {.fail = {"<ADDR>"}, .prefix = "smtpd", .line = AT "198.18.0.1", .may = 1},
    // Where partial matching ends: at the end of what is known, or behind it
    {.fail = {"^ mx smtpd$|<ADDR>"}, .line = "Nov 22 03:12:34 mx smtpd", .may = 1},
    {.fail = {"^ mx smtpd:$|^<ADDR>"}, .line = "Nov 22 03:12:34 mx smtpd:", .may = 1},
    {.fail = {"^ mx smtpd:\\Z|^<ADDR>"}, .line = "Nov 22 03:12:34 mx smtpd:", .may = 1},
    {.fail = {"^ mx smtpd\\b\\[(?<=d\\[)\\d+\\]: <ADDR>"}, .line = AT "198.18.0.1", .may = 1},
    {.fail = {"^ mx smtpd\\[\\B(?!1).*<ADDR>"}, .line = AT "198.18.0.1", .may = 1},
    {.fail = {"^ mx smtpd\\[(?=.{200}).*<ADDR>"}, .line = AT "198.18.0.1", .may = 1},
    {.fail = {"^(?=.*<ADDR>) mx smtpd\\["}, .line = AT "198.18.0.1", .may = 1},
    {.fail = {"(?s)^.{100}.*<F-ID/>"}, .line = AT FILL " 198.18.0.1", .may = 1},
    {.fail = {"(?s)^(?=.{100}) mx smtpd\\S+ .*<F-ID/>"}, .line = AT FILL " 198.18.0.1", .may = 1},
    {.fail = {"(?s)^(?:x|.{100}).*<F-ID/>"}, .line = AT FILL " 198.18.0.1", .may = 1},
    {.fail = {"^(\\s)mx smtpd\\[1\\]:\\1<ADDR>"}, .line = AT "198.18.0.1", .may = 1},
    {.fail = {"^( mx) smtpd\\[1\\]:\\1 <ADDR>"}, .line = AT "mx 198.18.0.1", .may = 1},
    // What it holds
    {.fail = {"failed for <ADDR>", "refused to <ADDR>"}, .line = AT "refused to ", .may = 2},
    {.fail = {"failed for <ADDR>", "refused to <ADDR>"}, .line = AT "nothing"},
    {.fail = {"failed.*? for good: <ADDR>"}, .line = AT "failed: "},
    {.fail = {"failed.*? for good: <ADDR>"}, .line = AT "failed x for good: ", .may = 1},
    {.fail = {"^<ADDR> failed"},
     .prefix = "^ mx smtpd\\[\\d+\\]: <F-CONTENT>.+</F-CONTENT> \\(really\\)$",
     .line = AT "198.18.0.1 failed"},
    {.fail = {"^<ADDR> failed"},
     .prefix = "^ mx smtpd\\[\\d+\\]: <F-CONTENT>.+</F-CONTENT> \\(really\\)$",
     .line = AT "198.18.0.1 failed (really)",
     .may = 1},
    {.fail = {"^ mx .*refused\\n|^<ADDR>"}, .line = AT "refused", .may = 1},
    {.fail = {"(?i)refused to <ADDR>"}, .line = AT "REFUSED to 198.18.0.1", .may = 1},
    // What its beginning holds, and the rest of it does not
    {.fail = {"smtpd.*refused to <ADDR>", "imapd.*refused to <ADDR>"},
     .line = AT "refused to ",
     .may = 1},
    {.fail = {"smtpd.*: refused to <ADDR>.* for good: "},
     .line = AT "refused to 198.18.0.1 for now: "},
    {.fail = {"smtpd.*: refused to <ADDR>.* for good: "},
     .line = AT "refused to 198.18.0.1 for good: ",
     .may = 1},
    {.fail = {"smtpd\\[.*<ADDR>", "imapd\\[.*<ADDR>"}, .line = AT "198.18.0.1", .may = 1},
    // A date that is not what it begins with
    {.fail = {"\\[01E9\\]  quit"}, .prefix = "^<ADDR>", .line = ICE "quit", .may = 1},
    {.fail = {"\\[01E9\\]  quit"}, .prefix = "^<ADDR>", .line = ICE "data"},
    {.fail = {"^\\[\\] mx smtpd\\S+ <ADDR>"},
     .line = "[Nov 22 03:12:34] mx smtpd[1]: 198.18.0.1",
     .may = 1},
    // What is always shown
    {.fail = {"failed for <ADDR>"}, .line = "no date at all", .may = UINT64_MAX},
    {.fail = {"<ADDR>"}, .line = AT, .may = UINT64_MAX, .maxlines = 2},
    // Several lines
    {.fail = {"failed for <ADDR>"}, .line = AT, .maxlines = 2},
    {.fail = {"failed for <ADDR>"}, .line = AT "failed for ", .may = UINT64_MAX, .maxlines = 2},
    {.fail = {"ab\\nfailed for <ADDR>"}, .line = AT "failed for", .maxlines = 2},
    {.fail = {"ab\\nfailed for <ADDR>"},
     .line = AT "failed for ",
     .may = UINT64_MAX,
     .maxlines = 2},
    // Another date than the stamp may be cut out of it
    {.fail = {"failed for <ADDR>"}, .line = AT, .date = "^%%b %%d"},
    {.fail = {"failed for <ADDR>"},
     .line = AT "failed 22/11/2026 for ",
     .may = 1,
     .date = "%%d/%%m/%%Y"},
    {.fail = {"failed for <ADDR>"},
     .line = AT "fail22/11/2026ed for ",
     .may = 1,
     .date = "%%d/%%m/%%Y"},
    {.fail = {"failed for <ADDR>"},
     .line = AT "fai22/11/2026ed for ",
     .may = 1,
     .date = "%%d/%%m/%%Y"},
    {.fail = {"22 03:12:34 mx smtpd.* <ADDR>"}, .line = AT, .may = 1, .date = "%%d/%%m/%%Y"},
    {.fail = {"fail <ADDR>"}, .line = AT, .date = "%%d/%%m/%%Y"},
    {.fail = {"fail <ADDR>"}, .line = AT "fai22/11/2026l ", .may = 1, .date = "%%d/%%m/%%Y"},
    {.fail = {"fail <ADDR>"}, .line = AT "fa22/11/2026il ", .may = 1, .date = "%%d/%%m/%%Y"},
    // Of texts that are too short to be looked for in halves, one is whole
    {.fail = {"bad <ADDR>"}, .line = AT, .may = 1, .date = "%%d/%%m/%%Y"},
    {.fail = {"bad:.*<ADDR> ugh"}, .line = AT, .date = "%%d/%%m/%%Y"},
    {.fail = {"bad:.*<ADDR> ugh"},
     .line = AT "bad: u22/11/2026gh",
     .may = 1,
     .date = "%%d/%%m/%%Y"},
    {.fail = {"bad:.*<ADDR> ugh"},
     .line = AT "ba22/11/2026d: ugh",
     .may = 1,
     .date = "%%d/%%m/%%Y"},
    {.fail = {"(?=bad:).*<ADDR>d:ug"}, .line = AT, .may = 1, .date = "%%d/%%m/%%Y"},
    {.fail = {"\\[01E9\\] .*quit<ADDR>"},
     .line = ICE "data",
     .may = UINT64_MAX,
     .date = "%%d/%%m/%%Y"},
    {.fail = {"failed for <ADDR>"}, .line = AT, .date = "{^LN-BEG}"},
};

static void chooses_by_beginning_and_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct filter *f = make(cases[i].prefix, cases[i].fail, cases[i].maxlines, cases[i].date);
        struct sieve *s;
        assert_int_equal(sieve_new(&f, 1, &s), 0);
        for (unsigned again = 0; again < 2; again++) {
            uint64_t may = 0;
            ask(s, cases[i].line, &may);
            if (may != cases[i].may)
                fail_msg("%s on \"%s\": %llx", cases[i].fail[0], cases[i].line,
                         (unsigned long long)may);
        }
        sieve_free(s);
        filter_free(f);
    }
}

// A line that holds anything leaves nothing behind for the next.
// Wherever the beginning ends, of a line that ends with it or does not, and whatever its last bytes
// are.
static void finds_where_beginnings_end(void **state)
{
    const char *const fail[] = {"[\\[:]+ok <ADDR>", "^ x+y[\\[:].*<ADDR>", NULL};
    struct filter *f = make(NULL, fail, 1, NULL);
    struct sieve *s;

    (void)state;
    assert_int_equal(sieve_new(&f, 1, &s), 0);
    for (int n = 1; n < 120; n++) {
        for (int k = 0; k < 8; k++) {
            bool is_y = k & 1, ends = k & 2;
            char text[256], end = k & 4 ? '[' : ':';
            uint64_t may = 0;
            snprintf(text, sizeof(text), "Nov 22 03:12:34 %.*s%c%c%s", n, FILL_X, is_y ? 'y' : 'z',
                     end, ends ? "" : "ok 198.18.0.1");
            ask(s, text, &may);
            assert_int_equal(may & 1, !ends);
            if (n + 3 <= 96)
                assert_int_equal(may >> 1 & 1, is_y);
        }
    }
    sieve_free(s);
    filter_free(f);
}

static void forgets_the_line_before(void **state)
{
    static const char *const first[] = {"failed for <ADDR>", "^ mx smtpd\\S+ refused <ADDR>", NULL};
    static const char *const second[] = {"warning: <ADDR>", NULL};
    struct filter *f[] = {make(NULL, first, 1, NULL), make(NULL, second, 1, NULL)};
    struct sieve *s;
    uint64_t may;

    (void)state;
    assert_int_equal(sieve_new(f, 2, &s), 0);
    assert_int_equal(ask(s, AT "refused failed for warning: ", &may), 2);
    assert_int_equal(may, 3);
    assert_int_equal(ask(s, AT "warning: ", &may), 1);
    assert_int_equal(may, 1);
    assert_int_equal(ask(s, AT "refused 198.18.0.1", &may), 1);
    assert_int_equal(may, 2);
    assert_int_equal(ask(s, AT "nothing", NULL), 0);
    sieve_free(s);
    filter_free(f[0]);
    filter_free(f[1]);
}

// Whether filter number 0 of the sieve is shown a line, and what it finds; -1: it is not.
static int show(struct sieve *s, struct filter *f, const char *text)
{
    const struct chosen *chosen;
    struct slice slice = slice_of(text);
    struct stamp stamp;
    struct match match;
    struct line line;

    stamp_init(&stamp, NULL);
    slice.n--;
    stamp_line(&stamp, slice, now, &line);
    line_take_body(&line);
    if (s && sieve_line(s, &line, &chosen) == 0)
        return -1;
    return filter_match(f, &line, &match);
}

#define ASKED   AT "asked by 198.18.0.1\n"
#define REFUSED AT "refused\n"
#define NOISE   AT "nothing\n"

static const char *const refusal[] = {"^.*asked by <ADDR>$<SKIPLINES>^.*refused$", NULL};

// Of three lines
static const struct {
    const char *line;
    int result; // -1: not shown
} several[] = {
    {ASKED, -1}, {NOISE, -1},   {REFUSED, 1},     {REFUSED, -1}, {ASKED, 0},    {NOISE, 0},
    {NOISE, -1}, {REFUSED, -1}, {ASKED, 0},       {REFUSED, 1},  {NOISE, 0},    {NOISE, -1},
    {NOISE, -1}, {ASKED, -1},   {"undated\n", 0}, {REFUSED, 1},  {NOISE, 0},    {NOISE, -1},
    {NOISE, -1}, {ASKED, -1},   {NOISE, -1},      {NOISE, -1},   {REFUSED, -1},
};

static void shows_several_lines_where_all_is_there(void **state)
{
    struct filter *f = make(NULL, refusal, 3, NULL);
    struct sieve *s;

    (void)state;
    assert_int_equal(sieve_new(&f, 1, &s), 0);
    for (size_t i = 0; i < COUNT(several); i++) {
        int r = show(s, f, several[i].line);
        if (r != several[i].result)
            fail_msg("line %zu: %d", i + 1, r);
    }
    sieve_free(s);
    filter_free(f);
}

// However many lines and bytes lie between.
static void tells_of_the_lines_between(void **state)
{
    struct filter *plain = make(NULL, refusal, 80, NULL), *sieved = make(NULL, refusal, 80, NULL);
    uint64_t random = 7;
    unsigned matches = 0, shown = 0;
    char text[TEXT_MAX * 4];
    struct sieve *s;

    (void)state;
    assert_int_equal(sieve_new(&sieved, 1, &s), 0);
    memset(text, 'x', sizeof(text));
    memcpy(text, AT, strlen(AT));
    for (unsigned i = 0; i < 3000; i++) {
        uint32_t what = random_below(&random, 120);
        size_t n = strlen(AT) + random_below(&random, i % 1000 < 200 ? sizeof(text) - 64 : 300);
        int expected, r;
        strcpy(text + n, "\n");
        expected = show(NULL, plain, what == 0 ? ASKED : what == 1 ? REFUSED : text);
        r = show(s, sieved, what == 0 ? ASKED : what == 1 ? REFUSED : text);
        assert_int_equal(r > 0, expected > 0);
        matches += r > 0;
        shown += r >= 0;
        text[n] = text[n + 1] = 'x';
    }
    assert_in_range(matches, 5, 30);
    assert_in_range(shown, 50, 2000);
    sieve_free(s);
    filter_free(plain);
    filter_free(sieved);
}

// Whoever fills the table of beginnings gains nothing: those in it stay, others go by their texts.
static void bounds_the_beginnings(void **state)
{
    static const char *const fail[] = {"^ mx\\d+ smtpd\\[\\d+\\]: failed for <ADDR>", NULL};
    struct filter *f = make(NULL, fail, 1, NULL);
    char text[TEXT_MAX];
    struct sieve *s;

    (void)state;
    assert_int_equal(sieve_new(&f, 1, &s), 0);
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 2 * SIEVE_HEADS_MAX; i++) {
            snprintf(text, sizeof(text), "Nov 22 03:12:34 mx%u smtpd[1]: failed for ", i);
            assert_int_equal(ask(s, text, NULL), 1);
            snprintf(text, sizeof(text), "Nov 22 03:12:34 mx%u smtpd[1]: nothing", i);
            assert_int_equal(ask(s, text, NULL), 0);
            snprintf(text, sizeof(text), "Nov 22 03:12:34 mx%u imapd[1]: smtpd[1]: failed for ", i);
            assert_int_equal(ask(s, text, NULL), i >= SIEVE_HEADS_MAX / 2);
        }
    }
    // A line without a beginning that could be asked for.
    memset(text, 'x', sizeof(text));
    memcpy(text, "Nov 22 03:12:34 ", 16);
    strcpy(text + 200, " mx1 smtpd[1]: failed for ");
    assert_int_equal(ask(s, text, NULL), 1);
    sieve_free(s);
    filter_free(f);
}

static void knows_the_newest(void **state)
{
    static const char *const fail[] = {"failed for <ADDR>", NULL};
    struct filter *f[] = {make(NULL, fail, 1, NULL), make(NULL, fail, 2, NULL)};
    struct sieve *s;

    (void)state;
    assert_int_equal(sieve_new(f, 2, &s), 0);
    assert_int_equal(sieve_newest(s, 0), 0);
    assert_int_equal(ask(s, "Nov 22 03:12:34 mx smtpd[1]: a", NULL), 0);
    assert_int_equal(ask(s, "Nov 22 03:12:36 mx smtpd[1]: a", NULL), 0);
    assert_int_equal(ask(s, "Nov 22 03:12:35 mx smtpd[1]: failed for ", NULL), 2);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(sieve_newest(s, i) % (60 * USEC_PER_SEC), 36 * USEC_PER_SEC);
    // The line before is still looked at with this one.
    assert_int_equal(ask(s, "Nov 22 03:12:37 mx smtpd[1]: a", NULL), 1);
    sieve_free(s);
    filter_free(f[0]);
    filter_free(f[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chooses_by_beginning_and_texts),
        cmocka_unit_test(finds_where_beginnings_end),
        cmocka_unit_test(forgets_the_line_before),
        cmocka_unit_test(shows_several_lines_where_all_is_there),
        cmocka_unit_test(tells_of_the_lines_between),
        cmocka_unit_test(bounds_the_beginnings),
        cmocka_unit_test(knows_the_newest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
