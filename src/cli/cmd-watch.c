// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/client.h"
#include "cli/view.h"

static const struct {
    const char *name;
    enum style style;
} kinds[CONTROL_EVENT_MAX] = {
    [CONTROL_EVENT_BAN] = {"ban", STYLE_BAD},
    [CONTROL_EVENT_EXTENDED] = {"extended", STYLE_BAD},
    [CONTROL_EVENT_UNBAN] = {"unban", STYLE_GOOD},
    [CONTROL_EVENT_EXPIRED] = {"expired", STYLE_GOOD},
    [CONTROL_EVENT_HIT] = {"hit", STYLE_DIM},
    [CONTROL_EVENT_RELOAD] = {"reload", STYLE_NOTE},
    [CONTROL_EVENT_ENFORCER] = {"enforcer", STYLE_NOTE},
    [CONTROL_EVENT_LEARNED] = {"learned", STYLE_NOTE},
    [CONTROL_EVENT_LOST] = {"lost", STYLE_NOTE},
};

static int event_json(struct output *o, const struct control_occurrence *e)
{
    struct jsonline *j = jsonline_new();

    jsonline_word(j, "event", kinds[e->kind].name);
    jsonline_time(j, "time", e->time);
    if (e->jail.n > 0)
        jsonline_text(j, "jail", e->jail);
    if (e->has_net) {
        jsonline_net(j, "net", &e->net);
        jsonline_time(j, "until", e->until);
        jsonline_number(j, "hits", e->hits);
        jsonline_number(j, "hosts", e->hosts);
        jsonline_word(j, "reason", view_reason(e->reason));
    }
    if (e->name.n > 0)
        jsonline_text(j, "name", e->name);
    if (e->kind == CONTROL_EVENT_LEARNED) {
        jsonline_number(j, "hosts", e->hosts);
        jsonline_number(j, "blocks", e->blocks);
    }
    if (e->kind == CONTROL_EVENT_HIT || e->kind == CONTROL_EVENT_LOST)
        jsonline_number(j, "count", e->count);
    if (e->text.n > 0)
        jsonline_text(j, "text", e->text);
    return jsonline_print(j, o->file);
}

static void print_ban(struct output *o, const struct control_occurrence *e)
{
    char left[OUTPUT_LEFT_MAX], hits[VIEW_HITS_MAX];

    output_relative(o, e->until, left);
    view_hits(e->hits, "", e->points, hits);
    fprintf(o->file, "  %s", left);
    if (e->reason == CONTROL_MANUAL)
        fputs(", by hand", o->file);
    else if (e->reason == CONTROL_BLOCK)
        fprintf(o->file, ", %s from %u hosts", hits, e->hosts);
    else if (e->name.n > 0)
        view_name(o, e->name);
    else
        fprintf(o->file, ", %s", hits);
}

static void print_learned(struct output *o, const struct control_occurrence *e)
{
    fputs("  ", o->file);
    output_text(o, e->name);
    fprintf(o->file, ", from %u hosts in %u blocks", e->hosts, e->blocks);
}

static void print_event(struct output *o, const struct control_occurrence *e)
{
    char time[OUTPUT_TIME_MAX], net[ADDR_TEXT_MAX] = "";

    output_time(o, e->time, time);
    if (e->has_net)
        addr_format(&e->net, net);
    fprintf(o->file, "%s%s%s  %s%-8s%s", output_on(o, STYLE_DIM), time, output_off(o, STYLE_DIM),
            output_on(o, kinds[e->kind].style), kinds[e->kind].name,
            output_off(o, kinds[e->kind].style));
    if (e->has_net)
        fprintf(o->file, "  %-18s  %.*s", net, (int)e->jail.n, e->jail.p);
    if (e->kind == CONTROL_EVENT_BAN || e->kind == CONTROL_EVENT_EXTENDED)
        print_ban(o, e);
    if (e->kind == CONTROL_EVENT_LEARNED)
        print_learned(o, e);
    if (e->kind == CONTROL_EVENT_LOST)
        fprintf(o->file, "  %u events are missing here: this terminal was too slow", e->count);
    if (e->text.n > 0) {
        fputs("  ", o->file);
        output_text(o, e->text);
    }
    fputc('\n', o->file);
}

static int take(void *user, const struct control *record)
{
    struct output *o = user;

    if (record->type == CONTROL_IS_REFUSED)
        view_refused(&record->refused, 0);
    if (record->type != CONTROL_IS_EVENT)
        return 0;
    // What comes now is judged now: "left" counts from the event.
    o->now = record->event.time;
    if (!o->json)
        print_event(o, &record->event);
    else if (event_json(o, &record->event) < 0)
        return command_fail("out of memory"), -1;
    return output_done(o);
}

static int watch(const struct arguments *a, struct output *out)
{
    const struct control request = {.type = CONTROL_WATCH};
    struct client c;
    int code = COMMAND_NOT;

    if (client_open(a, &c) < 0)
        return code;
    if (control_put(&c.request, &request) == 0 && client_send(&c) == 0)
        code = client_replies(&c, take, out, NULL);
    // After DONE come the events, until one side hangs up.
    if (code == COMMAND_DONE)
        code = client_replies(&c, take, out, NULL);
    client_done(&c);
    return code;
}

const struct command command_watch = {
    .name = "watch",
    .usage = "",
    .summary = "what happens, as it happens",
    .help = "Prints hits, bans and their ends, names that become fingerprints, reloads and what\n"
            "befalls the firewall, one line each, until interrupted.\n"
            "\n"
            "  tailban watch\n"
            "  tailban watch --json | jq 'select(.event == \"ban\")'\n",
    .options = OPTION_JSON | OPTION_RUN,
    .run = watch,
};
