// SPDX-License-Identifier: GPL-2.0-or-later
// Any text as a filter's file and as a jail's: it is read, or it has an error; what is read can be
// used; nothing is touched but the text.
#include "fuzz.h"

#include "conf/dialect.h"
#include "conf/filterspec.h"
#include "conf/jailread.h"
#include "conf/options.h"
#include "conf/unknown.h"

#include <string.h>

static const struct origin here = {"fuzz", 1};

static bool has_error(const struct problems *problems)
{
    for (size_t i = 0; i < problems->n; i++) {
        if (problems->at[i].severity == PROBLEM_ERROR)
            return true;
    }
    return problems->n == PROBLEMS_MAX;
}

static void use_as_filter(struct ini *filter, struct problems *problems)
{
    struct ini *params = ini_new(), *given = ini_new();
    struct definition d = {"fuzz", filter, params, given, problems};
    struct filter_spec spec;
    struct filter *compiled;
    int r;

    must(params && given);
    r = filterspec_make(&d, here, &spec);
    must(r == 0 || has_error(problems));
    if (r == 0) {
        must(spec.n_failregex > 0 && spec.failregex[0].text[0]);
        r = filterspec_compile(&spec, here, problems, &compiled);
        must(r == 0 || has_error(problems));
        if (r == 0)
            filter_free(compiled);
    }
    unknown_in_filter(filter, problems);
    ini_free(params);
    ini_free(given);
}

// There are no filters where this looks for them: every enabled jail has an error.
static void use_as_jails(const struct ini *jails, struct problems *problems)
{
    struct jailread reader = {
        .dir = "/nonexistent", .layout = LAYOUT_TAILBAN, .jails = jails, .problems = problems};
    const char *section;

    for (size_t i = 0; (section = ini_section(jails, i)) && i < 100; i++) {
        struct jail_conf jail = {0};
        must(jailread(&reader, section, &jail) == 0);
        must(!jail.usable && (!jail.enabled || has_error(problems)));
        exempt_done(&jail.ignoreip);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pool *pool = pool_new();
    struct problems problems;
    struct ini *ini = NULL, *merged = ini_new();
    int r;

    must(pool && merged && problems_init(&problems, pool) == 0);
    if (memchr(data, '\0', size) == NULL) {
        r = dialect_read((struct slice){(const char *)data, size}, "fuzz", &problems, &ini);
        must(r == 0 || has_error(&problems));
        for (size_t i = 0; i < 2 && r == 0; i++)
            must(ini_merge(merged, ini) == 0);
        if (r == 0) {
            use_as_filter(merged, &problems);
            use_as_jails(merged, &problems);
        }
    }
    ini_free(ini);
    ini_free(merged);
    pool_free(pool);
    return 0;
}
