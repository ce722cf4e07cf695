// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/pyregex.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

// The one walk over a regex: where it stands, and what it has found.
struct walk {
    struct slice text;
    size_t i;
    const struct draft *in;
    struct draft *out;
    struct groups *groups;
    struct fault *fault;
};

void groups_done(struct groups *g)
{
    for (size_t i = 0; i < g->n; i++)
        free(g->name[i]);
    *g = (struct groups){0};
}

static struct slice rest(const struct walk *w)
{
    return slice_from(w->text, w->i);
}

// What stands k bytes ahead; NUL past the end.
static char ahead(const struct walk *w, size_t k)
{
    return w->i + k < w->text.n ? w->text.p[w->i + k] : '\0';
}

static size_t origin(const struct walk *w)
{
    return draft_origin(w->in, w->i);
}

static void add(struct walk *w, const char *text)
{
    draft_add(w->out, slice_of(text), origin(w));
}

static void copy(struct walk *w, size_t n)
{
    for (; n > 0 && w->i < w->text.n; n--, w->i++)
        draft_add(w->out, (struct slice){w->text.p + w->i, 1}, origin(w));
}

static bool is_quantifier(char c)
{
    return c == '*' || c == '+' || c == '?' || c == '{';
}

// A character as its UTF-8 bytes, which is what a log holds.
static int add_character(struct walk *w, uint32_t c, bool in_class)
{
    uint8_t byte[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    char text[8];

    if (c > 0x10ffff)
        return fault_set(w->fault, origin(w), "\\U%08x is beyond the last character, \\U0010ffff",
                         c);
    if (in_class && n > 1)
        return fault_set(w->fault, origin(w),
                         "[…] matches one byte, and this character has several: write (?:[…]|é) "
                         "for [é…], [^\\x00-\\x7f]+ for any text that is not ASCII");
    for (size_t i = n; i-- > 1; c >>= 6)
        byte[i] = (uint8_t)(0x80 | (c & 0x3f));
    byte[0] = (uint8_t)(n == 1 ? c : (0xf00 >> n) | c);
    add(w, n > 1 ? "(?:" : "");
    for (size_t i = 0; i < n; i++) {
        snprintf(text, sizeof(text), "\\x%02x", byte[i]);
        add(w, text);
    }
    add(w, n > 1 ? ")" : "");
    return 0;
}

// \xHH, \uHHHH, \UHHHHHHHH
static int code_point(struct walk *w, size_t digits, bool in_class)
{
    uint32_t c = 0;
    int r;

    for (size_t k = 2; k < 2 + digits; k++) {
        char d = ahead(w, k);
        if (!isascii(d) || !isxdigit(d))
            return fault_set(w->fault, origin(w), "\\%c takes %zu hexadecimal digits", ahead(w, 1),
                             digits);
        c = c << 4 | (uint32_t)(isdigit(d) ? d - '0' : (d | 0x20) - 'a' + 10);
    }
    r = add_character(w, c, in_class);
    w->i += 2 + digits;
    return r;
}

// Escapes that PCRE2 reads differently: instead of them, or how many hexadecimal digits follow.
static const struct {
    char letter;
    const char *instead;
    size_t digits;
} escapes[] = {
    {'Z', "\\z", 0}, {'v', "\\x0b", 0}, {'x', NULL, 2}, {'u', NULL, 4}, {'U', NULL, 8},
};

static int escape(struct walk *w, bool in_class)
{
    char c = ahead(w, 1);

    for (size_t i = 0; i < sizeof(escapes) / sizeof(*escapes); i++) {
        if (c != escapes[i].letter)
            continue;
        if (escapes[i].digits)
            return code_point(w, escapes[i].digits, in_class);
        add(w, escapes[i].instead);
        w->i += 2;
        return 0;
    }
    if (c == 'N')
        return fault_set(w->fault, origin(w),
                         "\\N{…} is not supported: write the character itself, or its \\uXXXX");
    if (isascii(c) && isalpha(c) && !strchr("AbBdDsSwWafnrt", c))
        return fault_set(w->fault, origin(w), "\\%c is not an escape of fail2ban's regexes", c);
    if (w->i + 1 == w->text.n)
        return fault_set(w->fault, origin(w), "ends in a single \\: write \\\\ for the character");
    copy(w, 2);
    return 0;
}

// One character that is not ASCII. A quantifier after it means all of its bytes.
static int wide(struct walk *w, bool in_class)
{
    size_t n = 1;
    bool group;

    while (n < 4 && (ahead(w, n) & 0xc0) == 0x80)
        n++;
    if (in_class)
        return add_character(w, 0x80, true);
    group = is_quantifier(ahead(w, n));
    add(w, group ? "(?:" : "");
    copy(w, n);
    add(w, group ? ")" : "");
    return 0;
}

// […]. In Python a [ inside is a [, where PCRE2 may see the start of [:alpha:].
static int set(struct walk *w)
{
    size_t start = origin(w);
    int r = 0;

    copy(w, ahead(w, 1) == '^' ? 2 : 1);
    if (ahead(w, 0) == ']')
        copy(w, 1);
    while (r == 0 && w->i < w->text.n) {
        char c = ahead(w, 0);
        if (c == ']') {
            copy(w, 1);
            return 0;
        }
        if (c == '\\')
            r = escape(w, true);
        else if (!isascii(c))
            r = wide(w, true);
        else {
            add(w, c == '[' ? "\\" : "");
            copy(w, 1);
        }
    }
    return r ? r : fault_set(w->fault, start, "[…] is not closed: write \\[ for a bracket");
}

// {,n}, which is plain text to PCRE2 before 10.43
static int repeat(struct walk *w)
{
    size_t k = 2;

    while (isascii(ahead(w, k)) && isdigit(ahead(w, k)))
        k++;
    copy(w, 1);
    if (ahead(w, 0) == ',' && ahead(w, k - 1) == '}')
        add(w, "0");
    return 0;
}

// The name from k bytes ahead up to `end`, in *ret; its end in *ret_k.
static int read_name(struct walk *w, size_t k, char end, struct slice *ret)
{
    struct slice name = {w->text.p + w->i + k, 0};

    while (isascii(ahead(w, k + name.n)) &&
           (isalnum(ahead(w, k + name.n)) || ahead(w, k + name.n) == '_'))
        name.n++;
    if (name.n == 0 || ahead(w, k + name.n) != end)
        return fault_set(w->fault, origin(w),
                         "a group's name has letters, digits and _ only, and ends with %c", end);
    *ret = name;
    return 0;
}

static size_t find_group(const struct walk *w, struct slice name)
{
    size_t i = 0;

    while (i < w->groups->n && !slice_is(name, w->groups->name[i]))
        i++;
    return i;
}

// (?P<name>
static int named(struct walk *w)
{
    struct groups *g = w->groups;
    struct slice name;
    char text[16];
    int r;

    r = read_name(w, 4, '>', &name);
    if (r < 0)
        return r;
    if (isdigit(name.p[0]))
        return fault_set(w->fault, origin(w), "a group's name starts with a letter or _");
    if (find_group(w, name) < g->n)
        return fault_set(
            w->fault, origin(w),
            "the group \"%.*s\" is there twice: for a second user write <F-ALT_USER1>, "
            "for a second address a second regex",
            (int)(name.n < 40 ? name.n : 40), name.p);
    if (g->n == GROUPS_MAX)
        return fault_set(w->fault, origin(w), "has more than %d named groups", GROUPS_MAX);
    g->name[g->n] = strndup(name.p, name.n);
    if (!g->name[g->n])
        return -ENOMEM;
    snprintf(text, sizeof(text), "(?P<g%zu>", g->n++);
    add(w, text);
    w->i += 4 + name.n + 1;
    return 0;
}

static int no_group(struct walk *w, struct slice name)
{
    return fault_set(w->fault, origin(w), "there is no group \"%.*s\" before this",
                     (int)(name.n < 40 ? name.n : 40), name.p);
}

// (?P=name)
static int reference(struct walk *w)
{
    struct slice name;
    char text[16];
    size_t i;
    int r;

    r = read_name(w, 4, ')', &name);
    if (r < 0)
        return r;
    i = find_group(w, name);
    if (i == w->groups->n)
        return no_group(w, name);
    snprintf(text, sizeof(text), "(?P=g%zu)", i);
    add(w, text);
    w->i += 4 + name.n + 1;
    return 0;
}

// (?(name)yes|no) or (?(1)yes|no)
static int condition(struct walk *w)
{
    struct slice name;
    char text[16];
    size_t i;
    int r;

    r = read_name(w, 3, ')', &name);
    if (r < 0)
        return r;
    if (isdigit(name.p[0])) {
        copy(w, 3 + name.n + 1);
        return 0;
    }
    i = find_group(w, name);
    if (i == w->groups->n)
        return no_group(w, name);
    snprintf(text, sizeof(text), "(?(<g%zu>)", i);
    add(w, text);
    w->i += 3 + name.n + 1;
    return 0;
}

// (?#…)
static int comment(struct walk *w)
{
    size_t start = origin(w);

    while (w->i < w->text.n && ahead(w, 0) != ')')
        w->i++;
    if (w->i == w->text.n)
        return fault_set(w->fault, start, "(?#…) is not closed");
    w->i++;
    return 0;
}

// (?i) and (?i:…). The logs are bytes, so that Python's a (ASCII) is what we do in any case, and
// its u (Unicode) what we never do.
static int read_flags(struct walk *w, bool scoped)
{
    size_t k = 2;

    while (ahead(w, k) && strchr("aimsux-", ahead(w, k)))
        k++;
    if (k == 2 || (ahead(w, k) != ':' && ahead(w, k) != ')'))
        return fault_set(w->fault, origin(w),
                         "(?%c is not known to fail2ban's regexes: write (?:…) for a plain group, "
                         "(?P<name>…) for a named one",
                         isascii(ahead(w, 2)) && isprint(ahead(w, 2)) ? ahead(w, 2) : ' ');
    copy(w, 2);
    for (k -= 2; k > 0; k--) {
        if (ahead(w, 0) == 'a' || ahead(w, 0) == 'u')
            w->i++;
        else
            copy(w, 1);
    }
    add(w, scoped || ahead(w, 0) == ':' ? ":" : ")");
    w->i++;
    return 0;
}

static int flags(struct walk *w)
{
    return read_flags(w, false);
}

// ((?i)…) and (?:(?i)…) are (?i:…) to fail2ban: the group does not count in \1. How long the
// brackets before the (?i) are, or 0.
static size_t before_flags(const struct walk *w)
{
    size_t skip = slice_starts(rest(w), "(?:") ? 3 : 1, k = skip + 2;

    if (ahead(w, skip) != '(' || ahead(w, skip + 1) != '?')
        return 0;
    while (ahead(w, k) >= 'a' && ahead(w, k) <= 'z')
        k++;
    return k > skip + 2 && ahead(w, k) == ')' ? skip : 0;
}

// What a bracket can start; the first that fits. NULL: the same in PCRE2.
static const struct {
    const char *start;
    int (*run)(struct walk *w);
} brackets[] = {
    {"(?P<", named}, {"(?P=", reference}, {"(?(", condition}, {"(?#", comment},
    {"(?:", NULL},   {"(?=", NULL},       {"(?!", NULL},      {"(?<=", NULL},
    {"(?<!", NULL},  {"(?>", NULL},       {"(?", flags},      {"(", NULL},
};

static int bracket(struct walk *w)
{
    size_t skip = before_flags(w), i = 0;

    if (ahead(w, 1) == '*')
        return fault_set(w->fault, origin(w), "(* has nothing to repeat: write \\(* for the text");
    if (skip > 0) {
        w->i += skip;
        return read_flags(w, true);
    }
    while (!slice_starts(rest(w), brackets[i].start))
        i++;
    if (brackets[i].run)
        return brackets[i].run(w);
    copy(w, strlen(brackets[i].start));
    return 0;
}

static int literal(struct walk *w)
{
    if (!isascii(ahead(w, 0)))
        return wide(w, false);
    copy(w, 1);
    return 0;
}

static int step(struct walk *w)
{
    switch (ahead(w, 0)) {
    case '\\':
        return escape(w, false);
    case '[':
        return set(w);
    case '(':
        return bracket(w);
    case '{':
        return repeat(w);
    default:
        return literal(w);
    }
}

int pyregex_translate(const struct draft *in, struct draft *ret, struct groups *ret_groups,
                      struct fault *ret_fault)
{
    struct walk w = {{in->text, in->n}, 0, in, ret, ret_groups, ret_fault};
    int r = 0;

    while (r == 0 && w.i < w.text.n)
        r = step(&w);
    return r;
}
