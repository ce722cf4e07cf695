// SPDX-License-Identifier: GPL-2.0-or-later
// From a definition to what the engine takes.
#pragma once

#include "conf/definition.h"

// The names of a filter's options that mean something, to the caller's index; NULL at the end.
const char *filterspec_option(size_t index);

// The filter, its texts in the problems' pool. The jail's own regexes replace the filter's, or with
// %(known/failregex)s add to them. at: where the filter is used. What this version does not do is a
// warning; -EINVAL with a problem, -ENOMEM.
int filterspec_make(const struct definition *d, struct origin at, struct filter_spec *ret);

// What the engine makes of it: -EINVAL with a problem that names the regex, -ENOMEM.
int filterspec_compile(const struct filter_spec *spec, struct origin at, struct problems *problems,
                       struct filter **ret);

// "option = value" for each.
void filterspec_print(const struct filter_spec *spec, FILE *out);
