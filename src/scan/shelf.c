// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/shelf.h"

#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

// What a disk does, and not an operator who has made a mistake that he wants to see.
static bool is_disk(int r)
{
    return r == -EUCLEAN || r == -EIO || r == -ENOSPC || r == -EDQUOT || r == -EROFS;
}

static int salvage(const char *path, usec_t now, char ret_trouble[static SHELF_TEXT_MAX],
                   struct ledger **ret)
{
    char aside[PATH_MAX];
    uint64_t rows;
    int r = ledger_salvage(path, now, aside, &rows);

    if (r == 0)
        r = ledger_open(path, ret);
    if (r == 0)
        snprintf(ret_trouble, SHELF_TEXT_MAX,
                 "the ledger was damaged: the %" PRIu64
                 " rows that could be read are in a new one, "
                 "and the old one is %.512s",
                 rows, aside);
    return r;
}

static int open_in_memory(const char *path, int error, char ret_trouble[static SHELF_TEXT_MAX],
                          struct ledger **ret)
{
    snprintf(ret_trouble, SHELF_TEXT_MAX, "%.512s cannot be used, so bans outlast no restart: %s",
             path,
             error == -EMFILE ? "it is damaged, and so were those beside it, which are to be moved "
                                "away (" LEDGER_ASIDE "...)"
                              : strerror(-error));
    return ledger_open(":memory:", ret);
}

static void say(int r, const char *path, const char *state)
{
    if (r == -EBUSY)
        log_line(LEVEL_ERROR, "%s is in use: another tailband runs on %s", path, state);
    else if (r == -ENOTSUP)
        log_line(LEVEL_ERROR, "%s is of a newer tailban: go back to that one, or move it away",
                 path);
    else
        log_line(LEVEL_ERROR, "%s cannot be opened: %s", path, strerror(-r));
}

int shelf_open(const char *state, usec_t now, char ret_trouble[static SHELF_TEXT_MAX],
               struct ledger **ret)
{
    char path[PATH_MAX];
    int r;

    ret_trouble[0] = '\0';
    if (snprintf(path, sizeof(path), "%s/ledger.sqlite", state) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    r = ledger_open(path, ret);
    if (r == -EUCLEAN || r == -EIO)
        r = salvage(path, now, ret_trouble, ret);
    if (is_disk(r) || r == -EMFILE)
        r = open_in_memory(path, r, ret_trouble, ret);
    if (r < 0)
        say(r, path, state);
    else if (ret_trouble[0])
        log_line(LEVEL_ERROR, "%s", ret_trouble);
    return r;
}
