// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cleanup.h"
#include "cli/client.h"
#include "cli/grid.h"
#include "cli/view.h"

static const char *const states[CONTROL_SOURCE_STATE_MAX] = {
    [CONTROL_WAITING] = "waiting",
    [CONTROL_READING] = "reading",
    [CONTROL_LIVE] = "live",
    [CONTROL_UNREADABLE] = "unreadable",
};

static const struct grid_column source_columns[] = {
    {"LOG"}, {"STATE"}, {"READ", true}, {"LINES", true}, {"LAST LINE"},
};
static const struct grid_column jail_columns[] = {
    {"JAIL"}, {"BANS", true}, {"HITS", true}, {"TRACKED", true}, {"RULE"},
};
static const struct grid_column detail_columns[] = {{NULL}, {NULL}};

enum {
    SOURCE_COLUMNS = sizeof(source_columns) / sizeof(source_columns[0]),
    JAIL_COLUMNS = sizeof(jail_columns) / sizeof(jail_columns[0]),
    DETAIL_COLUMNS = sizeof(detail_columns) / sizeof(detail_columns[0]),
};

// Questions in a row; a packet may be lost.
enum { SILENCE = 3 };

struct status {
    struct output *out;
    bool one; // one jail, in detail
    struct grid *sources, *jails, *detail;
    bool problems; // one was printed
};

static void print_hooks(struct output *o, const struct control_daemon *d)
{
    char run[VIEW_NUMBER_MAX], failed[VIEW_NUMBER_MAX], dropped[VIEW_NUMBER_MAX];

    fprintf(o->file, "Hooks: %s run", view_count(d->hooks, run));
    if (d->hooks_failed > 0)
        fprintf(o->file, ", %s%s failed%s", output_on(o, STYLE_BAD),
                view_count(d->hooks_failed, failed), output_off(o, STYLE_BAD));
    if (d->hooks_dropped > 0)
        fprintf(o->file, "; %s%s dropped, too many were waiting%s", output_on(o, STYLE_BAD),
                view_count(d->hooks_dropped, dropped), output_off(o, STYLE_BAD));
    fputc('\n', o->file);
}

static void print_enforced(struct output *o, const struct control_daemon *d)
{
    char refused[VIEW_NUMBER_MAX];
    bool is_good = d->enforcer && d->refused == 0;

    fputs(output_on(o, is_good ? STYLE_GOOD : STYLE_BAD), o->file);
    if (is_good) {
        fputs("all in the firewall", o->file);
    } else if (d->enforcer) {
        fprintf(o->file, "NOT all in the firewall: %s refused: ", view_count(d->refused, refused));
        output_text(o, d->refusal);
    } else {
        fputs("NOT in the firewall: no enforcer is connected", o->file);
    }
    fprintf(o->file, "%s\n", output_off(o, STYLE_GOOD));
}

static void print_known(struct output *o, const struct control_daemon *d)
{
    char names[VIEW_NUMBER_MAX], hosts[VIEW_NUMBER_MAX], blocks[VIEW_NUMBER_MAX];
    char shielded[VIEW_NUMBER_MAX];

    fprintf(o->file, "Known: %s fingerprint%s; logins from %s host%s, %s block%s",
            view_count(d->fingerprints, names), d->fingerprints == 1 ? "" : "s",
            view_count(d->login_hosts, hosts), d->login_hosts == 1 ? "" : "s",
            view_count(d->login_blocks, blocks), d->login_blocks == 1 ? "" : "s");
    if (d->shielded > 0)
        fprintf(o->file, "; for them %s ban%s or failure%s went by",
                view_count(d->shielded, shielded), d->shielded == 1 ? "" : "s",
                d->shielded == 1 ? "" : "s");
    fputc('\n', o->file);
}

static void print_daemon(struct output *o, const struct control_daemon *d)
{
    char up[SPAN_TEXT_MAX], loaded[OUTPUT_LEFT_MAX], bans[VIEW_NUMBER_MAX], hits[VIEW_NUMBER_MAX];
    char lines[VIEW_NUMBER_MAX], overlong[VIEW_NUMBER_MAX], memory[VIEW_NUMBER_MAX];

    span_format(usec_sub(d->now, d->started), up);
    output_relative(o, d->loaded, loaded);
    fputs("tailband ", o->file);
    output_text(o, d->version);
    fprintf(o->file, ", running for %s (process %u, %s); configuration ", up, d->pid,
            view_size(d->memory, memory));
    output_text(o, d->config);
    fprintf(o->file, ", read %s\n", loaded);
    fprintf(o->file, "Bans in force: %s, ", view_count(d->bans, bans));
    print_enforced(o, d);
    fprintf(o->file, "Counted: %s hits in %s lines", view_count(d->hits, hits),
            view_count(d->lines, lines));
    if (d->overlong > 0)
        fprintf(o->file, "; overlong lines dropped: %s", view_count(d->overlong, overlong));
    fputc('\n', o->file);
    if (d->fingerprints + d->login_hosts > 0)
        print_known(o, d);
    if (d->hooks + d->hooks_dropped > 0)
        print_hooks(o, d);
}

