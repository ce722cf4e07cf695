// SPDX-License-Identifier: GPL-2.0-or-later
// What a regex cannot match without, told from its text alone: so that most regexes need not be
// tried on most lines. Whatever is not certain is left out.
#pragma once

#include "base/slice.h"

enum { LITERAL_CLAUSES_MAX = 4, LITERAL_TEXTS_MAX = 16, LITERAL_SHORTEST = 3 };

// Texts of at least LITERAL_SHORTEST bytes, of which at least one is in the text that is matched,
// byte for byte.
struct clause {
    struct slice *text;
    size_t n; // at most LITERAL_TEXTS_MAX
};

// All of these hold wherever the regex matches, rarest first. None: nothing can be told, and the
// regex is to be tried on every text.
struct literals {
    struct clause clause[LITERAL_CLAUSES_MAX];
    size_t n;
};

// For a regex as pyregex_translate() gives it out, compiled with or without REGEX_MULTILINE. What a
// lookaround sees counts as matched. -ENOMEM. literal_done() is due unless that.
int literal_find(struct slice pcre, struct literals *ret);
void literal_done(struct literals *l);
