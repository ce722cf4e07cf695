// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/rule.h"

#include "engine/complaint.h"
#include "engine/tag.h"
#include "engine/tree.h"

#include <errno.h>
#include <stdio.h>

enum { PATTERN_MAX = 65535 }; // bytes of a regex as written

static const struct {
    const char *name;
    bool field; // shown as a field of the match
} keys[KEY_N] = {
    [KEY_FID] = {"fid", true},          [KEY_IP4] = {"ip4", false},
    [KEY_IP6] = {"ip6", false},         [KEY_DNS] = {"dns", false},
    [KEY_CIDR] = {"cidr", false},       [KEY_MLFID] = {"mlfid", true},
    [KEY_USER] = {"user", true},        [KEY_NOFAIL] = {"nofail", true},
    [KEY_FORGET] = {"mlfforget", true}, [KEY_GAINED] = {"mlfgained", true},
    [KEY_CONTENT] = {"content", false}, [KEY_COUNT] = {"count", true},
    [KEY_TOTAL] = {"total", true},      [KEY_OK] = {"ok", true},
    [KEY_SECRET] = {"secret", false},   [KEY_SKIPLINES] = {TAG_SKIPLINES, false},
    [KEY_HELO] = {"helo", true},        [KEY_CLIENT] = {"client", true},
    [KEY_CLAIM] = {"claim", true},      [KEY_EXISTS] = {"exists", true},
    [KEY_SUCCESS] = {"success", true},  [KEY_DELIVERED] = {"delivered", true},
    [KEY_MECH] = {"mech", true},        [KEY_ANSWER] = {"answer", false},
    [KEY_LOGIN] = {"login", true},      [KEY_PASSWORD] = {"password", false},
    [KEY_GRANTED] = {"granted", true},  [KEY_TRIED] = {"tried", false},
};

// "alt_user", "alt_user1" and "alt_user_1" stand in for "user".
static bool stands_in(const char *name, const char *key)
{
    size_t n = strlen(key);

    if (strncmp(name, "alt_", 4) != 0 || strncmp(name + 4, key, n) != 0)
        return false;
    name += 4 + n;
    name += *name == '_';
    return name[strspn(name, "0123456789")] == '\0';
}

static bool is_numbered(const char *name, const char *key)
{
    size_t n = strlen(key);

    return strncmp(name, key, n) == 0 && name[n] &&
           name[n + strspn(name + n, "0123456789")] == '\0';
}

static struct group describe(const char *name)
{
    struct group g = {.key = is_numbered(name, TAG_SKIPLINES) ? KEY_SKIPLINES : KEY_N};

    for (enum key k = 0; k < KEY_N && g.key == KEY_N; k++) {
        g.alternative = stands_in(name, keys[k].name);
        if (g.alternative || strcmp(name, keys[k].name) == 0)
            g.key = k;
    }
    return g;
}

static void describe_groups(struct rule *r)
{
    for (size_t i = 0; i < r->regex.names.n; i++) {
        struct group *g = &r->group[i];
        *g = describe(r->regex.names.name[i]);
        if (g->key < KEY_N && !g->alternative)
            r->keys |= 1U << g->key;
        else if (g->alternative)
            r->stand_ins |= 1U << g->key;
    }
}

static int check(struct slice text, struct fault *ret_fault)
{
    if (text.n > PATTERN_MAX)
        return fault_set(ret_fault, 0, "is longer than %d bytes", PATTERN_MAX);
    if (slice_trim(text).n == 0)
        return fault_set(ret_fault, 0, "is empty, and would match every line");
    return 0;
}

bool rule_has_session(const struct rule *r)
{
    return r->keys & 1U << KEY_MLFID;
}

bool rule_tells(const struct rule *r)
{
    return (r->keys | r->stand_ins) & (1U << KEY_USER | 1U << KEY_SUCCESS | 1U << KEY_DELIVERED);
}

// What its form says of sessions and deliveries.
static int describe_form(struct rule *r, const struct pattern *pattern, bool use_dns)
{
    const unsigned ends = 1U << KEY_NOFAIL | 1U << KEY_FORGET;
    bool may_end = (r->keys & ends) == ends && !rule_tells(r), has_id = r->keys & 1U << KEY_MLFID;
    bool may_deliver = r->keys & 1U << KEY_DELIVERED;
    struct tree tree;
    int e;

    r->id_begins = !has_id;
    if (!may_end && !has_id && !may_deliver)
        return 0;
    e = tree_init(&tree, pattern, use_dns);
    r->only_ends = e == 0 && may_end && tree_always_has(&tree, keys[KEY_NOFAIL].name) &&
                   tree_always_has(&tree, keys[KEY_FORGET].name);
    r->id_begins |= e == 0 && tree_begins_with(&tree, keys[KEY_MLFID].name);
    r->only_delivers = e == 0 && may_deliver && tree_always_has(&tree, keys[KEY_DELIVERED].name);
    tree_done(&tree);
    return e == -ENOMEM ? e : 0;
}

