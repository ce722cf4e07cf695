// SPDX-License-Identifier: GPL-2.0-or-later
// One jail, from its section to what the daemon takes.
#pragma once

#include "conf/config.h"
#include "conf/ini.h"
#include "conf/layers.h"
#include "conf/lookup.h"
#include "conf/problems.h"

struct jailread {
    const char *dir;
    enum layout layout;
    const struct ini *jails; // all files
    struct lookup *lookup;
    struct filterpool *filters; // that all jails use
    struct problems *problems;
};

// Whatever is wrong with the jail is a problem, and the jail not usable. 0 or -ENOMEM.
int jailread(const struct jailread *r, const char *section, struct jail_conf *ret);
