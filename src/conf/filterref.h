// SPDX-License-Identifier: GPL-2.0-or-later
// A filter as a jail names it: "name", "name[mode=aggressive]", "name[a=b, c="d, e"][f='g']".
#pragma once

#include "conf/ini.h"
#include "conf/problems.h"

#define FILTERREF_PARAMS "param" // the section that has them

// *ret_name is the caller's to free; the parameters go to params. Their names keep their case where
// they are tags, but are also found by the lower case that options are read in. -EINVAL, -ENOMEM.
int filterref_split(const struct text *value, char **ret_name, struct ini *params);

// What stands between two of several: blanks, line ends and commas.
const char *filterref_skip(const char *text);

// One of several, as a jail names its filters and actions: cut off *text. INI_E_MISSING at the end,
// -EINVAL, -ENOMEM.
int filterref_next(const char **text, struct origin at, char **ret_name, struct ini *params);

// The same as filterref_split(), with a problem where it is -EINVAL.
int filterref_parse(const struct text *value, struct problems *problems, char **ret_name,
                    struct ini *params);
