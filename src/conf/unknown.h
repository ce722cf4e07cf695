// SPDX-License-Identifier: GPL-2.0-or-later
// Options that nothing reads: slips of the pen, lines that lost their indent, and what fail2ban
// knows but this version does not do. An option that another refers to is somebody's macro, and so
// is one whose name begins with '_'.
#pragma once

#include "conf/ini.h"
#include "conf/problems.h"

void unknown_in_filter(const struct ini *filter, struct problems *problems);

// [DEFAULT] of the jails, or one jail's own section.
void unknown_in_jails(const struct ini *jails, const char *section, struct problems *problems);
