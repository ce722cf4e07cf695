// SPDX-License-Identifier: GPL-2.0-or-later
// The host's own addresses, as the kernel has them now.
#pragma once

#include "base/addr.h"

struct own;

enum { OWN_MAX = 1024 }; // overflow: the ones that sort last are not told

enum { OWN_E_CHANGED = 1 };

// -errno; -ENOMEM.
int own_new(struct own **ret);
struct own *own_free(struct own *o);

int own_fd(const struct own *o);

// Reads the notifications, without blocking, and the addresses again if there were any.
// OWN_E_CHANGED: they are others than before.
int own_update(struct own *o);

// Sorted, valid until the next update. Returns how many.
size_t own_list(const struct own *o, const struct addr **ret);
