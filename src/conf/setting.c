// SPDX-License-Identifier: GPL-2.0-or-later
#include "conf/setting.h"

#include "conf/names.h"
#include "conf/value.h"
#include "conf/words.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

enum { PER_PERCENT = 10000, DECIMALS = 4 };

static const struct {
    const char *name;
    int level;
} levels[] = {{"error", LOGLEVEL_ERROR},
              {"warning", LOGLEVEL_WARNING},
              {"notice", LOGLEVEL_NOTICE},
              {"info", LOGLEVEL_INFO},
              {"debug", LOGLEVEL_DEBUG}};

int setting_parse_loglevel(const struct setting *t, const char *text, void *field)
{
    (void)t;
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (strcasecmp(text, levels[i].name) == 0) {
            *(int *)field = levels[i].level;
            return 0;
        }
    }
    return -EINVAL;
}

void setting_print_loglevel(const void *field, FILE *out)
{
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
        if (levels[i].level == *(const int *)field)
            fprintf(out, " %s", levels[i].name);
    }
}

int setting_parse_span(const struct setting *t, const char *text, void *field)
{
    usec_t span;

    if (span_parse(slice_of(text), &span) < 0 || span < t->least || span > t->most)
        return -EINVAL;
    *(usec_t *)field = span;
    return 0;
}

void setting_print_span(const void *field, FILE *out)
{
    value_print_span(NULL, field, out);
}

int setting_parse_number(const struct setting *t, const char *text, void *field)
{
    return words_number(slice_of(text), (uint32_t)t->least, (uint32_t)t->most, field);
}

void setting_print_number(const void *field, FILE *out)
{
    fprintf(out, " %u", *(const uint32_t *)field);
}

static const struct {
    char letter;
    unsigned bits;
} units[] = {{'G', 30}, {'M', 20}, {'K', 10}};

enum { UNITS = sizeof(units) / sizeof(units[0]) };

int setting_parse_size(const struct setting *t, const char *text, void *field)
{
    struct slice number = slice_of(text);
    unsigned bits = 0;
    uint32_t n;

    for (size_t i = 0; i < UNITS && number.n > 0; i++) {
        if (toupper((unsigned char)number.p[number.n - 1]) == units[i].letter)
            bits = units[i].bits;
    }
    number.n -= bits > 0;
    if (words_number(number, 1, UINT32_MAX, &n) < 0 || (uint64_t)n << bits < t->least ||
        (uint64_t)n << bits > t->most)
        return -EINVAL;
    *(uint64_t *)field = (uint64_t)n << bits;
    return 0;
}

void setting_print_size(const void *field, FILE *out)
{
    uint64_t size = *(const uint64_t *)field;
    size_t i = 0;

    while (i < UNITS && size & ((UINT64_C(1) << units[i].bits) - 1))
        i++;
    if (i < UNITS)
        fprintf(out, " %llu%c", (unsigned long long)(size >> units[i].bits), units[i].letter);
    else
        fprintf(out, " %llu", (unsigned long long)size);
}

int setting_parse_names(const struct setting *t, const char *text, void *field)
{
    (void)t;
    if (strlen(text) >= SETTINGS_NAMES_MAX || names_check(slice_of(text)) < 0)
        return -EINVAL;
    strcpy(field, text);
    return 0;
}

void setting_print_names(const void *field, FILE *out)
{
    if (*(const char *)field)
        fprintf(out, " %s", (const char *)field);
}

int setting_parse_share(const struct setting *t, const char *text, void *field)
{
    struct slice rest = slice_of(text);
    uint32_t whole, part = 0, scale = PER_PERCENT;
    size_t n = strcspn(text, ".%");

    if (words_number((struct slice){text, n}, 0, 100, &whole) < 0)
        return -EINVAL;
    rest = slice_from(rest, n);
    if (rest.n > 1 && rest.p[0] == '.') {
        for (n = 1; n < rest.n && n <= DECIMALS && isdigit((unsigned char)rest.p[n]); n++) {
            scale /= 10;
            part += (uint32_t)(rest.p[n] - '0') * scale;
        }
        rest = slice_from(rest, n);
    }
    whole = whole * PER_PERCENT + part;
    if (!slice_is(slice_trim(rest), "%") || whole < t->least || whole > t->most)
        return -EINVAL;
    *(uint32_t *)field = whole;
    return 0;
}

void setting_print_share(const void *field, FILE *out)
{
    fprintf(out, " %g%%", *(const uint32_t *)field / (double)PER_PERCENT);
}

int setting_parse_switch(const struct setting *t, const char *text, void *field)
{
    bool is_on = strcasecmp(text, "true") == 0;

    (void)t;
    if (!is_on && strcasecmp(text, "false") != 0)
        return -EINVAL;
    *(bool *)field = is_on;
    return 0;
}

void setting_print_switch(const void *field, FILE *out)
{
    fputs(*(const bool *)field ? " true" : " false", out);
}

int setting_parse_lists(const struct setting *t, const char *text, void *field)
{
    (void)t;
    return dnsconf_lists(slice_of(text), field);
}

void setting_print_lists(const void *field, FILE *out)
{
    dnsconf_print_lists(field, out);
}

int setting_parse_servers(const struct setting *t, const char *text, void *field)
{
    (void)t;
    return dnsconf_servers(slice_of(text), field);
}

void setting_print_servers(const void *field, FILE *out)
{
    const struct dns_conf *conf = field;

    if (*conf->servers)
        fprintf(out, " %s", conf->servers);
}