static void print_dns(struct output *o, const struct control_dns *d)
{
    char hosts[VIEW_NUMBER_MAX], listed[VIEW_NUMBER_MAX], cached[VIEW_NUMBER_MAX];
    char dropped[VIEW_NUMBER_MAX], asked[VIEW_NUMBER_MAX], answered[VIEW_NUMBER_MAX];
    char failed[VIEW_NUMBER_MAX], silence[VIEW_NUMBER_MAX];

    fprintf(o->file, "DNS: %s host%s asked about, evidence against %s", view_count(d->hosts, hosts),
            d->hosts == 1 ? "" : "s", view_count(d->listed, listed));
    fprintf(o->file, "; %s more known already", view_count(d->cached, cached));
    if (d->dropped > 0)
        fprintf(o->file, "; %s not asked about, too many were waiting",
                view_count(d->dropped, dropped));
    fprintf(o->file, "\n     %s question%s: %s answered, %s failed", view_count(d->asked, asked),
            d->asked == 1 ? "" : "s", view_count(d->answered, answered),
            view_count(d->failed, failed));
    if (d->silence >= SILENCE)
        fprintf(o->file, "; %sno server answers: the last %s failed%s", output_on(o, STYLE_BAD),
                view_count(d->silence, silence), output_off(o, STYLE_BAD));
    fputc('\n', o->file);
}

static int dns_json(struct output *o, const struct control_dns *d)
{
    struct jsonline *j = jsonline_new();

    jsonline_word(j, "type", "dns");
    jsonline_number(j, "hosts", d->hosts);
    jsonline_number(j, "listed", d->listed);
    jsonline_number(j, "cached", d->cached);
    jsonline_number(j, "dropped", d->dropped);
    jsonline_number(j, "asked", d->asked);
    jsonline_number(j, "answered", d->answered);
    jsonline_number(j, "failed", d->failed);
    jsonline_number(j, "silence", d->silence);
    return jsonline_print(j, o->file);
}

static int daemon_json(struct output *o, const struct control_daemon *d)
{
    struct jsonline *j = jsonline_new();

    jsonline_word(j, "type", "daemon");
    jsonline_text(j, "version", d->version);
    jsonline_text(j, "config", d->config);
    jsonline_number(j, "pid", d->pid);
    jsonline_time(j, "time", d->now);
    jsonline_time(j, "started", d->started);
    jsonline_time(j, "loaded", d->loaded);
    jsonline_bool(j, "enforced", d->enforcer);
    jsonline_number(j, "bans", d->bans);
    jsonline_number(j, "lines", d->lines);
    jsonline_number(j, "hits", d->hits);
    jsonline_number(j, "overlong", d->overlong);
    jsonline_number(j, "memory", d->memory);
    jsonline_number(j, "hooks", d->hooks);
    jsonline_number(j, "hooks_failed", d->hooks_failed);
    jsonline_number(j, "hooks_dropped", d->hooks_dropped);
    jsonline_number(j, "refused", d->refused);
    jsonline_text(j, "refusal", d->refusal);
    jsonline_number(j, "fingerprints", d->fingerprints);
    jsonline_number(j, "login_hosts", d->login_hosts);
    jsonline_number(j, "login_blocks", d->login_blocks);
    jsonline_number(j, "shielded", d->shielded);
    return jsonline_print(j, o->file);
}

static int source_json(struct output *o, const struct control_source *s)
{
    struct jsonline *j = jsonline_new();

    jsonline_word(j, "type", "source");
    jsonline_text(j, "path", s->path);
    jsonline_word(j, "state", states[s->state]);
    jsonline_number(j, "size", s->size);
    jsonline_number(j, "offset", s->offset);
    jsonline_number(j, "lines", s->lines);
    jsonline_time(j, "last", s->last);
    jsonline_text(j, "text", s->text);
    return jsonline_print(j, o->file);
}

