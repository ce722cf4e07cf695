// SPDX-License-Identifier: GPL-2.0-or-later
// tailban.conf, and over it tailban.local: the daemon's own settings, in [tailban].
#pragma once

#include "conf/config.h"
#include "conf/problems.h"

#include <stdio.h>

// What is wrong is a problem, and the default holds. 0 or -ENOMEM.
int settings_read(const char *dir, struct problems *problems, struct settings *ret);

void settings_print(const struct settings *s, FILE *out);

// The names, to the caller's index; NULL at the end.
const char *settings_name(size_t index);
