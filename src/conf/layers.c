// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/layers.h"

#include "base/cleanup.h"
#include "conf/conffile.h"
#include "conf/dialect.h"
#include "conf/interpolate.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// The file being read, and the files that led to it.
struct chain {
    const struct chain *up;
    const char *path;
    unsigned depth;
};

struct layers {
    struct problems *problems;
    struct ini *ini; // all files so far
    size_t files;
    bool spoilt; // a file had errors
};

static bool exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

// A folder with both is tailban's: somebody is moving over.
enum layout layers_layout(const char *dir)
{
    static const char *const marks[] = {"jail.conf", "jail.local", "jail.d"};
    char path[PATH_MAX];

    snprintf(path, sizeof(path), "%s/jails", dir);
    for (size_t i = 0; !exists(path) && i < sizeof(marks) / sizeof(marks[0]); i++) {
        char mark[PATH_MAX];
        snprintf(mark, sizeof(mark), "%s/%s", dir, marks[i]);
        if (exists(mark))
            return LAYOUT_FAIL2BAN;
    }
    return LAYOUT_TAILBAN;
}

static bool in_chain(const struct chain *c, const char *path)
{
    for (; c; c = c->up) {
        if (strcmp(c->path, path) == 0)
            return true;
    }
    return false;
}

static const char *first_of(const struct chain *c)
{
    while (c->up)
        c = c->up;
    return c->path;
}

static int read_file(struct layers *l, const char *path, const struct chain *up);

// A file, and behind X.conf its X.local.
static int read_with_local(struct layers *l, const char *path, const struct chain *up)
{
    const char *dot = strrchr(path, '.');
    size_t stem = dot && !strchr(dot, '/') ? (size_t)(dot - path) : strlen(path);
    cleanup(freep) char *local = NULL;
    int r = in_chain(up, path) ? 0 : read_file(l, path, up);

    if (r < 0 || strcmp(path + stem, ".local") == 0)
        return r;
    if (asprintf(&local, "%.*s.local", (int)stem, path) < 0)
        return -ENOMEM;
    return in_chain(up, local) ? 0 : read_file(l, local, up);
}

// One name out of [INCLUDES], relative to the file that has it.
static int include_one(struct layers *l, const struct chain *from, struct slice name)
{
    const char *slash = strrchr(from->path, '/');
    size_t dot = slice_starts(name, "./") ? 2 : 0;
    int folder = name.p[0] == '/' || !slash ? 0 : (int)(slash - from->path + 1);
    cleanup(freep) char *path = NULL;

    if (asprintf(&path, "%.*s%.*s", folder, from->path, (int)(name.n - dot), name.p + dot) < 0)
        return -ENOMEM;
    return read_with_local(l, path, from);
}

static int include(struct layers *l, const struct ini *ini, const char *option,
                   const struct chain *from)
{
    struct scope scope = {.place = {{ini, "INCLUDES"}, {ini, INI_DEFAULT}},
                          .n_places = 2,
                          .ini = ini,
                          .section = "INCLUDES"};
    cleanup(text_done) struct text names = {0};
    struct text_cursor c = {0};
    struct slice name;
    struct origin at;
    int r = ini_has(ini, "INCLUDES", option) ? scope_get(&scope, option, l->problems, &names)
                                             : INI_E_MISSING;

    if (r == -EINVAL)
        l->spoilt = true;
    while (r == 0 && l->files <= LAYERS_FILES_MAX && text_next(&names, &c, &name, &at)) {
        if (name.n > 0)
            r = include_one(l, from, name);
    }
    return r == -ENOMEM ? r : 0;
}

static int parse(struct layers *l, const char *path, struct ini **ret)
{
    cleanup(freep) char *text = NULL;
    size_t n;
    int r = conffile_read(path, l->problems, &text, &n);

    return r < 0 ? r : dialect_read((struct slice){text, n}, path, l->problems, ret);
}

static int read_file(struct layers *l, const char *path, const struct chain *up)
{
    cleanup(ini_freep) struct ini *ini = NULL;
    struct chain self = {up, path, up ? up->depth + 1 : 0};
    int r;

    r = parse(l, path, &ini);
    // fail2ban's own files include some that only users have.
    if (r == -ENOENT || r == -ENOMEM)
        return r == -ENOENT ? 0 : r;
    if (self.depth > LAYERS_DEPTH_MAX || ++l->files > LAYERS_FILES_MAX)
        r = problems_error(l->problems, (struct origin){first_of(&self), 0},
                           "includes more than %d files, or deeper than %d", LAYERS_FILES_MAX,
                           LAYERS_DEPTH_MAX);
    if (r < 0) {
        l->spoilt = true;
        return 0;
    }
    r = include(l, ini, "before", &self);
    if (r == 0)
        r = ini_merge(l->ini, ini);
    if (r == -E2BIG) {
        l->spoilt = true;
        problems_error(l->problems, (struct origin){path, 0}, "more options than fit (%d)",
                       INI_OPTIONS_MAX);
        return 0;
    }
    return r < 0 ? r : include(l, ini, "after", &self);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t n = strlen(name), s = strlen(suffix);

    return name[0] != '.' && n > s && strcmp(name + n - s, suffix) == 0;
}

