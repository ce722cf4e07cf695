// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/watch.h"

#include "scan/watchlist.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    PARTS_MAX = 64,
    LINKS_MAX = 8,   // as many links in a row are followed
    ROUNDS_MAX = 64, // reads per dispatch; the rest is there to poll for
    EVENTS_SIZE = 65536,
    FOLDER_GONE = IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT,
};

// "/var/log/*.log" has the parts "var", "log" and "*.log".
struct pattern {
    char *text; // cut at its slashes
    const char *part[PARTS_MAX];
    unsigned n;
    bool is_stale; // a folder on its way has gone: it is walked anew
};

struct watch {
    struct watchlist list;
    struct pattern *pattern;
    unsigned n;
};

int watch_new(struct watch **ret)
{
    struct watch *w = calloc(1, sizeof(*w));
    int r;

    if (!w)
        return -ENOMEM;
    r = watchlist_init(&w->list);
    if (r < 0) {
        free(w);
        return r;
    }
    *ret = w;
    return 0;
}

struct watch *watch_free(struct watch *w)
{
    if (w) {
        watchlist_done(&w->list);
        for (unsigned i = 0; i < w->n; i++)
            free(w->pattern[i].text);
        free(w->pattern);
        free(w);
    }
    return NULL;
}

int watch_fd(const struct watch *w)
{
    return w->list.fd;
}

// What makes a folder one that cannot be looked into now; another time it may.
static bool is_closed(int r)
{
    return r == -ENOENT || r == -ENOTDIR || r == -EACCES || r == -ELOOP || r == -ENAMETOOLONG;
}

