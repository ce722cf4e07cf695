// SPDX-License-Identifier: GPL-2.0-or-later
// Filters that look at several lines at a time.
#include "engine/backlog.h"
#include "engine/filter.h"
#include "engine/lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LINES = 8, RULES = 3 };

// Lines, and for each the host that is found when it comes ("": nothing).
static const struct scenario {
    const char *name;
    uint32_t maxlines;
    const char *fail[RULES], *ignore, *prefix;
    struct {
        const char *text, *host;
    } line[LINES];
} scenarios[] = {
    {"one line sees nothing of the one before",
     1,
     {"a\n.*<ADDR>"},
     NULL,
     NULL,
     {{"a", ""}, {"b 192.0.2.1", ""}}},
    {"two lines",
     2,
     {"^a\nb <ADDR>$"},
     NULL,
     NULL,
     {{"a", ""}, {"b 192.0.2.1", "192.0.2.1"}, {"b 192.0.2.1", ""}, {"x", ""}, {"a", ""}}},
    {"no more than so many",
     2,
     {"^a<SKIPLINES>^b <ADDR>$"},
     NULL,
     NULL,
     {{"a", ""}, {"x", ""}, {"b 192.0.2.1", ""}, {"a", ""}, {"b 192.0.2.2", "192.0.2.2"}}},
    {"what was skipped is still there, what matched is not",
     5,
     {"^(?P<id>\\d)<SKIPLINES>^(?P=id) <ADDR>$"},
     NULL,
     NULL,
     {{"1", ""},
      {"2", ""},
      {"1 192.0.2.1", "192.0.2.1"},
      {"1 192.0.2.3", ""},
      {"2 192.0.2.2", "192.0.2.2"},
      {"2 192.0.2.2", ""}}},
    {"lines before the match stay",
     4,
     {"^b\nc <ADDR>$", "^a<SKIPLINES>^d <ADDR>$"},
     NULL,
     NULL,
     {{"a", ""}, {"b", ""}, {"c 192.0.2.1", "192.0.2.1"}, {"d 192.0.2.2", "192.0.2.2"}}},
    {"two skips",
     6,
     {"^a<SKIPLINES>^b<SKIPLINES>^c <ADDR>$"},
     NULL,
     NULL,
     {{"a", ""}, {"x", ""}, {"b", ""}, {"b", ""}, {"c 192.0.2.1", "192.0.2.1"}}},
    {"^ and $ are those of each line",
     3,
     {"^b <ADDR>$"},
     NULL,
     NULL,
     {{"a", ""}, {"b 192.0.2.1", "192.0.2.1"}, {"ab 192.0.2.1", ""}}},
    {"a match that takes the newline before it leaves that line alone",
     3,
     {"\nb <ADDR>", "^a<SKIPLINES>^c <ADDR>"},
     NULL,
     NULL,
     {{"a", ""}, {"b 192.0.2.1", "192.0.2.1"}, {"c 192.0.2.2", "192.0.2.2"}}},
    {"only what matched is ignored or not, and is done with",
     4,
     {"^a<SKIPLINES>^b <ADDR>$"},
     "^a\nb|x",
     NULL,
     {{"a", ""}, {"x", ""}, {"b 192.0.2.1", "ignored"}, {"b 192.0.2.1", ""}}},
    {"the prefregex sees all lines, and its content may be of several",
     3,
     {"^b\nc <ADDR>$"},
     NULL,
     "^<F-CONTENT>b\n.*</F-CONTENT>$",
     {{"b", ""}, {"c 192.0.2.1", "192.0.2.1"}, {"c 192.0.2.1", ""}}},
};

static void look(struct filter *f, const struct scenario *s, size_t i)
{
    struct line line = {.text = slice_of(s->line[i].text)};
    char host[ADDR_TEXT_MAX] = "";
    struct match m;
    int r = filter_match(f, &line, &m);

    if (r == FILTER_E_MATCH && m.has_host)
        addr_format(&m.host, host);
    if (strcmp(r == FILTER_E_IGNORED ? "ignored" : host, s->line[i].host) != 0)
        fail_msg("%s, line %zu: %d, %s", s->name, i + 1, r, host);
}

