// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/bulk.h"
#include "cli/jsonline.h"
#include "cli/view.h"

static int take(void *user, const struct control *record)
{
    (void)user;
    if (record->type == CONTROL_IS_REFUSED)
        view_refused(&record->refused, 0);
    return 0;
}

static int unban_all(const struct arguments *a, struct control *request, uint64_t *ret_done)
{
    struct control_done done = {0};
    int code;

    request->query.all = true;
    request->query.net = (struct addr){0};
    code = client_call(a, request, take, NULL, &done);
    *ret_done = done.count;
    return code;
}

static int report(struct output *out, const struct arguments *a, uint64_t done)
{
    char count[VIEW_NUMBER_MAX];
    struct jsonline *j;

    if (out->json) {
        j = jsonline_new();
        jsonline_number(j, "unbanned", done);
        return jsonline_print(j, out->file);
    }
    if (a->all && done == 0)
        fputs("Nobody was banned.\n", out->file);
    else if (done > 0 && a->n_word == 2 && strcmp(a->word[1], "-") != 0)
        fprintf(out->file, "Unbanned: %s\n", a->word[1]);
    else if (done > 0)
        fprintf(out->file, "Unbanned: %s\n", view_count(done, count));
    return 0;
}

static int unban(const struct arguments *a, struct output *out)
{
    struct control request = {.type = CONTROL_UNBAN};
    uint64_t done = 0;
    int code;

    if (a->all == (a->n_word > 1))
        return command_misused("unban: either addresses or --all (see 'tailban unban --help')");
    if (client_jail(a->jail, &request.query.jail) < 0)
        return COMMAND_USAGE;
    code = a->all ? unban_all(a, &request, &done)
                  : bulk_run(a, &request, a->word + 1, a->n_word - 1, &done);
    if (code != COMMAND_USAGE && report(out, a, done) < 0)
        return command_fail("out of memory");
    return code;
}

const struct command command_unban = {
    .name = "unban",
    .usage = "ADDR[/LEN]...|-|--all [--jail JAIL]",
    .summary = "let an address, a block or everybody in again",
    .help = "Lifts bans and forgets what was counted against the address or block. Name it as\n"
            "'tailban list' shows it: unbanning an address lifts no ban of a block around it, and\n"
            "says so; unbanning a block lifts no ban of a host in it, which then holds by itself.\n"
            "Without --jail, in all jails. '-' reads one a line from standard input. To keep\n"
            "somebody from being banned again, add the address to ignoreip.\n"
            "\n"
            "  tailban unban 203.0.113.7\n"
            "  tailban unban 203.0.113.0/24 --jail postfix-auth\n"
            "  tailban unban --all\n",
    .options = OPTION_ALL | OPTION_JAIL | OPTION_JSON | OPTION_RUN,
    .words_max = COMMAND_ANY,
    .run = unban,
};
