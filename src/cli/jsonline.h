// SPDX-License-Identifier: GPL-2.0-or-later
// One JSON object, printed as one line. Keys are constants and keep the order in which they are
// added. Running out of memory is remembered and told by jsonline_print().
#pragma once

#include "base/addr.h"
#include "base/slice.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdio.h>

struct jsonline;

// NULL: out of memory. The other functions take NULL.
struct jsonline *jsonline_new(void);

// Bytes that are no valid UTF-8 become U+FFFD.
void jsonline_text(struct jsonline *j, const char *key, struct slice value);
void jsonline_word(struct jsonline *j, const char *key, const char *value); // NULL: null
void jsonline_number(struct jsonline *j, const char *key, uint64_t value);
void jsonline_bool(struct jsonline *j, const char *key, bool value);

// RFC 3339 UTC; null for 0 and USEC_FOREVER.
void jsonline_time(struct jsonline *j, const char *key, usec_t value);

// In seconds; null for USEC_FOREVER.
void jsonline_span(struct jsonline *j, const char *key, usec_t value);

// Always with its prefix.
void jsonline_net(struct jsonline *j, const char *key, const struct addr *value);

// An array of the text's words, which have no blanks in them.
void jsonline_words(struct jsonline *j, const char *key, struct slice value);

// An object within the object; owned by it.
struct jsonline *jsonline_object(struct jsonline *j, const char *key);

// Writes the line and frees it. -ENOMEM, or -EIO where file did not take it.
int jsonline_print(struct jsonline *j, FILE *file);
