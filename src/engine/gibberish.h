// SPDX-License-Identifier: GPL-2.0-or-later
// Whether a word is letters in a row that no name in any language has: what a program makes up when
// it draws letters. Of ordinary words and of people's names, also run together with initials as
// user names are, some in a hundred look like it at most; of drawn letters seven in ten do.
#pragma once

#include "base/slice.h"

enum { GIBBERISH_LEAST = 6 }; // letters; of fewer nobody can tell

// The word's small letters, what else is in it being a gap between them.
bool gibberish_is(struct slice word);
