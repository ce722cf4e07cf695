// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/leaks.h"

#include "base/take.h"
#include "engine/talk.h"

#include <ctype.h>
#include <endian.h>
#include <stdint.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

// A place in a line: the byte that it was found by, and what stands on both sides.
struct place {
    struct veil *veil;
    struct slice before, rest; // with that byte, and behind it
};

static struct slice up_to(struct slice s, const char *end)
{
    return (struct slice){s.p, (size_t)(end - s.p)};
}

static struct slice from(struct slice s, const char *start)
{
    return slice_from(s, (size_t)(start - s.p));
}

static const char *find(struct slice s, const char *text)
{
    return s.p ? memmem(s.p, s.n, text, strlen(text)) : NULL;
}

static bool ends(struct slice s, const char *text)
{
    size_t n = strlen(text);

    return s.n >= n && memcmp(s.p + s.n - n, text, n) == 0;
}

// To the last such byte of the line: what is hidden may hold others.
static struct slice to_last(struct slice s, char last)
{
    const char *end = s.n > 0 ? memrchr(s.p, last, s.n) : NULL;

    return end ? up_to(s, end) : s;
}

static void hide_rest(const struct place *p)
{
    veil_hide(p->veil, slice_trim(p->rest));
}

static void hide_given(const struct place *p)
{
    struct slice given = p->rest;

    take_blanks(&given);
    veil_hide(p->veil, to_last(given, ')'));
}

// "SHA512-CRYPT(PASSWORD) != '$6$...'"
static void hide_compared(const struct place *p)
{
    struct slice line = p->veil->line;
    const char *start = line.p;
    size_t n = 0;

    for (size_t i = 0; i < p->before.n; i++) {
        char c = line.p[i];
        if (c == '(' && n > 2) {
            start = line.p + i + 1;
            break;
        }
        n = isupper((unsigned char)c) || isdigit((unsigned char)c) || c == '-' ? n + 1 : 0;
    }
    veil_hide(p->veil, from(line, start));
}

// Postfix writes "(unavailable)" where it knows of none.
static void hide_name(const struct place *p)
{
    if (!slice_is(p->rest, "(unavailable)"))
        veil_hide_no_name(p->veil, p->rest);
}

static void hide_name_in_parens(const struct place *p)
{
    veil_hide_no_name(p->veil, to_last(p->rest, ')'));
}

// "user=<NAME>, method=...": the name may hold all but what the server writes behind it.
static void hide_name_in_angles(const struct place *p)
{
    static const char *const behind[] = {">, method=", ">, rip=", ">"};
    struct slice name = slice_from(p->rest, 1);
    const char *end = NULL;

    for (size_t i = 0; i < COUNT(behind) && !end; i++)
        end = find(name, behind[i]);
    veil_hide_no_name(p->veil, end ? up_to(name, end) : name);
}

// "passwd-file(NAME,ADDRESS,...)"
static void hide_name_of_driver(const struct place *p)
{
    const char *end = find(p->rest, ",");

    if (end)
        veil_hide_no_name(p->veil, up_to(p->rest, end));
}

static void hear_client(const struct place *p)
{
    talk_client(p->veil, slice_trim(p->rest));
}

static void hear_server(const struct place *p)
{
    talk_server(p->veil, slice_trim(p->rest));
}

static void hear_quoted(const struct place *p)
{
    talk_client(p->veil, to_last(p->rest, '"'));
}

// Several lines of a client's, their ends spelt out.
static void hear_lines(const struct place *p, struct slice text)
{
    while (text.n > 0) {
        const char *end = find(text, "\\n");
        struct slice line = end ? up_to(text, end) : text;
        text = slice_from(text, line.n + 2);
        line.n -= ends(line, "\\r") ? 2 : 0;
        talk_client(p->veil, line);
    }
}