static int join(const char *folder, const char *name, char ret[static PATH_MAX])
{
    const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
    int n = snprintf(ret, PATH_MAX, "%s%s%s", folder, slash, name);

    return n < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int watch_folder(struct watch *w, unsigned pattern, const char *path, unsigned depth)
{
    struct watched *item;
    int r = watchlist_add(&w->list, WATCHED_FOLDER, pattern, path, NULL, &item);

    if (r < 0)
        return r;
    item->depth = depth;
    r = watchlist_watch(&w->list, item, path);
    item->is_dead = r < 0;
    return r;
}

// Where a link leads to. -EINVAL where path is none.
static int read_link(const char *path, char ret[static PATH_MAX])
{
    char target[PATH_MAX], folder[PATH_MAX];
    ssize_t n = readlink(path, target, sizeof(target));

    if (n < 0)
        return -errno;
    if (n == sizeof(target))
        return -ENAMETOOLONG;
    target[n] = '\0';
    if (target[0] == '/') {
        strcpy(ret, target);
        return 0;
    }
    strcpy(folder, path);
    strrchr(folder, '/')[1] = '\0';
    return join(folder, target, ret);
}

// The log itself lies elsewhere, and is rotated there.
static int watch_links(struct watch *w, unsigned pattern, const char *path)
{
    char place[PATH_MAX], target[PATH_MAX];
    struct watched *item;
    int r = 0;

    for (size_t i = 0; i < w->list.n; i++) {
        item = &w->list.item[i];
        if (item->kind == WATCHED_LINK && item->pattern == pattern && !strcmp(item->path, path))
            item->is_dead = true;
    }
    strcpy(place, path);
    for (unsigned links = 0; links < LINKS_MAX && read_link(place, target) == 0; links++) {
        char *slash = strrchr(target, '/');
        r = watchlist_add(&w->list, WATCHED_LINK, pattern, path, slash + 1, &item);
        if (r < 0)
            return r;
        strcpy(place, target);
        slash[slash == target] = '\0';
        r = watchlist_watch(&w->list, item, target);
        if (r < 0)
            return is_closed(r) ? 0 : r;
    }
    return 0;
}

// The path matches the whole pattern: a log is there, or was. -ENOENT: none is.
static int found(struct watch *w, unsigned pattern, const char *path)
{
    struct watched *item;
    struct stat st;
    bool is_there;
    int r = watch_links(w, pattern, path);

    if (r < 0)
        return r;
    is_there = stat(path, &st) == 0;
    if (is_there && S_ISDIR(st.st_mode))
        return -ENOENT;
    if (!is_there && !watchlist_find(&w->list, WATCHED_FILE, pattern, path, NULL))
        return -ENOENT;
    r = watchlist_add(&w->list, WATCHED_FILE, pattern, path, NULL, &item);
    if (r < 0)
        return r;
    item->is_dirty = true;
    if (!is_there)
        return -ENOENT;
    r = watchlist_watch(&w->list, item, path);
    return is_closed(r) ? 0 : r;
}

static int walk(struct watch *w, unsigned pattern, const char *folder, unsigned depth);

// A name in a folder that is as the pattern wants it.
static int step(struct watch *w, unsigned pattern, const char *folder, unsigned depth,
                const char *name)
{
    char path[PATH_MAX];
    int r = join(folder, name, path);

    if (r < 0)
        return r;
    if (depth + 1 == w->pattern[pattern].n)
        return found(w, pattern, path);
    return walk(w, pattern, path, depth + 1);
}

static int walk_glob(struct watch *w, unsigned pattern, const char *folder, unsigned depth)
{
    DIR *dir = opendir(folder);
    int r = 0, error = 0;
    bool any = false;

    if (!dir)
        return -errno;
    for (const struct dirent *e; (e = readdir(dir));) {
        if (fnmatch(w->pattern[pattern].part[depth], e->d_name, FNM_PERIOD) != 0)
            continue;
        r = step(w, pattern, folder, depth, e->d_name);
        any |= r == 0;
        if (r < 0 && !is_closed(r))
            error = r;
    }
    closedir(dir);
    return error < 0 || any ? error : -ENOENT;
}

static bool is_link(const char *folder, const char *name)
{
    char path[PATH_MAX];
    struct stat st;

    return join(folder, name, path) == 0 && lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

// Watches the folders that a pattern leads through, from this one on, and finds what matches.
// Watching comes before looking, so that what comes to be in between is not missed. A folder that
// is there by a name of its own need not be watched for it; its parent is where it is not, or holds
// no log (-ENOENT), or is a link that may come to lead elsewhere.
static int walk(struct watch *w, unsigned pattern, const char *folder, unsigned depth)
{
    const char *part = w->pattern[pattern].part[depth];
    bool is_glob = strpbrk(part, "*?[\\") != NULL, is_last = depth + 1 == w->pattern[pattern].n;
    struct watched *item;
    int r;

    if (!is_glob && !is_last && !is_link(folder, part)) {
        r = step(w, pattern, folder, depth, part);
        item = watchlist_find(&w->list, WATCHED_FOLDER, pattern, folder, NULL);
        if (item)
            item->is_dead = !is_closed(r);
        if (!is_closed(r))
            return r;
    }
    r = watch_folder(w, pattern, folder, depth);
    if (r < 0)
        return r;
    r = is_glob ? walk_glob(w, pattern, folder, depth) : step(w, pattern, folder, depth, part);
    return is_closed(r) && !is_last ? 0 : r;
}

static int split(const char *text, struct pattern *ret)
{
    struct pattern p = {0};
    char *rest = NULL;

    if (text[0] != '/')
        return -EINVAL;
    p.text = strdup(text);
    if (!p.text)
        return -ENOMEM;
    for (char *part = strtok_r(p.text, "/", &rest); part; part = strtok_r(NULL, "/", &rest)) {
        if (p.n < PARTS_MAX)
            p.part[p.n] = part;
        p.n++;
    }
    if (p.n == 0 || p.n > PARTS_MAX) {
        free(p.text);
        return -EINVAL;
    }
    *ret = p;
    return 0;
}

// Nothing is watched for a pattern that cannot be watched whole.
static void give_up(struct watch *w, unsigned pattern)
{
    for (size_t i = 0; i < w->list.n; i++)
        w->list.item[i].is_dead |= w->list.item[i].pattern == pattern;
    watchlist_sweep(&w->list);
    free(w->pattern[pattern].text);
}

int watch_add(struct watch *w, const char *pattern, unsigned *ret_pattern)
{
    struct pattern *grown = reallocarray(w->pattern, w->n + 1, sizeof(*grown));
    int r;

    if (!grown)
        return -ENOMEM;
    w->pattern = grown;
    r = split(pattern, &w->pattern[w->n]);
    if (r < 0)
        return r;
    r = walk(w, w->n, "/", 0);
    if (r < 0 && !is_closed(r)) {
        give_up(w, w->n);
        return r;
    }
    *ret_pattern = w->n++;
    return 0;
}

static int report(struct watch *w, watch_fn *fn, void *user)
{
    struct stat st;
    int r = 0;

    for (size_t i = 0; i < w->list.n && r >= 0; i++) {
        struct watched *item = &w->list.item[i];
        if (item->kind != WATCHED_FILE || !item->is_dirty)
            continue;
        item->is_dirty = false;
        // Nobody can write to what has neither a name nor an inode.
        if (item->wd < 0 && item->old_wd < 0 && lstat(item->path, &st) < 0)
            item->is_dead = true;
        r = fn(user, item->pattern, item->path);
    }
    watchlist_sweep(&w->list);
    return r < 0 ? r : 0;
}

static void mark_all(struct watch *w)
{
    for (size_t i = 0; i < w->list.n; i++)
        w->list.item[i].is_dirty = true;
    for (unsigned i = 0; i < w->n; i++)
        w->pattern[i].is_stale = true;
}

static int walk_stale(struct watch *w)
{
    int r, error = 0;

    for (unsigned i = 0; i < w->n; i++) {
        if (!w->pattern[i].is_stale)
            continue;
        w->pattern[i].is_stale = false;
        r = walk(w, i, "/", 0);
        if (r < 0 && !is_closed(r))
            error = r;
    }
    return error;
}

int watch_scan(struct watch *w, watch_fn *fn, void *user)
{
    int r, error;

    mark_all(w);
    error = walk_stale(w);
    r = report(w, fn, user);
    return r < 0 ? r : error;
}

// item is a copy: the list may grow meanwhile.
static int on_folder(struct watch *w, const struct watched item, const struct inotify_event *e)
{
    const struct pattern *p = &w->pattern[item.pattern];
    int r = 0;

    if (e->len == 0)
        return 0;
    if (item.kind == WATCHED_LINK && strcmp(item.name, e->name) == 0)
        r = found(w, item.pattern, item.path);
    if (item.kind == WATCHED_FOLDER && fnmatch(p->part[item.depth], e->name, FNM_PERIOD) == 0) {
        r = step(w, item.pattern, item.path, item.depth, e->name);
        // If the folder goes next, its own end is not told while somebody keeps the log open.
        w->pattern[item.pattern].is_stale |= (e->mask & IN_DELETE) != 0;
    }
    return is_closed(r) ? 0 : r;
}

static int on_event(struct watch *w, const struct inotify_event *e)
{
    int r, error = 0;

    if (e->mask & IN_Q_OVERFLOW)
        mark_all(w);
    for (size_t i = 0, n = w->list.n; i < n; i++) {
        struct watched *item = &w->list.item[i];
        if (item->is_dead || (item->wd != e->wd && item->old_wd != e->wd))
            continue;
        if (item->kind == WATCHED_FILE) {
            item->is_dirty = true;
            continue;
        }
        // The folder itself has gone, or may be looked into now.
        item->is_dead = e->mask & FOLDER_GONE;
        if (e->len == 0)
            w->pattern[item->pattern].is_stale = true;
        r = on_folder(w, *item, e);
        if (r < 0)
            error = r;
    }
    if (e->mask & IN_IGNORED)
        watchlist_ignored(&w->list, e->wd);
    return error;
}

// Most often a log has grown and that is all; what else happens brings more with it. What is left
// is there to poll for.
static int read_events(struct watch *w, bool *ret_more)
{
    _Alignas(struct inotify_event) char events[EVENTS_SIZE];
    ssize_t n = read(w->list.fd, events, sizeof(events));
    bool more = false;
    int r, error = 0;

    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return -errno;
    for (char *p = events; n > 0 && p < events + n;) {
        const struct inotify_event *e = (const struct inotify_event *)p;
        r = on_event(w, e);
        if (r < 0)
            error = r;
        more |= e->mask != IN_MODIFY;
        p += sizeof(*e) + e->len;
    }
    *ret_more = more;
    return error;
}

int watch_dispatch(struct watch *w, watch_fn *fn, void *user)
{
    bool more = true;
    int r, error = 0;

    for (unsigned round = 0; more && round < ROUNDS_MAX; round++) {
        more = false;
        r = read_events(w, &more);
        if (r < 0)
            error = r;
    }
    r = walk_stale(w);
    if (r < 0)
        error = r;
    r = report(w, fn, user);
    return r < 0 ? r : error;
}
