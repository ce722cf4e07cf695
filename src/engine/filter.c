// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/filter.h"

#include "engine/backlog.h"
#include "engine/datepattern.h"
#include "engine/lines.h"
#include "engine/match.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

struct filter {
    char *name;
    struct rules prefix; // one or none
    struct rules fail, ignore;
    bool ignore_first; // before the failregexes, and not only after one has matched
    struct datepattern *date;
    bool plain_date;
    uint64_t *ends;     // bits of the failregexes that only end a session; NULL: not to be told
    uint64_t *delivers; // likewise, that only tell of a delivery; NULL: none does
    struct matcher matcher;
    uint64_t limits_hit;
    struct backlog backlog; // the line, or as many as maxlines says
    char *taken;            // room for what was matched of several, for the ignoreregexes
};

static int complain(struct filter_error *ret, const struct pattern *pattern, const char *text)
{
    ret->pattern = pattern;
    snprintf(ret->text, sizeof(ret->text), "%s", text);
    return -EINVAL;
}

static int rules_init(struct rules *rs, const struct pattern *pattern, size_t n, bool use_dns,
                      unsigned flags, struct filter_error *ret_error)
{
    int r = 0;

    rs->rule = calloc(n > 0 ? n : 1, sizeof(*rs->rule));
    if (!rs->rule)
        return -ENOMEM;
    while (r == 0 && rs->n < n) {
        r = rule_init(&rs->rule[rs->n], &pattern[rs->n], use_dns, flags, ret_error);
        rs->n++;
    }
    return r;
}

static void rules_done(struct rules *rs)
{
    for (size_t i = 0; i < rs->n; i++)
        rule_done(&rs->rule[i]);
    free(rs->rule);
}

static uint32_t most_captures(const struct rules *rs, uint32_t most)
{
    for (size_t i = 0; i < rs->n; i++)
        if (rs->rule[i].regex.captures > most)
            most = rs->rule[i].regex.captures;
    return most;
}

// What each failregex needs together with the prefregex.
static int check(const struct filter *f, const struct filter_spec *spec,
                 struct filter_error *ret_error)
{
    const struct rule *prefix = f->prefix.n > 0 ? f->prefix.rule : NULL;

    if (f->fail.n == 0)
        return complain(ret_error, NULL, "has no failregex: add one with <HOST> or <ADDR> in it");
    for (size_t i = 0; i < f->fail.n; i++) {
        const struct rule *rule = &f->fail.rule[i];
        if (!rule_has_id(rule) && !(prefix && rule_has_id(prefix)))
            return complain(ret_error, &spec->failregex[i],
                            "does not say whose failure it is: add <HOST> or <ADDR> where the "
                            "address stands");
        if (rule_fields(rule) + (prefix ? rule_fields(prefix) : 0) > FILTER_FIELDS_MAX)
            return complain(ret_error, &spec->failregex[i],
                            "has, together with the prefregex, more than 32 named groups");
    }
    return 0;
}

static int compile(struct filter *f, const struct filter_spec *spec, struct filter_error *ret_error)
{
    const struct pattern *prefix = &spec->prefregex;
    bool has_prefix = prefix->text && slice_trim(slice_of(prefix->text)).n > 0;
    bool several = spec->maxlines > 1;
    unsigned line = several ? 0 : REGEX_LINE;
    int r;

    r = rules_init(&f->prefix, prefix, has_prefix ? 1 : 0, spec->use_dns, REGEX_LEARNS | line,
                   ret_error);
    if (r < 0)
        return r;
    r = rules_init(&f->fail, spec->failregex, spec->n_failregex, spec->use_dns,
                   REGEX_LEARNS | (several ? REGEX_MULTILINE : line), ret_error);
    if (r < 0)
        return r;
    r = rules_init(&f->ignore, spec->ignoreregex, spec->n_ignoreregex, spec->use_dns, line,
                   ret_error);
    if (r < 0)
        return r;
    f->ignore_first = f->ignore.n + 2 < f->fail.n;
    return check(f, spec, ret_error);
}

