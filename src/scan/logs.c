// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/logs.h"

#include "base/log.h"
#include "scan/place.h"
#include "scan/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// Found while all that are followed were busy.
struct leftover {
    unsigned pattern;
    bool starting;
    char *path;
};

struct logs {
    const struct roster *roster;
    struct ledger *ledger;
    const struct zone *zone;
    struct watch *watch;
    struct logpath *path;
    size_t n_paths, allocated;
    struct tail *tail[LOGS_MAX];
    size_t n, turn;
    bool starting; // what is found now was there before we were
    usec_t since;  // from when on it is judged
    bool taken;    // a file whose position has to be kept before it is read
    bool is_full;  // and that has been said
    struct leftover left[LEFT_MAX];
    size_t n_left;
};

static struct tail *find_path(const struct logs *l, const char *path)
{
    for (size_t i = 0; i < l->n; i++) {
        if (strcmp(tail_path(l->tail[i]), path) == 0)
            return l->tail[i];
    }
    return NULL;
}

// What follows a log reads what it was rotated to as well; reading that on its own would count its
// lines twice.
static struct tail *find_rotated(const struct logs *l, const char *path)
{
    for (size_t i = 0; i < l->n; i++) {
        if (place_is_rotated(path, tail_path(l->tail[i])))
            return l->tail[i];
    }
    return NULL;
}

// A second name of a file that is being read, such as a symbolic link.
static struct tail *find_file(const struct logs *l, const char *path)
{
    struct position at;
    struct stat st;

    if (stat(path, &st) < 0)
        return NULL;
    for (size_t i = 0; i < l->n; i++) {
        if (tail_position(l->tail[i], &at) == 0 && at.device == st.st_dev && at.inode == st.st_ino)
            return l->tail[i];
    }
    return NULL;
}

static int keep_one(struct logs *l, struct tail *t)
{
    struct position at;
    int r = tail_position(t, &at);

    if (r == -ENOENT)
        return 0;
    if (r == 0)
        r = ledger_position(l->ledger, tail_path(t), &at);
    if (r == 0)
        t->source.moved = false;
    return r;
}

static void drop(struct logs *l, size_t i)
{
    tail_free(l->tail[i]);
    l->tail[i] = l->tail[--l->n];
}

static int make_room(struct logs *l)
{
    size_t idle = l->n;
    int r;

    for (size_t i = 0; i < l->n; i++) {
        if (!l->tail[i]->source.ready &&
            (idle == l->n || l->tail[i]->source.active < l->tail[idle]->source.active))
            idle = i;
    }
    if (idle == l->n)
        return -EMFILE;
    r = l->tail[idle]->source.moved ? keep_one(l, l->tail[idle]) : 0;
    if (r == 0)
        drop(l, idle);
    return r;
}

// Found before the log itself, and not yet read.
static void drop_rotated(struct logs *l, const char *path)
{
    for (size_t i = l->n; i-- > 0;) {
        if (place_is_rotated(tail_path(l->tail[i]), path) && l->tail[i]->source.n_lines == 0)
            drop(l, i);
    }
}

static int take_up(struct logs *l, const struct logpath *from, const char *path, struct tail **ret)
{
    struct position start;
    struct tail *t;
    int r, kept;

    drop_rotated(l, path);
    r = l->n < LOGS_MAX ? 0 : make_room(l);
    if (r < 0)
        return r;
    kept = ledger_position_of(l->ledger, path, &start);
    if (kept < 0 && kept != -ENOENT)
        return kept;
    r = tail_new(path, kept == 0 ? &start : NULL, l->zone, &t);
    if (r < 0)
        return r;
    if (kept == 0)
        t->source.since = start.since;
    else if (l->starting)
        t->source.since = from->known ? 0 : l->since;
    l->tail[l->n++] = t;
    *ret = t;
    l->taken = l->taken || kept < 0;
    return kept < 0 ? keep_one(l, t) : 0;
}

static int leave_over(struct logs *l, unsigned pattern, const char *path)
{
    struct leftover *last = &l->left[l->n_left];

    if (!l->is_full)
        log_line(LEVEL_WARNING, "%s is read later: %d logs are followed, all of them busy", path,
                 LOGS_MAX);
    l->is_full = true;
    for (size_t i = 0; i < l->n_left; i++) {
        if (l->left[i].pattern == pattern && strcmp(l->left[i].path, path) == 0)
            return 0;
    }
    if (l->n_left == LEFT_MAX)
        return 0;
    *last = (struct leftover){pattern, l->starting, strdup(path)};
    l->n_left += last->path != NULL;
    return last->path ? 0 : -ENOMEM;
}

static int on_path(void *user, unsigned pattern, const char *path)
{
    struct logs *l = user;
    struct tail *t = find_path(l, path);
    int r = 0;

    if (!t)
        t = find_rotated(l, path);
    if (!t)
        t = find_file(l, path);
    if (!t)
        r = take_up(l, &l->path[pattern], path, &t);
    if (r == -EMFILE)
        return leave_over(l, pattern, path);
    if (r < 0)
        return r;
    t->source.ready = true;
    l->path[pattern].matched = true;
    return source_join(&t->source, l->path[pattern].cell);
}

