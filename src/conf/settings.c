// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/settings.h"

#include "base/cleanup.h"
#include "conf/conffile.h"
#include "conf/dialect.h"
#include "conf/setting.h"

#include <errno.h>
#include <iniparser/iniparser.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define SECTION "tailban"

enum { VALUE_MAX = 900 }; // iniparser's lines have 1024 bytes at most

#define AT(member) offsetof(struct settings, member)
#define MINUTE     (60 * USEC_PER_SEC)
#define HOUR       (60 * MINUTE)
#define MIB        (UINT64_C(1) << 20)

#define SPAN(member)   setting_parse_span, setting_print_span, AT(member)
#define NUMBER(member) setting_parse_number, setting_print_number, AT(member)
#define SHARE(member)  setting_parse_share, setting_print_share, AT(member)
#define NAMES(member)  setting_parse_names, setting_print_names, AT(member)

#define SIGHTINGS_MOST (FINGERPRINT_SEEN_MAX / FINGERPRINT_PUBLIC_FACTOR)
#define DAYS           USEC_PER_DAY, 366 * USEC_PER_DAY
#define DAYS_ADVICE    "a time from 1d to 366d"
#define NAMES_ADVICE   "helo:NAME and user:NAME, separated by spaces"
#define WEIGHT_ADVICE  "a number from 0 to 100"
#define SHARE_ADVICE   "a share from 0.0001% to 100%"

