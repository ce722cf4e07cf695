// SPDX-License-Identifier: GPL-2.0-or-later
// A fault in a regex, told to the user with the piece of his text that it is about. Inside the
// engine only.
#pragma once

#include "engine/draft.h"
#include "engine/filter.h"

// Returns -EINVAL.
int complaint_make(const struct pattern *pattern, const struct fault *fault,
                   struct filter_error *ret_error);
