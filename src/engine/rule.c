// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/rule.h"
#include "engine/tag.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>

enum {
    PATTERN_MAX = 65535, // bytes of a regex as written
    // Steps of one match, some milliseconds: what a regex with two .* may need for the longest line
    // that a mail server writes (2 KiB). Less, and an attacker could hide a line by stuffing it.
    MATCH_LIMIT = 2500000,
    DEPTH_LIMIT = 10000,   // and where there is no JIT, of its nesting
    HEAP_LIMIT_KIB = 8192, // ... and its memory
    STACK_MIN = 32 * 1024, // where there is, of its stack
    STACK_MAX = 1024 * 1024,
    EXCERPT_MAX = 24
};

static const struct {
    const char *name;
    bool field; // shown as a field of the match
} keys[KEY_N] = {
    [KEY_FID] = {"fid", true},          [KEY_IP4] = {"ip4", false},
    [KEY_IP6] = {"ip6", false},         [KEY_DNS] = {"dns", false},
    [KEY_CIDR] = {"cidr", false},       [KEY_MLFID] = {"mlfid", true},
    [KEY_USER] = {"user", true},        [KEY_NOFAIL] = {"nofail", true},
    [KEY_FORGET] = {"mlfforget", true}, [KEY_GAINED] = {"mlfgained", true},
    [KEY_CONTENT] = {"content", false}, [KEY_COUNT] = {"count", true},
    [KEY_TOTAL] = {"total", true},      [KEY_OK] = {"ok", true},
    [KEY_SECRET] = {"secret", false},
};

// What to write instead, for PCRE2's errors that people run into.
static const struct {
    int error;
    const char *advice;
} advices[] = {
    {PCRE2_ERROR_MISSING_CLOSING_PARENTHESIS,
     "; close each ( with ) and each <F-X> with </F-X>, write \\( for the character"},
    {PCRE2_ERROR_UNMATCHED_CLOSING_PARENTHESIS, "; write \\) for the character"},
    {PCRE2_ERROR_QUANTIFIER_INVALID, "; write \\*, \\+ or \\? for the character"},
    {PCRE2_ERROR_LOOKBEHIND_NOT_FIXED_LENGTH, "; leave out *, + and ? inside (?<=…) and (?<!…)"},
    {PCRE2_ERROR_CLASS_RANGE_ORDER, "; write \\- for the character"},
    {PCRE2_ERROR_CLASS_INVALID_RANGE, "; write \\- for the character"},
};

// A piece of the user's text to recognise the place by, not cut inside a character.
static struct slice excerpt(struct slice text, size_t at)
{
    struct slice s = slice_from(text, at < text.n ? at : text.n);

    if (s.n <= EXCERPT_MAX)
        return s;
    s.n = EXCERPT_MAX;
    while (s.n > 0 && (s.p[s.n] & 0xc0) == 0x80)
        s.n--;
    return s;
}

static int complain(const struct pattern *pattern, const struct fault *fault,
                    struct filter_error *ret_error)
{
    struct slice s = excerpt(slice_of(pattern->text), fault->at);

    ret_error->pattern = pattern;
    snprintf(ret_error->text, sizeof(ret_error->text), "at %zu, \"%.*s\": %s", fault->at, (int)s.n,
             s.p, fault->text);
    return -EINVAL;
}

// "alt_user", "alt_user1" and "alt_user_1" stand in for "user".
static bool stands_in(const char *name, const char *key)
{
    size_t n = strlen(key);

    if (strncmp(name, "alt_", 4) != 0 || strncmp(name + 4, key, n) != 0)
        return false;
    name += 4 + n;
    name += *name == '_';
    return name[strspn(name, "0123456789")] == '\0';
}

static struct group describe(const char *name)
{
    struct group g = {.key = KEY_N};

    for (enum key k = 0; k < KEY_N && g.key == KEY_N; k++) {
        g.alternative = stands_in(name, keys[k].name);
        if (g.alternative || strcmp(name, keys[k].name) == 0)
            g.key = k;
    }
    return g;
}

static void describe_groups(struct rule *r)
{
    char name[24];

    pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &r->captures);
    r->captures++;
    for (size_t i = 0; i < r->names.n; i++) {
        struct group *g = &r->group[i];
        *g = describe(r->names.name[i]);
        snprintf(name, sizeof(name), "g%zu", i);
        g->number = (uint32_t)pcre2_substring_number_from_name(r->code, (PCRE2_SPTR)name);
        if (g->key < KEY_N && !g->alternative)
            r->keys |= 1U << g->key;
    }
}

static int compile(const struct draft *regex, pcre2_code **ret, struct fault *ret_fault)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    PCRE2_SIZE at = 0;
    const char *advice = "";
    char message[128];
    int error = 0;

    if (!context)
        return -ENOMEM;
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    *ret = pcre2_compile((PCRE2_SPTR)regex->text, regex->n,
                         PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &at,
                         context);
    pcre2_compile_context_free(context);
    if (*ret) {
        // Where there may be no executable memory, the interpreter does the same more slowly.
        pcre2_jit_compile(*ret, PCRE2_JIT_COMPLETE);
        return 0;
    }
    if (error == PCRE2_ERROR_HEAP_FAILED)
        return -ENOMEM;
    for (size_t i = 0; i < sizeof(advices) / sizeof(*advices); i++)
        if (advices[i].error == error)
            advice = advices[i].advice;
    pcre2_get_error_message(error, (PCRE2_UCHAR *)message, sizeof(message));
    return fault_set(ret_fault, draft_origin(regex, at), "%s%s", message, advice);
}

