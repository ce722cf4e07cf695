// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/literal.h"

#include "engine/part.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

enum { DEPTH_MAX = 32, REPEAT_MAX = 65535 };

// The one walk over a regex. A construct that is not known makes it lost: nothing is told at all.
struct walk {
    struct slice text;
    size_t i;
    unsigned depth;
    bool caseless, lost;
};

static void alternation(struct walk *w, struct part *ret);

// What stands k bytes ahead; NUL past the end.
static char ahead(const struct walk *w, size_t k)
{
    return w->i + k < w->text.n ? w->text.p[w->i + k] : '\0';
}

static bool starts(const struct walk *w, const char *text)
{
    return slice_starts(slice_from(w->text, w->i), text);
}

static bool is_in(char c, const char *set)
{
    return c != '\0' && strchr(set, c);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void lose(struct walk *w)
{
    w->lost = true;
    w->i = w->text.n;
}

static void skip_past(struct walk *w, char c)
{
    struct slice rest = slice_from(w->text, w->i);
    const char *at = rest.n > 0 ? memchr(rest.p, c, rest.n) : NULL;

    if (at)
        w->i = (size_t)(at - w->text.p) + 1;
    else
        lose(w);
}

// Letters that PCRE2 folds without UTF.
static bool has_case(unsigned char c)
{
    return isascii(c) && isalpha(c);
}

static void one_byte(const struct walk *w, char c, struct part *ret)
{
    char both[] = {c, (char)(c ^ 0x20)};

    part_byte(ret, (struct slice){both, w->caseless && has_case((unsigned char)c) ? 2 : 1});
}

// \xHH
static char hexadecimal(struct walk *w)
{
    static const char digits[] = "0123456789abcdef";
    char high = (char)tolower((unsigned char)ahead(w, 2));
    char low = (char)tolower((unsigned char)ahead(w, 3));

    if (!is_in(high, digits) || !is_in(low, digits)) {
        lose(w);
        return '\0';
    }
    w->i += 4;
    return (char)((strchr(digits, high) - digits) << 4 | (strchr(digits, low) - digits));
}

enum escape { ESCAPE_BYTE, ESCAPE_SET, ESCAPE_PLACE };

// What a backslash means; *byte, where it is one byte.
static enum escape escape(struct walk *w, char *byte)
{
    static const char letters[] = "afnrt", means[] = "\a\f\n\r\t";
    char c = ahead(w, 1);

    if (c == 'x') {
        *byte = hexadecimal(w);
        return ESCAPE_BYTE;
    }
    w->i += 2;
    if (is_in(c, letters)) {
        *byte = means[strchr(letters, c) - letters];
        return ESCAPE_BYTE;
    }
    if (is_in(c, "dDsSwW"))
        return ESCAPE_SET;
    if (is_in(c, "AbBzZ"))
        return ESCAPE_PLACE;
    if (is_digit(c)) {
        // A reference, or an octal number: PCRE2 goes by how many groups there are.
        while (is_digit(ahead(w, 0)))
            w->i++;
        return ESCAPE_SET;
    }
    if (w->i > w->text.n || (isascii(c) && isalnum(c)))
        lose(w);
    *byte = c;
    return ESCAPE_BYTE;
}

static void escaped(struct walk *w, struct part *ret)
{
    char c;

    switch (escape(w, &c)) {
    case ESCAPE_BYTE:
        one_byte(w, c, ret);
        break;
    case ESCAPE_SET:
        part_any(ret);
        break;
    case ESCAPE_PLACE:
        part_empty(ret);
        break;
    }
}

// One of the characters in […]; false where it stands for several.
static bool member(struct walk *w, unsigned char *ret)
{
    char c = ahead(w, 0);

    if (c != '\\') {
        // [:alpha:] and the like
        if (c == '[' && is_in(ahead(w, 1), ":.="))
            lose(w);
        w->i++;
    } else if (ahead(w, 1) == 'b') {
        c = '\b';
        w->i += 2;
    } else if (escape(w, &c) != ESCAPE_BYTE) {
        return false;
    }
    *ret = (unsigned char)c;
    return true;
}

static void add_range(const struct walk *w, bool has[static 256], unsigned low, unsigned high)
{
    for (unsigned c = low; c <= high; c++) {
        has[c] = true;
        if (w->caseless && has_case((unsigned char)c))
            has[c ^ 0x20] = true;
    }
}

// The members of […], the walk behind its [ or [^. False where there are too many to tell.
static bool members(struct walk *w, bool has[static 256])
{
    bool all = true;

    for (bool first = true; w->i < w->text.n && (first || ahead(w, 0) != ']'); first = false) {
        unsigned char low, high;
        if (!member(w, &low)) {
            all = false;
            continue;
        }
        high = low;
        if (ahead(w, 0) == '-' && ahead(w, 1) != ']') {
            w->i++;
            if (!member(w, &high))
                all = false;
        }
        add_range(w, has, low, high);
    }
    if (w->i >= w->text.n)
        lose(w);
    w->i++;
    return all;
}

static void set(struct walk *w, struct part *ret)
{
    bool has[256] = {false}, negative = ahead(w, 1) == '^', all;
    char byte[PART_BYTES_MAX + 1];
    size_t n = 0;

    w->i += negative ? 2 : 1;
    all = members(w, has);
    for (unsigned c = 0; all && c < 256 && n < sizeof(byte); c++)
        if (has[c] != negative)
            byte[n++] = (char)c;
    part_byte(ret, (struct slice){byte, n});
}

// What follows a bracket, to its end.
static void body(struct walk *w, struct part *ret)
{
    bool caseless = w->caseless;

    if (++w->depth > DEPTH_MAX)
        lose(w);
    alternation(w, ret);
    if (ahead(w, 0) != ')')
        lose(w);
    w->i++;
    w->depth--;
    w->caseless = caseless;
}

static void named(struct walk *w, struct part *ret)
{
    skip_past(w, '>');
    body(w, ret);
}

static void look(struct walk *w, struct part *ret)
{
    body(w, ret);
    part_look(ret);
}

static void look_not(struct walk *w, struct part *ret)
{
    body(w, ret);
    part_empty(ret);
}

static void reference(struct walk *w, struct part *ret)
{
    skip_past(w, ')');
    part_any(ret);
}

// (?(1)…) and (?(<name>)…)
static void condition(struct walk *w, struct part *ret)
{
    while (isalnum((unsigned char)ahead(w, 0)) || is_in(ahead(w, 0), "<>_"))
        w->i++;
    if (ahead(w, 0) != ')')
        lose(w);
    w->i++;
    body(w, ret);
    part_any(ret);
}

// (?i) holds to the end of the group around it, and in its later branches; (?i:…) inside.
static void flags(struct walk *w, struct part *ret)
{
    bool caseless = w->caseless, kept = w->caseless, on = true;

    for (; is_in(ahead(w, 0), "ims-"); w->i++) {
        on = on && ahead(w, 0) != '-';
        caseless = ahead(w, 0) == 'i' ? on : caseless;
    }
    w->caseless = caseless;
    if (ahead(w, 0) == ':') {
        w->i++;
        body(w, ret);
        w->caseless = kept;
        return;
    }
    // Whatever PCRE2 would repeat here.
    if (ahead(w, 0) != ')' || is_in(ahead(w, 1), "*+?{"))
        lose(w);
    w->i++;
    part_empty(ret);
}

static void unknown(struct walk *w, struct part *ret)
{
    lose(w);
    part_any(ret);
}

// What a bracket can start; the first that fits.
static const struct {
    const char *start;
    void (*run)(struct walk *w, struct part *ret);
} brackets[] = {
    {"(?:", body},     {"(?>", body},      {"(?P<", named}, {"(?=", look},       {"(?<=", look},
    {"(?!", look_not}, {"(?<!", look_not}, {"(?<", named},  {"(?P=", reference}, {"(?(", condition},
    {"(?P", unknown},  {"(?", flags},      {"(*", unknown}, {"(", body},
};

static void bracket(struct walk *w, struct part *ret)
{
    size_t i = 0;

    while (!starts(w, brackets[i].start))
        i++;
    w->i += strlen(brackets[i].start);
    brackets[i].run(w, ret);
}

static void item(struct walk *w, struct part *ret)
{
    char c = ahead(w, 0);

    switch (c) {
    case '(':
        bracket(w, ret);
        return;
    case '[':
        set(w, ret);
        return;
    case '\\':
        escaped(w, ret);
        return;
    case '*':
    case '+':
    case '?':
        lose(w);
        break;
    case '.':
        part_any(ret);
        break;
    case '^':
    case '$':
        part_empty(ret);
        break;
    default:
        one_byte(w, c, ret);
        break;
    }
    w->i++;
}

static unsigned number(struct walk *w)
{
    unsigned n = 0;

    for (; is_digit(ahead(w, 0)); w->i++)
        n = n > REPEAT_MAX ? n : n * 10 + (unsigned)(ahead(w, 0) - '0');
    return n;
}

// {n}, {n,} or {n,m}. Whether other braces are text depends on PCRE2's version.
static void braces(struct walk *w, unsigned *min, unsigned *max)
{
    w->i++;
    *min = *max = number(w);
    if (ahead(w, 0) == ',') {
        w->i++;
        *max = is_digit(ahead(w, 0)) ? number(w) : REPEAT_MAX;
    }
    if (ahead(w, 0) != '}')
        lose(w);
    w->i++;
}

// (?#…) is not there, also between an item and its quantifier.
static void skip_comments(struct walk *w)
{
    while (starts(w, "(?#"))
        skip_past(w, ')');
}

// A quantifier, greedy, lazy or possessive. False: there is none.
static bool quantifier(struct walk *w, struct part *p)
{
    unsigned min, max;

    skip_comments(w);
    min = ahead(w, 0) == '+' ? 1 : 0;
    max = ahead(w, 0) == '?' ? 1 : REPEAT_MAX;
    if (ahead(w, 0) == '{' && is_digit(ahead(w, 1)))
        braces(w, &min, &max);
    else if (ahead(w, 0) == '{' && is_in(ahead(w, 1), ", \t"))
        lose(w);
    else if (is_in(ahead(w, 0), "*+?"))
        w->i++;
    else
        return false;
    if (is_in(ahead(w, 0), "?+"))
        w->i++;
    part_repeat(p, min, max);
    return true;
}

static void sequence(struct walk *w, struct part *ret)
{
    struct part next;

    part_empty(ret);
    for (skip_comments(w); w->i < w->text.n && !is_in(ahead(w, 0), "|)"); skip_comments(w)) {
        item(w, &next);
        while (quantifier(w, &next))
            ;
        part_append(ret, &next);
    }
}

static void alternation(struct walk *w, struct part *ret)
{
    struct part branch;

    sequence(w, ret);
    while (ahead(w, 0) == '|') {
        w->i++;
        sequence(w, &branch);
        part_either(ret, &branch);
    }
}

// One block: the slices, and their bytes behind them.
static int clause_init(struct clause *c, const struct texts *t)
{
    size_t size = 0;
    char *to;

    for (size_t i = 0; i < t->n; i++)
        size += t->length[i];
    c->text = malloc(t->n * sizeof(*c->text) + size);
    if (!c->text)
        return -ENOMEM;
    to = (char *)(c->text + t->n);
    for (c->n = 0; c->n < t->n; c->n++) {
        memcpy(to, t->text[c->n], t->length[c->n]);
        c->text[c->n] = (struct slice){to, t->length[c->n]};
        to += t->length[c->n];
    }
    return 0;
}

int literal_find(struct slice pcre, struct literals *ret)
{
    struct walk w = {.text = pcre};
    struct literals found = {.n = 0};
    struct part whole;
    int r = 0;

    alternation(&w, &whole);
    if (w.lost || w.i != w.text.n)
        part_any(&whole);
    part_close(&whole);
    for (size_t i = 0; r == 0 && i < whole.n; i++) {
        r = clause_init(&found.clause[i], &whole.clause[i]);
        found.n += r == 0;
    }
    if (r < 0) {
        literal_done(&found);
        return r;
    }
    *ret = found;
    return 0;
}

void literal_done(struct literals *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->clause[i].text);
    *l = (struct literals){.n = 0};
}
