// SPDX-License-Identifier: GPL-2.0-or-later
#include "scan/folder.h"

#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_empty(const char *path)
{
    DIR *dir = opendir(path);
    bool empty = dir != NULL;

    for (const struct dirent *e; empty && (e = readdir(dir));)
        empty = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
    if (dir)
        closedir(dir);
    return empty;
}

static int make_parents(const char *path)
{
    char part[PATH_MAX];

    if (strlen(path) >= sizeof(part))
        return -ENAMETOOLONG;
    strcpy(part, path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0755) < 0 && errno != EEXIST)
            return -errno;
        *slash = '/';
    }
    return 0;
}

static int prepare(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
    bool is_new;
    struct stat st;
    int r = make_parents(path);

    if (r < 0)
        return r;
    is_new = mkdir(path, mode) == 0;
    if (!is_new && errno != EEXIST)
        return -errno;
    if (is_new && chmod(path, mode) < 0)
        return -errno;
    if (stat(path, &st) < 0)
        return -errno;
    if (!S_ISDIR(st.st_mode))
        return -ENOTDIR;
    if (getuid() != 0 || st.st_uid == uid || (!is_new && (st.st_uid != 0 || !is_empty(path))))
        return 0;
    return chown(path, uid, gid) < 0 ? -errno : 0;
}

int folder_prepare(const char *path, mode_t mode, uid_t uid, gid_t gid)
{
    int r = prepare(path, mode, uid, gid);

    if (r < 0)
        log_line(LEVEL_ERROR, "%s cannot be used: %s", path, strerror(-r));
    return r;
}
