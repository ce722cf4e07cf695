// SPDX-License-Identifier: GPL-2.0-or-later
// Whatever a filter is, looking it over ends, and a witness is what it is said to be. The input's
// lines: prefregex, failregex.
#include "fuzz.h"

#include "engine/lint.h"

enum { PATTERN_MAX = 512 };

static const struct lint_budget budget = {.lines = 100, .steps = 100000};

static struct slice next_line(struct slice *bytes)
{
    const char *end = bytes->n > 0 ? memchr(bytes->p, '\n', bytes->n) : NULL;
    struct slice line = {bytes->p, end ? (size_t)(end - bytes->p) : bytes->n};

    *bytes = slice_from(*bytes, line.n + 1);
    return line;
}

static void read_pattern(struct slice *bytes, char text[static PATTERN_MAX], struct pattern *ret)
{
    struct slice line = next_line(bytes);
    size_t n = line.n < PATTERN_MAX - 1 ? line.n : PATTERN_MAX - 1;

    memcpy(text, line.n > 0 ? line.p : "", n);
    text[n] = '\0';
    ret->text = text;
}

static int check(void *user, const struct lint_finding *f)
{
    const struct line line = {.text = f->witness, .dated = true};
    struct match m;

    must(f->kind < LINT_KINDS && lint_kind_name(f->kind));
    if (f->kind == LINT_STALL || f->kind == LINT_UNTRIED)
        return 0;
    must(filter_match(user, &line, &m) == FILTER_E_MATCH && m.has_host == f->has_found);
    must(!m.has_host || addr_compare(&m.host, &f->found) == 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char prefregex[PATTERN_MAX], failregex[PATTERN_MAX];
    struct slice input = {(const char *)bytes, n};
    struct filter_error error;
    struct pattern pattern = {0};
    struct filter_spec spec = {.name = "fuzz", .failregex = &pattern, .n_failregex = 1};
    struct filter *filter;

    read_pattern(&input, prefregex, &spec.prefregex);
    read_pattern(&input, failregex, &pattern);
    if (filter_new(&spec, &filter, &error) < 0)
        return 0;
    lint_filter(&spec, NULL, 0, &budget, check, filter);
    filter_free(filter);
    return 0;
}
