// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/filterref.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NAME_BYTES "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
#define SPACES     " \t\n"
#define SEPARATORS SPACES ","

static int set(struct ini *params, struct slice name, struct slice value, struct origin at)
{
    cleanup(freep) char *key = strndup(name.p, name.n);
    cleanup(text_done) struct text t = {0};
    int r = key ? text_set(&t, slice_trim(value), at) : -ENOMEM;

    if (r == 0)
        r = ini_set_literal(params, FILTERREF_PARAMS, key, &t);
    for (char *c = key; r == 0 && *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 'a' - 'A' : *c);
    return r < 0 ? r : ini_set_literal(params, FILTERREF_PARAMS, key, &t);
}

// One "name=value", quoted or not. NULL where it is none, else what follows it.
static const char *read_param(const char *p, struct slice *ret_name, struct slice *ret_value)
{
    size_t n = strspn(p, NAME_BYTES);
    char quote[2] = {0};

    if (n == 0 || p[n] != '=')
        return NULL;
    *ret_name = (struct slice){p, n};
    p += n + 1;
    quote[0] = *p == '"' || *p == '\'' ? *p : '\0';
    if (quote[0]) {
        n = strcspn(p + 1, quote);
        *ret_value = (struct slice){p + 1, n};
        return p[1 + n] ? p + n + 2 : NULL;
    }
    n = strcspn(p, ",]");
    *ret_value = (struct slice){p, n};
    return p + n;
}

// The inside of "[…][…]", from behind the first bracket.
static int read_params(const char *p, struct ini *params, struct origin at, const char **ret_end)
{
    struct slice name, value;
    int r;

    for (;;) {
        p += strspn(p, SPACES);
        if (*p == ']') {
            p += 1 + strspn(p + 1, SPACES);
            if (*p != '[')
                break;
            p++;
        } else if (*p == ',') {
            p++;
        } else {
            p = read_param(p, &name, &value);
            if (!p)
                return -EINVAL;
            p += strspn(p, SPACES);
            if (*p != ',' && *p != ']')
                return -EINVAL;
            r = set(params, name, value, at);
            if (r < 0)
                return r;
        }
    }
    *ret_end = p;
    return 0;
}

// A name and what is in brackets behind it. *text is then behind both.
static int cut(const char **text, size_t name_length, struct origin at, char **ret_name,
               struct ini *params)
{
    struct slice name = slice_trim((struct slice){*text, name_length});
    const char *end = *text + name_length, *bracket = end + strspn(end, SPACES);
    int r = *bracket == '[' ? read_params(bracket + 1, params, at, &end) : 0;

    if (r < 0 || name.n == 0)
        return r < 0 ? r : -EINVAL;
    *text = end;
    *ret_name = strndup(name.p, name.n);
    return *ret_name ? 0 : -ENOMEM;
}

int filterref_split(const struct text *value, char **ret_name, struct ini *params)
{
    cleanup(freep) char *name = NULL;
    const char *end = value->p;
    int r = cut(&end, strcspn(end, "["), value->line[0], &name, params);

    if (r < 0 || *end)
        return r < 0 ? r : -EINVAL;
    *ret_name = name;
    name = NULL;
    return 0;
}

const char *filterref_skip(const char *text)
{
    return text + strspn(text, SEPARATORS);
}

int filterref_next(const char **text, struct origin at, char **ret_name, struct ini *params)
{
    *text = filterref_skip(*text);
    return **text ? cut(text, strcspn(*text, SEPARATORS "["), at, ret_name, params) : INI_E_MISSING;
}

int filterref_parse(const struct text *value, struct problems *problems, char **ret_name,
                    struct ini *params)
{
    int r = filterref_split(value, ret_name, params);

    if (r != -EINVAL)
        return r;
    return problems_error(problems, value->line[0],
                          "filter '%s': write NAME or NAME[option=value, option=\"value\"]",
                          value->p);
}
