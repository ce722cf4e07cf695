// SPDX-License-Identifier: GPL-2.0-or-later
// tailban check: read the configuration, say what is wrong and where.
#include "cli/command.h"
#include "cli/remark.h"
#include "cli/view.h"
#include "conf/config.h"

static size_t print_problems(const struct config *config, struct output *out)
{
    size_t errors = 0;

    for (size_t i = 0; i < config->n_problem; i++) {
        const struct problem *p = &config->problem[i];
        struct control_problem shown = {
            .warning = p->severity == PROBLEM_WARNING,
            .file = slice_of(p->file ? p->file : ""),
            .line = p->line,
            .text = slice_of(p->text),
        };
        errors += p->severity == PROBLEM_ERROR;
        view_problem(out, &shown);
    }
    return errors;
}

enum { REGEXES_MAX = 256 }; // that are looked over, so that check stays quick

struct warnings {
    struct output *out;
    size_t n;
};

static int warn(struct warnings *w, const char *file, unsigned line, const char *text)
{
    const struct control_problem shown = {
        .warning = true,
        .file = slice_of(file ? file : ""),
        .line = line,
        .text = slice_of(text),
    };

    w->n++;
    return view_problem(w->out, &shown);
}

// Only what is dangerous whatever the server writes: `tailban lint` says the rest.
static int print_remark(void *user, const struct remark *remark)
{
    const struct pattern *regex = remark->finding->pattern;
    enum lint_kind kind = remark->finding->kind;
    char text[REMARK_TEXT_MAX];

    if (kind == LINT_FIELD || kind == LINT_UNTRIED)
        return 0;
    remark_say(remark, text);
    return warn(user, regex->file, regex->line, text);
}

static int try_filters(const struct jail_conf *jail, struct remarks *remarks,
                       struct warnings *warnings)
{
    static const struct samples none = {0};
    int r = 0;

    for (size_t i = 0; i < jail->n_filter && r == 0; i++)
        r = remarks_find(remarks, jail->filter[i].name, &jail->filter[i].spec, &none, &lint_brief,
                         print_remark, warnings);
    return r;
}

// What an attacker could make of the filters. How many warnings.
static size_t print_remarks(const struct config *config, struct output *out)
{
    struct remarks remarks = {0};
    struct warnings warnings = {.out = out};
    size_t regexes = 0;
    int r = 0;

    for (size_t i = 0; i < config->n_jail && r == 0; i++) {
        const struct jail_conf *jail = &config->jail[i];
        if (!jail->usable)
            continue;
        for (size_t k = 0; k < jail->n_filter; k++)
            regexes += jail->filter[k].spec.n_failregex;
        if (regexes > REGEXES_MAX) {
            warn(&warnings, jail->file, jail->line,
                 "filters from here on are not tried: 'tailban lint' tries them all");
            break;
        }
        r = try_filters(jail, &remarks, &warnings);
    }
    remarks_done(&remarks);
    return warnings.n;
}

static void print_summary(const struct config *config, size_t errors, size_t warnings,
                          struct output *out)
{
    size_t usable = 0, enabled = 0;

    for (size_t i = 0; i < config->n_jail; i++) {
        usable += config->jail[i].usable;
        enabled += config->jail[i].enabled;
    }
    fprintf(out->file, "Jails that can run: %zu of %zu enabled; errors: %zu, warnings: %zu\n",
            usable, enabled, errors, warnings);
}

static int run(const struct arguments *a, struct output *out)
{
    struct config config;
    int r = config_load(a->config, &config);
    size_t errors, warnings;

    // Where the configuration itself is asked for, what is wrong with it must not end up inside it.
    if (a->dump && r == 0)
        config_dump(&config, out->file);
    if (a->dump) {
        struct output complaints = *out;
        complaints.file = stderr;
        errors = print_problems(&config, &complaints);
    } else {
        errors = print_problems(&config, out);
        warnings = config.n_problem - errors + print_remarks(&config, out);
        if (!out->json && r == 0)
            print_summary(&config, errors, warnings, out);
    }
    config_done(&config);
    return r < 0 || errors > 0 ? COMMAND_NOT : COMMAND_DONE;
}

const struct command command_check = {
    .name = "check",
    .usage = "[-c DIR] [--dump]",
    .summary = "read the configuration, say what is wrong and where",
    .help =
        "Reads the configuration as the daemon would, regexes included, and says what is wrong\n"
        "with file and line, and what to write instead. A jail with an error does not run; the\n"
        "others do. A filter that an attacker could turn on a victim or stall is a warning, for\n"
        "which 'tailban lint' has a line that shows it. With --dump it prints every option of\n"
        "every jail as it is understood.\n"
        "\n"
        "  tailban check                       what is in /etc/tailban\n"
        "  tailban check -c . --dump           the shipped configuration, in a clone\n"
        "\n"
        "The exit code is 1 where there is an error; warnings alone leave it 0.\n",
    .options = OPTION_CONFIG | OPTION_DUMP | OPTION_JSON,
    .words_min = 0,
    .words_max = 0,
    .run = run,
};