static int init_backlog(struct filter *f, const struct filter_spec *spec,
                        struct filter_error *ret_error)
{
    int r;

    if (spec->maxlines > FILTER_LINES_MAX)
        return complain(ret_error, NULL, "looks at more than 100 lines at a time");
    r = backlog_init(&f->backlog, spec->maxlines > 1 ? spec->maxlines : 1);
    if (r < 0 || spec->maxlines <= 1)
        return r;
    f->taken = malloc(f->backlog.size);
    return f->taken ? 0 : -ENOMEM;
}

// Whether the id of any session that it knows is what a line begins with. A failregex behind a
// prefregex may see no more than a part of the line.
static bool ids_begin(const struct filter *f)
{
    bool begin = f->prefix.n == 0 || f->prefix.rule->id_begins;

    for (size_t i = 0; i < f->fail.n; i++) {
        const struct rule *rule = &f->fail.rule[i];
        begin = begin && (f->prefix.n > 0 ? !rule_has_session(rule) : rule->id_begins);
    }
    return begin;
}

static int list_ends(struct filter *f)
{
    bool tells = f->prefix.n > 0 && rule_tells(f->prefix.rule);

    if (!f->plain_date || f->backlog.max > 1 || tells || !ids_begin(f))
        return 0;
    f->ends = calloc((f->fail.n + 63) / 64, sizeof(*f->ends));
    for (size_t i = 0; f->ends && i < f->fail.n; i++)
        f->ends[i / 64] |= (uint64_t)f->fail.rule[i].only_ends << i % 64;
    return f->ends ? 0 : -ENOMEM;
}

static int list_deliveries(struct filter *f)
{
    bool any = false;

    for (size_t i = 0; i < f->fail.n; i++)
        any |= f->fail.rule[i].only_delivers;
    if (!any || !filter_is_plain(f))
        return 0;
    f->delivers = calloc((f->fail.n + 63) / 64, sizeof(*f->delivers));
    for (size_t i = 0; f->delivers && i < f->fail.n; i++)
        f->delivers[i / 64] |= (uint64_t)f->fail.rule[i].only_delivers << i % 64;
    return f->delivers ? 0 : -ENOMEM;
}

int filter_new(const struct filter_spec *spec, struct filter **ret, struct filter_error *ret_error)
{
    struct filter *f = calloc(1, sizeof(*f));
    uint32_t captures;
    int r;

    if (!f)
        return -ENOMEM;
    f->name = strdup(spec->name);
    r = f->name ? init_backlog(f, spec, ret_error) : -ENOMEM;
    if (r == 0)
        r = compile(f, spec, ret_error);
    if (r < 0)
        goto fail;
    r = datepattern_new(spec->datepattern, spec->n_datepattern,
                        spec->has_offset ? &spec->offset : NULL, &f->date, ret_error);
    if (r < 0)
        goto fail;
    f->plain_date = datepattern_is_plain(f->date);
    r = list_ends(f);
    if (r == 0)
        r = list_deliveries(f);
    if (r < 0)
        goto fail;
    captures = most_captures(&f->prefix, most_captures(&f->fail, most_captures(&f->ignore, 1)));
    r = matcher_init(&f->matcher, captures);
    if (r < 0)
        goto fail;
    *ret = f;
    return 0;
fail:
    filter_free(f);
    return r;
}

struct filter *filter_free(struct filter *f)
{
    if (f) {
        rules_done(&f->prefix);
        rules_done(&f->fail);
        rules_done(&f->ignore);
        datepattern_free(f->date);
        matcher_done(&f->matcher);
        backlog_done(&f->backlog);
        free(f->taken);
        free(f->ends);
        free(f->delivers);
        free(f->name);
        free(f);
    }
    return NULL;
}

// Whether all that may match are in a list.
static bool are_in(const struct filter *f, const uint64_t *list, const uint64_t *may)
{
    for (size_t i = 0; may && list && i < f->fail.n; i += 64) {
        if (may[i / 64] & ~list[i / 64])
            return false;
    }
    return may && list;
}

