// SPDX-License-Identifier: GPL-2.0-or-later
// The bytes of one configuration file.
#pragma once

#include "conf/problems.h"

#include <stddef.h>

enum { CONFFILE_MAX = 1024 * 1024 };

// *ret_text is terminated and the caller's to free; it holds no NUL. -ENOENT, quietly, where there
// is no such file; -EINVAL with a problem where it cannot be a configuration file; -ENOMEM.
int conffile_read(const char *path, struct problems *problems, char **ret_text, size_t *ret_n);
