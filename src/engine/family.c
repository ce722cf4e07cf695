// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/family.h"

#include "base/take.h"
#include "engine/gibberish.h"

#include <stdio.h>

enum {
    MIXED_LEAST = 6, // characters, in so many runs of letters or digits if the letters are as good
    MIXED_RUNS = 4,  // as any
    LETTERS_LEAST = 7, // where there are no digits
    DIGITS_LEAST = 5,
    WORD_LEAST = DIGITS_LEAST,
    ADDRESS_LEAST = sizeof("1.2.3.4") - 1,
};

struct text {
    char *p;
    size_t n;
};

static void add(struct text *t, struct slice s)
{
    size_t room = FAMILY_MAX - 1 - t->n, n = s.n < room ? s.n : room;

    if (n > 0)
        memcpy(t->p + t->n, s.p, n);
    t->n += n;
}

static void add_char(struct text *t, char c)
{
    if (t->n < FAMILY_MAX - 1)
        t->p[t->n++] = c;
}

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static char plain(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c < ' ' || c > '~' ? '?' : c;
}

// One to three digits that make a byte. Returns how many there are, 0: none.
static size_t read_octet(struct slice s, uint8_t *ret)
{
    unsigned value = 0;
    size_t n = 0;

    for (; n < s.n && n < 3 && is_digit(s.p[n]); n++)
        value = value * 10 + (unsigned)(s.p[n] - '0');
    if (n == 0 || value > UINT8_MAX || (n < s.n && is_digit(s.p[n])))
        return 0;
    *ret = (uint8_t)value;
    return n;
}

static bool same(const uint8_t octet[4], const uint8_t *own, bool reversed)
{
    for (size_t i = 0; i < 4; i++) {
        if (octet[i] != own[reversed ? 3 - i : i])
            return false;
    }
    return true;
}

// The client's own IPv4 address at the beginning, as in 203-0-113-7, 7.113.0.203 or
// 203x000x113x007. Returns its length, 0: it is not there.
static size_t own_address(struct slice s, const struct addr *client)
{
    const uint8_t *own = client->b + 12;
    uint8_t octet[4];
    size_t at = 0;
    char between = '\0';

    for (size_t i = 0; i < 4; i++) {
        size_t n;
        if (i > 0) {
            if (at == s.n || !strchr(".-_x", s.p[at]) || (i > 1 && s.p[at] != between))
                return 0;
            between = s.p[at++];
        }
        n = read_octet(slice_from(s, at), &octet[i]);
        if (n == 0)
            return 0;
        at += n;
    }
    return same(octet, own, false) || same(octet, own, true) ? at : 0;
}

// The same as eight hexadecimal digits.
static size_t own_hex(struct slice s, const struct addr *client)
{
    static const char digits[] = "0123456789abcdef";

    if (s.n < 8)
        return 0;
    for (size_t i = 0; i < 8; i++) {
        uint8_t octet = client->b[12 + i / 2];
        if (s.p[i] != digits[i % 2 ? octet & 15 : octet >> 4])
            return 0;
    }
    return 8;
}

// A name that is an address: [203.0.113.7], [IPv6:2001:db8::1].
static bool is_own_literal(struct slice name, const struct addr *client)
{
    struct addr a;

    if (name.n > 2 && name.p[0] == '[' && name.p[name.n - 1] == ']')
        name = (struct slice){name.p + 1, name.n - 2};
    if (slice_starts(name, "ipv6:"))
        name = slice_from(name, 5);
    if (name.n == 0 || (!is_digit(name.p[0]) && !memchr(name.p, ':', name.n)))
        return false;
    return addr_parse(name, &a) == 0 && addr_compare(&a, client) == 0;
}

// The name with its own address left out.
static void leave_address(struct slice name, const struct addr *client, struct text *ret)
{
    bool inside = false; // a number
    size_t i = 0;

    while (i < name.n) {
        struct slice rest = slice_from(name, i);
        bool is_number = is_digit(rest.p[0]);
        size_t n = is_number && !inside ? own_address(rest, client) : 0;
        if (n == 0)
            n = own_hex(rest, client);
        if (n > 0)
            add(ret, slice_of("<ip>"));
        else
            add_char(ret, rest.p[0]);
        inside = n == 0 && is_number;
        i += n > 0 ? n : 1;
    }
}

struct shape {
    size_t letters, digits, runs;
};

static struct shape shape_of(struct slice word)
{
    struct shape s = {0};
    char last = '\0';

    for (size_t i = 0; i < word.n; i++) {
        char kind = is_letter(word.p[i]) ? 'a' : is_digit(word.p[i]) ? '0' : '\0';
        s.letters += kind == 'a';
        s.digits += kind == '0';
        s.runs += kind != last;
        last = kind;
    }
    return s;
}

// What a made-up word is called; NULL: it is as good as any.
static const char *made_up(struct slice word)
{
    struct shape s;

    if (word.n < WORD_LEAST)
        return NULL;
    s = shape_of(word);
    if (s.letters + s.digits != word.n)
        return NULL;
    if (s.letters == 0)
        return s.digits >= DIGITS_LEAST ? "digits" : NULL;
    if (s.digits == 0)
        return word.n >= LETTERS_LEAST && gibberish_is(word) ? "letters" : NULL;
    return word.n >= MIXED_LEAST && (s.runs >= MIXED_RUNS || gibberish_is(word)) ? "mixed" : NULL;
}

static void add_word(struct text *t, struct slice word)
{
    const char *kind = made_up(word);
    char text[32];

    if (kind)
        snprintf(text, sizeof(text), "<%s:%zu>", kind, word.n);
    add(t, kind ? slice_of(text) : word);
}

// The name with its made-up words left out. Behind the first dot or @ stands a domain, whose owner
// chose it once.
static void leave_words(struct slice name, struct text *ret)
{
    size_t local = 0, start = 0;

    while (local < name.n && name.p[local] != '.' && name.p[local] != '@')
        local++;
    if (local < name.n && name.p[local] == '.') {
        add(ret, name);
        return;
    }
    for (size_t i = 0; i <= local; i++) {
        if (i < local && name.p[i] != '-' && name.p[i] != '_')
            continue;
        add_word(ret, (struct slice){name.p + start, i - start});
        if (i < local)
            add_char(ret, name.p[i]);
        start = i + 1;
    }
    add(ret, slice_from(name, local));
}

size_t family_name(struct slice name, const struct addr *client, char ret[static FAMILY_MAX])
{
    char lower[FAMILY_MAX], without[FAMILY_MAX];
    struct text a = {lower, 0}, b = {without, 0}, out = {ret, 0};

    for (size_t i = 0; i < name.n && i < FAMILY_MAX - 1; i++)
        add_char(&a, plain(name.p[i]));
    if (client && is_own_literal((struct slice){lower, a.n}, client))
        add(&b, slice_of("[<ip>]"));
    else if (client && addr_is_v4(client) && a.n >= ADDRESS_LEAST)
        leave_address((struct slice){lower, a.n}, client, &b);
    else
        add(&b, (struct slice){lower, a.n});
    leave_words((struct slice){without, b.n}, &out);
    ret[out.n] = '\0';
    return out.n;
}
