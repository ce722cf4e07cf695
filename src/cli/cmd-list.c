// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cleanup.h"
#include "cli/client.h"
#include "cli/grid.h"
#include "cli/view.h"

static const struct grid_column columns[] = {
    {"ADDRESS"}, {"JAIL"}, {"SINCE"}, {"UNTIL"}, {"HITS", true}, {"HOSTS", true},
};

static int add_row(struct grid *g, const struct output *o, const struct control_ban *ban)
{
    char net[ADDR_TEXT_MAX], since[OUTPUT_TIME_MAX], left[OUTPUT_LEFT_MAX];
    bool manual = ban->reason == CONTROL_MANUAL;
    int r;

    addr_format(&ban->net, net);
    output_time(o, ban->since, since);
    output_relative(o, ban->until, left);
    r = grid_cell(g, STYLE_PLAIN, "%s", net);
    if (r == 0)
        r = grid_slice(g, STYLE_PLAIN, ban->jail);
    if (r == 0)
        r = grid_cell(g, STYLE_DIM, "%s", since);
    if (r == 0)
        r = grid_cell(g, STYLE_PLAIN, "%s", left);
    if (r == 0)
        r = manual ? grid_cell(g, STYLE_DIM, "-") : grid_cell(g, STYLE_PLAIN, "%u", ban->hits);
    if (r == 0)
        r = manual ? grid_cell(g, STYLE_DIM, "-") : grid_cell(g, STYLE_PLAIN, "%u", ban->hosts);
    return r;
}

// Reads the reply to its end. JSON needs no widths and is printed at once.
static int read_reply(struct client *c, struct grid *g, struct output *out)
{
    struct control record;

    for (;;) {
        if (client_next(c, &record) < 0)
            return COMMAND_NOT;
        if (record.type == CONTROL_IS_DONE)
            return view_done(&record.done);
        if (record.type == CONTROL_IS_REFUSED)
            view_refused("list", &record.refused);
        if (record.type != CONTROL_IS_BAN)
            continue;
        if ((out->json ? view_ban_json(out, &record.ban) : add_row(g, out, &record.ban)) < 0)
            return command_fail("out of memory");
    }
}

static int list(const struct arguments *a, struct output *out)
{
    struct control request = {.type = CONTROL_LIST};
    cleanup(grid_freep) struct grid *g = grid_new(columns, sizeof(columns) / sizeof(columns[0]));
    struct client c;
    int code;

    if (client_jail(a->jail, &request.query.jail) < 0)
        return COMMAND_USAGE;
    if (!g)
        return command_fail("out of memory");
    if (client_open(a, &c) < 0)
        return COMMAND_NOT;
    code = client_ask(&c, &request) < 0 ? COMMAND_NOT : read_reply(&c, g, out);
    if (grid_rows(g) > 0)
        grid_print(g, out);
    else if (!out->json && code == COMMAND_DONE)
        fprintf(out->file, "Nobody is banned%s%s.\n", a->jail ? " in " : "",
                a->jail ? a->jail : "");
    client_done(&c);
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
