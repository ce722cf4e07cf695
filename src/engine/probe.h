// SPDX-License-Identifier: GPL-2.0-or-later
// A filter with its regexes taken apart, and lines to try it with. Inside the engine only.
#pragma once

#include "engine/rule.h"
#include "engine/spans.h"
#include "engine/specimen.h"

struct probe_part {
    const struct pattern *pattern;
    struct tree tree;
    struct regex regex; // as it is
    struct spans spans;
    bool readable; // there is a tree and the regex
    bool visible;  // and the spans
};

struct probe {
    const struct filter_spec *spec;
    struct filter *filter;
    struct matcher matcher;
    char text[2 * SPECIMEN_MAX + 1]; // what is looked into, with a newline behind it
    bool has_prefix;
    struct probe_part prefix, *rule; // spec->n_failregex of them
};

// -EINVAL where the filter is wrong, -ENOMEM. probe_done() is due in any case.
int probe_init(struct probe *p, const struct filter_spec *spec);
void probe_done(struct probe *p);

// Gives the filter a text without a date, several lines where it has newlines, as if nothing had
// been before. As filter_match(); with rule NULL any failregex may match, else this one must.
int probe_match(struct probe *p, struct slice text, const unsigned *rule, struct match *ret);

// What a line's text is to the filter: where each run and each address lies, and where what the
// failregex sees and matches ends.
enum { PLACES_MAX = 2 * SPANS_MAX };

struct places {
    struct place {
        const struct tree *tree;
        uint32_t node;
        size_t from, to;
    } at[PLACES_MAX];
    size_t n;
    size_t content, content_end, match_end;
};

// False: the prefregex or the failregex does not match, or cannot be looked into.
bool probe_places(struct probe *p, struct slice text, unsigned rule, struct places *ret);

// Whether the prefregex leaves just this piece of a text for the failregexes.
bool probe_leaves(struct probe *p, struct slice text, struct slice piece);

// A line that failregex number `rule` takes, with an address in it, and the plan's variant of it.
// False: none was found.
bool probe_specimen(struct probe *p, unsigned rule, uint32_t variant, struct specimen *ret);

// A whole line around what a failregex is to see: just that, where no prefregex has <F-CONTENT>.
// False: it would be too long.
bool probe_wrap(struct probe *p, struct slice content, uint32_t variant, struct specimen *ret);
