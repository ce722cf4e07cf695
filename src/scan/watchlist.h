// SPDX-License-Identifier: GPL-2.0-or-later
// What inotify watches for watch.c, and why: files that match a pattern, folders in which such may
// come to be, and the folders that symbolic links among them lead to. Its size is bounded by
// fs.inotify.max_user_watches: what cannot be watched any more is -ENOSPC.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum watched_kind {
    WATCHED_FILE,   // path
    WATCHED_FOLDER, // path, whose names are compared with a part of the pattern
    WATCHED_LINK,   // path is a link to something called name; watched is the folder of that
};

struct watched {
    enum watched_kind kind;
    unsigned pattern;
    unsigned depth; // of a folder: which part of the pattern
    char *path, *name;
    uint64_t hash; // of path
    int wd;        // -1: not watched
    int old_wd;    // of the file that was at path before: its writer may not have left it yet
    bool is_dirty; // to be reported
    bool is_dead;  // to be dropped
};

struct watchlist {
    int fd;
    struct watched *item;
    size_t n, allocated;
};

// -errno of inotify_init1(2).
int watchlist_init(struct watchlist *l);
void watchlist_done(struct watchlist *l);

// The one there is, or NULL; name may be NULL. Valid until the next watchlist_add().
struct watched *watchlist_find(struct watchlist *l, enum watched_kind kind, unsigned pattern,
                               const char *path, const char *name);

// The one there is, alive again, or a new one. -ENOMEM.
int watchlist_add(struct watchlist *l, enum watched_kind kind, unsigned pattern, const char *path,
                  const char *name, struct watched **ret);

// Watches the file or folder at place for it. -errno of inotify_add_watch(2): what was watched
// before still is.
int watchlist_watch(struct watchlist *l, struct watched *item, const char *place);

// inotify has dropped a watch.
void watchlist_ignored(struct watchlist *l, int wd);

// Drops what is dead.
void watchlist_sweep(struct watchlist *l);
