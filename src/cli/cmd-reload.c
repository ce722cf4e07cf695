// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/client.h"
#include "cli/view.h"

static int take(void *user, const struct control *record)
{
    if (record->type == CONTROL_IS_REFUSED)
        view_refused(&record->refused, 0);
    return record->type == CONTROL_IS_PROBLEM ? view_problem(user, &record->problem) : 0;
}

static int reload(const struct arguments *a, struct output *out)
{
    const struct control request = {.type = CONTROL_RELOAD};
    int code = client_call(a, &request, take, out, NULL);

    if (code == COMMAND_DONE && !out->json)
        fputs("The configuration has been read again.\n", out->file);
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