bool filter_only_ends(const struct filter *f, const uint64_t *may)
{
    return are_in(f, f->ends, may);
}

bool filter_only_delivers(const struct filter *f, const uint64_t *may)
{
    return are_in(f, f->delivers, may);
}

const char *filter_name(const struct filter *f)
{
    return f->name;
}

bool filter_is_plain(const struct filter *f)
{
    return f->plain_date && f->backlog.max == 1;
}

uint64_t filter_limits_hit(const struct filter *f)
{
    return f->limits_hit + datepattern_limits_hit(f->date);
}

void filter_parts(struct filter *f, struct filter_parts *ret)
{
    *ret = (struct filter_parts){
        .prefix = f->prefix.n > 0 ? f->prefix.rule : NULL,
        .fail = &f->fail,
        .matcher = &f->matcher,
        .lines = f->backlog.max,
        .one_line = f->backlog.max == 1,
        .is_plain = f->plain_date,
    };
}

const struct line *filter_date(struct filter *f, const struct line *line, usec_t now,
                               struct line *store)
{
    if (line->dated && (f->plain_date || line->date.n == 0))
        return line;
    *store = *line;
    datepattern_date(f->date, now, store);
    store->body = (struct slice){0};
    return store;
}

void filter_recall(struct filter *f, const struct line *line)
{
    struct line store;

    backlog_add(&f->backlog, filter_date(f, line, line->time, &store));
}

static int match_one(struct filter *f, struct rule *rule, struct slice subject)
{
    int r = rule_match(rule, &f->matcher, subject);

    f->limits_hit += r == FILTER_E_LIMIT;
    return r;
}

// The first rule that matches of those that may (NULL: any), from *index on, in *index. A limit hit
// is told only where none does.
static int match_any(struct filter *f, const struct rules *rs, const uint64_t *may,
                     struct slice subject, unsigned *index)
{
    int limit = 0;

    for (size_t i = *index; i < rs->n; i++) {
        int r;
        if (may && !(may[i / 64] >> i % 64 & 1))
            continue;
        r = match_one(f, &rs->rule[i], subject);
        if (r == FILTER_E_MATCH) {
            *index = (unsigned)i;
            return r;
        }
        limit |= r;
    }
    return limit;
}

static void put_back(const struct filter *f, const struct line *line, struct slice *part)
{
    if (part->p >= line->text.p && part->p <= line->text.p + line->text.n)
        return;
    line_put_back(line, line->body, part);
    line_put_back(line, backlog_last(&f->backlog), part);
}

static void put_back_all(const struct filter *f, const struct line *line, struct match *m)
{
    struct slice *part[] = {&m->name,   &m->id,    &m->mlfid,    &m->user,
                            &m->secret, &m->helo,  &m->client,   &m->mechanism,
                            &m->answer, &m->login, &m->password, &m->tried};

    for (size_t i = 0; i < sizeof(part) / sizeof(*part); i++)
        put_back(f, line, part[i]);
    for (size_t i = 0; i < m->n_fields; i++)
        put_back(f, line, &m->field[i].value);
}

// Of several lines, those that a match took are done with, and only they are what is ignored or
// not.
static struct slice take_lines(struct filter *f, const struct rule *rule, struct slice subject)
{
    struct slice skipped;

    if (f->backlog.max == 1)
        return subject;
    backlog_take(&f->backlog, matcher_group(&f->matcher, subject, 0));
    for (unsigned i = 0; rule_skipped(rule, &f->matcher, subject, i, &skipped); i++)
        backlog_skip(&f->backlog, skipped);
    return backlog_taken(&f->backlog, f->taken);
}

// What is being matched: a line, which failregexes may match it, and what was taken of it so far.
struct search {
    const struct line *line;
    const uint64_t *may;
    unsigned rule; // the first to try, and then the one that matched
    bool copied;   // not where it lies in the line's text
    struct values values;
};

