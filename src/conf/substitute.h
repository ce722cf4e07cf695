// SPDX-License-Identifier: GPL-2.0-or-later
// Replaces <tags> by the options of those names, again and again until nothing changes, so that
// "<mdre-<mode>>" works. Tags that nobody knows stay, as <HOST> must.
#pragma once

#include "conf/problems.h"

enum { SUBSTITUTE_REPEATS_MAX = 25 };

// 0, INI_E_MISSING, or < 0, which is passed on.
typedef int tag_fn(void *user, const char *tag, struct text *ret);

// t is option `self`'s value. -EINVAL with a problem where it leads back to itself, -ENOMEM.
int substitute(struct text *t, const char *self, tag_fn *fn, void *user, struct problems *problems);
