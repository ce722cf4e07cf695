// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/sasl.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

// What an answer says, in the caller's room.
struct plain {
    char *text; // SASL_BYTES_MAX
    size_t n;
    bool is_cut;
};

// -1: no letter of base64.
static int sextet(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static struct slice without_padding(struct slice text)
{
    for (unsigned i = 0; i < 2 && text.n > 0 && text.p[text.n - 1] == '='; i++)
        text.n--;
    return text;
}

// As much as there is room for. False: no base64.
static bool decode(struct slice text, struct plain *ret)
{
    uint32_t bits = 0;

    text = without_padding(text);
    if (text.n % 4 == 1)
        return false;
    for (size_t i = 0; i < text.n; i++) {
        int six = sextet(text.p[i]);
        if (six < 0)
            return false;
        bits = bits << 6 | (uint32_t)six;
        if (i % 4 == 0)
            continue;
        ret->is_cut |= ret->n == SASL_BYTES_MAX;
        if (!ret->is_cut)
            ret->text[ret->n++] = (char)(bits >> (6 - 2 * (i % 4)) & 0xff);
    }
    return true;
}

// What stands before the next NUL, and *rest behind it. False: no NUL, so that it may be cut off or
// be something else.
static bool take(struct slice *rest, struct slice *ret)
{
    const char *end = rest->n > 0 ? memchr(rest->p, 0, rest->n) : NULL;

    if (!end)
        return false;
    *ret = (struct slice){rest->p, (size_t)(end - rest->p)};
    *rest = slice_from(*rest, ret->n + 1);
    return true;
}

static struct slice name_in(enum sasl_form form, const struct plain *plain)
{
    struct slice rest = {plain->text, plain->n}, name = {0};

    if (form == SASL_NAME)
        return (struct slice){rest.p, strnlen(rest.p, rest.n)};
    if (!take(&rest, &name) || !take(&rest, &name))
        return (struct slice){0};
    return name;
}

static bool is_control(char c)
{
    return (unsigned char)c < ' ' || c == 0x7f;
}

int sasl_user(enum sasl_form form, struct slice base64, char ret_user[static SASL_USER_MAX])
{
    char room[SASL_BYTES_MAX];
    struct plain plain = {.text = room};
    struct slice name = {0};

    if (decode(base64, &plain))
        name = name_in(form, &plain);
    if (name.n >= SASL_USER_MAX)
        name.n = SASL_USER_MAX - 1;
    for (size_t i = 0; i < name.n; i++)
        ret_user[i] = is_control(name.p[i]) ? '?' : name.p[i];
    if (name.n > 0)
        ret_user[name.n] = 0;
    explicit_bzero(room, sizeof(room));
    return name.n > 0 ? 0 : -EINVAL;
}

int sasl_password(enum sasl_form form, struct slice base64, char room[static SASL_BYTES_MAX],
                  struct slice *ret)
{
    struct plain plain = {.text = room};
    struct slice rest, passed;

    if (!decode(base64, &plain) || plain.is_cut)
        return -EINVAL;
    rest = (struct slice){room, plain.n};
    if (form == SASL_PLAIN && (!take(&rest, &passed) || !take(&rest, &passed)))
        return -EINVAL;
    if (rest.n == 0)
        return -EINVAL;
    *ret = rest;
    return 0;
}
