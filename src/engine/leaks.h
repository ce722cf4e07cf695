// SPDX-License-Identifier: GPL-2.0-or-later
// Where a line tells a password: the texts that mail servers write in front of it (veil.h has the
// list). Inside the engine only.
#pragma once

#include "engine/veil.h"

enum { LEAKS_MAX = 16 }; // places in a line; from one more on all is hidden

void leaks_hide(struct veil *v);
