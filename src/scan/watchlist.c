// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/watchlist.h"

#include "base/hash.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
    FILE_EVENTS = IN_MODIFY | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF,
    // IN_ATTRIB: a log that becomes readable; before that it cannot be watched itself.
    FOLDER_EVENTS = IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB |
                    IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR,
};

int watchlist_init(struct watchlist *l)
{
    *l = (struct watchlist){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    return l->fd < 0 ? -errno : 0;
}

static void free_item(struct watched *item)
{
    free(item->path);
    free(item->name);
}

void watchlist_done(struct watchlist *l)
{
    for (size_t i = 0; i < l->n; i++)
        free_item(&l->item[i]);
    free(l->item);
    if (l->fd >= 0)
        close(l->fd);
    *l = (struct watchlist){.fd = -1};
}

static bool is_named(const struct watched *item, const char *name)
{
    return item->name && name ? strcmp(item->name, name) == 0 : item->name == name;
}

struct watched *watchlist_find(struct watchlist *l, enum watched_kind kind, unsigned pattern,
                               const char *path, const char *name)
{
    uint64_t hash = hash_bytes(path, strlen(path), 0);

    for (size_t i = 0; i < l->n; i++) {
        struct watched *item = &l->item[i];
        if (item->hash == hash && item->kind == kind && item->pattern == pattern &&
            strcmp(item->path, path) == 0 && is_named(item, name))
            return item;
    }
    return NULL;
}

static int grow(struct watchlist *l)
{
    size_t n = l->allocated ? l->allocated * 2 : 16;
    struct watched *grown;

    if (l->n < l->allocated)
        return 0;
    grown = reallocarray(l->item, n, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    l->item = grown;
    l->allocated = n;
    return 0;
}

int watchlist_add(struct watchlist *l, enum watched_kind kind, unsigned pattern, const char *path,
                  const char *name, struct watched **ret)
{
    struct watched *known = watchlist_find(l, kind, pattern, path, name), item = {0};

    if (known) {
        known->is_dead = false;
        *ret = known;
        return 0;
    }
    item = (struct watched){.kind = kind, .pattern = pattern, .wd = -1, .old_wd = -1};
    item.hash = hash_bytes(path, strlen(path), 0);
    item.path = strdup(path);
    item.name = name ? strdup(name) : NULL;
    if (!item.path || (name && !item.name) || grow(l) < 0) {
        free_item(&item);
        return -ENOMEM;
    }
    *ret = &l->item[l->n];
    l->item[l->n++] = item;
    return 0;
}

// One inode has one watch, however many items want it.
static void unwatch(struct watchlist *l, int wd)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->item[i].wd == wd || l->item[i].old_wd == wd)
            return;
    }
    if (wd >= 0)
        inotify_rm_watch(l->fd, wd);
}

int watchlist_watch(struct watchlist *l, struct watched *item, const char *place)
{
    bool is_file = item->kind == WATCHED_FILE;
    int wd = inotify_add_watch(l->fd, place, is_file ? FILE_EVENTS : FOLDER_EVENTS), last;

    if (wd < 0)
        return -errno;
    if (wd == item->wd)
        return 0;
    last = is_file ? item->old_wd : item->wd;
    item->old_wd = is_file ? item->wd : -1;
    item->wd = wd;
    unwatch(l, last);
    return 0;
}

void watchlist_ignored(struct watchlist *l, int wd)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->item[i].wd == wd)
            l->item[i].wd = -1;
        if (l->item[i].old_wd == wd)
            l->item[i].old_wd = -1;
    }
}

void watchlist_sweep(struct watchlist *l)
{
    for (size_t i = l->n; i-- > 0;) {
        struct watched dead = l->item[i];
        if (!dead.is_dead)
            continue;
        l->item[i] = l->item[--l->n];
        unwatch(l, dead.wd);
        unwatch(l, dead.old_wd);
        free_item(&dead);
    }
}
