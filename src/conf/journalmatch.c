// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/journalmatch.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define BLANK " \t\r\n"
#define PLAIN UPPER "abcdefghijklmnopqrstuvwxyz0123456789@%+=:,./-"

enum { FIELD_MAX = 64 };

// One word as a POSIX shell would split it off *line, into out, which has room for all of the line.
// 1, 0 at the end, -EINVAL where a quote is not closed.
static int next_word(const char **line, char *out, size_t *ret_n)
{
    const char *p = *line + strspn(*line, BLANK);
    char quote = '\0';
    size_t n = 0;

    if (!*p)
        return 0;
    for (; *p && (quote || !strchr(BLANK, *p)); p++) {
        bool escapes = *p == '\\' && (quote == '\0' || (quote == '"' && strchr("\"\\", p[1])));
        if (escapes && !p[1])
            return -EINVAL;
        if (escapes)
            out[n++] = *++p;
        else if (*p == quote)
            quote = '\0';
        else if (quote == '\0' && (*p == '"' || *p == '\''))
            quote = *p;
        else
            out[n++] = *p;
    }
    *line = p;
    *ret_n = n;
    return quote ? -EINVAL : 1;
}

static bool is_match(const char *word)
{
    size_t n = strspn(word, UPPER "0123456789");

    return n > 0 && n <= FIELD_MAX && word[n] == '=' && strchr(UPPER, word[0]);
}

// A journalmatch that is being read.
struct reading {
    struct problems *problems;
    struct journal_conf *journal;
    size_t alternative; // where in match the present one begins
};

static int add(struct reading *g, const char *word, size_t n)
{
    char *copy = pool_copy(g->problems->pool, (struct slice){word, n});

    g->journal->match[g->journal->n_match++] = copy;
    return copy ? 0 : -ENOMEM;
}

// Fields with a leading "_" are journald's own word about who wrote an entry; all others are the
// writer's.
static int end_alternative(struct reading *g, struct origin at)
{
    struct journal_conf *j = g->journal;
    bool trusted = false;

    if (j->n_match == g->alternative)
        return problems_error(g->problems, at,
                              "journalmatch: nothing stands on one side of a '+': that would be "
                              "the whole journal");
    for (size_t i = g->alternative; i < j->n_match; i++)
        trusted = trusted || j->match[i][0] == '_';
    if (!trusted)
        problems_warn(g->problems, at,
                      "journalmatch = %s: any user of this host can write such an entry, and have "
                      "anybody banned; add _SYSTEMD_UNIT=, _COMM= or _UID=",
                      j->match[g->alternative]);
    return 0;
}

static int begin_alternative(struct reading *g)
{
    int r = add(g, "+", 1);

    g->alternative = g->journal->n_match;
    return r;
}

static int read_line(struct reading *g, const char *line, char *word, struct origin at)
{
    size_t n;
    int r, e = 0;

    while (e == 0 && (r = next_word(&line, word, &n)) == 1) {
        word[n] = '\0';
        if (strcmp(word, "+") == 0) {
            e = end_alternative(g, at);
            e = e < 0 ? e : begin_alternative(g);
        } else if (is_match(word)) {
            e = add(g, word, n);
        } else {
            e = problems_error(g->problems, at,
                               "journalmatch: %s: write FIELD=value, with '+' between alternatives",
                               word);
        }
    }
    if (e == 0 && r < 0)
        return problems_error(g->problems, at, "journalmatch: a quote is not closed: %s", line);
    return e < 0 ? e : end_alternative(g, at);
}

static int read_lines(struct reading *g, const struct text *value, char *word)
{
    struct text_cursor c = {0};
    struct slice line;
    struct origin at;
    int r = 0;

    while (r == 0 && text_next(value, &c, &line, &at)) {
        cleanup(freep) char *copy = strndup(line.p, line.n);
        if (!copy)
            return -ENOMEM;
        if (strspn(copy, BLANK) == line.n)
            continue;
        if (g->journal->n_match > 0)
            r = begin_alternative(g);
        if (r == 0)
            r = read_line(g, copy, word, at);
    }
    return r;
}

static void write_word(const char *word, FILE *out)
{
    bool plain = strspn(word, PLAIN) == strlen(word);

    if (!plain)
        fputc('\'', out);
    for (; *word; word++)
        fputs(*word == '\'' ? "'\"'\"'" : (char[2]){*word, '\0'}, out);
    if (!plain)
        fputc('\'', out);
}

static int name_matches(struct pool *pool, struct journal_conf *j)
{
    cleanup(freep) char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    if (!f)
        return -ENOMEM;
    for (size_t i = 0; i < j->n_match; i++) {
        fputs(i ? " " : "", f);
        write_word(j->match[i], f);
    }
    if (fclose(f) != 0)
        return -ENOMEM;
    j->matches = pool_copy(pool, slice_of(text));
    return j->matches ? 0 : -ENOMEM;
}

static size_t alternative_length(const char *const *match, size_t n)
{
    size_t i = 0;

    while (i < n && strcmp(match[i], "+") != 0)
        i++;
    return i;
}

static bool has_alternative(const struct journal_conf *j, const char *const *words, size_t n)
{
    for (size_t i = 0, length; i < j->n_match; i += length + 1) {
        bool same = true;
        length = alternative_length(j->match + i, j->n_match - i);
        for (size_t k = 0; k < n && k < length; k++)
            same = same && strcmp(j->match[i + k], words[k]) == 0;
        if (same && length == n)
            return true;
    }
    return false;
}

// Filters of one service look at the same entries: each alternative stands there once.
static int join(struct pool *pool, struct journal_conf *to, const struct journal_conf *from)
{
    const char **match = pool_alloc(pool, to->n_match + from->n_match + 1, sizeof(*match));

    if (!match)
        return -ENOMEM;
    if (to->n_match > 0)
        memcpy(match, to->match, to->n_match * sizeof(*match));
    to->match = match;
    for (size_t i = 0, n; i < from->n_match; i += n + 1) {
        n = alternative_length(from->match + i, from->n_match - i);
        if (has_alternative(to, from->match + i, n))
            continue;
        if (to->n_match > 0)
            match[to->n_match++] = "+";
        memcpy(match + to->n_match, from->match + i, n * sizeof(*match));
        to->n_match += n;
    }
    return to->n_match > 0 ? name_matches(pool, to) : 0;
}

int journalmatch_read(const struct definition *d, struct journal_conf *ret)
{
    cleanup(text_done) struct text value = {0};
    cleanup(freep) char *word = NULL;
    struct journal_conf own = {0};
    struct reading g = {d->problems, &own, 0};
    int r = definition_get(d, "journalmatch", &value);

    if (r == INI_E_MISSING)
        r = definition_get_given(d, "journalmatch", &value);
    if (r != 0)
        return r < 0 ? r : 0;
    // No word is longer than the value, and there are no more words than bytes.
    word = malloc(value.n + 1);
    own.match = pool_alloc(d->problems->pool, value.n + 1, sizeof(*own.match));
    if (!word || !own.match)
        return -ENOMEM;
    r = read_lines(&g, &value, word);
    return r < 0 ? r : join(d->problems->pool, ret, &own);
}

void journalmatch_print(const struct journal_conf *j, FILE *out)
{
    fputs("journalmatch =", out);
    for (const char *p = j->matches ? j->matches : ""; *p; p++) {
        fputs(p == j->matches ? " " : "", out);
        fputs(*p == '%' ? "%%" : (char[2]){*p, '\0'}, out);
    }
    fputc('\n', out);
}
