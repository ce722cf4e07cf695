// SPDX-License-Identifier: GPL-2.0-or-later
// Every shipped filter against its sample lines in tests/filters/ (docs/filters.md has their
// format), as conf reads it and the engine runs it. Each failregex must match a line at least once:
// a regex nobody has an example of is a guess.
#include "base/cleanup.h"
#include "base/zone.h"
#include "conf/config.h"
#include "engine/session.h"
#include "engine/stamp.h"
#include "proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINES_PER_FILE = 4096, FORMATS = 8, TEXT_MAX = 8192, RULES = 64 };

static const usec_t now = UINT64_C(1796083200) * USEC_PER_SEC; // 2026-12-01

struct samples {
    const char *path;
    char *text;
    struct slice line[LINES_PER_FILE];
    size_t n;
};

// What is at work while a file's lines are run through once.
struct run {
    const struct samples *samples;
    struct filter *filter;
    struct proof *proof;
    struct sessions *sessions;
    struct stamp stamp;
    struct slice format[FORMATS];
    size_t n_formats;
    bool *hit;
};

static void samples_read(const char *path, struct samples *ret)
{
    cleanup(fclosep) FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("%s: a filter needs sample lines", path);
    *ret = (struct samples){.path = path};
    size_t size = 0;
    ssize_t n = getdelim(&ret->text, &size, EOF, f);
    assert_true(n > 0);
    for (char *p = ret->text, *end; p < ret->text + n; p = end + 1) {
        end = memchr(p, '\n', (size_t)(ret->text + n - p));
        assert_non_null(end);
        assert_true(ret->n < LINES_PER_FILE);
        *end = 0;
        ret->line[ret->n++] = slice_of(p);
    }
}

static void samples_forget_sessions(struct run *r)
{
    sessions_free(r->sessions);
    r->sessions = sessions_new(SESSIONS_MAX, SESSION_AGE_S * USEC_PER_SEC, 1);
    assert_non_null(r->sessions);
}

static struct slice samples_field(const struct match *m, const char *name)
{
    if (strcmp(name, "user") == 0)
        return m->user;
    if (strcmp(name, "secret") == 0)
        return m->secret;
    if (strcmp(name, "helo") == 0)
        return m->helo;
    for (size_t i = 0; i < m->n_fields; i++)
        if (strcmp(m->field[i].name, name) == 0)
            return m->field[i].value;
    return slice_of("");
}

// "= HOST COUNT [NAME=VALUE]" as the match has it, of a login "+ HOST [NAME=VALUE]", of a delivery
// "~ HOST"; empty where nothing is counted.
static void samples_say(const struct match *m, int64_t count, struct slice expected,
                        char ret[static TEXT_MAX])
{
    ret[0] = 0;
    if (count <= 0 && !m->success && !m->delivered)
        return;
    char host[ADDR_TEXT_MAX], name[32] = "";
    addr_format(&m->host, host);
    if (m->delivered) {
        snprintf(ret, TEXT_MAX, "    ~ %s", host);
        return;
    }
    sscanf(expected.p,
           m->success ? "    + %*s %31[a-z_0-9]=" : "    = %*s %*s %31[a-z_0-9]=", name);
    struct slice value = samples_field(m, name);
    int n = m->success ? snprintf(ret, TEXT_MAX, "    + %s", host)
                       : snprintf(ret, TEXT_MAX, "    = %s %lld", host, (long long)count);
    if (name[0])
        snprintf(ret + n, TEXT_MAX - (size_t)n, " %s=%.*s", name, (int)value.n, value.p);
}

// "NAME=VALUE" on lines of their own.
static void samples_fields(const struct samples *s, size_t i, const struct match *m)
{
    for (; i < s->n && slice_starts(s->line[i], "      "); i++) {
        char name[32] = "";
        sscanf(s->line[i].p, " %31[a-z_0-9]=", name);
        struct slice value = samples_field(m, name);
        struct slice expected = slice_from(s->line[i], strlen("      ") + strlen(name) + 1);
        if (!slice_equal(expected, value))
            fail_msg("%s:%zu: got %s=%.*s", s->path, i + 1, name, (int)value.n, value.p);
    }
}

