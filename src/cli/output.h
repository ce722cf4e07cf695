// SPDX-License-Identifier: GPL-2.0-or-later
// How results look: plain words for people, in colour only on a terminal; or one JSON object a line
// (jsonline.h).
#pragma once

#include "base/addr.h"
#include "base/slice.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdio.h>

enum style { STYLE_PLAIN, STYLE_HEAD, STYLE_GOOD, STYLE_BAD, STYLE_NOTE, STYLE_DIM };

struct output {
    FILE *file;
    bool json, color;
    usec_t now; // when the command was given
};

enum { OUTPUT_TIME_MAX = 64, OUTPUT_LEFT_MAX = 64 };

// Colour: on a terminal, unless NO_COLOR is set or TERM is "dumb" or not set.
void output_init(struct output *o, FILE *file, bool json);

// Flushes. 0 or -errno: what was written did not all arrive (-EPIPE: nobody wants more).
int output_done(struct output *o);

// The escape sequences around styled text; empty where there is no colour.
const char *output_on(const struct output *o, enum style style);
const char *output_off(const struct output *o, enum style style);

// Text as a terminal may see it: foreign bytes that are no valid UTF-8, control characters and the
// characters that turn the direction of writing become '?'. At most size - 1 bytes, cut between
// characters. Returns the length.
size_t output_clean(struct slice text, char *ret, size_t size);
void output_text(struct output *o, struct slice text);

// Local and short: "22 Nov 03:12:34", with the year where it is not this one; "never", "-" for 0.
size_t output_time(const struct output *o, usec_t t, char ret[static OUTPUT_TIME_MAX]);

// From now: "6d 23h left", "5m ago", "forever".
size_t output_relative(const struct output *o, usec_t t, char ret[static OUTPUT_LEFT_MAX]);
