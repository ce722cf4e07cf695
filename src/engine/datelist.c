// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/datelist.h"

#include "engine/complaint.h"

#include <errno.h>
#include <stdlib.h>

#define LINE_BEGIN "{^LN-BEG}"
#define DEFAULT    "{DEFAULT}"
#define DATE       "{DATE}"
#define CLOCK      "%H:%M:%S"
#define FRACTION   "(?:\\.%f)?"

// What fail2ban looks for where a filter says nothing, in its order.
static const char *const defaults[] = {
    "%ExY(?P<_sep>[-/.])%m(?P=_sep)%d(?:T| {1,2})" CLOCK "(?:[.,]%f)?(?:\\s*%z)?",
    "(?:%a )?%b %d %k:%M:%S" FRACTION "(?: %ExY)?",
    "(?:%a )?%b %d %ExY %k:%M:%S" FRACTION,
    "%d(?P<_sep>[-/])%m(?P=_sep)(?:%ExY|%Exy) %k:%M:%S",
    "%d(?P<_sep>[-/])%b(?P=_sep)%ExY[ :]?" CLOCK FRACTION "(?: %z)?",
    "%m/%d/%ExY:" CLOCK,
    "%m-%d-%ExY %k:%M:%S" FRACTION,
    "EPOCH",
    LINE_BEGIN CLOCK,
    "^<%m/%d/%Exy@" CLOCK ">",
    "%Exy%Exm%Exd {1,2}" CLOCK,
    "%b %d, %ExY %I:%M:%S %p",
    "^%b-%d-%Exy %k:%M:%S",
    "%ExY%Exm%Exd(?:T| {1,2})%ExH%ExM%ExS(?:[.,]%f)?(?:\\s*%z)?",
    "(?:(?!(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) )%Z )?(?:%a )?%b %d %k:%M:%S" FRACTION "(?: %ExY)?",
    "(?:%z )?(?:%a )?%b %d %k:%M:%S" FRACTION "(?: %ExY)?",
    "TAI64N",
};

enum { DEFAULTS = sizeof(defaults) / sizeof(defaults[0]), PATTERN_MAX = 4096 };

// Where an epoch stands that is not bound to the beginning of a line: there, in brackets there, or
// in audit(…).
#define NUMBER_PLACE "**(?:^|(?<=^\\[)|(?<=\\baudit\\())"

// Words that stand for a pattern, and the same at the beginning of a line.
static const struct {
    const char *word, *pattern, *anchored;
} words[] = {
    {"EPOCH", NUMBER_PLACE "{EPOCH}", LINE_BEGIN "{EPOCH}"},
    {"LEPOCH", NUMBER_PLACE "{LEPOCH}", LINE_BEGIN "{LEPOCH}"},
    {"TAI64N", "**{TAI64N}", LINE_BEGIN "{TAI64N}"},
};

static bool is_word(struct slice text, const char *word)
{
    return text.n == strlen(word) && strncasecmp(text.p, word, text.n) == 0;
}

// Where {DATE} stands; NULL: nowhere.
static const char *find_date(struct slice text)
{
    bool exact = memchr(text.p, '%', text.n);

    for (size_t i = 0, n = strlen(DATE); i + n <= text.n; i++) {
        if (exact ? memcmp(text.p + i, DATE, n) == 0 : strncasecmp(text.p + i, DATE, n) == 0)
            return text.p + i;
    }
    return NULL;
}

static int add_draft(struct datelist *l, const struct draft *pattern, bool is_twin,
                     struct fault *ret_fault)
{
    struct dateentry *grown = reallocarray(l->entry, l->n + 1, sizeof(*grown));

    if (!grown)
        return -ENOMEM;
    l->entry = grown;
    l->entry[l->n].is_twin = is_twin;
    return datetemplate_init(&l->entry[l->n++].template, pattern, ret_fault);
}

static int add(struct datelist *l, struct slice text, bool is_twin, struct fault *ret_fault)
{
    struct draft pattern = {0};
    int r;

    for (size_t i = 0; i < text.n; i++)
        draft_add(&pattern, (struct slice){text.p + i, 1}, i);
    r = pattern.failed ? -ENOMEM : add_draft(l, &pattern, is_twin, ret_fault);
    draft_done(&pattern);
    return r;
}

