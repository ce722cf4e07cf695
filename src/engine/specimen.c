// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/specimen.h"

#include "base/hash.h"

enum { RUN_LENGTH = 3 }; // of what may be repeated without an end

enum { FIRST_WITH_ALL, FIRST_WITH_LEAST };

struct writer {
    const struct tree *tree;
    const struct specimen_plan *plan;
    struct specimen *out;
    struct {
        bool part;
        size_t from, to;
    } group[GROUPS_MAX];
    bool failed;
};

// What fail2ban's common.conf lets stand in front of a message, and seldom does.
static const char *const rare[] = {
    "(?:\\[\\])?", "(?:<[^.]+",       "(?:kernel", "(?:@vserver",          "(?:\\[ID ",
    "[\\[\\(]?",   "(?:\\(\\S+\\))?", "[\\]\\)]?", "(?:\\[\\d+\\])?:\\s+",
};

static void write_node(struct writer *w, uint32_t i);

static bool is_rare(const struct tree *t, uint32_t i)
{
    struct slice text = {t->regex.text + t->node[i].start, t->regex.n - t->node[i].start};

    for (size_t k = 0; k < sizeof(rare) / sizeof(*rare); k++)
        if (slice_starts(text, rare[k]))
            return true;
    return false;
}

static void put(struct writer *w, struct slice text)
{
    struct specimen *s = w->out;

    if (text.n > sizeof(s->text) - s->n) {
        w->failed = true;
        return;
    }
    if (text.n > 0)
        memmove(s->text + s->n, text.p, text.n);
    s->n += text.n;
}

static uint64_t dice(const struct writer *w, uint32_t node)
{
    uint32_t key[2] = {w->plan->variant, node};

    return hash_bytes(key, sizeof(key), 0);
}

static bool leads_through(const struct writer *w, uint32_t i)
{
    return w->plan->through != NODE_NONE && tree_within(w->tree, w->plan->through, i);
}

// The k-th byte of a set, from those that read well.
static char pick(const struct byteset *s, unsigned k)
{
    static const char nice[] = "xyz123abcXYZABC -/.:_";
    unsigned count = 0, c = '!';
    char found[sizeof(nice)];

    for (const char *p = nice; *p; p++)
        if (byteset_has(s, (unsigned char)*p))
            found[count++] = *p;
    if (count > 0)
        return found[k % count];
    while (!byteset_has(s, (unsigned char)c) && c != ' ')
        c = (c + 1) & 255;
    return (char)c;
}

static void write_choice(struct writer *w, const struct node *n, uint32_t i)
{
    uint32_t count = 0, chosen, c, usual = n->first;

    for (c = n->first; c != NODE_NONE; c = w->tree->node[c].next, count++) {
        if (leads_through(w, c)) {
            write_node(w, c);
            return;
        }
    }
    if (is_rare(w->tree, usual) && w->tree->node[usual].next != NODE_NONE) {
        write_node(w, w->tree->node[usual].next);
        return;
    }
    chosen = w->plan->variant <= FIRST_WITH_LEAST ? 0 : (uint32_t)(dice(w, i) % count);
    for (c = n->first; chosen > 0; chosen--)
        c = w->tree->node[c].next;
    write_node(w, c);
}

static uint32_t times(const struct writer *w, const struct node *n, uint32_t i)
{
    uint32_t least = n->min > 0 ? n->min : leads_through(w, n->first) && n->max > 0;
    uint32_t most = n->max, variant = w->plan->variant;
    bool blank = byteset_has(&w->tree->node[n->first].set, '\t');

    if (is_rare(w->tree, i))
        return least;
    // A line without its header would let the next best word be taken for it.
    if (n->start < w->tree->header && n->min == 0)
        return most > 1 ? least : most;
    if (variant == FIRST_WITH_LEAST || least >= most || (variant > 1 && dice(w, i) % 2 == 0))
        return least;
    // Whitespace that may be there adds nothing to look at.
    if (tree_is_run(w->tree, i))
        return blank && byteset_count(&w->tree->node[n->first].set) < 10 ? least
               : most < RUN_LENGTH                                       ? most
               : least < RUN_LENGTH                                      ? RUN_LENGTH
                                                                         : least;
    return least > 0 ? least : 1;
}

static void write_repeat(struct writer *w, const struct node *n, uint32_t i)
{
    uint32_t count = times(w, n, i);
    const struct node *child = &w->tree->node[n->first];

    for (uint32_t k = 0; k < count && !w->failed; k++) {
        size_t before = w->out->n;
        char c = child->kind == NODE_SET ? pick(&child->set, k) : '\0';
        if (child->kind == NODE_SET)
            put(w, (struct slice){&c, 1});
        else
            write_node(w, n->first);
        // What has no text has none however often.
        if (w->out->n == before)
            return;
    }
}

static void write_group(struct writer *w, const struct node *n)
{
    bool named = n->group < w->tree->names.n;
    size_t from = w->out->n;

    if (named && w->plan->content.p && strcmp(w->tree->names.name[n->group], "content") == 0)
        put(w, w->plan->content);
    else
        write_node(w, n->first);
    if (!named)
        return;
    w->group[n->group].part = true;
    w->group[n->group].from = from;
    w->group[n->group].to = w->out->n;
}

static void write_condition(struct writer *w, const struct node *n)
{
    uint32_t yes = n->first, no = yes == NODE_NONE ? NODE_NONE : w->tree->node[yes].next;
    bool part = n->group < w->tree->names.n && w->group[n->group].part;

    if (part && yes != NODE_NONE)
        write_node(w, yes);
    else if (!part && no != NODE_NONE)
        write_node(w, no);
}

static void write_reference(struct writer *w, const struct node *n)
{
    if (n->group < w->tree->names.n && w->group[n->group].part)
        put(w, (struct slice){w->out->text + w->group[n->group].from,
                              w->group[n->group].to - w->group[n->group].from});
}

static void write_inside(struct writer *w, const struct node *n, uint32_t i)
{
    char c;

    switch (n->kind) {
    case NODE_SEQUENCE:
        for (uint32_t k = n->first; k != NODE_NONE && !w->failed; k = w->tree->node[k].next)
            write_node(w, k);
        break;
    case NODE_CHOICE:
        write_choice(w, n, i);
        break;
    case NODE_REPEAT:
        write_repeat(w, n, i);
        break;
    case NODE_GROUP:
        write_group(w, n);
        break;
    case NODE_ADDRESS:
        put(w, slice_of(n->letter == '6' ? SPECIMEN_V6 : SPECIMEN_V4));
        break;
    case NODE_SET:
        c = pick(&n->set, 0);
        put(w, (struct slice){&c, 1});
        break;
    case NODE_REFERENCE:
        write_reference(w, n);
        break;
    case NODE_CONDITION:
        write_condition(w, n);
        break;
    case NODE_LOOK:
    case NODE_ASSERT:
        break;
    }
}

static void write_node(struct writer *w, uint32_t i)
{
    size_t from = w->out->n;

    write_inside(w, &w->tree->node[i], i);
    if (i == w->plan->through) {
        w->out->from = from;
        w->out->to = w->out->n;
    }
}

bool specimen_make_part(const struct tree *t, uint32_t node, const struct specimen_plan *plan,
                        struct specimen *ret)
{
    struct writer w = {.tree = t, .plan = plan, .out = ret};

    ret->n = ret->from = ret->to = 0;
    write_node(&w, node);
    return !w.failed;
}

bool specimen_make(const struct tree *t, const struct specimen_plan *plan, struct specimen *ret)
{
    return specimen_make_part(t, 0, plan, ret);
}
