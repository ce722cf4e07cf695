// SPDX-License-Identifier: GPL-2.0-or-later
// tailban lint: filters that an attacker could turn on a victim, or stall.
#include "cli/command.h"
#include "cli/literal.h"
#include "cli/remark.h"
#include "cli/samples.h"
#include "cli/view.h"

#include <errno.h>
#include <string.h>

struct work {
    const struct arguments *arguments;
    struct output *out;
    struct remarks remarks;
    size_t filters, regexes;
};

static int tell(void *user, const struct remark *remark)
{
    struct work *w = user;

    return w->out->json ? remark_json(remark, w->out->file) : remark_print(remark, w->out);
}

// A filter that was named by its path is called by it.
static struct slice base_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    struct slice base = slice_of(slash ? slash + 1 : name);

    if (base.n > 5 && strcmp(base.p + base.n - 5, ".conf") == 0)
        base.n -= 5;
    return base;
}

static int lint(struct work *w, const char *name, const struct filter_spec *spec)
{
    struct samples samples = {0};
    int r = 0;

    if (w->arguments->samples)
        r = samples_read(&samples, w->arguments->samples, base_name(spec->name));
    if (r < 0)
        command_fail("%s: %s", samples.path, strerror(-r));
    else
        r = remarks_find(&w->remarks, name, spec, &samples, &lint_thorough, tell, w);
    samples_done(&samples);
    w->filters++;
    w->regexes += spec->n_failregex;
    return r;
}

static int lint_literal(struct work *w, const char *regex)
{
    struct pattern pattern;
    struct filter_spec spec;
    struct filter_error error;
    struct filter *filter;
    int r;

    literal_filter(regex, &pattern, &spec);
    r = filter_new(&spec, &filter, &error);
    if (r == -EINVAL)
        command_fail("%s: %s", regex, error.text);
    if (r < 0)
        return r;
    filter_free(filter);
    return lint(w, regex, &spec);
}

static int lint_named(struct work *w, const char *name)
{
    struct config config = {0};
    struct filter_spec spec;
    int r = config_filter(w->arguments->config, name, &config, &spec);

    view_config_problems(&config, w->arguments->config, true);
    if (r == 0)
        r = lint(w, name, &spec);
    config_done(&config);
    return r;
}

// A filter by its name, its file's path, or a regex. COMMAND_NOT where it cannot be read: said.
static int lint_word(struct work *w, const char *word)
{
    int r = literal_is_regex(word) ? lint_literal(w, word) : lint_named(w, word);

    return r < 0 ? COMMAND_NOT : COMMAND_DONE;
}

static int lint_words(struct work *w)
{
    int code = COMMAND_DONE;

    for (size_t i = 1; i < w->arguments->n_word; i++)
        code |= lint_word(w, w->arguments->word[i]);
    return code;
}

// The filters of the jails that can run, as these use them.
static int lint_jails(struct work *w)
{
    struct config config;
    int r = config_load(w->arguments->config, &config);
    size_t errors = view_config_problems(&config, w->arguments->config, true);

    for (size_t i = 0; i < config.n_jail && r == 0; i++) {
        const struct jail_conf *jail = &config.jail[i];
        for (size_t k = 0; k < jail->n_filter && jail->usable && r == 0; k++)
            r = lint(w, jail->filter[k].name, &jail->filter[k].spec);
    }
    config_done(&config);
    return r < 0 || errors > 0 ? COMMAND_NOT : COMMAND_DONE;
}

static int run(const struct arguments *a, struct output *out)
{
    struct work w = {.arguments = a, .out = out};
    int code = a->n_word > 1 ? lint_words(&w) : lint_jails(&w);
    size_t findings = w.remarks.findings;

    if (!out->json)
        fprintf(out->file, "Filters: %zu, regexes: %zu, findings: %zu, not tried: %zu\n", w.filters,
                w.regexes, findings, w.remarks.untried);
    remarks_done(&w.remarks);
    return findings > 0 ? COMMAND_NOT : code;
}

const struct command command_lint = {
    .name = "lint",
    .usage = "[-c DIR] [--samples DIR] [FILTER[OPTIONS]...]",
    .summary = "filters that an attacker could turn on a victim, or stall",
    .help =
        "Tries each failregex with lines made from it, and with a filter's sample lines where a\n"
        "folder has some (NAME.samples): addresses and pieces of log lines are written wherever a\n"
        "client's text may stand, and the same address must be found. Regexes whose steps outgrow\n"
        "the square of a line's length are found as well. For each finding there is a line that\n"
        "shows it, as the filter sees it: without its date. 'tailban match FILTER LINE' agrees.\n"
        "\n"
        "  injection  text that the regex itself lets in gives another address\n"
        "  shape      so does text that the regex shuts out, if the server lets it in; or a line\n"
        "             that quotes what the regex looks for, as it has no anchor\n"
        "  stall      the regex takes steps without bound\n"
        "  untried    no line was found that the regex takes: write a sample (no finding)\n"
        "\n"
        "  tailban lint                        the filters of all enabled jails\n"
        "  tailban lint -c . --samples tests/filters postfix-auth\n"
        "  tailban lint 'reject: RCPT from .*\\[<HOST>\\]'\n"
        "\n"
        "The exit code is 1 where there is a finding.\n",
    .options = OPTION_CONFIG | OPTION_JSON | OPTION_SAMPLES,
    .words_min = 0,
    .words_max = COMMAND_ANY,
    .run = run,
};
