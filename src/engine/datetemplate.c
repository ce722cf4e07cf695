// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/datetemplate.h"

#include "engine/datetoken.h"

#define UNBOUND    "{UNB}"
#define LINE_BEGIN "{^LN-BEG}"

// Words in braces that stand for a number and its group. The unit of a long epoch shows in its
// length.
static const struct {
    const char *word, *regex;
} numbers[] = {
    {"{EPOCH}", "(?P<_epoch>\\d{10,11}\\b(?:\\.\\d{3,6})?)"},
    {"{LEPOCH}", "(?P<_lepoch>\\d{10,11}(?:\\d{3}(?:\\.\\d{1,6}|\\d{3})?)?)"},
    {"{TAI64N}", "(?P<_tai64n>@[0-9a-f]{24})"},
};

static struct slice text_of(const struct draft *d)
{
    return (struct slice){d->text, d->n};
}

static bool starts_word(struct slice text, const char *word)
{
    return text.n >= strlen(word) && strncasecmp(text.p, word, strlen(word)) == 0;
}

static bool ends(struct slice text, const char *end)
{
    size_t n = strlen(end);

    return text.n >= n && memcmp(text.p + text.n - n, end, n) == 0;
}

static void add_part(struct draft *d, const struct draft *from, size_t start, size_t end)
{
    for (size_t i = start; i < end; i++)
        draft_add(d, (struct slice){from->text + i, 1}, draft_origin(from, i));
}

// Text of our own, beside the user's at `from`.
static void add_text(struct draft *d, const char *text, size_t from)
{
    draft_add(d, slice_of(text), from);
}

// Which boundaries to add.
struct bounds {
    bool begin, end, line_begin;
};

// The pattern without {UNB} or {^LN-BEG} before it and white space around it.
static void take_bounds(const struct draft *pattern, struct draft *ret, struct bounds *ret_bounds)
{
    struct slice text = text_of(pattern), rest = slice_trim(text);

    *ret_bounds = (struct bounds){true, true, false};
    if (starts_word(rest, UNBOUND)) {
        rest = slice_from(rest, strlen(UNBOUND));
        *ret_bounds = (struct bounds){false, false, false};
    }
    if (starts_word(rest, LINE_BEGIN)) {
        rest = slice_from(rest, strlen(LINE_BEGIN));
        ret_bounds->line_begin = ret_bounds->begin;
    }
    rest = slice_trim(rest);
    add_part(ret, pattern, (size_t)(rest.p - text.p), (size_t)(rest.p - text.p) + rest.n);
}

// A number's template has no tokens, and all that it matches is cut out.
static bool expand_numbers(const struct draft *pattern, struct draft *ret)
{
    struct slice text = text_of(pattern);
    bool found = false;

    for (size_t i = 0; i < text.n; i++) {
        size_t k = 0;
        while (k < sizeof(numbers) / sizeof(numbers[0]) &&
               !starts_word(slice_from(text, i), numbers[k].word))
            k++;
        if (k == sizeof(numbers) / sizeof(numbers[0])) {
            add_part(ret, pattern, i, i + 1);
            continue;
        }
        draft_add(ret, slice_of(numbers[k].regex), draft_origin(pattern, i));
        i += strlen(numbers[k].word) - 1;
        found = true;
    }
    return found;
}

// The first (?i) or its like, wherever it stands: it is for the whole regex.
static struct slice find_flags(struct slice text)
{
    for (size_t i = 0; i + 3 < text.n; i++) {
        size_t n = 2;
        if (text.p[i] != '(' || text.p[i + 1] != '?')
            continue;
        while (i + n < text.n && text.p[i + n] >= 'a' && text.p[i + n] <= 'z')
            n++;
        if (n > 2 && i + n < text.n && text.p[i + n] == ')')
            return (struct slice){text.p + i, n + 1};
    }
    return (struct slice){text.p, 0};
}

// Whether the user has a group of his own: a bracket that is not escaped and does not start (?…).
static bool has_group(struct slice text)
{
    for (size_t i = 0; i < text.n; i++) {
        bool escaped = i > 0 && text.p[i - 1] == '\\';
        bool condition = i > 1 && text.p[i - 1] == '?' && text.p[i - 2] == '(';
        if (text.p[i] == '(' && !escaped && !condition && (i + 1 == text.n || text.p[i + 1] != '?'))
            return true;
    }
    return false;
}

static size_t count_first(struct slice text, char c)
{
    size_t n = 0;

    while (n < text.n && text.p[n] == c)
        n++;
    return n;
}

static size_t count_last(struct slice text, char c)
{
    size_t n = 0;

    while (n < text.n && text.p[text.n - 1 - n] == c)
        n++;
    return n;
}

// Whether the regex says itself where it begins: ^, or ** for anywhere.
static bool binds_begin(struct slice text)
{
    size_t open = count_first(text, '(');
    struct slice rest = slice_from(text, open);

    return slice_starts(rest, "^") || slice_starts(rest, "**") ||
           (open > 0 && slice_starts(rest, "?:^"));
}

static bool ends_plain(struct slice text, const char *end)
{
    size_t n = strlen(end);

    return ends(text, end) && (text.n == n || text.p[text.n - n - 1] != '\\');
}

static bool has_end_stars(struct slice text)
{
    text.n -= count_last(text, ')');
    return ends_plain(text, "**");
}

