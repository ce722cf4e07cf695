// SPDX-License-Identifier: GPL-2.0-or-later
// Whatever a filter and a line are: a filter that is wrong says so, and what a match finds lies in
// the line and is found again. The input's lines: prefregex, failregex, ignoreregex, the date; what
// follows is the line.
#include "fuzz-pattern.h"
#include "fuzz.h"

#include "engine/filter.h"

enum { TEXT_MAX = 1024 };

static void check_slice(struct slice s, const struct line *line)
{
    const char *start = line->text.p, *end = start + line->text.n;

    must(s.n <= line->text.n);
    for (size_t i = 0; i < s.n; i++)
        must(memchr(start, s.p[i], line->text.n) != NULL);
    // What the date was cut out of is put together elsewhere.
    if (line->date.n == 0)
        must(!s.p || (s.p >= start && s.p + s.n <= end));
}

static void check_match(const struct match *m, const struct line *line)
{
    must(m->rule == 0 && m->n_fields <= FILTER_FIELDS_MAX);
    must(!m->has_host || m->host.len <= 128);
    check_slice(m->id, line);
    check_slice(m->mlfid, line);
    check_slice(m->user, line);
    check_slice(m->secret, line);
    for (size_t i = 0; i < m->n_fields; i++) {
        must(m->field[i].name[0] != '\0');
        check_slice(m->field[i].value, line);
    }
}

static void run(struct filter *f, const struct line *line)
{
    struct match m, again;
    uint64_t limits = filter_limits_hit(f);
    int r = filter_match(f, line, &m);

    must(r >= 0 && r <= FILTER_E_LIMIT);
    must(r != FILTER_E_LIMIT || filter_limits_hit(f) > limits);
    if (r == FILTER_E_MATCH)
        check_match(&m, line);
    must(filter_match(f, line, &again) == r);
    if (r == FILTER_E_MATCH)
        must(again.n_fields == m.n_fields && again.has_host == m.has_host &&
             again.count == m.count && slice_equal(again.user, m.user));
}

// The text in pieces, to a filter that looks at several at a time.
static void run_several(struct filter *f, struct slice text)
{
    while (text.n > 0) {
        struct slice piece = fuzz_line(&text);
        struct line line = {.text = piece};
        struct match m;
        int r = filter_match(f, &line, &m);
        must(r >= 0 && r <= FILTER_E_LIMIT);
        for (size_t i = 0; r == FILTER_E_MATCH && i < m.n_fields; i++)
            must(m.field[i].value.n <= TEXT_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char prefix[FUZZ_PATTERN_MAX], fail[FUZZ_PATTERN_MAX], ignore[FUZZ_PATTERN_MAX];
    struct pattern fail_pattern = {0}, ignore_pattern = {0};
    struct filter_spec spec = {.name = "fuzz",
                               .failregex = &fail_pattern,
                               .n_failregex = 1,
                               .ignoreregex = &ignore_pattern,
                               .use_dns = size % 2,
                               .maxlines = size % 3 ? 1 : 4};
    struct slice bytes = {(const char *)data, size}, date;
    struct filter_error error = {.text = ""};
    struct line line = {.text = {0}};
    struct filter *f;

    fuzz_pattern(&bytes, prefix, &spec.prefregex);
    fuzz_pattern(&bytes, fail, &fail_pattern);
    fuzz_pattern(&bytes, ignore, &ignore_pattern);
    spec.n_ignoreregex = ignore[0] != '\0';
    date = fuzz_line(&bytes);
    line.text = (struct slice){bytes.p, bytes.n < TEXT_MAX ? bytes.n : TEXT_MAX};
    line.date = (struct slice){0};
    if (date.n > 0 && date.n <= line.text.n) {
        line.date.p = memmem(line.text.p, line.text.n, date.p, date.n);
        line.date.n = line.date.p ? date.n : 0;
    }
    if (filter_new(&spec, &f, &error) < 0) {
        must(error.text[0] != '\0' && memchr(error.text, '\0', sizeof(error.text)));
        must(error.pattern == &spec.prefregex || error.pattern == &fail_pattern ||
             error.pattern == &ignore_pattern);
        return 0;
    }
    if (spec.maxlines > 1)
        run_several(f, line.text);
    else
        run(f, &line);
    filter_free(f);
    return 0;
}
