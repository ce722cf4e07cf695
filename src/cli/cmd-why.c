// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/cleanup.h"
#include "cli/client.h"
#include "cli/hearsay.h"
#include "cli/said.h"
#include "cli/standing.h"
#include "cli/view.h"

#include <errno.h>
#include <stdlib.h>

enum { SIGNS_MAX = CONTROL_NAME_MAX + 2 * CONTROL_SAID_MAX + 32 };

// The verdict comes first and is printed at once; the explanation is gathered and follows it.
struct why {
    struct output *out, body, dns;
    char *body_text, *dns_text;
    size_t body_n, dns_n;
    bool is_asked; // DNS was, or is being
    bool is_past;  // all bans have come
    bool by_name;  // a name was asked about, not a net
    struct addr net;
    struct standings *standings;
    uint64_t ban; // whose lines come; 0: those of no ban
    char source[CONTROL_PATH_MAX + 1];
    char signs[SIGNS_MAX];   // of the line before
    size_t in_force, within; // bans of it, bans within it
    size_t bans;
    size_t lines; // of no ban
    size_t names; // in these
};

static bool is_in_force(const struct output *o, const struct control_ban *ban)
{
    return ban->lifted == 0 && ban->until > o->now;
}

static void print_verdict(struct why *w, const struct control_ban *ban)
{
    char asked[ADDR_TEXT_MAX], banned[ADDR_TEXT_MAX], left[OUTPUT_LEFT_MAX];
    struct output *o = w->out;

    addr_format(&w->net, asked);
    addr_format(&ban->net, banned);
    output_relative(o, ban->until, left);
    fprintf(o->file, "%s is %sbanned%s%s%s in jail %.*s: %s\n", asked, output_on(o, STYLE_BAD),
            output_off(o, STYLE_BAD), strcmp(asked, banned) ? " as part of " : "",
            strcmp(asked, banned) ? banned : "", (int)ban->jail.n, ban->jail.p, left);
}

// Of a host in a banned block that delivers mail.
static void print_spared(const struct why *w, const struct control_ban *ban)
{
    char asked[ADDR_TEXT_MAX], banned[ADDR_TEXT_MAX];
    struct output *o = w->out;

    addr_format(&w->net, asked);
    addr_format(&ban->net, banned);
    fprintf(o->file, "%s is %sspared%s from the ban of %s in jail %.*s: it delivers mail\n", asked,
            output_on(o, STYLE_GOOD), output_off(o, STYLE_GOOD), banned, (int)ban->jail.n,
            ban->jail.p);
}

static void print_name_cause(struct output *o, struct slice name)
{
    fputs("  one hit with ", o->file);
    output_text(o, name);
    fputs(", a fingerprint, is enough\n", o->file);
}

static void print_cause(struct output *o, const struct control_ban *ban)
{
    char findtime[SPAN_TEXT_MAX], hits[VIEW_HITS_MAX];

    span_format(ban->findtime, findtime);
    view_hits(ban->hits, "", ban->points, hits);
    if (ban->reason == CONTROL_MANUAL)
        fputs("  by hand\n", o->file);
    else if (ban->reason == CONTROL_FINGERPRINT)
        print_name_cause(o, ban->name);
    else if (ban->reason == CONTROL_BLOCK)
        fprintf(o->file, "  %s from %u hosts within %s (limit: %u from %u)\n", hits, ban->hosts,
                findtime, ban->need_hits, ban->need_hosts);
    else
        fprintf(o->file, "  %s within %s (limit: %u)\n", hits, findtime, ban->need_hits);
}

static void print_all_spared(struct output *o, const struct control_ban *ban)
{
    size_t n = view_spared(ban);

    fprintf(o->file, "  spares %zu host%s that deliver%s mail here: %.*s\n", n, n > 1 ? "s" : "",
            n > 1 ? "" : "s", (int)ban->spared.n, ban->spared.p);
}

