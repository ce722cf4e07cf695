// SPDX-License-Identifier: GPL-2.0-or-later
// What lint finds, as `tailban lint` and `tailban check` tell it. A regex that several filters or
// jails share is told of once.
#pragma once

#include "cli/jsonline.h"
#include "cli/output.h"
#include "cli/samples.h"
#include "engine/lint.h"

struct remark {
    const char *filter;
    const struct lint_finding *finding;
};

struct remarks {
    struct remark_key *told;
    size_t n, allocated;
    size_t findings, untried;
};

typedef int remark_fn(void *user, const struct remark *remark);

// Looks a filter over and passes on what has not been told yet. fn's negative result is passed on,
// and so is lint_filter()'s. remarks_done() is due.
int remarks_find(struct remarks *r, const char *filter, const struct filter_spec *spec,
                 const struct samples *samples, const struct lint_budget *budget, remark_fn *fn,
                 void *user);
void remarks_done(struct remarks *r);

// What is wrong, in a sentence.
enum { REMARK_TEXT_MAX = 512 };
void remark_say(const struct remark *remark, char ret[static REMARK_TEXT_MAX]);

// In some lines for people, or as JSON. 0, -ENOMEM, -EIO.
int remark_print(const struct remark *remark, struct output *out);
int remark_json(const struct remark *remark, FILE *file);
