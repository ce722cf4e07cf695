// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/arguments.h"

#include <errno.h>
#include <getopt.h>
#include <string.h>

enum { LONG_BASE = 256 }; // what getopt_long() returns for row 0

static const struct row {
    unsigned option;
    char letter; // 0: none
    const char *name, *value, *help;
    size_t offset; // of a const char * where it takes a value, else of a bool
} rows[] = {
    {OPTION_JAIL, 'j', "jail", "JAIL", "in this jail only", offsetof(struct arguments, jail)},
    {OPTION_FOR, 'f', "for", "SPAN", "how long: 10m, 6h, 1w, 1d 12h; -1: until unbanned",
     offsetof(struct arguments, span)},
    {OPTION_ALL, 'a', "all", NULL, "everything that is banned", offsetof(struct arguments, all)},
    {OPTION_CONFIG, 'c', "config", "DIR", "the configuration's folder (/etc/tailban)",
     offsetof(struct arguments, config)},
    {OPTION_DUMP, 0, "dump", NULL, "print what was understood, option by option",
     offsetof(struct arguments, dump)},
    {OPTION_MATCHED, 0, "matched", NULL, "show the lines that match (unless others are asked for)",
     offsetof(struct arguments, matched)},
    {OPTION_MISSED, 0, "missed", NULL, "show the lines that do not match",
     offsetof(struct arguments, missed)},
    {OPTION_IGNORED, 0, "ignored", NULL, "show the lines that an ignoreregex took",
     offsetof(struct arguments, ignored)},
    {OPTION_SAMPLES, 0, "samples", "DIR", "the folder of sample lines, NAME.samples",
     offsetof(struct arguments, samples)},
    {OPTION_NOW, 0, "now", "TIME",
     "when the log was read (epoch or RFC 3339), for its missing year",
     offsetof(struct arguments, now)},
    {OPTION_JSON, 0, "json", NULL, "one JSON object a line", offsetof(struct arguments, json)},
    {OPTION_RUN, 0, "run", "DIR", "the daemon's run directory (/run/tailban)",
     offsetof(struct arguments, run)},
    {OPTION_HELP, 'h', "help", NULL, "this text", offsetof(struct arguments, help)},
    {OPTION_VERSION, 'V', "version", NULL, "the version", offsetof(struct arguments, version)},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static const struct row *find_row(int key)
{
    if (key >= LONG_BASE)
        return &rows[key - LONG_BASE];
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].letter && rows[i].letter == key)
            return &rows[i];
    }
    return NULL;
}

static void take(struct arguments *a, const struct row *row, const char *value)
{
    char *member = (char *)a + row->offset;

    if (row->value)
        memcpy(member, &value, sizeof(value));
    else
        *(bool *)member = true;
    a->given |= row->option;
}

static void make_options(struct option longs[static ROWS + 1], char letters[static 2 * ROWS + 1])
{
    for (size_t i = 0; i < ROWS; i++) {
        longs[i] = (struct option){rows[i].name, rows[i].value ? required_argument : no_argument,
                                   NULL, LONG_BASE + (int)i};
        if (rows[i].letter) {
            *letters++ = rows[i].letter;
            if (rows[i].value)
                *letters++ = ':';
        }
    }
    longs[ROWS] = (struct option){0};
    *letters = '\0';
}

int arguments_parse(int argc, char **argv, struct arguments *ret)
{
    struct arguments a = {.run = "/run/tailban", .config = "/etc/tailban"};
    struct option longs[ROWS + 1];
    char letters[2 * ROWS + 1];
    int key;

    make_options(longs, letters);
    while ((key = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        const struct row *row = find_row(key);
        if (!row)
            return -EINVAL;
        take(&a, row, optarg);
    }
    a.word = argv + optind;
    a.n_word = (size_t)(argc - optind);
    *ret = a;
    return 0;
}

const char *arguments_stray(const struct arguments *a, unsigned allowed)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (a->given & rows[i].option & ~allowed)
            return rows[i].name;
    }
    return NULL;
}

void arguments_describe(unsigned options, FILE *out)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        char text[40], letter[] = {'-', row->letter, ',', ' ', '\0'};

        if (!(row->option & options))
            continue;
        snprintf(text, sizeof(text), "%s--%s %s", row->letter ? letter : "    ", row->name,
                 row->value ? row->value : "");
        fprintf(out, "  %-18s  %s\n", text, row->help);
    }
}
