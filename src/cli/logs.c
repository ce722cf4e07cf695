// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/logs.h"

#include "engine/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024 };
// An mtime before 2000 is no date of a log: archives and build systems set such.
#define MTIME_LEAST (UINT64_C(946684800) * USEC_PER_SEC)

struct log_file {
    char *path;
    int fd;
    char *buffer;
    struct slice chunk; // what is left of the buffer
    struct lines lines;
    struct stamp stamp;
    struct line line; // the current one
    uint64_t number, size;
    usec_t place; // in the merged order: its time, or (undated) that of the line before
    usec_t now;
    bool ended, headed;
};

struct logs {
    const struct zone *zone;
    usec_t now;
    struct log_file **file;
    size_t n;
    unsigned *heap; // the files that have a current line, the earliest first
    size_t n_heap;
    bool started;
    uint64_t done;
    bool size_known;
    const char *failed;
};

struct logs *logs_new(const struct zone *zone, usec_t now)
{
    struct logs *l = calloc(1, sizeof(*l));

    if (l) {
        l->zone = zone;
        l->now = now;
        l->size_known = true;
    }
    return l;
}

static struct log_file *file_free(struct log_file *f)
{
    if (f) {
        if (f->fd > STDIN_FILENO)
            close(f->fd);
        lines_done(&f->lines);
        free(f->buffer);
        free(f->path);
        free(f);
    }
    return NULL;
}

struct logs *logs_free(struct logs *l)
{
    if (l) {
        for (size_t i = 0; i < l->n; i++)
            file_free(l->file[i]);
        free(l->file);
        free(l->heap);
        free(l);
    }
    return NULL;
}

static usec_t clock_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (usec_t)t.tv_sec * USEC_PER_SEC + (usec_t)t.tv_nsec / 1000;
}

static int open_log(struct log_file *f)
{
    struct stat st;

    if (f->fd < 0)
        f->fd =
            slice_is(slice_of(f->path), "-") ? STDIN_FILENO : open(f->path, O_RDONLY | O_CLOEXEC);
    if (f->fd < 0 || fstat(f->fd, &st) < 0)
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EISDIR;
    if (S_ISREG(st.st_mode)) {
        usec_t mtime = st.st_mtim.tv_sec > 0 ? (usec_t)st.st_mtim.tv_sec * USEC_PER_SEC : 0;
        f->size = (uint64_t)st.st_size;
        if (f->now == 0 && mtime >= MTIME_LEAST)
            f->now = mtime;
    }
    if (f->now == 0)
        f->now = clock_now();
    return 0;
}

static int grow(struct logs *l)
{
    struct log_file **file = reallocarray(l->file, l->n + 1, sizeof(*file));
    unsigned *heap;

    if (!file)
        return -ENOMEM;
    l->file = file;
    heap = reallocarray(l->heap, l->n + 1, sizeof(*heap));
    if (!heap)
        return -ENOMEM;
    l->heap = heap;
    return 0;
}

// fd: what is open already; -1: the path is to be opened.
static int add(struct logs *l, const char *path, int fd)
{
    struct log_file *f;
    const char *slash = strrchr(path, '/');
    int r = grow(l);

    if (r < 0)
        return r;
    f = calloc(1, sizeof(*f));
    if (!f)
        return -ENOMEM;
    f->fd = fd;
    f->now = l->now;
    f->path = strdup(path);
    f->buffer = malloc(CHUNK);
    r = !f->path || !f->buffer ? -ENOMEM : lines_init(&f->lines, LINES_MAX);
    if (r == 0)
        r = open_log(f);
    if (r < 0) {
        file_free(f);
        return r;
    }
    stamp_init(&f->stamp, l->zone);
    stamp_hint_name(&f->stamp, slice_of(slash ? slash + 1 : path));
    stamp_hint_mtime(&f->stamp, f->now);
    l->size_known = l->size_known && f->size > 0;
    l->file[l->n++] = f;
    return 0;
}

