// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/tree.h"

#include "engine/tag.h"

#include <errno.h>
#include <stdlib.h>

enum { RUN_MIN = 8 }; // times that a repetition must be able to go on to hold something to speak of

static uint32_t find_header(const struct tree *t)
{
    static const char pid[] = "\\[\\d+\\]";
    size_t end = t->regex.n, found = 0;
    const char *p;

    for (uint32_t i = 0; i < t->n; i++)
        if (t->node[i].kind == NODE_ADDRESS && t->node[i].start < end)
            end = t->node[i].start;
    while ((p = memmem(t->regex.text + found, end - found, pid, sizeof(pid) - 1)))
        found = (size_t)(p - t->regex.text) + sizeof(pid) - 1;
    return (uint32_t)found;
}

int tree_init(struct tree *t, const struct pattern *pattern, bool use_dns)
{
    struct draft expanded = {0};
    struct fault fault;
    int e;

    *t = (struct tree){0};
    tag_expand(slice_of(pattern->text), use_dns, &expanded);
    e = pyregex_translate(&expanded, &t->regex, &t->names, &fault);
    if (e == 0 && (expanded.failed || t->regex.failed))
        e = -ENOMEM;
    draft_done(&expanded);
    if (e == 0)
        e = tree_read(t, pattern->text);
    if (e == 0)
        t->header = find_header(t);
    return e;
}

void tree_done(struct tree *t)
{
    draft_done(&t->regex);
    groups_done(&t->names);
    free(t->node);
    t->node = NULL;
    t->n = t->allocated = 0;
}

// What takes no text does not count for where a text begins or ends.
static bool is_empty(const struct tree *t, uint32_t i)
{
    const struct node *n = &t->node[i];

    while (n->kind == NODE_REPEAT)
        n = &t->node[n->first];
    return n->kind == NODE_LOOK || n->kind == NODE_ASSERT ||
           (n->kind == NODE_SEQUENCE && n->first == NODE_NONE);
}

static bool is_pinned(const struct tree *t, uint32_t i, const char *letters);

// One of those before the first that takes text is the assertion; from the end on, behind the last.
static bool is_pinned_sequence(const struct tree *t, uint32_t first, const char *letters)
{
    bool from_end = letters[0] == '$', pinned = false;

    for (uint32_t c = first; c != NODE_NONE; c = t->node[c].next) {
        bool pins = is_pinned(t, c, letters);
        if (from_end)
            pinned = pins || (pinned && is_empty(t, c));
        else if (pins)
            return true;
        else if (!is_empty(t, c))
            return false;
    }
    return pinned;
}

// Whether every way through it begins, or ends, with one of these assertions.
static bool is_pinned(const struct tree *t, uint32_t i, const char *letters)
{
    const struct node *n = &t->node[i];

    switch (n->kind) {
    case NODE_ASSERT:
        return strchr(letters, n->letter) != NULL;
    case NODE_CHOICE:
        for (uint32_t c = n->first; c != NODE_NONE; c = t->node[c].next)
            if (!is_pinned(t, c, letters))
                return false;
        return true;
    case NODE_REPEAT:
        return n->min > 0 && is_pinned(t, n->first, letters);
    case NODE_CONDITION:
        for (uint32_t c = n->first; c != NODE_NONE; c = t->node[c].next)
            if (is_pinned(t, c, letters))
                return true;
        return false;
    case NODE_GROUP:
        return is_pinned(t, n->first, letters);
    case NODE_SEQUENCE:
        return is_pinned_sequence(t, n->first, letters);
    default:
        return false;
    }
}

bool tree_is_anchored(const struct tree *t)
{
    return t->n > 0 && is_pinned(t, 0, "^A");
}

bool tree_is_closed(const struct tree *t)
{
    return t->n > 0 && is_pinned(t, 0, "$z");
}

bool tree_has_group(const struct tree *t, const char *name)
{
    for (size_t i = 0; i < t->names.n; i++)
        if (strcmp(t->names.name[i], name) == 0)
            return true;
    return false;
}

// Whether whatever matches it takes some text.
static bool takes_text(const struct tree *t, uint32_t i)
{
    const struct node *n = &t->node[i];
    uint32_t c = n->first;

    switch (n->kind) {
    case NODE_ADDRESS:
    case NODE_SET:
        return true;
    case NODE_REPEAT:
        return n->min > 0 && takes_text(t, c);
    case NODE_GROUP:
        return takes_text(t, c);
    case NODE_SEQUENCE:
        while (c != NODE_NONE && !takes_text(t, c))
            c = t->node[c].next;
        return c != NODE_NONE;
    case NODE_CHOICE:
        while (c != NODE_NONE && takes_text(t, c))
            c = t->node[c].next;
        return c == NODE_NONE;
    default:
        return false;
    }
}

// Whether there is no way through the regex but through it.
static bool is_certain(const struct tree *t, uint32_t i)
{
    for (i = t->node[i].parent; i != NODE_NONE; i = t->node[i].parent) {
        const struct node *n = &t->node[i];
        bool passes = n->kind == NODE_SEQUENCE || n->kind == NODE_GROUP ||
                      (n->kind == NODE_REPEAT && n->min > 0) ||
                      (n->kind == NODE_CHOICE && t->node[n->first].next == NODE_NONE);
        if (!passes)
            return false;
    }
    return true;
}

static uint32_t find_group(const struct tree *t, const char *name)
{
    for (uint32_t i = 0; i < t->n; i++) {
        const struct node *n = &t->node[i];
        if (n->kind == NODE_GROUP && n->group != GROUP_NONE &&
            strcmp(t->names.name[n->group], name) == 0)
            return i;
    }
    return NODE_NONE;
}

bool tree_always_has(const struct tree *t, const char *name)
{
    uint32_t i = find_group(t, name);

    return i != NODE_NONE && is_certain(t, i) && takes_text(t, i);
}

// Whether nothing before it, in what it is a part of, takes text.
static bool is_first(const struct tree *t, uint32_t i)
{
    const struct node *parent = &t->node[t->node[i].parent];
    uint32_t c = parent->first;

    if (parent->kind == NODE_REPEAT)
        return parent->max <= 1;
    if (parent->kind != NODE_SEQUENCE)
        return parent->kind == NODE_CHOICE || parent->kind == NODE_GROUP;
    while (c != i && is_empty(t, c))
        c = t->node[c].next;
    return c == i;
}

bool tree_begins_with(const struct tree *t, const char *name)
{
    uint32_t i = find_group(t, name);

    if (i == NODE_NONE || !tree_is_anchored(t))
        return false;
    while (t->node[i].parent != NODE_NONE && is_first(t, i))
        i = t->node[i].parent;
    return t->node[i].parent == NODE_NONE;
}

bool tree_within(const struct tree *t, uint32_t inner, uint32_t outer)
{
    while (inner != outer && inner != NODE_NONE)
        inner = t->node[inner].parent;
    return inner == outer;
}

bool tree_is_run(const struct tree *t, uint32_t node)
{
    const struct node *n = &t->node[node];
    const struct node *child = n->kind == NODE_REPEAT ? &t->node[n->first] : NULL;

    return child && n->max >= RUN_MIN && child->kind == NODE_SET && byteset_count(&child->set) > 1;
}
