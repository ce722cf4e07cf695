// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/interpolate.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

// Within ten levels, a few lines of references to references would keep us busy for ever.
enum { REFERENCES_MAX = 10000 };

struct expansion {
    const struct scope *scope;
    struct problems *problems;
    unsigned left; // references
};

static void lower(char *s)
{
    for (; *s; s++)
        *s = (char)(*s >= 'A' && *s <= 'Z' ? *s + 'a' - 'A' : *s);
}

// "known/x", "section/x", "default/x"
static int get_elsewhere(const struct scope *s, const char *name, struct text *ret)
{
    const char *slash = strchr(name, '/');
    cleanup(freep) char *section = NULL, *option = slash ? strdup(slash + 1) : NULL;
    bool known = strncasecmp(name, "known/", 6) == 0;
    int r;

    if (!slash)
        return INI_E_MISSING;
    if (!option || asprintf(&section, "%s%.*s", known ? INI_KNOWN : "",
                            known ? (int)strlen(s->section) : (int)(slash - name),
                            known ? s->section : name) < 0)
        return -ENOMEM;
    lower(option);
    if (!known && strcasecmp(section, INI_DEFAULT) != 0 && !ini_has_section(s->ini, section))
        return INI_E_MISSING;
    r = ini_get(s->ini, section, option, ret);
    return r == INI_E_MISSING ? ini_get(s->ini, INI_DEFAULT, option, ret) : r;
}

static int get_raw(const struct scope *s, const char *name, struct text *ret)
{
    cleanup(freep) char *option = strdup(name);
    int r = INI_E_MISSING;

    if (!option)
        return -ENOMEM;
    lower(option);
    if (strcmp(option, "__name__") == 0)
        return text_set(ret, slice_of(s->section), (struct origin){0});
    for (size_t p = 0; p < s->n_places && r == INI_E_MISSING; p++)
        r = ini_get(s->place[p].ini, s->place[p].section, option, ret);
    return r == INI_E_MISSING ? get_elsewhere(s, name, ret) : r;
}

static int expand(struct expansion *e, const struct text *raw, unsigned depth, struct text *ret);

static int resolve(struct expansion *e, const char *name, struct origin at, unsigned depth,
                   struct text *ret)
{
    cleanup(text_done) struct text raw = {0};
    int r = get_raw(e->scope, name, &raw);

    if (r == INI_E_MISSING)
        return problems_error(e->problems, at,
                              "%%(%s)s: there is no option '%s' in [%s] or [DEFAULT]", name, name,
                              e->scope->section);
    if (e->left-- == 0) {
        e->left = 0;
        return problems_error(e->problems, at, "%%(%s)s: more than %d references in one option",
                              name, REFERENCES_MAX);
    }
    if (r == 0 && strchr(raw.p, '%') && depth == INTERPOLATE_DEPTH_MAX)
        return problems_error(
            e->problems, at,
            "%%(%s)s: references go deeper than %d levels: one leads back to itself?", name,
            INTERPOLATE_DEPTH_MAX);
    return r < 0 ? r : expand(e, &raw, depth + 1, ret);
}

// What follows a '%' at *offset, which moves behind it.
static int reference(struct expansion *e, const struct text *raw, struct origin at, unsigned depth,
                     size_t *offset, struct text *ret)
{
    cleanup(text_done) struct text value = {0};
    cleanup(freep) char *name = NULL;
    const char *start = raw->p + *offset;
    size_t n = start[1] == '(' ? strcspn(start + 2, ")\n") : 0;
    int r;

    if (start[1] == '%') {
        *offset += 2;
        return text_add(ret, "%", 1);
    }
    if (n == 0 || start[2 + n] != ')' || start[3 + n] != 's')
        return problems_error(
            e->problems, at, "'%.*s': a '%%' must be written '%%%%', or begin a '%%(name)s'",
            (int)strcspn(start, "\n") > 40 ? 40 : (int)strcspn(start, "\n"), start);
    name = strndup(start + 2, n);
    if (!name)
        return -ENOMEM;
    r = resolve(e, name, at, depth, &value);
    if (r == 0)
        r = text_insert(ret, &value, text_is_whole(raw, *offset, *offset + n + 4));
    *offset += n + 4;
    return r;
}

static int expand(struct expansion *e, const struct text *raw, unsigned depth, struct text *ret)
{
    size_t line = 0, n;
    int r = text_start(ret, raw->line[0]);

    for (size_t i = 0; i < raw->n && r == 0;) {
        if (raw->p[i] == '%') {
            r = reference(e, raw, raw->line[line], depth, &i, ret);
        } else if (raw->p[i] == '\n') {
            r = text_break(ret, raw->line[++line]);
            i++;
        } else {
            n = strcspn(raw->p + i, "%\n");
            r = text_add(ret, raw->p + i, n);
            i += n;
        }
    }
    if (r == -E2BIG)
        r = problems_error(e->problems, raw->line[0], "grows beyond %d bytes", TEXT_MAX);
    return r;
}

int interpolate(const struct scope *s, const struct text *raw, struct problems *problems,
                struct text *ret)
{
    struct expansion e = {.scope = s, .problems = problems, .left = REFERENCES_MAX};

    return expand(&e, raw, 1, ret);
}

int scope_get(const struct scope *s, const char *option, struct problems *problems,
              struct text *ret)
{
    cleanup(text_done) struct text raw = {0};
    int r = get_raw(s, option, &raw);

    return r != 0 ? r : interpolate(s, &raw, problems, ret);
}
