// SPDX-License-Identifier: GPL-2.0-or-later
#include "cli/hearsay.h"

#include "cli/jsonline.h"

static const char *why_not(const struct control_inquiry *q, const struct hearsay_host *host)
{
    if (q->state == CONTROL_INQUIRY_OFF)
        return "not asked: dns is off in tailban.conf";
    if (q->state == CONTROL_INQUIRY_PRIVATE)
        return "not asked: a private address";
    if (host->is_banned)
        return "not asked: it was banned before";
    return host->is_suspect ? "not asked as yet: its next failure asks"
                            : "not asked: it has less than half of what bans it";
}

static void print_lists(struct output *o, const char *what, struct slice lists)
{
    if (lists.n == 0)
        return;
    fprintf(o->file, "  %s ", what);
    output_text(o, lists);
    fputc('\n', o->file);
}

static void print_charge(struct output *o, const struct control_inquiry *q)
{
    bool is_anything =
        q->weight > 0 || q->clean.n > 0 || q->silent.n > 0 || q->names != CONTROL_NAMES_UNASKED;
    char ago[OUTPUT_LEFT_MAX];

    output_relative(o, q->time, ago);
    fprintf(o->file, "  asked %s: ", ago);
    if (q->weight > 0) {
        fprintf(o->file, "%u point%s against it, ", q->weight, q->weight > 1 ? "s" : "");
        output_text(o, q->text);
    } else {
        fputs(is_anything ? "nothing against it" : "there was no list to ask", o->file);
    }
    fputc('\n', o->file);
}

// Where what is said of the name speaks against it.
static bool is_charged(const struct control_inquiry *q)
{
    bool is_bad = q->names == CONTROL_NAMES_NONE || q->names == CONTROL_NAMES_FOREIGN;

    return is_bad && q->weight > 0 && memmem(q->text.p, q->text.n, "PTR", 3);
}

// Where something speaks against it that is told instead of the name.
static void print_name(struct output *o, const struct control_inquiry *q)
{
    static const char *const names[CONTROL_NAMES_MAX] = {
        [CONTROL_NAMES_SILENT] = "no answer about its name",
        [CONTROL_NAMES_NONE] = "it has no name",
        [CONTROL_NAMES_GIVEN] = "it has a name",
        [CONTROL_NAMES_CONFIRMED] = "it has a name, which leads back to it",
        [CONTROL_NAMES_FOREIGN] = "it has a name, which does not lead back to it",
    };

    if (!names[q->names] || is_charged(q))
        return;
    fprintf(o->file, "  %s", names[q->names]);
    if (q->weight == 0 && q->text.n > 0) {
        fputs(": ", o->file);
        output_text(o, q->text);
    }
    fputc('\n', o->file);
}

void hearsay_print(struct output *o, const struct control_inquiry *q,
                   const struct hearsay_host *host)
{
    fprintf(o->file, "\n%sWhat DNS says of it%s\n", output_on(o, STYLE_HEAD),
            output_off(o, STYLE_HEAD));
    if (q->state == CONTROL_INQUIRY_ASKING) {
        fputs("  it is being asked\n", o->file);
    } else if (q->state == CONTROL_INQUIRY_ASKED) {
        print_charge(o, q);
        print_lists(o, "not listed by", q->clean);
        print_lists(o, "no answer from", q->silent);
        print_name(o, q);
    } else {
        fprintf(o->file, "  %s\n", why_not(q, host));
    }
}

int hearsay_json(struct output *o, const struct control_inquiry *q)
{
    static const char *const states[CONTROL_INQUIRY_STATE_MAX] = {
        [CONTROL_INQUIRY_NOT_ASKED] = "not asked",
        [CONTROL_INQUIRY_PRIVATE] = "private",
        [CONTROL_INQUIRY_ASKING] = "asking",
        [CONTROL_INQUIRY_ASKED] = "asked",
        [CONTROL_INQUIRY_OFF] = "off",
    };
    static const char *const names[CONTROL_NAMES_MAX] = {
        [CONTROL_NAMES_UNASKED] = "not asked",   [CONTROL_NAMES_SILENT] = "no answer",
        [CONTROL_NAMES_NONE] = "none",           [CONTROL_NAMES_GIVEN] = "given",
        [CONTROL_NAMES_CONFIRMED] = "confirmed", [CONTROL_NAMES_FOREIGN] = "not confirmed",
    };
    struct jsonline *j = jsonline_new();

    jsonline_word(j, "type", "inquiry");
    jsonline_word(j, "state", states[q->state]);
    if (q->state == CONTROL_INQUIRY_ASKED) {
        jsonline_time(j, "time", q->time);
        jsonline_number(j, "weight", q->weight);
        jsonline_text(j, q->weight > 0 ? "text" : "name", q->text);
        jsonline_word(j, "names", names[q->names]);
        jsonline_text(j, "not_listed_by", q->clean);
        jsonline_text(j, "no_answer_from", q->silent);
    }
    return jsonline_print(j, o->file);
}