// "smtpd[7]: improper command pipelining after EHLO from unknown[ADDRESS]: TEXT", and postscreen's
// "]:PORT: TEXT" and "]:PORT after EHLO: TEXT".
static void hear_early(const struct place *p)
{
    static const char *const said[] = {
        "improper command pipelining after ",
        "warning: non-SMTP command from ",
        "COMMAND PIPELINING from ",
        "NON-SMTP COMMAND from ",
        "BARE NEWLINE from ",
        "PREGREET ",
    };
    struct slice text = p->rest;
    const char *start;
    size_t i = 0;

    take_blanks(&text);
    while (i < COUNT(said) && !slice_starts(text, said[i]))
        i++;
    start = i < COUNT(said) ? find(text, "]") : NULL;
    text = start ? from(text, start) : (struct slice){0};
    start = find(text, ": ");
    if (start)
        hear_lines(p, slice_from(from(text, start), 2));
}

// "smtpd[7]: < unknown[ADDRESS]: TEXT"
static void hear_traced(const struct place *p)
{
    const char *start = find(p->rest, "]: ");

    if (start && ends(p->before, "<"))
        talk_client(p->veil, slice_from(from(p->rest, start), 3));
    else if (start)
        talk_server(p->veil, slice_from(from(p->rest, start), 3));
}

struct shape {
    struct slice before,
        behind; // the byte that is searched for ends the first, and is not its only one
    void (*take)(const struct place *p);
};

#define TEXT(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const struct shape equals[] = {
    {TEXT("sasl_username="), TEXT(""), hide_name},
    {TEXT("user="), TEXT("<"), hide_name_in_angles},
    {TEXT("(set_id="), TEXT(""), hide_name_in_parens},
};

static const struct shape colons[] = {
    {TEXT("]:"), TEXT(" "), hear_early},         {TEXT("given password:"), TEXT(" "), hide_given},
    {TEXT(" client in:"), TEXT(" "), hide_rest}, {TEXT("\"RECEIVED:"), TEXT(" "), hear_client},
    {TEXT("\"SENT:"), TEXT(" "), hear_server},
};

static const struct shape lefts[] = {
    {TEXT(" <<<"), TEXT(" "), hear_client},
    {TEXT("]: <"), TEXT(" "), hear_traced},
};

static const struct shape rights[] = {
    {TEXT(" >>>"), TEXT(" "), hear_server},
    {TEXT("]: >"), TEXT(" "), hear_traced},
};

static const struct shape quotes[] = {
    {TEXT("error in \""), TEXT(""), hear_quoted},   {TEXT("last was \""), TEXT(""), hear_quoted},
    {TEXT("ommand \""), TEXT(""), hear_quoted},     {TEXT("rejected \""), TEXT(""), hear_quoted},
    {TEXT("next input=\""), TEXT(""), hear_quoted},
};

static const struct shape bangs[] = {{TEXT(") !"), TEXT("= '"), hide_compared}};

static const struct shape parens[] = {
    {TEXT("auth("), TEXT(""), hide_name_of_driver},
    {TEXT("checkpassword("), TEXT(""), hide_name_of_driver},
    {TEXT("dict("), TEXT(""), hide_name_of_driver},
    {TEXT("ldap("), TEXT(""), hide_name_of_driver},
    {TEXT("login("), TEXT(""), hide_name_of_driver},
    {TEXT("lua("), TEXT(""), hide_name_of_driver},
    {TEXT("oauth2("), TEXT(""), hide_name_of_driver},
    {TEXT("pam("), TEXT(""), hide_name_of_driver},
    {TEXT("passwd-file("), TEXT(""), hide_name_of_driver},
    {TEXT("passwd("), TEXT(""), hide_name_of_driver},
    {TEXT("plain("), TEXT(""), hide_name_of_driver},
    {TEXT("shadow("), TEXT(""), hide_name_of_driver},
    {TEXT("sql("), TEXT(""), hide_name_of_driver},
    {TEXT("static("), TEXT(""), hide_name_of_driver},
};

enum mark {
    MARK_NONE,
    MARK_EQUALS,
    MARK_COLON,
    MARK_LEFT,
    MARK_RIGHT,
    MARK_QUOTE,
    MARK_BANG,
    MARK_PAREN
};

