// SPDX-License-Identifier: GPL-2.0-or-later
// Lists as fail2ban writes them: words between commas, spaces and line ends.
#pragma once

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

// The next word, cut off *text. False at the end.
bool words_next(struct slice *text, struct slice *ret_word);

// Decimal digits and nothing else, from least to most. -EINVAL, -ERANGE.
int words_number(struct slice text, uint32_t least, uint32_t most, uint32_t *ret);
