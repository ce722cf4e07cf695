// SPDX-License-Identifier: GPL-2.0-or-later
// The key that never leaves the machine: 16 bytes of STATE/secret.key, which nobody else may read.
// Not in the ledger, so that a copy of that one tells less.
#pragma once

#include "base/siphash.h"

// Made where there is none, or one that is not ours alone; where it cannot be kept, which is
// logged, it is good for this run. -errno: there is no randomness.
int secret_read(const char *state, struct siphash_key *ret);
