// SPDX-License-Identifier: GPL-2.0-or-later
// A command of `tailban`: one row of main.c's table, one file cmd-NAME.c.
#pragma once

#include "cli/arguments.h"
#include "cli/output.h"

enum { COMMAND_DONE = 0, COMMAND_NOT = 1, COMMAND_USAGE = 2, COMMAND_ANY = 1 << 30 };

struct command {
    const char *name;
    const char *usage;   // what follows the name: "ADDR[/LEN]|- [--jail JAIL]"
    const char *summary; // a line for the list of commands
    const char *help;    // what it does, with examples
    unsigned options;    // OPTION_*
    size_t words_min, words_max;

    // a->word[0] is the command's name, a->n_word - 1 of its words follow. The result is the exit
    // code.
    int (*run)(const struct arguments *a, struct output *out);
};

extern const struct command command_status;
extern const struct command command_list;
extern const struct command command_why;
extern const struct command command_ban;
extern const struct command command_unban;
extern const struct command command_reload;
extern const struct command command_watch;
extern const struct command command_check;
extern const struct command command_match;
extern const struct command command_replay;
extern const struct command command_fingerprints;
extern const struct command command_lint;

// Says on standard error what is wrong, with the program's name in front. Control characters
// become '?'. They return COMMAND_NOT and COMMAND_USAGE.
int command_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int command_misused(const char *format, ...) __attribute__((format(printf, 1, 2)));
