// SPDX-License-Identifier: GPL-2.0-or-later
// One of Python's regexes, compiled by PCRE2 and run under limits: it never stalls, whatever the
// text. Inside the engine only.
#pragma once

#define PCRE2_CODE_UNIT_WIDTH 8

#include "engine/literal.h"
#include "engine/pyregex.h"

#include <pcre2.h>

struct regex {
    pcre2_code *code;
    struct groups names;
    uint32_t number[GROUPS_MAX]; // of the group, as in names
    uint32_t captures; // groups up to the last that is asked for: the whole match, the first, and
                       // those with a name
    enum { REGEX_NEW, REGEX_JIT, REGEX_PLAIN } state; // compiled further when it is first searched
    // What tells without a match that there is none, once it has been learned.
    char *text; // as translated; NULL: learned, or not to be
    size_t n;
    struct literals literals;
    pcre2_code *partial; // NULL: of partial matches nothing can be told
};

enum {
    REGEX_MULTILINE = 1, // ^ and $ also match at the newlines inside the text
    REGEX_LEARNS = 2,    // regex_learn() may be called
    REGEX_LINE = 4,      // what is searched has one newline, at its end; what matches to the end of
                         // the line may take it
};

// -EINVAL with *ret_fault set, or -ENOMEM. regex_done() is due in any case.
int regex_init(struct regex *r, const struct draft *python, unsigned flags,
               struct fault *ret_fault);

// The same for what pyregex_translate() wrote, with groups added that are not among the names.
int regex_compile(struct regex *r, const struct draft *translated, unsigned flags,
                  struct fault *ret_fault);
void regex_done(struct regex *r);

// Finds out what it cannot match without, and how to tell what it may follow. -ENOMEM.
int regex_learn(struct regex *r);

// What matching needs: one for all regexes that are not matched at the same time.
struct matcher {
    pcre2_match_data *data;
    const PCRE2_SIZE *place; // where groups begin and end
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
};

// For regexes with at most so many captures. -ENOMEM. matcher_done() is due in any case.
int matcher_init(struct matcher *m, uint32_t captures);
void matcher_done(struct matcher *m);

enum { REGEX_E_MATCH = 1, REGEX_E_LIMIT = 2 };

// Steps of one match, some milliseconds: what a regex with two .* may need for the longest line
// that a mail server writes (2 KiB). Less, and an attacker could hide a line by stuffing it.
enum { REGEX_STEPS_MAX = 2500000 };

// Searches from a place in the text on; what lies before it is seen by lookbehind. 0: no match.
int regex_search(struct regex *r, struct matcher *m, struct slice text, size_t from);

// Whether any text that begins so might be matched; any might before regex_learn(). head: not
// empty.
bool regex_may_follow(const struct regex *r, struct matcher *m, struct slice head);

// Whether the search takes more than so many steps (at most REGEX_STEPS_MAX), or more memory than
// it may: counted without JIT, so that the answer is the same on every machine.
bool regex_exceeds(const struct regex *r, struct matcher *m, struct slice text, uint32_t steps);

// What group number `group` of the last match took (p NULL: took no part); 0 is the whole match.
static inline struct slice matcher_group(const struct matcher *m, struct slice text, uint32_t group)
{
    const PCRE2_SIZE *at = m->place + (size_t)2 * group;

    return at[0] == PCRE2_UNSET ? (struct slice){0} : (struct slice){text.p + at[0], at[1] - at[0]};
}
