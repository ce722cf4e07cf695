// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/secret.h"

#include "base/cleanup.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_ours(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
           (st.st_mode & 077) == 0 && st.st_size == sizeof(struct siphash_key);
}

static bool take(const char *path, struct siphash_key *ret)
{
    cleanup(closep) int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct siphash_key key;

    if (fd < 0 || !is_ours(fd) || read(fd, &key, sizeof(key)) != (ssize_t)sizeof(key))
        return false;
    *ret = key;
    return true;
}

// Whole or not at all, whenever the power goes.
static int keep(const char *path, const struct siphash_key *key)
{
    cleanup(closep) int fd = -1;
    char draft[PATH_MAX];

    if (snprintf(draft, sizeof(draft), "%s.new", path) >= (int)sizeof(draft))
        return -ENAMETOOLONG;
    unlink(draft);
    fd = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    if (write(fd, key, sizeof(*key)) != (ssize_t)sizeof(*key))
        return -EIO;
    return fsync(fd) < 0 || rename(draft, path) < 0 ? -errno : 0;
}

int secret_read(const char *state, struct siphash_key *ret)
{
    char path[PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s/secret.key", state);
    struct siphash_key key;
    bool is_path = n < (int)sizeof(path);
    int r;

    if (is_path && take(path, ret))
        return 0;
    if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key))
        return -EIO;
    r = is_path ? keep(path, &key) : -ENAMETOOLONG;
    if (r < 0)
        log_line(LEVEL_WARNING,
                 "%s/secret.key cannot be written, so after a restart no wrong password is "
                 "recognized: %s",
                 state, strerror(-r));
    *ret = key;
    return 0;
}
