// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/tree.h"

#include "base/take.h"

#include <errno.h>
#include <stdlib.h>

enum {
    DEPTH_MAX = 250 // PCRE2's own limit of nested groups
};

enum { FLAG_FOLD = 1 << 0, FLAG_DOTALL = 1 << 1, FLAG_VERBOSE = 1 << 2 };

struct reader {
    struct tree *tree;
    struct slice rest;
    const char *user; // the pattern as it was written
    unsigned flags, depth;
};

static int read_choice(struct reader *r, uint32_t parent);

static uint32_t at(const struct reader *r)
{
    return (uint32_t)(r->rest.p - r->tree->regex.text);
}

static struct node *get(const struct reader *r, uint32_t i)
{
    return &r->tree->node[i];
}

static uint32_t add(struct reader *r, enum node_kind kind, uint32_t parent, uint32_t start)
{
    struct tree *t = r->tree;
    size_t allocated = t->allocated ? 2 * t->allocated : 64;
    uint32_t *link;

    if (t->n == t->allocated) {
        struct node *grown = reallocarray(t->node, allocated, sizeof(*grown));
        if (!grown)
            return NODE_NONE;
        t->node = grown;
        t->allocated = allocated;
    }
    t->node[t->n] = (struct node){.kind = kind,
                                  .start = start,
                                  .end = start,
                                  .parent = parent,
                                  .first = NODE_NONE,
                                  .next = NODE_NONE,
                                  .group = GROUP_NONE};
    if (parent != NODE_NONE) {
        link = &t->node[parent].first;
        while (*link != NODE_NONE)
            link = &t->node[*link].next;
        *link = (uint32_t)t->n;
    }
    return (uint32_t)t->n++;
}

// Tags that stand for an address, and its family where there is but one.
static const struct {
    const char *tag;
    char family;
} addresses[] = {
    {"<HOST>", 0},     {"<ADDR>", 0},     {"<F-ADDR/>", 0}, {"<IP4>", '4'},     {"<IP6>", '6'},
    {"<F-IP4/>", '4'}, {"<F-IP6/>", '6'}, {"<SUBNET>", 0},  {"<F-SUBNET/>", 0}, {"<F-ID/>", 0},
};

// The piece that such a tag was written out to comes from one place of the user's text.
static bool read_address(struct reader *r, uint32_t parent, int *ret)
{
    const struct draft *d = &r->tree->regex;
    size_t start = at(r), n = 0, i = 0;
    size_t tags = sizeof(addresses) / sizeof(*addresses);
    uint32_t node;

    while (i < tags &&
           strncmp(r->user + d->from[start], addresses[i].tag, strlen(addresses[i].tag)) != 0)
        i++;
    if (i == tags)
        return false;
    while (start + n < d->n && d->from[start + n] == d->from[start])
        n++;
    node = add(r, NODE_ADDRESS, parent, (uint32_t)start);
    *ret = node == NODE_NONE ? -ENOMEM : 0;
    r->rest = slice_from(r->rest, n);
    if (node != NODE_NONE) {
        get(r, node)->letter = addresses[i].family;
        get(r, node)->end = at(r);
    }
    return true;
}