static const struct setting settings[] = {
    {"loglevel", setting_parse_loglevel, setting_print_loglevel, AT(loglevel), 0, 0, "notice",
     "error, warning, notice, info or debug"},
    {"checkpoint", SPAN(checkpoint), USEC_PER_SEC / 10, HOUR, "1s", "a time from 0.1s to 1h"},
    {"evidence", NUMBER(evidence), 1, 1000, "50", "a number of lines from 1 to 1000"},
    {"memory", setting_parse_size, setting_print_size, AT(memory), 16 * MIB, 65536 * MIB, "256M",
     "a size from 16M to 64G"},
    {"hooktimeout", SPAN(hooktimeout), USEC_PER_SEC, HOUR, "30s", "a time from 1s to 1h"},
    {"shield.span", SPAN(shield_span), DAYS, "2w", DAYS_ADVICE},
    {"fingerprint.span", SPAN(fingerprint.span), DAYS, "1w", DAYS_ADVICE},
    {"fingerprint.hosts", NUMBER(fingerprint.hosts), 2, SIGHTINGS_MOST, "4",
     "a number from 2 to 8"},
    {"fingerprint.blocks", NUMBER(fingerprint.blocks), 2, SIGHTINGS_MOST, "4",
     "a number from 2 to 8"},
    {"fingerprint.known", NAMES(known), 0, 0, "helo:ylmf-pc", NAMES_ADVICE},
    {"fingerprint.keep", NAMES(kept), 0, 0, "", NAMES_ADVICE},
    {"cap.bans", NUMBER(caps.bans), 1, UINT32_MAX, "1000000", "a number of bans a minute"},
    {"cap.blocks", NUMBER(caps.blocks), 1, UINT32_MAX, "1000", "a number of blocks a minute"},
    {"cap.share.v4", SHARE(caps.share_v4), 1, 1000000, "1%", SHARE_ADVICE},
    {"cap.share.v6", SHARE(caps.share_v6), 1, 1000000, "1%", SHARE_ADVICE},
    {"floor.v4", NUMBER(caps.floor_v4), 8, 32, "8", "a prefix from 8 to 32"},
    {"floor.v6", NUMBER(caps.floor_v6), 32, 128, "32", "a prefix from 32 to 128"},
    {"dns", setting_parse_switch, setting_print_switch, AT(dns.on), 0, 0, "false", "true or false"},
    {"dns.lists", setting_parse_lists, setting_print_lists, AT(dns), 0, 0,
     "zen.spamhaus.org=2@127.0.0.2-127.0.0.9",
     "at most 8 of ZONE, ZONE=WEIGHT and ZONE=WEIGHT@127.0.0.2-127.0.0.9, separated by spaces",
     true},
    {"dns.noptr", NUMBER(dns.noptr), 0, DNS_WEIGHT_MAX, "1", WEIGHT_ADVICE},
    {"dns.unconfirmed", NUMBER(dns.unconfirmed), 0, DNS_WEIGHT_MAX, "1", WEIGHT_ADVICE},
    {"dns.generic", NUMBER(dns.generic), 0, DNS_WEIGHT_MAX, "0", WEIGHT_ADVICE},
    {"dns.servers", setting_parse_servers, setting_print_servers, AT(dns), 0, 0, "",
     "addresses, 192.0.2.1 or 192.0.2.1:53 or [2001:db8::1]:53, separated by spaces"},
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

static int set(const struct setting *t, const char *text, struct settings *s)
{
    return t->parse(t, text, (char *)s + t->offset);
}

// Whether a value is all that was written, but for a comment: behind a closing quote, a ';' or a
// '#' iniparser goes no further, and a list would lose the rest of its names without a word.
static bool is_whole(const char *value, const char *written)
{
    bool is_quoted = *written == '"' || *written == '\'';
    size_t n = strlen(value), blank;
    const char *rest = written + is_quoted + n;

    if (strncmp(written + is_quoted, value, n) != 0 || (is_quoted && *rest++ != *written))
        return false;
    blank = strspn(rest, " \t");
    return !rest[blank] || (blank > 0 && rest[blank] == '#');
}

// As it is called in the file: case is nothing to iniparser.
static const char *section_in(const struct ini *where)
{
    const char *section;

    for (size_t s = 0; (section = ini_section(where, s)); s++) {
        if (strcasecmp(section, SECTION) == 0)
            return section;
    }
    return SECTION;
}

static void apply(const dictionary *d, const struct ini *where, struct problems *problems,
                  struct settings *ret)
{
    const char *section = section_in(where);

    for (size_t i = 0; i < SETTINGS; i++) {
        const struct setting *t = &settings[i];
        const char *written = ini_value(where, section, t->key), *value;
        char key[64];
        snprintf(key, sizeof(key), SECTION ":%s", t->key);
        value = iniparser_getstring(d, key, NULL);
        if (value && written && !is_whole(value, written))
            problems_error(problems, ini_origin(where, section, t->key),
                           "%s: only a part of this would be read: write it without quotes, with "
                           "a blank before a comment",
                           t->key);
        else if (value && set(t, value, ret) < 0)
            problems_error(problems, ini_origin(where, section, t->key), "%s = %s: write %s",
                           t->key, t->is_secret ? "..." : value, t->advice);
    }
}

// Of a value behind a line's length, in the next line, or with the next line drawn up to it,
// iniparser makes something else, or it refuses the whole file without saying where.
static bool is_one_line(const char *value)
{
    size_t n = strlen(value);

    return n <= VALUE_MAX && !strchr(value, '\n') && (n == 0 || value[n - 1] != '\\');
}

static int check_lines(const struct ini *where, struct problems *problems)
{
    const char *section, *option;
    int r = 0;

    for (size_t s = 0; (section = ini_section(where, s)); s++) {
        for (size_t c = 0; (option = ini_next(where, section, &c));) {
            if (is_one_line(ini_value(where, section, option)))
                continue;
            r = -EINVAL;
            problems_error(problems, ini_origin(where, section, option),
                           "%s: write the value in one line of at most %d bytes, without a \\ at "
                           "its end",
                           option, VALUE_MAX);
        }
    }
    return r;
}

// iniparser would complain on standard error of what is a problem of ours.
static int say_nothing(const char *format, ...)
{
    (void)format;
    return 0;
}

static int check_mark(const char *text, const char *path, struct problems *problems)
{
    if (!slice_starts(slice_of(text), "\xef\xbb\xbf"))
        return 0;
    return problems_error(problems, (struct origin){path, 1},
                          "begins with a byte order mark, behind which no section is seen: save it "
                          "as UTF-8 without one");
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
        r = check_mark(text, path, problems);
    if (r == 0)
        r = dialect_read((struct slice){text, n}, path, problems, &where);
    if (r == 0)
        r = check_lines(where, problems);
    if (r < 0)
        return r == -ENOMEM ? r : 0;
    iniparser_set_error_callback(say_nothing);
    d = iniparser_load(path);
    iniparser_set_error_callback(NULL);
    if (!d) {
        problems_error(problems, (struct origin){path, 0},
                       "is no plain INI file: write option = value");
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
        set(&settings[i], settings[i].fallback, &s);
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
        settings[i].print((const char *)s + settings[i].offset, out);
        fputc('\n', out);
    }
}
