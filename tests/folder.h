// SPDX-License-Identifier: GPL-2.0-or-later
// A folder of a test's own, for the files that it makes.
#pragma once

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FOLDER_NAME "/tmp/tailban-test-XXXXXX"

// False: there is none.
static inline bool folder_make(char dir[static sizeof(FOLDER_NAME)])
{
    memcpy(dir, FOLDER_NAME, sizeof(FOLDER_NAME));
    return mkdtemp(dir) != NULL;
}

static inline int folder_remove_one(const char *path, const struct stat *st, int type,
                                    struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

// With all that is in it.
static inline bool folder_remove(const char *dir)
{
    return nftw(dir, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0;
}
