// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/place.h"

#include "base/cleanup.h"
#include "base/hash.h"
#include "base/take.h"
#include "scan/follow.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

enum {
    FOLDER_MAX = 1 << 16, // entries looked at; a log whose rotated files come later is not found
    COPY_HEAD_MIN = 128,  // a shorter head does not tell a copy from a log of the same moment
    NUMBER_MAX = 10000,   // what is less is a number, what is more a date
};

int place_open(int folder, const char *path, struct stat *ret_st, int *ret_fd)
{
    struct stat st;
    int fd;

    if (fstatat(folder, path, &st, 0) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode))
        return S_ISDIR(st.st_mode) ? -EISDIR : -ENOTSUP;
    fd = openat(folder, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return -errno;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return -ENOTSUP;
    }
    *ret_st = st;
    *ret_fd = fd;
    return 0;
}

uint64_t place_hash(const void *head, size_t n)
{
    return hash_bytes(head, n, 0);
}

bool place_is(int fd, const struct position *p)
{
    char head[FOLLOW_HEAD];
    struct stat st;

    if (p->head_length > sizeof(head) || fstat(fd, &st) < 0 || (uint64_t)st.st_size < p->offset)
        return false;
    if ((st.st_dev != p->device || st.st_ino != p->inode) && p->head_length < COPY_HEAD_MIN)
        return false;
    return pread(fd, head, p->head_length, 0) == (ssize_t)p->head_length &&
           place_hash(head, p->head_length) == p->head_hash;
}

// The order of rotated names, newer ones higher: ".2" is -2, ".1" is -1, "-20260228" is 20260228.
static bool parse_suffix(const char *name, const char *base, int64_t *ret_rank)
{
    size_t n = strlen(base), digits = 0;
    int64_t value = 0;

    if (strncmp(name, base, n) != 0 || !name[n] || !strchr(".-_", name[n]))
        return false;
    for (const char *p = name + n; *p; p++) {
        if (is_digit(*p) && ++digits <= 18)
            value = value * 10 + (*p - '0');
        else if (!strchr(".-_", *p))
            return false;
    }
    if (digits == 0 || digits > 18)
        return false;
    *ret_rank = value < NUMBER_MAX ? -value : value;
    return true;
}

bool place_is_rotated(const char *path, const char *log)
{
    int64_t rank;

    return parse_suffix(path, log, &rank);
}

struct folder {
    DIR *dir;
    char path[PATH_MAX];
    const char *base; // the log's name
    size_t left;
};

static void folder_close(struct folder *f)
{
    if (f->dir)
        closedir(f->dir);
}

static int folder_open(const char *path, struct folder *ret)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) + 1 : 0;

    if (n >= sizeof(ret->path))
        return -ENAMETOOLONG;
    memcpy(ret->path, path, n);
    ret->path[n] = '\0';
    ret->base = path + n;
    ret->left = FOLDER_MAX;
    ret->dir = opendir(n > 0 ? ret->path : ".");
    return ret->dir ? 0 : -errno;
}

// The next regular file; symbolic links are not followed: what they lead to lies elsewhere.
static const char *folder_next(struct folder *f, struct stat *ret_st)
{
    for (struct dirent *e; f->left > 0 && (e = readdir(f->dir)); f->left--) {
        if (fstatat(dirfd(f->dir), e->d_name, ret_st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(ret_st->st_mode))
            return e->d_name;
    }
    return NULL;
}

int place_find(const char *path, const struct position *p, int *ret_fd)
{
    cleanup(folder_close) struct folder f = {0};
    const char *name;
    struct stat st;
    int64_t rank;
    int fd, r = folder_open(path, &f);

    if (r < 0)
        return r;
    while ((name = folder_next(&f, &st))) {
        if (st.st_ino != p->inode && !parse_suffix(name, f.base, &rank))
            continue;
        if (place_open(dirfd(f.dir), name, &st, &fd) < 0)
            continue;
        if (place_is(fd, p)) {
            *ret_fd = fd;
            return 0;
        }
        close(fd);
    }
    return -ENOENT;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

static int64_t mtime_of(const struct stat *st)
{
    return st->st_mtim.tv_sec * INT64_C(1000000000) + st->st_mtim.tv_nsec;
}

// Where the file stands in the order of rotated names, else (its name is another one, or it has
// none any more) in that of times.
struct order {
    bool is_named;
    int64_t rank;
};

static int find_order(const char *path, const struct stat *file, struct order *ret)
{
    cleanup(folder_close) struct folder f = {0};
    const char *name;
    struct stat st;
    int r = folder_open(path, &f);

    if (r < 0)
        return r;
    *ret = (struct order){false, mtime_of(file)};
    while (!ret->is_named && (name = folder_next(&f, &st)))
        ret->is_named = same_file(&st, file) && parse_suffix(name, f.base, &ret->rank);
    return 0;
}

static int open_after(const char *path, const struct stat *file, struct order after, int *ret_fd)
{
    cleanup(folder_close) struct folder f = {0};
    char best[NAME_MAX + 1] = "";
    int64_t rank, least = INT64_MAX;
    const char *name;
    struct stat st;
    int r = folder_open(path, &f);

    if (r < 0)
        return r;
    while ((name = folder_next(&f, &st))) {
        if (!parse_suffix(name, f.base, &rank) || st.st_size == 0 || same_file(&st, file))
            continue;
        if (!after.is_named)
            rank = mtime_of(&st);
        if (rank <= after.rank || rank >= least)
            continue;
        least = rank;
        strcpy(best, name);
    }
    return best[0] ? place_open(dirfd(f.dir), best, &st, ret_fd) : -ENOENT;
}

static bool same_open(int a, int b)
{
    struct stat st_a, st_b;

    return fstat(a, &st_a) == 0 && fstat(b, &st_b) == 0 && same_file(&st_a, &st_b);
}

int place_next(const char *path, int after, int *ret_fd)
{
    cleanup(closep) int fd = -1, again = -1;
    struct order before, since;
    struct stat file;
    int first, second, r;

    if (fstat(after, &file) < 0)
        return -errno;
    r = find_order(path, &file, &before);
    if (r < 0)
        return r;
    // Names are shifted from the oldest on, so that while ours stays the same the next one's
    // changes once at most: it may slip through one look at the folder, but not through two.
    first = open_after(path, &file, before, &fd);
    second = open_after(path, &file, before, &again);
    r = find_order(path, &file, &since);
    if (r < 0)
        return r;
    if (since.rank != before.rank || since.is_named != before.is_named || first != second ||
        (first == 0 && !same_open(fd, again)))
        return -EAGAIN;
    if (first < 0)
        return first;
    *ret_fd = fd;
    fd = -1;
    return 0;
}