int logs_add(struct logs *l, const char *path)
{
    return add(l, path, -1);
}

int logs_add_line(struct logs *l, const char *line)
{
    int fd = memfd_create("line", MFD_CLOEXEC);

    if (fd < 0)
        return -errno;
    if (dprintf(fd, "%s\n", line) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
        int r = -errno;
        close(fd);
        return r;
    }
    return add(l, "command line", fd);
}

static int fill(struct logs *l, struct log_file *f)
{
    ssize_t n;

    do
        n = read(f->fd, f->buffer, CHUNK);
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        l->failed = f->path;
        return -errno;
    }
    f->chunk = (struct slice){f->buffer, (size_t)n};
    f->ended = n == 0;
    if (!f->headed)
        stamp_hint_head(&f->stamp, f->chunk);
    f->headed = true;
    l->done += (uint64_t)n;
    return 0;
}

// Takes the file's next line. 1, or 0 at its end.
static int advance(struct logs *l, struct log_file *f)
{
    struct slice text;

    while (!lines_next(&f->lines, &f->chunk, &text)) {
        int r;
        if (f->ended && !lines_last(&f->lines, &text))
            return 0;
        if (f->ended)
            break;
        r = fill(l, f);
        if (r < 0)
            return r;
    }
    f->number++;
    stamp_line(&f->stamp, text, f->now, &f->line);
    line_take_body(&f->line);
    if (f->line.dated)
        f->place = f->line.time;
    return 1;
}

// Of two lines in the same place, the one of the file named first.
static bool before(const struct logs *l, unsigned a, unsigned b)
{
    usec_t at = l->file[a]->place, bt = l->file[b]->place;

    return at != bt ? at < bt : a < b;
}

static void sift_down(struct logs *l, size_t i)
{
    for (size_t child = 2 * i + 1; child < l->n_heap; child = 2 * i + 1) {
        unsigned moved = l->heap[i];
        if (child + 1 < l->n_heap && before(l, l->heap[child + 1], l->heap[child]))
            child++;
        if (!before(l, l->heap[child], moved))
            return;
        l->heap[i] = l->heap[child];
        l->heap[child] = moved;
        i = child;
    }
}

static int start(struct logs *l)
{
    for (unsigned i = 0; i < l->n; i++) {
        int r = advance(l, l->file[i]);
        if (r < 0)
            return r;
        if (r > 0)
            l->heap[l->n_heap++] = i;
    }
    for (size_t i = l->n_heap / 2; i-- > 0;)
        sift_down(l, i);
    l->started = true;
    return 0;
}

// Moves on in the file whose line was given out last.
static int move_on(struct logs *l)
{
    int r = advance(l, l->file[l->heap[0]]);

    if (r < 0)
        return r;
    if (r == 0)
        l->heap[0] = l->heap[--l->n_heap];
    sift_down(l, 0);
    return 0;
}

int logs_next(struct logs *l, struct log_entry *ret)
{
    int r = !l->started ? start(l) : l->n_heap > 0 ? move_on(l) : 0;
    struct log_file *f;

    if (r < 0)
        return r;
    if (l->n_heap == 0)
        return 0;
    f = l->file[l->heap[0]];
    *ret = (struct log_entry){&f->line, l->heap[0], f->number, f->now};
    return 1;
}

const char *logs_path(const struct logs *l, unsigned file)
{
    return l->file[file]->path;
}

const char *logs_failed(const struct logs *l)
{
    return l->failed;
}

size_t logs_count(const struct logs *l)
{
    return l->n;
}

uint64_t logs_done(const struct logs *l)
{
    return l->done;
}

uint64_t logs_size(const struct logs *l)
{
    uint64_t size = 0;

    for (size_t i = 0; l->size_known && i < l->n; i++)
        size += l->file[i]->size;
    return size;
}

uint64_t logs_overlong(const struct logs *l)
{
    uint64_t n = 0;

    for (size_t i = 0; i < l->n; i++)
        n += l->file[i]->lines.overlong;
    return n;
}
