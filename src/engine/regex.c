// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/regex.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    DEPTH_LIMIT = 10000,   // and where there is no JIT, of its nesting
    HEAP_LIMIT_KIB = 8192, // ... and its memory
    STACK_MIN = 32 * 1024, // where there is, of its stack
    STACK_MAX = 1024 * 1024
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

static int refuse(const struct draft *regex, int error, size_t at, struct fault *ret_fault)
{
    const char *advice = "";
    char message[128];

    for (size_t i = 0; i < sizeof(advices) / sizeof(*advices); i++)
        if (advices[i].error == error)
            advice = advices[i].advice;
    pcre2_get_error_message(error, (PCRE2_UCHAR *)message, sizeof(message));
    return fault_set(ret_fault, draft_origin(regex, at), "%s%s", message, advice);
}

// NULL with *ret_error set.
static pcre2_code *compile_text(const char *text, size_t n, uint32_t options, int *ret_error,
                                PCRE2_SIZE *ret_at)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    pcre2_code *code;

    *ret_error = PCRE2_ERROR_HEAP_FAILED;
    if (!context)
        return NULL;
    pcre2_set_newline(context, PCRE2_NEWLINE_LF);
    options |= PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_NEVER_BACKSLASH_C;
    code = pcre2_compile((PCRE2_SPTR)text, n, options, ret_error, ret_at, context);
    pcre2_compile_context_free(context);
    return code;
}

static int compile(const struct draft *regex, unsigned flags, pcre2_code **ret,
                   struct fault *ret_fault)
{
    // Python's ^ also matches behind the last newline.
    uint32_t options = flags & REGEX_MULTILINE ? PCRE2_MULTILINE | PCRE2_ALT_CIRCUMFLEX : 0;
    PCRE2_SIZE at = 0;
    int error;

    *ret = compile_text(regex->text, regex->n, options, &error, &at);
    if (*ret)
        return 0;
    return error == PCRE2_ERROR_HEAP_FAILED ? -ENOMEM : refuse(regex, error, at, ret_fault);
}

// What is added matches nothing, anywhere. But a regex that looks behind (as PCRE2 counts \A) is
// one whose partial match may be empty: without it, (?s)^.{9} is said not to match "x", because it
// asks for nine bytes before it has seen one.
static int compile_partial(struct slice regex, pcre2_code **ret)
{
    static const char before[] = "(?:", behind[] = ")(?:|\\A)";
    size_t n = strlen(before) + regex.n + strlen(behind);
    uint32_t options = 0, lookbehind = 0;
    char *text = malloc(n);
    PCRE2_SIZE at;
    int error;

    if (!text)
        return -ENOMEM;
    memcpy(text, before, strlen(before));
    memcpy(text + strlen(before), regex.p, regex.n);
    memcpy(text + n - strlen(behind), behind, strlen(behind));
    *ret = compile_text(text, n, 0, &error, &at);
    free(text);
    if (!*ret)
        return 0;
    pcre2_pattern_info(*ret, PCRE2_INFO_ALLOPTIONS, &options);
    pcre2_pattern_info(*ret, PCRE2_INFO_MAXLOOKBEHIND, &lookbehind);
    if (!(options & PCRE2_ANCHORED) || lookbehind == 0) {
        pcre2_code_free(*ret);
        *ret = NULL;
    }
    return 0;
}

static void number_groups(struct regex *r)
{
    uint32_t count = 0;
    char name[24];

    pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &count);
    r->captures = count > 0 ? 2 : 1;
    for (size_t i = 0; i < r->names.n; i++) {
        snprintf(name, sizeof(name), "g%zu", i);
        r->number[i] = (uint32_t)pcre2_substring_number_from_name(r->code, (PCRE2_SPTR)name);
        if (r->number[i] >= r->captures)
            r->captures = r->number[i] + 1;
    }
}

// Where there may be no executable memory, the interpreter does the same more slowly.
static void compile_further(struct regex *r)
{
    size_t size = 0;

    pcre2_jit_compile(r->code, PCRE2_JIT_COMPLETE);
    pcre2_pattern_info(r->code, PCRE2_INFO_JITSIZE, &size);
    r->state = size > 0 ? REGEX_JIT : REGEX_PLAIN;
}

static int compile_numbered(struct regex *r, const struct draft *translated, unsigned flags,
                            struct fault *ret_fault)
{
    int e = translated->failed ? -ENOMEM : compile(translated, flags, &r->code, ret_fault);

    if (e == 0)
        number_groups(r);
    return e;
}

