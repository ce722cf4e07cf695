// SPDX-License-Identifier: GPL-2.0-or-later
#include "proof.h"

#include "engine/backlog.h"
#include "engine/literal.h"
#include "engine/regex.h"
#include "engine/tag.h"

#include <stdlib.h>

enum { MUTILATIONS = 6 };

struct claim {
    const char *written;
    struct regex regex;
    struct literals literals;
    bool prefix; // what its <F-CONTENT> takes is a text of its own
};

struct proof {
    struct claim *claim;
    size_t n, matches;
    struct matcher matcher;
    struct backlog backlog;
};

// As rule_init() makes it.
static int claim_init(struct claim *c, const struct pattern *pattern, bool use_dns, unsigned flags)
{
    struct draft expanded = {0}, translated = {0};
    struct groups names = {0};
    struct fault fault;
    int r;

    c->written = pattern->text;
    tag_expand(slice_of(pattern->text), use_dns, &expanded);
    r = regex_init(&c->regex, &expanded, flags, &fault);
    if (r == 0)
        r = pyregex_translate(&expanded, &translated, &names, &fault);
    if (r == 0)
        r = literal_find((struct slice){translated.text, translated.n}, &c->literals);
    draft_done(&expanded);
    draft_done(&translated);
    groups_done(&names);
    return r;
}

static int add_all(struct proof *p, const struct pattern *pattern, size_t n,
                   const struct filter_spec *spec, unsigned flags)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < n; i++)
        r = claim_init(&p->claim[p->n++], &pattern[i], spec->use_dns, flags);
    return r;
}

static int fill(struct proof *p, const struct filter_spec *spec)
{
    bool has_prefix = spec->prefregex.text && slice_trim(slice_of(spec->prefregex.text)).n > 0;
    unsigned flags = spec->maxlines > 1 ? REGEX_MULTILINE : 0;
    uint32_t captures = 1;
    int r;

    p->claim = calloc(1 + spec->n_failregex + spec->n_ignoreregex, sizeof(*p->claim));
    if (!p->claim || backlog_init(&p->backlog, spec->maxlines > 1 ? spec->maxlines : 1) < 0)
        return -1;
    r = add_all(p, &spec->prefregex, has_prefix, spec, 0);
    p->claim[0].prefix = has_prefix;
    if (r == 0)
        r = add_all(p, spec->failregex, spec->n_failregex, spec, flags);
    if (r == 0)
        r = add_all(p, spec->ignoreregex, spec->n_ignoreregex, spec, 0);
    for (size_t i = 0; i < p->n; i++)
        if (p->claim[i].regex.captures > captures)
            captures = p->claim[i].regex.captures;
    return r == 0 ? matcher_init(&p->matcher, captures) : r;
}

struct proof *proof_new(const struct filter_spec *spec)
{
    struct proof *p = calloc(1, sizeof(*p));

    return p && fill(p, spec) < 0 ? proof_free(p) : p;
}

struct proof *proof_free(struct proof *p)
{
    if (!p)
        return NULL;
    for (size_t i = 0; i < p->n; i++) {
        regex_done(&p->claim[i].regex);
        literal_done(&p->claim[i].literals);
    }
    matcher_done(&p->matcher);
    backlog_done(&p->backlog);
    free(p->claim);
    free(p);
    return NULL;
}

static bool holds(const struct clause *c, struct slice text)
{
    size_t i = 0;

    while (i < c->n && !memmem(text.p, text.n, c->text[i].p, c->text[i].n))
        i++;
    return i < c->n;
}

static struct slice content(const struct proof *p, const struct claim *c, struct slice text)
{
    for (size_t i = 0; i < c->regex.names.n; i++)
        if (strcmp(c->regex.names.name[i], "content") == 0)
            return matcher_group(&p->matcher, text, c->regex.number[i]);
    return (struct slice){0};
}

// Tries the regexes from one on; *ret_inner: what the prefregex took.
static const char *try_all(struct proof *p, size_t first, struct slice text,
                           struct slice *ret_inner)
{
    for (size_t i = first; i < p->n; i++) {
        struct claim *c = &p->claim[i];
        if (regex_search(&c->regex, &p->matcher, text, 0) != REGEX_E_MATCH)
            continue;
        p->matches++;
        for (size_t k = 0; k < c->literals.n; k++)
            if (!holds(&c->literals.clause[k], text))
                return c->written;
        if (c->prefix)
            *ret_inner = content(p, c, text);
    }
    return NULL;
}

const char *proof_text(struct proof *p, struct slice text)
{
    struct slice inner = {0};
    const char *wrong = try_all(p, 0, text, &inner);

    return !wrong && inner.n > 0 ? try_all(p, 1, inner, &inner) : wrong;
}

const char *proof_line(struct proof *p, const struct line *line)
{
    struct slice text;
    char *copy;
    const char *wrong;

    if (!backlog_add(&p->backlog, line))
        return NULL;
    text = backlog_text(&p->backlog);
    text.n++; // and its newline, as rule_match() has it
    wrong = proof_text(p, text);
    copy = malloc(text.n);
    for (size_t i = 1; !wrong && copy && i <= MUTILATIONS; i++) {
        size_t at = text.n * i / (MUTILATIONS + 1);
        size_t cut = text.n - at < i % 3 ? text.n - at : i % 3;
        memcpy(copy, text.p, at);
        memcpy(copy + at, text.p + at + cut, text.n - at - cut);
        wrong = proof_text(p, (struct slice){copy, text.n - cut});
    }
    free(copy);
    return wrong;
}

void proof_count(const struct proof *p, struct proof_count *sum)
{
    sum->regexes += p->n;
    sum->matches += p->matches;
    for (size_t i = 0; i < p->n; i++)
        sum->untold += p->claim[i].literals.n == 0;
}

const char *proof_untold(const struct proof *p, size_t i)
{
    for (size_t k = 0; k < p->n; k++)
        if (p->claim[k].literals.n == 0 && i-- == 0)
            return p->claim[k].written;
    return NULL;
}
