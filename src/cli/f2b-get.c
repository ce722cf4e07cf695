// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/f2b.h"
#include "cli/python.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

enum { STAMP_MAX = sizeof("2026-02-28 06:08:03") };

static int compare_ends(const void *a, const void *b)
{
    const struct f2b_ban *x = a, *y = b;

    if (x->until != y->until)
        return x->until < y->until ? -1 : 1;
    return x->since < y->since ? -1 : x->since > y->since;
}

static void format_stamp(usec_t t, char ret[static STAMP_MAX])
{
    time_t seconds = (time_t)(t / USEC_PER_SEC);
    struct tm local;

    if (t == USEC_FOREVER || !localtime_r(&seconds, &local) ||
        strftime(ret, STAMP_MAX, "%Y-%m-%d %H:%M:%S", &local) == 0)
        strcpy(ret, "9999-12-31 23:59:59");
}

static void print_with_time(const struct f2b_ban *ban, const char *net, FILE *out)
{
    char since[STAMP_MAX], until[STAMP_MAX];

    format_stamp(ban->since, since);
    format_stamp(ban->until, until);
    fprintf(out, "%s \t%s + %lld = %s\n", net, since,
            ban->until == USEC_FOREVER ? -1 : (long long)((ban->until - ban->since) / USEC_PER_SEC),
            until);
}

static int get_banip(const struct f2b *f, const char *jail, char **word, size_t n)
{
    const char *separator = n > 0 ? word[0] : " ";
    bool with_time = strcmp(separator, "--with-time") == 0;
    struct f2b_bans bans;
    char net[ADDR_TEXT_MAX];
    int code = f2b_bans(f, jail, &bans);

    if (code == F2B_DONE && bans.n > 0)
        qsort(bans.ban, bans.n, sizeof(*bans.ban), compare_ends);
    for (size_t i = 0; i < bans.n && code == F2B_DONE; i++) {
        addr_format(&bans.ban[i].net, net);
        if (with_time)
            print_with_time(&bans.ban[i], net, f->out);
        else
            fprintf(f->out, "%s%s", i > 0 ? separator : "", net);
    }
    if (code == F2B_DONE && (!with_time || bans.n == 0))
        fputc('\n', f->out);
    f2b_bans_done(&bans);
    return code;
}

static bool is_banned(const struct f2b_bans *bans, const char *text)
{
    struct addr net;

    for (size_t i = 0; addr_parse(slice_of(text), &net) == 0 && i < bans->n; i++) {
        if (addr_within(&net, &bans->ban[i].net))
            return true;
    }
    return false;
}

static int get_banned(const struct f2b *f, const char *jail, char **word, size_t n)
{
    struct f2b_bans bans;
    struct python_list list;
    char net[ADDR_TEXT_MAX];
    int code = f2b_bans(f, jail, &bans);

    if (code == F2B_DONE && n == 1) {
        fprintf(f->out, "%d\n", is_banned(&bans, word[0]));
    } else if (code == F2B_DONE) {
        list = python_open(f->out);
        for (size_t i = 0; i < n; i++)
            fprintf(python_next(&list), "%d", is_banned(&bans, word[i]));
        for (size_t i = 0; i < bans.n && n == 0; i++) {
            addr_format(&bans.ban[i].net, net);
            python_text(python_next(&list), slice_of(net));
        }
        python_close(&list);
        fputc('\n', f->out);
    }
    f2b_bans_done(&bans);
    return code;
}

// "|- " before each line but the last, "`- " before that.
static void print_tree(const struct f2b_lines *l, bool numbered, FILE *out)
{
    for (size_t i = 0; i < l->n; i++) {
        fputs(i + 1 < l->n ? "|- " : "`- ", out);
        if (numbered)
            fprintf(out, "[%zu]: ", i);
        fprintf(out, "%s\n", l->line[i]);
    }
}

static int get_logpath(const struct f2b *f, const char *jail, char **word, size_t n)
{
    struct f2b_jails jails;
    int code = f2b_jails(f, jail, &jails);

    (void)word;
    (void)n;
    if (code == F2B_DONE) {
        fputs(jails.sources.n > 0 ? "Current monitored log file(s):\n"
                                  : "No file is currently monitored\n",
              f->out);
        print_tree(&jails.sources, false, f->out);
    }
    f2b_jails_done(&jails);
    return code;
}

static int get_actions(const struct f2b *f, const char *jail, char **word, size_t n)
{
    struct f2b_jails jails;
    int code = f2b_jails(f, jail, &jails);

    (void)word;
    (void)n;
    if (code == F2B_DONE)
        fprintf(f->out, "The jail %s has the following actions:\nnftables\n", jail);
    f2b_jails_done(&jails);
    return code;
}

static void print_plain(const struct f2b_lines *l, FILE *out)
{
    fprintf(out, "%s\n", l->line[0]);
}

static void print_or_none(const struct f2b_lines *l, FILE *out)
{
    fprintf(out, "%s\n", l->line[0][0] ? l->line[0] : "None");
}

