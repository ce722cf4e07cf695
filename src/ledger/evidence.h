// SPDX-License-Identifier: GPL-2.0-or-later
// Which hits led to bans. Only for this folder.
#pragma once

#include "ledger/store.h"

// Whether a hit is evidence of a ban.
bool evidence_is(const struct ledger *l, const struct record *hit);