static void add_source(struct grid *g, const struct output *o, const struct control_source *s)
{
    static const enum style styles[CONTROL_SOURCE_STATE_MAX] = {
        [CONTROL_WAITING] = STYLE_NOTE,
        [CONTROL_READING] = STYLE_NOTE,
        [CONTROL_LIVE] = STYLE_GOOD,
        [CONTROL_UNREADABLE] = STYLE_BAD,
    };
    char size[VIEW_NUMBER_MAX], lines[VIEW_NUMBER_MAX], last[OUTPUT_TIME_MAX];

    output_time(o, s->last, last);
    grid_slice(g, STYLE_PLAIN, s->path);
    grid_cell(g, styles[s->state], "%s%s%.*s", states[s->state], s->text.n ? ": " : "",
              (int)s->text.n, s->text.p);
    if (s->state == CONTROL_READING && s->size > 0)
        grid_cell(g, STYLE_PLAIN, "%.0f%% of %s", 100 * (double)s->offset / (double)s->size,
                  view_size(s->size, size));
    else
        grid_cell(g, STYLE_PLAIN, "%s", s->offset > 0 ? view_size(s->offset, size) : "-");
    grid_cell(g, STYLE_PLAIN, "%s",
              s->offset > 0 || s->lines > 0 ? view_count(s->lines, lines) : "-");
    grid_cell(g, STYLE_DIM, "%s", last);
}

// The counters of a jail, as they are called in JSON and in the detailed view.
static const struct {
    const char *key, *text;
    size_t offset;
} counters[] = {
    {"bans", "bans in force", offsetof(struct control_jail, bans)},
    {"lines", "lines read", offsetof(struct control_jail, lines)},
    {"matched", "lines matched", offsetof(struct control_jail, matched)},
    {"hits", "hits counted", offsetof(struct control_jail, hits)},
    {"ignored", "lines taken by ignoreregex", offsetof(struct control_jail, ignored)},
    {"exempt", "hits of exempt addresses", offsetof(struct control_jail, exempt)},
    {"informed", "lines that only inform", offsetof(struct control_jail, informed)},
    {"no_address", "matches without an address", offsetof(struct control_jail, no_address)},
    {"limits", "lines on which a regex hit its limit", offsetof(struct control_jail, limits)},
    {"verdicts", "verdicts", offsetof(struct control_jail, verdicts)},
    {"tracked", "hosts tracked", offsetof(struct control_jail, tracked)},
    {"banned", "bans since it was loaded", offsetof(struct control_jail, banned)},
    {"evicted", "hosts that found no room", offsetof(struct control_jail, evicted)},
    {"successes", "logins seen", offsetof(struct control_jail, successes)},
    {"shielded", "bans and failures let go by for logins", offsetof(struct control_jail, shielded)},
    {"repeats", "same wrong passwords again", offsetof(struct control_jail, repeats)},
};

static uint64_t counter(const struct control_jail *jail, size_t i)
{
    uint64_t value;

    memcpy(&value, (const char *)jail + counters[i].offset, sizeof(value));
    return value;
}

static int jail_json(struct output *o, const struct control_jail *jail)
{
    struct jsonline *j = jsonline_new();

    jsonline_word(j, "type", "jail");
    jsonline_text(j, "jail", jail->name);
    jsonline_text(j, "filter", jail->filter);
    jsonline_bool(j, "active", jail->active);
    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
        jsonline_number(j, counters[i].key, counter(jail, i));
    jsonline_number(j, "maxretry", jail->maxretry);
    jsonline_span(j, "findtime", jail->findtime);
    jsonline_span(j, "bantime", jail->bantime);
    jsonline_text(j, "text", jail->text);
    return jsonline_print(j, o->file);
}

// "5 hits in 10m, then 1w"; a jail without a filter bans whom it is told to.
static void rule_of(const struct control_jail *jail, char *ret, size_t size)
{
    char findtime[SPAN_TEXT_MAX], bantime[SPAN_TEXT_MAX], hits[VIEW_HITS_MAX];

    span_format(jail->findtime, findtime);
    span_format(jail->bantime, bantime);
    if (!jail->active)
        snprintf(ret, size, "off: %.*s", (int)jail->text.n, jail->text.p);
    else if (jail->filter.n == 0)
        snprintf(ret, size, "by hand");
    else
        snprintf(ret, size, "%s in %s, then %s", view_hits(jail->maxretry, "", jail->points, hits),
                 findtime, bantime);
}

static void add_jail(struct grid *g, const struct control_jail *jail)
{
    const uint64_t numbers[] = {jail->bans, jail->hits, jail->tracked};
    char text[VIEW_NUMBER_MAX], rule[CONTROL_TEXT_MAX + 8];

    rule_of(jail, rule, sizeof(rule));
    grid_slice(g, STYLE_PLAIN, jail->name);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        grid_cell(g, STYLE_PLAIN, "%s", view_count(numbers[i], text));
    grid_cell(g, jail->active ? STYLE_PLAIN : STYLE_BAD, "%s", rule);
}

