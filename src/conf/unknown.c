// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/unknown.h"

#include "conf/dialect.h"
#include "conf/filterspec.h"
#include "conf/options.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NAME_MAX_ = 256 };

// "known/x" and "section/x" refer to x.
static const char *behind_slash(const char *name)
{
    const char *slash = strchr(name, '/');

    return slash ? slash + 1 : name;
}

static bool interpolates(const char *p, const char *option)
{
    char name[NAME_MAX_];
    size_t n = strcspn(p, ")");

    if (n >= sizeof(name))
        return false;
    memcpy(name, p, n);
    name[n] = '\0';
    return strcasecmp(behind_slash(name), option) == 0;
}

// Whether the tag whose '<' is in front of p can become <option>: in "<mdre-<mode>>" the inner tag
// may be anything.
static bool tag_names(const char *p, const char *option)
{
    char pattern[NAME_MAX_];
    size_t n = 0, depth = 1;

    for (; depth > 0 && *p && *p != ' ' && n + 2 < sizeof(pattern); p++) {
        if (*p == '<' && depth++ == 1)
            pattern[n++] = '*';
        depth -= *p == '>';
        if (depth == 1 && *p != '>') {
            if (strchr("*?[\\", *p))
                pattern[n++] = '\\';
            pattern[n++] = *p;
        }
    }
    pattern[n] = '\0';
    return depth == 0 && fnmatch(behind_slash(pattern), option, FNM_CASEFOLD) == 0;
}

static bool refers(const char *value, const char *option)
{
    for (const char *p = value; (p = strpbrk(p, "%<")); p++) {
        if (*p == '<' ? tag_names(p + 1, option) : p[1] == '(' && interpolates(p + 2, option))
            return true;
    }
    return false;
}

static bool is_macro(const struct ini *ini, const char *option)
{
    const char *section, *other;

    if (option[0] == '_')
        return true;
    for (size_t s = 0; (section = ini_section(ini, s)); s++) {
        for (size_t c = 0; (other = ini_next(ini, section, &c));) {
            if (refers(ini_value(ini, section, other), option))
                return true;
        }
    }
    return false;
}

static void warn(const struct ini *ini, const char *section, const char *option,
                 const char *previous, struct problems *problems)
{
    char line[NAME_MAX_];

    snprintf(line, sizeof(line), "%s = %s", option, ini_value(ini, section, option));
    problems_warn(problems, ini_origin(ini, section, option), "unknown option '%s'%s", option,
                  dialect_hint(previous, slice_of(line)));
}

static bool is_filter_option(const char *option)
{
    const char *known;

    for (size_t i = 0; (known = filterspec_option(i)); i++) {
        if (strcmp(known, option) == 0)
            return true;
    }
    return false;
}

void unknown_in_filter(const struct ini *filter, struct problems *problems)
{
    const char *option, *previous = NULL;

    for (size_t c = 0; (option = ini_next(filter, "Definition", &c)); previous = option) {
        if (!is_filter_option(option) && !is_macro(filter, option))
            warn(filter, "Definition", option, previous, problems);
    }
}

void unknown_in_jails(const struct ini *jails, const char *section, struct problems *problems)
{
    const char *option, *previous = NULL;

    for (size_t c = 0; (option = ini_next(jails, section, &c)); previous = option) {
        if (options_kind(option) == OPTION_UNKNOWN && !is_macro(jails, option))
            warn(jails, section, option, previous, problems);
    }
}
