// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cleanup.h"
#include "cli/client.h"
#include "cli/grid.h"
#include "cli/jsonline.h"
#include "cli/said.h"
#include "cli/view.h"

static const struct grid_column columns[] = {
    {"NAME"}, {"STATE"}, {"HOSTS", true}, {"BLOCKS", true}, {"FAILURES", true}, {"SINCE"}, {"LAST"},
};

struct names {
    struct output *out;
    struct grid *grid;
    size_t shown;
};

static void add_row(struct names *n, const struct control_fingerprint *f)
{
    char name[SAID_TEXT_MAX], failures[VIEW_NUMBER_MAX];
    char since[OUTPUT_TIME_MAX], last[OUTPUT_TIME_MAX];

    said_name(f, name);
    output_time(n->out, f->first, since);
    output_time(n->out, f->last, last);
    grid_cell(n->grid, STYLE_PLAIN, "%s", name);
    grid_cell(n->grid, f->is_fingerprint ? STYLE_PLAIN : STYLE_GOOD, "%s", said_state(f));
    grid_cell(n->grid, STYLE_PLAIN, "%u", f->hosts);
    grid_cell(n->grid, STYLE_PLAIN, "%u", f->blocks);
    grid_cell(n->grid, STYLE_PLAIN, "%s", view_count(f->failures, failures));
    grid_cell(n->grid, STYLE_DIM, "%s", since);
    grid_cell(n->grid, STYLE_DIM, "%s", last);
}

static int take(void *user, const struct control *record)
{
    struct names *n = user;

    if (record->type == CONTROL_IS_REFUSED)
        view_refused(&record->refused, 0);
    if (record->type != CONTROL_IS_FINGERPRINT)
        return 0;
    if (n->out->json)
        return said_json(n->out, &record->fingerprint, NULL);
    if (n->grid)
        add_row(n, &record->fingerprint);
    else
        said_print(n->out, &record->fingerprint);
    return 0;
}

static int list(const struct arguments *a, struct output *out)
{
    cleanup(grid_freep) struct grid *g = grid_new(columns, sizeof(columns) / sizeof(columns[0]));
    struct control request = {.type = CONTROL_FINGERPRINTS};
    struct names names = {.out = out, .grid = g};
    int code;

    if (!g)
        return command_fail("out of memory");
    code = client_call(a, &request, take, &names, NULL);
    if (grid_rows(g) > 0 && grid_print(g, out) < 0)
        return command_fail("out of memory");
    if (grid_rows(g) == 0 && !out->json && code == COMMAND_DONE)
        fputs("There are no fingerprints.\n", out->file);
    return code;
}

static int show(const struct arguments *a, struct output *out)
{
    struct control request = {.type = CONTROL_FINGERPRINTS};
    struct names names = {.out = out};

    if (said_read(a->word[2], true, &request.query.name) < 0)
        return COMMAND_USAGE;
    return client_call(a, &request, take, &names, NULL);
}

static int mark(const struct arguments *a, struct output *out, enum control_mark as)
{
    static const char *const done[CONTROL_MARK_MAX][2] = {
        [CONTROL_ADD] = {"is a fingerprint from now on", "is a fingerprint already"},
        [CONTROL_KEEP] = {"is never a fingerprint from now on", "is kept already"},
        [CONTROL_REMOVE] = {"is forgotten, and may be learned again ('keep' prevents that)", ""},
    };
    struct control request = {.type = CONTROL_MARK, .query.mark = as};
    struct control_done reply = {0};
    struct names names = {.out = out};
    int code;

    if (said_read(a->word[2], false, &request.query.name) < 0)
        return COMMAND_USAGE;
    code = client_call(a, &request, take, &names, &reply);
    if (code != COMMAND_DONE || out->json)
        return code;
    output_text(out, request.query.name);
    fprintf(out->file, " %s\n", done[as][reply.again > 0]);
    return code;
}

static int add(const struct arguments *a, struct output *out)
{
    return mark(a, out, CONTROL_ADD);
}

static int keep(const struct arguments *a, struct output *out)
{
    return mark(a, out, CONTROL_KEEP);
}

static int forget(const struct arguments *a, struct output *out)
{
    return mark(a, out, CONTROL_REMOVE);
}

static const struct {
    const char *name;
    size_t words;
    int (*run)(const struct arguments *a, struct output *out);
} actions[] = {
    {"list", 0, list}, {"show", 1, show}, {"add", 1, add}, {"remove", 1, forget}, {"keep", 1, keep},
};

static int fingerprints(const struct arguments *a, struct output *out)
{
    const char *action = a->n_word > 1 ? a->word[1] : "list";

    for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++) {
        if (strcmp(actions[i].name, action) != 0)
            continue;
        if (a->n_word > 1 && a->n_word - 2 != actions[i].words)
            return command_misused("fingerprints %s takes %s", action,
                                   actions[i].words ? "one name" : "no name");
        return actions[i].run(a, out);
    }
    return command_misused("fingerprints: no '%s' (see 'tailban fingerprints --help')", action);
}

const struct command command_fingerprints = {
    .name = "fingerprints",
    .usage = "[list | show NAME | add NAME | remove NAME | keep NAME]",
    .summary = "names that give botnets away: one failure is enough",
    .help =
        "HELO names (helo:ylmf-pc) and user names (user:admin) that failed from many hosts in "
        "many\n"
        "blocks and never logged in, made-up ones as one family (helo:win-<mixed:11>), with the\n"
        "figures of late. 'show' says of any name how it stands, and takes it without its kind as\n"
        "well. 'add' makes one by hand, 'keep' says that a name is never one, and 'remove' takes\n"
        "either back or forgets what was learned. All of it outlasts a restart. Names in\n"
        "tailban.conf (fingerprint.known, fingerprint.keep) are changed there.\n"
        "\n"
        "  tailban fingerprints\n"
        "  tailban fingerprints show ylmf-pc\n"
        "  tailban fingerprints keep user:info@example.com\n"
        "  tailban why helo:ylmf-pc         whom it led to ban\n",
    .options = OPTION_JSON | OPTION_RUN,
    .words_max = 2,
    .run = fingerprints,
};
