// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/lint.h"

#include "engine/inject.h"
#include "engine/stall.h"

#include <errno.h>

enum {
    VARIANTS = 64,    // of a regex, in the search for lines that it takes
    SPECIMENS_MAX = 4 // lines made from one regex
};

const struct lint_budget lint_thorough = {.lines = 60000, .steps = 400000000};
const struct lint_budget lint_brief = {.lines = 1200, .steps = 30000000};

static const char *const kinds[LINT_KINDS] = {
    [LINT_INJECTION] = "injection", [LINT_FIELD] = "field",     [LINT_SHAPE] = "shape",
    [LINT_STALL] = "stall",         [LINT_UNTRIED] = "untried",
};

const char *lint_kind_name(enum lint_kind kind)
{
    return kinds[kind];
}

// The examination of one filter.
struct lint {
    struct probe probe;
    const struct lint_budget *budget;
    lint_fn *fn;
    void *user;
};

// Of one failregex.
struct exam {
    struct lint *lint;
    unsigned rule;
    uint64_t lines; // left to try
    bool tried, told[LINT_KINDS];
};

static int tell(struct exam *e, const struct specimen *witness, struct lint_finding *finding)
{
    if (e->told[finding->kind])
        return 0;
    e->told[finding->kind] = true;
    finding->witness = (struct slice){witness->text, witness->n};
    return e->lint->fn(e->lint->user, finding);
}

// Whether neither the regex nor the one before it says where a line begins. Where the prefregex has
// <F-CONTENT>, a ^ behind it is the beginning of that.
static bool is_loose(const struct exam *e)
{
    const struct probe *p = &e->lint->probe;

    if (p->has_prefix && tree_is_anchored(&p->prefix.tree))
        return false;
    return (p->has_prefix && tree_has_group(&p->prefix.tree, "content")) ||
           !tree_is_anchored(&p->rule[e->rule].tree);
}

static int try_line(struct exam *e, struct slice line)
{
    struct probe *p = &e->lint->probe;
    struct lint_finding finding = {0};
    struct specimen witness;
    int r = 0;

    e->tried = true;
    if (!e->told[LINT_INJECTION] && inject_try(p, e->rule, line, &e->lines, &witness, &finding))
        r = tell(e, &witness, &finding);
    if (r == 0 && is_loose(e) && !e->told[LINT_SHAPE] &&
        inject_quote(p, e->rule, line, &witness, &finding))
        r = tell(e, &witness, &finding);
    return r;
}

// Lines made from the regex, different ones.
static int try_specimens(struct exam *e)
{
    struct specimen made, before = {.n = 0};
    unsigned found = 0;
    int r = 0;

    for (uint32_t v = 0; v < VARIANTS && found < SPECIMENS_MAX && e->lines > 0 && r == 0; v++) {
        if (!probe_specimen(&e->lint->probe, e->rule, v, &made) ||
            (found > 0 &&
             slice_equal((struct slice){made.text, made.n}, (struct slice){before.text, before.n})))
            continue;
        before = made;
        found++;
        r = try_line(e, (struct slice){made.text, made.n});
    }
    return r;
}

// A sample as the filter sees it: without its date.
static bool cut(struct probe *p, const struct line *sample, struct specimen *ret)
{
    struct line store;
    const struct line *line = filter_date(p->filter, sample, sample->time, &store);
    size_t before = line->date.n > 0 ? (size_t)(line->date.p - line->text.p) : line->text.n;
    struct slice after = slice_from(line->text, before + line->date.n);

    if (before + after.n > sizeof(ret->text))
        return false;
    memcpy(ret->text, line->text.p, before);
    memcpy(ret->text + before, after.p, after.n);
    ret->n = before + after.n;
    return true;
}

static int try_samples(struct exam *e, const struct line *sample, size_t n)
{
    struct specimen line;
    struct match m;
    int r = 0;

    for (size_t i = 0; i < n && r == 0; i++)
        if (cut(&e->lint->probe, &sample[i], &line) &&
            probe_match(&e->lint->probe, (struct slice){line.text, line.n}, &e->rule, &m) ==
                FILTER_E_MATCH &&
            m.has_host)
            r = try_line(e, (struct slice){line.text, line.n});
    return r;
}

// A regex that could not be read may well have one.
static bool has_address(const struct probe *p, unsigned rule)
{
    const struct probe_part *part[] = {&p->rule[rule], p->has_prefix ? &p->prefix : NULL};

    for (size_t k = 0; k < 2 && part[k]; k++) {
        if (!part[k]->readable)
            return true;
        for (uint32_t i = 0; i < part[k]->tree.n; i++)
            if (part[k]->tree.node[i].kind == NODE_ADDRESS)
                return true;
    }
    return false;
}

static int find_stall(struct lint *l, const unsigned *rule)
{
    uint64_t steps = l->budget->steps;
    struct lint_finding finding = {0};
    struct specimen witness;

    if (!stall_find(&l->probe, rule, &steps, &witness, &finding))
        return 0;
    finding.witness = (struct slice){witness.text, witness.n};
    return l->fn(l->user, &finding);
}

static int examine(struct lint *l, unsigned rule, const struct line *sample, size_t n)
{
    struct exam e = {.lint = l, .rule = rule, .lines = l->budget->lines};
    struct lint_finding untried = {.kind = LINT_UNTRIED,
                                   .pattern = &l->probe.spec->failregex[rule]};
    int r = find_stall(l, &rule);

    if (r == 0)
        r = try_specimens(&e);
    if (r == 0)
        r = try_samples(&e, sample, n);
    if (r == 0 && !e.tried && has_address(&l->probe, rule))
        r = l->fn(l->user, &untried);
    return r;
}

int lint_filter(const struct filter_spec *spec, const struct line *sample, size_t n_sample,
                const struct lint_budget *budget, lint_fn *fn, void *user)
{
    struct lint l = {.budget = budget, .fn = fn, .user = user};
    int r = probe_init(&l.probe, spec);

    if (r == 0 && l.probe.has_prefix)
        r = find_stall(&l, NULL);
    for (unsigned i = 0; i < spec->n_failregex && r == 0; i++)
        r = examine(&l, i, sample, n_sample);
    probe_done(&l.probe);
    return r;
}
