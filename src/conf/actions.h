// SPDX-License-Identifier: GPL-2.0-or-later
// `action`: what fail2ban would do about a ban. Whatever keeps somebody out (iptables, nftables,
// ufw, ...) is what our sets do, for the ports that it names; anything else is named in a warning.
#pragma once

#include "conf/interpolate.h"
#include "conf/value.h"

// To be called when the other options are read. A jail that says nothing bans as its own options
// say; one whose actions keep nobody out bans nobody. -EINVAL with a problem, -ENOMEM.
int actions_read(struct draft *d, const struct scope *s);