static const uint8_t marks[256] = {
    ['='] = MARK_EQUALS, [':'] = MARK_COLON, ['<'] = MARK_LEFT,  ['>'] = MARK_RIGHT,
    ['"'] = MARK_QUOTE,  ['!'] = MARK_BANG,  ['('] = MARK_PAREN,
};

static const struct {
    const struct shape *shape;
    size_t n;
} shapes[] = {
    [MARK_EQUALS] = {equals, COUNT(equals)}, [MARK_COLON] = {colons, COUNT(colons)},
    [MARK_LEFT] = {lefts, COUNT(lefts)},     [MARK_RIGHT] = {rights, COUNT(rights)},
    [MARK_QUOTE] = {quotes, COUNT(quotes)},  [MARK_BANG] = {bangs, COUNT(bangs)},
    [MARK_PAREN] = {parens, COUNT(parens)},
};

#define BIT(mark) (1U << (mark))

// Of which marks there is a place where this byte stands before: most marks are none by that. A key
// may end in either case, in quotes, or before a blank.
static const uint8_t befores[256] = {
    ['2'] = BIT(MARK_PAREN),
    ['a'] = BIT(MARK_PAREN),
    ['c'] = BIT(MARK_PAREN),
    ['d'] = BIT(MARK_PAREN) | BIT(MARK_EQUALS) | BIT(MARK_COLON),
    ['e'] = BIT(MARK_PAREN) | BIT(MARK_EQUALS),
    ['h'] = BIT(MARK_PAREN),
    ['l'] = BIT(MARK_PAREN),
    ['m'] = BIT(MARK_PAREN),
    ['n'] = BIT(MARK_PAREN) | BIT(MARK_COLON),
    ['p'] = BIT(MARK_PAREN) | BIT(MARK_EQUALS),
    ['r'] = BIT(MARK_EQUALS),
    ['s'] = BIT(MARK_EQUALS),
    ['t'] = BIT(MARK_PAREN) | BIT(MARK_EQUALS),
    ['w'] = BIT(MARK_PAREN),
    ['D'] = BIT(MARK_EQUALS) | BIT(MARK_COLON),
    ['E'] = BIT(MARK_EQUALS),
    ['P'] = BIT(MARK_EQUALS),
    ['S'] = BIT(MARK_EQUALS),
    ['T'] = BIT(MARK_EQUALS) | BIT(MARK_COLON),
    ['<'] = BIT(MARK_LEFT),
    ['>'] = BIT(MARK_RIGHT),
    ['='] = BIT(MARK_QUOTE),
    [']'] = BIT(MARK_COLON),
    ['"'] = BIT(MARK_EQUALS) | BIT(MARK_COLON),
    ['\''] = BIT(MARK_EQUALS) | BIT(MARK_COLON),
    ['\t'] = BIT(MARK_EQUALS) | BIT(MARK_COLON),
    [' '] = BIT(MARK_EQUALS) | BIT(MARK_COLON) | BIT(MARK_LEFT) | BIT(MARK_RIGHT) |
            BIT(MARK_QUOTE) | BIT(MARK_BANG),
};

// What stands before "=", or in quotes before ":". is_word: not as the end of a longer one.
static const struct {
    struct slice name;
    bool is_word;
} keys[] = {
    {TEXT("password"), false},   {TEXT("passwd"), false}, {TEXT("passwort"), false},
    {TEXT("passphrase"), false}, {TEXT("pass"), true},    {TEXT("pwd"), true},
    {TEXT("secret"), true},      {TEXT("resp"), true},
};

static bool is_key(struct slice before)
{
    char last = (char)(before.n > 0 ? before.p[before.n - 1] | ' ' : 0);

    for (size_t i = 0; i < COUNT(keys); i++) {
        struct slice name = keys[i].name;
        const char *start = before.p + before.n - name.n;
        if (last == name.p[name.n - 1] && before.n >= name.n &&
            strncasecmp(start, name.p, name.n) == 0 &&
            !(keys[i].is_word && before.n > name.n && isalpha((unsigned char)start[-1])))
            return true;
    }
    return false;
}

