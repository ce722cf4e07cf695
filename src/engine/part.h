// SPDX-License-Identifier: GPL-2.0-or-later
// What is known of the texts that a part of a regex matches: how they start, how they end, and what
// they hold. Parts are put together as the regex is; what is known never says more than is true.
// Inside the engine only.
#pragma once

#include "engine/literal.h"

#include <stdint.h>

enum {
    PART_TEXTS_MAX = LITERAL_TEXTS_MAX,
    PART_TEXT_MAX = 64,
    PART_CLAUSES_MAX = LITERAL_CLAUSES_MAX,
    PART_BYTES_MAX = 8
};

// A few short texts, one of which is there.
struct texts {
    size_t n;
    uint8_t length[PART_TEXTS_MAX];
    char text[PART_TEXTS_MAX][PART_TEXT_MAX];
};

struct part {
    bool exact;        // it matches one of `head` and nothing else
    struct texts head; // every match starts with one of these
    struct texts tail; // and ends with one of these; unused where exact
    size_t n;
    struct texts clause[PART_CLAUSES_MAX]; // and holds one of each of these; the rarest first
};

// Nothing is known.
void part_any(struct part *p);

// It matches the empty text.
void part_empty(struct part *p);

// It matches one of these bytes; of more than PART_BYTES_MAX nothing is known.
void part_byte(struct part *p, struct slice bytes);

// p and then next.
void part_append(struct part *p, const struct part *next);

// p or other.
void part_either(struct part *p, const struct part *other);

// p, so many times; max 2 stands for any number above.
void part_repeat(struct part *p, unsigned min, unsigned max);

// p is seen here, but not taken: a lookaround.
void part_look(struct part *p);

// All that is known becomes clauses.
void part_close(struct part *p);