// The failregexes, then the ignoreregexes on the same text.
static int match_ended(struct filter *f, struct search *s, struct slice subject)
{
    unsigned ignore = 0;
    int r = match_any(f, &f->fail, s->may, subject, &s->rule);

    if (r != FILTER_E_MATCH)
        return r;
    rule_values(&f->fail.rule[s->rule], &f->matcher, subject, &s->values);
    subject = take_lines(f, &f->fail.rule[s->rule], subject);
    return match_any(f, &f->ignore, NULL, subject, &ignore) == FILTER_E_MATCH ? FILTER_E_IGNORED
                                                                              : r;
}

// What <F-CONTENT> took is a line of its own, ended by a newline as every line is. Mostly one
// stands there; else it is put there, in a copy that is our own.
static int match_content(struct filter *f, struct search *s, struct slice text,
                         struct slice content)
{
    size_t start = (size_t)(content.p - text.p), end = start + content.n;
    char kept;
    int r;

    if (text.p[end] == '\n')
        return match_ended(f, s, content);
    if (text.p == s->line->body.p && !backlog_add(&f->backlog, s->line))
        return 0;
    s->copied = true;
    kept = f->backlog.text[end];
    f->backlog.text[end] = '\n';
    r = match_ended(f, s, (struct slice){f->backlog.text + start, content.n});
    f->backlog.text[end] = kept;
    return r;
}

// The prefregex, where there is one, and the failregexes on what it leaves.
static int match_text(struct filter *f, struct search *s, struct slice text)
{
    unsigned prefix = 0;
    int r;

    s->values.n = 0;
    memset(s->values.key, 0, sizeof(s->values.key));
    if (f->prefix.n == 0)
        return match_ended(f, s, text);
    r = match_any(f, &f->prefix, NULL, text, &prefix);
    if (r != FILTER_E_MATCH)
        return r;
    rule_values(f->prefix.rule, &f->matcher, text, &s->values);
    if (s->values.key[KEY_CONTENT].n > 0)
        return match_content(f, s, text, s->values.key[KEY_CONTENT]);
    return match_ended(f, s, text);
}

// The text to match: the line's own body where there is one, else a copy of ours. False for a line
// longer than any that `lines` gives out.
static bool take_up(struct filter *f, struct search *s, struct slice *ret_text)
{
    const struct line *line = s->line;

    if (f->backlog.max == 1 && line->body.p && line->text.n <= LINES_MAX) {
        *ret_text = line->body;
        s->copied = line->body.p + line->body.n != line->text.p + line->text.n;
        return true;
    }
    s->copied = true;
    if (s->rule > 0)
        backlog_clean(&f->backlog);
    else if (!backlog_add(&f->backlog, line))
        return false;
    *ret_text = backlog_text(&f->backlog);
    return true;
}

static int match(struct filter *f, struct search *s, struct match *ret)
{
    struct slice text;
    unsigned ignore = 0;
    int r, ignored = 0;

    if (!take_up(f, s, &text))
        return 0;
    if (f->ignore_first)
        ignored = match_any(f, &f->ignore, NULL, text, &ignore);
    if (ignored == FILTER_E_MATCH)
        return FILTER_E_IGNORED;
    r = match_text(f, s, text);
    if (r != FILTER_E_MATCH)
        return r ? r : ignored;
    ret->rule = s->rule;
    ret->place = f->fail.rule[s->rule].place;
    match_read(&s->values, ret);
    if (s->copied)
        put_back_all(f, s->line, ret);
    return FILTER_E_MATCH;
}

int filter_match(struct filter *f, const struct line *line, struct match *ret)
{
    return filter_match_some(f, line, NULL, ret);
}

// Of the search, only what is read is set: its fields are many.
int filter_match_some(struct filter *f, const struct line *line, const uint64_t *may,
                      struct match *ret)
{
    struct search s;

    s.line = line;
    s.may = may;
    s.rule = 0;
    return match(f, &s, ret);
}

int filter_match_from(struct filter *f, const struct line *line, unsigned first, struct match *ret)
{
    struct search s;

    s.line = line;
    s.may = NULL;
    s.rule = first;
    return match(f, &s, ret);
}
