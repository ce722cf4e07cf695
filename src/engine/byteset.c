// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/byteset.h"

#include "base/take.h"

#include <ctype.h>

static void add_range(struct byteset *s, unsigned char from, unsigned char to)
{
    for (unsigned c = from; c <= to; c++)
        byteset_add(s, (unsigned char)c);
}

static void add_all(struct byteset *s, const struct byteset *other)
{
    for (unsigned i = 0; i < 4; i++)
        s->bits[i] |= other->bits[i];
}

void byteset_invert(struct byteset *s)
{
    for (unsigned i = 0; i < 4; i++)
        s->bits[i] = ~s->bits[i];
}

void byteset_fold(struct byteset *s)
{
    for (unsigned c = 'a'; c <= 'z'; c++) {
        unsigned upper = c - 'a' + 'A';
        if (byteset_has(s, (unsigned char)c))
            byteset_add(s, (unsigned char)upper);
        else if (byteset_has(s, (unsigned char)upper))
            byteset_add(s, (unsigned char)c);
    }
}

bool byteset_holds(const struct byteset *s, struct slice text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!byteset_has(s, (unsigned char)text.p[i]))
            return false;
    return true;
}

// What a letter behind a backslash takes: ranges, from and to by turns.
static const struct {
    char letter;
    const char *ranges;
} letters[] = {
    {'d', "09"},   {'s', "\t\r  "}, {'w', "azAZ09__"}, {'a', "\a\a"}, {'e', "\033\033"},
    {'f', "\f\f"}, {'n', "\n\n"},   {'r', "\r\r"},     {'t', "\t\t"},
};

static bool read_letter(char c, struct byteset *ret)
{
    struct byteset s = {0};

    for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++) {
        if (letters[i].letter != tolower((unsigned char)c) ||
            (letters[i].letter != c && !strchr("DSW", c)))
            continue;
        for (const char *p = letters[i].ranges; *p; p += 2)
            add_range(&s, (unsigned char)p[0], (unsigned char)p[1]);
        if (c != letters[i].letter)
            byteset_invert(&s);
        *ret = s;
        return true;
    }
    return false;
}

static unsigned hex(char c)
{
    return is_digit(c) ? (unsigned)(c - '0') : (unsigned)(tolower((unsigned char)c) - 'a' + 10);
}

// \xHH and \0oo. How many bytes it is long; 0: it is neither.
static size_t read_number(struct slice regex, unsigned char *ret)
{
    unsigned value = 0;
    size_t n = 1;

    if (regex.n >= 4 && regex.p[1] == 'x' && isxdigit((unsigned char)regex.p[2]) &&
        isxdigit((unsigned char)regex.p[3])) {
        *ret = (unsigned char)(hex(regex.p[2]) << 4 | hex(regex.p[3]));
        return 4;
    }
    if (regex.n < 2 || regex.p[1] != '0')
        return 0;
    for (; n < 4 && n < regex.n && regex.p[n] >= '0' && regex.p[n] <= '7'; n++)
        value = value << 3 | (unsigned)(regex.p[n] - '0');
    *ret = (unsigned char)value;
    return n;
}

bool byteset_read_escape(struct slice *regex, struct byteset *ret)
{
    unsigned char c;
    size_t n = read_number(*regex, &c);

    if (n == 0 && regex->n < 2)
        return false;
    if (n == 0 && isalnum((unsigned char)regex->p[1])) {
        if (!read_letter(regex->p[1], ret))
            return false;
        n = 2;
    } else {
        if (n == 0) {
            c = (unsigned char)regex->p[1];
            n = 2;
        }
        *ret = (struct byteset){0};
        byteset_add(ret, c);
    }
    *regex = slice_from(*regex, n);
    return true;
}

// One member of a class; \b is a backspace there.
static bool read_member(struct slice *regex, struct byteset *ret)
{
    *ret = (struct byteset){0};
    if (take_text(regex, "\\b")) {
        byteset_add(ret, '\b');
        return true;
    }
    if (regex->n > 0 && regex->p[0] == '\\')
        return byteset_read_escape(regex, ret);
    if (regex->n == 0)
        return false;
    byteset_add(ret, (unsigned char)regex->p[0]);
    *regex = slice_from(*regex, 1);
    return true;
}

static unsigned char lowest(const struct byteset *s)
{
    unsigned c = 0;

    while (c < 255 && !byteset_has(s, (unsigned char)c))
        c++;
    return (unsigned char)c;
}

// A member, or a range of them.
static bool read_range(struct slice *regex, struct byteset *s)
{
    struct byteset from, to;
    struct slice after;

    if (!read_member(regex, &from))
        return false;
    after = *regex;
    if (byteset_count(&from) == 1 && take_char(&after, '-') && after.n > 0 && after.p[0] != ']' &&
        read_member(&after, &to) && byteset_count(&to) == 1) {
        add_range(s, lowest(&from), lowest(&to));
        *regex = after;
        return true;
    }
    add_all(s, &from);
    return true;
}

bool byteset_read_class(struct slice *regex, bool fold, struct byteset *ret)
{
    struct slice rest = slice_from(*regex, 1);
    bool inverted = take_char(&rest, '^'), first = true;
    struct byteset s = {0};

    for (; rest.n > 0 && (first || rest.p[0] != ']'); first = false)
        if (!read_range(&rest, &s))
            return false;
    if (!take_char(&rest, ']'))
        return false;
    if (fold)
        byteset_fold(&s);
    if (inverted)
        byteset_invert(&s);
    *ret = s;
    *regex = rest;
    return true;
}
