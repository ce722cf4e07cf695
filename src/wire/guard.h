// SPDX-License-Identifier: GPL-2.0-or-later
// What must never be banned, whoever asks for it: tailband asks here, because a ban that is not in
// force must not be listed. The enforcer checks it again, because whoever takes over tailband could
// otherwise cut the host off.
#pragma once

#include "base/addr.h"

enum { GUARD_FLOOR_V4 = 8, GUARD_FLOOR_V6 = 32 }; // the widest prefixes that can be banned

// Why not, as text: wider than the floor, or it touches the unspecified, loopback, IPv6 link-local
// (routers speak from there) or multicast addresses. NULL: it may be.
const char *guard_objection(const struct addr *net);
