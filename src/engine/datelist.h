// SPDX-License-Identifier: GPL-2.0-or-later
// The templates that a datepattern stands for. Inside the engine only.
#pragma once

#include "engine/datetemplate.h"
#include "engine/filter.h"

struct datelist {
    struct dateentry {
        struct datetemplate template;
        bool is_twin; // of another one, bound to the beginning of the line
    } * entry;
    size_t n;
    bool
        plain; // the default list or its anchored part: nothing that stamp.h would not find as well
};

// Of patterns that are no more than the default list or its anchored part: the word for it, to be
// given to datelist_init(); NULL: they are more.
const char *datelist_word(const struct pattern *pattern, size_t n);

// As datepattern_new(). datelist_done() is due in any case.
int datelist_init(struct datelist *l, const struct pattern *pattern, size_t n,
                  struct filter_error *ret_error);
void datelist_done(struct datelist *l);
