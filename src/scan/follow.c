// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/follow.h"

#include "base/cleanup.h"
#include "scan/place.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct follow {
    char *path;
    char *real;     // what path led to when its file was opened: rotated files lie there
    int fd;         // -1: none
    struct stat st; // of the file when it was opened
    uint64_t offset;
    bool live;
    bool has_start; // no file has been opened yet, and start says where to go on
    struct position start;
    struct stat barren; // the file at path when nothing was found between it and ours
    size_t head_n;
    char head[FOLLOW_HEAD];
    char *chunk; // FOLLOW_CHUNK bytes while there is something to read: most logs are idle
};

int follow_new(const char *path, const struct position *start, struct follow **ret)
{
    struct follow *f = calloc(1, sizeof(*f));

    if (!f || !(f->path = strdup(path))) {
        free(f);
        return -ENOMEM;
    }
    f->fd = -1;
    if (start) {
        f->start = *start;
        f->has_start = true;
    }
    *ret = f;
    return 0;
}

struct follow *follow_free(struct follow *f)
{
    if (f) {
        closep(&f->fd);
        free(f->chunk);
        free(f->path);
        free(f->real);
        free(f);
    }
    return NULL;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

// Whether the file still begins as it did: one that was truncated and has grown again does not.
// What it has grown to since is remembered.
static int check_head(struct follow *f, bool *ret_same)
{
    char head[FOLLOW_HEAD];
    ssize_t n = pread(f->fd, head, sizeof(head), 0);

    if (n < 0)
        return -errno;
    *ret_same = (size_t)n >= f->head_n && memcmp(head, f->head, f->head_n) == 0;
    if (*ret_same && (size_t)n > f->head_n) {
        memcpy(f->head, head, (size_t)n);
        f->head_n = (size_t)n;
    }
    return 0;
}

static int take(struct follow *f, int fd, uint64_t offset)
{
    bool same;

    closep(&f->fd);
    f->fd = fd;
    if (fstat(fd, &f->st) < 0)
        return -errno;
    f->offset = offset;
    f->live = false;
    f->has_start = false;
    f->barren = (struct stat){0};
    f->head_n = 0;
    return check_head(f, &same);
}

static int set_real(struct follow *f)
{
    char *real = realpath(f->path, NULL);

    if (!real && !(real = strdup(f->path)))
        return -ENOMEM;
    free(f->real);
    f->real = real;
    return 0;
}

static int open_first(struct follow *f)
{
    int fd = -1, found, r;
    struct stat st;
    uint64_t offset = 0;

    r = place_open(AT_FDCWD, f->path, &st, &fd);
    if (r < 0 && r != -ENOENT && r != -ENOTDIR)
        return r;
    r = set_real(f);
    if (r < 0) {
        closep(&fd);
        return r;
    }
    if (f->has_start && fd >= 0 && place_is(fd, &f->start)) {
        offset = f->start.offset;
    } else if (f->has_start && place_find(f->real, &f->start, &found) == 0) {
        closep(&fd);
        fd = found;
        offset = f->start.offset;
    }
    if (fd < 0)
        return 0;
    r = take(f, fd, offset);
    return r < 0 ? r : FOLLOW_E_NEW_FILE;
}

static int read_chunk(struct follow *f, struct slice *ret_chunk);

// The file is not the one that was being read any more. What had not been read of it may be in the
// copy that was made before it was truncated; then reading goes on there.
static int restart(struct follow *f, struct slice *ret_chunk)
{
    struct position p;
    int fd, r;

    follow_position(f, 0, &p);
    if (place_find(f->real, &p, &fd) == 0) {
        r = take(f, fd, p.offset);
        return r < 0 ? r : read_chunk(f, ret_chunk);
    }
    f->offset = 0;
    f->head_n = 0;
    f->live = false;
    return FOLLOW_E_NEW_FILE;
}

static int read_chunk(struct follow *f, struct slice *ret_chunk)
{
    struct stat st;
    ssize_t n;
    bool same;
    int r;

    if (!f->chunk && !(f->chunk = malloc(FOLLOW_CHUNK)))
        return -ENOMEM;
    n = pread(f->fd, f->chunk, FOLLOW_CHUNK, (off_t)f->offset);
    if (n < 0 || (n == 0 && fstat(f->fd, &st) < 0))
        return -errno;
    // After reading, so that bytes of a file truncated meanwhile are not taken for this one's.
    r = check_head(f, &same);
    if (r < 0)
        return r;
    if (!same)
        return restart(f, ret_chunk);
    if (n > 0) {
        f->offset += (size_t)n;
        *ret_chunk = (struct slice){f->chunk, (size_t)n};
        return FOLLOW_E_CHUNK;
    }
    if ((uint64_t)st.st_size >= f->offset)
        return 0;
    // Cut at its end: what is left has been read.
    f->offset = (uint64_t)st.st_size;
    return FOLLOW_E_NEW_FILE;
}

// Opens what came after the file we are at the end of, if somebody writes there already: before
// that, lines may still come to ours. -ENOENT: nothing yet.
static int open_next(struct follow *f, int *ret_fd)
{
    struct stat at_path, st;
    int fd, r;

    if (stat(f->path, &at_path) < 0)
        return errno == ENOTDIR ? -ENOENT : -errno;
    if (same_file(&at_path, &f->st))
        return -ENOENT;
    // Between ours and the one at path there are others, where logs were rotated twice since.
    if (!same_file(&at_path, &f->barren)) {
        r = place_next(f->real, f->fd, ret_fd);
        if (r == 0 || r == -EAGAIN)
            return r;
        f->barren = at_path;
    }
    if (S_ISREG(at_path.st_mode) && at_path.st_size == 0)
        return -ENOENT;
    r = place_open(AT_FDCWD, f->path, &st, &fd);
    if (r < 0)
        return r;
    if (!same_file(&st, &at_path)) { // rotated again meanwhile: look anew at the next call
        close(fd);
        return -EAGAIN;
    }
    r = set_real(f);
    if (r < 0) {
        close(fd);
        return r;
    }
    *ret_fd = fd;
    return 0;
}

static int read_next(struct follow *f, struct slice *ret_chunk)
{
    struct position p;
    int fd, r = open_next(f, &fd);

    for (unsigned tries = 0; r == -EAGAIN && tries < 8; tries++)
        r = open_next(f, &fd);
    if (r < 0)
        return r == -ENOENT || r == -EAGAIN ? 0 : r;
    // Nobody writes to ours any more, so this is the rest of it.
    r = read_chunk(f, ret_chunk);
    if (r != 0) {
        close(fd);
        return r;
    }
    // An editor's new copy of the log is not read again.
    follow_position(f, 0, &p);
    r = take(f, fd, place_is(fd, &p) ? p.offset : 0);
    return r < 0 ? r : FOLLOW_E_NEW_FILE;
}

int follow_read(struct follow *f, struct slice *ret_chunk)
{
    int r;

    if (f->fd < 0)
        return open_first(f);
    r = read_chunk(f, ret_chunk);
    if (r != 0)
        return r;
    f->live = true;
    r = read_next(f, ret_chunk);
    if (r <= 0) {
        free(f->chunk);
        f->chunk = NULL;
    }
    return r;
}

const char *follow_path(const struct follow *f)
{
    return f->path;
}

struct slice follow_head(const struct follow *f)
{
    return (struct slice){f->head, f->head_n};
}

usec_t follow_mtime(const struct follow *f)
{
    const struct timespec *t = &f->st.st_mtim;

    return t->tv_sec < 0 ? 0 : (usec_t)t->tv_sec * USEC_PER_SEC + (usec_t)t->tv_nsec / 1000;
}

bool follow_is_open(const struct follow *f)
{
    return f->fd >= 0;
}

uint64_t follow_offset(const struct follow *f)
{
    return f->offset;
}

uint64_t follow_size(const struct follow *f)
{
    struct stat st;

    return f->fd >= 0 && fstat(f->fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}

bool follow_is_live(const struct follow *f)
{
    return f->live;
}

int follow_position(const struct follow *f, uint64_t pending, struct position *ret)
{
    if (f->fd < 0)
        return -ENOENT;
    *ret = (struct position){
        .device = f->st.st_dev,
        .inode = f->st.st_ino,
        .offset = pending < f->offset ? f->offset - pending : 0,
        .head_hash = place_hash(f->head, f->head_n),
        .head_length = (uint32_t)f->head_n,
    };
    return 0;
}
