// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/said.h"

#include "cli/command.h"
#include "cli/jsonline.h"
#include "cli/view.h"
#include "conf/names.h"

#include <errno.h>

static const char *const states[CONTROL_NAME_STATE_MAX] = {
    [CONTROL_SUSPECT] = "suspect",
    [CONTROL_LEARNED] = "learned",
    [CONTROL_ADDED] = "added",
    [CONTROL_KEPT] = "kept",
};

static const char *const kinds[CONTROL_NAME_KIND_MAX] = {
    [CONTROL_HELO] = "helo",
    [CONTROL_USER] = "user",
};

bool said_is_name(const char *text)
{
    const char *digits = strchr(text, ':') ? "0123456789abcdefABCDEF.:/" : "0123456789./";

    return text[strspn(text, digits)] != '\0';
}

int said_read(const char *text, bool without, struct slice *ret)
{
    enum fingerprint_kind kind;
    struct slice name = slice_of(text);
    bool has_kind = names_parse(name, &kind, &name) == 0;

    if (!has_kind && (!without || !said_is_name(text))) {
        command_misused("'%s' is no name: write helo:NAME or user:NAME", text);
        return -EINVAL;
    }
    if (name.n > CONTROL_SAID_MAX - strlen("helo:")) {
        command_misused("a name has at most %zu bytes", CONTROL_SAID_MAX - strlen("helo:"));
        return -EINVAL;
    }
    *ret = slice_of(text);
    return 0;
}

const char *said_state(const struct control_fingerprint *f)
{
    if (f->is_listed)
        return f->state == CONTROL_KEPT ? "kept by the configuration" : "in the configuration";
    return states[f->state];
}

void said_name(const struct control_fingerprint *f, char ret[static SAID_TEXT_MAX])
{
    snprintf(ret, SAID_TEXT_MAX, "%s:%.*s", kinds[f->kind], (int)f->name.n, f->name.p);
}

void said_print_figures(struct output *o, const struct control_fingerprint *f)
{
    char failures[VIEW_NUMBER_MAX], first[OUTPUT_LEFT_MAX], last[OUTPUT_LEFT_MAX];

    if (f->failures == 0) {
        fputs("  no failure is known that it could be learned from\n", o->file);
        return;
    }
    output_relative(o, f->first, first);
    output_relative(o, f->last, last);
    fprintf(o->file, "  %s failure%s, the first %s, the last %s\n",
            view_count(f->failures, failures), f->failures == 1 ? "" : "s", first, last);
    // Only so many of each name are remembered.
    fprintf(o->file, "  of late from %u%s host%s in %u%s block%s\n", f->hosts,
            f->hosts >= FINGERPRINT_SEEN_MAX ? " or more" : "", f->hosts == 1 ? "" : "s", f->blocks,
            f->blocks >= FINGERPRINT_SEEN_MAX ? " or more" : "", f->blocks == 1 ? "" : "s");
}

static void print_missing(struct output *o, const struct control_fingerprint *f)
{
    uint32_t hosts = f->need_hosts > f->hosts ? f->need_hosts - f->hosts : 0;
    uint32_t blocks = f->need_blocks > f->blocks ? f->need_blocks - f->blocks : 0;
    char cleared[OUTPUT_LEFT_MAX];

    if (f->cleared > 0) {
        output_relative(o, f->cleared, cleared);
        fprintf(o->file, "  somebody logged in with it %s, so that it cannot become one\n",
                cleared);
        return;
    }
    // Another block is another host.
    hosts = hosts < blocks ? blocks : hosts;
    fprintf(o->file, "  it becomes one when it has failed from %u more host%s", hosts,
            hosts == 1 ? "" : "s");
    if (blocks > 0)
        fprintf(o->file, " in %u more block%s", blocks, blocks == 1 ? "" : "s");
    fputc('\n', o->file);
}

void said_print(struct output *o, const struct control_fingerprint *f)
{
    char name[SAID_TEXT_MAX];
    enum style style = f->is_fingerprint ? STYLE_BAD : STYLE_GOOD;

    said_name(f, name);
    output_text(o, slice_of(name));
    fprintf(o->file, " is %s%s%s", output_on(o, style),
            f->is_fingerprint          ? "a fingerprint"
            : f->state == CONTROL_KEPT ? "never a fingerprint"
                                       : "no fingerprint",
            output_off(o, style));
    if (f->state != CONTROL_SUSPECT)
        fprintf(o->file, " (%s)", said_state(f));
    if (f->is_doubtful)
        fputs(": a failure with it counts as half of what bans, as long as few users are known\n",
              o->file);
    else
        fputs(f->is_fingerprint ? ": one failure with it is enough for a ban\n" : "\n", o->file);
    said_print_figures(o, f);
    if (f->state == CONTROL_SUSPECT)
        print_missing(o, f);
}

int said_json(struct output *o, const struct control_fingerprint *f, const char *type)
{
    struct jsonline *j = jsonline_new();
    char name[SAID_TEXT_MAX];

    said_name(f, name);
    if (type)
        jsonline_word(j, "type", type);
    jsonline_text(j, "name", slice_of(name));
    jsonline_bool(j, "fingerprint", f->is_fingerprint);
    jsonline_word(j, "state", states[f->state]);
    jsonline_bool(j, "doubtful", f->is_doubtful);
    jsonline_bool(j, "configured", f->is_listed);
    jsonline_number(j, "hosts", f->hosts);
    jsonline_number(j, "blocks", f->blocks);
    jsonline_number(j, "need_hosts", f->need_hosts);
    jsonline_number(j, "need_blocks", f->need_blocks);
    jsonline_number(j, "failures", f->failures);
    jsonline_time(j, "since", f->first);
    jsonline_time(j, "last", f->last);
    jsonline_time(j, "cleared", f->cleared);
    return jsonline_print(j, o->file);
}
