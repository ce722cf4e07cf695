// SPDX-License-Identifier: GPL-2.0-or-later
// The %-tokens of a date pattern (strptime's and fail2ban's own, %ExY to %Exz), written out as
// groups that are named for what they take. Inside the engine only.
#pragma once

#include "engine/draft.h"

// Adds the pattern to *ret with its tokens written out. *ret_fold: one of them is a word, which may
// be in any case. -EINVAL with *ret_fault set: a % that begins none.
int datetoken_expand(const struct draft *pattern, struct draft *ret, bool *ret_fold,
                     struct fault *ret_fault);