static void print_ban(struct output *o, const struct control_ban *ban)
{
    char net[ADDR_TEXT_MAX], since[OUTPUT_TIME_MAX], until[OUTPUT_TIME_MAX];
    char relative[OUTPUT_LEFT_MAX];
    usec_t end = ban->lifted ? ban->lifted : ban->until;

    addr_format(&ban->net, net);
    output_time(o, ban->since, since);
    output_time(o, end, until);
    output_relative(o, end, relative);
    fprintf(o->file, "\n%sBan of %s in jail %.*s%s\n", output_on(o, STYLE_HEAD), net,
            (int)ban->jail.n, ban->jail.p, output_off(o, STYLE_HEAD));
    if (ban->lifted)
        fprintf(o->file, "  since %s, unbanned %s (%s)\n", since, until, relative);
    else if (end == USEC_FOREVER)
        fprintf(o->file, "  since %s, until unbanned\n", since);
    else
        fprintf(o->file, "  since %s, until %s (%s)\n", since, until, relative);
    print_cause(o, ban);
    if (ban->spared.n > 0)
        print_all_spared(o, ban);
    if (ban->cover) {
        addr_format(&ban->cover_net, net);
        fprintf(o->file, "  covered by the ban of %s in jail %.*s, which ends no earlier\n", net,
                (int)ban->cover_jail.n, ban->cover_jail.p);
    }
}

static int ban_json(struct output *o, const struct control_ban *ban)
{
    struct jsonline *j = jsonline_new();

    jsonline_word(j, "type", "ban");
    jsonline_number(j, "id", ban->id);
    view_ban_keys(j, ban);
    jsonline_time(j, "lifted", ban->lifted);
    jsonline_number(j, "need_hits", ban->need_hits);
    jsonline_number(j, "need_hosts", ban->need_hosts);
    jsonline_span(j, "findtime", ban->findtime);
    jsonline_bool(j, "in_force", is_in_force(o, ban));
    return jsonline_print(j, o->file);
}

static int take_ban(struct why *w, const struct control_ban *ban)
{
    if (w->out->json)
        return ban_json(w->out, ban);
    w->ban = ban->id;
    w->source[0] = w->signs[0] = '\0';
    w->bans++;
    if (w->by_name) {
        print_ban(&w->body, ban);
        return 0;
    }
    if (is_in_force(w->out, ban) && !addr_is_block(&w->net) && view_is_spared(ban, &w->net)) {
        print_spared(w, ban);
    } else if (is_in_force(w->out, ban) && addr_within(&w->net, &ban->net)) {
        print_verdict(w, ban);
        w->in_force++;
    } else if (is_in_force(w->out, ban)) {
        w->within++;
    }
    print_ban(&w->body, ban);
    return 0;
}

static int evidence_json(struct output *o, const struct control_evidence *e)
{
    struct jsonline *j = jsonline_new();

    jsonline_word(j, "type", "line");
    jsonline_number(j, "ban", e->ban);
    jsonline_time(j, "time", e->time);
    jsonline_text(j, "jail", e->jail);
    jsonline_net(j, "net", &e->addr);
    jsonline_number(j, "count", e->count);
    jsonline_text(j, "source", e->source);
    jsonline_text(j, "text", e->text);
    if (e->rule.n > 0)
        jsonline_text(j, "rule", e->rule);
    if (e->user.n > 0)
        jsonline_text(j, "user", e->user);
    if (e->helo.n > 0)
        jsonline_text(j, "helo", e->helo);
    return jsonline_print(j, o->file);
}

// A name asked about is told of at once; below a ban it is the one that led to it, after all of
// them one that came with the lines.
static int take_name(struct why *w, const struct control_fingerprint *f)
{
    if (w->out->json)
        return said_json(w->out, f, "fingerprint");
    if (w->is_past) {
        if (w->names++ == 0)
            fprintf(w->body.file, "\n%sThe names in these lines%s\n",
                    output_on(&w->body, STYLE_HEAD), output_off(&w->body, STYLE_HEAD));
        said_print(&w->body, f);
    } else if (w->bans > 0) {
        said_print_figures(&w->body, f);
    } else {
        said_print(w->out, f);
    }
    return 0;
}

