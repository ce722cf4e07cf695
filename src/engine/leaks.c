// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/leaks.h"

#include "engine/talk.h"

#include <ctype.h>
#include <stdint.h>

#define COUNT(a)   (sizeof(a) / sizeof(*(a)))
#define TEXT(text) ((struct slice){text, sizeof(text) - 1})

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
    return s.n > 0 ? memmem(s.p, s.n, text, strlen(text)) : NULL;
}

// Most do not, from the first byte on.
static bool ends(struct slice s, struct slice text)
{
    const char *start;

    if (s.n < text.n)
        return false;
    start = s.p + s.n - text.n;
    return *start == *text.p && memcmp(start, text.p, text.n) == 0;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct slice without_blanks(struct slice s)
{
    while (s.n > 0 && is_blank(s.p[0]))
        s = slice_from(s, 1);
    return s;
}

// To the last such byte of the line: what is hidden may hold others.
static struct slice to_last(struct slice s, char last)
{
    const char *end = s.n > 0 ? memrchr(s.p, last, s.n) : NULL;

    return end ? up_to(s, end) : s;
}

static void hide(const struct place *p, struct slice part)
{
    if (part.n > 0)
        veil_hide(p->veil, part);
}

static void hide_no_name(const struct place *p, struct slice name)
{
    if (!veil_is_name(name))
        hide(p, name);
}

static void hide_rest(const struct place *p)
{
    hide(p, slice_trim(p->rest));
}

static void hide_given(const struct place *p)
{
    hide(p, to_last(without_blanks(p->rest), ')'));
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
    hide(p, from(line, start));
}

static void hide_name(const struct place *p)
{
    hide_no_name(p, p->rest);
}

static void hide_name_in_parens(const struct place *p)
{
    hide_no_name(p, to_last(p->rest, ')'));
}

// "user=<NAME>, method=...": the name may hold all but what the server writes behind it.
static void hide_name_in_angles(const struct place *p)
{
    static const char *const behind[] = {">, method=", ">, rip=", ">"};
    struct slice name = slice_from(p->rest, 1);
    const char *end = NULL;

    for (size_t i = 0; i < COUNT(behind) && !end; i++)
        end = find(name, behind[i]);
    hide_no_name(p, end ? up_to(name, end) : name);
}

// "passwd-file(NAME,ADDRESS,...)"
static void hide_name_of_driver(const struct place *p)
{
    const char *end = find(p->rest, ",");

    if (end)
        hide_no_name(p, up_to(p->rest, end));
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
        line.n -= ends(line, TEXT("\\r")) ? 2 : 0;
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
    struct slice text = without_blanks(p->rest);
    const char *start;
    size_t i = 0;

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

    if (start && p->before.p[p->before.n - 1] == '<')
        talk_client(p->veil, slice_from(from(p->rest, start), 3));
    else if (start)
        talk_server(p->veil, slice_from(from(p->rest, start), 3));
}

struct shape {
    struct slice before; // the byte that is searched for ends it
    const char *behind;
    void (*take)(const struct place *p);
};

static const struct shape equals[] = {
    {TEXT("sasl_username="), "", hide_name},
    {TEXT("user="), "<", hide_name_in_angles},
    {TEXT("(set_id="), "", hide_name_in_parens},
};

static const struct shape colons[] = {
    {TEXT("]:"), " ", hear_early},         {TEXT("given password:"), " ", hide_given},
    {TEXT(" client in:"), " ", hide_rest}, {TEXT("\"RECEIVED:"), " ", hear_client},
    {TEXT("\"SENT:"), " ", hear_server},
};

static const struct shape lefts[] = {
    {TEXT(" <<<"), " ", hear_client},
    {TEXT("]: <"), " ", hear_traced},
};

static const struct shape rights[] = {
    {TEXT(" >>>"), " ", hear_server},
    {TEXT("]: >"), " ", hear_traced},
};

static const struct shape quotes[] = {
    {TEXT("error in \""), "", hear_quoted},   {TEXT("last was \""), "", hear_quoted},
    {TEXT("ommand \""), "", hear_quoted},     {TEXT("rejected \""), "", hear_quoted},
    {TEXT("next input=\""), "", hear_quoted},
};

static const struct shape bangs[] = {{TEXT(") !"), "= '", hide_compared}};

static const struct shape parens[] = {
    {TEXT("auth("), "", hide_name_of_driver},
    {TEXT("checkpassword("), "", hide_name_of_driver},
    {TEXT("dict("), "", hide_name_of_driver},
    {TEXT("ldap("), "", hide_name_of_driver},
    {TEXT("login("), "", hide_name_of_driver},
    {TEXT("lua("), "", hide_name_of_driver},
    {TEXT("oauth2("), "", hide_name_of_driver},
    {TEXT("pam("), "", hide_name_of_driver},
    {TEXT("passwd-file("), "", hide_name_of_driver},
    {TEXT("passwd("), "", hide_name_of_driver},
    {TEXT("plain("), "", hide_name_of_driver},
    {TEXT("shadow("), "", hide_name_of_driver},
    {TEXT("sql("), "", hide_name_of_driver},
    {TEXT("static("), "", hide_name_of_driver},
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

// What stands before "=", or in quotes before ":". is_word: not as the end of a longer one.
static const struct key {
    struct slice name;
    bool is_word;
} keys[] = {
    {TEXT("password"), false},   {TEXT("passwd"), false}, {TEXT("passwort"), false},
    {TEXT("passphrase"), false}, {TEXT("pass"), true},    {TEXT("pwd"), true},
    {TEXT("secret"), true},      {TEXT("resp"), true},
};

static bool is_key(struct slice before)
{
    for (const struct key *k = keys; k < keys + COUNT(keys); k++) {
        size_t n = k->name.n;
        const char *start = before.p + before.n - n;
        if (before.n >= n && (*start | ' ') == *k->name.p &&
            strncasecmp(start, k->name.p, n) == 0 &&
            !(k->is_word && before.n > n && isalpha((unsigned char)start[-1])))
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

// It ends at a blank or a form's "&", in quotes with them. "#011" is a tab as rsyslog writes it.
static void hide_value(const struct place *p)
{
    struct slice value = without_blanks(p->rest);
    const char *tab = find(value, "#011");
    size_t n = 0;

    if (value.n > 0 && (value.p[0] == '"' || value.p[0] == '\'')) {
        struct slice quoted = slice_from(value, 1);
        const char *end = memchr(quoted.p, value.p[0], quoted.n);
        hide(p, end ? up_to(quoted, end) : quoted);
        return;
    }
    value = tab ? up_to(value, tab) : value;
    while (n < value.n && !is_blank(value.p[n]) && value.p[n] != '&')
        n++;
    hide(p, (struct slice){value.p, n});
}

// 1 where it is the place of something.
static unsigned look(const struct place *p, enum mark mark)
{
    const struct shape *s = shapes[mark].shape, *end = s + shapes[mark].n;

    while (s < end && !(ends(p->before, s->before) && slice_starts(p->rest, s->behind)))
        s++;
    if (s < end) {
        s->take(p);
        return 1;
    }
    if ((mark != MARK_EQUALS && mark != MARK_COLON) || !is_keyed(p->before))
        return 0;
    hide_value(p);
    return 1;
}

void leaks_hide(struct veil *v)
{
    struct slice line = {v->line.p, v->line.n < VEIL_LINE_MAX ? v->line.n : VEIL_LINE_MAX};
    const char *end = line.n > 0 ? line.p + line.n : line.p;
    unsigned found = 0;

    for (const char *at = line.p; at < end; at++) {
        enum mark mark = marks[(unsigned char)*at];
        struct place p;
        if (!mark)
            continue;
        p = (struct place){v, up_to(line, at + 1), from(line, at + 1)};
        found += look(&p, mark);
        if (found <= LEAKS_MAX)
            continue;
        hide(&p, from(v->line, at + 1));
        return;
    }
}
