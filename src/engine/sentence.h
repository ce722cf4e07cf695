// SPDX-License-Identifier: GPL-2.0-or-later
// How long a ban lasts.
#pragma once

#include "base/span.h"

struct sentence {
    usec_t bantime; // USEC_FOREVER: until unbanned
};

// When a ban decided at `time` ends. prior: how often the same net was banned before.
usec_t sentence_until(const struct sentence *s, usec_t time, uint32_t prior);
