// SPDX-License-Identifier: GPL-2.0-or-later
// Whatever a filter is, looking it over ends, and a witness is what it is said to be. The input's
// lines: prefregex, failregex.
#include "fuzz-pattern.h"
#include "fuzz.h"

#include "engine/lint.h"

static const struct lint_budget budget = {.lines = 100, .steps = 100000};

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
    char prefregex[FUZZ_PATTERN_MAX], failregex[FUZZ_PATTERN_MAX];
    struct slice input = {(const char *)bytes, n};
    struct filter_error error;
    struct pattern pattern = {0};
    struct filter_spec spec = {.name = "fuzz", .failregex = &pattern, .n_failregex = 1};
    struct filter *filter;

    fuzz_pattern(&input, prefregex, &spec.prefregex);
    fuzz_pattern(&input, failregex, &pattern);
    if (filter_new(&spec, &filter, &error) < 0)
        return 0;
    lint_filter(&spec, NULL, 0, &budget, check, filter);
    filter_free(filter);
    return 0;
}
