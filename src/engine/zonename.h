// SPDX-License-Identifier: GPL-2.0-or-later
// Names of time zones as fail2ban knows them: each stands for one offset, summer or winter. Where a
// name has several meanings (IST, CST), it is the one that fail2ban chose.
#pragma once

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

// "Z", "CEST", "+01:00", "-0530", "+01", "UTC+0200": seconds east of UTC.
bool zonename_read(struct slice text, int32_t *ret_offset);