static void add_detail(struct grid *g, const struct control_jail *jail)
{
    char text[VIEW_NUMBER_MAX], rule[CONTROL_TEXT_MAX + 8];

    rule_of(jail, rule, sizeof(rule));
    grid_cell(g, STYLE_DIM, "jail");
    grid_slice(g, STYLE_HEAD, jail->name);
    grid_cell(g, STYLE_DIM, "filter");
    grid_slice(g, STYLE_PLAIN, jail->filter.n > 0 ? jail->filter : slice_of("-"));
    grid_cell(g, STYLE_DIM, "rule");
    grid_cell(g, jail->active ? STYLE_PLAIN : STYLE_BAD, "%s", rule);
    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        grid_cell(g, STYLE_DIM, "%s", counters[i].text);
        grid_cell(g, STYLE_PLAIN, "%s", view_count(counter(jail, i), text));
    }
}

static int take_json(struct output *o, const struct control *record)
{
    switch (record->type) {
    case CONTROL_IS_DAEMON:
        return daemon_json(o, &record->daemon);
    case CONTROL_IS_DNS:
        return dns_json(o, &record->dns);
    case CONTROL_IS_SOURCE:
        return source_json(o, &record->source);
    case CONTROL_IS_JAIL:
        return jail_json(o, &record->jail);
    case CONTROL_IS_PROBLEM:
        return view_problem(o, &record->problem);
    default:
        return 0;
    }
}

static int print_grids(struct status *s)
{
    const struct grid *grids[] = {s->detail, s->sources, s->jails};
    bool first = s->one;
    int r = 0;

    for (size_t i = 0; i < sizeof(grids) / sizeof(grids[0]) && r == 0; i++) {
        if (grid_rows(grids[i]) == 0)
            continue;
        if (!first)
            fputc('\n', s->out->file);
        first = false;
        r = grid_print(grids[i], s->out);
    }
    return r;
}

// Problems come last, so that what was gathered can be printed when the first one is there.
static int take_problem(struct status *s, const struct control_problem *problem)
{
    int r = 0;

    if (!s->problems) {
        r = print_grids(s);
        fputc('\n', s->out->file);
    }
    s->problems = true;
    return r < 0 ? r : view_problem(s->out, problem);
}

static int take(void *user, const struct control *record)
{
    struct status *s = user;

    if (record->type == CONTROL_IS_REFUSED)
        view_refused(&record->refused, 0);
    if (s->out->json)
        return take_json(s->out, record);
    if (record->type == CONTROL_IS_DAEMON && !s->one)
        print_daemon(s->out, &record->daemon);
    else if (record->type == CONTROL_IS_DNS && !s->one)
        print_dns(s->out, &record->dns);
    else if (record->type == CONTROL_IS_SOURCE)
        add_source(s->sources, s->out, &record->source);
    else if (record->type == CONTROL_IS_JAIL && s->one)
        add_detail(s->detail, &record->jail);
    else if (record->type == CONTROL_IS_JAIL)
        add_jail(s->jails, &record->jail);
    else if (record->type == CONTROL_IS_PROBLEM)
        return take_problem(s, &record->problem);
    return 0;
}

static int status(const struct arguments *a, struct output *out)
{
    cleanup(grid_freep) struct grid *sources = grid_new(source_columns, SOURCE_COLUMNS);
    cleanup(grid_freep) struct grid *jails = grid_new(jail_columns, JAIL_COLUMNS);
    cleanup(grid_freep) struct grid *detail = grid_new(detail_columns, DETAIL_COLUMNS);
    struct control request = {.type = CONTROL_STATUS};
    struct status s = {out, a->n_word > 1, sources, jails, detail, false};
    int code;

    if (client_jail(s.one ? a->word[1] : NULL, &request.query.jail) < 0)
        return COMMAND_USAGE;
    if (!sources || !jails || !detail)
        return command_fail("out of memory");
    code = client_call(a, &request, take, &s, NULL);
    if (!out->json && !s.problems && code == COMMAND_DONE)
        code = print_grids(&s) < 0 ? command_fail("out of memory") : code;
    return code;
}

const struct command command_status = {
    .name = "status",
    .usage = "[JAIL]",
    .summary = "the daemon, its logs, its jails; or one jail in detail",
    .help =
        "Shows whether the daemon runs and its bans are in the firewall, which logs it follows,\n"
        "what each jail has found, and what is wrong in the configuration.\n"
        "\n"
        "  tailban status\n"
        "  tailban status postfix-auth\n",
    .options = OPTION_JSON | OPTION_RUN,
    .words_max = 1,
    .run = status,
};
