// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/view.h"

#include "cli/command.h"
#include "cli/jsonline.h"

static const char *const reasons[CONTROL_REASON_MAX] = {
    [CONTROL_HOST] = "host",
    [CONTROL_BLOCK] = "block",
    [CONTROL_MANUAL] = "manual",
};

const char *view_reason(enum control_reason reason)
{
    return reasons[reason];
}

int view_ban_json(struct output *o, const struct control_ban *ban)
{
    struct jsonline *j = jsonline_new();

    jsonline_time(j, "time", ban->since);
    jsonline_text(j, "jail", ban->jail);
    jsonline_net(j, "net", &ban->net);
    jsonline_time(j, "until", ban->until);
    jsonline_number(j, "hits", ban->hits);
    jsonline_number(j, "hosts", ban->hosts);
    jsonline_word(j, "reason", view_reason(ban->reason));
    return jsonline_print(j, o->file);
}

static int problem_json(struct output *o, const struct control_problem *problem)
{
    struct jsonline *j = jsonline_new();

    jsonline_word(j, "type", "problem");
    jsonline_word(j, "severity", problem->warning ? "warning" : "error");
    jsonline_text(j, "file", problem->file);
    jsonline_number(j, "line", problem->line);
    jsonline_text(j, "text", problem->text);
    return jsonline_print(j, o->file);
}

int view_problem(struct output *o, const struct control_problem *problem)
{
    enum style style = problem->warning ? STYLE_NOTE : STYLE_BAD;

    if (o->json)
        return problem_json(o, problem);
    output_text(o, problem->file);
    if (problem->line)
        fprintf(o->file, ":%u", problem->line);
    fprintf(o->file, "%s%s%s:%s ", problem->file.n ? ": " : "", output_on(o, style),
            problem->warning ? "warning" : "error", output_off(o, style));
    output_text(o, problem->text);
    fputc('\n', o->file);
    return 0;
}

int view_done(const struct control_done *done)
{
    if (done->error == 0)
        return COMMAND_DONE;
    if (done->text.n > 0)
        return command_fail("%.*s", (int)done->text.n, done->text.p);
    return command_fail("tailband: %s", strerror((int)done->error));
}

int view_refused(const char *what, const struct control_refused *refused)
{
    if (refused->text.n > 0)
        return command_fail("%s: %.*s", what, (int)refused->text.n, refused->text.p);
    return command_fail("%s: %s", what, strerror((int)refused->error));
}
