// SPDX-License-Identifier: GPL-2.0-or-later
// What the operator makes of a name by hand: a fingerprint, never one, or forgotten.
#pragma once

#include "scan/desk.h"

// text: "helo:ylmf-pc", read as the family of names that it belongs to. Kept over a restart, and
// logged. 0, or -errno, refused: what the configuration says, it alone says otherwise.
int mark_set(struct desk *d, struct slice text, enum control_mark mark, struct caller *to);
