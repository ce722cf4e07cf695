// SPDX-License-Identifier: GPL-2.0-or-later
// What the jails of a configuration know together, empty but for the names that it lists.
#pragma once

#include "conf/config.h"
#include "engine/reputation.h"

// -ENOMEM.
int config_reputation(const struct config *c, uint64_t seed, struct reputation *ret);
