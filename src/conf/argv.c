// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/argv.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static const char blanks[] = " \t\r\n";

struct splitter {
    struct slice rest;
    char *word; // room for all of the text
    size_t n;
};

static int take(struct splitter *s, const char **ret_why)
{
    char c = s->rest.p[0];

    s->rest = slice_from(s->rest, 1);
    if (c == '\\') {
        if (s->rest.n == 0) {
            *ret_why = "it ends with a backslash";
            return -EINVAL;
        }
        c = s->rest.p[0];
        s->rest = slice_from(s->rest, 1);
    }
    s->word[s->n++] = c;
    return 0;
}

// From behind the opening quote to behind the closing one.
static int take_quoted(struct splitter *s, char quote, const char **ret_why)
{
    while (s->rest.n > 0 && s->rest.p[0] != quote) {
        const char *p = s->rest.p;
        if (quote == '"' && p[0] == '\\' && s->rest.n > 1 && (p[1] == '"' || p[1] == '\\'))
            take(s, ret_why);
        else {
            s->word[s->n++] = p[0];
            s->rest = slice_from(s->rest, 1);
        }
    }
    if (s->rest.n == 0) {
        *ret_why = "a quote is not closed";
        return -EINVAL;
    }
    s->rest = slice_from(s->rest, 1);
    return 0;
}

// 1: a word; 0: there is none left.
static int next_word(struct splitter *s, const char **ret_why)
{
    int r = 0;

    s->rest = slice_trim(s->rest);
    s->n = 0;
    if (s->rest.n == 0)
        return 0;
    while (s->rest.n > 0 && !memchr(blanks, s->rest.p[0], sizeof(blanks) - 1) && r == 0) {
        char c = s->rest.p[0];
        if (c == '\'' || c == '"') {
            s->rest = slice_from(s->rest, 1);
            r = take_quoted(s, c, ret_why);
        } else {
            r = take(s, ret_why);
        }
    }
    return r < 0 ? r : 1;
}

int argv_split(struct pool *pool, struct slice text, char ***ret, char error[static ARGV_ERROR_MAX])
{
    cleanup(freep) char *word = malloc(text.n + 1);
    struct splitter s = {text, word, 0};
    const char *why = "";
    char **argv = pool_alloc(pool, text.n / 2 + 2, sizeof(*argv));
    size_t n = 0;
    int r = word && argv ? 1 : -ENOMEM;

    while (r > 0 && (r = next_word(&s, &why)) > 0) {
        argv[n] = pool_copy(pool, (struct slice){word, s.n});
        if (!argv[n++])
            r = -ENOMEM;
    }
    if (r == -EINVAL)
        snprintf(error, ARGV_ERROR_MAX, "%s", why);
    if (r == 0)
        *ret = n > 0 ? argv : NULL;
    return r;
}

static bool is_plain(const char *word)
{
    return word[0] != '\0' && strcspn(word, " \t\r\n'\"\\") == strlen(word);
}

void argv_print(char *const *argv, FILE *out)
{
    for (; argv && *argv; argv++) {
        if (is_plain(*argv)) {
            fprintf(out, " %s", *argv);
            continue;
        }
        fputs(" '", out);
        for (const char *c = *argv; *c; c++)
            fputs(*c == '\'' ? "'\\''" : (char[]){*c, '\0'}, out);
        fputc('\'', out);
    }
}
