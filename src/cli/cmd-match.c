// SPDX-License-Identifier: GPL-2.0-or-later
// tailban match: which lines a filter matches, and what it takes from them.
#include "cli/jsonline.h"
#include "cli/literal.h"
#include "cli/offline.h"
#include "cli/view.h"
#include "engine/veil.h"

#include <errno.h>
#include <stdlib.h>

// The sessions' seed: nobody attacks a table that lives for one command.
enum { SEED = 1 };

struct matcher {
    struct config config;
    struct filter_spec spec;
    struct filter *filter;
    struct sessions *sessions;
    uint64_t lines, ignored, matched, *rule_hits;
    struct pattern literal;
    bool show_matched, show_missed, show_ignored;
};

static int read_filter(struct matcher *m, const struct arguments *a)
{
    int r;

    if (literal_is_regex(a->word[1])) {
        literal_filter(a->word[1], &m->literal, &m->spec);
        return 0;
    }
    r = config_filter(a->config, a->word[1], &m->config, &m->spec);
    view_config_problems(&m->config, a->config, false);
    return r;
}

static int matcher_init(struct matcher *m, const struct arguments *a)
{
    struct filter_error error;
    int r = read_filter(m, a);

    m->show_missed = a->missed;
    m->show_ignored = a->ignored;
    m->show_matched = a->matched || (!a->missed && !a->ignored);
    if (r < 0)
        return COMMAND_NOT;
    r = filter_new(&m->spec, &m->filter, &error);
    if (r == -EINVAL && error.pattern && error.pattern->file)
        return command_fail("%s:%u: %s", error.pattern->file, error.pattern->line, error.text);
    if (r == -EINVAL)
        return command_fail("%s: %s", a->word[1], error.text);
    m->sessions = sessions_new(SESSIONS_MAX, SESSION_AGE_S * USEC_PER_SEC, SEED);
    m->rule_hits = calloc(m->spec.n_failregex + 1, sizeof(*m->rule_hits));
    if (r < 0 || !m->sessions || !m->rule_hits)
        return command_fail("out of memory");
    return COMMAND_DONE;
}

static void matcher_done(struct matcher *m)
{
    m->filter = filter_free(m->filter);
    m->sessions = sessions_free(m->sessions);
    free(m->rule_hits);
    config_done(&m->config);
}

// What may be seen of what a filter took, which may lie in an earlier line, or in a copy of one.
static struct slice show(const struct match *m, const struct veil *line, struct slice value,
                         char room[static VEIL_SHOWN_MAX])
{
    struct veil own = *line;

    if (value.p == m->user.p && !veil_is_name(value))
        return slice_of(VEIL_MASK);
    if (value.p < line->line.p || value.p > line->line.p + line->line.n)
        veil_find(&own, value, (struct slice){0});
    return (struct slice){room, veil_copy(&own, value, room, VEIL_SHOWN_MAX)};
}

static void print_json(const struct match *m, const struct veil *v, const struct log_entry *e,
                       const char *path, int64_t count, FILE *file)
{
    struct jsonline *j = jsonline_new(), *fields;
    char host[ADDR_TEXT_MAX], room[VEIL_SHOWN_MAX];

    jsonline_word(j, "file", path);
    jsonline_number(j, "line", e->number);
    jsonline_time(j, "time", e->line->time);
    if (m->has_host)
        addr_format(&m->host, host);
    jsonline_word(j, "host", m->has_host ? host : NULL);
    fields = jsonline_object(j, "fields");
    for (size_t i = 0; i < m->n_fields; i++)
        jsonline_text(fields, m->field[i].name, show(m, v, m->field[i].value, room));
    jsonline_number(j, "rule", m->rule + 1);
    jsonline_number(j, "count", (uint64_t)count);
    jsonline_print(j, file);
}

static bool has_field(const struct match *m, const char *name)
{
    for (size_t i = 0; i < m->n_fields; i++)
        if (strcmp(m->field[i].name, name) == 0)
            return true;
    return false;
}

