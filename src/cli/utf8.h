// SPDX-License-Identifier: GPL-2.0-or-later
// Foreign bytes on their way to a terminal or into JSON.
#pragma once

#include "base/slice.h"

#include <stdbool.h>

// The length of the character at the start, 0 where it is not valid UTF-8 (overlong forms,
// surrogates and what lies beyond U+10FFFF included).
size_t utf8_length(struct slice text);

// Whether one valid character may be shown: no control character, C1 included, and none that turns
// the direction of writing, which would let a log line dress up as another.
bool utf8_is_harmless(struct slice character);

// How many columns the text takes on a terminal, one for each character.
size_t utf8_columns(const char *text);
