// SPDX-License-Identifier: GPL-2.0-or-later
// What speaks against a ban by hand.
#pragma once

#include "scan/roster.h"

enum { OBJECTION_MAX = 256 };

// Why nobody should ban net in this jail, as text (in the buffer, or constant); NULL: nothing
// speaks against it.
const char *objection(const struct roster *roster, const struct cell *cell, const struct addr *net,
                      char *buffer, size_t size);