static void print_bool(const struct f2b_lines *l, FILE *out)
{
    fputs(strcmp(l->line[0], "true") == 0 ? "True\n" : "False\n", out);
}

static void print_seconds(const struct f2b_lines *l, FILE *out)
{
    usec_t span;

    if (span_parse(slice_of(l->line[0]), &span) < 0)
        fputs("None\n", out);
    else if (span == USEC_FOREVER)
        fputs("-1\n", out);
    else
        fprintf(out, "%" PRIu64 "\n", span / USEC_PER_SEC);
}

static void print_ignoreip(const struct f2b_lines *l, FILE *out)
{
    struct f2b_lines words = {0};
    char *rest = NULL;

    for (size_t i = 0; i < l->n; i++) {
        for (char *w = strtok_r(l->line[i], " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
            if (f2b_lines_add(&words, slice_of(w)) < 0)
                break;
        }
    }
    fputs(words.n > 0 ? "These IP addresses/networks are ignored:\n"
                      : "No IP address/network is ignored\n",
          out);
    print_tree(&words, false, out);
    f2b_lines_done(&words);
}

static void print_regexes(const struct f2b_lines *l, FILE *out)
{
    if (!l->line[0][0]) {
        fputs("No regular expression is defined\n", out);
        return;
    }
    fputs("The following regular expression are defined:\n", out);
    print_tree(l, true, out);
}

static void print_journalmatch(const struct f2b_lines *l, FILE *out)
{
    if (l->line[0][0])
        fprintf(out, "Current match filter:\n%s\n", l->line[0]);
    else
        fputs("No journal match filter set\n", out);
}

static void print_datepattern(const struct f2b_lines *l, FILE *out)
{
    fprintf(out, "Current date pattern set to: %s\n",
            l->line[0][0] ? l->line[0] : "Default Detectors");
}

static void print_logencoding(const struct f2b_lines *l, FILE *out)
{
    fprintf(out, "Current log encoding is set to:\n%s\n", l->line[0]);
}

// What is asked of the daemon's options, and how fail2ban writes it.
static const struct {
    const char *name;
    void (*print)(const struct f2b_lines *l, FILE *out);
} values[] = {
    {"bantime", print_seconds},
    {"findtime", print_seconds},
    {"maxretry", print_plain},
    {"maxlines", print_plain},
    {"ignoreip", print_ignoreip},
    {"ignoreself", print_bool},
    {"ignorecommand", print_plain},
    {"ignorecache", print_or_none},
    {"usedns", print_plain},
    {"failregex", print_regexes},
    {"ignoreregex", print_regexes},
    {"prefregex", print_plain},
    {"datepattern", print_datepattern},
    {"journalmatch", print_journalmatch},
    {"logencoding", print_logencoding},
    {"bantime.increment", print_bool},
    {"bantime.factor", print_or_none},
    {"bantime.formula", print_or_none},
    {"bantime.multipliers", print_or_none},
    {"bantime.maxtime", print_seconds},
    {"bantime.rndtime", print_seconds},
    {"bantime.overalljails", print_bool},
};

struct looking {
    const char *name;
    struct f2b_lines lines;
};

static int look(void *user, const struct control *record)
{
    struct looking *l = user;

    if (record->type != CONTROL_IS_OPTION || !slice_is(record->option.name, l->name))
        return 0;
    return f2b_lines_add(&l->lines, record->option.value);
}

static int get_value(const struct f2b *f, const char *jail, const char *name)
{
    struct control request = {.type = CONTROL_OPTIONS, .query = {.jail = slice_of(jail)}};
    struct looking l = {.name = name};
    size_t i = 0, n = sizeof(values) / sizeof(values[0]);
    int code = f2b_ask(f, &request, look, &l, NULL);

    while (i < n && strcmp(values[i].name, name) != 0)
        i++;
    if (code == F2B_DONE && (i == n || l.lines.n == 0))
        code = f2b_sorry(f, "Invalid command (no get action or not yet implemented)");
    else if (code == F2B_DONE)
        values[i].print(&l.lines, f->out);
    f2b_lines_done(&l.lines);
    return code;
}

// What takes more than one of the daemon's options.
static const struct {
    const char *name;
    int (*run)(const struct f2b *f, const char *jail, char **word, size_t n);
} getters[] = {
    {"banip", get_banip},
    {"banned", get_banned},
    {"logpath", get_logpath},
    {"actions", get_actions},
};

int f2b_get(const struct f2b *f, char **word, size_t n)
{
    if (n < 2)
        return f2b_sorry(f, "Sorry but the command is invalid");
    for (size_t i = 0; i < sizeof(getters) / sizeof(getters[0]); i++) {
        if (strcmp(getters[i].name, word[1]) == 0)
            return getters[i].run(f, word[0], word + 2, n - 2);
    }
    return get_value(f, word[0], word[1]);
}
