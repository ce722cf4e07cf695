// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/f2b.h"
#include "cli/python.h"

#include <inttypes.h>
#include <stdlib.h>

static int take(void *user, const struct control *record)
{
    struct f2b_jails *j = user;

    if (record->type == CONTROL_IS_SOURCE)
        return f2b_lines_add(&j->sources, record->source.path);
    if (record->type != CONTROL_IS_JAIL)
        return 0;
    j->last = record->jail;
    return f2b_lines_add(&j->names, record->jail.name);
}

int f2b_jails(const struct f2b *f, const char *jail, struct f2b_jails *ret)
{
    struct control request = {.type = CONTROL_STATUS};

    if (jail)
        request.query.jail = slice_of(jail);
    *ret = (struct f2b_jails){0};
    return f2b_ask(f, &request, take, ret, NULL);
}

void f2b_jails_done(struct f2b_jails *j)
{
    f2b_lines_done(&j->names);
    f2b_lines_done(&j->sources);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int status_all(const struct f2b *f)
{
    struct f2b_jails jails;
    int code = f2b_jails(f, NULL, &jails);

    if (code == F2B_DONE) {
        qsort(jails.names.line, jails.names.n, sizeof(*jails.names.line), compare);
        fprintf(f->out, "Status\n|- Number of jail:\t%zu\n`- Jail list:\t", jails.names.n);
        for (size_t i = 0; i < jails.names.n; i++)
            fprintf(f->out, "%s%s", i > 0 ? ", " : "", jails.names.line[i]);
        fputc('\n', f->out);
    }
    f2b_jails_done(&jails);
    return code;
}

static void print_nets(const struct f2b_bans *bans, FILE *out)
{
    char net[ADDR_TEXT_MAX];

    for (size_t i = 0; i < bans->n; i++) {
        addr_format(&bans->ban[i].net, net);
        fprintf(out, "%s%s", i > 0 ? " " : "", net);
    }
}

// Total banned is never less than currently: a ban may come between the two questions.
static void print_jail(const struct f2b *f, const char *name, const struct f2b_jails *jails,
                       const struct f2b_bans *bans, bool is_short)
{
    const struct control_jail *j = &jails->last;

    fprintf(f->out,
            "Status for the jail: %s\n"
            "|- Filter\n"
            "|  |- Currently failed:\t%" PRIu64 "\n"
            "|  |- Total failed:\t%" PRIu64 "\n"
            "|  `- File list:\t",
            name, j->tracked, j->hits);
    for (size_t i = 0; i < jails->sources.n; i++)
        fprintf(f->out, "%s%s", i > 0 ? " " : "", jails->sources.line[i]);
    fprintf(f->out,
            "\n"
            "`- Actions\n"
            "   |- Currently banned:\t%zu\n"
            "   %c- Total banned:\t%" PRIu64 "\n",
            bans->n, is_short ? '`' : '|', j->banned > bans->n ? j->banned : bans->n);
    if (is_short)
        return;
    fputs("   `- Banned IP list:\t", f->out);
    print_nets(bans, f->out);
    fputc('\n', f->out);
}

int f2b_status(const struct f2b *f, char **word, size_t n)
{
    struct f2b_jails jails;
    struct f2b_bans bans = {0};
    int code;

    if (n == 0)
        return status_all(f);
    code = f2b_jails(f, word[0], &jails);
    if (code == F2B_DONE)
        code = f2b_bans(f, word[0], &bans);
    if (code == F2B_DONE)
        print_jail(f, word[0], &jails, &bans, n > 1 && strcmp(word[1], "short") == 0);
    f2b_jails_done(&jails);
    f2b_bans_done(&bans);
    return code;
}

static void print_banned(const struct f2b *f, const struct f2b_lines *names,
                         const struct f2b_bans *bans)
{
    struct python_list all = python_open(f->out);
    char net[ADDR_TEXT_MAX];

    for (size_t i = 0; i < names->n; i++) {
        struct python_list nets;
        fputc('{', python_next(&all));
        python_text(f->out, slice_of(names->line[i]));
        fputs(": ", f->out);
        nets = python_open(f->out);
        for (size_t b = 0; b < bans->n; b++) {
            if (strcmp(bans->ban[b].jail, names->line[i]) != 0)
                continue;
            addr_format(&bans->ban[b].net, net);
            python_text(python_next(&nets), slice_of(net));
        }
        python_close(&nets);
        fputc('}', f->out);
    }
    python_close(&all);
    fputc('\n', f->out);
}

static int banned_all(const struct f2b *f)
{
    struct f2b_jails jails;
    struct f2b_bans bans = {0};
    int code = f2b_jails(f, NULL, &jails);

    if (code == F2B_DONE)
        code = f2b_bans(f, NULL, &bans);
    if (code == F2B_DONE)
        print_banned(f, &jails.names, &bans);
    f2b_jails_done(&jails);
    f2b_bans_done(&bans);
    return code;
}

// For each address the jails that keep it out, by itself or by a block around it.
int f2b_banned(const struct f2b *f, char **word, size_t n)
{
    struct f2b_bans bans;
    struct python_list all;
    int code;

    if (n == 0)
        return banned_all(f);
    code = f2b_bans(f, NULL, &bans);
    if (code == F2B_DONE) {
        all = python_open(f->out);
        for (size_t i = 0; i < n; i++) {
            struct python_list jails = python_open(python_next(&all));
            struct addr net;
            bool is_net = addr_parse(slice_of(word[i]), &net) == 0;
            for (size_t b = 0; b < bans.n && is_net; b++) {
                if (addr_within(&net, &bans.ban[b].net))
                    python_text(python_next(&jails), slice_of(bans.ban[b].jail));
            }
            python_close(&jails);
        }
        python_close(&all);
        fputc('\n', f->out);
    }
    f2b_bans_done(&bans);
    return code;
}
