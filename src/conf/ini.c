// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/ini.h"

#include "base/cleanup.h"

#include <errno.h>
#include <iniparser/iniparser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ini {
    dictionary *value;
    dictionary *where; // "3,4,6:/etc/tailban/filters/x.conf": a line number for each of its lines
};

struct ini *ini_new(void)
{
    struct ini *i = calloc(1, sizeof(*i));

    if (!i)
        return NULL;
    i->value = dictionary_new(0);
    i->where = dictionary_new(0);
    return i->value && i->where ? i : ini_free(i);
}

struct ini *ini_free(struct ini *i)
{
    if (!i)
        return NULL;
    if (i->value)
        dictionary_del(i->value);
    if (i->where)
        dictionary_del(i->where);
    free(i);
    return NULL;
}

void ini_freep(struct ini **i)
{
    *i = ini_free(*i);
}

static char *key_of(const char *section, const char *option)
{
    char *key;

    return asprintf(&key, "%s:%s", section, option) < 0 ? NULL : key;
}

// The dictionary's own look-ups are linear, so that a file of a million options would take hours.
static int set(dictionary *d, const char *key, const char *value)
{
    if (d->n >= INI_OPTIONS_MAX)
        return -E2BIG;
    return dictionary_set(d, key, value) == 0 ? 0 : -ENOMEM;
}

// A section stands in the dictionary as a key without a value, as iniparser has it.
bool ini_has_section(const struct ini *i, const char *section)
{
    return dictionary_get(i->value, section, "") == NULL;
}

const char *ini_section(const struct ini *i, size_t index)
{
    return index < (size_t)iniparser_getnsec(i->value) ? iniparser_getsecname(i->value, (int)index)
                                                       : NULL;
}

// Comments inside a value are dropped, so that its lines need not follow each other in the file.
static char *where_of(const struct text *value)
{
    const char *file = value->line[0].file;
    char *where = NULL;
    size_t size;
    FILE *f = open_memstream(&where, &size);

    if (!f)
        return NULL;
    for (size_t l = 0; l < value->n_lines; l++)
        fprintf(f, "%s%u", l ? "," : "", value->line[l].line);
    fprintf(f, ":%s", file ? file : "");
    if (fclose(f) == 0)
        return where;
    free(where);
    return NULL;
}

int ini_add_section(struct ini *i, const char *section, struct origin at)
{
    cleanup(freep) char *where = NULL;
    int r;

    if (ini_has_section(i, section))
        return 0;
    if (asprintf(&where, "%u:%s", at.line, at.file ? at.file : "") < 0)
        return -ENOMEM;
    r = set(i->where, section, where);
    return r < 0 ? r : set(i->value, section, NULL);
}

int ini_set(struct ini *i, const char *section, const char *option, const struct text *value)
{
    cleanup(freep) char *key = key_of(section, option), *where = where_of(value);
    int r;

    if (!key || !where)
        return -ENOMEM;
    r = ini_add_section(i, section, value->line[0]);
    if (r == 0)
        r = set(i->where, key, where);
    return r < 0 ? r : set(i->value, key, value->p);
}

int ini_set_literal(struct ini *i, const char *section, const char *option,
                    const struct text *value)
{
    cleanup(text_done) struct text t = {0};
    size_t line = 0;
    int r = text_start(&t, value->line[0]);

    for (const char *p = value->p; *p && r == 0; p++) {
        if (*p == '\n')
            r = text_break(&t, value->line[++line]);
        else
            r = text_add(&t, *p == '%' ? "%%" : p, *p == '%' ? 2 : 1);
    }
    return r < 0 ? r : ini_set(i, section, option, &t);
}

static const char *look_up(const dictionary *d, const char *section, const char *option)
{
    cleanup(freep) char *key = key_of(section, option);

    return key ? dictionary_get(d, key, NULL) : NULL;
}

bool ini_has(const struct ini *i, const char *section, const char *option)
{
    return ini_value(i, section, option) != NULL;
}

const char *ini_value(const struct ini *i, const char *section, const char *option)
{
    return look_up(i->value, section, option);
}

static unsigned next_line(const char **where)
{
    char *end;
    unsigned line = (unsigned)strtoul(*where, &end, 10);

    *where = *end == ',' ? end + 1 : end;
    return line;
}

static const char *file_in(const char *where)
{
    const char *file = strchr(where, ':');

    return file && file[1] ? file + 1 : NULL;
}

static struct origin first_origin(const char *where)
{
    return where ? (struct origin){file_in(where), next_line(&where)} : (struct origin){0};
}

struct origin ini_section_origin(const struct ini *i, const char *section)
{
    return first_origin(dictionary_get(i->where, section, NULL));
}

struct origin ini_origin(const struct ini *i, const char *section, const char *option)
{
    return first_origin(look_up(i->where, section, option));
}

int ini_get(const struct ini *i, const char *section, const char *option, struct text *ret)
{
    const char *value = ini_value(i, section, option), *where = look_up(i->where, section, option);
    const char *file;
    size_t n;
    int r;

    if (!value || !where)
        return INI_E_MISSING;
    file = file_in(where);
    r = text_start(ret, (struct origin){file, next_line(&where)});
    for (; r == 0; value += n + 1) {
        n = strcspn(value, "\n");
        r = text_add(ret, value, n);
        if (r < 0 || !value[n])
            break;
        r = text_break(ret, (struct origin){file, next_line(&where)});
    }
    return r;
}

const char *ini_next(const struct ini *i, const char *section, size_t *cursor)
{
    size_t n = strlen(section);

    while (*cursor < (size_t)i->value->size) {
        const char *key = i->value->key[(*cursor)++];
        if (key && strncmp(key, section, n) == 0 && key[n] == ':')
            return key + n + 1;
    }
    return NULL;
}

// [DEFAULT] has no known/ of its own: it is what known/ falls back to.
static int merge_option(struct ini *to, const char *section, const char *option,
                        const struct text *value)
{
    cleanup(text_done) struct text old = {0};
    cleanup(freep) char *known = NULL;
    int r = strcmp(section, INI_DEFAULT) == 0 ? INI_E_MISSING : ini_get(to, section, option, &old);

    if (r == 0) {
        if (asprintf(&known, INI_KNOWN "%s", section) < 0)
            return -ENOMEM;
        r = ini_set(to, known, option, &old);
    }
    return r < 0 ? r : ini_set(to, section, option, value);
}

static int merge_section(struct ini *to, const struct ini *from, const char *section)
{
    const char *condition = strchr(section, '?'), *option;
    cleanup(freep) char *base =
        condition ? strndup(section, (size_t)(condition - section)) : strdup(section);
    int r = base ? ini_add_section(to, base, ini_section_origin(from, section)) : -ENOMEM;

    for (size_t c = 0; r == 0 && (option = ini_next(from, section, &c));) {
        cleanup(text_done) struct text value = {0};
        cleanup(freep) char *name = NULL;
        if (asprintf(&name, "%s%s", option, condition ? condition : "") < 0)
            return -ENOMEM;
        r = ini_get(from, section, option, &value);
        if (r == 0)
            r = merge_option(to, base, name, &value);
    }
    return r;
}

int ini_merge(struct ini *to, const struct ini *from)
{
    const char *section;
    int r = 0;

    for (size_t s = 0; r == 0 && (section = ini_section(from, s)); s++)
        r = merge_section(to, from, section);
    return r;
}