static int add_path(struct logs *l, uint16_t cell, const char *glob)
{
    unsigned pattern;
    int r = watch_add(l->watch, glob, &pattern);

    if (r < 0) {
        log_line(LEVEL_ERROR, "jail %s: %s cannot be watched: %s", l->roster->cell[cell].conf->name,
                 glob, strerror(-r));
        return r == -ENOMEM ? r : 0;
    }
    if (pattern >= l->allocated) {
        size_t n = l->allocated ? l->allocated * 2 : 64;
        struct logpath *grown = reallocarray(l->path, n, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        l->path = grown;
        l->allocated = n;
    }
    r = ledger_knows_logpath(l->ledger, glob);
    if (r < 0)
        return r;
    l->path[pattern] = (struct logpath){glob, cell, .known = r > 0};
    l->n_paths = pattern + 1;
    return 0;
}

// Only now, when the files found have their positions: the first time is over.
static int know_paths(struct logs *l)
{
    int r = 0;

    for (size_t i = 0; i < l->n_paths && r == 0; i++)
        r = l->path[i].known ? 0 : ledger_logpath(l->ledger, l->path[i].glob);
    return r;
}

int logs_new(const struct roster *roster, struct ledger *ledger, const struct zone *zone,
             usec_t now, struct logs **ret)
{
    struct logs *l = calloc(1, sizeof(*l));
    int r;

    if (!l)
        return -ENOMEM;
    *l = (struct logs){.roster = roster,
                       .ledger = ledger,
                       .zone = zone,
                       .starting = true,
                       .since = usec_sub(now, roster->findtime)};
    r = watch_new(&l->watch);
    for (size_t i = 0; i < roster->n && r == 0; i++) {
        const struct jail_conf *conf = roster->cell[i].conf;
        if (!roster->cell[i].jail || conf->backend == BACKEND_SYSTEMD)
            continue;
        for (size_t k = 0; k < conf->n_logpath && r == 0; k++)
            r = add_path(l, (uint16_t)i, conf->logpath[k]);
    }
    if (r == 0)
        r = watch_scan(l->watch, on_path, l);
    if (r == 0)
        r = know_paths(l);
    if (r < 0) {
        logs_free(l);
        return r;
    }
    l->starting = l->taken = false;
    *ret = l;
    return 0;
}

struct logs *logs_free(struct logs *l)
{
    if (l) {
        while (l->n > 0)
            drop(l, l->n - 1);
        while (l->n_left > 0)
            free(l->left[--l->n_left].path);
        watch_free(l->watch);
        free(l->path);
        free(l);
    }
    return NULL;
}

bool logs_has(const struct logs *l, uint16_t cell)
{
    for (size_t i = 0; i < l->n_paths; i++) {
        if (l->path[i].cell == cell && l->path[i].matched)
            return true;
    }
    return false;
}

int logs_fd(const struct logs *l)
{
    return watch_fd(l->watch);
}

int logs_dispatch(struct logs *l)
{
    int r = watch_dispatch(l->watch, on_path, l);

    if (r < 0 || !l->taken)
        return r < 0 ? r : 0;
    l->taken = false;
    return LOGS_E_TAKEN;
}

bool logs_ready(const struct logs *l)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->tail[i]->source.ready)
            return true;
    }
    return false;
}

static void read_one(struct tail *t, usec_t now, line_fn *fn, void *user)
{
    bool is_first = t->source.n_lines == 0;
    int r = tail_read(t, now, fn, user);

    t->source.ready = r > 0;
    source_error(&t->source, r < 0 ? r : 0);
    if (is_first && t->source.n_lines > 0)
        log_line(LEVEL_INFO, "%s is read", tail_path(t));
    else if (r == TAIL_E_NEW_FILE)
        log_line(LEVEL_INFO, "%s goes on in another file", tail_path(t));
}

void logs_read(struct logs *l, usec_t now, line_fn *fn, void *user)
{
    for (size_t i = 0; i < l->n; i++) {
        struct tail *t = l->tail[l->turn++ % l->n];
        if (!t->source.ready)
            continue;
        read_one(t, now, fn, user);
        return;
    }
}

// Whatever has been read to its end makes room for one.
static int take_leftovers(struct logs *l)
{
    int r = 0;

    for (size_t n = l->n_left; n > 0 && r >= 0; n--) {
        struct leftover first = l->left[0];
        memmove(l->left, l->left + 1, --l->n_left * sizeof(first));
        l->starting = first.starting;
        r = on_path(l, first.pattern, first.path);
        free(first.path);
        if (l->n_left == n) // nothing is idle
            break;
    }
    l->is_full = l->n_left > 0;
    l->starting = l->taken = false;
    return r;
}

int logs_keep(struct logs *l)
{
    for (size_t i = 0; i < l->n; i++) {
        int r = l->tail[i]->source.moved ? keep_one(l, l->tail[i]) : 0;
        if (r < 0)
            return r;
    }
    return take_leftovers(l);
}

size_t logs_count(const struct logs *l)
{
    return l->n;
}

const struct tail *logs_at(const struct logs *l, size_t i)
{
    return l->tail[i];
}

size_t logs_paths(const struct logs *l, const struct logpath **ret)
{
    *ret = l->path;
    return l->n_paths;
}
