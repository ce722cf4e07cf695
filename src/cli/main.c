// SPDX-License-Identifier: GPL-2.0-or-later
// tailban: the operator's command.
#include "cli/command.h"
#include "cli/f2b.h"

#include <errno.h>
#include <string.h>

static const struct command *const commands[] = {
    &command_status,       &command_list,   &command_why,    &command_ban,
    &command_unban,        &command_reload, &command_watch,  &command_check,
    &command_fingerprints, &command_match,  &command_replay, &command_lint,
};

enum { COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    }
    return NULL;
}

static void help_all(FILE *out)
{
    fputs("tailban: who attacks this server, who is kept out, and why.\n\n"
          "Usage: tailban COMMAND [options]\n\n"
          "Commands:\n",
          out);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-12s  %s\n", commands[i]->name, commands[i]->summary);
    fputs("\nOptions, before or after the command:\n", out);
    arguments_describe(OPTION_JSON | OPTION_RUN | OPTION_HELP | OPTION_VERSION, out);
    fputs(
        "\nExamples:\n"
        "  tailban status                   what is followed, what has been found\n"
        "  tailban list                     who is banned\n"
        "  tailban why 203.0.113.7          the log lines behind a ban\n"
        "  tailban unban 203.0.113.7        let somebody in again\n"
        "  tailban ban 203.0.113.0/24 --for 1w\n"
        "\n'tailban COMMAND --help' says more. The exit code is 0 where it was done, 1 where not,\n"
        "2 where the command line is wrong.\n",
        out);
}

static void help_one(const struct command *c, FILE *out)
{
    fprintf(out, "tailban %s: %s\n\nUsage: tailban %s%s%s\n\n%s\nOptions:\n", c->name, c->summary,
            c->name, c->usage[0] ? " " : "", c->usage, c->help);
    arguments_describe(c->options | OPTION_HELP, out);
}

static int check_use(const struct command *c, const struct arguments *a)
{
    const char *stray = arguments_stray(a, c->options | OPTION_HELP);
    size_t words = a->n_word - 1;

    if (stray)
        return command_misused("%s takes no --%s (see 'tailban %s --help')", c->name, stray,
                               c->name);
    if (words < c->words_min)
        return command_misused("%s: what is missing: tailban %s %s", c->name, c->name, c->usage);
    if (words > c->words_max)
        return command_misused("%s: too much: '%s' (usage: tailban %s %s)", c->name,
                               a->word[c->words_max + 1], c->name, c->usage);
    return COMMAND_DONE;
}

static int run(const struct arguments *a, struct output *out)
{
    const struct command *c = a->n_word > 0 ? find_command(a->word[0]) : NULL;
    int code;

    if (a->version) {
        fprintf(out->file, "tailban %s\n", TAILBAN_VERSION);
        return COMMAND_DONE;
    }
    if (a->n_word > 0 && !c)
        return command_misused("no command '%s' ('tailban --help' lists them)", a->word[0]);
    if (!c) {
        help_all(a->help ? out->file : stderr);
        return a->help ? COMMAND_DONE : COMMAND_USAGE;
    }
    if (a->help) {
        help_one(c, out->file);
        return COMMAND_DONE;
    }
    code = check_use(c, a);
    return code == COMMAND_DONE ? c->run(a, out) : code;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    struct output out;
    int r, code;

    if (strcmp(program_invocation_short_name, F2B_NAME) == 0)
        return f2b_main(argc, argv);
    if (arguments_parse(argc, argv, &arguments) < 0) {
        fputs("'tailban --help' says what there is.\n", stderr);
        return COMMAND_USAGE;
    }
    output_init(&out, stdout, arguments.json);
    code = run(&arguments, &out);
    r = output_done(&out);
    if (r < 0 && r != -EPIPE)
        return command_fail("cannot write the result: %s", strerror(-r));
    return r < 0 ? COMMAND_NOT : code;
}