// The regex that took the line, and whom it told of, where that is news after the line before.
static void print_signs(struct why *w, const struct control_evidence *e)
{
    const struct {
        const char *word;
        struct slice said;
    } signs[] = {{"by ", e->rule}, {"user ", e->user}, {"HELO ", e->helo}};
    char text[SIGNS_MAX];
    size_t n = 0;

    text[0] = '\0';
    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        if (signs[i].said.n > 0)
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s%.*s", n > 0 ? ", " : "",
                                  signs[i].word, (int)signs[i].said.n, signs[i].said.p);
    }
    if (strcmp(text, w->signs) == 0)
        return;
    memcpy(w->signs, text, sizeof(text));
    if (n == 0)
        return;
    fprintf(w->body.file, "      %s", output_on(&w->body, STYLE_DIM));
    output_text(&w->body, slice_of(text));
    fprintf(w->body.file, "%s\n", output_off(&w->body, STYLE_DIM));
}

static int take_evidence(struct why *w, const struct control_evidence *e)
{
    struct output *o = &w->body;
    char hits[VIEW_HITS_MAX];

    if (w->out->json)
        return evidence_json(w->out, e);
    if (e->ban == 0 && w->lines++ == 0) {
        fprintf(o->file, "\n%sCounted, but part of no ban%s\n", output_on(o, STYLE_HEAD),
                output_off(o, STYLE_HEAD));
        w->source[0] = w->signs[0] = '\0';
    }
    // A file is named above its first line.
    if (!slice_is(e->source, w->source)) {
        snprintf(w->source, sizeof(w->source), "%.*s", (int)e->source.n, e->source.p);
        fprintf(o->file, "  %s", output_on(o, STYLE_DIM));
        output_text(o, e->source);
        fprintf(o->file, "%s\n", output_off(o, STYLE_DIM));
    }
    // As it stands in the log, its own stamp included.
    fputs("    ", o->file);
    output_text(o, e->text);
    if (e->count > 1 || e->points)
        fprintf(o->file, " %s(%s%s)%s", output_on(o, STYLE_NOTE), e->points ? "" : "counts as ",
                view_hits(e->count, "", e->points, hits), output_off(o, STYLE_NOTE));
    // Two jails may have counted the same line.
    if (e->ban == 0)
        fprintf(o->file, " %s[%.*s]%s", output_on(o, STYLE_DIM), (int)e->jail.n, e->jail.p,
                output_off(o, STYLE_DIM));
    fputc('\n', o->file);
    print_signs(w, e);
    return 0;
}

static int take_standing(struct why *w, const struct control_standing *s)
{
    if (w->out->json)
        return standings_json(w->out, s);
    w->is_past = true;
    standings_take(w->standings, w->out, s);
    return 0;
}

static int take_inquiry(struct why *w, const struct control_inquiry *q)
{
    const struct hearsay_host host = {w->in_force > 0, standings_are_suspect(w->standings)};

    if (w->out->json)
        return hearsay_json(w->out, q);
    w->is_asked = q->state == CONTROL_INQUIRY_ASKED || q->state == CONTROL_INQUIRY_ASKING;
    hearsay_print(&w->dns, q, &host);
    return 0;
}

static int take(void *user, const struct control *record)
{
    struct why *w = user;

    switch (record->type) {
    case CONTROL_IS_REFUSED:
        view_refused(&record->refused, 0);
        return 0;
    case CONTROL_IS_BAN:
        return take_ban(w, &record->ban);
    case CONTROL_IS_FINGERPRINT:
        return take_name(w, &record->fingerprint);
    case CONTROL_IS_EVIDENCE:
        return take_evidence(w, &record->evidence);
    case CONTROL_IS_STANDING:
        return take_standing(w, &record->standing);
    case CONTROL_IS_INQUIRY:
        return take_inquiry(w, &record->inquiry);
    default:
        return 0;
    }
}

