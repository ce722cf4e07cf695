// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/client.h"
#include "cli/view.h"

static int read_reply(struct client *c, struct output *out)
{
    struct control record;

    for (;;) {
        if (client_next(c, &record) < 0)
            return COMMAND_NOT;
        if (record.type == CONTROL_IS_DONE)
            return view_done(&record.done);
        if (record.type == CONTROL_IS_REFUSED)
            view_refused("reload", &record.refused);
        if (record.type == CONTROL_IS_PROBLEM && view_problem(out, &record.problem) < 0)
            return command_fail("out of memory");
    }
}

static int reload(const struct arguments *a, struct output *out)
{
    const struct control request = {.type = CONTROL_RELOAD};
    struct client c;
    int code;

    if (client_open(a, &c) < 0)
        return COMMAND_NOT;
    code = client_ask(&c, &request) < 0 ? COMMAND_NOT : read_reply(&c, out);
    client_done(&c);
    return code;
}

const struct command command_reload = {
    .name = "reload",
    .usage = "",
    .summary = "read the configuration again",
    .help =
        "The daemon reads its configuration again, keeps its bans and what it has counted, and\n"
        "goes on with what is right in it. What is wrong is shown with its file and line;\n"
        "'tailban check' shows the same without touching the daemon.\n",
    .options = OPTION_JSON | OPTION_RUN,
    .run = reload,
};