// Who logs in is mostly told by other lines of the session.
static void print_session(const struct match *m, const struct veil *v, struct output *out)
{
    char room[VEIL_SHOWN_MAX];
    const struct {
        const char *name;
        struct slice value;
    } known[] = {{"user", m->user}, {"helo", m->helo}};

    for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (known[i].value.n == 0 || has_field(m, known[i].name))
            continue;
        fprintf(out->file, "  (%s=", known[i].name);
        output_text(out, show(m, v, known[i].value, room));
        fputc(')', out->file);
    }
}

static void print_plain(const struct match *m, const struct veil *v, const struct log_entry *e,
                        int64_t count, struct output *out)
{
    char host[ADDR_TEXT_MAX] = "-", time[OUTPUT_TIME_MAX], room[VEIL_SHOWN_MAX];

    if (m->has_host)
        addr_format(&m->host, host);
    output_time(out, e->line->time, time);
    fprintf(out->file, "%s%llu%s  %s  %s%s%s  rule %u", output_on(out, STYLE_DIM),
            (unsigned long long)e->number, output_off(out, STYLE_DIM), time,
            output_on(out, STYLE_HEAD), host, output_off(out, STYLE_HEAD), m->rule + 1);
    if (count > 1)
        fprintf(out->file, ", %lld failures", (long long)count);
    if (count == 0 && !m->success && !m->delivered)
        fprintf(out->file, ", not counted");
    for (size_t i = 0; i < m->n_fields; i++) {
        fprintf(out->file, "  %s=", m->field[i].name);
        output_text(out, show(m, v, m->field[i].value, room));
    }
    if (m->success)
        fputs("  a login", out->file);
    if (m->delivered)
        fputs("  a mail accepted", out->file);
    print_session(m, v, out);
    fputs("\n    ", out->file);
    output_text(out, show(m, v, v->line, room));
    fputc('\n', out->file);
}

// A line that did not match.
static void print_other(const struct log_entry *e, const char *path, const char *what,
                        struct output *out)
{
    char time[OUTPUT_TIME_MAX], room[VEIL_SHOWN_MAX];
    struct jsonline *j;
    struct slice text;
    struct veil v;

    veil_find(&v, e->line->text, (struct slice){0});
    text = (struct slice){room, veil_copy(&v, v.line, room, sizeof(room))};
    if (out->json) {
        j = jsonline_new();
        jsonline_word(j, "file", path);
        jsonline_number(j, "line", e->number);
        jsonline_time(j, "time", e->line->dated ? e->line->time : 0);
        jsonline_text(j, what, text);
        jsonline_print(j, out->file);
        return;
    }
    output_time(out, e->line->time, time);
    fprintf(out->file, "%s%llu%s  %s  %s\n    ", output_on(out, STYLE_DIM),
            (unsigned long long)e->number, output_off(out, STYLE_DIM),
            e->line->dated ? time : "no date", what);
    output_text(out, text);
    fputc('\n', out->file);
}

static int match_line(struct matcher *m, const struct log_entry *e, const char *path,
                      struct output *out)
{
    struct line store, found = *filter_date(m->filter, e->line, e->now, &store);
    struct log_entry dated = {&found, e->file, e->number, e->now};
    struct match match;
    struct veil veil;
    int64_t count;
    int r;

    r = filter_match(m->filter, &found, &match);
    m->lines++;
    m->ignored += r == FILTER_E_IGNORED;
    if (r != FILTER_E_MATCH) {
        if (r == FILTER_E_IGNORED ? m->show_ignored : m->show_missed)
            print_other(&dated, path, r == FILTER_E_IGNORED ? "ignored" : "missed", out);
        return 0;
    }
    m->matched++;
    m->rule_hits[match.rule]++;
    count = sessions_merge(m->sessions, &match, found.time);
    if (count < 0)
        return (int)count;
    if (!m->show_matched)
        return 0;
    veil_find(&veil, found.text, match.secret);
    if (out->json)
        print_json(&match, &veil, &dated, path, count, out->file);
    else
        print_plain(&match, &veil, &dated, count, out);
    return 0;
}

