// SPDX-License-Identifier: GPL-2.0-or-later
// The last lines of a source, for filters that look at several and were not shown each as it came.
// Inside the engine only.
#pragma once

#include "engine/stamp.h"

#include <stdint.h>

struct recent;

// Holds so many lines at least, or as many as a filter's backlog has room for. -ENOMEM.
int recent_new(size_t lines, struct recent **ret);
struct recent *recent_free(struct recent *r);

// Lines are numbered from 1. One longer than any that `lines` gives out is counted, not kept.
void recent_add(struct recent *r, const struct line *line);

// False where it is gone. It is valid until the next one is added.
bool recent_get(const struct recent *r, uint64_t number, struct line *ret);
