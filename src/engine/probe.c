// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/probe.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { WRAPS = 16 }; // variants of the prefregex that are tried around a failregex's text

static void part_done(struct probe_part *part)
{
    tree_done(&part->tree);
    regex_done(&part->regex);
    spans_done(&part->spans);
}

static int part_init(struct probe_part *part, const struct pattern *pattern, bool use_dns,
                     unsigned flags)
{
    struct fault fault;
    int e;

    part->pattern = pattern;
    e = tree_init(&part->tree, pattern, use_dns);
    if (e == 0)
        e = regex_compile(&part->regex, &part->tree.regex, flags, &fault);
    part->readable = e == 0;
    if (e < 0)
        tree_done(&part->tree);
    if (e == 0)
        e = spans_init(&part->spans, &part->tree, flags);
    part->visible = e == 0;
    return e == -ENOMEM ? e : 0;
}

static uint32_t most_captures(const struct probe *p)
{
    uint32_t most = p->prefix.spans.regex.captures + 1;

    for (size_t i = 0; i < p->spec->n_failregex; i++)
        if (p->rule[i].spans.regex.captures >= most)
            most = p->rule[i].spans.regex.captures + 1;
    return most;
}

int probe_init(struct probe *p, const struct filter_spec *spec)
{
    unsigned flags = spec->maxlines > 1 ? REGEX_MULTILINE : 0;
    struct filter_error error;
    int r;

    *p = (struct probe){.spec = spec};
    r = filter_new(spec, &p->filter, &error);
    if (r < 0)
        return r;
    p->rule = calloc(spec->n_failregex, sizeof(*p->rule));
    if (!p->rule)
        return -ENOMEM;
    p->has_prefix = spec->prefregex.text && slice_trim(slice_of(spec->prefregex.text)).n > 0;
    if (p->has_prefix)
        r = part_init(&p->prefix, &spec->prefregex, spec->use_dns, 0);
    for (size_t i = 0; i < spec->n_failregex && r == 0; i++)
        r = part_init(&p->rule[i], &spec->failregex[i], spec->use_dns, flags);
    return r < 0 ? r : matcher_init(&p->matcher, most_captures(p));
}

void probe_done(struct probe *p)
{
    for (size_t i = 0; p->rule && i < p->spec->n_failregex; i++)
        part_done(&p->rule[i]);
    part_done(&p->prefix);
    free(p->rule);
    p->filter = filter_free(p->filter);
    matcher_done(&p->matcher);
}

static int feed(struct probe *p, struct slice text, struct line *line, struct match *ret)
{
    *line = (struct line){.text = text, .dated = true};
    return filter_match(p->filter, line, ret);
}

// What was before is pushed out by lines that nothing matches, or that match and are done with.
static int feed_lines(struct probe *p, struct slice text, struct match *ret)
{
    struct line line;
    struct match m;
    int r = 0;

    for (uint32_t i = 0; i < p->spec->maxlines; i++)
        feed(p, slice_of(""), &line, &m);
    while (text.n > 0) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        int got = feed(p, (struct slice){text.p, n}, &line, &m);
        if (got) {
            r = got;
            *ret = m;
        }
        text = slice_from(text, n + 1);
    }
    return r;
}

int probe_match(struct probe *p, struct slice text, const unsigned *rule, struct match *ret)
{
    struct line line;
    int r;

    if (p->spec->maxlines > 1)
        r = feed_lines(p, text, ret);
    else
        r = feed(p, text, &line, ret);
    if (!rule || r != FILTER_E_MATCH || ret->rule == *rule)
        return r;
    if (p->spec->maxlines > 1 || ret->rule > *rule)
        return 0;
    r = filter_match_from(p->filter, &line, *rule, ret);
    return r == FILTER_E_MATCH && ret->rule != *rule ? 0 : r;
}

static uint32_t content_group(const struct probe *p)
{
    const struct groups *names = &p->prefix.tree.names;
    char name[32];

    for (size_t i = 0; i < names->n; i++) {
        if (strcmp(names->name[i], "content") != 0)
            continue;
        snprintf(name, sizeof(name), "g%zu", i);
        return (uint32_t)pcre2_substring_number_from_name(p->prefix.spans.regex.code,
                                                          (PCRE2_SPTR)name);
    }
    return 0;
}

