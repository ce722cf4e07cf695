// SPDX-License-Identifier: GPL-2.0-or-later
// A filter's definition, as one jail uses it. What <x> and %(x)s stand for is looked up in this
// order:
//
//     the jail's filter[x=…], [Init], the jail's own option x, [Definition], [DEFAULT]
//
// (In fail2ban, too, [Init] has a say in %(x)s, though only where a jail uses the filter.)
#pragma once

#include "conf/config.h"
#include "conf/ini.h"
#include "conf/layers.h"
#include "conf/problems.h"

#define DEFINITION_KNOWN "known" // the section of the ini that definition_known() fills

struct definition {
    char *name;
    struct ini *filter;      // its files
    struct ini *params;      // filter[…] and, interpolated, [Init]
    const struct ini *given; // what the jail hands down, in OPTIONS_GIVEN; borrowed
    struct problems *problems;
};

// ref: "name[options]". With a dir of NULL the name is the path of a file. -EINVAL with a problem,
// -ENOMEM.
int definition_open(const char *dir, enum layout layout, const struct text *ref,
                    const struct ini *given, struct problems *problems, struct definition *ret);
void definition_close(struct definition *d);

// Every option of the filter under the name "known/…", for a jail that refers to it.
int definition_known(const struct definition *d, struct ini *ret);

// An option of the filter with everything put in. INI_E_MISSING also where the jail replaces it;
// -EINVAL with a problem, -ENOMEM.
int definition_get(const struct definition *d, const char *option, struct text *ret);

// What the jail has instead.
int definition_get_given(const struct definition *d, const char *option, struct text *ret);
