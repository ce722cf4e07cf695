// SPDX-License-Identifier: GPL-2.0-or-later
// What an option is once its %(…)s are replaced:
//
//     %(x)s            option x, looked for in the places of the scope, first to last
//     %(known/x)s      what x was before this file set it again; else [DEFAULT]'s
//     %(section/x)s    another section's x as it stands there; else [DEFAULT]'s
//     %(__name__)s     the section's name
//     %%               %
#pragma once

#include "conf/ini.h"
#include "conf/problems.h"

#include <stddef.h>

enum { SCOPE_PLACES_MAX = 5, INTERPOLATE_DEPTH_MAX = 10 };

struct place {
    const struct ini *ini;
    const char *section;
};

struct scope {
    struct place place[SCOPE_PLACES_MAX];
    size_t n_places;
    const struct ini *ini; // where known/ and section/ look
    const char *section;   // whose options these are
};

// Option names are looked up in lower case. 0, INI_E_MISSING, -EINVAL with a problem, -ENOMEM.
int scope_get(const struct scope *s, const char *option, struct problems *problems,
              struct text *ret);

// The same for a value that is at hand.
int interpolate(const struct scope *s, const struct text *raw, struct problems *problems,
                struct text *ret);
