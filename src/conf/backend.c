// SPDX-License-Identifier: GPL-2.0-or-later
// backend: whether a jail reads files or a journal, and which.
#include "base/cleanup.h"
#include "conf/filterref.h"
#include "conf/value.h"
#include "conf/words.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { FLAG_SYSTEM = 4, FLAGS_MOST = 127 }; // sd_journal_open(3)

// Files are always followed by inotify.
static const struct {
    const char *name;
    enum backend backend;
} names[] = {
    {"auto", BACKEND_AUTO},     {"polling", BACKEND_FILES}, {"pyinotify", BACKEND_FILES},
    {"inotify", BACKEND_FILES}, {"gamin", BACKEND_FILES},   {"systemd", BACKEND_SYSTEMD},
};

static int take_path(struct pool *pool, const char *value, struct journal_conf *ret)
{
    ret->path = pool_copy(pool, slice_of(value));
    return value[0] != '/' ? -EINVAL : ret->path ? 0 : -ENOMEM;
}

static int take_files(struct pool *pool, const char *value, struct journal_conf *ret)
{
    struct slice rest = slice_of(value), word;

    ret->file = pool_alloc(pool, rest.n, sizeof(*ret->file));
    if (!ret->file)
        return -ENOMEM;
    while (words_next(&rest, &word)) {
        char *file = pool_copy(pool, word);
        if (!file)
            return -ENOMEM;
        if (file[0] != '/')
            return -EINVAL;
        ret->file[ret->n_file++] = file;
    }
    return ret->n_file > 0 ? 0 : -EINVAL;
}

static int take_flags(struct pool *pool, const char *value, struct journal_conf *ret)
{
    uint32_t flags;

    (void)pool;
    if (words_number(slice_of(value), 0, FLAGS_MOST, &flags) < 0)
        return -EINVAL;
    ret->flags = flags;
    return 0;
}

static int take_namespace(struct pool *pool, const char *value, struct journal_conf *ret)
{
    ret->name_space = pool_copy(pool, slice_of(value));
    return value[0] == '\0' || strchr(value, '/') ? -EINVAL : ret->name_space ? 0 : -ENOMEM;
}

// Rotated files are always read.
static int take_rotated(struct pool *pool, const char *value, struct journal_conf *ret)
{
    bool rotated;

    (void)pool, (void)ret;
    return value_bool(value, &rotated);
}

static const struct param {
    const char *name;
    int (*take)(struct pool *pool, const char *value, struct journal_conf *ret);
    const char *advice;
} params[] = {
    {"journalpath", take_path, "write the whole path of a folder, from / on"},
    {"journalfiles", take_files, "write the whole paths of the files, from / on"},
    {"journalflags", take_flags, "write a number from 0 to 127, as sd_journal_open(3) takes it"},
    {"namespace", take_namespace, "write the name of a journal namespace"},
    {"rotated", take_rotated, "write true or false"},
};

static const struct param *find_param(const char *name)
{
    for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
        if (strcmp(params[i].name, name) == 0)
            return &params[i];
    }
    return NULL;
}

// As it was written: an ini's values are kept with their '%' doubled.
static char *plain_value(const struct ini *given, const char *name)
{
    const char *p = ini_value(given, FILTERREF_PARAMS, name);
    char *value = p ? strdup(p) : NULL, *to = value;

    for (; to && *p; p++) {
        *to++ = *p;
        p += p[0] == '%' && p[1] == '%';
    }
    if (to)
        *to = '\0';
    return value;
}

static int take_params(struct draft *d, const struct text *value, const struct ini *given)
{
    struct journal_conf *journal = &d->jail->journal;
    const char *name;
    int r = 0;

    for (size_t c = 0; r == 0 && (name = ini_next(given, FILTERREF_PARAMS, &c));) {
        const struct param *p = find_param(name);
        cleanup(freep) char *plain = plain_value(given, name);
        if (!p)
            return problems_error(d->problems, value->line[0],
                                  "backend: unknown option '%s': journalpath, journalfiles, "
                                  "journalflags and namespace are known",
                                  name);
        r = plain ? p->take(d->problems->pool, plain, journal) : -ENOMEM;
        if (r == -EINVAL)
            return problems_error(d->problems, value->line[0], "backend: %s = %s: %s", name, plain,
                                  p->advice);
    }
    return r;
}

// What is in the brackets, in a form that says the same for all who mean the same.
static int name_journal(struct pool *pool, const struct ini *given, unsigned flags,
                        struct journal_conf *ret)
{
    cleanup(freep) char *where = NULL;
    size_t size;
    FILE *f = open_memstream(&where, &size);

    if (!f)
        return -ENOMEM;
    for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++) {
        cleanup(freep) char *value = plain_value(given, params[i].name);
        if (!value || (params[i].take == take_flags && ret->flags == flags) ||
            params[i].take == take_rotated)
            continue;
        fprintf(f, "%s%s=\"%s\"", ftell(f) > 0 ? ", " : "", params[i].name, value);
    }
    if (fclose(f) != 0)
        return -ENOMEM;
    ret->where = pool_copy(pool, slice_of(where));
    return ret->where ? 0 : -ENOMEM;
}

static int take_journal(struct draft *d, const struct text *value, const struct ini *given)
{
    struct journal_conf *journal = &d->jail->journal;
    bool own = ini_value(given, FILTERREF_PARAMS, "journalpath") ||
               ini_value(given, FILTERREF_PARAMS, "journalfiles");
    unsigned flags = own ? 0 : FLAG_SYSTEM;
    int r;

    journal->flags = flags;
    r = take_params(d, value, given);
    return r < 0 ? r : name_journal(d->problems->pool, given, flags, journal);
}

int value_parse_backend(struct draft *d, const char *key, const struct text *value, void *field)
{
    cleanup(ini_freep) struct ini *given = ini_new();
    cleanup(freep) char *name = NULL;
    int r = given ? filterref_split(value, &name, given) : -ENOMEM;

    if (r == -ENOMEM)
        return r;
    for (size_t i = 0; r == 0 && i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i].name) != 0)
            continue;
        *(enum backend *)field = names[i].backend;
        return take_journal(d, value, given);
    }
    return problems_error(d->problems, value->line[0],
                          "%s = %s: write auto, inotify, systemd or systemd[journalpath=FOLDER]",
                          key, value->p);
}

void value_print_backend(const struct jail_conf *jail, const void *field, FILE *out)
{
    static const char *const words[] = {
        [BACKEND_AUTO] = "auto", [BACKEND_FILES] = "inotify", [BACKEND_SYSTEMD] = "systemd"};

    (void)field;
    fprintf(out, " %s", words[jail->backend]);
    if (!jail->journal.where || !jail->journal.where[0])
        return;
    fputc('[', out);
    for (const char *p = jail->journal.where; *p; p++)
        fputs(*p == '%' ? "%%" : (char[2]){*p, '\0'}, out);
    fputc(']', out);
}
