// SPDX-License-Identifier: GPL-2.0-or-later
// From what the groups of a filter took to what it means. Inside the engine only.
#pragma once

#include "engine/rule.h"

// Fills *ret but for its rule.
void match_read(const struct values *v, struct match *ret);
