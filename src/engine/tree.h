// SPDX-License-Identifier: GPL-2.0-or-later
// A filter's regex as a tree, for who reasons about it instead of running it (lint.h). It is read
// from what pyregex_translate() wrote, so that it is what PCRE2 sees. Inside the engine only.
#pragma once

#include "engine/byteset.h"
#include "engine/filter.h"
#include "engine/pyregex.h"

enum node_kind {
    NODE_SEQUENCE,  // its children in turn; may have none
    NODE_CHOICE,    // one of its children
    NODE_REPEAT,    // its child, from min to max times
    NODE_GROUP,     // its child, remembered
    NODE_ADDRESS,   // <HOST> and the like, or a group whose text is what is banned; no children
    NODE_SET,       // one byte
    NODE_LOOK,      // (?=…), (?!…) and their like behind: its child takes no text
    NODE_ASSERT,    // ^ $ \b …: no text either
    NODE_REFERENCE, // the text of a group again
    NODE_CONDITION  // its first child where a group took part, else its second
};

enum { NODE_NONE = UINT32_MAX, REPEAT_FOREVER = UINT32_MAX, GROUP_NONE = UINT32_MAX };

struct node {
    enum node_kind kind;
    uint32_t start, end; // of its piece of the regex
    uint32_t parent, first, next;
    uint32_t min, max;
    uint32_t group; // GROUP, REFERENCE, CONDITION: into names; GROUP_NONE: one without a name
    char letter;    // ASSERT: ^ $ A b B z; LOOK: = !; ADDRESS: 4, 6 where it is of one family only
    struct byteset set;
};

struct tree {
    struct draft regex; // its origins point into the pattern's text
    struct groups names;
    struct node *node; // the first is the root
    size_t n, allocated;
    uint32_t header; // where, before any address, the last process id ends (\[\d+\]): what stands
                     // in front of it is the logger's; 0: there is none
    bool numbered;   // it refers to a group by number, so that no group can be added
};

// -EINVAL for what PCRE2 would refuse as well, -ENOTSUP for the few things that are not read:
// comments inside a regex, (?x); -ENOMEM. tree_done() is due in any case.
int tree_init(struct tree *t, const struct pattern *pattern, bool use_dns);
void tree_done(struct tree *t);

// What tree_init() does once t->regex and t->names are there; pattern is the user's text.
int tree_read(struct tree *t, const char *pattern);

// Whether whatever matches begins at the beginning of the text, and ends at its end.
bool tree_is_anchored(const struct tree *t);
bool tree_is_closed(const struct tree *t);

// Whether one of its named groups is called so.
bool tree_has_group(const struct tree *t, const char *name);

// Whether that group takes part in every match, with some text.
bool tree_always_has(const struct tree *t, const char *name);

// Whether that group begins where the text begins, wherever it takes part.
bool tree_begins_with(const struct tree *t, const char *name);

// Whether inner is outer or lies in it.
bool tree_within(const struct tree *t, uint32_t inner, uint32_t outer);

// A repetition of one byte of a set, without a bound that matters: where a stranger's text may be.
bool tree_is_run(const struct tree *t, uint32_t node);