static int check(struct slice text, struct fault *ret_fault)
{
    if (text.n > PATTERN_MAX)
        return fault_set(ret_fault, 0, "is longer than %d bytes", PATTERN_MAX);
    if (slice_trim(text).n == 0)
        return fault_set(ret_fault, 0, "is empty, and would match every line");
    return 0;
}

int rule_init(struct rule *r, const struct pattern *pattern, bool use_dns,
              struct filter_error *ret_error)
{
    struct draft expanded = {0}, regex = {0};
    struct slice text = slice_of(pattern->text);
    struct fault fault;
    int e;

    *r = (struct rule){0};
    e = check(text, &fault);
    if (e == 0)
        e = tag_expand(text, use_dns, &expanded, &fault);
    if (e == 0)
        e = pyregex_translate(&expanded, &regex, &r->names, &fault);
    if (e == 0)
        e = expanded.failed || regex.failed ? -ENOMEM : compile(&regex, &r->code, &fault);
    if (e == 0)
        describe_groups(r);
    draft_done(&expanded);
    draft_done(&regex);
    return e == -EINVAL ? complain(pattern, &fault, ret_error) : e;
}

void rule_done(struct rule *r)
{
    pcre2_code_free(r->code);
    groups_done(&r->names);
}

bool rule_has_id(const struct rule *r)
{
    return r->keys &
           (1U << KEY_FID | 1U << KEY_IP4 | 1U << KEY_IP6 | 1U << KEY_DNS | 1U << KEY_MLFID);
}

int matcher_init(struct matcher *m, uint32_t captures)
{
    *m = (struct matcher){
        .data = pcre2_match_data_create(captures, NULL),
        .context = pcre2_match_context_create(NULL),
        .stack = pcre2_jit_stack_create(STACK_MIN, STACK_MAX, NULL),
    };
    if (!m->data || !m->context || !m->stack)
        return -ENOMEM;
    pcre2_set_match_limit(m->context, MATCH_LIMIT);
    pcre2_set_depth_limit(m->context, DEPTH_LIMIT);
    pcre2_set_heap_limit(m->context, HEAP_LIMIT_KIB);
    pcre2_jit_stack_assign(m->context, NULL, m->stack);
    return 0;
}

void matcher_done(struct matcher *m)
{
    pcre2_match_data_free(m->data);
    pcre2_match_context_free(m->context);
    pcre2_jit_stack_free(m->stack);
}

int rule_match(const struct rule *r, struct matcher *m, struct slice subject)
{
    int n = pcre2_match(r->code, (PCRE2_SPTR)subject.p, subject.n + 1, 0, 0, m->data, m->context);

    // Bytes without UTF leave no other error than a limit: of steps, depth, heap or stack.
    return n >= 0 ? FILTER_E_MATCH : n == PCRE2_ERROR_NOMATCH ? 0 : FILTER_E_LIMIT;
}

// What group i took, without the newline behind the subject.
static struct slice capture(const struct matcher *m, struct slice subject, uint32_t i)
{
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(m->data) + (size_t)2 * i;
    size_t start = at[0], end = at[1];

    if (start == PCRE2_UNSET)
        return (struct slice){0};
    if (start > subject.n)
        start = subject.n;
    if (end > subject.n)
        end = subject.n;
    return (struct slice){subject.p + start, end - start};
}

// There is room: rule_fields() was asked when the filter was made.
static void set_field(struct values *v, const char *name, struct slice value)
{
    size_t i = 0;

    while (i < v->n && strcmp(v->field[i].name, name) != 0)
        i++;
    v->field[i] = (struct field){name, value};
    if (i == v->n)
        v->n++;
}

static bool is_field(const struct group *g)
{
    return g->key == KEY_N || keys[g->key].field;
}

size_t rule_fields(const struct rule *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->names.n; i++)
        n += is_field(&r->group[i]);
    return n;
}

void rule_values(const struct rule *r, const struct matcher *m, struct slice subject,
                 struct values *v)
{
    struct slice taken[KEY_N + 1] = {0}, alternative[KEY_N + 1] = {0};

    for (size_t i = 0; i < r->names.n; i++) {
        const struct group *g = &r->group[i];
        struct slice value = capture(m, subject, g->number);
        struct slice *at = g->alternative ? &alternative[g->key] : &taken[g->key];
        if (!value.p)
            continue;
        if (at->n == 0)
            *at = value;
        if (is_field(g))
            set_field(v, r->names.name[i], value);
    }
    for (enum key k = 0; k < KEY_N; k++) {
        if (taken[k].n == 0 && alternative[k].n > 0)
            taken[k] = alternative[k];
        if (taken[k].p)
            v->key[k] = taken[k];
    }
}
