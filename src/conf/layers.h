// SPDX-License-Identifier: GPL-2.0-or-later
// Which files make up the jails or a filter, and in which order: what is read later wins.
//
//     tailban's layout
//         jails     jails/*.conf, jails/*.local
//         filter    filters/NAME.conf, NAME.d/*.conf, NAME.local, NAME.d/*.local
//     fail2ban's
//         jails     jail.conf, jail.d/*.conf, jail.local, jail.d/*.local
//         filter    filter.d/NAME.conf, NAME.d/*.conf, NAME.local, NAME.d/*.local
//
// Around each file come the files that its [INCLUDES] name before and after, each X.conf of them
// followed by its X.local; one that is not there is passed over.
#pragma once

#include "conf/ini.h"
#include "conf/problems.h"

enum { LAYERS_FILES_MAX = 1024, LAYERS_DEPTH_MAX = 16 };

enum layout { LAYOUT_TAILBAN, LAYOUT_FAIL2BAN };

enum layout layers_layout(const char *dir);

// A file with errors is left out and the others go on. 0, -ENOMEM.
int layers_jails(const char *dir, enum layout layout, struct problems *problems, struct ini **ret);

// A file with errors spoils the filter: half a filter would ban the wrong ones. INI_E_MISSING where
// no file has that name; -EINVAL, -ENOMEM.
int layers_filter(const char *dir, enum layout layout, const char *name, struct problems *problems,
                  struct ini **ret);

// The same for the path of one file.
int layers_file(const char *path, struct problems *problems, struct ini **ret);
