// SPDX-License-Identifier: GPL-2.0-or-later
// Whether a line makes a regex take steps without bound: more than the square of its length. What a
// repetition can match is written n times in its place and what follows is broken, so that every
// way to share the text out is tried; the steps for n, 2n, 4n ... tell how they grow. Steps are
// counted, no clock is read. Inside the engine only.
#pragma once

#include "engine/lint.h"
#include "engine/probe.h"

// Looks into the prefregex (rule NULL) or a failregex, the latter within lines that the prefregex
// lets through; *budget, in steps, goes down. False: nothing was found.
bool stall_find(struct probe *p, const unsigned *rule, uint64_t *budget, struct specimen *ret_line,
                struct lint_finding *ret);