static int print_all(const struct why *w)
{
    struct output *o = w->out;
    char asked[ADDR_TEXT_MAX];
    bool any;
    int r;

    addr_format(&w->net, asked);
    if (w->in_force == 0)
        fprintf(o->file, "%s is %snot banned%s%s\n", asked, output_on(o, STYLE_GOOD),
                output_off(o, STYLE_GOOD), w->within ? " as a whole" : "");
    if (w->within > 0)
        fprintf(o->file, "Bans in force within it: %zu\n", w->within);
    if (w->in_force == 0)
        standings_print_missing(w->standings, o);
    fwrite(w->body_text, 1, w->body_n, o->file);
    r = standings_print(w->standings, o, &any);
    any = any || w->lines > 0 || w->in_force > 0;
    if (!any)
        fputs("\nNothing counts against it now.\n", o->file);
    // Of whom nothing is held against nobody wonders why DNS was not asked.
    if (any || w->is_asked)
        fwrite(w->dns_text, 1, w->dns_n, o->file);
    return r;
}

static int print_named(const struct why *w)
{
    if (w->bans == 0)
        fputs("\nNo ban was made for this name.\n", w->out->file);
    fwrite(w->body_text, 1, w->body_n, w->out->file);
    return 0;
}

// A net, or else a name.
static int read_asked(const char *text, struct why *w, struct control *request)
{
    struct slice name;

    if (addr_parse(slice_of(text), &w->net) == 0) {
        request->query.net = w->net;
        return 0;
    }
    if (!said_is_name(text))
        return client_net(text, &w->net);
    w->by_name = true;
    if (said_read(text, true, &name) < 0)
        return -EINVAL;
    request->query.name = name;
    return 0;
}

static void why_done(struct why *w)
{
    if (w->body.file)
        fclose(w->body.file);
    if (w->dns.file)
        fclose(w->dns.file);
    free(w->body_text);
    free(w->dns_text);
    standings_free(w->standings);
}

static bool why_open(struct why *w)
{
    w->body.file = open_memstream(&w->body_text, &w->body_n);
    w->dns.file = open_memstream(&w->dns_text, &w->dns_n);
    w->standings = standings_new();
    return w->body.file && w->dns.file && w->standings;
}

static int why(const struct arguments *a, struct output *out)
{
    cleanup(why_done) struct why w = {.out = out, .body = *out, .dns = *out};
    struct control request = {.type = CONTROL_WHY};
    int code;

    w.body.file = w.dns.file = NULL;
    if (read_asked(a->word[1], &w, &request) < 0)
        return COMMAND_USAGE;
    if (!why_open(&w))
        return command_fail("out of memory");
    code = client_call(a, &request, take, &w, NULL);
    if (fflush(w.body.file) != 0 || fflush(w.dns.file) != 0)
        return command_fail("out of memory");
    if (code == COMMAND_DONE && !out->json && (w.by_name ? print_named : print_all)(&w) < 0)
        return command_fail("out of memory");
    return code;
}

const struct command command_why = {
    .name = "why",
    .usage = "ADDR[/LEN] | NAME",
    .summary = "why an address or a name is banned, or how far it is from it",
    .help =
        "Shows whether the address or block is banned and by which jail; each ban of it or of a\n"
        "block around it, past ones too, with the log lines that led to it; and what counts\n"
        "against it now at each level, the address (of IPv6 mostly its /64) and the blocks around\n"
        "it, next to the limit, with who logs in from there. Of a name that clients gave, as HELO\n"
        "(helo:ylmf-pc) or user (user:admin) or either (ylmf-pc), whether it is a fingerprint, "
        "what\n"
        "is missing to it, the bans that it led to, and the latest lines with it that led to "
        "none.\n"
        "Secrets in the lines are masked.\n"
        "\n"
        "  tailban why 203.0.113.7\n"
        "  tailban why 203.0.113.0/24\n"
        "  tailban why helo:ylmf-pc\n"
        "  tailban why 203.0.113.7 --json | jq -r 'select(.type == \"line\").text'\n",
    .options = OPTION_JSON | OPTION_RUN,
    .words_min = 1,
    .words_max = 1,
    .run = why,
};
