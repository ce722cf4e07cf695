// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/bulk.h"
#include "cli/jsonline.h"
#include "cli/view.h"

// "Banned: 203.0.113.7", or how many of them.
static int report(struct output *out, const struct arguments *a, uint64_t done)
{
    char count[VIEW_NUMBER_MAX];
    struct jsonline *j;

    if (out->json) {
        j = jsonline_new();
        jsonline_number(j, "banned", done);
        return jsonline_print(j, out->file);
    }
    if (done == 0)
        return 0;
    if (a->n_word == 2 && strcmp(a->word[1], "-") != 0)
        fprintf(out->file, "Banned: %s\n", a->word[1]);
    else
        fprintf(out->file, "Banned: %s\n", view_count(done, count));
    return 0;
}

static int ban(const struct arguments *a, struct output *out)
{
    struct control request = {.type = CONTROL_BAN};
    uint64_t done = 0;
    int code;

    if (client_jail(a->jail, &request.query.jail) < 0)
        return COMMAND_USAGE;
    if (a->span && (span_parse(slice_of(a->span), &request.query.span) < 0 ||
                    request.query.span < USEC_PER_SEC))
        return command_misused("'%s' is no span: write 10m, 6h, 1w or '1d 12h'; -1 is until "
                               "unbanned",
                               a->span);
    code = bulk_run(a, &request, a->word + 1, a->n_word - 1, &done);
    if (code != COMMAND_USAGE && report(out, a, done) < 0)
        return command_fail("out of memory");
    return code;
}

const struct command command_ban = {
    .name = "ban",
    .usage = "ADDR[/LEN]...|- [--jail JAIL] [--for SPAN]",
    .summary = "keep an address or a block out",
    .help =
        "Bans addresses and blocks: in a jail for its ports, or without --jail in the jail\n"
        "'manual' for all ports; for as long as --for says, else as long as the jail does.\n"
        "Banning again what is banned lets the later end count. '-' reads one address or block\n"
        "a line from standard input; '#' begins a comment. What is refused is said, with its\n"
        "line, and the rest goes on; the exit code is then 1. Loopback and exempt addresses\n"
        "(ignoreip, the host's own) are refused.\n"
        "\n"
        "  tailban ban 203.0.113.7\n"
        "  tailban ban 203.0.113.0/24 2001:db8::/56 --for 1w\n"
        "  tailban ban 203.0.113.7 --jail postfix-auth --for -1\n"
        "  tailban ban - --for 1d < blocklist.txt\n",
    .options = OPTION_JAIL | OPTION_FOR | OPTION_JSON | OPTION_RUN,
    .words_min = 1,
    .words_max = COMMAND_ANY,
    .run = ban,
};
