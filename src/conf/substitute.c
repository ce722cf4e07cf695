// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/substitute.h"

#include "base/cleanup.h"
#include "conf/ini.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

// Beyond the repeats of each tag: a chain of tags must not keep us busy. fail2ban's largest filters
// replace about a hundred.
enum { TAGS_MAX = 512 };

struct substitution {
    const char *self;
    tag_fn *fn;
    void *user;
    struct problems *problems;
    size_t n_seen;
    struct seen {
        char *tag;
        unsigned repeats;
    } seen[TAGS_MAX];
};

// The next "<tag>" from *offset on: no space and no '<' in it. *offset is then where it begins.
static char *next_tag(const struct text *t, size_t *offset)
{
    for (const char *p = strchr(t->p + *offset, '<'); p; p = strchr(p + 1, '<')) {
        size_t n = strcspn(p + 1, " <>\n");
        if (n > 0 && p[1 + n] == '>') {
            *offset = (size_t)(p - t->p);
            return strndup(p + 1, n);
        }
    }
    *offset = t->n;
    return NULL;
}

// Counts a replacement. False where this tag comes back too often.
static bool count(struct substitution *s, const char *tag)
{
    size_t i = 0;

    while (i < s->n_seen && strcmp(s->seen[i].tag, tag) != 0)
        i++;
    if (i == TAGS_MAX)
        return false;
    if (i == s->n_seen) {
        s->seen[i] = (struct seen){.tag = strdup(tag)};
        if (!s->seen[i].tag)
            return false;
        s->n_seen++;
    }
    return ++s->seen[i].repeats <= SUBSTITUTE_REPEATS_MAX;
}

static int replace_all(struct text *t, size_t from, const char *tag, const struct text *value)
{
    cleanup(text_done) struct text out = {0};
    size_t n = strlen(tag) + 2, line = 0;
    int r = text_start(&out, t->line[0]);

    for (size_t i = 0; i < t->n && r == 0;) {
        if (i >= from && t->p[i] == '<' && strncmp(t->p + i + 1, tag, n - 2) == 0 &&
            t->p[i + n - 1] == '>') {
            r = text_insert(&out, value, text_is_whole(t, i, i + n));
            i += n;
        } else {
            r = t->p[i] == '\n' ? text_break(&out, t->line[++line]) : text_add(&out, t->p + i, 1);
            i++;
        }
    }
    if (r == 0) {
        struct text old = *t;
        *t = out;
        out = old;
    }
    return r;
}

static int replace(struct substitution *s, struct text *t, size_t offset, const char *tag,
                   const struct text *value)
{
    struct origin at = text_origin(t, offset);
    int r;

    if (strcmp(tag, s->self) == 0)
        return problems_error(s->problems, at, "<%s> in '%s' leads back to itself", tag, s->self);
    if (!count(s, tag))
        return problems_error(
            s->problems, at, "<%s> in '%s' comes back more than %d times: it leads back to itself?",
            tag, s->self, SUBSTITUTE_REPEATS_MAX);
    r = replace_all(t, offset, tag, value);
    return r == -E2BIG
               ? problems_error(s->problems, at, "'%s' grows beyond %d bytes", s->self, TEXT_MAX)
               : r;
}

// One pass over the text: what a replacement brings in is looked at in the same pass, what it
// completes (an outer tag around it) in the next.
static int pass(struct substitution *s, struct text *t, bool *ret_changed)
{
    int r = 0;

    *ret_changed = false;
    for (size_t offset = 0; r >= 0 && offset < t->n;) {
        cleanup(text_done) struct text value = {0};
        cleanup(freep) char *tag = next_tag(t, &offset);
        if (!tag)
            break;
        r = s->fn(s->user, tag, &value);
        if (r == INI_E_MISSING)
            offset += strlen(tag) + 2;
        if (r == 0) {
            r = replace(s, t, offset, tag, &value);
            *ret_changed = true;
        }
    }
    return r < 0 ? r : 0;
}

int substitute(struct text *t, const char *self, tag_fn *fn, void *user, struct problems *problems)
{
    struct substitution s = {.self = self, .fn = fn, .user = user, .problems = problems};
    bool changed = true;
    int r = 0;

    while (changed && r == 0)
        r = pass(&s, t, &changed);
    for (size_t i = 0; i < s.n_seen; i++)
        free(s.seen[i].tag);
    return r;
}