// Matches with a newline behind the text, as the filter does; what is found points into p->text.
static bool look(struct probe *p, struct probe_part *part, struct slice text, struct slice *ret)
{
    if (!part->visible || text.n >= sizeof(p->text))
        return false;
    memmove(p->text, text.p, text.n);
    p->text[text.n] = '\n';
    *ret = (struct slice){p->text, text.n + 1};
    return regex_search(&part->spans.regex, &p->matcher, *ret, 0) == REGEX_E_MATCH;
}

static void add_places(const struct probe *p, const struct probe_part *part, struct slice text,
                       size_t offset, struct places *ret)
{
    for (size_t i = 0; i < part->spans.n && ret->n < PLACES_MAX; i++) {
        struct slice taken = spans_taken(&part->spans, &p->matcher, text, i);
        size_t from = taken.p ? (size_t)(taken.p - text.p) : 0, to = from + taken.n;
        if (!taken.p)
            continue;
        // The newline is nobody's.
        to = to < text.n - 1 ? to : text.n - 1;
        ret->at[ret->n++] = (struct place){&part->tree, part->spans.node[i],
                                           offset + (from < to ? from : to), offset + to};
    }
}

// What the prefregex leaves, in places of the line.
static bool look_prefix(struct probe *p, struct slice text, struct places *ret)
{
    uint32_t group = content_group(p);
    struct slice seen, taken = {0};

    if (!look(p, &p->prefix, text, &seen))
        return false;
    add_places(p, &p->prefix, seen, 0, ret);
    if (group > 0)
        taken = matcher_group(&p->matcher, seen, group);
    if (taken.n == 0)
        return true;
    ret->content = (size_t)(taken.p - seen.p);
    ret->content_end = ret->content + taken.n;
    ret->content_end = ret->content_end < text.n ? ret->content_end : text.n;
    return true;
}

bool probe_places(struct probe *p, struct slice text, unsigned rule, struct places *ret)
{
    struct slice seen, all;

    ret->n = 0;
    ret->content = 0;
    ret->content_end = text.n;
    if (p->has_prefix && !look_prefix(p, text, ret))
        return false;
    seen = (struct slice){text.p + ret->content, ret->content_end - ret->content};
    if (!look(p, &p->rule[rule], seen, &seen))
        return false;
    add_places(p, &p->rule[rule], seen, ret->content, ret);
    all = matcher_group(&p->matcher, seen, 0);
    ret->match_end = ret->content + (size_t)(all.p - seen.p) + all.n;
    ret->match_end = ret->match_end < ret->content_end ? ret->match_end : ret->content_end;
    return true;
}

bool probe_leaves(struct probe *p, struct slice text, struct slice piece)
{
    struct places places = {.content = 0, .content_end = text.n};

    if (p->has_prefix && !look_prefix(p, text, &places))
        return false;
    return slice_equal(
        piece, (struct slice){text.p + places.content, places.content_end - places.content});
}

bool probe_wrap(struct probe *p, struct slice content, uint32_t variant, struct specimen *ret)
{
    struct specimen_plan plan = {.variant = variant, .through = NODE_NONE, .content = content};

    if (p->has_prefix && tree_has_group(&p->prefix.tree, "content"))
        return specimen_make(&p->prefix.tree, &plan, ret);
    if (content.n > sizeof(ret->text))
        return false;
    memcpy(ret->text, content.p, content.n);
    ret->n = content.n;
    return true;
}

bool probe_specimen(struct probe *p, unsigned rule, uint32_t variant, struct specimen *ret)
{
    struct specimen_plan plan = {.variant = variant, .through = NODE_NONE};
    unsigned wraps = p->has_prefix ? WRAPS : 1;
    struct specimen inner;
    struct match m;

    if (!p->rule[rule].readable || !specimen_make(&p->rule[rule].tree, &plan, &inner))
        return false;
    for (unsigned i = 0; i < wraps; i++) {
        if (!probe_wrap(p, (struct slice){inner.text, inner.n}, i, ret))
            continue;
        if (probe_match(p, (struct slice){ret->text, ret->n}, &rule, &m) == FILTER_E_MATCH &&
            m.has_host)
            return true;
    }
    return false;
}