// The folder is known.
static void note_place(struct rule *r, const struct pattern *pattern)
{
    const char *slash = pattern->file ? strrchr(pattern->file, '/') : NULL;

    if (pattern->file)
        snprintf(r->place, sizeof(r->place), "%.*s:%u", PLACE_MAX - 12,
                 slash ? slash + 1 : pattern->file, pattern->line);
}

int rule_init(struct rule *r, const struct pattern *pattern, bool use_dns, unsigned flags,
              struct filter_error *ret_error)
{
    struct draft expanded = {0};
    struct slice text = slice_of(pattern->text);
    struct fault fault;
    int e;

    *r = (struct rule){0};
    note_place(r, pattern);
    e = check(text, &fault);
    if (e == 0) {
        tag_expand(text, use_dns, &expanded);
        e = regex_init(&r->regex, &expanded, flags, &fault);
    }
    if (e == 0)
        describe_groups(r);
    draft_done(&expanded);
    if (e == 0)
        e = describe_form(r, pattern, use_dns);
    return e == -EINVAL ? complaint_make(pattern, &fault, ret_error) : e;
}

void rule_done(struct rule *r)
{
    regex_done(&r->regex);
}

bool rule_has_id(const struct rule *r)
{
    return r->keys &
           (1U << KEY_FID | 1U << KEY_IP4 | 1U << KEY_IP6 | 1U << KEY_DNS | 1U << KEY_MLFID);
}

int rule_match(struct rule *r, struct matcher *m, struct slice subject)
{
    struct slice line = {subject.p, subject.n + 1};
    int e = regex_search(&r->regex, m, line, 0);

    return e == REGEX_E_MATCH ? FILTER_E_MATCH : e == REGEX_E_LIMIT ? FILTER_E_LIMIT : 0;
}

// What group i took, without the newline behind the subject.
static struct slice capture(const struct matcher *m, struct slice subject, uint32_t i)
{
    struct slice s = matcher_group(m, subject, i), end = slice_from(subject, subject.n);

    if (s.p && s.p > end.p)
        return end;
    if (s.p && s.p + s.n > end.p)
        s.n = (size_t)(end.p - s.p);
    return s;
}

bool rule_skipped(const struct rule *r, const struct matcher *m, struct slice subject, unsigned i,
                  struct slice *ret)
{
    for (size_t k = 0; k < r->regex.names.n; k++) {
        if (r->group[k].key != KEY_SKIPLINES || i-- > 0)
            continue;
        *ret = capture(m, subject, r->regex.number[k]);
        return true;
    }
    return false;
}

// There is room: rule_fields() was asked when the filter was made. before: the fields of another
// regex, one of which may have the same name.
static void set_field(struct values *v, size_t before, const char *name, struct slice value)
{
    size_t i = 0;

    while (i < before && strcmp(v->field[i].name, name) != 0)
        i++;
    if (i == before)
        i = v->n++;
    v->field[i] = (struct field){name, value};
}

static bool is_field(const struct group *g)
{
    return g->key == KEY_N || keys[g->key].field;
}

size_t rule_fields(const struct rule *r)
{
    size_t n = 0;

    for (size_t i = 0; i < r->regex.names.n; i++)
        n += is_field(&r->group[i]);
    return n;
}

// Of a key's groups, the first that is not empty counts; seen: the keys of which one has been.
static void set_key(struct values *v, enum key key, struct slice value, unsigned *seen)
{
    if (*seen & 1U << key && v->key[key].n > 0)
        return;
    v->key[key] = value;
    *seen |= 1U << key;
}

void rule_values(const struct rule *r, const struct matcher *m, struct slice subject,
                 struct values *v)
{
    size_t before = v->n;
    unsigned seen = 0;

    for (size_t i = 0; i < r->regex.names.n; i++) {
        const struct group *g = &r->group[i];
        struct slice value = capture(m, subject, r->regex.number[i]);
        if (!value.p)
            continue;
        if (g->key < KEY_N && !g->alternative)
            set_key(v, g->key, value, &seen);
        if (is_field(g))
            set_field(v, before, r->regex.names.name[i], value);
    }
    for (size_t i = 0; r->stand_ins && i < r->regex.names.n; i++) {
        struct slice value = capture(m, subject, r->regex.number[i]);
        if (r->group[i].alternative && value.n > 0)
            set_key(v, r->group[i].key, value, &seen);
    }
}
