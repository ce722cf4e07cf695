// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cleanup.h"
#include "cli/client.h"
#include "cli/grid.h"
#include "cli/view.h"

static const struct grid_column columns[] = {
    {"ADDRESS"}, {"JAIL"}, {"SINCE"}, {"ENDS"}, {"HITS", true}, {"HOSTS", true}, {"NAME"},
};

static void add_row(struct grid *g, const struct output *o, const struct control_ban *ban)
{
    char net[ADDR_TEXT_MAX], since[OUTPUT_TIME_MAX], left[OUTPUT_LEFT_MAX];
    const uint32_t counts[] = {ban->hits, ban->hosts};

    addr_format(&ban->net, net);
    output_time(o, ban->since, since);
    output_relative(o, ban->until, left);
    grid_cell(g, STYLE_PLAIN, "%s", net);
    grid_slice(g, STYLE_PLAIN, ban->jail);
    grid_cell(g, STYLE_DIM, "%s", since);
    grid_cell(g, STYLE_PLAIN, "%s", left);
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        if (ban->reason == CONTROL_MANUAL)
            grid_cell(g, STYLE_DIM, "-");
        else
            grid_cell(g, STYLE_PLAIN, "%u", counts[i]);
    }
    grid_slice(g, STYLE_PLAIN, ban->name);
}

struct listing {
    struct grid *grid;
    struct output *out;
};

static int take(void *user, const struct control *record)
{
    struct listing *l = user;

    if (record->type == CONTROL_IS_REFUSED)
        view_refused(&record->refused, 0);
    if (record->type != CONTROL_IS_BAN)
        return 0;
    // JSON needs no widths and is printed at once.
    if (l->out->json)
        return view_ban_json(l->out, &record->ban);
    add_row(l->grid, l->out, &record->ban);
    return 0;
}

static int list(const struct arguments *a, struct output *out)
{
    cleanup(grid_freep) struct grid *g = grid_new(columns, sizeof(columns) / sizeof(columns[0]));
    struct control request = {.type = CONTROL_LIST};
    struct listing listing = {g, out};
    int code;

    if (client_jail(a->jail, &request.query.jail) < 0)
        return COMMAND_USAGE;
    if (!g)
        return command_fail("out of memory");
    code = client_call(a, &request, take, &listing, NULL);
    if (grid_rows(g) > 0 && grid_print(g, out) < 0)
        return command_fail("out of memory");
    if (grid_rows(g) == 0 && !out->json && code == COMMAND_DONE)
        fprintf(out->file, "Nobody is banned%s%s.\n", a->jail ? " in " : "",
                a->jail ? a->jail : "");
    return code;
}

const struct command command_list = {
    .name = "list",
    .usage = "[--jail JAIL]",
    .summary = "bans in force",
    .help =
        "Addresses and blocks that are kept out, the oldest ban first: which jail banned them,\n"
        "since when and how long, how many hits led to it and from how many hosts.\n"
        "\n"
        "  tailban list --jail postfix-auth\n"
        "  tailban list --json | jq -r .net\n"
        "  tailban why 203.0.113.7          what one of them has done\n",
    .options = OPTION_JAIL | OPTION_JSON | OPTION_RUN,
    .run = list,
};
