// SPDX-License-Identifier: GPL-2.0-or-later
// Jails of several filters: what they find adds up as it weighs, each follows its own sessions, and
// a filter that several jails use is shown a line once.
#include "engine/heard.h"
#include "engine/lineup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SEED = 7, KINDS = 3, JAILS_MAX = 3, HITS_MAX = 16 };

#define T (UINT64_C(1796083200) * USEC_PER_SEC)

// As Postfix has them: one process, whose last line tells two things at once.
static const struct kind {
    const char *name, *fail[3];
} kinds[KINDS] = {
    {"auth",
     {"^<F-MLFID>p\\[?\\d+\\]?</F-MLFID> bad login <F-USER>\\S*</F-USER> <ADDR>$",
      "^<F-MLFID>p\\[?\\d+\\]?</F-MLFID> <F-MLFFORGET>end</F-MLFFORGET> <ADDR> "
      "auth=<F-TOTAL>\\d+</F-TOTAL> ",
      "^<F-MLFID>p\\[?\\d+\\]?</F-MLFID> <F-NOFAIL><F-MLFFORGET>bye</F-MLFFORGET></F-NOFAIL> "
      "<ADDR>$"}},
    {"syntax",
     {"^<F-MLFID>p\\[?\\d+\\]?</F-MLFID> bad command <ADDR>$",
      "^<F-MLFID>p\\[?\\d+\\]?</F-MLFID> <F-MLFFORGET>end</F-MLFFORGET> <ADDR> .* "
      "unknown=<F-TOTAL>\\d+</F-TOTAL>$"}},
    {"helo",
     {"^<F-MLFID>p\\[?\\d+\\]?</F-MLFID> helo <F-HELO>\\S+</F-HELO> <ADDR>$", "^odd <ADDR>$",
      "^p\\d+ took <F-DELIVERED>mail=</F-DELIVERED>[a-z]+\\[<ADDR>\\]$"}},
};

struct fixture {
    struct filter *filter[KINDS];
    struct exempt exempt;
    struct jail *jail[JAILS_MAX];
    size_t n;
    struct lineup *lineup;
    usec_t now;
    struct hit hit[HITS_MAX];
    size_t hits;
    char said[512]; // since the last line, one sign after the other
};

static struct filter *make_filter(const struct kind *k)
{
    struct pattern fail[3] = {{.text = k->fail[0]}, {.text = k->fail[1]}, {.text = k->fail[2]}};
    struct filter_spec spec = {
        .name = k->name, .failregex = fail, .n_failregex = k->fail[2] ? 3 : 2};
    struct filter_error error;
    struct filter *f = NULL;

    assert_int_equal(filter_new(&spec, &f, &error), 0);
    return f;
}

static int setup(void **state)
{
    struct fixture *x = calloc(1, sizeof(*x));

    for (size_t i = 0; i < KINDS; i++)
        x->filter[i] = make_filter(&kinds[i]);
    x->now = T;
    *state = x;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *x = *state;

    lineup_free(x->lineup);
    for (size_t i = 0; i < x->n; i++)
        jail_free(x->jail[i]);
    for (size_t i = 0; i < KINDS; i++)
        filter_free(x->filter[i]);
    free(x);
    return 0;
}

// "auth3 helo": its filters, with their weights.
static struct jail *make_jail(struct fixture *x, const char *text, uint32_t threshold)
{
    const struct jail_spec spec = {.name = "test",
                                   .maxretry = threshold,
                                   .findtime = 600 * USEC_PER_SEC,
                                   .sentence = {USEC_PER_DAY}};
    struct jail_filter filter[JAIL_FILTERS_MAX];
    struct jail *jail = NULL;
    size_t n = 0;

    for (; *text; text += strcspn(text, " "), text += strspn(text, " ")) {
        for (size_t i = 0; i < KINDS; i++) {
            size_t length = strlen(kinds[i].name);
            unsigned weight = 1;
            if (strncmp(text, kinds[i].name, length) != 0)
                continue;
            if (text[length] && text[length] != ' ')
                weight = (unsigned)strtoul(text + length, NULL, 10);
            filter[n++] = (struct jail_filter){x->filter[i], kinds[i].name, weight};
        }
    }
    assert_int_equal(jail_new(&spec, filter, n, &x->exempt, SEED, &jail), 0);
    return jail;
}