static void samples_line(struct run *r, size_t i, struct slice format)
{
    const struct samples *s = r->samples;
    static const struct slice nothing = {"", 0};
    bool counts = i + 1 < s->n && slice_starts(s->line[i + 1], "    ") &&
                  !slice_starts(s->line[i + 1], "      ");
    struct slice expected = counts ? s->line[i + 1] : nothing;

    char text[TEXT_MAX], said[TEXT_MAX];
    const char *here = memchr(format.p, '%', format.n);
    assert_non_null(here);
    int n = snprintf(text, sizeof(text), "%.*s%.*s", (int)(here - format.p), format.p,
                     (int)s->line[i].n, s->line[i].p);
    assert_in_range(n, 1, TEXT_MAX - 1);

    struct line line;
    stamp_line(&r->stamp, (struct slice){text, (size_t)n}, now, &line);
    if (!line.dated)
        fail_msg("%s:%zu: no date in: %s", s->path, i + 1, text);
    const char *missed = proof_line(r->proof, &line);
    if (missed)
        fail_msg("%s:%zu: %s\n  needs less than is told of: %s", s->path, i + 1, text, missed);
    struct match m = {0};
    int64_t count = 0;
    int e = filter_match(r->filter, &line, &m);
    assert_in_range(e, 0, FILTER_E_IGNORED);
    if (e == FILTER_E_MATCH) {
        r->hit[m.rule] = true;
        count = sessions_merge(r->sessions, &m, line.time);
        assert_true(count >= 0);
    }
    samples_say(&m, count, expected, said);
    if (!slice_is(expected, said))
        fail_msg("%s:%zu: %s\n  expected%.*s\n  got     %s", s->path, i + 1, text,
                 expected.n ? (int)expected.n - 3 : 8, expected.n ? expected.p + 3 : " nothing",
                 said[0] ? said + 4 : "nothing");
    samples_fields(s, i + 1 + counts, &m);
}

static bool is_sample(struct slice line)
{
    return line.n > 0 && line.p[0] != '#' && line.p[0] != ' ' && !slice_starts(line, "format ");
}

// One pass over a file, each line in its section's format number `pass`. Whether there was one.
static bool samples_pass(struct run *r, size_t pass)
{
    bool any = false, in_formats = false;
    r->n_formats = 0;
    samples_forget_sessions(r);
    for (size_t i = 0; i < r->samples->n; i++) {
        struct slice line = r->samples->line[i];
        if (slice_starts(line, "format ")) {
            if (!in_formats)
                r->n_formats = 0;
            assert_true(r->n_formats < FORMATS);
            r->format[r->n_formats++] = slice_from(line, strlen("format "));
            in_formats = true;
            continue;
        }
        in_formats = false;
        if (line.n == 0)
            samples_forget_sessions(r);
        if (slice_starts(line, " ") && (i == 0 || (!is_sample(r->samples->line[i - 1]) &&
                                                   !slice_starts(r->samples->line[i - 1], " "))))
            fail_msg("%s:%zu: nothing above to be counted", r->samples->path, i + 1);
        if (!is_sample(line))
            continue;
        if (r->n_formats == 0)
            fail_msg("%s:%zu: no format above", r->samples->path, i + 1);
        if (pass >= r->n_formats)
            continue;
        samples_line(r, i, r->format[pass]);
        any = true;
    }
    return any;
}

static void samples_check(const char *root, const char *name)
{
    char path[TEXT_MAX];
    snprintf(path, sizeof(path), "%s/tests/filters/%s.samples", root, name);
    struct samples samples;
    samples_read(path, &samples);

    struct config config = {0};
    struct filter_spec spec;
    int e = config_filter(root, name, &config, &spec);
    for (size_t i = 0; i < config.n_problem; i++)
        print_error("%s:%u: %s\n", config.problem[i].file, config.problem[i].line,
                    config.problem[i].text);
    assert_int_equal(e, 0);
    assert_in_range(spec.n_failregex, 1, RULES);

    bool hit[RULES] = {0};
    struct zone zone;
    assert_int_equal(zone_fixed(0, &zone), 0);
    struct run run = {.samples = &samples, .hit = hit};
    struct filter_error error;
    if (filter_new(&spec, &run.filter, &error) != 0)
        fail_msg("%s: %s", name, error.text);
    run.proof = proof_new(&spec);
    assert_non_null(run.proof);
    stamp_init(&run.stamp, &zone);
    stamp_hint_name(&run.stamp, slice_of("s20150213-00.log"));

    size_t passes = 0;
    while (samples_pass(&run, passes))
        passes++;
    assert_true(passes > 0);
    for (size_t i = 0; i < spec.n_failregex; i++)
        if (!hit[i])
            fail_msg("%s: no sample line for: %s", name, spec.failregex[i].text);
    assert_int_equal(filter_limits_hit(run.filter), 0);
    for (size_t i = 0; proof_untold(run.proof, i); i++)
        print_message("%s: tried on every line: %s\n", name, proof_untold(run.proof, i));

    sessions_free(run.sessions);
    filter_free(run.filter);
    proof_free(run.proof);
    config_done(&config);
    zone_done(&zone);
    free(samples.text);
}

static void test_every_filter(void **state)
{
    const char *root = *state;
    char pattern[TEXT_MAX];
    glob_t found;
    snprintf(pattern, sizeof(pattern), "%s/filters/*.conf", root);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char name[64];
        if (sscanf(strrchr(found.gl_pathv[i], '/'), "/%63[^.]", name) == 1 &&
            strcmp(name, "common") != 0)
            samples_check(root, name);
    }
    globfree(&found);
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(test_every_filter, argv[1])};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