static struct filter *make(const struct scenario *s)
{
    struct pattern fail[RULES], ignore = {.text = s->ignore};
    struct filter_spec spec = {.name = s->name,
                               .prefregex.text = s->prefix,
                               .failregex = fail,
                               .ignoreregex = &ignore,
                               .n_ignoreregex = s->ignore ? 1 : 0,
                               .maxlines = s->maxlines};
    struct filter_error error = {0};
    struct filter *f = NULL;

    for (; spec.n_failregex < RULES && s->fail[spec.n_failregex]; spec.n_failregex++)
        fail[spec.n_failregex] = (struct pattern){.text = s->fail[spec.n_failregex]};
    if (filter_new(&spec, &f, &error) < 0)
        fail_msg("%s: %s", s->name, error.text);
    return f;
}

static void looks_at_several_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
        struct filter *f = make(&scenarios[i]);
        for (size_t k = 0; k < LINES && scenarios[i].line[k].text; k++)
            look(f, &scenarios[i], k);
        filter_free(f);
    }
}

static void tells_where_in_the_line_it_is(void **state)
{
    const struct scenario s = {
        .name = "x",
        .maxlines = 3,
        .fail = {"^a (?P<one>\\w+)<SKIPLINES>^\\[\\] b <F-USER>\\w+</F-USER> <ADDR>"}};
    const char *text = "[12:00] b bob 192.0.2.1";
    struct line first = {.text = slice_of("a uno")},
                second = {.text = slice_of(text), .date = {text + 1, 5}};
    struct filter *f = make(&s);
    struct match m;

    (void)state;
    assert_int_equal(filter_match(f, &first, &m), 0);
    assert_int_equal(filter_match(f, &second, &m), FILTER_E_MATCH);
    assert_ptr_equal(m.user.p, text + 10);
    assert_int_equal(m.n_fields, 2);
    assert_true(slice_is(m.field[0].value, "uno"));
    filter_free(f);
}

static void goes_on_with_the_next_rule(void **state)
{
    const struct scenario s = {
        .name = "x", .maxlines = 3, .fail = {"^b <ADDR>", "^b <ADDR>", "^a\nc <ADDR>"}};
    struct filter *f = make(&s);
    struct line a = {.text = slice_of("a")}, b = {.text = slice_of("b 192.0.2.1")},
                c = {.text = slice_of("c 192.0.2.2")};
    struct match m;

    (void)state;
    assert_int_equal(filter_match(f, &a, &m), 0);
    assert_int_equal(filter_match(f, &b, &m), FILTER_E_MATCH);
    assert_int_equal(m.rule, 0);
    assert_int_equal(filter_match_from(f, &b, 1, &m), 0);
    assert_int_equal(filter_match(f, &c, &m), FILTER_E_MATCH);
    assert_int_equal(m.rule, 2);
    filter_free(f);
}

// Long lines push the older ones out before there are too many.
static void has_room_for_so_many_bytes(void **state)
{
    char *text = malloc(LINES_MAX + 1);
    struct line line = {.text = {text, LINES_MAX}};
    struct backlog b;

    (void)state;
    assert_non_null(text);
    memset(text, 'x', LINES_MAX + 1);
    assert_int_equal(backlog_init(&b, 100), 0);
    for (size_t i = 0; i < 6; i++) {
        assert_true(backlog_add(&b, &line));
        assert_int_equal(b.n_lines, i < 3 ? i + 1 : 3);
        assert_int_equal(backlog_text(&b).n, b.n_lines * (LINES_MAX + 1) - 1);
    }
    line.text.n = LINES_MAX + 1;
    assert_false(backlog_add(&b, &line));
    line.text = slice_of("");
    for (size_t i = 0; i < 110; i++)
        assert_true(backlog_add(&b, &line));
    assert_int_equal(b.n_lines, 100);
    assert_int_equal(backlog_text(&b).n, 99);
    backlog_done(&b);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_at_several_lines),
        cmocka_unit_test(tells_where_in_the_line_it_is),
        cmocka_unit_test(goes_on_with_the_next_rule),
        cmocka_unit_test(has_room_for_so_many_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
