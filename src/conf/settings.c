// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/settings.h"

#include "base/cleanup.h"
#include "conf/conffile.h"
#include "conf/dialect.h"
#include "conf/names.h"
#include "conf/value.h"
#include "conf/words.h"

#include <ctype.h>
#include <errno.h>
#include <iniparser/iniparser.h>
#include <string.h>
#include <strings.h>

#define SECTION "tailban"

enum { EVIDENCE_LEAST = 1, EVIDENCE_MOST = 1000 };

static const struct {
    const char *name;
    int level;
} levels[] = {{"error", LOGLEVEL_ERROR},
              {"warning", LOGLEVEL_WARNING},
              {"notice", LOGLEVEL_NOTICE},
              {"info", LOGLEVEL_INFO},
              {"debug", LOGLEVEL_DEBUG}};

static int parse_loglevel(const char *text, struct settings *s)
{
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (strcasecmp(text, levels[i].name) == 0) {
            s->loglevel = levels[i].level;
            return 0;
        }
    }
    return -EINVAL;
}

static void print_loglevel(const struct settings *s, FILE *out)
{
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (levels[i].level == (int)s->loglevel)
            fprintf(out, " %s", levels[i].name);
    }
}

static int parse_checkpoint(const char *text, struct settings *s)
{
    usec_t span;

    if (span_parse(slice_of(text), &span) < 0 || span < USEC_PER_SEC / 10 ||
        span > 3600 * USEC_PER_SEC)
        return -EINVAL;
    s->checkpoint = span;
    return 0;
}

static void print_checkpoint(const struct settings *s, FILE *out)
{
    value_print_span(NULL, &s->checkpoint, out);
}

static int parse_evidence(const char *text, struct settings *s)
{
    uint32_t lines;
    int r = words_number(slice_of(text), EVIDENCE_LEAST, EVIDENCE_MOST, &lines);

    if (r == 0)
        s->evidence = lines;
    return r;
}

static const struct {
    char letter;
    unsigned bits;
} units[] = {{'G', 30}, {'M', 20}, {'K', 10}};

enum { UNITS = sizeof(units) / sizeof(units[0]) };

#define MEMORY_LEAST (UINT64_C(16) << 20)
#define MEMORY_MOST  (UINT64_C(64) << 30)

static int parse_memory(const char *text, struct settings *s)
{
    struct slice number = slice_of(text);
    unsigned bits = 0;
    uint32_t n;

    for (size_t i = 0; i < UNITS && number.n > 0; i++) {
        if (toupper((unsigned char)number.p[number.n - 1]) == units[i].letter)
            bits = units[i].bits;
    }
    number.n -= bits > 0;
    if (words_number(number, 1, UINT32_MAX, &n) < 0 || (uint64_t)n << bits < MEMORY_LEAST ||
        (uint64_t)n << bits > MEMORY_MOST)
        return -EINVAL;
    s->memory = (uint64_t)n << bits;
    return 0;
}

static void print_memory(const struct settings *s, FILE *out)
{
    size_t i = 0;

    while (i < UNITS && s->memory & ((UINT64_C(1) << units[i].bits) - 1))
        i++;
    if (i < UNITS)
        fprintf(out, " %llu%c", (unsigned long long)(s->memory >> units[i].bits), units[i].letter);
    else
        fprintf(out, " %llu", (unsigned long long)s->memory);
}

static int parse_hooktimeout(const char *text, struct settings *s)
{
    usec_t span;

    if (span_parse(slice_of(text), &span) < 0 || span < USEC_PER_SEC || span > 3600 * USEC_PER_SEC)
        return -EINVAL;
    s->hooktimeout = span;
    return 0;
}

static void print_hooktimeout(const struct settings *s, FILE *out)
{
    value_print_span(NULL, &s->hooktimeout, out);
}

static void print_evidence(const struct settings *s, FILE *out)
{
    fprintf(out, " %zu", s->evidence);
}

static int parse_days(const char *text, usec_t *ret)
{
    usec_t span;

    if (span_parse(slice_of(text), &span) < 0 || span < USEC_PER_DAY || span > 366 * USEC_PER_DAY)
        return -EINVAL;
    *ret = span;
    return 0;
}

static int parse_shield_span(const char *text, struct settings *s)
{
    return parse_days(text, &s->shield_span);
}

static void print_shield_span(const struct settings *s, FILE *out)
{
    value_print_span(NULL, &s->shield_span, out);
}

static int parse_fingerprint_span(const char *text, struct settings *s)
{
    return parse_days(text, &s->fingerprint.span);
}

static void print_fingerprint_span(const struct settings *s, FILE *out)
{
    value_print_span(NULL, &s->fingerprint.span, out);
}

static int parse_sightings(const char *text, uint32_t *ret)
{
    uint32_t n;
    int r = words_number(slice_of(text), 2, FINGERPRINT_SEEN_MAX / FINGERPRINT_PUBLIC_FACTOR, &n);

    if (r == 0)
        *ret = n;
    return r;
}

static int parse_fingerprint_hosts(const char *text, struct settings *s)
{
    return parse_sightings(text, &s->fingerprint.hosts);
}

static void print_fingerprint_hosts(const struct settings *s, FILE *out)
{
    fprintf(out, " %u", s->fingerprint.hosts);
}

static int parse_fingerprint_blocks(const char *text, struct settings *s)
{
    return parse_sightings(text, &s->fingerprint.blocks);
}

static void print_fingerprint_blocks(const struct settings *s, FILE *out)
{
    fprintf(out, " %u", s->fingerprint.blocks);
}

