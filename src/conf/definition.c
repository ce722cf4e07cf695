// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/definition.h"

#include "base/cleanup.h"
#include "conf/filterref.h"
#include "conf/interpolate.h"
#include "conf/options.h"
#include "conf/substitute.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECTION "Definition"
#define INIT    "Init"

static struct scope definition_scope(const struct definition *d)
{
    return (struct scope){.place = {{d->params, FILTERREF_PARAMS},
                                    {d->params, INIT},
                                    {d->given, OPTIONS_GIVEN},
                                    {d->filter, SECTION},
                                    {d->filter, INI_DEFAULT}},
                          .n_places = 5,
                          .ini = d->filter,
                          .section = SECTION};
}

// An option as it stands in one of the filter's sections, whatever the jail says.
static struct scope section_scope(const struct definition *d, const char *section)
{
    return (struct scope){.place = {{d->filter, section}, {d->filter, INI_DEFAULT}},
                          .n_places = 2,
                          .ini = d->filter,
                          .section = section};
}

// The name of the section may itself be put together: <lt_<logtype>/x>.
// "<section/x>" and "<known/x>", the latter falling back to x as it is now.
static int get_section_tag(const struct definition *d, const char *tag, struct text *ret)
{
    const char *slash = strchr(tag, '/');
    cleanup(freep) char *section = slash ? strndup(tag, (size_t)(slash - tag)) : NULL;
    struct scope scope;

    if (!slash)
        return INI_E_MISSING;
    if (!section)
        return -ENOMEM;
    if (strcmp(section, "known") == 0)
        scope = section_scope(
            d, ini_has(d->filter, INI_KNOWN SECTION, slash + 1) ? INI_KNOWN SECTION : SECTION);
    else if (ini_has_section(d->filter, section))
        scope = section_scope(d, section);
    else
        return INI_E_MISSING;
    return scope_get(&scope, slash + 1, d->problems, ret);
}

// What the jail or [Init] sets is kept interpolated, its '%' doubled: this gives it back.
// A tag's name is first looked for in the case in which it stands.
static int get_exact(const struct definition *d, const char *section, const char *option,
                     struct text *ret)
{
    struct scope scope = definition_scope(d);
    cleanup(text_done) struct text raw = {0};
    int r = ini_get(d->params, section, option, &raw);

    return r == 0 ? interpolate(&scope, &raw, d->problems, ret) : r;
}

static int get_tag(void *user, const char *tag, struct text *ret)
{
    const struct definition *d = user;
    struct scope scope = definition_scope(d);
    int r = get_exact(d, FILTERREF_PARAMS, tag, ret);

    if (r == INI_E_MISSING)
        r = get_exact(d, INIT, tag, ret);
    if (r == INI_E_MISSING)
        r = get_section_tag(d, tag, ret);
    return r == INI_E_MISSING ? scope_get(&scope, tag, d->problems, ret) : r;
}

int definition_get(const struct definition *d, const char *option, struct text *ret)
{
    struct scope scope = definition_scope(d);
    bool replaced = ini_has(d->given, OPTIONS_GIVEN, option) &&
                    !ini_has(d->params, FILTERREF_PARAMS, option) &&
                    !ini_has(d->params, INIT, option);
    int r = replaced ? INI_E_MISSING : scope_get(&scope, option, d->problems, ret);

    return r == 0 ? substitute(ret, option, get_tag, (void *)d, d->problems) : r;
}

int definition_get_given(const struct definition *d, const char *option, struct text *ret)
{
    struct scope scope = {.place = {{d->given, OPTIONS_GIVEN}},
                          .n_places = 1,
                          .ini = d->given,
                          .section = OPTIONS_GIVEN};

    return scope_get(&scope, option, d->problems, ret);
}

static int open_files(struct definition *d, const char *dir, enum layout layout, struct origin at)
{
    int r;

    if (dir && strchr(d->name, '/'))
        return problems_error(d->problems, at, "filter '%s': write its name, not a path", d->name);
    r = dir ? layers_filter(dir, layout, d->name, d->problems, &d->filter)
            : layers_file(d->name, d->problems, &d->filter);
    if (r == INI_E_MISSING && dir)
        return problems_error(d->problems, at, "filter '%s': there is no file %s/%s/%s.conf",
                              d->name, dir, layout == LAYOUT_TAILBAN ? "filters" : "filter.d",
                              d->name);
    if (r == INI_E_MISSING)
        return problems_error(d->problems, (struct origin){d->name, 0}, "there is no such file");
    return r;
}

// fail2ban tells filters whether their lines come from files or from the journal.
static int add_logtype(struct definition *d)
{
    const char *backend = ini_value(d->given, OPTIONS_GIVEN, "backend");
    bool journal = backend && strncmp(backend, "systemd", 7) == 0;
    cleanup(text_done) struct text type = {0};
    int r = text_set(&type, slice_of(journal ? "journal" : "file"), (struct origin){0});

    if (r < 0 || ini_has(d->params, FILTERREF_PARAMS, "logtype") ||
        ini_has(d->filter, SECTION, "logtype"))
        return r;
    return ini_set_literal(d->params, FILTERREF_PARAMS, "logtype", &type);
}

// [Init] is read once: its options see each other and [DEFAULT], and nothing of the jail.
static int add_init(struct definition *d)
{
    struct scope scope = section_scope(d, INIT);
    const char *option;
    int r = 0;

    for (size_t c = 0; r == 0 && (option = ini_next(d->filter, INIT, &c));) {
        cleanup(text_done) struct text value = {0};
        cleanup(freep) char *known = NULL;
        if (asprintf(&known, "known/%s", option) < 0)
            return -ENOMEM;
        r = scope_get(&scope, option, d->problems, &value);
        if (r == 0)
            r = ini_set_literal(d->params, INIT, option, &value);
        if (r == 0)
            r = ini_set_literal(d->params, INIT, known, &value);
    }
    return r;
}

int definition_open(const char *dir, enum layout layout, const struct text *ref,
                    const struct ini *given, struct problems *problems, struct definition *ret)
{
    struct definition d = {.params = ini_new(), .given = given, .problems = problems};
    int r = d.params ? filterref_parse(ref, problems, &d.name, d.params) : -ENOMEM;

    if (r == 0)
        r = open_files(&d, dir, layout, ref->line[0]);
    if (r == 0)
        r = add_logtype(&d);
    if (r == 0)
        r = add_init(&d);
    if (r < 0) {
        definition_close(&d);
        return r;
    }
    *ret = d;
    return 0;
}

void definition_close(struct definition *d)
{
    free(d->name);
    d->name = NULL;
    d->params = ini_free(d->params);
    d->filter = ini_free(d->filter);
}

static int add_known(const struct definition *d, const char *section, struct ini *ret)
{
    const char *option;
    int r = 0;

    for (size_t c = 0; r >= 0 && (option = ini_next(d->filter, section, &c));) {
        cleanup(text_done) struct text value = {0};
        cleanup(freep) char *name = NULL;
        if (asprintf(&name, "known/%s", option) < 0)
            return -ENOMEM;
        r = definition_get(d, option, &value);
        if (r == 0)
            r = ini_set_literal(ret, DEFINITION_KNOWN, name, &value);
    }
    return r < 0 ? r : 0;
}

int definition_known(const struct definition *d, struct ini *ret)
{
    int r = add_known(d, SECTION, ret);

    return r < 0 ? r : add_known(d, INIT, ret);
}
