// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/spans.h"

#include "engine/tag.h"

#include <errno.h>
#include <stdio.h>

enum { NAME_MAX_BYTES = 32 };

// What stands in a look-around is not taken, what stands in an address is the address, what
// <F-CONTENT> holds is for the failregex to say, and <SKIPLINES> skips lines of the server's own.
static bool is_closed(const struct tree *t, const struct node *n)
{
    const char *name =
        n->kind == NODE_GROUP && n->group < t->names.n ? t->names.name[n->group] : "";

    return n->kind == NODE_LOOK || n->kind == NODE_ADDRESS || strcmp(name, "content") == 0 ||
           strncmp(name, TAG_SKIPLINES, strlen(TAG_SKIPLINES)) == 0;
}

static bool is_inside(const struct tree *t, uint32_t i)
{
    for (i = t->node[i].parent; i != NODE_NONE; i = t->node[i].parent)
        if (is_closed(t, &t->node[i]))
            return true;
    return false;
}

static bool is_wanted(const struct tree *t, uint32_t i)
{
    return (t->node[i].kind == NODE_ADDRESS || tree_is_run(t, i)) && !is_inside(t, i);
}

// Nodes are numbered in the order of their beginnings, and those wanted never overlap.
static void add_groups(struct spans *s, const struct tree *t, struct draft *ret)
{
    char name[NAME_MAX_BYTES];
    size_t done = 0;

    for (uint32_t i = 0; i < t->n && s->n < SPANS_MAX; i++) {
        const struct node *n = &t->node[i];
        if (!is_wanted(t, i))
            continue;
        snprintf(name, sizeof(name), "(?<s%zu>", s->n);
        draft_add(ret, (struct slice){t->regex.text + done, n->start - done}, 0);
        draft_add(ret, slice_of(name), 0);
        draft_add(ret, (struct slice){t->regex.text + n->start, n->end - n->start}, 0);
        draft_add(ret, slice_of(")"), 0);
        done = n->end;
        s->node[s->n++] = i;
    }
    draft_add(ret, (struct slice){t->regex.text + done, t->regex.n - done}, 0);
}

int spans_init(struct spans *s, const struct tree *t, unsigned flags)
{
    struct draft regex = {0};
    struct fault fault;
    char name[NAME_MAX_BYTES];
    int e;

    *s = (struct spans){0};
    if (t->numbered)
        return -ENOTSUP;
    add_groups(s, t, &regex);
    e = regex_compile(&s->regex, &regex, flags, &fault);
    draft_done(&regex);
    if (e < 0)
        return e == -EINVAL ? -ENOTSUP : e;
    // Any of its groups may be asked for, not only those among the names.
    pcre2_pattern_info(s->regex.code, PCRE2_INFO_CAPTURECOUNT, &s->regex.captures);
    s->regex.captures++;
    for (size_t i = 0; i < s->n; i++) {
        snprintf(name, sizeof(name), "s%zu", i);
        s->number[i] = (uint32_t)pcre2_substring_number_from_name(s->regex.code, (PCRE2_SPTR)name);
    }
    return 0;
}

void spans_done(struct spans *s)
{
    regex_done(&s->regex);
}

struct slice spans_taken(const struct spans *s, const struct matcher *m, struct slice text,
                         size_t i)
{
    return matcher_group(m, text, s->number[i]);
}
