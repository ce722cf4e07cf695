// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/conffile.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int refuse(struct problems *problems, const char *path, const char *why)
{
    return problems_error(problems, (struct origin){path, 0}, "%s", why);
}

static int read_all(int fd, char *buffer, size_t size, size_t *ret_n)
{
    size_t n = 0;

    while (n < size) {
        ssize_t r = read(fd, buffer + n, size - n);
        if (r < 0)
            return -errno;
        if (r == 0)
            break;
        n += (size_t)r;
    }
    *ret_n = n;
    return 0;
}

int conffile_read(const char *path, struct problems *problems, char **ret_text, size_t *ret_n)
{
    // A fifo or a device must not hold up the start.
    cleanup(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    cleanup(freep) char *text = NULL;
    struct stat st;
    size_t n = 0;
    int r;

    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return -ENOENT;
    if (fd < 0 || fstat(fd, &st) < 0)
        return refuse(problems, path, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return refuse(problems, path, S_ISDIR(st.st_mode) ? "is a directory" : "is not a file");
    // One byte more than is allowed tells a file that is too large from one that just fits, also
    // while it grows.
    text = malloc(CONFFILE_MAX + 1);
    if (!text)
        return -ENOMEM;
    r = read_all(fd, text, CONFFILE_MAX + 1, &n);
    if (r < 0)
        return refuse(problems, path, strerror(-r));
    if (n > CONFFILE_MAX)
        return refuse(problems, path, "is larger than 1 MiB: not a configuration file");
    // Everything behind it would be lost without a word.
    if (memchr(text, '\0', n))
        return refuse(problems, path, "holds a NUL byte: not a text file");
    text[n] = '\0';
    *ret_text = text;
    *ret_n = n;
    text = NULL;
    return 0;
}
