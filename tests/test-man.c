// SPDX-License-Identifier: GPL-2.0-or-later
// Every option and every tag has its place in a man page. test-man MAN_DIR
#include "conf/filterspec.h"
#include "conf/options.h"
#include "conf/settings.h"

#include "base/cleanup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *read_page(const char *dir, const char *name)
{
    cleanup(fclosep) FILE *f = NULL;
    cleanup(freep) char *path = NULL;
    char *text = NULL;
    size_t size = 0;

    if (asprintf(&path, "%s/%s", dir, name) < 0)
        abort();
    f = fopen(path, "re");
    if (!f || getdelim(&text, &size, '\0', f) < 0)
        fail_msg("%s: %s", path, strerror(errno));
    return text;
}

// As roff has it: '-' is written "\-".
static char *escape(const char *name)
{
    char *text = calloc(2, strlen(name) + 1), *to = text;

    for (; *name; name++) {
        if (*name == '-')
            *to++ = '\\';
        *to++ = *name;
    }
    return text;
}

// In bold: ".B name", ".BR name …", ".BI name …", and with `entry` as the head of a paragraph.
static bool has(const char *page, const char *name, bool entry)
{
    static const char *const macros[] = {"B", "BR", "BI"};
    cleanup(freep) char *escaped = escape(name);

    for (size_t i = 0; i < 3; i++) {
        cleanup(freep) char *line = NULL;
        int n = asprintf(&line, "%s\n.%s %s", entry ? "\n.TP" : "", macros[i], escaped);
        for (const char *at = page; n > 0 && (at = strstr(at, line)); at += n) {
            if (strchr(" \n", at[n]))
                return true;
        }
    }
    return false;
}

static void test_settings(void **state)
{
    cleanup(freep) char *page = read_page(*state, "tailban.conf.5");
    const char *name;

    for (size_t i = 0; (name = settings_name(i)); i++) {
        if (!has(page, name, true))
            fail_msg("tailban.conf.5 does not have %s", name);
    }
}

static void test_jail_options(void **state)
{
    cleanup(freep) char *page = read_page(*state, "tailban-jail.5");
    enum option_kind kind;
    const char *name;

    for (size_t i = 0; (name = options_name(i, &kind)); i++) {
        bool second = strcmp(name, "netblock.v6") == 0; // under netblock.v4's head
        if (!has(page, name, kind == OPTION_JAIL && !second))
            fail_msg("tailban-jail.5 does not have %s", name);
    }
}

static void test_filter_options(void **state)
{
    cleanup(freep) char *page = read_page(*state, "tailban-filter.5");
    const char *name;

    for (size_t i = 0; (name = filterspec_option(i)); i++) {
        if (!has(page, name, true))
            fail_msg("tailban-filter.5 does not have %s", name);
    }
}

static void test_tags(void **state)
{
    static const char *const tags[] = {
        "HOST",        "ADDR",     "IP4",      "IP6",        "DNS",       "CIDR",
        "SUBNET",      "F-ID",     "F-USER",   "F-CONTENT",  "F-NOFAIL",  "F-MLFID",
        "F-MLFFORGET", "F-COUNT",  "F-TOTAL",  "F-OK",       "F-SECRET",  "F-MLFGAINED",
        "F-ALT_USER",  "F-HELO",   "F-CLIENT", "F-CLAIM",    "F-EXISTS",  "F-SUCCESS",
        "F-MECH",      "F-ANSWER", "F-LOGIN",  "F-PASSWORD", "F-GRANTED", "F-DELIVERED",
    };
    cleanup(freep) char *page = read_page(*state, "tailban-filter.5");

    for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++) {
        cleanup(freep) char *name = escape(tags[i]), *tag = NULL;
        if (asprintf(&tag, "<%s>", name) < 0 || !strstr(page, tag))
            fail_msg("tailban-filter.5 does not have %s", tags[i]);
    }
}

int main(int argc, char **argv)
{
    void *dir = argc > 1 ? argv[1] : "man";
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_settings, dir),
        cmocka_unit_test_prestate(test_jail_options, dir),
        cmocka_unit_test_prestate(test_filter_options, dir),
        cmocka_unit_test_prestate(test_tags, dir),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
