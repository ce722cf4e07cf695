// SPDX-License-Identifier: GPL-2.0-or-later
// What is wrong with the configuration, in the order of finding.
#pragma once

#include "conf/config.h"
#include "conf/pool.h"
#include "conf/text.h"

#include <stddef.h>

// Beyond it problems are dropped: whoever has 500 to mend will look again. What they disable stays
// disabled all the same.
enum { PROBLEMS_MAX = 500 };

struct problems {
    struct pool *pool;
    struct problem *at; // room for PROBLEMS_MAX
    size_t n;
};

// -ENOMEM.
int problems_init(struct problems *p, struct pool *pool);

// Returns -EINVAL, for `return problems_error(…)`. A problem that is known already (two jails may
// use one filter) is not added again.
int problems_error(struct problems *p, struct origin at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void problems_warn(struct problems *p, struct origin at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