static void add_jail(struct fixture *x, const char *text, uint32_t threshold)
{
    x->jail[x->n++] = make_jail(x, text, threshold);
}

static void line_up(struct fixture *x)
{
    assert_int_equal(lineup_new(x->jail, x->n, &x->lineup), 0);
}

// "0:2 " two points in jail 0; "0:2! " and a verdict of it; "0:- " a sign that does not count.
static int take(void *user, size_t jail, unsigned filter, const struct sign *sign)
{
    struct fixture *x = user;
    struct hit hit;
    struct verdict v;
    int r = jail_take(x->jail[jail], filter, sign, x->now, &hit, &v);
    size_t n = strlen(x->said);

    assert_true(r >= 0);
    if (r == 0)
        snprintf(x->said + n, sizeof(x->said) - n, "%zu:- ", jail);
    else
        snprintf(x->said + n, sizeof(x->said) - n, "%zu:%u%s ", jail, hit.count,
                 r == JAIL_E_VERDICT ? "!" : "");
    if (r > 0 && x->hits < HITS_MAX)
        x->hit[x->hits++] = hit;
    return 0;
}

static const char *give(struct fixture *x, const char *text)
{
    struct line line = {.text = slice_of(text), .date = {text, 0}, .time = x->now, .dated = true};

    x->said[0] = '\0';
    x->now += USEC_PER_SEC;
    assert_int_equal(lineup_line(x->lineup, &line, x->now, take, x), 0);
    return x->said;
}

struct step {
    const char *line, *said;
};

static void walk(struct fixture *x, const struct step *step)
{
    for (; step->line; step++) {
        const char *said = give(x, step->line);
        if (strcmp(said, step->said) != 0)
            fail_msg("%s: '%s' instead of '%s'", step->line, said, step->said);
    }
}

static void test_points_add_up(void **state)
{
    static const struct step steps[] = {
        {"p1 bad login joe 192.0.2.1", "0:1 "},
        {"p2 helo pc 192.0.2.1", "0:3 "},
        {"nothing", ""},
        {"p2 helo pc 192.0.2.2", "0:3 "},
        {"p3 bad command 192.0.2.1", "0:2 "},
        {"p1 bad login ann 192.0.2.1", "0:1! "},
        {"p4 bad login joe 192.0.2.2", "0:1 "},
        {"p5 helo pc 192.0.2.2", "0:3! "},
        {NULL, NULL},
    };
    struct fixture *x = *state;

    add_jail(x, "auth helo3 syntax2", 7);
    line_up(x);
    walk(x, steps);
}

// What had a line of its own is taken from the total of its own filter, in whatever order they are;
// and a session that ended for one has not ended for the others before they were asked.
static void test_sessions_are_apart(void **state)
{
    static const struct step steps[] = {
        {"p1 bad login joe 192.0.2.1", "0:1 1:10 "},
        {"p1 bad login joe 192.0.2.1", "0:1 1:10 "},
        {"p1 bad command 192.0.2.1", "0:1 1:1 "},
        {"p1 end 192.0.2.1 auth=3 unknown=4", "0:1 1:10 0:3 1:3 "},
        // Again, and nothing of before is left.
        {"p1 bad command 192.0.2.1", "0:1 1:1 "},
        {"p1 end 192.0.2.1 auth=2 unknown=1", "0:2 1:20 0:- 1:- "},
        {NULL, NULL},
    };
    struct fixture *x = *state;

    add_jail(x, "auth syntax", 1000);
    add_jail(x, "syntax auth10", 1000);
    line_up(x);
    walk(x, steps);
}

// A line that could only end a session is shown to its filter where a jail follows that session.
static void test_ends(void **state)
{
    static const struct step steps[] = {
        {"p[1] bye 192.0.2.1", ""},
        {"p[1] bad command 192.0.2.1", "0:1 "},
        {"p[1] bye 192.0.2.1", ""},
        {"p[1] bad login joe 192.0.2.1", "0:1 1:1 "},
        {"p[2] bye 192.0.2.1", ""},
        {"p[1] bye 192.0.2.1", "0:- 1:- "},
        {"p[1] end 192.0.2.1 auth=3 unknown=4", "0:3 1:3 0:3 "},
        {"p[1] bye 192.0.2.1", ""},
        {NULL, NULL},
    };
    struct fixture *x = *state;

    add_jail(x, "auth syntax", 1000);
    add_jail(x, "auth", 1000);
    line_up(x);
    walk(x, steps);
}