// Groups whose text is what is banned, whatever regex the user gives them.
static bool is_identity(const struct tree *t, uint32_t group)
{
    static const char *const names[] = {"ip4", "ip6", "fid"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
        if (group < t->names.n && strcmp(t->names.name[group], names[i]) == 0)
            return true;
    return false;
}

static bool holds_address(const struct tree *t, uint32_t node)
{
    for (uint32_t i = node + 1; i < t->n; i++)
        if (t->node[i].kind == NODE_ADDRESS)
            return true;
    return false;
}

// "g12" as pyregex_translate() calls them.
static bool read_group_name(struct reader *r, uint32_t *ret)
{
    uint32_t value = 0;
    size_t digits = 0;

    if (!take_char(&r->rest, 'g'))
        return false;
    for (; r->rest.n > 0 && is_digit(r->rest.p[0]); digits++) {
        value = value * 10 + (uint32_t)(r->rest.p[0] - '0');
        r->rest = slice_from(r->rest, 1);
    }
    *ret = value;
    return digits > 0 && value < r->tree->names.n;
}

// What stands between the brackets, the closing one included, as children of node.
static int read_inside(struct reader *r, uint32_t node)
{
    unsigned flags = r->flags;
    int e = ++r->depth > DEPTH_MAX ? -EINVAL : read_choice(r, node);

    r->depth--;
    r->flags = flags;
    if (e < 0)
        return e;
    return take_char(&r->rest, ')') ? 0 : -EINVAL;
}

static int read_named(struct reader *r, uint32_t node)
{
    uint32_t group;
    int e;

    if (!read_group_name(r, &group) || !take_char(&r->rest, '>'))
        return -EINVAL;
    get(r, node)->kind = NODE_GROUP;
    get(r, node)->group = group;
    e = read_inside(r, node);
    if (e == 0 && is_identity(r->tree, group) && !holds_address(r->tree, node)) {
        get(r, node)->kind = NODE_ADDRESS;
        get(r, node)->first = NODE_NONE;
    }
    return e;
}

static int read_reference(struct reader *r, uint32_t node)
{
    uint32_t group;

    if (!read_group_name(r, &group) || !take_char(&r->rest, ')'))
        return -EINVAL;
    get(r, node)->kind = NODE_REFERENCE;
    get(r, node)->group = group;
    return 0;
}

static int read_look(struct reader *r, uint32_t node)
{
    get(r, node)->kind = NODE_LOOK;
    get(r, node)->letter = r->rest.p[-1];
    return read_inside(r, node);
}

// (?(<g1>)yes|no): the choice below it is taken apart.
static int read_condition(struct reader *r, uint32_t node)
{
    uint32_t group = GROUP_NONE, inner;
    int e;

    if (take_char(&r->rest, '<')) {
        if (!read_group_name(r, &group) || !take_text(&r->rest, ">)"))
            return -EINVAL;
    } else {
        while (r->rest.n > 0 && is_digit(r->rest.p[0]))
            r->rest = slice_from(r->rest, 1);
        r->tree->numbered = true;
        if (!take_char(&r->rest, ')'))
            return -EINVAL;
    }
    e = read_inside(r, node);
    get(r, node)->kind = NODE_CONDITION;
    get(r, node)->group = group;
    inner = get(r, node)->first;
    if (e < 0 || get(r, inner)->kind != NODE_CHOICE)
        return e;
    get(r, node)->first = get(r, inner)->first;
    for (uint32_t i = get(r, node)->first; i != NODE_NONE; i = get(r, i)->next)
        get(r, i)->parent = node;
    return 0;
}

static unsigned flag_of(char c)
{
    return c == 'i' ? FLAG_FOLD : c == 's' ? FLAG_DOTALL : c == 'x' ? FLAG_VERBOSE : 0;
}

// (?i) holds to the end of the group around it, (?i:…) inside.
static int read_flags(struct reader *r, uint32_t node)
{
    unsigned flags = r->flags, before = r->flags;
    bool off = false;
    int e;

    for (; r->rest.n > 0 && strchr("imsx-", r->rest.p[0]); r->rest = slice_from(r->rest, 1)) {
        off = off || r->rest.p[0] == '-';
        flags = off ? flags & ~flag_of(r->rest.p[0]) : flags | flag_of(r->rest.p[0]);
    }
    if (flags & FLAG_VERBOSE)
        return -ENOTSUP;
    r->flags = flags;
    if (take_char(&r->rest, ')'))
        return 0;
    e = take_char(&r->rest, ':') ? read_inside(r, node) : -EINVAL;
    r->flags = before;
    return e;
}

// A group that is just that becomes a sequence of one.
static int read_plain(struct reader *r, uint32_t node)
{
    return read_inside(r, node);
}

static int read_capture(struct reader *r, uint32_t node)
{
    get(r, node)->kind = NODE_GROUP;
    return read_inside(r, node);
}

// What a bracket can start; the first that fits.
static const struct {
    const char *start;
    int (*read)(struct reader *r, uint32_t node);
} brackets[] = {
    {"(?P<", read_named}, {"(?P=", read_reference}, {"(?(", read_condition}, {"(?:", read_plain},
    {"(?>", read_plain},  {"(?=", read_look},       {"(?!", read_look},      {"(?<=", read_look},
    {"(?<!", read_look},  {"(?", read_flags},       {"(", read_capture},
};

static int read_bracket(struct reader *r, uint32_t node)
{
    size_t i = 0;

    while (!take_text(&r->rest, brackets[i].start))
        i++;
    return brackets[i].read(r, node);
}

static void set_byte(struct reader *r, uint32_t node, unsigned char c)
{
    get(r, node)->kind = NODE_SET;
    byteset_add(&get(r, node)->set, c);
    if (r->flags & FLAG_FOLD)
        byteset_fold(&get(r, node)->set);
}

static int read_escape(struct reader *r, uint32_t node)
{
    char c = r->rest.n > 1 ? r->rest.p[1] : '\0';

    get(r, node)->kind = NODE_SET;
    if (byteset_read_escape(&r->rest, &get(r, node)->set)) {
        if (r->flags & FLAG_FOLD && byteset_count(&get(r, node)->set) == 1)
            byteset_fold(&get(r, node)->set);
        return 0;
    }
    if (c == '\0')
        return -EINVAL;
    r->rest = slice_from(r->rest, 2);
    if (is_digit(c)) {
        get(r, node)->kind = NODE_REFERENCE;
        r->tree->numbered = true;
        while (r->rest.n > 0 && is_digit(r->rest.p[0]))
            r->rest = slice_from(r->rest, 1);
        return 0;
    }
    get(r, node)->kind = NODE_ASSERT;
    get(r, node)->letter = c;
    return strchr("AbBz", c) ? 0 : -EINVAL;
}

static int read_atom(struct reader *r, uint32_t node)
{
    char c = r->rest.p[0];

    switch (c) {
    case '(':
        return read_bracket(r, node);
    case '\\':
        return read_escape(r, node);
    case '[':
        get(r, node)->kind = NODE_SET;
        return byteset_read_class(&r->rest, r->flags & FLAG_FOLD, &get(r, node)->set) ? 0 : -EINVAL;
    default:
        r->rest = slice_from(r->rest, 1);
    }
    if (c == '^' || c == '$') {
        get(r, node)->kind = NODE_ASSERT;
        get(r, node)->letter = c;
    } else if (c == '.') {
        get(r, node)->kind = NODE_SET;
        if (!(r->flags & FLAG_DOTALL))
            byteset_add(&get(r, node)->set, '\n');
        byteset_invert(&get(r, node)->set);
    } else {
        set_byte(r, node, (unsigned char)c);
    }
    return 0;
}

// Digits, capped where it makes no difference any more.
static bool take_digits(struct slice *s, uint32_t *ret)
{
    bool any = false;

    *ret = 0;
    for (; s->n > 0 && is_digit(s->p[0]); *s = slice_from(*s, 1), any = true)
        *ret = *ret < 100000 ? *ret * 10 + (uint32_t)(s->p[0] - '0') : *ret;
    return any;
}

static bool take_braces(struct slice *s, uint32_t *ret_min, uint32_t *ret_max)
{
    struct slice rest = *s;
    uint32_t min, max;

    if (!take_char(&rest, '{') || !take_digits(&rest, &min))
        return false;
    max = min;
    if (take_char(&rest, ',') && !take_digits(&rest, &max))
        max = REPEAT_FOREVER;
    if (!take_char(&rest, '}'))
        return false;
    *s = rest;
    *ret_min = min;
    *ret_max = max;
    return true;
}

// A quantifier with what makes it lazy or possessive, which is no matter here.
static bool take_quantifier(struct slice *s, uint32_t *ret_min, uint32_t *ret_max)
{
    *ret_min = s->n > 0 && s->p[0] == '+';
    *ret_max = s->n > 0 && s->p[0] == '?' ? 1 : REPEAT_FOREVER;
    if (!take_char(s, '*') && !take_char(s, '+') && !take_char(s, '?') &&
        !take_braces(s, ret_min, ret_max))
        return false;
    if (!take_char(s, '?'))
        take_char(s, '+');
    return true;
}

// An atom and its quantifier: it is read as the child of a repetition of once, which stays where
// there is a quantifier.
static int read_item(struct reader *r, uint32_t parent)
{
    uint32_t start = at(r), repeat = add(r, NODE_REPEAT, parent, start), child, min, max;
    int e = 0;

    if (repeat == NODE_NONE)
        return -ENOMEM;
    get(r, repeat)->min = get(r, repeat)->max = 1;
    if (!read_address(r, repeat, &e)) {
        child = add(r, NODE_SEQUENCE, repeat, start);
        if (child == NODE_NONE)
            return -ENOMEM;
        e = read_atom(r, child);
    }
    if (e < 0)
        return e;
    get(r, get(r, repeat)->first)->end = at(r);
    if (take_quantifier(&r->rest, &min, &max)) {
        get(r, repeat)->min = min;
        get(r, repeat)->max = max;
    }
    get(r, repeat)->end = at(r);
    return 0;
}

static int read_sequence(struct reader *r, uint32_t parent)
{
    uint32_t node = add(r, NODE_SEQUENCE, parent, at(r));
    int e = node == NODE_NONE ? -ENOMEM : 0;

    while (e == 0 && r->rest.n > 0 && r->rest.p[0] != '|' && r->rest.p[0] != ')')
        e = read_item(r, node);
    if (e == 0)
        get(r, node)->end = at(r);
    return e;
}

static int read_choice(struct reader *r, uint32_t parent)
{
    uint32_t node = add(r, NODE_CHOICE, parent, at(r));
    int e = node == NODE_NONE ? -ENOMEM : read_sequence(r, node);

    while (e == 0 && take_char(&r->rest, '|'))
        e = read_sequence(r, node);
    if (e == 0)
        get(r, node)->end = at(r);
    return e;
}

int tree_read(struct tree *t, const char *pattern)
{
    struct reader r = {.tree = t, .rest = {t->regex.text, t->regex.n}, .user = pattern};
    int e = read_choice(&r, NODE_NONE);

    return e == 0 && r.rest.n > 0 ? -EINVAL : e;
}
