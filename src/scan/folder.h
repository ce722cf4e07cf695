// SPDX-License-Identifier: GPL-2.0-or-later
// The folders that tailband writes to.
#pragma once

#include <sys/types.h>

// Makes the folder unless it is there, parents included, and gives it to its user if it was made
// now or is an empty one of root's. Another one is left as it is: somebody may have meant something
// else by its name. -errno: said.
int folder_prepare(const char *path, mode_t mode, uid_t uid, gid_t gid);
