// SPDX-License-Identifier: GPL-2.0-or-later
#include "engine/tag.h"

#include <ctype.h>
#include <stdio.h>

#define IP4    "(?:::f{4,6}:)?(?P<ip4>(?:\\d{1,3}\\.){3}\\d{1,3})"
#define IP6    "(?P<ip6>(?:[0-9a-fA-F]{1,4}::?|:){1,7}(?:[0-9a-fA-F]{1,4}|(?<=:):))"
#define NAME   "(?P<dns>[\\w\\-.^_]*\\w)"
#define ADDR   "\\[?(?:" IP4 "|" IP6 ")\\]?"
#define HOST   "(?:" ADDR "|" NAME ")"
#define CIDR   "(?P<cidr>\\d+)"
#define SUBNET "\\[?(?:" IP4 "|" IP6 ")(?:/" CIDR ")?\\]?"

// Tags that stand for a regex of their own. A `/` at the end is part of the name.
static const struct {
    const char *name, *regex;
} fixed[] = {
    {"HOST", HOST},
    {"ADDR", ADDR},
    {"F-ADDR/", ADDR},
    {"IP4", IP4},
    {"IP6", IP6},
    {"F-IP4/", IP4},
    {"F-IP6/", IP6},
    {"DNS", NAME},
    {"CIDR", CIDR},
    {"F-DNS/", NAME},
    {"F-CIDR/", CIDR},
    {"SUBNET", SUBNET},
    {"F-SUBNET/", SUBNET},
    {"F-ID/", "(?P<fid>\\S+)"},
    {"F-PORT/", "(?P<fport>\\w+)"},
};

// <F-…> tags whose group has another name than the tag.
static const struct {
    const char *tag, *group;
} renamed[] = {{"ID", "fid"}, {"PORT", "fport"}};

static bool is_name(char c)
{
    return isascii(c) && (isalnum(c) || c == '_' || c == '-');
}

// The length of the tag that text starts with, brackets included; 0 where it starts with none.
static size_t tag_length(struct slice text)
{
    size_t i = 1, start;

    if (text.n < 3 || text.p[0] != '<')
        return 0;
    i += text.p[i] == '/';
    start = i;
    while (i < text.n && is_name(text.p[i]))
        i++;
    if (i == start)
        return 0;
    i += i < text.n && text.p[i] == '/';
    return i < text.n && text.p[i] == '>' ? i + 1 : 0;
}

static bool is_custom(struct slice name)
{
    if (name.n < 3 || !slice_starts(name, "F-"))
        return false;
    for (size_t i = 2; i < name.n; i++)
        if (!is_name(name.p[i]) || islower(name.p[i]))
            return false;
    return true;
}

static void add_group_name(struct draft *ret, struct slice name, size_t from)
{
    for (size_t i = 0; i < sizeof(renamed) / sizeof(*renamed); i++) {
        if (slice_is(name, renamed[i].tag)) {
            draft_add(ret, slice_of(renamed[i].group), from);
            return;
        }
    }
    for (size_t i = 0; i < name.n; i++) {
        char c = (char)tolower(name.p[i]);
        draft_add(ret, (struct slice){&c, 1}, from);
    }
}

// Whether <NAME> stands in what comes before its </NAME>: else the latter is just text.
static bool was_opened(struct slice before, struct slice name)
{
    for (const char *at = before.p;
         (at = memmem(at, (size_t)(before.p + before.n - at), name.p, name.n)); at++)
        if (at > before.p && at[-1] == '<' && at + name.n < before.p + before.n &&
            at[name.n] == '>')
            return true;
    return false;
}

// Writes out one tag; false where it is none of ours.
static bool expand(struct slice text, size_t at, struct slice tag, bool use_dns, struct draft *ret)
{
    struct slice name = {tag.p + 1, tag.n - 2};

    if (slice_is(name, "HOST") && !use_dns)
        name = slice_of("ADDR");
    for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++) {
        if (slice_is(name, fixed[i].name)) {
            draft_add(ret, slice_of(fixed[i].regex), at);
            return true;
        }
    }
    if (is_custom(name)) {
        draft_add(ret, slice_of("(?P<"), at);
        add_group_name(ret, slice_from(name, 2), at);
        draft_add(ret, slice_of(">"), at);
        return true;
    }
    if (name.p[0] != '/' || !is_custom(slice_from(name, 1)) ||
        !was_opened((struct slice){text.p, at}, slice_from(name, 1)))
        return false;
    draft_add(ret, slice_of(")"), at);
    return true;
}

// The rest of this line, and any lines behind it. As few as possible.
static void add_skiplines(struct draft *ret, unsigned number, size_t from)
{
    char text[sizeof("\\n(?P<" TAG_SKIPLINES "4294967295>(?:.*\\n)*?)")];

    snprintf(text, sizeof(text), "\\n(?P<" TAG_SKIPLINES "%u>(?:.*\\n)*?)", number);
    draft_add(ret, slice_of(text), from);
}

void tag_expand(struct slice text, bool use_dns, struct draft *ret)
{
    unsigned skips = 0;

    for (size_t i = 0; i < text.n;) {
        struct slice tag = {text.p + i, tag_length(slice_from(text, i))};

        if (slice_is(tag, "<SKIPLINES>")) {
            add_skiplines(ret, skips++, i);
        } else if (tag.n == 0 || !expand(text, i, tag, use_dns, ret)) {
            tag.n = 1;
            draft_add(ret, tag, i);
        }
        i += tag.n;
    }
}