// A pattern that is a word, or {^LN-BEG} or ^ before one.
static int add_word(struct datelist *l, struct slice text, bool is_twin, struct fault *ret_fault)
{
    struct slice rest = text;
    bool anchored = slice_starts(text, "^");

    if (anchored)
        rest = slice_from(text, 1);
    if (text.n > strlen(LINE_BEGIN) &&
        is_word((struct slice){text.p, strlen(LINE_BEGIN)}, LINE_BEGIN)) {
        rest = slice_from(text, strlen(LINE_BEGIN));
        anchored = true;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (is_word(rest, words[i].word))
            text = slice_of(anchored ? words[i].anchored : words[i].pattern);
    }
    return add(l, text, is_twin, ret_fault);
}

static bool is_anchored(const char *pattern)
{
    return pattern[0] == '^' || strncmp(pattern, LINE_BEGIN, strlen(LINE_BEGIN)) == 0;
}

// First those bound to the beginning of a line, where a date is most likely one.
static int add_defaults(struct datelist *l, bool anchored, struct fault *ret_fault)
{
    int r = 0;

    for (size_t i = 0; i < DEFAULTS && r == 0; i++) {
        char twin[128] = LINE_BEGIN;
        if (!is_anchored(defaults[i]))
            r = add_word(l, slice_of(strcat(twin, defaults[i])), true, ret_fault);
    }
    for (size_t i = 0; i < DEFAULTS && r == 0; i++) {
        if (!anchored || is_anchored(defaults[i]))
            r = add_word(l, slice_of(defaults[i]), false, ret_fault);
    }
    return r;
}

// The pattern once for each default, which stands in for {DATE}. Numbers do not: anything could be
// one.
static int add_dated(struct datelist *l, struct slice text, const char *date,
                     struct fault *ret_fault)
{
    size_t before = (size_t)(date - text.p);
    struct slice after = slice_from(text, before + strlen(DATE));
    int r = 0;

    for (size_t i = 0; i < DEFAULTS && r == 0; i++) {
        struct draft pattern = {0};
        size_t skip = slice_is(slice_of(defaults[i]), LINE_BEGIN CLOCK) ? strlen(LINE_BEGIN) : 0;
        if (!strchr(defaults[i], '%'))
            continue;
        for (size_t k = 0; k < before; k++)
            draft_add(&pattern, (struct slice){text.p + k, 1}, k);
        draft_add(&pattern, slice_of(defaults[i] + skip), before);
        for (size_t k = 0; k < after.n; k++)
            draft_add(&pattern, (struct slice){after.p + k, 1}, (size_t)(after.p - text.p) + k);
        r = pattern.failed ? -ENOMEM : add_draft(l, &pattern, false, ret_fault);
        draft_done(&pattern);
    }
    return r;
}

static int add_line(struct datelist *l, struct slice text, struct fault *ret_fault)
{
    const char *date = find_date(text);

    if (text.n > PATTERN_MAX)
        return fault_set(ret_fault, 0, "is longer than %d bytes", PATTERN_MAX);
    if (is_word(text, LINE_BEGIN) || is_word(text, DEFAULT))
        return add_defaults(l, is_word(text, LINE_BEGIN), ret_fault);
    l->plain = false;
    if (is_word(text, "{NONE}"))
        return add(l, slice_of("{UNB}^"), false, ret_fault);
    return date ? add_dated(l, text, date, ret_fault) : add_word(l, text, false, ret_fault);
}

const char *datelist_word(const struct pattern *pattern, size_t n)
{
    struct slice text = n == 1 ? slice_trim(slice_of(pattern->text)) : slice_of(DEFAULT);

    if (n <= 1 && is_word(text, LINE_BEGIN))
        return LINE_BEGIN;
    return n <= 1 && is_word(text, DEFAULT) ? DEFAULT : NULL;
}

int datelist_init(struct datelist *l, const struct pattern *pattern, size_t n,
                  struct filter_error *ret_error)
{
    struct fault fault;
    int r = 0;

    *l = (struct datelist){.plain = true};
    for (size_t i = 0; i < n; i++) {
        r = add_line(l, slice_trim(slice_of(pattern[i].text)), &fault);
        if (r < 0)
            return r == -EINVAL ? complaint_make(&pattern[i], &fault, ret_error) : r;
    }
    return l->n == 0 ? add_defaults(l, false, &fault) : 0;
}

void datelist_done(struct datelist *l)
{
    for (size_t i = 0; i < l->n; i++)
        datetemplate_done(&l->entry[i].template);
    free(l->entry);
    *l = (struct datelist){0};
}
