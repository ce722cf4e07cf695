// SPDX-License-Identifier: GPL-2.0-or-later
// ignorecommand and ignorecache.
#include "base/cleanup.h"
#include "conf/argv.h"
#include "conf/filterref.h"
#include "conf/value.h"
#include "conf/words.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { CACHE_COUNT = 100, CACHE_COUNT_MOST = 1000000 };

#define CACHE_TIME (300 * USEC_PER_SEC)

// What a shell would take for its own. No shell reads this.
static bool is_for_shell(const char *word)
{
    static const char *const operators[] = {"|", "||", "&", "&&", ";", ">", ">>", "<", "2>&1"};

    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (strcmp(word, operators[i]) == 0)
            return true;
    }
    return strstr(word, "$(") || strchr(word, '`');
}

// A tag that nobody replaces: what a stranger wrote (a user's name) is no argument, where it could
// be taken for an option.
static bool has_unknown_tag(const char *word)
{
    static const char *const known[] = {"<ip>", "<fid>", "<family>"};

    for (const char *p = strchr(word, '<'); p; p = strchr(p + 1, '<')) {
        bool is_known = false;
        for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
            is_known = is_known || strncmp(p, known[i], strlen(known[i])) == 0;
        if (!is_known && strchr(p, '>'))
            return true;
    }
    return false;
}

static int check(struct draft *d, const char *key, char *const *argv, struct origin at)
{
    if (argv[0][0] != '/')
        return problems_error(d->problems, at,
                              "%s = %s: write the whole path of the program, from / on", key,
                              argv[0]);
    for (size_t i = 1; argv[i]; i++) {
        if (is_for_shell(argv[i]))
            return problems_error(d->problems, at,
                                  "%s: '%s': no shell reads this: put it into a script", key,
                                  argv[i]);
        if (has_unknown_tag(argv[i]))
            return problems_error(d->problems, at,
                                  "%s: '%s': only <ip>, <fid> and <family> are replaced; the rest "
                                  "is in the environment, such as $TAILBAN_USER",
                                  key, argv[i]);
    }
    if (access(argv[0], X_OK) < 0)
        problems_warn(d->problems, at, "%s: %s cannot be run: %s", key, argv[0], strerror(errno));
    return 0;
}

int value_parse_ignorecommand(struct draft *d, const char *key, const struct text *value,
                              void *field)
{
    char error[ARGV_ERROR_MAX], **argv = NULL;
    int r = argv_split(d->problems->pool, (struct slice){value->p, value->n}, &argv, error);

    if (r == -EINVAL)
        return problems_error(d->problems, value->line[0], "%s: %s", key, error);
    if (r == 0 && argv)
        r = check(d, key, argv, value->line[0]);
    if (r == 0)
        *(char ***)field = argv;
    return r;
}

static int take_cache(struct jail_conf *jail, const struct ini *given)
{
    const char *key = ini_value(given, FILTERREF_PARAMS, "key");
    const char *count = ini_value(given, FILTERREF_PARAMS, "max-count");
    const char *time = ini_value(given, FILTERREF_PARAMS, "max-time");

    jail->ignorecache_count = CACHE_COUNT;
    jail->ignorecache_time = CACHE_TIME;
    if (!key || (strcmp(key, "<ip>") != 0 && strcmp(key, "<fid>") != 0))
        return -EINVAL;
    if (count && words_number(slice_of(count), 1, CACHE_COUNT_MOST, &jail->ignorecache_count) < 0)
        return -EINVAL;
    return time ? span_parse(slice_of(time), &jail->ignorecache_time) : 0;
}

// What stands between the brackets of a reference, without them.
int value_parse_ignorecache(struct draft *d, const char *key, const struct text *value, void *field)
{
    cleanup(ini_freep) struct ini *given = ini_new();
    cleanup(text_done) struct text whole = {0};
    cleanup(freep) char *name = NULL;
    int r = given ? text_start(&whole, value->line[0]) : -ENOMEM;

    (void)field;
    if (value->n == 0)
        return 0;
    if (r == 0)
        r = text_add(&whole, "cache[", 6);
    if (r == 0)
        r = text_insert(&whole, value, false);
    if (r == 0)
        r = text_add(&whole, "]", 1);
    if (r == 0)
        r = filterref_split(&whole, &name, given);
    if (r == 0)
        r = take_cache(d->jail, given);
    if (r != -EINVAL)
        return r;
    return problems_error(d->problems, value->line[0],
                          "%s = %s: write key=\"<ip>\", max-count=100, max-time=5m", key, value->p);
}

void value_print_ignorecache(const struct jail_conf *jail, const void *field, FILE *out)
{
    (void)field;
    if (jail->ignorecache_count == 0)
        return;
    fprintf(out, " key=\"<ip>\", max-count=%" PRIu32 ", max-time=%" PRIu64, jail->ignorecache_count,
            jail->ignorecache_time / USEC_PER_SEC);
}