static void print_summary(const struct matcher *m, const struct logs *logs, struct output *out)
{
    fprintf(out->file, "\nHits by rule:\n");
    for (size_t i = 0; i < m->spec.n_failregex; i++) {
        fprintf(out->file, "  %3zu  %8llu  ", i + 1, (unsigned long long)m->rule_hits[i]);
        output_text(out, slice_of(m->spec.failregex[i].text));
        fputc('\n', out->file);
    }
    if (filter_limits_hit(m->filter))
        fprintf(out->file, "A regex reached its limit on %llu lines, which count as not matched.\n",
                (unsigned long long)filter_limits_hit(m->filter));
    if (logs_overlong(logs))
        fprintf(out->file, "Overlong lines dropped: %llu\n",
                (unsigned long long)logs_overlong(logs));
    fprintf(out->file, "Lines: %llu lines, %llu ignored, %llu matched, %llu missed\n",
            (unsigned long long)m->lines, (unsigned long long)m->ignored,
            (unsigned long long)m->matched,
            (unsigned long long)(m->lines - m->ignored - m->matched));
}

static int match_logs(struct matcher *m, struct offline *o, const struct arguments *a,
                      struct output *out)
{
    struct log_entry entry;
    int r;

    for (size_t i = 2; i < a->n_word; i++) {
        r = literal_is_line(a->word[i]) ? offline_add_line(o, a->word[i])
                                        : offline_add(o, a->word[i]);
        if (r != COMMAND_DONE)
            return r;
    }
    while ((r = offline_next(o, &entry)) > 0) {
        if (match_line(m, &entry, logs_path(o->logs, entry.file), out) < 0)
            return command_fail("out of memory");
    }
    if (r < 0)
        return COMMAND_NOT;
    if (!out->json)
        print_summary(m, o->logs, out);
    return m->matched ? COMMAND_DONE : COMMAND_NOT;
}

static int run(const struct arguments *a, struct output *out)
{
    struct matcher m = {0};
    struct offline o;
    int r = offline_init(&o, a);

    if (r == COMMAND_DONE)
        r = matcher_init(&m, a);
    if (r == COMMAND_DONE)
        r = match_logs(&m, &o, a, out);
    matcher_done(&m);
    offline_done(&o);
    return r;
}

const struct command command_match = {
    .name = "match",
    .usage = "[-c DIR] FILTER[OPTIONS] LOG... [--matched] [--missed] [--ignored] [--now TIME]",
    .summary = "which lines a filter matches, and what it takes from them",
    .help =
        "Shows each line that the filter matches, with the address and the other fields it takes\n"
        "from it, then how often each failregex matched. FILTER is a filter's name, with options\n"
        "as in a jail, the path of its file, or a regex with a tag or a group in it; LOG a file,\n"
        "'-', or a line with blanks in it. --missed and --ignored show the other lines, alone or\n"
        "with --matched.\n"
        "\n"
        "  tailban match postfix-auth /var/log/mail.log\n"
        "  tailban match 'postfix[mode=aggressive]' /var/log/mail.log\n"
        "  tailban match '^ \\S+ door\\[\\d+\\]: failed from <HOST>$' /var/log/door.log --missed\n"
        "  zcat mail.log.2.gz | tailban match ./my-filter.conf -\n"
        "\n"
        "The exit code is 1 where nothing matched. Stamps are read in the zone of TZ; those "
        "without\n"
        "a year or date against --now, else the log's own mtime.\n",
    .options =
        OPTION_CONFIG | OPTION_JSON | OPTION_NOW | OPTION_MATCHED | OPTION_MISSED | OPTION_IGNORED,
    .words_min = 2,
    .words_max = COMMAND_ANY,
    .run = run,
};