// The names in a folder that end in suffix, sorted by their bytes whatever the locale; no folder,
// no names.
static int list_folder(struct layers *l, const char *folder, const char *suffix,
                       char *ret_names[static LAYERS_FILES_MAX], size_t *ret_n)
{
    DIR *d = opendir(folder);
    int r = d || errno == ENOENT || errno == ENOTDIR ? 0 : errno;

    if (r > 0)
        problems_error(l->problems, (struct origin){folder, 0}, "%s", strerror(r));
    *ret_n = 0;
    r = 0;
    for (struct dirent *e; d && r == 0 && *ret_n < LAYERS_FILES_MAX && (e = readdir(d));) {
        if (!has_suffix(e->d_name, suffix))
            continue;
        ret_names[*ret_n] = strdup(e->d_name);
        r = ret_names[*ret_n] ? 0 : -ENOMEM;
        *ret_n += r == 0;
    }
    if (d)
        closedir(d);
    qsort(ret_names, *ret_n, sizeof(*ret_names), by_name);
    return r;
}

static int read_folder(struct layers *l, const char *folder, const char *suffix)
{
    char *names[LAYERS_FILES_MAX];
    size_t n;
    int r = list_folder(l, folder, suffix, names, &n);

    for (size_t i = 0; i < n; i++) {
        cleanup(freep) char *path = NULL;
        if (r == 0 && asprintf(&path, "%s/%s", folder, names[i]) < 0)
            r = -ENOMEM;
        if (r == 0)
            r = read_file(l, path, NULL);
        free(names[i]);
    }
    return r;
}

// fail2ban's order around a name: NAME.conf, NAME.d/*.conf, NAME.local, NAME.d/*.local.
static int read_base(struct layers *l, const char *base)
{
    static const char *const suffixes[] = {".conf", ".local"};
    int r = 0;

    for (size_t i = 0; i < 2 && r == 0; i++) {
        cleanup(freep) char *file = NULL, *folder = NULL;
        if (asprintf(&file, "%s%s", base, suffixes[i]) < 0 || asprintf(&folder, "%s.d", base) < 0)
            return -ENOMEM;
        r = read_file(l, file, NULL);
        if (r == 0)
            r = read_folder(l, folder, suffixes[i]);
    }
    return r;
}

static int finish(struct layers *l, int r, struct ini **ret)
{
    if (r < 0) {
        l->ini = ini_free(l->ini);
        return r;
    }
    *ret = l->ini;
    return 0;
}

int layers_jails(const char *dir, enum layout layout, struct problems *problems, struct ini **ret)
{
    struct layers l = {.problems = problems, .ini = ini_new()};
    cleanup(freep) char *base = NULL;
    int r = l.ini ? 0 : -ENOMEM;

    if (asprintf(&base, "%s/%s", dir, layout == LAYOUT_TAILBAN ? "jails" : "jail") < 0)
        r = -ENOMEM;
    if (r == 0 && layout == LAYOUT_FAIL2BAN)
        r = read_base(&l, base);
    if (r == 0 && layout == LAYOUT_TAILBAN)
        r = read_folder(&l, base, ".conf");
    if (r == 0 && layout == LAYOUT_TAILBAN)
        r = read_folder(&l, base, ".local");
    return finish(&l, r, ret);
}

static int finish_filter(struct layers *l, int r, struct ini **ret)
{
    if (r == 0 && l->spoilt)
        r = -EINVAL;
    if (r == 0 && l->files == 0) {
        ini_free(l->ini);
        return INI_E_MISSING;
    }
    return finish(l, r, ret);
}

int layers_filter(const char *dir, enum layout layout, const char *name, struct problems *problems,
                  struct ini **ret)
{
    struct layers l = {.problems = problems, .ini = ini_new()};
    cleanup(freep) char *base = NULL;
    int r = l.ini ? 0 : -ENOMEM;

    if (asprintf(&base, "%s/%s/%s", dir, layout == LAYOUT_TAILBAN ? "filters" : "filter.d", name) <
        0)
        r = -ENOMEM;
    if (r == 0)
        r = read_base(&l, base);
    return finish_filter(&l, r, ret);
}

int layers_file(const char *path, struct problems *problems, struct ini **ret)
{
    struct layers l = {.problems = problems, .ini = ini_new()};
    int r = l.ini ? read_with_local(&l, path, NULL) : -ENOMEM;

    return finish_filter(&l, r, ret);
}