// "password=VALUE", "password" : "VALUE".
static bool is_keyed(struct slice before)
{
    bool is_colon = before.p[before.n - 1] == ':';

    do
        before.n--;
    while (before.n > 0 && is_blank(before.p[before.n - 1]));
    if (before.n > 0 && (before.p[before.n - 1] == '"' || before.p[before.n - 1] == '\''))
        before.n--;
    else if (is_colon)
        return false;
    return is_key(before);
}

// To the quote that ends it; JSON has a backslash before one that is within.
static struct slice to_quote(struct slice s, char quote)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == quote)
            return (struct slice){s.p, i};
        i += s.p[i] == '\\';
    }
    return s;
}

// It ends at a blank or a form's "&", in quotes with them. "#011" is a tab as rsyslog writes it.
static void hide_value(const struct place *p)
{
    struct slice value = p->rest;
    const char *tab = find(value, "#011");
    size_t n = 0;

    take_blanks(&value);
    if (value.n > 0 && (value.p[0] == '"' || value.p[0] == '\'')) {
        veil_hide(p->veil, to_quote(slice_from(value, 1), value.p[0]));
        return;
    }
    value = tab ? up_to(value, tab) : value;
    while (n < value.n && !is_blank(value.p[n]) && value.p[n] != '&')
        n++;
    veil_hide(p->veil, (struct slice){value.p, n});
}

static bool fits(const struct shape *s, const struct place *p)
{
    size_t n = s->before.n, most = p->before.n;

    return most >= n && p->before.p[most - 2] == s->before.p[n - 2] &&
           memcmp(p->before.p + most - n, s->before.p, n) == 0 && p->rest.n >= s->behind.n &&
           memcmp(p->rest.p, s->behind.p, s->behind.n) == 0;
}

// Whether it is the place of something.
static __attribute__((noinline)) bool look(const struct place *p, enum mark mark)
{
    const struct shape *s = shapes[mark].shape, *end = s + shapes[mark].n;

    while (s < end && !fits(s, p))
        s++;
    if (s < end)
        s->take(p);
    else if ((mark == MARK_EQUALS || mark == MARK_COLON) && is_keyed(p->before))
        hide_value(p);
    else
        return false;
    return true;
}

enum { STRIDE = 16 };

// The highest bit in the place of each byte that is a mark.
static void find_marks(const char *p, uint64_t ret[static 2])
{
    typedef signed char bytes __attribute__((vector_size(STRIDE)));
    bytes part, found;

    memcpy(&part, p, sizeof(part));
    found = (part == '=') | (part == ':') | (part == '<') | (part == '>') | (part == '"') |
            (part == '!') | (part == '(');
    found &= INT8_MIN;
    memcpy(ret, &found, sizeof(found));
}

// False: there were too many, and the rest is hidden.
static bool look_at(struct veil *v, size_t behind, size_t n, unsigned *found)
{
    const char *line = v->line.p;
    enum mark mark = marks[(unsigned char)line[behind - 1]];

    if (behind < 2 || !(befores[(unsigned char)line[behind - 2]] & BIT(mark)))
        return true;
    *found += look(&(struct place){v, {line, behind}, {line + behind, n - behind}}, mark);
    if (*found <= LEAKS_MAX)
        return true;
    if (behind < v->line.n)
        veil_hide(v, slice_from(v->line, behind));
    return false;
}

void leaks_hide(struct veil *v)
{
    size_t n = v->line.n < VEIL_LINE_MAX ? v->line.n : VEIL_LINE_MAX;
    char tail[STRIDE] = "";
    unsigned found = 0;
    uint64_t words[2];

    for (size_t i = 0; i < n; i += STRIDE) {
        if (n - i < STRIDE)
            memcpy(tail, v->line.p + i, n - i);
        find_marks(n - i < STRIDE ? tail : v->line.p + i, words);
        for (size_t k = 0; k < 2; k++) {
            for (uint64_t w = le64toh(words[k]); w; w &= w - 1)
                if (!look_at(v, i + 8 * k + (size_t)__builtin_ctzll(w) / 8 + 1, n, &found))
                    return;
        }
    }
}