static int parse_names(const char *text, char ret[static SETTINGS_NAMES_MAX])
{
    if (strlen(text) >= SETTINGS_NAMES_MAX || names_check(slice_of(text)) < 0)
        return -EINVAL;
    strcpy(ret, text);
    return 0;
}

static void print_names(const char *names, FILE *out)
{
    if (*names)
        fprintf(out, " %s", names);
}

static int parse_known(const char *text, struct settings *s)
{
    return parse_names(text, s->known);
}

static void print_known(const struct settings *s, FILE *out)
{
    print_names(s->known, out);
}

static int parse_kept(const char *text, struct settings *s)
{
    return parse_names(text, s->kept);
}

static void print_kept(const struct settings *s, FILE *out)
{
    print_names(s->kept, out);
}

static const struct setting {
    const char *key;
    int (*parse)(const char *text, struct settings *s);
    void (*print)(const struct settings *s, FILE *out);
    const char *fallback, *advice;
} settings[] = {
    {"loglevel", parse_loglevel, print_loglevel, "notice", "error, warning, notice, info or debug"},
    {"checkpoint", parse_checkpoint, print_checkpoint, "1s", "a time from 0.1s to 1h"},
    {"evidence", parse_evidence, print_evidence, "50", "a number of lines from 1 to 1000"},
    {"memory", parse_memory, print_memory, "256M", "a size from 16M to 64G"},
    {"hooktimeout", parse_hooktimeout, print_hooktimeout, "30s", "a time from 1s to 1h"},
    {"shield.span", parse_shield_span, print_shield_span, "2w", "a time from 1d to 366d"},
    {"fingerprint.span", parse_fingerprint_span, print_fingerprint_span, "1w",
     "a time from 1d to 366d"},
    {"fingerprint.hosts", parse_fingerprint_hosts, print_fingerprint_hosts, "6",
     "a number from 2 to 8"},
    {"fingerprint.blocks", parse_fingerprint_blocks, print_fingerprint_blocks, "5",
     "a number from 2 to 8"},
    {"fingerprint.known", parse_known, print_known, "helo:ylmf-pc",
     "helo:NAME and user:NAME, separated by spaces"},
    {"fingerprint.keep", parse_kept, print_kept, "",
     "helo:NAME and user:NAME, separated by spaces"},
};

enum { SETTINGS = sizeof(settings) / sizeof(settings[0]) };

const char *settings_name(size_t index)
{
    return index < SETTINGS ? settings[index].key : NULL;
}

static void warn_unknown(const struct ini *where, struct problems *problems)
{
    const char *section, *option;

    for (size_t s = 0; (section = ini_section(where, s)); s++) {
        for (size_t c = 0; (option = ini_next(where, section, &c));) {
            bool known = false;
            for (size_t i = 0; i < SETTINGS; i++)
                known = known ||
                        (strcasecmp(section, SECTION) == 0 && strcmp(option, settings[i].key) == 0);
            if (!known)
                problems_warn(problems, ini_origin(where, section, option),
                              "unknown option '%s' in [%s]", option, section);
        }
    }
}

static void apply(const dictionary *d, const struct ini *where, struct problems *problems,
                  struct settings *ret)
{
    for (size_t i = 0; i < SETTINGS; i++) {
        char key[64];
        const char *value;
        snprintf(key, sizeof(key), SECTION ":%s", settings[i].key);
        value = iniparser_getstring(d, key, NULL);
        if (value && settings[i].parse(value, ret) < 0)
            problems_error(problems, ini_origin(where, SECTION, settings[i].key),
                           "%s = %s: write %s", settings[i].key, value, settings[i].advice);
    }
}

// iniparser would complain on standard error of what is a problem of ours.
static int say_nothing(const char *format, ...)
{
    (void)format;
    return 0;
}

// iniparser reads the values; the dialect's reader goes first, because it knows the lines and says
// what is wrong with them.
static int read_file(const char *dir, const char *name, struct problems *problems,
                     struct settings *ret)
{
    cleanup(freep) char *path = NULL, *text = NULL;
    cleanup(ini_freep) struct ini *where = NULL;
    dictionary *d;
    size_t n;
    int r;

    if (asprintf(&path, "%s/%s", dir, name) < 0)
        return -ENOMEM;
    r = conffile_read(path, problems, &text, &n);
    if (r == 0)
        r = dialect_read((struct slice){text, n}, path, problems, &where);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    iniparser_set_error_callback(say_nothing);
    d = iniparser_load(path);
    iniparser_set_error_callback(NULL);
    if (!d) {
        problems_error(problems, (struct origin){path, 0}, "is no plain INI file");
        return 0;
    }
    apply(d, where, problems, ret);
    warn_unknown(where, problems);
    iniparser_freedict(d);
    return 0;
}

int settings_read(const char *dir, struct problems *problems, struct settings *ret)
{
    struct settings s = {0};
    int r;

    for (size_t i = 0; i < SETTINGS; i++)
        settings[i].parse(settings[i].fallback, &s);
    r = read_file(dir, "tailban.conf", problems, &s);
    if (r == 0)
        r = read_file(dir, "tailban.local", problems, &s);
    *ret = s;
    return r;
}

void settings_print(const struct settings *s, FILE *out)
{
    fputs("[" SECTION "]\n", out);
    for (size_t i = 0; i < SETTINGS; i++) {
        fprintf(out, "%s =", settings[i].key);
        settings[i].print(s, out);
        fputc('\n', out);
    }
}
