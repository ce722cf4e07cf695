// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cleanup.h"
#include "base/table.h"
#include "cli/client.h"
#include "cli/grid.h"
#include "cli/view.h"
#include "conf/pool.h"

#include <errno.h>
#include <stdlib.h>

static const struct grid_column columns[] = {
    {"ADDRESS"},     {"JAIL"},         {"SINCE"},        {"ENDS"}, {"HITS", true},
    {"HOSTS", true}, {"COVERS", true}, {"SPARES", true}, {"NAME"},
};

// As many bans as a ledger has, so that no count is pushed out.
enum { COVERING_MAX = 1 << 20, ROWS_FIRST = 256 };

static void add_count(struct grid *g, size_t n)
{
    if (n > 0)
        grid_cell(g, STYLE_PLAIN, "%zu", n);
    else
        grid_cell(g, STYLE_PLAIN, "%s", "");
}

static void add_row(struct grid *g, const struct output *o, const struct control_ban *ban,
                    uint32_t covered)
{
    char net[ADDR_TEXT_MAX], since[OUTPUT_TIME_MAX], left[OUTPUT_LEFT_MAX];
    const uint32_t counts[] = {ban->hits, ban->hosts};
    const char *const units[] = {ban->points ? " points" : "", ""};

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
            grid_cell(g, STYLE_PLAIN, "%u%s", counts[i], units[i]);
    }
    add_count(g, covered);
    add_count(g, view_spared(ban));
    grid_slice(g, STYLE_PLAIN, ban->name);
}

// Rows wait for the end: how many bans one covers is not known before.
struct listing {
    struct output *out;
    bool all, one_jail; // that cover others may be in other jails than the one listed
    struct pool *pool;  // of the rows' texts
    struct control_ban *row;
    size_t n, allocated;
    struct table *covers; // by the id of the ban that covers: how many
    uint64_t covered;
};

static void listing_done(struct listing *l)
{
    pool_free(l->pool);
    table_free(l->covers);
    free(l->row);
}

static int keep_text(struct pool *pool, struct slice *text)
{
    text->p = pool_copy(pool, *text);
    return text->p ? 0 : -ENOMEM;
}

static int add(struct listing *l, const struct control_ban *ban)
{
    size_t n = l->allocated ? 2 * l->allocated : ROWS_FIRST;
    struct control_ban *row = l->row;
    int r;

    if (l->n == l->allocated) {
        row = reallocarray(row, n, sizeof(*row));
        if (!row)
            return -ENOMEM;
        l->row = row;
        l->allocated = n;
    }
    row[l->n] = *ban;
    r = keep_text(l->pool, &row[l->n].jail);
    if (r == 0)
        r = keep_text(l->pool, &row[l->n].name);
    if (r == 0)
        r = keep_text(l->pool, &row[l->n].spared);
    l->n += r == 0;
    return r;
}

static int take_ban(struct listing *l, const struct control_ban *ban)
{
    bool is_covered = ban->cover && !(l->one_jail && !slice_equal(ban->cover_jail, ban->jail));
    uint32_t *covers;

    if (is_covered) {
        covers = table_put(l->covers, &ban->cover, NULL);
        if (!covers)
            return -ENOMEM;
        ++*covers;
        l->covered++;
    }
    return is_covered && !l->all ? 0 : add(l, ban);
}

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
    return take_ban(l, &record->ban);
}

static int print(struct listing *l)
{
    cleanup(grid_freep) struct grid *g = grid_new(columns, sizeof(columns) / sizeof(columns[0]));
    char count[VIEW_NUMBER_MAX];
    int r;

    if (!g)
        return -ENOMEM;
    for (size_t i = 0; i < l->n; i++) {
        const uint32_t *covers = table_get(l->covers, &l->row[i].id);
        add_row(g, l->out, &l->row[i], covers ? *covers : 0);
    }
    r = l->n > 0 ? grid_print(g, l->out) : 0;
    if (r == 0 && l->covered > 0 && !l->all)
        fprintf(l->out->file, "\nCovered by these, and listed with --all: %s\n",
                view_count(l->covered, count));
    return r;
}

static int list(const struct arguments *a, struct output *out)
{
    cleanup(listing_done) struct listing l = {
        .out = out,
        .all = a->all,
        .one_jail = a->jail,
        .pool = pool_new(),
        .covers = table_new(COVERING_MAX, sizeof(uint64_t), sizeof(uint32_t), 1),
    };
    struct control request = {.type = CONTROL_LIST};
    int code;

    if (client_jail(a->jail, &request.query.jail) < 0)
        return COMMAND_USAGE;
    if (!l.pool || !l.covers)
        return command_fail("out of memory");
    code = client_call(a, &request, take, &l, NULL);
    if (print(&l) < 0)
        return command_fail("out of memory");
    if (l.n == 0 && !out->json && code == COMMAND_DONE)
        fprintf(out->file, "Nobody is banned%s%s.\n", a->jail ? " in " : "",
                a->jail ? a->jail : "");
    return code;
}

const struct command command_list = {
    .name = "list",
    .usage = "[--jail JAIL] [--all]",
    .summary = "bans in force",
    .help =
        "Addresses and blocks that are kept out, the oldest ban first: which jail banned them,\n"
        "since when and how long, how many hits led to it and from how many hosts. What a ban\n"
        "covers is counted there: hosts in a banned block, addresses that another jail keeps out\n"
        "of at least the same ports, no longer than that. --all lists these as well. Hosts that\n"
        "deliver mail are spared when their block is banned; SPARES counts them.\n"
        "\n"
        "  tailban list --jail postfix-auth\n"
        "  tailban list --json | jq -r .net\n"
        "  tailban why 203.0.113.7          what one of them has done\n",
    .options = OPTION_ALL | OPTION_JAIL | OPTION_JSON | OPTION_RUN,
    .run = list,
};
