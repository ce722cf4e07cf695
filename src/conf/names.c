// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/names.h"

#include <errno.h>
#include <stdio.h>

static const char *const kinds[FINGERPRINT_KINDS] = {
    [FINGERPRINT_HELO] = "helo",
    [FINGERPRINT_USER] = "user",
};

void names_format(enum fingerprint_kind kind, const char *family,
                  char ret[static FINGERPRINT_TEXT_MAX])
{
    snprintf(ret, FINGERPRINT_TEXT_MAX, "%s:%s", kinds[kind], family);
}

void names_of_verdict(const struct verdict *v, char ret[static FINGERPRINT_TEXT_MAX])
{
    ret[0] = '\0';
    if (v->reason == VERDICT_FINGERPRINT)
        names_format(v->kind, v->family, ret);
}

int names_parse(struct slice word, enum fingerprint_kind *ret_kind, struct slice *ret_name)
{
    for (enum fingerprint_kind kind = 0; kind < FINGERPRINT_KINDS; kind++) {
        size_t n = strlen(kinds[kind]) + 1;
        if (word.n <= n || !slice_starts(word, kinds[kind]) || word.p[n - 1] != ':')
            continue;
        *ret_kind = kind;
        *ret_name = slice_from(word, n);
        return 0;
    }
    return -EINVAL;
}

int names_next(struct slice *list, enum fingerprint_kind *ret_kind, struct slice *ret_name)
{
    struct slice rest = slice_trim(*list);
    size_t n = 0;
    int r;

    if (rest.n == 0)
        return 0;
    while (n < rest.n && !strchr(" \t\n", rest.p[n]))
        n++;
    r = names_parse((struct slice){rest.p, n}, ret_kind, ret_name);
    if (r < 0)
        return r;
    *list = slice_from(rest, n);
    return 1;
}

int names_check(struct slice list)
{
    enum fingerprint_kind kind;
    struct slice name;
    int r;

    do
        r = names_next(&list, &kind, &name);
    while (r > 0);
    return r;
}
