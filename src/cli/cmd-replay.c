// SPDX-License-Identifier: GPL-2.0-or-later
// tailban replay: which bans these logs would have led to, on their own clock.
#include "cli/court.h"
#include "cli/grid.h"
#include "cli/offline.h"
#include "cli/view.h"
#include "conf/names.h"

#include <glob.h>
#include <stdlib.h>

static const struct grid_column columns[] = {
    {"BANNED"}, {"ADDRESS"}, {"JAIL"}, {"UNTIL"}, {"HITS", true}, {"HOSTS", true}, {"NAME"},
};

enum { COLUMNS = sizeof(columns) / sizeof(columns[0]) };

struct replay {
    struct config config;
    struct court court;
    struct offline offline;
    struct grid *grid; // NULL with --json
    struct output *out;
    uint64_t lines, bans;
};

static int print_json(const struct ruling *r, struct output *out)
{
    static const enum control_reason reasons[] = {[VERDICT_HOST] = CONTROL_HOST,
                                                  [VERDICT_BLOCK] = CONTROL_BLOCK,
                                                  [VERDICT_FINGERPRINT] = CONTROL_FINGERPRINT};
    const struct verdict *v = &r->verdict;
    char name[FINGERPRINT_TEXT_MAX], spared[PEERS_TEXT_MAX];
    struct control_ban ban = {
        .jail = slice_of(r->jail->name),
        .net = v->net,
        .since = v->time,
        .until = v->until,
        .hits = v->hits,
        .hosts = v->hosts,
        .reason = reasons[v->reason],
    };

    names_of_verdict(v, name);
    ban.name = slice_of(name);
    if (v->spared)
        ban.spared = peers_text(v->spared, spared);
    return view_ban_json(out, &ban);
}

static void add_row(struct grid *g, const struct output *out, const struct ruling *r)
{
    const struct verdict *v = &r->verdict;
    char net[ADDR_TEXT_MAX], since[OUTPUT_TIME_MAX], until[OUTPUT_TIME_MAX];
    char name[FINGERPRINT_TEXT_MAX];

    names_of_verdict(v, name);
    addr_format(&v->net, net);
    output_time(out, v->time, since);
    output_time(out, v->until, until);
    grid_cell(g, STYLE_DIM, "%s", since);
    grid_cell(g, STYLE_PLAIN, "%s", net);
    grid_cell(g, STYLE_PLAIN, "%s", r->jail->name);
    grid_cell(g, STYLE_DIM, "%s", until);
    grid_cell(g, STYLE_PLAIN, "%u", v->hits);
    grid_cell(g, STYLE_PLAIN, "%u", v->hosts);
    grid_cell(g, STYLE_PLAIN, "%s", name);
}

static int on_ruling(void *user, const struct ruling *r)
{
    struct replay *p = user;

    p->bans++;
    if (!p->grid) {
        int k = print_json(r, p->out);
        // Who writes into a pipe may be waiting for it.
        if (k == 0 && logs_size(p->offline.logs) == 0)
            fflush(p->out->file);
        return k;
    }
    add_row(p->grid, p->out, r);
    return 0;
}

// Each file once, however many jails name it; each jail that names it reads it.
static int add_logpath(struct replay *p, size_t jail, const char *pattern)
{
    glob_t found;
    int r = COMMAND_DONE;

    if (glob(pattern, 0, NULL, &found) != 0)
        return COMMAND_DONE;
    for (size_t i = 0; i < found.gl_pathc && r == COMMAND_DONE; i++) {
        size_t file = 0, n = logs_count(p->offline.logs);
        while (file < n &&
               strcmp(logs_path(p->offline.logs, (unsigned)file), found.gl_pathv[i]) != 0)
            file++;
        if (file == n)
            r = offline_add(&p->offline, found.gl_pathv[i]);
        if (r == COMMAND_DONE && court_reads(&p->court, jail, (unsigned)file) < 0)
            r = command_fail("out of memory");
    }
    globfree(&found);
    return r;
}

static int add_logpaths(struct replay *p)
{
    for (size_t i = 0; i < p->court.n; i++) {
        const struct jail_conf *jail = p->court.seat[i].conf;
        for (size_t k = 0; k < jail->n_logpath; k++) {
            int r = add_logpath(p, i, jail->logpath[k]);
            if (r != COMMAND_DONE)
                return r;
        }
    }
    if (logs_count(p->offline.logs) == 0)
        return command_fail("none of the jails' logs exists; name the logs to read");
    return COMMAND_DONE;
}