// Mails of one client are told of once in some hours.
static void test_deliveries(void **state)
{
    static const struct step steps[] = {
        {"p1 took mail=a[192.0.2.1]", "0:- 1:- "}, {"p2 took mail=a[192.0.2.1]", ""},
        {"p2 took mail=a[192.0.2.2]", "0:- 1:- "}, {"p2 took mail=b[192.0.2.1]", "0:- 1:- "},
        {"p2 helo pc 192.0.2.1", "0:1 1:2 "},      {NULL, NULL},
    };
    struct fixture *x = *state;

    add_jail(x, "auth helo", 1000);
    add_jail(x, "helo2", 1000);
    line_up(x);
    walk(x, steps);
    assert_string_equal(give(x, steps[0].line), "");
    x->now += PEERS_FRESH;
    assert_string_equal(give(x, steps[0].line), "0:- 1:- ");
}

// A jail counts what jails with one of its filters each count together.
static void test_a_jail_is_the_sum_of_its_filters(void **state)
{
    static const char *const text[] = {"p1 bad login a 192.0.2.1", "p1 bad command 192.0.2.1",
                                       "p2 helo x 192.0.2.1", "p1 end 192.0.2.1 auth=3 unknown=2",
                                       "odd 192.0.2.1"};
    struct fixture *x = *state;
    uint64_t hits = 0;

    add_jail(x, "helo syntax auth", 1000);
    add_jail(x, "auth", 1000);
    add_jail(x, "syntax", 1000);
    line_up(x);
    for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
        give(x, text[i]);
    for (size_t i = 1; i < x->n; i++)
        hits += jail_counters(x->jail[i])->hits;
    assert_int_equal(hits, 5);
    assert_int_equal(jail_counters(x->jail[0])->hits, hits + 2);
    assert_int_equal(jail_counters(x->jail[0])->matched, 6);
}

static int restore_session(void *user, struct slice key, const struct session *s, bool forgotten)
{
    return forgotten ? 0 : sessions_restore(user, key, s);
}

// A hit as the ledger keeps it has the weight in it, whatever the weight is now. Sessions go on,
// whichever place their filter has now.
static void test_restored(void **state)
{
    static const struct step before[] = {
        {"p1 helo pc 192.0.2.1", "0:3 "},
        {"p2 bad login joe 192.0.2.1", "0:1 "},
        {NULL, NULL},
    };
    static const struct step after[] = {
        {"p2 end 192.0.2.1 auth=2 unknown=1", "0:1 0:1! "},
        {NULL, NULL},
    };
    struct fixture *x = *state;
    struct jail *first;

    add_jail(x, "helo3 auth", 6);
    line_up(x);
    walk(x, before);
    first = x->jail[0];
    x->jail[0] = make_jail(x, "auth syntax helo7", 6);
    assert_int_equal(
        sessions_changed(jail_sessions(first), restore_session, jail_sessions(x->jail[0])), 0);
    for (size_t i = 0; i < x->hits; i++)
        assert_int_equal(jail_restore(x->jail[0], &x->hit[i]), 0);
    jail_free(first);
    lineup_free(x->lineup);
    line_up(x);
    walk(x, after);
}

// Hits expire by the newest line, whether it was shown to the jail or not.
static void test_passed(void **state)
{
    struct fixture *x = *state;

    add_jail(x, "auth", 5);
    add_jail(x, "helo auth", 5);
    line_up(x);
    give(x, "p1 bad login joe 192.0.2.1");
    x->now += 2 * USEC_PER_DAY;
    give(x, "nothing");
    for (size_t i = 0; i < x->n; i++)
        assert_true(jail_next(x->jail[i]) == USEC_FOREVER);
    lineup_pass(x->lineup);
    for (size_t i = 0; i < x->n; i++) {
        assert_true(jail_next(x->jail[i]) < x->now);
        assert_int_equal(jail_counters(x->jail[i])->lines, 2);
    }
    lineup_pass(x->lineup);
    assert_int_equal(jail_counters(x->jail[0])->lines, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_points_add_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_sessions_are_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(test_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_deliveries, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_jail_is_the_sum_of_its_filters, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restored, setup, teardown),
        cmocka_unit_test_setup_teardown(test_passed, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
