// SPDX-License-Identifier: GPL-2.0-or-later
// What stands on the command line: one set of options for all commands, before or after the
// command's name, of which each command takes some.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

// Which options a command takes; every command takes --help.
enum {
    OPTION_RUN = 1 << 0,
    OPTION_JSON = 1 << 1,
    OPTION_JAIL = 1 << 2,
    OPTION_FOR = 1 << 3,
    OPTION_ALL = 1 << 4,
    OPTION_CONFIG = 1 << 5,
    OPTION_DUMP = 1 << 6,
    OPTION_NOW = 1 << 7,
    OPTION_HELP = 1 << 8,
    OPTION_VERSION = 1 << 9,
    OPTION_MATCHED = 1 << 10,
    OPTION_MISSED = 1 << 11,
    OPTION_IGNORED = 1 << 12,
    OPTION_SAMPLES = 1 << 13,
};

struct arguments {
    const char *run, *jail, *span, *config, *now, *samples; // run, config: never NULL; the others
                                                            // NULL if not given
    bool json, all, dump, help, version, matched, missed, ignored;
    unsigned given; // OPTION_* that were there
    char **word;    // the first is the command's name
    size_t n_word;
};

// 0, or -EINVAL with the reason said on standard error. The words are argv's own.
int arguments_parse(int argc, char **argv, struct arguments *ret);

// The first option given that is not among the allowed ones, as it is written; NULL: none.
const char *arguments_stray(const struct arguments *a, unsigned allowed);

// A line for each of the options.
void arguments_describe(unsigned options, FILE *out);
