// SPDX-License-Identifier: GPL-2.0-or-later
// A program with its arguments, as a shell would split it and as nothing else of a shell: words
// between blanks; '…' holds anything but '; in "…" a backslash quotes " and \; elsewhere it quotes
// any character.
#pragma once

#include "conf/pool.h"

#include <stdio.h>

enum { ARGV_ERROR_MAX = 128 };

// *ret ends with NULL; it is NULL where there is no word. -EINVAL with what is wrong, -ENOMEM.
int argv_split(struct pool *pool, struct slice text, char ***ret,
               char error[static ARGV_ERROR_MAX]);

// Writes it so that argv_split() gives the same again.
void argv_print(char *const *argv, FILE *out);