static int add_logs(struct replay *p, const struct arguments *a)
{
    if (a->n_word == 1)
        return add_logpaths(p);
    for (size_t i = 1; i < a->n_word; i++) {
        int r = offline_add(&p->offline, a->word[i]);
        if (r != COMMAND_DONE)
            return r;
        for (size_t k = 0; k < p->court.n; k++) {
            if (court_reads(&p->court, k, (unsigned)i - 1) < 0)
                return command_fail("out of memory");
        }
    }
    return COMMAND_DONE;
}

static int convene(struct replay *p, const struct arguments *a)
{
    int r = config_load(a->config, &p->config);

    view_config_problems(&p->config, a->config, true);
    if (r < 0)
        return COMMAND_NOT;
    r = court_init(&p->court, &p->config);
    if (r < 0)
        return command_fail("%s: %s", a->config, strerror(-r));
    if (p->court.n == 0)
        return command_fail("%s: no jail is enabled and in order", a->config);
    return COMMAND_DONE;
}

static int hear(struct replay *p)
{
    struct log_entry entry;
    int r;

    while ((r = offline_next(&p->offline, &entry)) > 0) {
        p->lines++;
        r = court_feed(&p->court, entry.file, entry.line, entry.now, on_ruling, p);
        if (r < 0)
            return command_fail("%s", strerror(-r));
    }
    return r < 0 ? COMMAND_NOT : COMMAND_DONE;
}

static int print_summary(const struct replay *p)
{
    FILE *file = p->out->file;

    if (p->bans && grid_print(p->grid, p->out) < 0)
        return command_fail("out of memory");
    fprintf(file, "%sBans: %llu; lines: %llu, logs: %zu, jails: %zu\n", p->bans ? "\n" : "",
            (unsigned long long)p->bans, (unsigned long long)p->lines, logs_count(p->offline.logs),
            p->court.n);
    if (logs_overlong(p->offline.logs))
        fprintf(file, "Overlong lines dropped: %llu\n",
                (unsigned long long)logs_overlong(p->offline.logs));
    for (enum cap cap = 0; cap < CAP_N; cap++) {
        uint64_t held = caps_alarm(p->court.caps, cap).held;
        char limit[CAPS_TEXT_MAX];
        caps_text(p->court.caps, cap, limit);
        if (held > 0)
            fprintf(file, "Held back by %s: %llu\n", limit, (unsigned long long)held);
    }
    return COMMAND_DONE;
}

static int run(const struct arguments *a, struct output *out)
{
    struct replay p = {.out = out};
    int r = offline_init(&p.offline, a);

    if (r == COMMAND_DONE && !out->json && !(p.grid = grid_new(columns, COLUMNS)))
        r = command_fail("out of memory");
    if (r == COMMAND_DONE)
        r = convene(&p, a);
    if (r == COMMAND_DONE)
        r = add_logs(&p, a);
    if (r == COMMAND_DONE)
        r = hear(&p);
    if (r == COMMAND_DONE && p.grid)
        r = print_summary(&p);
    p.grid = grid_free(p.grid);
    court_done(&p.court);
    config_done(&p.config);
    offline_done(&p.offline);
    return r;
}

const struct command command_replay = {
    .name = "replay",
    .usage = "[-c DIR] [LOG...] [--now TIME]",
    .summary = "which bans these logs would have led to",
    .help =
        "Judges finished logs on the times in them, all files together in the order of time, and\n"
        "shows each ban when it would have been made. Every enabled jail reads each LOG; without\n"
        "LOG, each jail reads its own logpath. LOG may be '-'. Nothing is banned. With --json the\n"
        "bans in what comes through a pipe are told at once.\n"
        "\n"
        "  tailban replay                              the logs of the configured jails\n"
        "  tailban replay -c . /var/log/mail.log       the shipped jails, in a clone\n"
        "  zcat mail.log.*.gz | tailban replay -\n"
        "\n"
        "Stamps are read in the zone of TZ; those without a year or date against --now, else the\n"
        "log's own mtime. The exit code is 0 where the logs were read, whether or not anybody was\n"
        "banned.\n",
    .options = OPTION_CONFIG | OPTION_JSON | OPTION_NOW,
    .words_min = 0,
    .words_max = COMMAND_ANY,
    .run = run,
};