int regex_compile(struct regex *r, const struct draft *translated, unsigned flags,
                  struct fault *ret_fault)
{
    *r = (struct regex){0};
    return compile_numbered(r, translated, flags, ret_fault);
}

// Where a .* or .+ ends a regex, nothing but closing brackets and $ behind it; 0: none does.
static size_t find_rest(const struct draft *regex)
{
    const char *text = regex->text;
    size_t at = regex->n, escapes = 0;

    while (at > 0 && (text[at - 1] == ')' || text[at - 1] == '$'))
        at--;
    if (at < 3 || (text[at - 1] != '*' && text[at - 1] != '+') || text[at - 2] != '.')
        return 0;
    at -= 2;
    while (escapes < at && text[at - 1 - escapes] == '\\')
        escapes++;
    return escapes % 2 == 0 ? at : 0;
}

// Of a line, a .* at the end takes all that is left. Said so that PCRE2 need not look at each byte
// for the newline, which is twice the work of most prefregexes.
static void take_rest(struct draft *regex)
{
    size_t at = find_rest(regex);
    struct draft quick = {0};

    for (size_t i = 0; at > 0 && i < regex->n; i++) {
        bool star = i == at + 1;
        // .+ is one byte and then the rest.
        if (i == at && regex->text[i + 1] == '*')
            continue;
        draft_add(&quick, star ? slice_of("(?s:.*)") : (struct slice){regex->text + i, 1},
                  draft_origin(regex, i));
    }
    if (at == 0)
        return;
    draft_done(regex);
    *regex = quick;
}

int regex_init(struct regex *r, const struct draft *python, unsigned flags, struct fault *ret_fault)
{
    struct draft translated = {0};
    int e;

    *r = (struct regex){0};
    e = pyregex_translate(python, &translated, &r->names, ret_fault);
    if (e == 0 && flags & REGEX_LINE)
        take_rest(&translated);
    if (e == 0)
        e = python->failed ? -ENOMEM : compile_numbered(r, &translated, flags, ret_fault);
    if (e == 0 && flags & REGEX_LEARNS) {
        r->n = translated.n;
        r->text = translated.text;
        translated.text = NULL;
    }
    draft_done(&translated);
    return e;
}

int regex_learn(struct regex *r)
{
    struct slice text = {r->text, r->n};
    int e;

    if (!r->text)
        return 0;
    e = literal_find(text, &r->literals);
    if (e == 0)
        e = compile_partial(text, &r->partial);
    if (e < 0) {
        literal_done(&r->literals);
        return e;
    }
    free(r->text);
    r->text = NULL;
    return 0;
}

void regex_done(struct regex *r)
{
    free(r->text);
    pcre2_code_free(r->code);
    pcre2_code_free(r->partial);
    groups_done(&r->names);
    literal_done(&r->literals);
    r->code = r->partial = NULL;
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
    m->place = pcre2_get_ovector_pointer(m->data);
    pcre2_set_match_limit(m->context, REGEX_STEPS_MAX);
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

int regex_search(struct regex *r, struct matcher *m, struct slice text, size_t from)
{
    PCRE2_SPTR subject = (PCRE2_SPTR)(text.p ? text.p : "");
    int n;

    if (r->state == REGEX_NEW)
        compile_further(r);
    // The way without pcre2_match()'s checks of its arguments, which are longer than many a match.
    n = r->state == REGEX_JIT
            ? pcre2_jit_match(r->code, subject, text.n, from, 0, m->data, m->context)
            : pcre2_match(r->code, subject, text.n, from, 0, m->data, m->context);

    // Bytes without UTF leave no other error than a limit: of steps, depth, heap or stack.
    return n >= 0 ? REGEX_E_MATCH : n == PCRE2_ERROR_NOMATCH ? 0 : REGEX_E_LIMIT;
}

bool regex_may_follow(const struct regex *r, struct matcher *m, struct slice head)
{
    return !r->partial ||
           pcre2_match(r->partial, (PCRE2_SPTR)head.p, head.n, 0, PCRE2_PARTIAL_HARD | PCRE2_NO_JIT,
                       m->data, m->context) != PCRE2_ERROR_NOMATCH;
}

bool regex_exceeds(const struct regex *r, struct matcher *m, struct slice text, uint32_t steps)
{
    PCRE2_SPTR subject = (PCRE2_SPTR)(text.p ? text.p : "");
    int n;

    pcre2_set_match_limit(m->context, steps);
    n = pcre2_match(r->code, subject, text.n, 0, PCRE2_NO_JIT, m->data, m->context);
    pcre2_set_match_limit(m->context, REGEX_STEPS_MAX);
    return n < 0 && n != PCRE2_ERROR_NOMATCH;
}