static bool binds_end(struct slice text)
{
    return ends_plain(text, "$") || ends_plain(text, "$)") || ends_plain(text, "\\b") ||
           ends_plain(text, "\\s") || has_end_stars(text);
}

// Whether the finished regex is anchored. fail2ban looks no deeper, and what is anchored is tried
// in another order.
static bool is_at_begin(struct slice text)
{
    struct slice rest = slice_from(text, 1);

    if (slice_starts(text, "^"))
        return true;
    if (slice_starts(rest, "?:"))
        rest = slice_from(rest, 2);
    return slice_starts(text, "(") && slice_starts(rest, "^") && !slice_starts(rest, "^|");
}

static bool is_at_end(struct slice text)
{
    size_t n = ends(text, "$)") ? 2 : ends(text, "$") ? 1 : 0;

    return n > 0 &&
           (text.n == n || (text.p[text.n - n - 1] != '\\' && text.p[text.n - n - 1] != '|'));
}

// The user's part of the regex, without the ** at its ends.
static void add_body(struct draft *ret, const struct draft *in, size_t start, size_t end)
{
    struct slice text = text_of(in);
    size_t first = count_first(text, '('), last = text.n - count_last(text, ')');

    for (size_t i = start; i < end; i++) {
        bool stars = (i == first && slice_starts(slice_from(text, i), "**")) ||
                     (i + 2 == last && has_end_stars(text));
        if (stars)
            i++;
        else
            add_part(ret, in, i, i + 1);
    }
}

// The regex with the group that is cut out and boundaries around it.
static void bind(struct datetemplate *t, const struct draft *in, const struct bounds *bounds,
                 bool whole, struct draft *ret)
{
    struct slice text = text_of(in);
    bool group = whole || !has_group(text);
    size_t start = group && !whole && slice_starts(text, "^");
    size_t end = text.n - (group && !whole && text.n > start && ends(text, "$"));
    size_t last = draft_origin(in, text.n);

    if (bounds->begin && !binds_begin(text))
        add_text(ret, bounds->line_begin ? "^(?:\\W{0,2})?" : "(?=^|\\b|\\W)", 0);
    add_part(ret, in, 0, start);
    add_text(ret, group ? "(" : "", 0);
    add_body(ret, in, start, end);
    add_text(ret, group ? ")" : "", last);
    add_part(ret, in, end, text.n);
    if (bounds->end && !binds_end(text))
        add_text(ret, "(?=\\b|\\W|$)", last);
    t->at_begin = is_at_begin(text_of(ret));
    t->at_end = is_at_end(text_of(ret));
}

static void describe_groups(struct datetemplate *t)
{
    for (size_t i = 0; i < t->regex.names.n; i++)
        t->part[i] = datepart_named(t->regex.names.name[i]);
}

// The user's text becomes: bare, without its bounds; parts, with tokens and numbers written out;
// bound, with groups and bounds; and regex, with its flags in front.
struct stages {
    struct draft bare, parts, plain, bound, regex;
};

static int build(struct datetemplate *t, const struct draft *pattern, struct stages *s,
                 struct fault *ret_fault)
{
    struct bounds bounds;
    struct slice flags;
    bool fold = false, number;
    int r = 0;

    take_bounds(pattern, &s->bare, &bounds);
    number = expand_numbers(&s->bare, &s->parts);
    if (!number) {
        s->parts.n = 0;
        r = datetoken_expand(&s->bare, &s->parts, &fold, ret_fault);
    }
    if (r < 0)
        return r;
    flags = find_flags(text_of(&s->parts));
    add_text(&s->regex, fold ? "(?i)" : "", 0);
    draft_add(&s->regex, flags, 0);
    add_part(&s->plain, &s->parts, 0, (size_t)(flags.p - s->parts.text));
    add_part(&s->plain, &s->parts, (size_t)(flags.p - s->parts.text) + flags.n, s->parts.n);
    bind(t, &s->plain, &bounds, number, &s->bound);
    add_part(&s->regex, &s->bound, 0, s->bound.n);
    s->regex.failed |= s->bare.failed | s->parts.failed | s->plain.failed | s->bound.failed;
    return regex_init(&t->regex, &s->regex, 0, ret_fault);
}

int datetemplate_init(struct datetemplate *t, const struct draft *pattern, struct fault *ret_fault)
{
    struct stages s = {0};
    int r;

    *t = (struct datetemplate){0};
    r = build(t, pattern, &s, ret_fault);
    if (r == 0)
        describe_groups(t);
    draft_done(&s.bare);
    draft_done(&s.parts);
    draft_done(&s.plain);
    draft_done(&s.bound);
    draft_done(&s.regex);
    return r;
}

void datetemplate_done(struct datetemplate *t)
{
    regex_done(&t->regex);
}

int datetemplate_find(struct datetemplate *t, struct matcher *m, struct slice text, size_t from,
                      struct found_date *ret)
{
    int r = regex_search(&t->regex, m, text, from);
    struct slice all;

    if (r != REGEX_E_MATCH)
        return r;
    all = matcher_group(m, text, 0);
    *ret = (struct found_date){.start = (size_t)(all.p - text.p), .cut = matcher_group(m, text, 1)};
    ret->end = ret->start + all.n;
    for (size_t i = 0; i < t->regex.names.n; i++) {
        struct slice value = matcher_group(m, text, t->regex.number[i]);
        if (t->part[i] < PART_N && value.p)
            ret->parts.part[t->part[i]] = value;
    }
    return r;
}
